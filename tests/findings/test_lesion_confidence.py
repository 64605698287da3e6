import numpy as np
import pytest

from mamri.findings.lesion_confidence import LesionCalibration, region_features
from mamri.records import InputError

_POINTS = {"0.5": 0.3, "1": 0.1}


def test_confidence_is_the_logistic_function_of_the_features() -> None:
    calibration = LesionCalibration(-1.0, (1.0, 2.0, 0.0, 0.5, 0.0, -1.0), _POINTS)

    confidence = calibration.confidence(
        np.array([[1.0, 0.0, 5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 8.0, 9.0, 1.0]])
    )

    np.testing.assert_allclose(confidence, [0.5, 1 / (1 + np.exp(-2.0))])


def test_an_operating_point_that_the_model_has_not_is_refused() -> None:
    calibration = LesionCalibration(0.0, (1.0,) * 6, _POINTS)

    assert 0.1 == calibration.least_confidence(1.0)
    with pytest.raises(InputError, match=r"one of 0.5, 1, got 0.7"):
        calibration.least_confidence(0.7)


def test_a_calibration_has_a_coefficient_for_each_feature() -> None:
    with pytest.raises(InputError, match="got 2"):
        LesionCalibration(0.0, (1.0, 1.0), _POINTS)


def test_features_are_finite_even_for_certain_and_empty_looking_regions() -> None:
    sure = region_features(np.ones(9), contrast=np.inf, diameter_mm=8.0, interior=1.0, vessel=0.0)
    unsure = region_features(np.zeros(9), contrast=-3.0, diameter_mm=8.0, interior=0.0, vessel=1.0)

    assert np.isfinite([sure, unsure]).all()
    assert sure[0] > 6 > -6 > unsure[0]
    assert sure[2] == pytest.approx(np.log(8.0)) == unsure[2]
    assert sure[3] > unsure[3]

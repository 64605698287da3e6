"""Maps follow the b-values; findings are read from them, or told why not."""

import numpy as np
import pytest

from mamri.diffusion import exam_diffusion, finding_diffusion
from mamri.records import DiffusionSeries, Status

AFFINE = np.diag([4.0, 2.0, 2.0, 1.0])


def _series(
    b_values: list[float], *, kurtosis: float = 0.0, perfused: float = 0.0
) -> DiffusionSeries:
    """A lesion of ADC 1.0 in tissue of 2.0, 1e-3 mm2/s."""
    d = np.full((4, 12, 12), 2.0e-3)
    d[1:3, 4:8, 4:8] = 1.0e-3
    b = np.array(b_values)[:, None, None, None]
    signal = (1 - perfused) * np.exp(-b * d + b**2 * d**2 * kurtosis / 6)
    signal = 1000 * (signal + perfused * np.exp(-b * 20e-3))
    return DiffusionSeries(signal, AFFINE, np.array(b_values))


LESION = np.zeros((4, 12, 12), bool)
LESION[1:3, 4:8, 4:8] = True


def test_a_finding_has_the_adc_of_its_tissue_and_the_words_of_the_consensus() -> None:
    exam = exam_diffusion(_series([0, 100, 800]))
    found = finding_diffusion(exam, LESION)

    assert set(exam.maps) == {"adc"}
    assert found.status is Status.OK
    assert found.n_voxels == 32
    for value in (found.adc_mean, found.adc_median, found.adc_p10, found.adc_darkest):
        assert value == pytest.approx(1.0, abs=1e-4)
    assert found.level == "low"
    assert found.residual_percent == pytest.approx(0.0, abs=0.01)
    assert found.darkest_volume_ml == pytest.approx(0.064, abs=0.03)
    assert np.isnan(found.kurtosis)
    assert np.isnan(found.perfusion_fraction)


def test_more_b_values_bear_more_models() -> None:
    high = exam_diffusion(_series([0, 500, 1000, 2000], kurtosis=0.6))
    low = exam_diffusion(_series([0, 10, 30, 60, 100, 200, 400, 800], perfused=0.1))

    assert set(high.maps) == {"adc", "kurtosis"}
    assert finding_diffusion(high, LESION).kurtosis == pytest.approx(0.6, abs=0.01)
    assert set(low.maps) == {"adc", "ivim_diffusion", "perfusion_fraction"}
    perfused = finding_diffusion(low, LESION)
    assert perfused.perfusion_fraction == pytest.approx(0.1, abs=0.01)
    assert perfused.ivim_diffusion == pytest.approx(1.0, abs=0.02)
    assert perfused.adc_mean > 1.05  # perfusion is in the ADC
    assert "kurtosis" in high.provenance.method
    assert "incoherent" in low.provenance.method


@pytest.mark.parametrize("b_values", [[0.0, 0.0], [0.0, 200.0], [800.0]])
def test_b_values_that_bear_no_adc_give_the_reason(b_values: list[float]) -> None:
    exam = exam_diffusion(_series(b_values))
    found = finding_diffusion(exam, LESION)

    assert not exam.maps
    assert "an ADC needs two b-values" in exam.reason
    assert found.status is Status.NOT_COMPUTED
    assert found.reason == exam.reason
    assert np.isnan(found.adc_mean)


def test_too_small_a_finding_and_one_without_decay_are_undefined() -> None:
    few = LESION & (np.cumsum(LESION).reshape(LESION.shape) <= 3)
    series = _series([0, 800])
    flat = DiffusionSeries(np.full(series.array.shape, 100.0), AFFINE, series.b_values)

    small = finding_diffusion(exam_diffusion(series), few)
    rising = finding_diffusion(exam_diffusion(flat), LESION)

    assert (Status.UNDEFINED, 3) == (small.status, small.n_voxels)
    assert "fills 3 voxels" in small.reason
    assert rising.status in (Status.UNDEFINED, Status.OK)
    assert not rising.adc_mean > 1e-3


def test_only_the_mask_is_fitted() -> None:
    exam = exam_diffusion(_series([0, 800]), mask=LESION)

    np.testing.assert_array_equal(np.isfinite(exam.maps["adc"]), LESION)

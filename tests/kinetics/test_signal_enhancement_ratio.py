import numpy as np
import pytest

from mamri.kinetics import signal_enhancement_ratio
from mamri.records import GeometryError


def ratio(pre, early, late, **options):
    grids = [np.full((1, 1, 1), value, np.int16) for value in (pre, early, late)]
    return signal_enhancement_ratio(*grids, **options)[0, 0, 0]


@pytest.mark.parametrize(
    ("early", "late", "expected"), [(300, 200, 2.0), (200, 300, 0.5), (250, 250, 1.0)]
)
def test_ratio_is_early_over_late_rise(early, late, expected):
    assert expected == ratio(100, early, late)


@pytest.mark.parametrize("late", [100, 90])
def test_ratio_is_undefined_without_late_rise(late):
    assert np.isnan(ratio(100, 300, late))


def test_ratio_is_undefined_below_the_least_late_rise():
    assert np.isnan(ratio(100, 300, 110, min_late_rise_percent=10))
    assert 20 == ratio(100, 300, 110, min_late_rise_percent=9)


def test_ratio_is_undefined_in_the_noise():
    assert np.isnan(ratio(100, 300, 200, noise_floor=100))


def test_ratio_refuses_different_grids():
    with pytest.raises(GeometryError, match="must share one grid"):
        signal_enhancement_ratio(np.ones((1, 1, 1)), np.ones((1, 1, 2)), np.ones((1, 1, 1)))

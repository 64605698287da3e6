import numpy as np
import pytest

from mamri.kinetics import subtraction
from mamri.records import DynamicSeries, TimingError


def series_of(phases, times, dtype):
    array = np.array(phases, dtype)[:, None, None, None]
    return DynamicSeries(array, np.diag([3.0, 2, 1, 1]), np.array(times, float))


def test_subtraction_takes_the_baseline_away():
    volume = subtraction(series_of([100, 250], [0, 90], np.int16), 1)
    assert 150 == volume.array[0, 0, 0]
    assert np.int16 == volume.array.dtype
    np.testing.assert_array_equal(np.diag([3.0, 2, 1, 1]), volume.affine)


def test_unsigned_signal_may_fall():
    assert -60 == subtraction(series_of([100, 40], [0, 90], np.uint16), 1).array[0, 0, 0]


def test_several_baselines_are_averaged():
    assert 90 == subtraction(series_of([100, 120, 200], [-60, 0, 90], np.int16), 2).array[0, 0, 0]


def test_a_mean_baseline_is_rounded_to_the_nearest_integer():
    phases, times = [100, 100, 101, 200], [-90, -60, 0, 90]
    assert 100 == subtraction(series_of(phases, times, np.int16), 3).array[0, 0, 0]


def test_differences_too_large_for_int16_become_floats():
    volume = subtraction(series_of([0, 60000], [0, 90], np.uint16), 1)
    assert (np.float32, 60000) == (volume.array.dtype, volume.array[0, 0, 0])


def test_float_signal_stays_float():
    volume = subtraction(series_of([0.25, 1.0], [0, 90], np.float64), 1)
    assert (np.float32, 0.75) == (volume.array.dtype, volume.array[0, 0, 0])


def test_subtraction_needs_a_baseline():
    with pytest.raises(TimingError, match="at or before the injection"):
        subtraction(series_of([1, 2], [60, 90], np.int16), 1)

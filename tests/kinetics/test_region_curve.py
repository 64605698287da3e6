import numpy as np
import pytest

from mamri.kinetics import curve_enhancement, region_curve
from mamri.records import DynamicSeries, GeometryError

TIMES = np.array([-60.0, 0, 90, 450])


def two_voxel_series():
    array = np.array([[10, 30], [10, 30], [30, 50], [20, 60]], np.int16)[:, None, None, :]
    return DynamicSeries(array, np.eye(4), TIMES)


def test_curve_is_the_mean_and_spread_of_the_region():
    curve = region_curve(two_voxel_series(), np.ones((1, 1, 2), bool))
    np.testing.assert_array_equal([20, 20, 40, 40], curve.mean_signal)
    np.testing.assert_array_equal([10, 10, 10, 20], curve.sd_signal)
    np.testing.assert_array_equal([0, 0, 100, 100], curve.percent_enhancement)
    assert 2 == curve.n_voxels


def test_one_voxel_has_no_spread():
    curve = region_curve(two_voxel_series(), np.array([[[True, False]]]))
    np.testing.assert_array_equal(0, curve.sd_signal)


def test_an_empty_region_has_no_curve():
    curve = region_curve(two_voxel_series(), np.zeros((1, 1, 2), bool))
    assert np.isnan(curve.mean_signal).all()
    assert 0 == curve.n_voxels


def test_voxels_without_signal_at_some_phase_are_left_out():
    array = two_voxel_series().array.astype(float)
    array[2, 0, 0, 1] = np.nan
    curve = region_curve(DynamicSeries(array, np.eye(4), TIMES), np.ones((1, 1, 2), bool))
    np.testing.assert_array_equal([10, 10, 30, 20], curve.mean_signal)


def test_enhancement_is_undefined_without_baseline():
    assert np.isnan(curve_enhancement(np.array([1.0, 2]), np.array([60.0, 150]))).all()


def test_a_region_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="on the grid of the series"):
        region_curve(two_voxel_series(), np.ones((1, 1, 3), bool))

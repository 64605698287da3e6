"""Against one interpolation of the whole volume at explicit coordinates, slow and plain."""

import numpy as np
import pytest
from scipy import ndimage

from mamri.segmentation.nnunet.recipe import ResamplingRule
from mamri.segmentation.nnunet.resample import resample_volume, resampled_shape, slice_axis

VOLUME = np.random.default_rng(0).normal(size=(7, 12, 9)).astype(np.float32)


def at_coordinates(volume: np.ndarray, shape: tuple[int, ...], order: int) -> np.ndarray:
    """Values at the middles of the new voxels, the edge repeated outside."""
    places = [
        np.clip((np.arange(n) + 0.5) * old / n - 0.5, 0, old - 1)
        for n, old in zip(shape, volume.shape, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    return ndimage.map_coordinates(volume.astype(float), grid, order=order, mode="nearest")


@pytest.mark.parametrize("shape", [(5, 12, 14), (11, 6, 9), (14, 24, 18)])
@pytest.mark.parametrize("order", [0, 1])
def test_whole_volumes_are_interpolated_at_the_new_middles(shape, order):
    found = resample_volume(VOLUME, shape, axis=None, rule=ResamplingRule(order))

    assert np.allclose(at_coordinates(VOLUME, shape, order), found, atol=1e-5)


def test_splines_keep_a_smooth_volume():
    grid = np.meshgrid(*(np.linspace(0, 1, n) for n in (10, 20, 15)), indexing="ij")
    smooth = np.sin(grid[0]) + np.cos(2 * grid[1]) + grid[2] ** 2

    found = resample_volume(smooth, (14, 27, 11), axis=None, rule=ResamplingRule(3))

    inner = (slice(3, -3),) * 3
    assert np.allclose(at_coordinates(smooth, (14, 27, 11), 3)[inner], found[inner], atol=1e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("order", [0, 1])
def test_thick_slices_are_resampled_one_by_one_and_then_chosen(axis, order):
    shape = tuple(n + 5 - 2 * k for k, n in enumerate(VOLUME.shape))
    rule = ResamplingRule(1, order_between_slices=order)
    flat = list(shape)
    flat[axis] = VOLUME.shape[axis]

    found = resample_volume(VOLUME, shape, axis=axis, rule=rule)

    within = at_coordinates(VOLUME, tuple(flat), 1)
    assert np.allclose(at_coordinates(within, shape, order), found, atol=1e-5)


def test_the_same_shape_is_the_same_volume():
    assert np.array_equal(
        VOLUME, resample_volume(VOLUME, VOLUME.shape, axis=0, rule=ResamplingRule(3))
    )


def test_splines_do_not_leave_the_range_of_the_image():
    steps = np.zeros((4, 20, 20), np.float32)
    steps[:, 10:] = 1

    found = resample_volume(steps, (4, 31, 31), axis=0, rule=ResamplingRule(3))

    assert (0, 1) == (found.min(), found.max())


def test_the_number_of_voxels_covers_the_same_box():
    assert (20, 29, 5) == resampled_shape((10, 20, 10), (2.0, 1.01, 0.5), (1.0, 0.7, 1.0))
    assert (2, 2) == resampled_shape((5, 3), (0.5, 0.5), (1.0, 1.0))  # halves to even


DECIDE = ResamplingRule(3, 0, None)


@pytest.mark.parametrize(
    ("before", "after", "rule", "axis"),
    [
        ((3.1, 1, 1), (1, 1, 1), DECIDE, 0),
        ((3.0, 1, 1), (1, 1, 1), DECIDE, None),  # not above 3
        ((1, 1, 1), (1, 1, 4), DECIDE, 2),
        ((1, 5, 1), (1, 1, 4), DECIDE, 1),  # before counts first
        ((0.2, 1, 1), (1, 1, 1), DECIDE, None),  # two axes are coarse
        ((9, 1, 1), (9, 1, 1), ResamplingRule(3, 0, False), None),
        ((1.1, 1, 1), (9, 1, 1), ResamplingRule(3, 0, True), 0),
        ((1, 1, 1), (9, 1, 1), ResamplingRule(3, 0, True), None),  # no axis is the coarsest
    ],
)
def test_thick_slices_are_found_by_voxel_size(before, after, rule, axis):
    assert axis == slice_axis(before, after, rule)

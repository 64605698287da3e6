"""Resampling between grids, against a slow way through patient coordinates."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mamri.geometry import spacing_mm, to_index, to_lps
from mamri.geometry.resample import Grid, Interpolation, coarsen, grid_at, resample_like
from mamri.records import GeometryError, Volume
from strategies import AXIS_ORDERS, affines, axis_aligned, rotation

RNG = np.random.default_rng(5)
IMAGE = RNG.normal(size=(7, 9, 8)).astype(np.float32)


def slow_resample(volume: Volume, grid: Grid, order: int) -> np.ndarray:
    """Through LPS coordinates; -99 outside the voxels' boxes."""
    points = to_lps(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1))
    indices = np.moveaxis(to_index(volume.affine, points), -1, 0)
    limit = np.array(volume.shape).reshape(3, 1, 1, 1) - 0.5
    inside = np.all((indices >= -0.5) & (indices <= limit), axis=0)
    values = ndimage.map_coordinates(
        volume.array.astype(float), indices, order=order, mode="nearest"
    )
    return np.where(inside, values, -99.0)


def on_a_face(volume: Volume, grid: Grid) -> np.ndarray:
    """Points within rounding of the faces of the volume, which may fall to either side."""
    points = to_lps(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1))
    indices = to_index(volume.affine, points)
    limit = np.array(volume.shape) - 0.5
    return np.any((np.abs(indices + 0.5) < 1e-5) | (np.abs(indices - limit) < 1e-5), axis=-1)


@given(source=affines(), data=st.data())
def test_linear_values_agree_with_the_slow_way_for_any_pair_of_grids(source, data):
    volume = Volume(IMAGE, source)
    centre = to_lps(source, np.array(IMAGE.shape) / 2)
    target = data.draw(affines())
    target[:3, 3] = centre - target[:3, :3] @ np.array([2.3, 3.1, 2.7])
    grid = Grid((5, 6, 4), target)
    expected = slow_resample(volume, grid, 1)
    got = resample_like(volume, grid, fill=-99.0).array
    clear = ~on_a_face(volume, grid)
    assert got[clear] == pytest.approx(expected[clear], abs=1e-4)


@pytest.mark.parametrize(("axes", "signs"), AXIS_ORDERS)
def test_every_storage_order_resamples_back_to_the_original(axes, signs):
    volume = Volume(IMAGE, axis_aligned((2, 1, 0), (1, 1, 1), (3.0, 0.9, 0.7), np.zeros(3)))
    sizes = {2: (7, 3.0), 1: (9, 0.9), 0: (8, 0.7)}
    shape = tuple(sizes[axis][0] for axis in axes)
    step = tuple(sizes[axis][1] for axis in axes)
    origin = np.zeros(3)
    for axis, sign in zip(axes, signs, strict=True):
        if sign < 0:
            origin[axis] = (sizes[axis][0] - 1) * sizes[axis][1]
    there = resample_like(volume, Grid(shape, axis_aligned(axes, signs, step, origin)))
    back = resample_like(there, volume)
    assert back.array == pytest.approx(IMAGE, abs=1e-6)
    assert sorted(there.array.ravel()) == pytest.approx(sorted(IMAGE.ravel()), abs=1e-6)


def test_simpleitk_agrees_on_mirrored_and_oblique_axes():
    turn = rotation(np.array([0.6, 0.0, 0.8]), 0.4)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-0.8, 1.1, 2.0])  # determinant below 0
    affine[:3, 3] = 12.0, -40.0, 7.0
    grid = Grid((6, 6, 6), affine @ np.diag([1.3, 1.2, 1.1, 1.0]))
    image, reference = (sitk.GetImageFromArray(a) for a in (IMAGE, np.zeros(grid.shape)))
    for item, matrix in ((image, affine), (reference, grid.affine)):
        steps = np.array(spacing_mm(matrix))
        item.SetOrigin(matrix[:3, 3])
        item.SetSpacing(steps[::-1])
        item.SetDirection((matrix[:3, :3] / steps)[:, ::-1].ravel())
    theirs = sitk.GetArrayFromImage(sitk.Resample(image, reference, sitk.Transform()))
    ours = resample_like(Volume(IMAGE, affine), grid).array
    both = (theirs != 0) & (ours != 0)
    assert both.sum() > 50
    assert ours[both] == pytest.approx(theirs[both], abs=1e-4)


def test_nearest_keeps_labels_and_dtype():
    labels = RNG.integers(0, 4, (6, 5, 7)).astype(np.uint8)
    volume = Volume(labels, np.diag([2.0, 2.0, 2.0, 1.0]))
    fine = resample_like(volume, grid_at(volume, 0.5), interpolation=Interpolation.NEAREST).array
    assert fine.dtype == np.uint8
    np.testing.assert_array_equal(np.kron(labels, np.ones((4, 4, 4), np.uint8)), fine)


def test_outside_the_volume_comes_the_fill_value():
    volume = Volume(IMAGE, np.eye(4))
    far = np.eye(4)
    far[:3, 3] = 1000.0
    assert np.all(resample_like(volume, Grid((2, 2, 2), far), fill=-7.0).array == -7.0)


def test_booleans_resample_to_fractions():
    mask = np.zeros((4, 4, 4), bool)
    mask[:, :, 2:] = True
    shifted = np.eye(4)
    shifted[2, 3] = 0.0
    shifted[:3, 3] = 0.0, 0.0, 0.5
    out = resample_like(Volume(mask, np.eye(4)), Grid((4, 4, 3), shifted)).array
    np.testing.assert_allclose(out[0, 0], [0.0, 0.5, 1.0])


@given(affine=affines(), spacing=st.floats(0.5, 8.0))
@settings(max_examples=30)
def test_a_grid_at_another_spacing_keeps_the_outer_corner(affine, spacing):
    volume = Volume(IMAGE, affine)
    grid = grid_at(volume, spacing)
    half = np.full(3, -0.5)
    assert to_lps(affine, half) == pytest.approx(to_lps(grid.affine, half), abs=1e-6)
    assert spacing_mm(grid.affine) == pytest.approx((spacing,) * 3)
    extent = np.array(IMAGE.shape) * spacing_mm(affine)
    assert np.all(np.array(grid.shape) * spacing >= extent - 1e-4)
    assert np.all((np.array(grid.shape) - 1) * spacing < np.maximum(extent, spacing))


def test_coarsening_gives_block_means_at_block_centres():
    volume = Volume(IMAGE[:6, :8, :8], np.diag([3.0, 1.0, 1.0, 1.0]))
    coarse = coarsen(volume, 2.1)
    assert coarse.shape == (6, 4, 4)
    expected = IMAGE[:6, :8, :8].reshape(6, 4, 2, 4, 2).mean((2, 4))
    assert coarse.array == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(to_lps(coarse.affine, np.zeros(3)), [0.0, 0.5, 0.5])


def test_a_block_that_is_not_full_repeats_the_border():
    line = np.arange(5, dtype=np.int16).reshape(1, 1, 5)
    coarse = coarsen(Volume(line, np.eye(4)), (1.0, 1.0, 2.0))
    np.testing.assert_allclose(coarse.array.ravel(), [0.5, 2.5, 4.0])


def test_a_linear_ramp_survives_going_coarse_and_back():
    ramp = np.indices((12, 12, 12)).sum(0).astype(np.float32)
    volume = Volume(ramp, np.diag([1.0, 2.0, 1.5, 1.0]))
    back = resample_like(coarsen(volume, 3.0), volume).array
    inner = (slice(2, -2),) * 3
    assert back[inner] == pytest.approx(ramp[inner], abs=1e-4)


@pytest.mark.parametrize("make", [grid_at, coarsen])
def test_a_voxel_size_of_zero_is_refused(make):
    with pytest.raises(GeometryError, match="above 0 mm"):
        make(Volume(IMAGE, np.eye(4)), 0.0)


def test_the_input_stays_as_it_was():
    before = IMAGE.copy()
    volume = Volume(IMAGE, np.eye(4))
    resample_like(volume, grid_at(volume, 0.7))
    coarsen(volume, 2.0)
    np.testing.assert_array_equal(before, IMAGE)

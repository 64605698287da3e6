"""Maps and masks carried between the anatomy and the diffusion grid."""

from dataclasses import replace

import numpy as np
import pytest
from registration.diffusion_phantom import (
    ANATOMY_AFFINE,
    ANATOMY_SHAPE,
    DIFFUSION_AFFINE,
    DIFFUSION_SHAPE,
    centres,
)

from mamri.geometry import voxel_volume_ml
from mamri.geometry.affines import to_lps
from mamri.geometry.resample import Grid
from mamri.records import GeometryError, Status, Volume
from mamri.registration import (
    Agreement,
    AlignmentKind,
    DiffusionAlignment,
    carry_mask,
    resample_aligned,
)

REFERENCE = Grid(ANATOMY_SHAPE, ANATOMY_AFFINE)
DIFFUSION = Grid(DIFFUSION_SHAPE, DIFFUSION_AFFINE)
NOT_MEASURED = Agreement(*[float("nan")] * 3)
POINTS = centres(ANATOMY_SHAPE, ANATOMY_AFFINE)
BALL = np.linalg.norm(POINTS - [5, -4, 3], axis=-1) < 12


def by(matrix):
    return DiffusionAlignment(
        matrix, AlignmentKind.AFFINE, Status.OK, "", NOT_MEASURED, NOT_MEASURED, 0.0, 0.0, 1.0
    )


IN_PLACE = replace(by(np.eye(4)), kind=AlignmentKind.NONE)
MOVED = np.array([[1, 0.02, 0, 3], [-0.02, 1, 0.03, -4], [0, -0.03, 1, 5], [0, 0, 0, 1.0]])


def ramp(affine, shape):
    return 100 + centres(shape, affine) @ np.array([1.0, 2.0, 3.0])


def test_a_linear_map_is_brought_to_the_anatomy_exactly():
    values = Volume(ramp(DIFFUSION_AFFINE, DIFFUSION_SHAPE), DIFFUSION_AFFINE)
    found = resample_aligned(values, by(MOVED), REFERENCE)
    inner = tuple(slice(10, -10) for _ in range(3))
    expected = 100 + to_lps(MOVED, POINTS) @ np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(expected[inner], found.array[inner], atol=1e-9)
    np.testing.assert_array_equal(ANATOMY_AFFINE, found.affine)
    assert found.array.dtype == np.float64


def test_undefined_voxels_stay_undefined_and_spoil_no_others():
    array = np.full(DIFFUSION_SHAPE, 7, np.float32)
    array[14:18, 20:26, 20:26] = np.nan
    found = resample_aligned(Volume(array, DIFFUSION_AFFINE), IN_PLACE, REFERENCE)
    assert found.array.dtype == np.float32
    known = np.isfinite(found.array)
    np.testing.assert_allclose(7, found.array[known], rtol=1e-6)
    in_hole = (POINTS > to_lps(DIFFUSION_AFFINE, [14, 20, 20])) & (
        POINTS < to_lps(DIFFUSION_AFFINE, [17, 25, 25])
    )
    assert not known[in_hole.all(axis=-1)].any()
    # Half the weight is lost at half a voxel from the hole: its volume is kept within a tenth.
    hole_ml = 4 * 6 * 6 * voxel_volume_ml(DIFFUSION_AFFINE)
    assert np.count_nonzero(~known) * voxel_volume_ml(ANATOMY_AFFINE) == pytest.approx(
        hole_ml, rel=0.1
    )


def test_outside_the_diffusion_images_a_map_is_undefined():
    values = Volume(np.ones(DIFFUSION_SHAPE, np.int16), DIFFUSION_AFFINE)
    far = np.eye(4)
    far[2, 3] = 60
    found = resample_aligned(values, by(far), REFERENCE)
    assert np.isnan(found.array[-1]).all()
    assert np.isfinite(found.array[5]).any()


@pytest.mark.parametrize("matrix", [np.eye(4), MOVED, np.diag([1, 1.2, 1, 1.0])])
def test_a_mask_keeps_its_volume_and_takes_its_place(matrix):
    found = carry_mask(BALL, REFERENCE, by(matrix), DIFFUSION)
    volume = BALL.sum() * voxel_volume_ml(ANATOMY_AFFINE) * np.linalg.det(matrix)
    voxel = voxel_volume_ml(DIFFUSION_AFFINE)
    assert found.share.sum() * voxel == pytest.approx(volume, rel=0.01)
    # A voxel is 0.3 % of the ball; its surface, where voxels fall either way, holds a third of it.
    assert found.mask.sum() * voxel == pytest.approx(volume, rel=0.06)
    points = centres(DIFFUSION_SHAPE, DIFFUSION_AFFINE)
    middle = np.average(points.reshape(-1, 3), axis=0, weights=found.share.ravel())
    np.testing.assert_allclose(to_lps(matrix, POINTS[BALL].mean(axis=0)), middle, atol=0.05)


def test_shares_are_those_of_the_ball_itself():
    found = carry_mask(BALL, REFERENCE, by(MOVED), DIFFUSION)
    ticks = (np.arange(10) + 0.5) / 10 - 0.5
    back = np.linalg.inv(MOVED) @ DIFFUSION_AFFINE
    border = np.argwhere((found.share > 0) & (found.share < 1))[::7]
    parts = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1)
    points = to_lps(back, border[:, None, None, None] + parts)
    exact = (np.linalg.norm(points - [5, -4, 3], axis=-1) < 12).mean(axis=(1, 2, 3))
    # The mask gives the ball to within half a voxel of 1.7 mm, and loses half of that on average.
    assert np.abs(found.share[tuple(border.T)] - exact).mean() < 0.06


def test_a_higher_share_keeps_only_the_core():
    half = carry_mask(BALL, REFERENCE, IN_PLACE, DIFFUSION)
    whole = carry_mask(BALL, REFERENCE, IN_PLACE, DIFFUSION, min_share=1.0)
    assert 0 < whole.mask.sum() < half.mask.sum()
    assert not (whole.mask & ~half.mask).any()
    np.testing.assert_array_equal(whole.mask, half.share >= 1)


def test_masks_that_are_empty_or_outside_cover_nothing():
    far = np.eye(4)
    far[:3, 3] = 500
    for mask, alignment in ((np.zeros(ANATOMY_SHAPE, bool), IN_PLACE), (BALL, by(far))):
        found = carry_mask(mask, REFERENCE, alignment, DIFFUSION)
        assert found.share.shape == DIFFUSION_SHAPE
        assert not found.mask.any()
        assert not found.share.any()


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="share one grid"):
        carry_mask(np.ones((2, 2, 2), bool), REFERENCE, IN_PLACE, DIFFUSION)


@pytest.mark.parametrize("min_share", [0.0, 1.1])
def test_a_share_out_of_bounds_is_refused(min_share):
    with pytest.raises(GeometryError, match="above 0"):
        carry_mask(BALL, REFERENCE, IN_PLACE, DIFFUSION, min_share=min_share)

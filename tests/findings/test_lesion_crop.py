"""Cubes around findings hold what lies there: the right axes, the right side, zeros outside."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.findings import CropSettings, cut_crops
from mamri.geometry import to_lps
from mamri.records import GeometryError, InputError, Laterality, LesionCrop, Volume
from mamri.records.lesion_crop import IntensityLandmarks

SHAPE = (20, 24, 28)
LEVELS = IntensityLandmarks(tuple(range(11)), 1.0, 1.0, 1.0, 1.0)


def _affine(spacing=(1.0, 1.0, 1.0), origin=(-100.0, 20.0, -7.0)) -> np.ndarray:
    """Slices to the head, rows to the back, columns to the left."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing
    affine[:, 3] = (*origin, 1)
    return affine


def _finding(number: int, index: tuple[float, ...], affine: np.ndarray, side=Laterality.RIGHT):
    """The three things of a finding that a crop asks for."""
    (centre,) = to_lps(affine, np.array([index]))
    return SimpleNamespace(id=number, side=side, centroid_mm_lps=tuple(centre))


def _coordinates(affine: np.ndarray) -> dict[str, Volume]:
    """Images whose values are the place itself, in mm."""
    points = to_lps(affine, np.argwhere(np.ones(SHAPE, bool))).reshape(*SHAPE, 3)
    return {axis: Volume(points[..., k], affine) for k, axis in enumerate("xyz")}


def test_axes_run_to_the_head_to_the_back_and_to_the_left():
    affine = _affine()
    finding = _finding(1, (10.0, 12.0, 14.0), affine)
    labels = Volume(np.zeros(SHAPE, np.uint8), affine)

    (crop,) = cut_crops([finding], labels, _coordinates(affine), {}, CropSettings(5.0, 1.0))

    x, y, z = finding.centroid_mm_lps
    steps = np.arange(-2.0, 3.0)
    np.testing.assert_allclose(
        crop.images["z"], np.broadcast_to((z + steps)[:, None, None], (5,) * 3)
    )
    np.testing.assert_allclose(
        crop.images["y"], np.broadcast_to((y + steps)[None, :, None], (5,) * 3)
    )
    np.testing.assert_allclose(crop.images["x"], np.broadcast_to((x + steps), (5,) * 3))


def test_a_crop_is_the_array_around_the_finding_and_nothing_is_averaged():
    affine = _affine()
    image = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    labels = np.zeros(SHAPE, np.uint8)
    labels[9:12, 11:14, 13:16] = 3
    labels[9, 11, 16] = 4  # another finding beside it
    finding = _finding(3, (10.0, 12.0, 14.0), affine, Laterality.LEFT)

    (crop,) = cut_crops(
        [finding], Volume(labels, affine), {"pre": Volume(image, affine)}, {"dynamic": LEVELS},
        CropSettings(7.0, 1.0),
    )  # fmt: skip

    here = (slice(7, 14), slice(9, 16), slice(11, 18))
    np.testing.assert_allclose(image[here], crop.images["pre"], atol=1e-5)
    np.testing.assert_array_equal(labels[here] == 3, crop.mask)
    assert (3, Laterality.LEFT, 1.0) == (crop.finding, crop.side, crop.spacing_mm)
    assert np.float32 == crop.images["pre"].dtype
    assert {"dynamic": LEVELS} == crop.landmarks


@given(
    flips=st.tuples(*[st.booleans()] * 3),
    order=st.permutations(range(3)),
)
def test_the_storage_order_of_an_image_does_not_matter(flips, order):
    affine = _affine((2.0, 1.0, 1.5))
    image = Volume(np.random.default_rng(1).normal(size=SHAPE), affine)
    stored, turned = image.array, affine.copy()
    for axis, is_flipped in enumerate(flips):
        if is_flipped:
            stored = np.flip(stored, axis)
            turned[:3, 3] += turned[:3, axis] * (SHAPE[axis] - 1)
            turned[:, axis] = -turned[:, axis]
    stored, turned = stored.transpose(order), turned[:, [*order, 3]]
    finding = _finding(1, (10.0, 12.0, 14.0), affine)
    labels = Volume(np.zeros(SHAPE, np.uint8), affine)

    plain, other = (
        cut_crops([finding], labels, {"pre": one}, {}, CropSettings(9.0, 1.0))[0]
        for one in (image, Volume(stored, turned))
    )

    np.testing.assert_allclose(plain.images["pre"], other.images["pre"], atol=1e-5)


def test_findings_of_both_sides_are_cut_where_they_are():
    affine = _affine()
    image = np.zeros(SHAPE, np.float32)
    image[10, 12, 5], image[10, 12, 22] = 7, 9
    findings = [
        _finding(1, (10.0, 12.0, 5.0), affine, Laterality.RIGHT),
        _finding(2, (10.0, 12.0, 22.0), affine, Laterality.LEFT),
    ]
    labels = Volume(image.astype(np.uint8), affine)

    right, left = cut_crops(
        findings, labels, {"pre": Volume(image, affine)}, {}, CropSettings(5.0, 1.0)
    )

    assert (7, 9) == (right.images["pre"][2, 2, 2], left.images["pre"][2, 2, 2])
    assert (1, 1) == (
        np.count_nonzero(right.images["pre"]), np.count_nonzero(left.images["pre"])
    )  # fmt: skip


def test_outside_of_the_field_of_view_is_zero():
    affine = _affine()
    finding = _finding(1, (0.0, 0.0, 0.0), affine)
    labels = np.ones(SHAPE, np.uint8)
    adc = np.full(SHAPE, 5.0)
    adc[1, 1, 1] = np.nan

    (crop,) = cut_crops(
        [finding], Volume(labels, affine), {"adc": Volume(adc, affine)}, {}, CropSettings(7.0, 1.0)
    )

    inside = np.zeros((7, 7, 7), bool)
    inside[3:, 3:, 3:] = True
    np.testing.assert_array_equal(inside, crop.mask)
    assert (crop.images["adc"][~inside] == 0).all()
    assert 0 == crop.images["adc"][4, 4, 4]
    assert 5 == crop.images["adc"][6, 6, 6]


def test_the_cube_has_the_size_asked_for():
    affine = _affine((2.0, 1.0, 1.5))
    finding = _finding(1, (10.0, 12.0, 14.0), affine)
    labels = Volume(np.ones(SHAPE, np.uint8), affine)

    (crop,) = cut_crops([finding], labels, {}, {}, CropSettings(12.0, 1.5))
    (usual,) = cut_crops([finding], labels, {}, {})

    assert (8, 8, 8) == crop.mask.shape
    assert (64, 64, 64) == usual.mask.shape
    # 20 x 24 x 28 voxels of 3 mm3, cut off by nothing.
    assert usual.mask.sum() == pytest.approx(20 * 24 * 28 * 3, rel=0.05)


@pytest.mark.parametrize(("side_mm", "spacing_mm"), [(0.0, 1.0), (64.0, 0.0), (1.0, 2.0)])
def test_sizes_that_hold_no_voxel_are_refused(side_mm, spacing_mm):
    with pytest.raises(InputError, match="a side of at least one voxel"):
        CropSettings(side_mm, spacing_mm)


def test_images_of_a_crop_share_one_cube():
    cube = np.zeros((4, 4, 4), bool)
    with pytest.raises(GeometryError, match="one shape for all its images"):
        LesionCrop(1, Laterality.LEFT, 1.0, {"pre": np.zeros((4, 4, 5))}, cube, {})
    with pytest.raises(GeometryError, match="a cube"):
        LesionCrop(1, Laterality.LEFT, 1.0, {}, cube[:2], {})

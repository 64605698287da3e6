"""How a non-mass enhancement spreads, on painted rods and boxes."""

from dataclasses import astuple

import numpy as np
import pytest

from mamri.findings.spread_measures import SpreadMeasures, spread_measures
from mamri.geometry import to_lps
from mamri.records import Anatomy, Laterality

SHAPE = (16, 40, 30)
AFFINE = np.array(
    [[0.0, 0.0, 1.0, -50.0], [0.0, 1.0, 0.0, -60.0], [2.5, 0.0, 0.0, 10.0], [0.0, 0.0, 0.0, 1.0]]
)  # slices to the head, rows to the back, columns to the left; 2.5 x 1 x 1 mm
NIPPLE = to_lps(AFFINE, np.array([8, 0, 15]))
TO_NIPPLE = np.zeros(SHAPE, bool)
TO_NIPPLE[7:10, 6:35, 14:17] = True
ACROSS = np.zeros(SHAPE, bool)
ACROSS[7:10, 18:21, 4:27] = True


def box_anatomy(nipples=None) -> Anatomy:
    """Right breast of 12 slices, 36 rows and 26 columns."""
    breast = np.zeros(SHAPE, np.uint8)
    breast[2:14, 2:38, 2:28] = Laterality.RIGHT
    nothing = np.zeros(SHAPE, bool)
    tips = {Laterality.RIGHT: tuple(NIPPLE)} if nipples is None else nipples
    return Anatomy(breast, nothing, nothing, breast > 0, AFFINE, tips, "box")


def measured(mask: np.ndarray, anatomy: Anatomy | None = None) -> SpreadMeasures:
    return spread_measures(mask, AFFINE, Laterality.RIGHT, anatomy or box_anatomy())


def test_a_rod_towards_the_nipple_has_no_angle_to_it():
    assert measured(TO_NIPPLE).nipple_angle_deg == pytest.approx(0, abs=3)


def test_a_rod_across_has_a_right_angle_to_the_nipple():
    assert measured(ACROSS).nipple_angle_deg == pytest.approx(90, abs=3)


@pytest.mark.parametrize("angle", [20.0, 50.0])
def test_the_angle_to_the_nipple_is_that_of_the_painted_rod(angle):
    points = to_lps(AFFINE, np.argwhere(np.ones(SHAPE, bool)))
    offset = points - to_lps(AFFINE, np.array([8, 20, 15]))
    way = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle)), 0])
    along = offset @ way
    inside = (np.abs(along) < 12) & (np.linalg.norm(offset - along[:, None] * way, axis=1) < 2)

    found = measured(inside.reshape(SHAPE))

    assert found.nipple_angle_deg == pytest.approx(angle, abs=3)


def test_axes_are_those_of_an_ellipsoid_of_these_lengths_in_mm():
    index = np.argwhere(np.ones(SHAPE, bool))
    offset = to_lps(AFFINE, index) - to_lps(AFFINE, np.array([8, 20, 15]))
    ellipsoid = ((offset / np.array([7.0, 14.0, 10.5])) ** 2).sum(axis=1) <= 1

    found = measured(ellipsoid.reshape(SHAPE))

    assert found.length_mm == pytest.approx(28, rel=0.03)
    assert found.width_ratio == pytest.approx(0.75, abs=0.04)
    assert found.thickness_ratio == pytest.approx(0.5, abs=0.03)


def test_extent_is_the_mean_share_of_width_height_and_depth():
    breast = np.zeros(SHAPE, bool)
    breast[2:14, 2:38, 2:28] = True
    part = np.zeros(SHAPE, bool)
    part[2:14, 2:38, 15] = True

    assert measured(breast).breast_percent == pytest.approx(100)
    assert measured(part).breast_percent == pytest.approx(100 * 2 / 3, abs=0.1)
    assert measured(np.ones(SHAPE, bool)).breast_percent == pytest.approx(100)  # never more


def test_storage_order_and_mirrored_affines_do_not_matter():
    bent = TO_NIPPLE | (ACROSS & (np.arange(SHAPE[2]) > 15))
    expected = astuple(measured(bent))
    flipped = AFFINE.copy()
    flipped[:3, 3] = to_lps(AFFINE, np.array([SHAPE[0] - 1, 0, SHAPE[2] - 1]))
    flipped[:, [0, 2]] *= -1
    swapped = AFFINE[:, [2, 0, 1, 3]]

    for mask, affine in (
        (bent[::-1, :, ::-1], flipped),
        (bent.transpose(2, 0, 1), swapped),
    ):
        found = spread_measures(mask, affine, Laterality.RIGHT, box_anatomy())
        assert expected == pytest.approx(astuple(found))


def test_the_anatomy_may_be_on_another_grid():
    expected = astuple(measured(TO_NIPPLE))
    cut = AFFINE.copy()
    cut[:3, 3] = to_lps(AFFINE, np.array([5, 4, 10]))

    found = spread_measures(TO_NIPPLE[5:, 4:, 10:], cut, Laterality.RIGHT, box_anatomy())

    assert expected == pytest.approx(astuple(found))


def test_a_mirrored_patient_gives_the_same_numbers_on_the_other_side():
    mirror = np.diag([-1.0, 1, 1, 1])
    anatomy = box_anatomy()
    other = Anatomy(
        np.where(anatomy.breast > 0, Laterality.LEFT, 0).astype(np.uint8), anatomy.fibroglandular,
        anatomy.skin, anatomy.body, mirror @ AFFINE,
        {Laterality.LEFT: tuple(mirror[:3, :3] @ NIPPLE)}, "box",
    )  # fmt: skip

    found = spread_measures(ACROSS, mirror @ AFFINE, Laterality.LEFT, other)

    assert astuple(measured(ACROSS)) == pytest.approx(astuple(found))


def test_without_nipple_or_breast_there_is_no_angle_and_no_extent():
    without = box_anatomy(nipples={})
    other_side = spread_measures(ACROSS, AFFINE, Laterality.LEFT, box_anatomy())

    assert np.isnan(measured(ACROSS, without).nipple_angle_deg)
    assert measured(ACROSS, without).breast_percent > 0
    assert np.isnan([other_side.nipple_angle_deg, other_side.breast_percent]).all()
    assert other_side.length_mm == measured(ACROSS).length_mm


def test_one_voxel_has_the_axes_of_a_box():
    one = np.zeros(SHAPE, bool)
    one[8, 20, 15] = True

    found = measured(one)

    assert found.width_ratio == pytest.approx(1 / 2.5)
    assert found.thickness_ratio == pytest.approx(1 / 2.5)
    assert 0 == pytest.approx(found.breast_percent)

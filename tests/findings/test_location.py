"""Side, quadrant, clock face and distances, from patient coordinates alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.findings.location import (
    clock_face,
    depth_third,
    distances_mm,
    nipple_position,
    quadrant,
    side_of,
    surroundings,
)
from mamri.geometry import to_lps
from mamri.records import Anatomy, Laterality

NIPPLE = {Laterality.RIGHT: np.array([-90.0, -60, 10]), Laterality.LEFT: np.array([90.0, -60, 10])}
OUTER = {Laterality.RIGHT: np.array([-1.0, 0, 0]), Laterality.LEFT: np.array([1.0, 0, 0])}
UP = np.array([0.0, 0, 1])


@pytest.mark.parametrize(
    ("side", "outer_hour", "inner_hour"),
    [(Laterality.RIGHT, "9", "3"), (Laterality.LEFT, "3", "9")],
)
def test_outer_and_inner_hours_as_one_faces_the_patient(side, outer_hour, inner_hour):
    nipple, outer = NIPPLE[side], OUTER[side]

    assert clock_face(nipple + 30 * outer, nipple, central_radius_mm=10) == outer_hour
    assert clock_face(nipple - 30 * outer, nipple, central_radius_mm=10) == inner_hour
    assert clock_face(nipple + 30 * UP, nipple, central_radius_mm=10) == "12"
    assert clock_face(nipple - 30 * UP, nipple, central_radius_mm=10) == "6"


def test_hours_run_clockwise():
    nipple = NIPPLE[Laterality.LEFT]
    angles = np.deg2rad(np.arange(12) * 30)
    hours = [
        clock_face(
            nipple + np.array([40 * np.sin(a), 20, 40 * np.cos(a)]), nipple, central_radius_mm=10
        )
        for a in angles
    ]

    assert hours == ["12", *(str(hour) for hour in range(1, 12))]


@pytest.mark.parametrize("side", list(Laterality))
def test_quadrants_follow_the_patient_not_the_image(side):
    nipple, outer = NIPPLE[side], OUTER[side]

    def named(point):
        return quadrant(point, nipple, side=side, central_radius_mm=10)

    assert named(nipple + 20 * outer + 20 * UP) == "upper outer"
    assert named(nipple - 20 * outer + 20 * UP) == "upper inner"
    assert named(nipple + 20 * outer - 20 * UP) == "lower outer"
    assert named(nipple - 20 * outer - 20 * UP) == "lower inner"


def test_depth_alone_is_central():
    nipple = NIPPLE[Laterality.LEFT]
    behind = nipple + np.array([5.0, 70.0, -5.0])

    assert quadrant(behind, nipple, side=Laterality.LEFT, central_radius_mm=10) == "central"
    assert clock_face(behind, nipple, central_radius_mm=10) == "central"


@given(st.tuples(*[st.floats(-60, 60)] * 3))
def test_mirroring_an_exam_swaps_the_side_and_keeps_outer_and_inner(offset):
    mirror = np.array([-1.0, 1, 1])
    nipple = NIPPLE[Laterality.RIGHT]
    point = nipple + np.array(offset)

    right = quadrant(point, nipple, side=Laterality.RIGHT, central_radius_mm=10)
    left = quadrant(mirror * point, mirror * nipple, side=Laterality.LEFT, central_radius_mm=10)

    if abs(offset[0]) > 1e-9:  # on the line itself outer is chosen on both sides
        assert right == left


def box_anatomy(spacing=(2.0, 1.0, 1.5), nipples=None) -> Anatomy:
    """Right breast a box of rows 5 to 24, skin its first two rows, body behind, both sides."""
    shape = (20, 40, 24)
    breast = np.zeros(shape, np.uint8)
    breast[2:-2, 5:25, 2:-2] = Laterality.RIGHT
    body = np.zeros(shape, bool)
    body[:, 5:] = True
    skin = np.zeros(shape, bool)
    skin[2:-2, 5:7, 2:-2] = True
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing
    affine[:, 3] = (-100, -50, 0, 1)
    return Anatomy(breast, breast > 0, skin, body, affine, nipples or {}, "box")


def test_distances_are_in_mm_on_an_anisotropic_grid():
    tip = (-85.0, -45.0, 18.0)
    anatomy = box_anatomy(nipples={Laterality.RIGHT: tip})
    mask = np.zeros(anatomy.breast.shape, bool)
    mask[9:11, 12:16, 10:12] = True
    corner = to_lps(anatomy.affine, np.argwhere(mask))

    found = distances_mm(mask, anatomy.affine, around=surroundings(anatomy, Laterality.RIGHT))

    assert found["skin"] == pytest.approx(12 - 6)  # rows of 1 mm, last skin row 6
    assert found["chest_wall"] == pytest.approx(24 - 15)  # last breast row 24
    assert found["nipple"] == pytest.approx(np.linalg.norm(corner - tip, axis=1).min())


def test_the_edge_of_the_breast_next_to_air_is_no_chest_wall():
    anatomy = box_anatomy()
    body = anatomy.body.copy()
    body[:, 25:, :12] = False
    anatomy = Anatomy(
        anatomy.breast, anatomy.fibroglandular, anatomy.skin, body, anatomy.affine, {}, "box"
    )
    mask = np.zeros(anatomy.breast.shape, bool)
    mask[10, 24, 5] = True

    found = distances_mm(mask, anatomy.affine, around=surroundings(anatomy, Laterality.RIGHT))

    assert found["chest_wall"] == pytest.approx((12 - 5) * 1.5)


def test_unknown_surfaces_give_nan():
    anatomy = box_anatomy()
    mask = np.zeros(anatomy.breast.shape, bool)
    mask[5, 5, 5] = True

    found = distances_mm(mask, anatomy.affine, around=surroundings(anatomy, Laterality.LEFT))

    assert np.isnan(list(found.values())).all()


def test_without_a_nipple_the_foremost_point_stands_in():
    anatomy = box_anatomy()

    x, y, z = nipple_position(anatomy, Laterality.RIGHT)

    assert y == -45.0
    assert (x, z) == pytest.approx((-100 + 1.5 * 11.5, 2 * 9.5))
    assert nipple_position(anatomy, Laterality.LEFT) is None


def test_side_is_that_of_the_breast_mask_even_across_the_midline():
    anatomy = box_anatomy()
    shifted = anatomy.affine.copy()
    shifted[0, 3] = 50.0  # this breast lies on the patient's left half, yet is labelled right
    mask = np.zeros(anatomy.breast.shape, bool)
    mask[5, 10, 10] = True

    assert side_of(mask, anatomy.breast, shifted) is Laterality.RIGHT
    assert side_of(mask, np.zeros_like(anatomy.breast), shifted) is Laterality.LEFT
    assert side_of(mask, np.zeros_like(anatomy.breast), anatomy.affine) is Laterality.RIGHT


@pytest.mark.parametrize(
    ("nipple_mm", "chest_wall_mm", "third"),
    [
        (0.0, 60.0, "anterior"),
        (19.9, 40.1, "anterior"),
        (20.1, 39.9, "middle"),
        (39.9, 20.1, "middle"),
        (40.1, 19.9, "posterior"),
        (60.0, 0.0, "posterior"),
        (-20.0, 50.0, "anterior"),  # in front of the nipple
    ],
)
def test_depth_is_a_third_of_the_way_from_nipple_to_chest_wall(nipple_mm, chest_wall_mm, third):
    assert third == depth_third(nipple_mm, chest_wall_mm)


@pytest.mark.parametrize(("nipple_mm", "chest_wall_mm"), [(np.nan, 9.0), (9.0, np.nan), (0, 0)])
def test_depth_is_undetermined_without_nipple_or_chest_wall(nipple_mm, chest_wall_mm):
    assert "undetermined" == depth_third(nipple_mm, chest_wall_mm)

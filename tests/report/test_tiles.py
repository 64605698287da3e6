"""Pictures lie the right way round, at true proportions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.records import Plane
from mamri.report.tiles import EDGE_LETTERS, Frame, outlines, plane_frame, to_grey, window

SHAPE, SPACING = (20, 30, 40), (3.0, 1.0, 1.5)

# Where a spot in the patient's right, front, upper part is seen: (upper half, left half).
CORNERS = {
    Plane.AXIAL: (True, True),  # front on top, patient's right on the viewer's left
    Plane.SAGITTAL: (True, True),  # head on top, front on the viewer's left
    Plane.CORONAL: (True, True),  # head on top, patient's right on the viewer's left
}


def spot(index: tuple[int, int, int]) -> np.ndarray:
    volume = np.zeros(SHAPE, np.float32)
    volume[index] = 1.0
    return volume


def brightest(picture: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(np.argmax(picture), picture.shape)
    return int(row), int(column)


def whole(plane: Plane, through: tuple[int, int, int]) -> Frame:
    """Frame of the whole slice through a voxel."""
    frame = plane_frame(plane, SHAPE, SPACING)
    across = {Plane.AXIAL: 0, Plane.SAGITTAL: 2, Plane.CORONAL: 1}[plane]
    centre = list(frame.centre)
    centre[across] = through[across]
    return Frame(plane, tuple(centre), SPACING, frame.width_mm, frame.height_mm, frame.pixel_mm)


@pytest.mark.parametrize("plane", list(Plane))
def test_a_right_front_upper_spot_appears_in_its_corner(plane: Plane):
    index = (17, 4, 6)  # of (20, 30, 40): near the head, the front and the right
    frame = whole(plane, index)
    picture = frame.resample(frame.slice_of(spot(index)))
    row, column = brightest(picture)
    height, width = picture.shape
    assert CORNERS[plane] == (row < height / 3, column < width / 3)


@pytest.mark.parametrize("plane", list(Plane))
def test_a_left_back_lower_spot_appears_in_the_other_corner(plane: Plane):
    index = (2, 26, 35)
    frame = whole(plane, index)
    picture = frame.resample(frame.slice_of(spot(index)))
    row, column = brightest(picture)
    height, width = picture.shape
    assert (row > 2 * height / 3, column > 2 * width / 3) == (True, True)


def test_letters_name_the_edges():
    assert EDGE_LETTERS[Plane.AXIAL] == ("R", "L", "A", "P")
    assert EDGE_LETTERS[Plane.SAGITTAL] == ("A", "P", "H", "F")
    assert EDGE_LETTERS[Plane.CORONAL] == ("R", "L", "H", "F")


@pytest.mark.parametrize("plane", list(Plane))
def test_pixels_are_square_whatever_the_spacing(plane: Plane):
    frame = plane_frame(plane, SHAPE, SPACING)
    height, width = frame.shape
    extent = {"z": 60.0, "y": 30.0, "x": 60.0}
    down, across = {
        Plane.AXIAL: ("y", "x"),
        Plane.SAGITTAL: ("z", "y"),
        Plane.CORONAL: ("z", "x"),
    }[plane]
    assert (extent[down], extent[across]) == pytest.approx(
        (height * frame.pixel_mm, width * frame.pixel_mm), abs=frame.pixel_mm
    )


@given(
    plane=st.sampled_from(list(Plane)),
    index=st.tuples(st.integers(2, 17), st.integers(2, 27), st.integers(2, 37)),
)
def test_a_voxel_is_drawn_where_its_pixel_says(plane: Plane, index: tuple[int, int, int]):
    frame = whole(plane, index)
    x, y = frame.pixel_of(index)
    picture = frame.resample(frame.slice_of(spot(index)))
    row, column = brightest(picture)
    # Linear interpolation: the brightest pixel centre is within half a pixel of the voxel.
    assert abs(row - y) <= 0.5 + 1e-6
    assert abs(column - x) <= 0.5 + 1e-6


def test_beyond_the_volume_is_black():
    frame = Frame(Plane.AXIAL, (0.0, 0.0, 0.0), SPACING, 40.0, 40.0, 1.0)
    picture = frame.resample(frame.slice_of(np.ones(SHAPE)))
    assert picture[0, 0] == 0.0
    assert picture[-1, -1] == 1.0


def test_a_frame_beyond_the_end_shows_the_last_slice():
    frame = Frame(Plane.AXIAL, (99.0, 0.0, 0.0), SPACING, 10.0, 10.0, 1.0)
    volume = np.zeros(SHAPE)
    volume[-1] = 5.0
    assert np.all(frame.slice_of(volume) == 5.0)


def test_the_window_runs_from_black_to_white():
    grey = to_grey(np.array([-5.0, 0.0, 5.0, 10.0, 99.0, np.nan]), 0.0, 10.0)
    assert [0, 0, 128, 255, 255, 0] == grey.tolist()


def test_a_window_of_one_value_has_width():
    low, high = window(np.full(9, 7.0), low_percentile=1.0, high_percentile=99.0)
    assert low < high


def test_a_window_of_nothing_is_defined():
    assert (0.0, 1.0) == window(np.array([np.nan]), low_percentile=1.0, high_percentile=99.0)


def test_an_outline_follows_the_edge_of_a_region():
    mask = np.zeros((10, 12))
    mask[3:7, 2:9] = 1.0
    (polygon,) = outlines(mask, tolerance=0.0)
    assert (1.5, 8.5) == pytest.approx((polygon[:, 0].min(), polygon[:, 0].max()))
    assert (2.5, 6.5) == pytest.approx((polygon[:, 1].min(), polygon[:, 1].max()))


def test_a_region_at_the_border_has_a_closed_outline():
    (polygon,) = outlines(np.ones((4, 5)))
    assert polygon[0] == pytest.approx(polygon[-1])

"""Anatomical order: all 48 ways to store an image, straight and oblique."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.geometry import Orientation, anatomical_orientation, spacing_mm, to_lps
from mamri.records import GeometryError
from strategies import AXIS_ORDERS, affines, axis_aligned, rotation, shapes

SPACING = (2.5, 0.8, 0.7)
ORIGIN = np.array([12.0, -34.0, 56.0])
OBLIQUE = rotation(np.array([0.6, 0.0, 0.8]), np.deg2rad(20.0))
SHAPE = (3, 4, 5)

every_axis_order = pytest.mark.parametrize(("axes", "signs"), AXIS_ORDERS)
straight_and_oblique = pytest.mark.parametrize(
    "turn", [np.eye(3), OBLIQUE], ids=["straight", "oblique"]
)


def _stored(axes: tuple[int, ...], signs: tuple[int, ...], turn: np.ndarray) -> np.ndarray:
    affine = axis_aligned(axes, signs, SPACING, ORIGIN)
    affine[:3, :3] = turn @ affine[:3, :3]
    return affine


def _positions(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Patient position of every voxel, (S, R, C, 3), the slow and obvious way."""
    return to_lps(affine, np.stack(np.indices(shape), axis=-1))


def test_there_are_48_axis_orders() -> None:
    assert len(set(AXIS_ORDERS)) == 48


@every_axis_order
@straight_and_oblique
def test_anatomical_indices_run_to_the_head_the_back_and_the_left(
    axes: tuple[int, ...], signs: tuple[int, ...], turn: np.ndarray
) -> None:
    stored = _stored(axes, signs, turn)
    affine = anatomical_orientation(stored).apply_affine(stored, SHAPE)
    head, back, left = affine[2, 0], affine[1, 1], affine[0, 2]
    # 20 degrees of obliquity leave at least cos(20 deg) = 0.94 of each step.
    assert np.all(np.array([head, back, left]) > 0.9 * np.array(spacing_mm(affine)))


@every_axis_order
@straight_and_oblique
def test_every_voxel_keeps_its_place_in_the_patient(
    axes: tuple[int, ...], signs: tuple[int, ...], turn: np.ndarray
) -> None:
    stored = _stored(axes, signs, turn)
    orientation = anatomical_orientation(stored)
    places = np.moveaxis(_positions(stored, SHAPE), -1, 0)  # (3, S, R, C): apply takes the last 3
    affine = orientation.apply_affine(stored, SHAPE)
    expected = np.moveaxis(orientation.apply(places), 0, -1)
    np.testing.assert_allclose(expected, _positions(affine, expected.shape[:3]), atol=1e-9)


@every_axis_order
@straight_and_oblique
def test_going_there_and_back_changes_nothing(
    axes: tuple[int, ...], signs: tuple[int, ...], turn: np.ndarray
) -> None:
    stored = _stored(axes, signs, turn)
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    orientation = anatomical_orientation(stored)
    anatomical = orientation.apply(array)
    affine = orientation.apply_affine(stored, SHAPE)
    np.testing.assert_array_equal(array, orientation.undo(anatomical))
    np.testing.assert_allclose(stored, orientation.undo_affine(affine, anatomical.shape), atol=1e-9)


@every_axis_order
def test_left_stays_left_however_the_image_is_stored(
    axes: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    stored = axis_aligned(axes, signs, (1.0, 1.0, 1.0), np.zeros(3))
    x = _positions(stored, SHAPE)[..., 0]
    is_left = x > x.mean()
    anatomical = anatomical_orientation(stored).apply(is_left)
    half = anatomical.shape[2] // 2
    assert not anatomical[:, :, :half].any()
    assert anatomical[:, :, -half:].all()


@given(affines())
def test_an_image_in_anatomical_order_is_left_alone(affine: np.ndarray) -> None:
    ordered = anatomical_orientation(affine).apply_affine(affine, SHAPE)
    again = anatomical_orientation(ordered)
    assert again == Orientation((0, 1, 2), (False, False, False))


@given(affines(), shapes, st.integers(1, 3))
def test_leading_axes_stay_in_front(
    affine: np.ndarray, shape: tuple[int, int, int], phases: int
) -> None:
    array = np.arange(phases * np.prod(shape)).reshape(phases, *shape)
    orientation = anatomical_orientation(affine)
    ordered = orientation.apply(array)
    for phase in range(phases):
        np.testing.assert_array_equal(orientation.apply(array[phase]), ordered[phase])
    np.testing.assert_array_equal(array, orientation.undo(ordered))


@given(affines(), shapes)
def test_ordering_is_a_view_and_not_a_copy(affine: np.ndarray, shape: tuple[int, int, int]) -> None:
    array = np.zeros(shape)
    orientation = anatomical_orientation(affine)
    assert np.shares_memory(array, orientation.apply(array))
    assert np.shares_memory(array, orientation.undo(orientation.apply(array)))


@given(affines(), shapes)
def test_the_affine_handed_in_is_not_changed(
    affine: np.ndarray, shape: tuple[int, int, int]
) -> None:
    before = affine.copy()
    orientation = anatomical_orientation(affine)
    orientation.undo_affine(orientation.apply_affine(affine, shape), shape)
    np.testing.assert_array_equal(before, affine)


def test_at_45_degrees_no_stored_axis_is_used_twice() -> None:
    turn = rotation(np.array([1.0, 0.0, 0.0]), np.deg2rad(45.0))
    stored = _stored((2, 1, 0), (1, 1, 1), turn)
    assert sorted(anatomical_orientation(stored).axes) == [0, 1, 2]


def test_an_axis_of_length_zero_is_refused() -> None:
    message = "every axis of a grid needs a length, got a zero spacing; check the voxel spacing"
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        anatomical_orientation(np.diag([1.0, 0.0, 1.0, 1.0]))

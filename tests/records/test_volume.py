"""Volumes and label maps: what they refuse, and that they never copy or write."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

from mamri.records import (
    Anatomy,
    DiffusionSeries,
    DynamicSeries,
    GeometryError,
    LabelMap,
    Volume,
)
from mamri.records.volume import checked_affine, read_only
from strategies import affines

ONE = np.ones((2, 3, 4), np.int16)


def _volume(affine: np.ndarray) -> Volume:
    return Volume(ONE, affine)


def _label_map(affine: np.ndarray) -> LabelMap:
    return LabelMap(ONE, affine)


def _dynamic(affine: np.ndarray) -> DynamicSeries:
    return DynamicSeries(np.stack([ONE, ONE]), affine, np.array([-30.0, 60.0]))


def _diffusion(affine: np.ndarray) -> DiffusionSeries:
    return DiffusionSeries(np.stack([ONE, ONE]), affine, np.array([0.0, 800.0]))


def _anatomy(affine: np.ndarray) -> Anatomy:
    mask = ONE > 5
    return Anatomy(ONE.astype(np.uint8), mask, mask, mask, affine, {}, "by hand")


makers = pytest.mark.parametrize("make", [_volume, _label_map, _dynamic, _diffusion, _anatomy])


@makers
def test_an_affine_of_wrong_shape_is_refused(make: Callable[[np.ndarray], object]) -> None:
    message = (
        "an affine must be a finite 4x4 matrix, got shape (3, 4); "
        "build it with geometry.affine_from_axes()"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        make(np.eye(4)[:3])


@makers
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_affine_with_a_hole_is_refused(make: Callable[[np.ndarray], object], bad: float) -> None:
    affine = np.eye(4)
    affine[1, 3] = bad
    with pytest.raises(GeometryError, match="finite 4x4 matrix"):
        make(affine)


@makers
def test_a_transposed_affine_is_refused(make: Callable[[np.ndarray], object]) -> None:
    affine = np.eye(4)
    affine[:3, 3] = 1, 2, 3
    message = (
        "the last row of an affine must be 0 0 0 1, got [1.0, 2.0, 3.0, 1.0]; "
        "check that the matrix is not transposed"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        make(affine.T)


@makers
def test_axes_that_do_not_span_space_are_refused(make: Callable[[np.ndarray], object]) -> None:
    affine = np.eye(4)
    affine[:3, 1] = affine[:3, 0]
    with pytest.raises(GeometryError, match="of determinant 0; check the voxel spacing"):
        make(affine)


@given(affines())
def test_every_sensible_affine_is_accepted_unchanged(affine: np.ndarray) -> None:
    np.testing.assert_array_equal(affine, checked_affine(affine))


def test_an_affine_is_copied_so_that_later_edits_do_not_reach_the_record() -> None:
    affine = np.eye(4)
    volume = Volume(ONE, affine)
    affine[0, 3] = 99
    assert volume.affine[0, 3] == 0


@pytest.mark.parametrize("shape", [(4,), (3, 4), (1, 2, 3, 4), (0, 3, 4)])
def test_a_volume_needs_three_axes_with_voxels(shape: tuple[int, ...]) -> None:
    message = (
        "a volume needs three axes (slice, row, column) of at least one voxel each, "
        f"got shape {shape}; reshape it before making the record"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        Volume(np.zeros(shape), np.eye(4))


@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 3, 4), (2, 0, 4)])
def test_a_label_map_needs_three_axes_with_voxels(shape: tuple[int, ...]) -> None:
    message = (
        f"a label map needs three axes (slice, row, column), got shape {shape}; "
        "reshape it before making the record"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        LabelMap(np.zeros(shape, np.uint8), np.eye(4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_labels_that_are_not_whole_numbers_are_refused(dtype: type) -> None:
    name = np.dtype(dtype).name
    message = f"labels must be integers or booleans, got {name}; round and convert them"
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        LabelMap(np.zeros((1, 1, 1), dtype), np.eye(4))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.uint32])
def test_labels_of_any_whole_type_are_kept_as_they_are(dtype: type) -> None:
    assert LabelMap(np.zeros((1, 1, 1), dtype), np.eye(4)).array.dtype == dtype


def test_the_array_of_a_record_cannot_be_written() -> None:
    volume = Volume(ONE.copy(), np.eye(4))
    with pytest.raises(ValueError, match="read-only"):
        volume.array[0, 0, 0] = 7
    with pytest.raises(ValueError, match="read-only"):
        volume.affine[0, 0] = 7


def test_the_array_of_a_record_is_a_view_and_the_callers_stays_writable() -> None:
    mine = ONE.copy()
    volume = Volume(mine, np.eye(4))
    assert np.shares_memory(mine, volume.array)
    mine[0, 0, 0] = 7
    assert volume.array[0, 0, 0] == 7


def test_a_record_cannot_be_reassigned() -> None:
    volume = Volume(ONE, np.eye(4))
    with pytest.raises(AttributeError):
        volume.array = ONE


def test_read_only_leaves_the_argument_alone() -> None:
    mine = np.zeros(3)
    view = read_only(mine)
    assert not view.flags.writeable
    assert mine.flags.writeable


def test_the_shape_of_a_volume_is_slices_rows_columns() -> None:
    assert Volume(ONE, np.eye(4)).shape == (2, 3, 4)

"""Bringing a whole exam into anatomical order, and the promise that outputs can go back."""

import itertools

import numpy as np
import pytest

from mamri.geometry import to_anatomical, to_lps
from mamri.records import DynamicSeries, Exam
from strategies import AXIS_ORDERS, axis_aligned

SHAPE = (3, 4, 5)
TIMES = np.array([-20.0, 90.0])


def _exam(axes: tuple[int, ...], signs: tuple[int, ...], storage: tuple[int, ...]) -> Exam:
    affine = axis_aligned(axes, signs, (2.5, 0.8, 0.7), np.array([1.0, 2.0, 3.0]))
    array = np.arange(2 * np.prod(SHAPE), dtype=np.int16).reshape(2, *SHAPE)
    return Exam(series=(), dynamic=DynamicSeries(array, affine, TIMES), storage_axes=storage)


def _to_file(array: np.ndarray, exam: Exam) -> np.ndarray:
    """Undo flips, then put every array axis on its file axis."""
    flipped = array[tuple(slice(None, None, -1 if flip else 1) for flip in exam.storage_flips)]
    return np.moveaxis(flipped, (0, 1, 2), exam.storage_axes)


@pytest.mark.parametrize(("axes", "signs"), AXIS_ORDERS)
@pytest.mark.parametrize("storage", list(itertools.permutations(range(3))))
def test_an_ordered_exam_still_knows_the_file_it_came_from(
    axes: tuple[int, ...], signs: tuple[int, ...], storage: tuple[int, ...]
) -> None:
    exam = _exam(axes, signs, storage)
    ordered = to_anatomical(exam)
    for phase in range(2):
        np.testing.assert_array_equal(
            _to_file(exam.dynamic.array[phase], exam),
            _to_file(ordered.dynamic.array[phase], ordered),
        )


@pytest.mark.parametrize(("axes", "signs"), AXIS_ORDERS)
def test_the_brightest_voxel_keeps_its_place_in_the_patient(
    axes: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    exam = _exam(axes, signs, (2, 1, 0))

    def place(series: DynamicSeries) -> np.ndarray:
        brightest = np.unravel_index(np.argmax(series.array[0]), series.array.shape[1:])
        return to_lps(series.affine, np.array(brightest))

    np.testing.assert_allclose(place(exam.dynamic), place(to_anatomical(exam).dynamic), atol=1e-9)


def test_ordering_twice_is_ordering_once() -> None:
    once = to_anatomical(_exam((0, 2, 1), (-1, -1, 1), (0, 2, 1)))
    twice = to_anatomical(once)
    np.testing.assert_array_equal(once.dynamic.array, twice.dynamic.array)
    assert (once.storage_axes, once.storage_flips) == (twice.storage_axes, twice.storage_flips)


def test_arrays_are_contiguous_and_times_unchanged() -> None:
    ordered = to_anatomical(_exam((0, 2, 1), (-1, -1, 1), (2, 1, 0)))
    assert ordered.dynamic.array.flags.c_contiguous
    assert ordered.dynamic.times_s.tolist() == TIMES.tolist()


def test_an_exam_without_a_dynamic_series_is_returned_as_it_is() -> None:
    exam = Exam(series=(), dynamic=None)
    assert to_anatomical(exam) is exam

"""Exams: storage order, and series records that explain themselves."""

import re

import pytest

from mamri.records import (
    Acquisition,
    Exam,
    FatSuppressionSeen,
    GeometryError,
    SeriesRecord,
    SeriesRole,
)


@pytest.mark.parametrize("axes", [(0, 0, 1), (1, 2, 3), (0, 1)])
def test_storage_axes_that_use_an_axis_twice_or_not_at_all_are_refused(
    axes: tuple[int, ...],
) -> None:
    message = (
        f"storage_axes must be a permutation of 0, 1, 2, got {axes}; "
        "give the file axis of slices, rows and columns"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        Exam(series=(), dynamic=None, storage_axes=axes)


def test_an_exam_may_hold_nothing_to_analyse() -> None:
    unused = SeriesRecord("1.2", "T2 TSE", SeriesRole.T2, "the description says T2")
    exam = Exam(series=(unused,), dynamic=None)
    assert exam.dynamic is None
    assert not exam.series[0].used


@pytest.mark.parametrize(
    ("told", "shown", "expected", "source"),
    [
        (True, False, True, "a tag"),
        (False, None, False, "a tag"),
        (None, True, True, "not recorded; seen in the image"),
        (None, False, False, "not recorded; seen in the image"),
        (None, None, None, "not recorded"),
    ],
)
def test_fat_suppression_is_as_the_input_says_or_else_as_the_image_shows(
    told: bool | None, shown: bool | None, expected: bool | None, source: str
) -> None:
    exam = Exam(
        series=(),
        dynamic=None,
        acquisition=Acquisition(
            fat_suppressed=told,
            fat_suppression_source="not recorded" if told is None else "a tag",
        ),
        fat_suppression_seen=FatSuppressionSeen(shown),
    )
    assert expected is exam.fat_suppressed
    assert source == exam.fat_suppression_source

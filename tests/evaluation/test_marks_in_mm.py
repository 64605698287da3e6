"""Marks hit the lesion within whose reach they lie."""

import numpy as np
import pytest

from mamri.evaluation.marks_in_mm import marks_near_lesions
from mamri.records import InputError


def test_a_mark_hits_within_the_radius_and_not_beyond() -> None:
    found = marks_near_lesions(
        np.array([[0, 0, 9.9], [0, 0, 10.1]]), np.ones(2), np.zeros((1, 3)), np.array([10.0])
    )

    assert [0, -1] == found.lesion.tolist()
    assert 1 == found.n_lesions


def test_a_distance_is_the_least_reach_and_shrinks_no_lesion() -> None:
    centres, radii = np.array([[0.0, 0, 0], [100, 0, 0]]), np.array([1.0, 20.0])
    marks = np.array([[4.0, 0, 0], [115, 0, 0], [5.5, 0, 0], [122, 0, 0]])

    found = marks_near_lesions(marks, np.ones(4), centres, radii, within_mm=5)

    # The larger of both, not their sum.
    assert [0, 1, -1, -1] == found.lesion.tolist()


def test_of_two_lesions_the_nearer_by_its_reach_is_hit() -> None:
    """12 mm from a lesion of radius 20, 6 mm from one of radius 8: 0.6 against 0.75."""
    centres, radii = np.array([[0.0, 0, 0], [18, 0, 0]]), np.array([20.0, 8.0])

    assert [0] == marks_near_lesions(np.array([[12.0, 0, 0]]), np.ones(1), centres, radii).lesion


def test_images_without_marks_or_lesions_are_fine() -> None:
    nothing, none = np.zeros((0, 3)), np.zeros(0)

    assert [] == marks_near_lesions(nothing, none, np.zeros((1, 3)), np.ones(1)).lesion.tolist()
    assert [-1] == marks_near_lesions(np.zeros((1, 3)), np.ones(1), nothing, none).lesion.tolist()


def test_what_does_not_fit_is_refused() -> None:
    one = np.zeros((1, 3))
    with pytest.raises(InputError, match="a score of each mark"):
        marks_near_lesions(one, np.ones(2), one, np.ones(1))
    with pytest.raises(InputError, match="a reach above 0"):
        marks_near_lesions(one, np.ones(1), one, np.zeros(1))
    with pytest.raises(InputError, match="finite places"):
        marks_near_lesions(one * np.nan, np.ones(1), one, np.ones(1))

"""Sides of the patient."""

import numpy as np

from mamri.records import Laterality


def test_the_label_of_the_right_breast_is_one_and_of_the_left_two() -> None:
    assert (int(Laterality.RIGHT), int(Laterality.LEFT)) == (1, 2)


def test_a_side_compares_with_the_labels_of_a_mask() -> None:
    mask = np.array([0, 1, 2, 2])
    assert np.count_nonzero(mask == Laterality.LEFT) == 2


def test_sides_are_said_in_words() -> None:
    assert [side.word for side in Laterality] == ["right", "left"]

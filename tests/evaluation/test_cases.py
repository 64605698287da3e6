import numpy as np
import pytest

from mamri.evaluation.cases import (
    group_index,
    label_list,
    labelled_probabilities,
    labelled_scores,
    number_list,
)
from mamri.records import InputError


@pytest.mark.parametrize("labels", [[True, False], [1, 0], [1.0, 0.0]])
def test_labels_of_any_number_type_will_do(labels):
    found = label_list(np.array(labels))
    assert (bool, [True, False]) == (found.dtype, found.tolist())


def test_scores_of_several_models_come_as_rows():
    labels, scores = labelled_scores(np.array([0, 1]), np.array([3, 4]), np.array([5, 6]))
    assert [False, True] == labels.tolist()
    assert [[3, 4], [5, 6]] == scores.tolist()


def test_the_result_is_not_the_array_of_the_caller():
    values = np.array([1.0, 2.0])
    number_list(values, "values")[0] = 9
    assert 1 == values[0]


@pytest.mark.parametrize(
    "groups", [["b", "a", "b"], [7, 3, 7], [2.5, 1.0, 2.5], np.array(["q", "p", "q"], object)]
)
def test_patients_may_have_names_or_numbers(groups):
    assert [1, 0, 1] == group_index(np.array(groups), 3).tolist()


def test_without_groups_every_case_is_its_own():
    assert [0, 1, 2] == group_index(None, 3).tolist()


@pytest.mark.parametrize("label", [0, 1])
def test_probabilities_need_one_class_only_and_scores_two(label):
    labels = np.full(2, label)
    labelled_probabilities(labels, np.array([0.0, 1.0]))
    with pytest.raises(InputError, match=f"got {2 * label} of 2 with it"):
        labelled_scores(labels, np.array([0, 1]))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [1, np.nan], "scores must be finite, got 1 of 2"),
        ([0, 1], [1, -np.inf], "scores must be finite, got 1 of 2"),
        ([0, 1], [1, 2, 3], "each of 2 cases, got 3"),
        ([0, 2], [1, 2], "labels must be 0 or 1, got values from 0 to 2"),
        ([0, np.nan], [1, 2], "labels must be finite"),
        ([], [], "labels must be one list of numbers"),
        ([[0, 1]], [1, 2], r"got shape \(1, 2\)"),
        (["a", "b"], [1, 2], "labels must be one list of numbers"),
    ],
)
def test_cases_that_do_not_fit_are_refused(labels, scores, message):
    with pytest.raises(InputError, match=message):
        labelled_scores(np.array(labels), np.array(scores))


@pytest.mark.parametrize("probability", [-0.01, 1.01])
def test_what_is_no_probability_is_refused(probability):
    with pytest.raises(InputError, match="turn scores into probabilities"):
        labelled_probabilities(np.array([0, 1]), np.array([0.5, probability]))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], r"of each of 3 cases, got shape \(2,\)"),
        ([1, 2, np.nan], "got 1 cases without one"),
        (["a", None, None], "got 2 cases without one"),
        ([4, 4, 4], "at least were needed, got one"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, message):
    with pytest.raises(InputError, match=message):
        group_index(np.array(groups), 3)

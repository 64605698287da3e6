"""Measures for several classes against scikit-learn, statsmodels and published tables."""

import numpy as np
import pytest
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa

from mamri.evaluation import (
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    multiclass_auc,
    one_vs_rest_auc,
    roc_auc,
)
from mamri.records import InputError

_RNG = np.random.default_rng(0)
LABELS = _RNG.choice(4, 200, p=[0.5, 0.3, 0.15, 0.05])
_RAW = np.round(_RNG.random((200, 4)) + 0.3 * np.eye(4)[LABELS], 1)  # with ties
PROBABILITIES = _RAW / _RAW.sum(axis=1, keepdims=True)
PREDICTED = PROBABILITIES.argmax(axis=1)

# Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327: shares of 200 cases.
EXAMPLE = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
FIRST, SECOND = np.repeat(np.indices((3, 3)).reshape(2, 9), EXAMPLE.ravel(), axis=1)


def test_one_against_the_rest_is_scikit_learns():
    expected = metrics.roc_auc_score(LABELS, PROBABILITIES, multi_class="ovr", average=None)
    np.testing.assert_allclose(expected, one_vs_rest_auc(LABELS, PROBABILITIES), atol=1e-13)


def test_the_measure_of_hand_and_till_is_scikit_learns():
    expected = metrics.roc_auc_score(LABELS, PROBABILITIES, multi_class="ovo", average="macro")
    assert expected == pytest.approx(multiclass_auc(LABELS, PROBABILITIES), abs=1e-13)


def test_with_two_classes_it_is_the_auc():
    # Multiples of 1 / 64, so that 1 - score is exact and ties stay ties.
    labels, scores = (LABELS > 0).astype(int), np.round(64 * PROBABILITIES[:, 1]) / 64
    found = multiclass_auc(labels, np.column_stack([1 - scores, scores]))
    assert roc_auc(labels, scores) == pytest.approx(found)


def test_the_matrix_and_the_accuracy_are_scikit_learns():
    np.testing.assert_array_equal(
        metrics.confusion_matrix(LABELS, PREDICTED), confusion_matrix(LABELS, PREDICTED)
    )
    expected = metrics.balanced_accuracy_score(LABELS, PREDICTED)
    assert expected == pytest.approx(balanced_accuracy(LABELS, PREDICTED))


def test_the_matrix_can_have_classes_that_do_not_occur():
    assert (5, 5) == confusion_matrix(LABELS, PREDICTED, n_classes=5).shape
    # A predicted class without true cases has no share of correct ones and does not count.
    assert 0.5 == balanced_accuracy(np.array([0, 0]), np.array([0, 1]))


def test_the_example_of_fleiss_cohen_and_everitt():
    # The table's kappa is 0.429 to three digits.
    assert 0.429 == pytest.approx(cohen_kappa(FIRST, SECOND).value, abs=0.0005)


@pytest.mark.parametrize(
    ("weights", "sklearns", "statsmodelss"),
    [("none", None, None), ("quadratic", "quadratic", "fc")],
)
def test_kappa_is_that_of_others(weights, sklearns, statsmodelss):
    found = cohen_kappa(FIRST, SECOND, weights=weights)
    expected = metrics.cohen_kappa_score(FIRST, SECOND, weights=sklearns)
    assert expected == pytest.approx(found.value, abs=1e-13)
    # statsmodels 0.15: asymptotic standard error not under the null; normal interval.
    other = cohens_kappa(EXAMPLE, wt=statsmodelss)
    assert (other.kappa_low, other.kappa_upp) == pytest.approx((found.lower, found.upper), abs=1e-9)


def test_full_agreement_is_1_and_one_class_undefined():
    assert 1 == pytest.approx(cohen_kappa(LABELS, LABELS, weights="quadratic").value)
    assert np.isnan(cohen_kappa(np.zeros(5), np.zeros(5)).value)
    # Two classes that do not occur do not change agreement on the others.
    one = cohen_kappa(FIRST, SECOND, weights="quadratic")
    other = cohen_kappa(FIRST, SECOND, weights="quadratic", n_classes=5)
    assert one.value == pytest.approx(other.value)


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1, 1], np.ones((3, 3)), "each of 3 classes were needed"),
        ([0, 1, 2], np.ones((2, 3)), "one row of probabilities"),
        ([0, 0, 0], np.ones((3, 1)), "two or more classes"),
        ([0, 1, 1], np.full((3, 2), np.nan), "got 6 that are not"),
        ([0, 0.5, 1], np.ones((3, 2)), "whole numbers"),
        ([-1, 0, 1], np.ones((3, 2)), "whole numbers"),
    ],
)
def test_bad_input_is_refused(labels, probabilities, message):
    with pytest.raises(InputError, match=message):
        multiclass_auc(np.array(labels), probabilities)


def test_a_class_beyond_the_last_is_refused():
    with pytest.raises(InputError, match="classes below 3 were needed, got 3"):
        confusion_matrix(LABELS, PREDICTED, n_classes=3)

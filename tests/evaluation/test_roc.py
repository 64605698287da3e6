"""ROC measures against the example of Hanley and McNeil, pROC, scikit-learn and counting pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from mamri.evaluation import (
    average_precision,
    operating_point,
    precision_recall_curve,
    roc_auc,
    roc_curve,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
    threshold_at_specificity,
)
from mamri.records import InputError

# 113 cases with ties, 38 of them with the disease.
_I = np.arange(113)
LABELS = (_I * 37 % 113) % 3 == 0
SCORES = (_I * 53 % 97) % 21 + 6 * LABELS

# Hanley JA, McNeil BJ. Radiology 1982;143:29-36, table I: CT ratings 1 to 5 of 109 patients.
NORMAL, ABNORMAL = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
RATINGS = np.concatenate([np.repeat(np.arange(1, 6), NORMAL), np.repeat(np.arange(1, 6), ABNORMAL)])
RATED_LABELS = np.repeat([0, 1], [58, 51])


def test_the_example_of_hanley_and_mcneil():
    # The paper gives 0.893 to three digits.
    assert 0.893 == pytest.approx(roc_auc(RATED_LABELS, RATINGS), abs=0.0005)


def test_the_auc_of_proc():
    # pROC 1.18.0, R 4.2.2: auc(roc(labels, scores, direction = "<")); rounding only.
    assert 0.75280701754386 == pytest.approx(roc_auc(LABELS, SCORES), abs=1e-13)


def test_the_auc_counts_pairs_and_half_of_ties():
    pairs = SCORES[LABELS][:, None] - SCORES[~LABELS]
    expected = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert expected == pytest.approx(roc_auc(LABELS, SCORES), abs=1e-14)


@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=40))
def test_only_the_order_of_scores_matters_and_turning_it_gives_the_rest(cases):
    labels, scores = (np.array(column) for column in zip(*cases, strict=True))
    if labels.all() or not labels.any():
        return
    expected = roc_auc(labels, scores)
    assert expected == pytest.approx(roc_auc(labels, np.exp(scores / 3.0)))
    assert 1 - expected == pytest.approx(roc_auc(labels, -scores))


def test_the_curve_is_that_of_scikit_learn():
    false, true, thresholds = metrics.roc_curve(LABELS, SCORES, drop_intermediate=False)
    found = roc_curve(LABELS, SCORES)
    np.testing.assert_allclose(false, found.false_positive_rate)
    np.testing.assert_allclose(true, found.true_positive_rate)
    np.testing.assert_array_equal(thresholds, found.thresholds)


def test_the_area_under_the_curve_is_the_auc():
    curve = roc_curve(LABELS, SCORES)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert roc_auc(LABELS, SCORES) == pytest.approx(area)


def test_precision_and_recall_at_each_threshold_are_those_counted():
    curve = precision_recall_curve(LABELS, SCORES)
    for threshold, precision, recall in zip(
        curve.thresholds[:-1], curve.precision, curve.recall, strict=False
    ):
        called = threshold <= SCORES
        assert LABELS[called].mean() == pytest.approx(precision)
        assert called[LABELS].mean() == pytest.approx(recall)
    assert (np.inf, 1, 0) == (curve.thresholds[-1], curve.precision[-1], curve.recall[-1])


def test_average_precision_sums_the_steps():
    # By hand: recall 1/2 at precision 1, then 1 at 2/3.
    assert 0.5 + 0.5 * 2 / 3 == pytest.approx(
        average_precision(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]))
    )
    curve = precision_recall_curve(LABELS, SCORES)
    steps = -np.diff(curve.recall) @ curve.precision[:-1]
    assert steps == pytest.approx(average_precision(LABELS, SCORES))


def test_an_operating_point_counts_and_gives_wilson_intervals():
    found = operating_point(RATED_LABELS, RATINGS, 4)
    assert (44, 13, 45, 7) == (
        found.true_positives,
        found.false_positives,
        found.true_negatives,
        found.false_negatives,
    )
    # statsmodels 0.15: proportion_confint(method="wilson") of each share.
    for share, count, total in [
        (found.sensitivity, 44, 51),
        (found.specificity, 45, 58),
        (found.positive_predictive_value, 44, 57),
        (found.negative_predictive_value, 45, 52),
    ]:
        assert count / total == share.value
        expected = proportion_confint(count, total, method="wilson")
        assert expected == pytest.approx((share.lower, share.upper), abs=1e-12)


def test_without_positive_cases_their_predictive_value_is_undefined():
    found = operating_point(LABELS, SCORES, 1000)
    assert np.isnan(found.positive_predictive_value.value)
    assert 0 == found.sensitivity.value


def test_the_sensitivity_at_a_specificity_is_the_best_of_all_thresholds():
    for specificity in (0, 0.5, 0.8, 0.9, 0.95, 1):
        allowed = [
            (SCORES[LABELS] >= t).mean()
            for t in [*SCORES, np.inf]
            if (SCORES[~LABELS] < t).mean() >= specificity - 1e-12
        ]
        assert max(allowed) == sensitivity_at_specificity(LABELS, SCORES, specificity)


def test_the_threshold_at_a_specificity_keeps_it():
    # 1 - 0.9 of ten cases is a little less than one false positive in floating point.
    labels, scores = np.repeat([0, 1], [10, 2]), np.append(np.arange(10), [8.5, 20])
    assert 8.5 == threshold_at_specificity(labels, scores, 0.9)
    point = operating_point(labels, scores, 8.5)
    assert (0.9, 1) == (point.specificity.value, point.sensitivity.value)
    assert np.isinf(threshold_at_specificity(np.array([1, 0]), np.array([1, 1]), 1))


def test_one_class_is_refused():
    with pytest.raises(InputError, match="with and without the disease"):
        roc_auc(np.ones(3), np.arange(3))


def test_a_specificity_or_threshold_out_of_range_is_refused():
    with pytest.raises(InputError, match="90 % is written"):
        sensitivity_at_specificity(LABELS, SCORES, 90)
    with pytest.raises(InputError, match="got NaN"):
        operating_point(LABELS, SCORES, np.nan)


@pytest.mark.parametrize("sensitivity", [0, 0.5, 0.8, 0.9, 0.95, 1])
def test_specificity_at_sensitivity_is_the_best_of_all_thresholds(sensitivity):
    thresholds = [*np.unique(SCORES), np.inf]
    kept = [
        np.mean(SCORES[~LABELS] < t)
        for t in thresholds
        if np.mean(SCORES[LABELS] >= t) >= sensitivity - 1e-12
    ]
    assert max(kept) == pytest.approx(specificity_at_sensitivity(LABELS, SCORES, sensitivity))


def test_a_sensitivity_in_per_cent_is_refused():
    with pytest.raises(InputError, match="sensitivity from 0 to 1"):
        specificity_at_sensitivity(LABELS, SCORES, 90)

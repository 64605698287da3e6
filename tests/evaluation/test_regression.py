"""Errors and correlations against scipy, scikit-learn and simulated coverage."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from mamri.evaluation import (
    mean_absolute_error,
    pearson_correlation,
    r_squared,
    root_mean_squared_error,
    spearman_correlation,
)
from mamri.records import InputError

_RNG = np.random.default_rng(0)
TRUTH = np.round(_RNG.normal(20, 5, 60))  # with ties
PREDICTED = np.round(0.7 * TRUTH + _RNG.normal(8, 3, 60))


def test_errors_are_those_of_scikit_learn():
    for found, expected in [
        (mean_absolute_error, metrics.mean_absolute_error),
        (root_mean_squared_error, metrics.root_mean_squared_error),
        (r_squared, metrics.r2_score),
    ]:
        assert expected(TRUTH, PREDICTED) == pytest.approx(found(TRUTH, PREDICTED), rel=1e-13)


def test_errors_by_hand():
    truth, predicted = np.array([1.0, 2, 3]), np.array([2.0, 2, 5])
    assert 1 == mean_absolute_error(truth, predicted)
    assert np.sqrt(5 / 3) == pytest.approx(root_mean_squared_error(truth, predicted))
    assert 1 - 5 / 2 == pytest.approx(r_squared(truth, predicted))


def test_the_share_explained_is_undefined_for_one_true_value():
    assert np.isnan(r_squared(np.ones(4), np.arange(4)))


def test_linear_correlation_is_that_of_scipy():
    other = stats.pearsonr(TRUTH, PREDICTED)
    interval = other.confidence_interval(0.9)
    found = pearson_correlation(TRUTH, PREDICTED, level=0.9)
    expected = [other.statistic, interval.low, interval.high]
    assert expected == pytest.approx([found.value, found.lower, found.upper], rel=1e-12)


def test_rank_correlation_is_that_of_scipy_with_a_wider_interval():
    found = spearman_correlation(TRUTH, PREDICTED)
    r = stats.spearmanr(TRUTH, PREDICTED).statistic
    assert r == pytest.approx(found.value, rel=1e-12)
    half = 1.959963984540054 * np.sqrt((1 + r**2 / 2) / 57)
    assert np.tanh(np.arctanh(r) + half) == pytest.approx(found.upper)
    assert np.tanh(np.arctanh(r) - half) == pytest.approx(found.lower)


@pytest.mark.parametrize("correlation", [pearson_correlation, spearman_correlation])
def test_undefined_correlations_and_intervals(correlation):
    assert np.isnan(correlation(np.ones(5), np.arange(5)).value)
    three = correlation(np.arange(3), np.array([0, 2, 1]))
    assert 0.5 == pytest.approx(three.value)
    assert np.isnan(three.lower)
    line = correlation(np.arange(9), -2.0 * np.arange(9))
    assert (-1, -1, -1) == (line.value, line.lower, line.upper)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [pearson_correlation, spearman_correlation])
def test_the_interval_covers_the_truth_as_often_as_it_says(correlation):
    # Binormal with r = 0.8, where the rank correlation is 6 / pi asin(r / 2); 4000 draws have a
    # standard error of 0.3 %.
    rng, r, n = np.random.default_rng(1), 0.8, 60
    truth = r if correlation is pearson_correlation else 6 / np.pi * np.arcsin(r / 2)
    inside = 0
    for _ in range(4000):
        first = rng.normal(size=n)
        found = correlation(first, r * first + np.sqrt(1 - r**2) * rng.normal(size=n))
        inside += found.lower <= truth <= found.upper
    assert 0.93 < inside / 4000 < 0.97


def test_gaps_and_lists_of_different_length_are_refused():
    with pytest.raises(InputError, match="true values must be finite"):
        r_squared(np.array([1, np.nan]), np.ones(2))
    with pytest.raises(InputError, match="predicted values must have one value for each of 2"):
        mean_absolute_error(np.ones(2), np.ones(3))

"""Calibration against statsmodels, scikit-learn and predictions wrong by a known amount."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special
from sklearn import calibration, metrics
from statsmodels.stats.proportion import proportion_confint

from mamri.evaluation import (
    brier_score,
    calibration_curve,
    expected_calibration_error,
    logistic_recalibration,
)
from mamri.records import InputError

_RNG = np.random.default_rng(0)
LOGIT = _RNG.normal(-0.5, 1.5, 400)
PROBABILITIES = special.expit(LOGIT)
LABELS = _RNG.random(400) < special.expit(0.4 + 0.7 * LOGIT)


def test_the_brier_score_of_scikit_learn():
    expected = metrics.brier_score_loss(LABELS, PROBABILITIES)
    assert expected == pytest.approx(brier_score(LABELS, PROBABILITIES), abs=1e-15)


def test_always_predicting_the_prevalence_scores_its_variance():
    share = LABELS.mean()
    found = brier_score(LABELS, np.full(400, share))
    assert share * (1 - share) == pytest.approx(found)


def test_slope_and_intercepts_are_those_of_statsmodels():
    # statsmodels 0.15: maximum likelihood to 1e-8, Wald intervals.
    found = logistic_recalibration(LABELS, PROBABILITIES)
    both = sm.GLM(LABELS, sm.add_constant(LOGIT), family=sm.families.Binomial()).fit()
    for at, estimate in ((0, found.intercept), (1, found.slope)):
        assert both.params[at] == pytest.approx(estimate.value, abs=1e-7)
        assert list(both.conf_int()[at]) == pytest.approx(
            [estimate.lower, estimate.upper], abs=1e-6
        )
    large = sm.GLM(LABELS, np.ones(400), family=sm.families.Binomial(), offset=LOGIT).fit()
    estimate = found.intercept_in_the_large
    assert large.params[0] == pytest.approx(estimate.value, abs=1e-7)
    assert list(large.conf_int()[0]) == pytest.approx([estimate.lower, estimate.upper], abs=1e-6)


def test_a_known_miscalibration_is_found_again():
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 100_000)
    labels = rng.random(100_000) < special.expit(logit)
    # Predictions twice as extreme and too high by 1: slope 0.5, intercept -0.5. The standard
    # errors are 0.004 and 0.009; tolerances are three times that.
    found = logistic_recalibration(labels, special.expit(2 * logit + 1))
    assert 0.5 == pytest.approx(found.slope.value, abs=0.012)
    assert -0.5 == pytest.approx(found.intercept.value, abs=0.027)
    right = logistic_recalibration(labels, special.expit(logit))
    assert 0 == pytest.approx(right.intercept_in_the_large.value, abs=0.027)
    assert expected_calibration_error(labels, special.expit(logit)) < 0.01


@pytest.mark.parametrize("centre", [-36, -20, 5, 30])
@pytest.mark.parametrize("spread", [0.001, 0.1, 1])
def test_far_off_and_almost_equal_predictions_still_converge(centre, spread):
    rng = np.random.default_rng(2)
    labels = rng.random(40) < 0.4
    probabilities = special.expit(rng.normal(centre, spread, 40))
    found = logistic_recalibration(labels, probabilities)
    # At the maximum of the likelihood the errors sum to 0, alone and times the logit; 40 cases
    # and logits known to 16 digits leave 1e-6.
    logit = special.logit(probabilities)
    assert 0 == pytest.approx(
        np.sum(labels - special.expit(logit + found.intercept_in_the_large.value)), abs=1e-6
    )
    left = labels - special.expit(found.intercept.value + found.slope.value * logit)
    assert [0, 0] == pytest.approx([left.sum(), left @ (logit - logit.mean())], abs=1e-6)


@pytest.mark.parametrize(
    "probabilities", [[0.2, 0.2, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]
)
def test_the_slope_is_undefined_for_equal_or_separated_predictions(probabilities):
    found = logistic_recalibration(np.array([0, 0, 1, 1]), np.array(probabilities))
    assert np.isnan([found.slope.value, found.intercept.value]).all()
    assert np.isfinite(found.intercept_in_the_large.value)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_recalibration_but_a_brier_score(label):
    labels, probabilities = np.full(3, label), np.full(3, 0.5)
    found = logistic_recalibration(labels, probabilities)
    assert np.isnan([found.slope.value, found.intercept_in_the_large.value]).all()
    assert 0.25 == brier_score(labels, probabilities)


def test_the_curve_is_that_of_scikit_learn():
    # Without ties, and with bins that divide the cases, the bins are the same.
    observed, predicted = calibration.calibration_curve(
        LABELS, PROBABILITIES, n_bins=10, strategy="quantile"
    )
    found = calibration_curve(LABELS, PROBABILITIES)
    np.testing.assert_allclose(observed, found.observed, atol=1e-14)
    np.testing.assert_allclose(predicted, found.predicted, atol=1e-14)
    np.testing.assert_array_equal(np.full(10, 40), found.count)
    lower, upper = proportion_confint(np.rint(40 * observed), 40, method="wilson")
    np.testing.assert_allclose(lower, found.lower, atol=1e-12)
    np.testing.assert_allclose(upper, found.upper, atol=1e-12)


def test_equal_predictions_share_a_bin():
    labels = np.array([0, 1, 0, 1, 1, 1])
    found = calibration_curve(labels, np.array([0.3, 0.3, 0.3, 0.3, 0.3, 0.9]), bins=3)
    np.testing.assert_array_equal([5, 1], found.count)
    np.testing.assert_allclose([0.6, 1], found.observed)


def test_the_error_is_the_mean_over_bins_weighted_by_cases():
    labels = np.array([0, 1, 0, 1, 1, 1])
    found = expected_calibration_error(labels, np.array([0.3, 0.3, 0.3, 0.3, 0.3, 0.9]), bins=3)
    assert (5 * 0.3 + 1 * 0.1) / 6 == pytest.approx(found)  # by hand


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="from 0 to 1 were needed"):
        brier_score(LABELS, LOGIT)
    with pytest.raises(InputError, match="clip them first"):
        logistic_recalibration(np.array([0, 1]), np.array([0.0, 0.5]))
    with pytest.raises(InputError, match="take fewer"):
        calibration_curve(np.array([0, 1]), np.array([0.1, 0.5]))
    with pytest.raises(InputError, match="each of 2 cases"):
        brier_score(np.array([0, 1]), np.array([0.1]))

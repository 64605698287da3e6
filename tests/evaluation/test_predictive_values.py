"""Predictive values against counts, and their interval against simulated studies."""

import math

import numpy as np
import pytest

from mamri.evaluation import operating_point, predictive_values
from mamri.records import InputError

LABELS = np.repeat([1, 0], [50, 150])
SCORES = np.concatenate([np.arange(50) < 40, np.arange(150) < 15]).astype(float)


def test_at_the_prevalence_of_the_study_they_are_the_shares_of_its_cases():
    point = operating_point(LABELS, SCORES, 0.5)
    positive, negative = predictive_values(point, 0.25)
    assert point.positive_predictive_value.value == pytest.approx(positive.value)
    assert point.negative_predictive_value.value == pytest.approx(negative.value)


def test_bayes_rule_at_one_per_cent():
    positive, negative = predictive_values(operating_point(LABELS, SCORES, 0.5), 0.01)
    # Sensitivity 0.8, specificity 0.9: of 10000 women 80 of 100 and 990 of 9900 are positive.
    assert 80 / (80 + 990) == pytest.approx(positive.value)
    assert 8910 / (8910 + 20) == pytest.approx(negative.value)
    assert positive.lower < positive.value < positive.upper
    assert negative.lower < negative.value < negative.upper < 1


def test_the_interval_holds_the_truth_in_95_per_cent():
    """1500 studies of sensitivity 0.8, specificity 0.9: within three standard errors and 1 %."""
    rng, held = np.random.default_rng(4), 0
    truth = 0.8 * 0.02 / (0.8 * 0.02 + 0.1 * 0.98)
    for _ in range(1500):
        scores = np.concatenate([rng.random(50) < 0.8, rng.random(150) < 0.1]).astype(float)
        found = predictive_values(operating_point(LABELS, scores, 0.5), 0.02)[0]
        held += found.lower <= truth <= found.upper
    assert 0.95 == pytest.approx(held / 1500, abs=0.017 + 0.01)


def test_a_perfect_score_has_no_interval():
    positive, negative = predictive_values(operating_point(LABELS, LABELS, 0.5), 0.1)
    assert (1.0, 1.0) == (positive.value, negative.value)
    assert math.isnan(positive.lower)


def test_without_a_positive_call_there_is_no_positive_value():
    positive, negative = predictive_values(operating_point(LABELS, SCORES, 9.0), 0.1)
    assert math.isnan(positive.value)
    assert 0.9 == pytest.approx(negative.value)


def test_a_prevalence_in_per_cent_is_refused():
    with pytest.raises(InputError, match="1 % is written"):
        predictive_values(operating_point(LABELS, SCORES, 0.5), 1)

"""Net benefit against its definition and the analytic curve of a uniform, calibrated prediction."""

import numpy as np
import pytest

from mamri.evaluation import decision_curve
from mamri.records import InputError

THRESHOLDS = np.linspace(0, 0.99, 34)


def test_net_benefit_is_its_definition():
    rng = np.random.default_rng(0)
    predicted = rng.integers(0, 21, 200) / 20  # many on a threshold
    labels = rng.random(200) < predicted
    thresholds = np.array([0.0, 0.05, 0.25, 0.5, 0.95])
    found = decision_curve(labels, predicted, thresholds)
    for at, threshold in enumerate(thresholds):
        true = np.count_nonzero(labels & (predicted >= threshold))
        false = np.count_nonzero(~labels & (predicted >= threshold))
        expected = true / 200 - false / 200 * threshold / (1 - threshold)
        assert expected == pytest.approx(found.model[at], abs=1e-15)


def test_a_uniform_calibrated_prediction_gives_a_straight_line():
    # Benefit = integral from t to 1 of p - (1 - p) t / (1 - t) dp = (1 - t) / 2. The midpoint rule
    # of 4000 cases, an event in the share p of a pair of labels: here each p stands for 100 cases.
    middles = (np.arange(400) + 0.5) / 400
    predicted = np.repeat(middles, 400)
    labels = np.concatenate([np.arange(400) < round(400 * p) for p in middles])
    found = decision_curve(labels, predicted, THRESHOLDS)
    # A share is met to 1 / 800, weighed by the odds at the threshold.
    tolerance = 0.002 * (1 + THRESHOLDS / (1 - THRESHOLDS))
    assert (np.abs(found.model - (1 - THRESHOLDS) / 2) < tolerance).all()


def test_treating_all_is_worth_nothing_at_the_prevalence():
    labels = np.arange(10) < 3
    found = decision_curve(labels, np.linspace(0, 1, 10), np.array([0, 0.3, 0.5]))
    assert [0.3, 0, -0.4] == pytest.approx(found.treat_all.tolist(), abs=1e-15)
    assert [0, 0, 0] == found.treat_none.tolist()


def test_at_threshold_0_the_model_treats_all():
    found = decision_curve(np.array([0, 1]), np.array([0.0, 0.0]), np.array([0.0]))
    assert found.treat_all[0] == found.model[0] == 0.5


@pytest.mark.parametrize("threshold", [-0.1, 1.0, 20])
def test_thresholds_out_of_range_are_refused(threshold):
    with pytest.raises(InputError, match="from 0 to below 1"):
        decision_curve(np.array([0, 1]), np.array([0.1, 0.2]), np.array([threshold]))

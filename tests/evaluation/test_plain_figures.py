"""Figures as plain values: what is undefined is None, and what cannot be JSON does not come."""

import json
import math

import numpy as np
import pytest
from scipy import optimize, special

from mamri.evaluation import calibration_in_the_large, logistic_recalibration
from mamri.evaluation.plain_figures import (
    calibration_figures,
    p_figure,
    rounded,
    survival_group_figures,
    with_holm,
)

RNG = np.random.default_rng(8)
TRUTH = RNG.random(120) < 0.4
CHANCE = np.clip(0.4 * TRUTH + 0.6 * RNG.random(120), 0, 1)


def test_numbers_that_are_none_are_none():
    assert [0.1235, None, None] == [rounded(x) for x in (0.12345678, math.nan, math.inf)]
    assert [0.0123, None] == [p_figure(p) for p in (0.01234, math.nan)]


def test_p_values_that_are_undefined_are_left_out_of_holm():
    rows = with_holm([{"a": 1, "p": 0.02}, {"a": 2, "p": None}, {"a": 3, "p": 0.03}])
    assert [0.04, None, 0.04] == [row["p_holm"] for row in rows]
    assert [1, 2, 3] == [row["a"] for row in rows]
    assert [] == with_holm([])


def test_calibration_of_answers_of_0_and_1_is_json():
    found = calibration_figures(TRUTH, np.where(TRUTH, 1.0, 0.0))
    assert 0.0 == found["brier"]
    assert None is found["calibration"]["slope"]["value"]
    json.dumps(found, allow_nan=False)


def test_a_group_without_events_has_a_curve_at_1():
    times, events = np.arange(1.0, 21), np.arange(20) < 10
    found = survival_group_figures(times, events, (~events).astype(int), ("early", "late"))
    late = found["curves"]["late"]
    assert {1.0} == set(late["survival"])
    assert list(range(10, 0, -1)) == late["at_risk"]
    assert 10 == found["curves"]["early"]["at_risk"][0]
    json.dumps(found, allow_nan=False)


def test_calibration_in_the_large_solves_its_equation():
    found = calibration_in_the_large(TRUTH, CHANCE)
    logit = special.logit(np.clip(CHANCE, 1e-6, 1 - 1e-6))
    root = optimize.brentq(lambda a: np.sum(special.expit(a + logit) - TRUTH), -20, 20)
    assert root == pytest.approx(found.value, abs=1e-8)
    inside = np.clip(CHANCE, 0.01, 0.99)
    whole = logistic_recalibration(TRUTH, inside).intercept_in_the_large
    assert whole == calibration_in_the_large(TRUTH, inside)
    assert math.isnan(calibration_in_the_large(np.ones(5), np.full(5, 0.5)).value)

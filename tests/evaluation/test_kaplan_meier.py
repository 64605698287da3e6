"""Kaplan-Meier against R's survival, lifelines and scikit-survival."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sksurv.nonparametric import kaplan_meier_estimator

from mamri.evaluation import kaplan_meier

# Miller RG. Survival analysis. Wiley 1997: leukemia without maintenance (R: survival::aml).
TIMES = np.array([5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45])
EVENTS = np.array([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])


def test_survival_and_intervals_are_those_of_r():
    # R 4.2.2, survival 3.5-3: survfit(Surv(time, status) ~ x, aml, conf.type = "log-log").
    found = kaplan_meier(TIMES, EVENTS)
    for time, at_risk, events, *numbers in [
        (5, 12, 2, 0.833333333, 0.4817149422, 0.95550937),
        (8, 10, 2, 0.666666667, 0.3370189325, 0.85971180),
        (12, 8, 1, 0.583333333, 0.2701389241, 0.80094019),
        (16, 7, 0, 0.583333333, 0.2701389241, 0.80094019),
        (23, 6, 1, 0.486111111, 0.1918766196, 0.72967157),
        (43, 2, 1, 0.097222222, 0.0057463057, 0.34890386),
    ]:
        at = np.flatnonzero(found.times == time)[0]
        assert (at_risk, events) == (found.at_risk[at], found.events[at])
        assert numbers == pytest.approx(
            [found.survival[at], found.lower[at], found.upper[at]], abs=1e-8
        )
    assert 0 == found.survival[-1]
    assert np.isnan([found.lower[-1], found.upper[-1]]).all()


def test_many_tied_times_agree_with_lifelines_and_scikit_survival():
    rng = np.random.default_rng(0)
    times, events = rng.integers(1, 40, 300), rng.random(300) < 0.5
    found = kaplan_meier(times, events, level=0.9)
    distinct, survival, (lower, upper) = kaplan_meier_estimator(
        events, times, conf_level=0.9, conf_type="log-log"
    )
    np.testing.assert_array_equal(distinct, found.times)
    np.testing.assert_allclose(survival, found.survival, rtol=1e-12)
    inside = (survival > 0) & (survival < 1)
    np.testing.assert_allclose(lower[inside], found.lower[inside], rtol=1e-10)
    np.testing.assert_allclose(upper[inside], found.upper[inside], rtol=1e-10)
    other = KaplanMeierFitter(alpha=0.1).fit(times, events)
    np.testing.assert_allclose(
        other.survival_function_at_times(distinct).to_numpy(), found.survival, rtol=1e-10
    )


def test_before_the_first_event_survival_is_1():
    found = kaplan_meier(np.array([1, 2, 3]), np.array([0, 1, 0]))
    assert (1, 1, 1) == (found.survival[0], found.lower[0], found.upper[0])
    assert 0.5 == pytest.approx(found.survival[2])


def test_an_event_comes_before_censoring_at_the_same_time():
    assert [0.5] == kaplan_meier(np.array([3, 3]), np.array([1, 0])).survival.tolist()


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says():
    # Exponential times of mean 1, uniform censoring; at 0.7 survival is exp(-0.7). 3000 draws have
    # a standard error of 0.4 %.
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(3000):
        event, censored = rng.exponential(size=100), rng.uniform(0, 3, 100)
        found = kaplan_meier(np.minimum(event, censored), event <= censored)
        at = np.searchsorted(found.times, 0.7, "right") - 1
        inside += found.lower[at] <= np.exp(-0.7) <= found.upper[at]
    assert 0.93 < inside / 3000 < 0.97

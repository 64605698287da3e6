"""The log-rank test against R's survival, lifelines, scikit-survival and its own level."""

import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test
from sksurv.compare import compare_survival
from sksurv.util import Surv

from mamri.evaluation import log_rank_test
from mamri.records import InputError

# Miller RG. Survival analysis. Wiley 1997 (R: survival::aml): with and without maintenance.
TIMES = np.array(
    [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
)
EVENTS = np.array([1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])
MAINTAINED = np.arange(23) < 11


def test_the_statistic_of_r():
    # R 4.2.2, survival 3.5-3: survdiff(Surv(time, status) ~ x, aml)$chisq.
    found = log_rank_test(TIMES, EVENTS, MAINTAINED)
    assert 3.39638869898 == pytest.approx(found.statistic, abs=1e-10)
    assert 1 == found.degrees_of_freedom
    assert 0.0653 == pytest.approx(found.p, abs=0.0001)  # chi-squared table


def test_three_groups_of_r():
    i = np.arange(100)
    times, events = (i * 37 % 101 + 1) + (i % 7) / 10, (i * 53 % 97) % 5 < 3
    # R 4.2.2, survival 3.5-3: survdiff(Surv(times, events) ~ groups)$chisq.
    found = log_rank_test(times, events, i * 31 % 3)
    assert 0.504107758737 == pytest.approx(found.statistic, abs=1e-10)
    assert 2 == found.degrees_of_freedom


@pytest.mark.parametrize("n_groups", [2, 4])
def test_tied_times_agree_with_lifelines_and_scikit_survival(n_groups):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, n_groups, 300)
    times, events = rng.integers(1, 40, 300) + groups, rng.random(300) < 0.6
    found = log_rank_test(times, events, np.array(list("wxyz"))[groups])
    other = multivariate_logrank_test(times, groups, events)
    assert other.test_statistic == pytest.approx(found.statistic, rel=1e-9)
    assert other.p_value == pytest.approx(found.p, rel=1e-8)
    statistic, p = compare_survival(Surv.from_arrays(events, times), groups)
    assert (statistic, p) == pytest.approx((found.statistic, found.p), rel=1e-9)


def test_groups_that_never_meet_cannot_be_compared():
    # Group 0 is censored before the only events, which fall in group 1.
    found = log_rank_test(np.array([1, 1, 5, 6]), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    assert np.isnan([found.statistic, found.p]).all()


@pytest.mark.slow
def test_it_raises_false_alarms_as_often_as_it_says():
    # 3000 draws have a standard error of 0.4 %.
    rng, groups = np.random.default_rng(1), np.arange(120) % 3
    alarms = 0
    for _ in range(3000):
        event, censored = rng.exponential(size=120), rng.uniform(0, 3, 120)
        found = log_rank_test(np.minimum(event, censored), event <= censored, groups)
        alarms += found.p < 0.05
    assert 0.03 < alarms / 3000 < 0.07


def test_one_group_is_refused():
    with pytest.raises(InputError, match="at least were needed, got one"):
        log_rank_test(TIMES, EVENTS, np.zeros(23))

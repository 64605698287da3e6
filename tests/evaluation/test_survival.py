"""Measures of predicted survival against R, lifelines, their definitions and analytic values."""

import time

import numpy as np
import pytest
from lifelines.utils import concordance_index as lifelines_concordance
from scipy import stats

from mamri.evaluation import (
    concordance_index,
    concordance_index_ipcw,
    integrated_brier_score,
    kaplan_meier,
    roc_auc,
    time_dependent_auc,
)
from mamri.records import InputError

# 100 women, no two times equal.
_I = np.arange(100)
TIMES = (_I * 37 % 101 + 1) + (_I % 7) / 10
EVENTS = (_I * 53 % 97) % 5 < 3
RISKS = 200 - TIMES + (_I * 29 % 89)


def test_harrells_index_is_that_of_r():
    # R 4.2.2, survival 3.5-3: 1 - concordance(Surv(times, events) ~ risks)$concordance.
    assert 0.751060820368 == pytest.approx(concordance_index(TIMES, EVENTS, RISKS), abs=1e-11)


def test_unos_index_is_that_of_r():
    # R 4.2.2, survival 3.5-3: the same with timewt = "n/G2", and with ymax = 60.
    assert 0.697663135903 == pytest.approx(concordance_index_ipcw(TIMES, EVENTS, RISKS), abs=1e-11)
    found = concordance_index_ipcw(TIMES, EVENTS, RISKS, horizon=60)
    assert 0.770437379276 == pytest.approx(found, abs=1e-11)


def test_ties_are_those_of_lifelines():
    rng = np.random.default_rng(0)
    times, events = rng.integers(1, 20, 200), rng.random(200) < 0.6
    risks = rng.integers(0, 10, 200) - times / 4
    # lifelines counts pairs of two events at one time, which have no order here: events are moved
    # by less than the step between times, to before those censored.
    spread = times + 0.001 * rng.permutation(200) / 200 * events - 0.002 * events
    expected = lifelines_concordance(spread, -risks, events)
    assert expected == pytest.approx(concordance_index(spread, events, risks), abs=1e-12)


def _slow_concordance(times, events, risks):
    """Every pair."""
    concordant = comparable = 0.0
    for i in np.flatnonzero(events):
        for j in range(len(times)):
            if times[j] > times[i] or (times[j] == times[i] and not events[j]):
                comparable += 1
                concordant += (risks[i] > risks[j]) + 0.5 * (risks[i] == risks[j])
    return concordant / comparable


def test_harrells_index_is_its_definition_with_ties():
    rng = np.random.default_rng(0)
    times, events = rng.integers(1, 20, 150), rng.random(150) < 0.6
    risks = rng.integers(0, 10, 150) - times // 4
    expected = _slow_concordance(times, events, risks)
    assert expected == pytest.approx(concordance_index(times, events, risks), abs=1e-13)


def test_without_censoring_all_indices_are_the_share_of_ordered_pairs():
    order = np.arange(50)
    kendall = stats.kendalltau(RISKS[:50], -TIMES[:50]).statistic
    for index in (concordance_index, concordance_index_ipcw):
        assert (kendall + 1) / 2 == pytest.approx(index(TIMES[:50], np.ones(50), RISKS[:50]))
        assert 1 == index(1 + order, np.ones(50), -order)


def test_without_a_comparable_pair_there_is_no_index():
    for index in (concordance_index, concordance_index_ipcw):
        assert np.isnan(index(np.array([3]), np.array([1]), np.array([0])))
        assert np.isnan(index(np.array([3, 3]), np.array([1, 1]), np.array([0, 1])))


def test_unos_index_does_not_move_with_censoring_and_harrells_does():
    # The risk tells early events only: late ones, which censoring hides, are chance. Over seeds the
    # difference of the first two has a standard deviation of about 0.002.
    rng = np.random.default_rng(1)
    risk, draw = rng.normal(size=4000), rng.exponential(size=4000)
    hazard = np.exp(2 * risk)
    event = np.where(draw < 0.3 * hazard, draw / hazard, 0.3 + draw - 0.3 * hazard)
    censored = rng.uniform(0, 2, 4000)
    times, events = np.minimum(event, censored), event <= censored
    complete = concordance_index_ipcw(event, np.ones(4000), risk, horizon=1.5)
    found = concordance_index_ipcw(times, events, risk, horizon=1.5)
    assert complete == pytest.approx(found, abs=0.015)
    assert concordance_index(times, events, risk) > complete + 0.03


def _followed_up(at):
    """Chance of not being censored by each time: Kaplan-Meier of censoring."""
    curve = kaplan_meier(TIMES, ~EVENTS)
    return np.append(1, curve.survival)[np.searchsorted(curve.times, at, "right")]


AT = np.array([10.0, 25, 40, TIMES[EVENTS & (TIMES < 62)].max()])  # ends with an event


def test_the_auc_at_a_time_is_its_definition():
    found = time_dependent_auc(TIMES, EVENTS, RISKS, AT)
    for t, auc in zip(AT, found.auc, strict=True):
        case, control = EVENTS & (t >= TIMES), t < TIMES
        pairs = RISKS[case][:, None] - RISKS[control]
        wins = ((pairs > 0) + 0.5 * (pairs == 0)).mean(axis=1)
        assert np.average(wins, weights=1 / _followed_up(TIMES[case])) == pytest.approx(auc)
    survival = kaplan_meier(TIMES, EVENTS)
    falls = -np.diff(
        np.append(1, survival.survival[np.searchsorted(survival.times, AT, "right") - 1])
    )
    assert np.average(found.auc, weights=falls) == pytest.approx(found.mean)


def test_without_censoring_the_auc_at_a_time_is_the_auc():
    found = time_dependent_auc(TIMES, np.ones(100), RISKS, AT)
    for t, auc in zip(AT, found.auc, strict=True):
        assert roc_auc(t >= TIMES, RISKS) == pytest.approx(auc)


def test_the_brier_score_is_its_definition():
    predicted = np.exp(-np.outer(RISKS / 150, AT / 50))
    squares = []
    for t, survival in zip(AT, predicted.T, strict=True):
        case, control = EVENTS & (t >= TIMES), t < TIMES
        lost = (survival[case] ** 2 / _followed_up(TIMES[case])).sum()
        kept = ((1 - survival[control]) ** 2).sum() / _followed_up(t)
        squares.append((lost + kept) / 100)
    expected = np.trapezoid(squares, AT) / (AT[-1] - AT[0])
    found = integrated_brier_score(TIMES, EVENTS, predicted, AT)
    assert expected == pytest.approx(found, abs=1e-13)


def test_always_predicting_one_half_scores_a_quarter():
    found = integrated_brier_score(TIMES, np.ones(100), np.full((100, 4), 0.5), AT)
    assert 0.25 == pytest.approx(found)


def test_censoring_can_be_learned_from_other_women():
    never = (np.array([200.0, 300]), np.array([1, 1]))
    # Nobody is lost there: events weigh alike.
    found = concordance_index_ipcw(TIMES, EVENTS, RISKS, censoring=never)
    assert concordance_index(TIMES, EVENTS, RISKS) == pytest.approx(found)
    for at in (AT, AT[:1]):
        auc = time_dependent_auc(TIMES, EVENTS, RISKS, at, censoring=never).auc[0]
        known = (TIMES > 10) | EVENTS
        assert roc_auc(TIMES[known] <= 10, RISKS[known]) == pytest.approx(auc)


def test_follow_up_of_others_must_last_up_to_the_times_asked_only():
    short = TIMES < 70
    others = (TIMES[short], EVENTS[short])
    predicted = np.full((100, 4), 0.5)
    assert np.isfinite(integrated_brier_score(TIMES, EVENTS, predicted, AT, censoring=others))
    assert np.isfinite(time_dependent_auc(TIMES, EVENTS, RISKS, AT, censoring=others).mean)
    late = np.array([62.0, 90])
    with pytest.raises(InputError, match="censoring must be known up to 90"):
        time_dependent_auc(TIMES, EVENTS, RISKS, late, censoring=others)
    with pytest.raises(InputError, match="censoring must be known"):
        integrated_brier_score(TIMES, EVENTS, predicted[:, :2], late, censoring=others)
    with pytest.raises(InputError, match="give an earlier horizon"):
        concordance_index_ipcw(TIMES, EVENTS, RISKS, censoring=others)


def test_an_event_at_the_end_of_follow_up_needs_a_horizon():
    times, events = np.array([1, 2, 2]), np.array([1, 1, 0])
    with pytest.raises(InputError, match="censoring must be known up to 2, got follow-up to 2"):
        concordance_index_ipcw(times, events, np.arange(3))
    assert 0 == concordance_index_ipcw(times, events, np.arange(3), horizon=2)


@pytest.mark.parametrize("at", [[0.5, 10], [10, 10], [20, 10], [10, 150]])
def test_times_outside_follow_up_or_not_rising_are_refused(at):
    with pytest.raises(InputError, match="rising times within follow-up"):
        time_dependent_auc(TIMES, EVENTS, RISKS, np.array(at))


def test_what_cannot_be_measured_is_refused():
    events = EVENTS & (TIMES > 20)
    with pytest.raises(InputError, match="from the first event on"):
        time_dependent_auc(TIMES, events, RISKS, np.array([10.0, 40]))
    with pytest.raises(InputError, match="from the first event on"):
        integrated_brier_score(TIMES, events, np.ones((100, 2)), np.array([5.0, 10]))
    with pytest.raises(InputError, match="two times at least"):
        integrated_brier_score(TIMES, EVENTS, np.ones((100, 1)), np.array([10]))
    with pytest.raises(InputError, match="predict each woman at each time"):
        integrated_brier_score(TIMES, EVENTS, np.ones((100, 3)), AT)
    with pytest.raises(InputError, match="predict each woman at each time"):
        integrated_brier_score(TIMES, EVENTS, np.full((100, 4), 1.5), AT)
    with pytest.raises(InputError, match="take a later horizon"):
        concordance_index_ipcw(TIMES, EVENTS, RISKS, horizon=0.5)
    with pytest.raises(InputError, match="risks must have one value"):
        concordance_index(TIMES, EVENTS, RISKS[:5])


def test_a_thousand_women_take_moments():
    rng = np.random.default_rng(2)
    times, events, risks = rng.exponential(size=1000), rng.random(1000) < 0.7, rng.random(1000)
    at = np.quantile(times, np.linspace(0.1, 0.9, 20))
    started = time.process_time()
    concordance_index(times, events, risks)
    concordance_index_ipcw(times, events, risks, horizon=at[-1])
    time_dependent_auc(times, events, risks, at)
    integrated_brier_score(times, events, np.exp(-np.outer(risks, at)), at)
    assert time.process_time() - started < 5

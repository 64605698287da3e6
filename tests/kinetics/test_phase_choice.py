import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.kinetics import Baseline, PhaseSettings, choose_phases


def codes(times):
    return [caveat.code for caveat in choose_phases(np.array(times))[1]]


def test_early_and_late_are_the_phases_nearest_150_and_450_seconds():
    choice, caveats = choose_phases(np.array([-20.0, 60, 150, 240, 330, 420, 510]))
    assert (2, 5) == (choice.early, choice.late)
    assert () == caveats


def test_late_is_not_the_last_phase_when_an_earlier_one_is_nearer_450_seconds():
    choice, _ = choose_phases(np.array([0.0, 150, 440, 900]))
    assert 2 == choice.late


def test_early_and_late_differ_when_one_phase_is_nearest_to_both():
    choice, _ = choose_phases(np.array([0.0, 30, 320]))
    assert (1, 2) == (choice.early, choice.late)


def test_initial_phases_end_at_two_minutes():
    choice, _ = choose_phases(np.array([0.0, 40, 80, 120, 160, 450]))
    assert (1, 2, 3) == choice.initial


def test_first_post_contrast_phase_is_initial_when_all_come_after_two_minutes():
    choice, _ = choose_phases(np.array([0.0, 150, 450]))
    assert (1,) == choice.initial


def test_a_phase_at_injection_is_pre_contrast():
    choice, _ = choose_phases(np.array([-1200.0, -60, 0, 90]))
    assert (0, 1, 2) == choice.pre


def test_last_baseline_uses_only_the_last_pre_contrast_phase():
    choice, _ = choose_phases(np.array([-1200.0, -60, 90]), PhaseSettings(baseline=Baseline.LAST))
    assert (1,) == choice.pre


def test_two_phases_have_no_late_phase_and_say_so():
    choice, caveats = choose_phases(np.array([0.0, 120]))
    assert (1, None) == (choice.early, choice.late)
    assert ["no_late_phase"] == [caveat.code for caveat in caveats]


def test_one_phase_has_neither_and_says_so():
    choice, caveats = choose_phases(np.array([0.0]))
    assert not choice.is_dynamic
    assert ["no_post_contrast_phase"] == [caveat.code for caveat in caveats]


def test_missing_baseline_is_said():
    assert "no_baseline_phase" in codes([60.0, 150, 450])


def test_an_ultrafast_series_does_not_take_two_neighbouring_phases_for_early_and_late():
    times = np.concatenate([[-5.0], np.arange(5.0, 181, 5)])
    choice, caveats = choose_phases(times)
    assert times[choice.late] - times[choice.early] >= 60
    assert "late_phase_early" in [caveat.code for caveat in caveats]


@pytest.mark.parametrize(("early", "warns"), [(90.0, False), (89.0, True), (211.0, True)])
def test_an_early_phase_over_a_minute_off_earns_a_caveat(early, warns):
    assert warns == ("early_phase_off_target" in codes([0.0, early, 450]))


@pytest.mark.parametrize(("late", "warns"), [(300.0, False), (299.0, True)])
def test_a_late_phase_before_five_minutes_earns_a_caveat(late, warns):
    assert warns == ("late_phase_early" in codes([0.0, 150, late]))


@given(times=st.lists(st.integers(-1200, 900), min_size=1, max_size=60, unique=True).map(sorted))
def test_any_times_give_distinct_phases_in_order(times):
    choice, _ = choose_phases(np.array(times, float))
    assert len(times) == len(choice.pre) + len(choice.post)
    if choice.late is not None:
        assert choice.early < choice.late
    assert all(times[i] > 0 for i in choice.post)
    assert set(choice.initial) <= set(choice.post)


@given(times=st.lists(st.integers(1, 900), min_size=2, max_size=20, unique=True).map(sorted))
def test_the_pair_is_the_two_nearest_phases_whenever_those_are_far_enough_apart(times):
    values = np.array([0, *times], float)
    nearest = [1 + int(np.argmin(abs(values[1:] - target))) for target in (150, 450)]
    choice, _ = choose_phases(values)
    if values[nearest[1]] - values[nearest[0]] >= 60:
        assert tuple(nearest) == (choice.early, choice.late)

"""Subgroups against the same figures computed by hand, and the test's level on equal groups."""

import math

import numpy as np
import pytest
from scipy import stats

from mamri.evaluation import SubgroupSettings, auc_interval, compare_subgroups, wilson_interval
from mamri.evaluation.calibration import logistic_recalibration
from mamri.records import InputError

RNG = np.random.default_rng(3)
N = 240
TRUTH = np.arange(N) % 3 == 0
GROUP = np.where(np.arange(N) < 120, "old", "young")
NOISE = np.where(GROUP == "old", 0.7, 2.0)
SCORE = 1 / (1 + np.exp(-(TRUTH + NOISE * RNG.normal(size=N) - 0.5)))
SETTINGS = SubgroupSettings(0.5, are_probabilities=True, bootstrap=200, seed=1)


def test_each_group_has_the_figures_of_its_own_cases():
    (found,) = compare_subgroups(TRUTH, SCORE, {"age": GROUP}, SETTINGS)
    old = GROUP == "old"
    group = found.groups[0]
    assert ("old", 120, 120, 40) == (group.name, group.n, group.n_patients, group.positives)
    assert auc_interval(TRUTH[old], SCORE[old]) == group.auc
    hits = int(np.sum(SCORE[old & TRUTH] >= 0.5))
    assert wilson_interval(hits, 40) == group.sensitivity
    fit = logistic_recalibration(TRUTH[old], SCORE[old])
    assert fit.intercept_in_the_large == group.calibration_in_the_large


def test_two_groups_are_compared_by_the_z_of_independent_areas():
    (found,) = compare_subgroups(TRUTH, SCORE, {"age": GROUP}, SETTINGS)
    old, young = (group.auc for group in found.groups)
    z = (old.value - young.value) / math.hypot(old.standard_error, young.standard_error)
    assert z**2 == pytest.approx(found.chi_squared)
    assert 2 * stats.norm.sf(abs(z)) == pytest.approx(found.p)
    assert 1 == found.degrees_of_freedom


def test_a_gap_lies_between_the_best_and_the_worst_group():
    (found,) = compare_subgroups(TRUTH, SCORE, {"age": GROUP}, SETTINGS)
    gap = found.gaps[0]
    assert ("auc", "old", "young") == (gap.measure, gap.largest, gap.smallest)
    assert found.groups[0].auc.value - found.groups[1].auc.value == pytest.approx(gap.gap.value)
    assert gap.gap.lower < gap.gap.value < gap.gap.upper
    names = ["auc", "sensitivity", "specificity", "calibration_in_the_large"]
    assert names == [one.measure for one in found.gaps]


def test_small_groups_are_named_and_not_measured():
    site = np.where(np.arange(N) < 20, "small", GROUP)
    (found,) = compare_subgroups(TRUTH, SCORE, {"site": site}, SETTINGS)
    small = found.groups[1]
    assert ("small", 20, True) == (small.name, small.n, small.is_too_small)
    assert math.isnan(small.auc.value)
    assert N == sum(group.n for group in found.groups)
    assert math.isfinite(found.p)  # of the two others


def test_p_values_are_adjusted_over_variables():
    chance = np.where(RNG.random(N) < 0.5, "a", "b")
    found = compare_subgroups(TRUTH, SCORE, {"age": GROUP, "coin": chance}, SETTINGS)
    low, high = sorted(one.p for one in found)
    assert min(2 * low, 1) == pytest.approx(min(one.p_holm for one in found))
    assert max(min(2 * low, 1), high) == pytest.approx(max(one.p_holm for one in found))


def test_groups_that_share_patients_are_not_tested():
    patients = np.arange(N) % 120  # each has a case in either group
    (found,) = compare_subgroups(TRUTH, SCORE, {"age": GROUP}, SETTINGS, patients=patients)
    assert found.shares_patients
    assert math.isnan(found.p)
    assert math.isnan(found.p_holm)
    assert 4 == len(found.gaps)


def test_scores_that_are_no_probabilities_have_no_calibration():
    settings = SubgroupSettings(2.0, bootstrap=20)
    (found,) = compare_subgroups(TRUTH, 4 * SCORE, {"age": GROUP}, settings)
    assert math.isnan(found.groups[0].calibration_in_the_large.value)
    assert 3 == len(found.gaps)


def test_a_score_outside_0_and_1_is_refused_as_a_probability():
    with pytest.raises(InputError, match="probabilities from 0 to 1"):
        compare_subgroups(TRUTH, 2 * SCORE, {"age": GROUP}, SETTINGS)


def test_a_group_of_other_cases_is_refused():
    with pytest.raises(InputError, match="age must name the group"):
        compare_subgroups(TRUTH, SCORE, {"age": GROUP[:9]}, SETTINGS)


def test_an_area_of_one_cannot_be_tested():
    sure = np.where(GROUP == "old", TRUTH, SCORE)
    (found,) = compare_subgroups(TRUTH, sure, {"age": GROUP}, SETTINGS)
    assert math.isnan(found.p)


def test_equal_groups_are_called_different_in_five_per_cent():
    """Three groups of one score: 5 %, within three standard errors of 400 repeats."""
    rng = np.random.default_rng(11)
    settings = SubgroupSettings(0.5, bootstrap=1, smallest_class=10)
    truth = np.arange(300) % 2 == 0
    called = 0
    for _ in range(400):
        score = truth + rng.normal(size=300)
        group = rng.choice(["a", "b", "c"], 300)
        (found,) = compare_subgroups(truth, score, {"g": group}, settings)
        called += found.p < 0.05
    assert 0.05 == pytest.approx(called / 400, abs=3 * math.sqrt(0.05 * 0.95 / 400))

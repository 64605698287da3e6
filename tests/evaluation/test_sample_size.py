"""Sample sizes against published worked examples and other software."""

import math

import pytest
from scipy import stats

from mamri.evaluation.sample_size import (
    auc_standard_error,
    cases_for_auc_precision,
    cases_for_auc_test,
    cases_for_binary_model,
    cases_for_sensitivity_and_specificity,
    cases_for_two_aucs,
    cases_for_two_proportions,
)
from mamri.records import InputError


def test_the_standard_error_of_hanley_and_mcneils_example():
    # Hanley and McNeil 1982: 58 normal and 51 abnormal CT images, area 0.893, error 0.032.
    assert 0.032 == pytest.approx(auc_standard_error(0.893, 51, 58), abs=0.0006)


@pytest.mark.parametrize(("power", "published"), [(0.8, 652), (0.9, 897), (0.95, 1131)])
def test_table_3_of_hanley_and_mcneil(power, published):
    # 0.70 against 0.75, independent groups, one-sided 5 %; quantiles there have two decimals, and
    # here single cases are counted, with SE that has m - 1 for m: within 0.4 %.
    found = cases_for_two_aucs(0.70, 0.75, correlation=0, power=power, significance=0.10)
    assert published == pytest.approx(found.positives, rel=0.004)
    assert found.negatives == pytest.approx(found.positives, abs=1)


def test_the_power_that_proc_tells():
    # pROC's own test: power.roc.test(ncases = 41, ncontrols = 72, auc = 0.73) is 0.9897453.
    errors = [auc_standard_error(a, 41, 72, variance="obuchowski") for a in (0.5, 0.73)]
    power = stats.norm.cdf((0.23 - stats.norm.ppf(0.975) * errors[0]) / errors[1])
    assert 0.9897453 == pytest.approx(power, abs=1e-6)
    found = cases_for_auc_test(
        0.73, 0.5, prevalence=41 / 113, power=0.9897453, variance="obuchowski"
    )
    assert 113 == pytest.approx(found.total, abs=1)


def test_precision_is_reached_and_not_by_one_case_fewer():
    found = cases_for_auc_precision(0.85, 0.05, prevalence=0.3)
    half = 1.959964 * auc_standard_error(0.85, found.positives, found.negatives)
    assert half <= 0.05 < 1.01 * half
    assert 0.3 == pytest.approx(found.positives / found.total, abs=0.01)


def test_reading_the_same_cases_needs_fewer_of_them():
    apart = cases_for_two_aucs(0.80, 0.85, correlation=0)
    paired = cases_for_two_aucs(0.80, 0.85, correlation=0.5)
    assert 0.5 == pytest.approx(paired.total / apart.total, abs=0.01)


def test_sensitivity_and_specificity_as_buderer():
    # Her formula at sensitivity 0.90, specificity 0.85, half width 0.10, prevalence 0.20:
    # 34.6 / 0.20 and 49.0 / 0.80, of which the larger is 172.9.
    found = cases_for_sensitivity_and_specificity(0.90, 0.85, 0.10, prevalence=0.20)
    assert (173, 35) == (found.total, found.positives)


@pytest.mark.parametrize(("first", "second"), [(0.6, 0.7), (0.9, 0.8), (0.05, 0.12)])
def test_two_proportions_have_the_power_that_statsmodels_tells(first, second):
    from statsmodels.stats.proportion import power_proportions_2indep

    n = cases_for_two_proportions(first, second, power=0.9)
    found = power_proportions_2indep(first - second, second, n, alternative="two-sided")
    assert 0.9 == pytest.approx(found.power, abs=0.003)


def test_the_pre_eclampsia_model_of_riley():
    # BMJ 2020, figure of the binary example: 30 parameters, risk 0.05, R2 0.05: 5249 women with
    # 262.4 events, 8.75 a parameter; its overall risk alone needs 73.
    found = cases_for_binary_model(30, 0.05, 0.05)
    assert (5249, 73) == (found.for_shrinkage, found.for_risk)
    assert 5249 == found.total
    assert 262.4 == pytest.approx(found.events, abs=0.06)
    assert 8.75 == pytest.approx(found.events_per_parameter, abs=0.005)


def test_the_example_of_pmsampsize():
    # pmsampsize(type = "b", csrsquared = 0.288, parameters = 24, prevalence = 0.174).
    found = cases_for_binary_model(24, 0.174, 0.288)
    assert (623, 662, 221) == (found.for_shrinkage, found.for_optimism, found.for_risk)


@pytest.mark.parametrize(
    "call",
    [
        lambda: auc_standard_error(1.0, 10, 10),
        lambda: auc_standard_error(0.8, 0, 10),
        lambda: cases_for_auc_test(0.8, 0.8),
        lambda: cases_for_two_aucs(0.7, 0.8, correlation=1.0),
        lambda: cases_for_auc_precision(0.8, 0.00001),
        lambda: cases_for_two_proportions(0.5, 0.5),
        lambda: cases_for_binary_model(0, 0.1, 0.1),
        lambda: cases_for_binary_model(10, 0.05, 0.5),
        lambda: cases_for_sensitivity_and_specificity(0.9, 0.9, 0, prevalence=0.1),
    ],
)
def test_plans_that_cannot_be_are_refused(call):
    with pytest.raises(InputError):
        call()


def test_the_formula_of_two_proportions():
    spread = 1.959964 * math.sqrt(2 * 0.65 * 0.35) + 0.841621 * math.sqrt(0.24 + 0.21)
    assert math.ceil(spread**2 / 0.01) == cases_for_two_proportions(0.6, 0.7)

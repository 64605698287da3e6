"""Power against the tables of RJafroc for the Van Dyke data, analysis, and simulation.

Published: RJafroc 1.2.0.9000, chapter 11, vignettes 2 and 3; tests/peers/van_dyke.md.
"""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from van_dyke import van_dyke

from mamri.evaluation.non_inferiority import non_inferiority
from mamri.evaluation.obuchowski_rockette import (
    ReaderVariance,
    error_covariance,
    obuchowski_rockette,
)
from mamri.evaluation.reader_power import PlannedTest, cases_needed, reader_power, readers_needed
from mamri.evaluation.roe_metz import (
    RoeMetzSettings,
    StudySize,
    simulate_reader_study,
    true_auc,
)
from mamri.records import InputError

OBSERVED = 0.0438003  # difference of the pilot, as published


@pytest.fixture(scope="module")
def pilot() -> ReaderVariance:
    covariance = error_covariance(van_dyke(), method="jackknife")
    return obuchowski_rockette(van_dyke(), covariance=covariance).variance


def test_power_as_published(pilot: ReaderVariance):
    found = reader_power(pilot, PlannedTest(-OBSERVED), n_readers=6, n_cases=112)
    assert 0.5555789 == pytest.approx(found.power, abs=1e-6)  # effect size has seven digits
    assert 4.80 == pytest.approx(found.noncentrality, abs=5e-3)
    assert 23.1 == pytest.approx(found.df, abs=0.05)


@pytest.mark.parametrize(
    ("n_readers", "n_cases"),
    [(4, 1089), (5, 344), (6, 251), (7, 211), (8, 188), (9, 173), (10, 163), (11, 155), (12, 149),
     (15, 137), (20, 126), (30, 116), (40, 111), (50, 109)],
)  # fmt: skip
def test_cases_needed_as_published(pilot: ReaderVariance, n_readers: int, n_cases: int):
    assert n_cases == cases_needed(pilot, PlannedTest(OBSERVED), n_readers=n_readers).n_cases


def test_fewer_cases_are_needed_with_one_source_of_spread_as_published(pilot: ReaderVariance):
    cases = cases_needed(pilot, PlannedTest(OBSERVED, generalize_to="cases"), n_readers=10)
    readers = cases_needed(pilot, PlannedTest(OBSERVED, generalize_to="readers"), n_readers=10)
    assert (133, 53) == (cases.n_cases, readers.n_cases)
    assert (132, 9) == (cases.df, readers.df)


def test_one_case_less_is_too_few(pilot: ReaderVariance):
    test = PlannedTest(OBSERVED)
    found = cases_needed(pilot, test, n_readers=6)
    assert found.power >= 0.8
    assert reader_power(pilot, test, n_readers=6, n_cases=found.n_cases - 1).power < 0.8


def test_readers_needed_is_the_other_way_round(pilot: ReaderVariance):
    test = PlannedTest(OBSERVED)
    found = readers_needed(pilot, test, n_cases=163)
    assert 10 == found.n_readers
    assert reader_power(pilot, test, n_readers=9, n_cases=163).power < 0.8


def test_no_number_of_cases_helps_too_few_readers(pilot: ReaderVariance):
    with pytest.raises(
        InputError, match=r"3 readers reach 0\.537 with 5000 cases; plan more readers"
    ):
        cases_needed(pilot, PlannedTest(OBSERVED), n_readers=3, most=5000)


def test_no_number_of_readers_helps_too_few_cases(pilot: ReaderVariance):
    with pytest.raises(InputError, match=r"60 cases reach 0\.5.* plan more cases"):
        readers_needed(pilot, PlannedTest(OBSERVED), n_cases=60)


def test_a_margin_with_many_cases_and_fixed_readers_is_the_normal_test():
    variance = ReaderVariance(0.001, 0.0, 0.0008, 0.0003, 0.0003, 0.0002, n_cases=100)
    test = PlannedTest(0.01, margin=0.03, alpha=0.025, generalize_to="cases")
    found = reader_power(variance, test, n_readers=5, n_cases=100_000)
    error = np.sqrt(2 / 5 * (0.0005 + 4 * 0.0001) / 1000)
    assert error == pytest.approx(found.standard_error)
    small = reader_power(variance, dataclasses.replace(test, difference=-0.029), n_readers=5,
                         n_cases=100_000)  # fmt: skip
    expected = stats.norm.sf(stats.norm.ppf(0.975) - 0.001 / error)
    assert expected == pytest.approx(small.power, abs=1e-5)


def test_a_margin_of_a_half_two_sided_level_has_almost_the_two_sided_power(pilot: ReaderVariance):
    # The two-sided test also rejects in the wrong direction, which is rare.
    two = reader_power(pilot, PlannedTest(OBSERVED), n_readers=8, n_cases=188)
    one = reader_power(pilot, PlannedTest(OBSERVED, margin=0, alpha=0.025), n_readers=8,
                       n_cases=188)  # fmt: skip
    assert two.power == pytest.approx(one.power, abs=1e-5)


def test_a_negative_component_counts_as_none(pilot: ReaderVariance):
    test = PlannedTest(OBSERVED)
    none = dataclasses.replace(pilot, modality_reader=0.0)
    below = dataclasses.replace(pilot, modality_reader=-0.001)
    one_reader = dataclasses.replace(pilot, modality_reader=float("nan"))
    powers = [
        reader_power(v, test, n_readers=5, n_cases=100).power for v in (none, below, one_reader)
    ]
    assert 1 == len(set(powers))


def test_predicted_power_is_the_simulated_one():
    chosen = RoeMetzSettings(shifts=(1.9, 1.5), reader=0.01, modality_reader=0.005)
    size, rng = StudySize(5, 40, 40), np.random.default_rng(11)
    found = [obuchowski_rockette(simulate_reader_study(chosen, size, seed=rng)) for _ in range(400)]
    names = ("reader", "modality_reader", "error", "cov_1", "cov_2", "cov_3")
    mean = [np.mean([getattr(one.variance, name) for one in found]) for name in names]
    variance = ReaderVariance(*(float(m) for m in mean), n_cases=80)
    difference = float(-np.diff(true_auc(chosen))[0])
    two_sided = reader_power(variance, PlannedTest(difference), n_readers=5, n_cases=80)
    test = PlannedTest(difference, margin=0.02, alpha=0.025)
    one_sided = reader_power(variance, test, n_readers=5, n_cases=80)
    # 400 studies: 3 standard errors of a share near one half are 0.075.
    assert two_sided.power == pytest.approx(np.mean([one.p < 0.05 for one in found]), abs=0.075)
    shown = [non_inferiority(one.differences[0], margin=0.02).is_non_inferior for one in found]
    assert one_sided.power == pytest.approx(np.mean(shown), abs=0.075)
    assert 0.3 < two_sided.power < one_sided.power < 0.95


@pytest.mark.parametrize(
    "wrong",
    [
        {"difference": 0.0},
        {"difference": -0.05, "margin": 0.05},
        {"difference": 0.1, "margin": -0.05},
        {"difference": 0.1, "alpha": 5.0},
    ],
)
def test_a_test_that_shows_nothing_is_refused(wrong: dict[str, float]):
    with pytest.raises(InputError):
        PlannedTest(**wrong)  # type: ignore[arg-type]


def test_sizes_out_of_range_are_refused(pilot: ReaderVariance):
    test = PlannedTest(OBSERVED)
    with pytest.raises(InputError, match="2 readers and 2 cases"):
        reader_power(pilot, test, n_readers=1, n_cases=100)
    with pytest.raises(InputError, match="a power between 0 and 1"):
        cases_needed(pilot, test, n_readers=5, power=80)
    flat = ReaderVariance(0, 0, 0.001, 0.001, 0, 0, 100)
    with pytest.raises(InputError, match="a spread above 0"):
        reader_power(flat, test, n_readers=5, n_cases=100)


def test_one_reader_is_enough_for_a_population_of_cases(pilot: ReaderVariance):
    test = PlannedTest(OBSERVED, generalize_to="cases")
    assert 1 == readers_needed(pilot, test, n_cases=2000).n_readers

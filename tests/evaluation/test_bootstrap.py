"""Resampling: whole patients, the fast AUC against the plain one, pROC, scipy and coverage."""

import time

import numpy as np
import pytest
from scipy import stats

from mamri.evaluation import (
    auc_interval,
    bootstrap_auc,
    bootstrap_interval,
    compare_auc,
    compare_bootstrap,
    roc_auc,
    spearman_correlation,
)
from mamri.records import InputError

# 113 cases with ties, 38 of them with the disease.
_I = np.arange(113)
LABELS = (_I * 37 % 113) % 3 == 0
FIRST = (_I * 53 % 97) % 21 + 6 * LABELS
SECOND = (_I * 29 % 89) % 23 + 4 * LABELS


def test_the_bootstrap_interval_of_proc():
    # pROC 1.18.0: ci(roc, method = "bootstrap", boot.n = 50000, boot.stratified = FALSE). A bound
    # of 20,000 samples has a standard error of about 0.0009; the tolerance is three times that.
    found = bootstrap_auc(LABELS, FIRST, n=20_000)
    expected = [0.656552494415488, 0.839743589743590]
    assert expected == pytest.approx([found.lower, found.upper], abs=0.0027)


@pytest.mark.parametrize("groups", [None, _I // 4, _I * 7 % 30])
def test_the_fast_auc_gives_what_the_plain_one_gives(groups):
    fast = bootstrap_auc(LABELS, FIRST, groups=groups, n=200, seed=5)
    plain = bootstrap_interval(roc_auc, [LABELS, FIRST], groups=groups, n=200, seed=5)
    for name in ("value", "lower", "upper", "standard_error", "n_samples", "n_undefined"):
        assert getattr(plain, name) == pytest.approx(getattr(fast, name), abs=1e-12)


def test_blocks_of_samples_do_not_change_the_result(monkeypatch):
    whole = bootstrap_auc(LABELS, FIRST, n=100)
    monkeypatch.setattr("mamri.evaluation.bootstrap._BLOCK", 1000)
    assert whole == bootstrap_auc(LABELS, FIRST, n=100)


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(0).exponential(size=60)
    found = bootstrap_interval(np.mean, [values], n=10_000)
    other = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=1)
    # Two sets of 10,000 samples; a bound has a standard error of about 0.004.
    expected = [other.confidence_interval.low, other.confidence_interval.high]
    assert expected == pytest.approx([found.lower, found.upper], abs=0.015)
    assert other.standard_error == pytest.approx(found.standard_error, rel=0.03)


def test_patients_are_drawn_whole():
    groups = np.array([3, 1, 3, 2, 1, 3])
    seen = []

    def remember(cases):
        seen.append(sorted(cases.tolist()))
        return 0.0

    bootstrap_interval(remember, [np.arange(6)], groups=groups, n=50)
    for sample in seen[1:]:
        for members in ([0, 2, 5], [1, 4], [3]):
            assert 1 == len({sample.count(case) for case in members})
    assert {3} < {len(sample) for sample in seen}


def test_the_seed_repeats_a_result():
    one, again = (bootstrap_auc(LABELS, FIRST, n=50, seed=9) for _ in range(2))
    assert one == again
    assert one != bootstrap_auc(LABELS, FIRST, n=50, seed=10)


def test_samples_of_one_class_are_left_out_and_counted():
    labels = np.array([1, 0, 0, 0])
    for found in (
        bootstrap_auc(labels, np.arange(4), n=4000),
        bootstrap_interval(roc_auc, [labels, np.arange(4)], n=4000),
    ):
        # (3/4)^4 have no case with the disease, (1/4)^4 nothing else; three standard errors.
        assert 0.75**4 + 0.25**4 == pytest.approx(found.n_undefined / 4000, abs=0.022)
        assert (0, 0) == (found.lower, found.upper)


def test_without_defined_samples_there_is_no_interval():
    found = bootstrap_interval(lambda _: float("nan"), [np.arange(3)], n=10)
    assert 10 == found.n_undefined
    assert np.isnan([found.value, found.lower, found.upper, found.standard_error]).all()
    compared = compare_bootstrap(lambda *_: float("nan"), LABELS, FIRST, SECOND, n=10)
    assert np.isnan(compared.p)


def test_the_paired_bootstrap_agrees_with_delong_and_proc():
    found = compare_bootstrap(roc_auc, LABELS, FIRST, SECOND, n=3000)
    other = compare_auc(LABELS, FIRST, SECOND)
    assert other.difference == pytest.approx(found.difference)
    assert (other.first, other.second) == pytest.approx((found.first, found.second))
    # 3000 samples: 1.3 % of the standard error, 0.0065 of the p-value; the methods differ a little.
    assert other.standard_error == pytest.approx(found.standard_error, rel=0.06)
    # pROC 1.18.0: roc.test(method = "bootstrap", boot.n = 20000, boot.stratified = FALSE).
    assert 0.155929902205398 == pytest.approx(found.p, abs=0.03)


def test_a_clear_difference_has_the_smallest_p_there_is():
    found = compare_bootstrap(roc_auc, LABELS, LABELS + FIRST / 100, -FIRST, n=99)
    assert 2 / 100 == found.p
    assert 1 == compare_bootstrap(roc_auc, LABELS, FIRST, FIRST, n=99).p


def test_any_measure_can_be_compared():
    found = compare_bootstrap(
        lambda truth, model: spearman_correlation(truth, model).value, FIRST, FIRST, SECOND, n=50
    )
    assert 1 == pytest.approx(found.first)
    assert found.lower > 0


def test_patients_weigh_as_in_the_clustered_variance():
    groups = _I * 7 % 30
    found = bootstrap_auc(LABELS, FIRST, groups=groups, n=4000)
    other = auc_interval(LABELS, FIRST, groups=groups)
    # Few patients: the two estimates of one standard error differ by a few percent.
    assert other.standard_error == pytest.approx(found.standard_error, rel=0.08)


def test_the_input_is_left_as_it_is():
    scores = FIRST.astype(float)
    before = scores.copy()
    bootstrap_auc(LABELS, scores, n=5)
    np.testing.assert_array_equal(before, scores)


@pytest.mark.parametrize("arrays", [[], [np.arange(3), np.arange(4)], [np.float64(1)]])
def test_arrays_of_different_cases_are_refused(arrays):
    with pytest.raises(InputError, match="arrays of the same cases"):
        bootstrap_interval(np.mean, arrays)


def test_no_samples_and_bad_cases_are_refused():
    with pytest.raises(InputError, match="at least one sample"):
        bootstrap_auc(LABELS, FIRST, n=0)
    with pytest.raises(InputError, match="with and without"):
        bootstrap_interval(roc_auc, [np.ones(3), np.arange(3)])
    with pytest.raises(InputError, match="at least were needed, got one"):
        bootstrap_auc(LABELS, FIRST, groups=np.zeros(113))


@pytest.mark.slow
def test_two_thousand_samples_of_five_thousand_cases_take_seconds():
    rng = np.random.default_rng(0)
    labels = rng.random(5000) < 0.3
    started = time.process_time()
    bootstrap_auc(labels, rng.normal(size=5000) + labels)
    assert time.process_time() - started < 5


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says():
    # Binormal: the AUC is Phi(shift / sqrt(2)); 1500 draws have a standard error of 0.6 %.
    rng, labels = np.random.default_rng(1), np.arange(150) < 60
    truth = stats.norm.cdf(1 / np.sqrt(2))
    inside = 0
    for seed in range(1500):
        found = bootstrap_auc(labels, rng.normal(size=150) + labels, n=500, seed=seed)
        inside += found.lower <= truth <= found.upper
    assert 0.93 < inside / 1500 < 0.97

"""DeLong's method against pROC, its definition and simulated coverage; clustered as Obuchowski."""

import numpy as np
import pytest
from scipy import stats

from mamri.evaluation import auc_interval, compare_auc, roc_auc
from mamri.records import InputError

# 113 cases with ties, 38 of them with the disease.
_I = np.arange(113)
LABELS = (_I * 37 % 113) % 3 == 0
FIRST = (_I * 53 % 97) % 21 + 6 * LABELS
SECOND = (_I * 29 % 89) % 23 + 4 * LABELS


def test_the_variance_and_interval_of_proc():
    # pROC 1.18.0, R 4.2.2: var(roc, method = "delong") and ci(roc); rounding only.
    found = auc_interval(LABELS, FIRST, scale="plain")
    assert 0.00217800820210792 == pytest.approx(found.standard_error**2, abs=1e-14)
    expected = [0.661337192904629, 0.752807017543860, 0.844276842183090]
    assert expected == pytest.approx([found.lower, found.value, found.upper], abs=1e-12)
    found = auc_interval(LABELS, SECOND, scale="plain")
    assert 0.00297329074226581 == pytest.approx(found.standard_error**2, abs=1e-14)


def test_the_paired_test_of_proc():
    # pROC 1.18.0: roc.test(first, second, method = "delong"); the covariance is 1.288e-5.
    found = compare_auc(LABELS, FIRST, SECOND)
    assert 1.43354530398947 == pytest.approx(found.z, abs=1e-10)
    assert 0.151702061672978 == pytest.approx(found.p, abs=1e-10)
    expected = [-0.0376878081368918, 0.2429509660316286]
    assert expected == pytest.approx([found.lower, found.upper], abs=1e-12)


def test_the_logit_interval_is_the_delta_method():
    found = auc_interval(LABELS, FIRST, level=0.9)
    area = roc_auc(LABELS, FIRST)
    half = stats.norm.ppf(0.95) * np.sqrt(0.00217800820210792) / (area * (1 - area))
    logit = np.log(area / (1 - area))
    expected = stats.logistic.cdf([logit - half, logit + half])
    assert list(expected) == pytest.approx([found.lower, found.upper], abs=1e-12)


def _slow_clustered_covariance(labels, rows, groups):
    """Obuchowski NA. Biometrics 1997;53:567-578, S10, S01 and S11 sum by sum."""
    m, n = labels.sum(), (~labels).sum()
    deviations = []
    for scores in rows:
        pairs = scores[labels][:, None] - scores[~labels]
        kernel = (pairs > 0) + 0.5 * (pairs == 0)
        v = np.empty(len(labels))
        v[labels], v[~labels] = kernel.mean(axis=1), kernel.mean(axis=0)
        deviations.append(v - kernel.mean())
    sums = {
        (g, r, kind): deviations[r][(groups == g) & (labels == kind)].sum()
        for g in set(groups)
        for r in range(len(rows))
        for kind in (True, False)
    }
    with_disease = {g for g in set(groups) if labels[groups == g].any()}
    without = {g for g in set(groups) if (~labels[groups == g]).any()}
    every = set(groups)
    covariance = np.empty((len(rows), len(rows)))
    for r in range(len(rows)):
        for s in range(len(rows)):
            s10 = sum(sums[g, r, True] * sums[g, s, True] for g in with_disease)
            s01 = sum(sums[g, r, False] * sums[g, s, False] for g in without)
            s11 = sum(sums[g, r, True] * sums[g, s, False] for g in every)
            s11_turned = sum(sums[g, s, True] * sums[g, r, False] for g in every)
            i10, i01, i = len(with_disease), len(without), len(every)
            covariance[r, s] = (
                s10 * i10 / ((i10 - 1) * m) / m
                + s01 * i01 / ((i01 - 1) * n) / n
                + (s11 + s11_turned) * i / (i - 1) / (m * n)
            )
    return covariance


@pytest.mark.parametrize("groups", [_I // 4, _I * 7 % 30, _I % 3 + 100 * LABELS])
def test_the_clustered_variance_is_its_definition(groups):
    expected = _slow_clustered_covariance(LABELS, [FIRST, SECOND], groups)
    found = auc_interval(LABELS, FIRST, groups=groups)
    assert expected[0, 0] == pytest.approx(found.standard_error**2, rel=1e-10)
    difference = compare_auc(LABELS, FIRST, SECOND, groups=groups)
    variance = expected[0, 0] + expected[1, 1] - 2 * expected[0, 1]
    assert variance == pytest.approx(difference.standard_error**2, rel=1e-10)


def test_one_case_a_patient_gives_the_plain_variance():
    names = np.array([f"patient {i}" for i in _I])
    plain = auc_interval(LABELS, FIRST)
    assert plain.standard_error == pytest.approx(
        auc_interval(LABELS, FIRST, groups=names).standard_error, rel=1e-12
    )


def test_writing_every_case_twice_does_not_make_the_result_surer():
    twice = auc_interval(np.tile(LABELS, 2), np.tile(FIRST, 2), groups=np.tile(_I, 2))
    # The factors m / (m - 1) count patients, as for the single cases.
    assert auc_interval(LABELS, FIRST).standard_error == pytest.approx(twice.standard_error)


def test_the_order_of_the_models_turns_the_sign():
    one, other = compare_auc(LABELS, FIRST, SECOND), compare_auc(LABELS, SECOND, FIRST)
    assert (one.difference, one.z, one.p) == pytest.approx((-other.difference, -other.z, other.p))


def test_scores_of_the_same_order_do_not_differ():
    found = compare_auc(LABELS, FIRST, np.exp(FIRST / 10))
    assert (0, 0, 0, 1) == (found.difference, found.standard_error, found.z, found.p)


def test_a_perfect_auc_is_not_certain():
    found = auc_interval(np.array([0, 0, 1, 1]), np.array([1, 2, 3, 4]))
    assert (1, 0) == (found.value, found.standard_error)
    assert np.isnan([found.lower, found.upper]).all()
    turned = compare_auc(np.array([0, 0, 1, 1]), np.arange(4), -np.arange(4))
    assert 1 == turned.difference
    assert np.isnan(turned.p)


def test_one_case_of_a_class_has_no_variance():
    found = auc_interval(np.array([0, 0, 1]), np.array([1, 3, 2]))
    assert 0.5 == found.value
    assert np.isnan([found.standard_error, found.lower, found.upper]).all()
    assert np.isnan(compare_auc(np.array([0, 0, 1]), np.arange(3), -np.arange(3)).p)


def test_the_plain_interval_stays_within_0_and_1():
    found = auc_interval(np.array([0, 0, 0, 1, 1]), np.array([1, 2, 4, 3, 5]), scale="plain")
    assert 0 < found.lower < found.value < found.upper == 1
    turned = auc_interval(np.array([1, 1, 1, 0, 0]), np.array([1, 2, 4, 3, 5]), scale="plain")
    assert 0 == turned.lower < turned.value < turned.upper < 1


def test_one_patient_is_refused():
    with pytest.raises(InputError, match="at least were needed, got one"):
        auc_interval(LABELS, FIRST, groups=np.zeros(113))


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["logit", "plain"])
def test_the_interval_covers_the_truth_as_often_as_it_says(scale):
    # Binormal: the AUC is Phi(shift / sqrt(2)); 4000 draws have a standard error of 0.3 %.
    rng, labels = np.random.default_rng(1), np.arange(120) < 50
    truth = stats.norm.cdf(1 / np.sqrt(2))
    inside = 0
    for _ in range(4000):
        found = auc_interval(labels, rng.normal(size=120) + labels, scale=scale)
        inside += found.lower <= truth <= found.upper
    assert 0.93 < inside / 4000 < 0.97


@pytest.mark.slow
def test_the_paired_test_raises_false_alarms_as_often_as_it_says():
    rng, labels = np.random.default_rng(2), np.arange(120) < 50
    alarms = 0
    for _ in range(4000):
        common = rng.normal(size=120)
        first, second = (common + rng.normal(size=120) + 1.5 * labels for _ in range(2))
        alarms += compare_auc(labels, first, second).p < 0.05
    assert 0.03 < alarms / 4000 < 0.07


@pytest.mark.slow
def test_with_four_lesions_a_patient_only_the_clustered_interval_covers():
    # 80 patients; lesions of one share an effect that carries 2 / 3 of the variance, and mostly
    # the class. Pairs within a patient (1 in 80) raise the AUC by less than 0.002: left out.
    rng, patients = np.random.default_rng(3), np.repeat(np.arange(80), 4)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    inside = {"clustered": 0, "plain": 0}
    for _ in range(2000):
        labels = rng.random(320) < np.repeat(rng.choice([0.1, 0.8], 80), 4)
        effect = np.repeat(rng.normal(size=80), 4) * np.sqrt(2 / 3)
        scores = effect + rng.normal(size=320) * np.sqrt(1 / 3) + labels
        for name, groups in (("clustered", patients), ("plain", None)):
            found = auc_interval(labels, scores, groups=groups)
            inside[name] += found.lower <= truth <= found.upper
    assert 0.93 < inside["clustered"] / 2000 < 0.97
    assert inside["plain"] / 2000 < 0.88

"""AUC within strata: against the pairs counted one by one, and its coverage."""

import numpy as np
import pytest

from mamri.evaluation import auc_interval, compare_auc, compare_stratified_auc, stratified_auc
from mamri.records import InputError


def _cases(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    strata = rng.integers(0, 3, n)
    labels = (rng.random(n) < np.array([0.2, 0.5, 0.8])[strata]).astype(int)
    return labels, labels + rng.normal(size=n) + 5 * strata, strata


def test_it_is_the_share_of_ordered_pairs_of_the_same_stratum():
    labels, scores, strata = _cases(1)
    ordered = pairs = 0.0
    for a in np.flatnonzero(labels == 1):
        for b in np.flatnonzero(labels == 0):
            if strata[a] == strata[b]:
                pairs += 1
                ordered += float(scores[a] > scores[b])

    np.testing.assert_allclose(ordered / pairs, stratified_auc(labels, scores, strata).value)


def test_shifts_between_strata_change_nothing():
    labels, scores, strata = _cases(2)
    shifted = scores - 40 * strata

    assert stratified_auc(labels, scores, strata) == stratified_auc(labels, shifted, strata)


def test_one_stratum_is_the_plain_auc():
    labels, scores, _ = _cases(3)
    other = np.random.default_rng(3).normal(size=len(labels))
    one = np.zeros(len(labels), int)

    plain = auc_interval(labels, scores, scale="plain")
    found = stratified_auc(labels, scores, one)
    np.testing.assert_allclose(
        [plain.value, plain.standard_error, plain.lower, plain.upper],
        [found.value, found.standard_error, found.lower, found.upper],
    )
    pair = compare_auc(labels, scores, other)
    again = compare_stratified_auc(labels, scores, other, one)
    np.testing.assert_allclose(
        [pair.difference, pair.z, pair.p], [again.difference, again.z, again.p]
    )


def test_strata_of_one_class_do_not_count_and_none_with_both_is_refused():
    labels = np.array([0, 1, 0, 1, 1, 1])
    scores = np.array([0.1, 0.9, 0.8, 0.2, 0.5, 0.6])
    strata = np.array(["a", "a", "a", "a", "b", "b"])

    assert 0.75 == stratified_auc(labels, scores, strata).value
    with pytest.raises(InputError, match="a stratum with cases of both classes"):
        stratified_auc(labels, scores, labels)


def test_the_interval_covers_in_nominal_share():
    covered = []
    for seed in range(400):
        labels, scores, strata = _cases(seed, 150)
        found = stratified_auc(labels, scores, strata)
        covered.append(found.lower <= 0.7602 <= found.upper)  # Phi(1 / sqrt 2)

    assert 0.93 <= np.mean(covered) <= 0.97


def test_equal_scores_do_not_differ():
    labels, scores, strata = _cases(5)

    found = compare_stratified_auc(labels, scores, 2 * scores, strata)

    assert (0.0, 1.0) == (found.difference, found.p)

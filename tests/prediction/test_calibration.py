"""Scores become probabilities that hold on new cases, with intervals and sets that hold, too."""

from itertools import pairwise

import numpy as np
import pytest

from mamri.evaluation import logistic_recalibration
from mamri.prediction.calibration import Calibration, probabilities, probability_interval
from mamri.prediction.calibration import fit_calibration as fit_members
from mamri.prediction.calibration import prediction_sets as member_sets


def fit_calibration(scores: np.ndarray, y: np.ndarray) -> Calibration:
    """Of a model of one member."""
    return fit_members(scores, y, np.zeros(len(y), int))


def prediction_sets(scores: np.ndarray, calibration: Calibration, level: float = 0.9):
    """Of a model of one member."""
    return member_sets(scores[None], calibration, level)


def _over_confident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores three times the true log-odds, and one too high."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return 3 * logit[:, None] + 3, y


def test_probabilities_of_an_over_confident_score_hold_on_new_cases():
    calibration = fit_calibration(*_over_confident(2000, 1))
    scores, y = _over_confident(20000, 2)

    p = probabilities(scores, calibration)

    # Slope 1 and level 0 within the error of 2000 cases, about 0.06.
    found = logistic_recalibration(y == 1, p[:, 1])
    assert 1 == pytest.approx(found.slope.value, abs=0.15)
    assert 0 == pytest.approx(found.intercept_in_the_large.value, abs=0.15)
    raw = logistic_recalibration(y == 1, 1 / (1 + np.exp(-scores[:, 0])))
    assert raw.slope.value < 0.4  # what the test would find without calibration
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (np.diff(p[np.argsort(scores[:, 0]), 1]) >= 0).all()


def test_three_classes_are_calibrated_together():
    def draw(n, seed):
        rng = np.random.default_rng(seed)
        logits = rng.normal(0, 1.5, (n, 3))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        y = (rng.random((n, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
        return 4 * logits, y, p

    scores, y, _ = draw(3000, 1)
    calibration = fit_calibration(scores, y)
    new, _, truth = draw(3000, 2)

    assert np.abs(probabilities(new, calibration) - truth).mean() < 0.03


def test_scores_that_say_nothing_become_the_share_of_yes():
    y = np.array([1] * 30 + [0] * 70)
    calibration = fit_calibration(np.full((100, 1), 0.3), y)

    np.testing.assert_allclose(
        probabilities(np.full((2, 1), 0.3), calibration)[:, 1], 0.3, atol=0.01
    )


def test_classes_that_part_entirely_stay_short_of_certainty():
    scores = np.r_[np.linspace(-2, -1, 20), np.linspace(1, 2, 20)][:, None]
    calibration = fit_calibration(scores, np.repeat([0, 1], 20))

    p = probabilities(np.array([[2.0], [50.0]]), calibration)

    assert 0.9 < p[0, 1] < 1
    assert np.isfinite(p).all()


def _pooled(values: list[float]) -> list[float]:
    """Isotonic regression by pooling neighbours that fall, one pair at a time."""
    blocks = [[v, 1] for v in values]
    while any(a[0] > b[0] for a, b in pairwise(blocks)):
        k = next(k for k, (a, b) in enumerate(pairwise(blocks)) if a[0] > b[0])
        (a, n), (b, m) = blocks[k : k + 2]
        blocks[k : k + 2] = [[(a * n + b * m) / (n + m), n + m]]
    return [v for v, n in blocks for _ in range(n)]


def _slow_interval(score: float, scores: np.ndarray, y: np.ndarray) -> list[float]:
    ends = []
    for answer in (0, 1):
        s, t = np.append(scores, score), np.append(y, answer)
        order = np.argsort(s, kind="stable")
        at = int(np.flatnonzero(order == len(scores))[0])
        ends.append(_pooled(t[order].astype(float).tolist())[at])
    return ends


def test_venn_abers_is_two_isotonic_regressions():
    scores, y = _over_confident(40, 3)
    calibration = fit_calibration(scores, y)

    for score in (-9.0, -1.234, 0.5, 2.345, 3.7, 11.0):
        expected = _slow_interval(score, scores[:, 0], y)
        assert expected == pytest.approx(probability_interval(score, calibration))


def test_the_interval_narrows_with_cases_and_holds_the_true_probability_nearly():
    score = 3.0 * 0.5 + 3  # true log-odds 0.5
    truth = 1 / (1 + np.exp(-0.5))
    widths = []
    for n in (50, 5000):
        low, high = probability_interval(score, fit_calibration(*_over_confident(n, 4)))
        assert low <= high
        widths.append(high - low)
    assert widths[1] < widths[0]
    assert low - 0.1 < truth < high + 0.1  # local error of isotonic regression with 5000 cases


def test_sets_hold_the_truth_of_every_class_as_often_as_they_say():
    held = np.zeros((2, 2))
    for seed in range(150):
        scores, y = _over_confident(80, 10 + seed)
        calibration = fit_calibration(scores, y)
        new, truth = _over_confident(60, 5000 + seed)
        sets = prediction_sets(new, calibration, 0.9)
        for k in (0, 1):
            held[k] += sets[truth == k, k].sum(), (truth == k).sum()

    share = held[:, 0] / held[:, 1]
    # About 4500 new cases a class; those of one draw go together: standard error about 0.006.
    assert (share > 0.885).all()
    assert (share < 0.93).all()


def test_a_share_by_the_same_counting_by_hand():
    scores, y = _over_confident(50, 1)
    calibration = fit_calibration(scores, y)
    own, new = probabilities(scores, calibration), probabilities(np.array([[2.0]]), calibration)
    for k in (0, 1):
        fit = own[y == k, k]
        share = (np.sum(fit <= new[0, k]) + 1) / (fit.size + 1)
        for level in (0.5, 0.8, 0.9, 0.95):
            kept = prediction_sets(np.array([[2.0]]), calibration, level)[0, k]
            assert (share > 1 - level) == kept


def test_the_model_abstains_in_between_and_decides_where_it_can():
    scores, y = _over_confident(400, 6)
    calibration = fit_calibration(2 * scores, y)
    new = np.array([[-18.0], [6.0], [30.0]])  # 6 is where yes and no are as likely

    sets = prediction_sets(new, calibration)

    assert [[True, False], [True, True], [False, True]] == sets.tolist()


def test_where_classes_part_widely_a_case_in_between_fits_neither():
    rng = np.random.default_rng(1)
    y = np.arange(200) % 2
    scores = (10.0 * y + rng.normal(size=200))[:, None]
    calibration = fit_calibration(scores, y)

    sets = prediction_sets(np.array([[5.0]]), calibration)

    assert [[False, False]] == sets.tolist()


def test_members_are_counted_each_against_its_own_cases():
    rng = np.random.default_rng(3)
    scores, y = _over_confident(90, 1)
    member = rng.integers(0, 3, 90)
    calibration = fit_members(scores, y, member)
    new = rng.normal(3, 3, (3, 5, 1))

    sets = member_sets(new, calibration, 0.8)

    own = probabilities(scores, calibration)
    for case in range(5):
        for k in (0, 1):
            worse = 0
            for row in np.flatnonzero(y == k):
                p = probabilities(new[member[row], case : case + 1], calibration)[0, k]
                worse += own[row, k] <= p + 1e-12
            assert sets[case, k] == ((worse + 1) / (np.sum(y == k) + 1) > 0.2)


def test_sets_hold_where_members_speak_at_different_levels():
    """Scores of one member are two higher than those of another: each is judged by its own."""
    held = np.zeros((2, 2))
    for seed in range(60):
        scores, y = _over_confident(120, 300 + seed)
        member = np.arange(120) % 3
        calibration = fit_members(scores + 2 * member[:, None], y, member)
        new, truth = _over_confident(60, 9000 + seed)
        sets = member_sets(np.stack([new + 2 * m for m in range(3)]), calibration, 0.9)
        for k in (0, 1):
            held[k] += sets[truth == k, k].sum(), (truth == k).sum()

    share = held[:, 0] / held[:, 1]  # about 1800 a class: standard error about 0.01
    assert (share > 0.87).all()
    assert (share < 0.95).all()

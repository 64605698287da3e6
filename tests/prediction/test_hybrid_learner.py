"""Models that join others: fusion is the mean of log-odds, a stack weighs who is good."""

import numpy as np
import pytest
from prediction.cohorts import cohort_and_outcome, noise_table, task_of

from mamri.evaluation import roc_auc
from mamri.prediction.calibration import Calibration, probabilities
from mamri.prediction.experiment import Target, TargetKind
from mamri.prediction.hybrid_learner import HybridLearner
from mamri.prediction.learner import LearningTask, Trained, train
from mamri.prediction.scores import log_odds

N = 200
FOLDS = 4
ROWS = np.arange(N)


class Said:
    """A model that has said everything already."""

    about: dict[str, object] = {}  # noqa: RUF012  # never written to

    def __init__(self, scores: np.ndarray):
        self.scores = scores

    def score(self, rows: np.ndarray) -> np.ndarray:
        return np.stack([self.scores[rows]] * FOLDS)


def _plain(k: int) -> Calibration:
    """Scores that are log-odds already."""
    weights = np.ones((1, 1)) if k == 1 else np.eye(k)
    return Calibration(
        np.zeros((1, k)),
        np.zeros(1, int),
        np.zeros(1, int),
        np.zeros(k),
        np.ones(k),
        weights,
        np.zeros(len(weights)),
    )


def _member(scores: np.ndarray, rows: np.ndarray = ROWS) -> Trained:
    return Trained(Said(scores), rows, scores[rows], _plain(scores.shape[1]))


def _task(n: int = N, classes: int = 2) -> LearningTask:
    table = noise_table(n, 1, 1)
    if classes == 2:
        return task_of(*cohort_and_outcome(table))
    table["subtype"] = np.array(["a", "b", "c"])[np.arange(n) % 3]
    return task_of(*cohort_and_outcome(table, Target("s", TargetKind.CLASSES, "subtype")))


def test_fusion_is_the_mean_of_log_odds():
    rng = np.random.default_rng(1)
    scores = [rng.normal(size=(N, 1)) for _ in range(3)]
    members = {f"m{k}": _member(s) for k, s in enumerate(scores)}

    fitted, unseen = HybridLearner("f", members, _task(), False).learn(ROWS)

    np.testing.assert_allclose(np.mean(scores, axis=0), unseen, atol=1e-9)
    np.testing.assert_allclose(np.mean(scores, axis=0)[:7], fitted.score(ROWS[:7])[2], atol=1e-9)
    assert {f"weight.m{k}": 0.333 for k in range(3)} == fitted.about


def test_fusion_of_classes_is_the_mean_of_logarithms():
    rng = np.random.default_rng(1)
    members = {f"m{k}": _member(rng.normal(size=(N, 3))) for k in range(2)}

    fitted, unseen = HybridLearner("f", members, _task(classes=3), False).learn(ROWS)

    answers = [probabilities(m.unseen, m.calibration) for m in members.values()]
    np.testing.assert_allclose(np.mean([np.log(a) for a in answers], axis=0), unseen)
    assert (FOLDS, 5, 3) == fitted.score(ROWS[:5]).shape


def _good_and_random(classes: int) -> tuple[dict[str, Trained], LearningTask]:
    task = _task(classes=classes)
    rng = np.random.default_rng(2)
    k = 1 if classes == 2 else 3
    truth = task.y[:, None] * 2.0 - 1 if k == 1 else 2.0 * np.eye(3)[task.y]
    return {
        "random": _member(rng.normal(size=(N, k))),
        "good": _member(truth + 0.8 * rng.normal(size=(N, k))),
    }, task


@pytest.mark.parametrize("classes", [2, 3])
def test_a_stack_weighs_the_good_member(classes):
    members, task = _good_and_random(classes)

    fitted, _ = HybridLearner("s", members, task, True).learn(ROWS)

    assert fitted.about["weight.good"] > 5 * fitted.about["weight.random"]


def test_a_stack_does_better_than_even_weights_and_not_worse_than_the_good_member():
    members, task = _good_and_random(2)
    half, rest = ROWS[: N // 2], ROWS[N // 2 :]
    members = {
        name: Trained(m.fitted, half, m.fitted.scores[half], m.calibration)
        for name, m in members.items()
    }
    y = task.y[rest] == 1
    auc = {}
    for is_stack in (True, False):
        trained = train(HybridLearner("h", members, task, is_stack), half, task)
        auc[is_stack] = roc_auc(y, trained.answer(trained.fitted.score(rest))[:, 1])
    assert auc[True] > auc[False] + 0.02
    assert auc[True] > roc_auc(y, members["good"].fitted.scores[rest, 0]) - 0.01


def test_unseen_scores_of_a_stack_are_out_of_fold():
    """Many random members: on the cases the weights were learned from they seem to know much."""
    task = _task(120)
    rows = np.arange(120)
    unseen_auc, seen_auc = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        members = {f"m{k}": _member(rng.normal(size=(120, 1)), rows) for k in range(40)}
        fitted, unseen = HybridLearner("s", members, task, True).learn(rows)
        seen_auc.append(roc_auc(task.y == 1, fitted.score(rows)[0, :, 0]))
        unseen_auc.append(roc_auc(task.y == 1, unseen[:, 0]))
    assert np.mean(seen_auc) > 0.8
    assert 0.5 == pytest.approx(np.mean(unseen_auc), abs=0.07)  # standard error 0.025


def test_members_join_by_their_calibrated_answers():
    members, task = _good_and_random(2)
    fitted, _ = HybridLearner("s", members, task, True).learn(ROWS)

    logits = np.hstack([log_odds(m.answer(m.fitted.score(ROWS))) for m in members.values()])

    expected = logits @ fitted.weights.T + fitted.offsets
    np.testing.assert_allclose(np.stack([expected] * FOLDS), fitted.score(ROWS))

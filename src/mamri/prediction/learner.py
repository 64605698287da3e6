"""What every model of an experiment does: learn from some cases, score others."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mamri.prediction.calibration import (
    Calibration,
    fit_calibration,
    prediction_sets,
    probabilities,
)
from mamri.prediction.experiment import TargetKind
from mamri.prediction.scores import goodness
from mamri.prediction.splits import grouped_folds
from mamri.records import InputError


@dataclass(frozen=True, slots=True, eq=False)
class LearningTask:
    """The outcome of the cases, and how inner folds are made.

    Parameters
    ----------
    kind : TargetKind
    y, event : (m,)
        As in `Outcome`.
    n_classes : int
        0 of numbers and times.
    strata : (m,) int
    patients, sites : (m,) str
    inner_folds : int
    seed : int
    """

    kind: TargetKind
    y: np.ndarray
    event: np.ndarray
    n_classes: int
    strata: np.ndarray
    patients: np.ndarray
    sites: np.ndarray
    inner_folds: int
    seed: int

    def inner(self, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Inner folds of some cases, as places in the outcome; the same for all learners."""
        folds = grouped_folds(self.strata[rows], self.patients[rows], self.inner_folds, self.seed)
        return [(rows[train], rows[test]) for train, test in folds]

    def member_of(self, rows: np.ndarray) -> np.ndarray:
        """Inner fold that each of some cases is tested in, (k,) int."""
        place = {row: n for n, row in enumerate(rows)}
        found = np.zeros(len(rows), int)
        for k, (_, test) in enumerate(self.inner(rows)):
            found[[place[row] for row in test]] = k
        return found

    def goodness(self, scores: np.ndarray, rows: np.ndarray) -> float:
        """How good scores of some cases are."""
        return goodness(scores, self.y[rows], self.event[rows], self.kind)


class Fitted(Protocol):
    """A model that has learned: as many members as there are inner folds."""

    @property
    def about(self) -> dict[str, Any]:
        """Settings that were chosen, plain values."""

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Raw scores of cases by every member, (members, k, K)."""


class Learner(Protocol):
    """A model that can learn."""

    @property
    def name(self) -> str:
        """Its name in the experiment."""

    def learn(self, rows: np.ndarray) -> tuple[Fitted, np.ndarray]:
        """Learn from cases, one member without each inner fold.

        Returns
        -------
        Fitted
        unseen : (k, K) float
            Scores of the same cases, each by the member that had not seen it.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model that has learned, with its calibration.

    Parameters
    ----------
    fitted : Fitted
    rows : (k,) int
        Cases it learned from.
    unseen : (k, K) float
        Their scores by the members that had not seen them.
    calibration : Calibration or None
        None of numbers and risks.
    """

    fitted: Fitted
    rows: np.ndarray
    unseen: np.ndarray
    calibration: Calibration | None

    def answer(self, scores: np.ndarray) -> np.ndarray:
        """Mean over members of probabilities, (k, classes), or of numbers and risks, (k, 1).

        Parameters
        ----------
        scores : (members, k, K) float
        """
        return joint_answer(scores, self.calibration)

    def sets(self, scores: np.ndarray) -> np.ndarray:
        """Classes that cannot be excluded, (k, classes); no columns for numbers and risks."""
        if self.calibration is None:
            return np.zeros((scores.shape[1], 0), bool)
        return prediction_sets(scores, self.calibration)


def joint_answer(scores: np.ndarray, calibration: Calibration | None) -> np.ndarray:
    """Answer of all members together, (k, classes) or (k, 1).

    Parameters
    ----------
    scores : (members, k, K) float
    calibration : Calibration or None
    """
    if calibration is None:
        return np.asarray(scores.mean(axis=0))
    return np.asarray(np.mean([probabilities(one, calibration) for one in scores], axis=0))


def train(learner: Learner, rows: np.ndarray, task: LearningTask) -> Trained:
    """Let a model learn from cases and calibrate it on those that each member had not seen.

    Parameters
    ----------
    learner : Learner
    rows : (k,) int
    task : LearningTask

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        If the cases lack a class, or an event.
    """
    if task.n_classes and (found := np.unique(task.y[rows]).size) < task.n_classes:
        raise InputError(
            f"{learner.name} needs training cases of all {task.n_classes} classes, one part of the "
            f"validation has {found} of them; choose another validation or leave classes out"
        )
    if task.kind is TargetKind.SURVIVAL and not task.event[rows].any():
        raise InputError(
            f"{learner.name} needs events among its training cases, one part of the validation "
            "has none; choose another validation"
        )
    fitted, unseen = learner.learn(rows)
    calibration = None
    if task.n_classes:
        calibration = fit_calibration(unseen, task.y[rows], task.member_of(rows))
    return Trained(fitted, rows, unseen, calibration)

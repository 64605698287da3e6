"""Models that join the answers of others: late fusion and stacking.

References
----------
.. [1] Wolpert DH. Stacked generalization. Neural Networks 1992;5:241-259.
   doi:10.1016/S0893-6080(05)80023-1
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from mamri.prediction.calibration import probabilities
from mamri.prediction.learner import LearningTask, Trained
from mamri.prediction.scores import log_odds

_PENALTY = 1.0  # inverse, of the weights of a stack: assumption


@dataclass(frozen=True, slots=True, eq=False)
class FittedHybrid:
    """Members and how they are weighed.

    Parameters
    ----------
    members : mapping of str to Trained
    weights : (L, M) float
        Of the members' log-odds, side by side; L is 1 for two classes.
    offsets : (L,) float
    """

    members: Mapping[str, Trained]
    weights: np.ndarray
    offsets: np.ndarray

    @property
    def about(self) -> dict[str, Any]:
        """Weights of the members, summed over classes."""
        names = list(self.members)
        parts = np.array_split(np.abs(self.weights).sum(axis=0), len(names))
        return {f"weight.{n}": round(float(p.mean()), 3) for n, p in zip(names, parts, strict=True)}

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Joint log-odds of cases by every member of an inner fold, (members, k, L)."""
        by_model = [_member_logits(m, m.fitted.score(rows)) for m in self.members.values()]
        logits = np.concatenate(by_model, axis=2)
        return np.asarray(logits @ self.weights.T + self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class HybridLearner:
    """Joins models that were trained on the same cases.

    Parameters
    ----------
    name : str
    members : mapping of str to Trained
    task : LearningTask
    is_stack : bool
        Weights are learned [1]_; else all members count the same.
    """

    name: str
    members: Mapping[str, Trained]
    task: LearningTask
    is_stack: bool

    def learn(self, rows: np.ndarray) -> tuple[FittedHybrid, np.ndarray]:
        """Weigh the members by their scores of cases they had not seen.

        Parameters
        ----------
        rows : (k,) int
            Those that the members learned from.

        Returns
        -------
        FittedHybrid
        unseen : (k, L) float
        """
        logits = np.hstack([_logits(m, m.unseen) for m in self.members.values()])
        if not self.is_stack:
            weights, offsets = self._even(logits.shape[1])
            return FittedHybrid(self.members, weights, offsets), logits @ weights.T + offsets
        y = self.task.y[rows]
        place = {row: n for n, row in enumerate(rows)}
        unseen = np.zeros(
            (len(rows), max(1, self.task.n_classes if self.task.n_classes > 2 else 1))
        )
        for train, test in self.task.inner(rows):
            seen, new = ([place[row] for row in part] for part in (train, test))
            weights, offsets = _stack(logits[seen], y[seen])
            unseen[new] = logits[new] @ weights.T + offsets
        weights, offsets = _stack(logits, y)
        return FittedHybrid(self.members, weights, offsets), unseen

    def _even(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.members)
        each = columns // n
        return np.hstack([np.eye(each) / n] * n), np.zeros(each)


def _logits(trained: Trained, scores: np.ndarray) -> np.ndarray:
    """Calibrated log-odds of scores, (k, L)."""
    assert trained.calibration is not None, "hybrids are of classes"
    return log_odds(probabilities(scores, trained.calibration))


def _member_logits(trained: Trained, scores: np.ndarray) -> np.ndarray:
    """Calibrated log-odds of scores by every member, (members, k, L)."""
    return np.stack([_logits(trained, one) for one in scores])


def _stack(logits: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fitted = LogisticRegression(C=_PENALTY, max_iter=2000).fit(logits, y)
    return fitted.coef_, fitted.intercept_

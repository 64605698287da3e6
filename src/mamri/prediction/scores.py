"""Scores of models in one form, and how good they are for choosing settings."""

from typing import Any

import numpy as np

from mamri.evaluation import concordance_index, roc_auc
from mamri.prediction.experiment import TargetKind
from mamri.records import InputError


def raw_scores(estimator: Any, x: np.ndarray, kind: TargetKind) -> np.ndarray:
    """What an estimator says before calibration.

    Parameters
    ----------
    estimator : scikit-learn estimator, fitted
    x : (n, H) float
    kind : TargetKind

    Returns
    -------
    (n, K) float
        One column of a binary target (higher for yes), a number or a risk; one a class else.
    """
    if kind in (TargetKind.NUMBER, TargetKind.SURVIVAL):
        return np.asarray(estimator.predict(x), float).reshape(len(x), 1)
    if hasattr(estimator, "decision_function"):
        found = np.asarray(estimator.decision_function(x), float).reshape(len(x), -1)
        # The offset of a support vector machine is arbitrary within its margin where the penalty
        # is small, and jumps between folds; the calibration finds one for all.
        machines = getattr(estimator, "estimators_", ())
        if machines and all(hasattr(machine, "dual_coef_") for machine in machines):
            found = found - np.concatenate([machine.intercept_ for machine in machines])
        return found
    return log_odds(np.asarray(estimator.predict_proba(x), float))


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Logits of yes, (n, 1), of two classes; logarithms of more, (n, K)."""
    safe = np.clip(probability, 1e-4, 1.0)
    if probability.shape[1] == 2:
        return np.log(safe[:, 1:] / safe[:, :1])
    return np.log(safe)


def goodness(scores: np.ndarray, y: np.ndarray, event: np.ndarray, kind: TargetKind) -> float:
    """How good scores are, higher is better; NaN where it cannot be told.

    AUC of a binary target, mean one-against-rest AUC of classes, minus the mean squared error of a
    number, Harrell's concordance of a risk.

    Parameters
    ----------
    scores : (n, K) float
    y, event : (n,)
    kind : TargetKind
    """
    if kind is TargetKind.NUMBER:
        return -float(np.mean((scores[:, 0] - y) ** 2))
    try:
        if kind is TargetKind.SURVIVAL:
            return concordance_index(y, event, scores[:, 0])
        if kind is TargetKind.BINARY:
            return roc_auc(y == 1, scores[:, 0])
        return float(np.mean([roc_auc(y == k, scores[:, k]) for k in range(scores.shape[1])]))
    except InputError:  # one class alone, or no pair of times to compare
        return float("nan")

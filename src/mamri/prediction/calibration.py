"""From scores to probabilities with an interval, and to sets that hold the truth.

A model is a few members, each learned without one inner fold. Every case of a fold is scored by
the member that had not seen it, and a new case by all members: so the scores that calibration
learns from are of the same make as those that it is used on.

References
----------
.. [1] Platt J. Probabilistic outputs for support vector machines. Advances in Large Margin
   Classifiers, MIT Press 1999.
.. [2] Vovk V, Petej I. Venn-Abers predictors. UAI 2014. arXiv:1211.0025
.. [3] Vovk V. Cross-conformal predictors. Ann Math Artif Intell 2015;74:9-28.
   doi:10.1007/s10472-013-9368-4
"""

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

_PENALTY = 10.0  # inverse; keeps slopes finite where classes part entirely: assumption


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How scores of a model's members become probabilities.

    Parameters
    ----------
    scores : (n, K) float
        Of training cases, each by the member that had not seen it.
    y : (n,) int
    member : (n,) int
        That member.
    centre, scale : (K,) float
    weights : (L, K) float
        Of the standardised scores; L is 1 for two classes.
    offsets : (L,) float
    """

    scores: np.ndarray
    y: np.ndarray
    member: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray


def fit_calibration(scores: np.ndarray, y: np.ndarray, member: np.ndarray) -> Calibration:
    """Fit a logistic calibration [1]_, multinomial where there are more than two classes.

    Parameters
    ----------
    scores : (n, K) float
        Of cases by the member that had not seen them.
    y : (n,) int
    member : (n,) int

    Returns
    -------
    Calibration
    """
    centre, scale = scores.mean(axis=0), scores.std(axis=0)
    scale[scale < 1e-12] = 1.0
    fitted = LogisticRegression(C=_PENALTY, max_iter=2000).fit((scores - centre) / scale, y)
    return Calibration(scores, y, member, centre, scale, fitted.coef_, fitted.intercept_)


def probabilities(scores: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Calibrated probabilities of the classes by one member, (n, number of classes).

    Parameters
    ----------
    scores : (n, K) float
    calibration : Calibration
    """
    z = (scores - calibration.centre) / calibration.scale
    logits = z @ calibration.weights.T + calibration.offsets
    if logits.shape[1] == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    logits = logits - logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def probability_interval(score: float, calibration: Calibration) -> tuple[float, float]:
    """Venn-Abers interval of the probability of yes: one of its ends is calibrated [2]_.

    Isotonic regression is fitted twice to the calibration cases and the new one, once with each
    class it may have.

    Parameters
    ----------
    score : float
        Of one case, binary target; the mean of the members.
    calibration : Calibration

    Returns
    -------
    (low, high)
    """
    known = calibration.scores[:, 0]
    both = []
    for answer in (0, 1):
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(
            np.append(known, score), np.append(calibration.y, answer)
        )
        both.append(float(fitted.predict([score])[0]))
    return both[0], both[1]


def prediction_sets(scores: np.ndarray, calibration: Calibration, level: float = 0.9) -> np.ndarray:
    """Classes that cannot be excluded, (n, number of classes) bool [3]_.

    For each class: what share of its calibration cases fit it no better than the new case does,
    each seen by the same member? The class is kept where the share is above ``1 - level``. So of
    the cases of every class about the given share have it in their set, if new cases are like
    the old ones. More than one class in a set, or none, means that the model abstains.

    Parameters
    ----------
    scores : (members, n, K) float
        Of new cases by every member.
    calibration : Calibration
    level : float
    """
    own = probabilities(calibration.scores, calibration)
    new = np.stack([probabilities(one, calibration) for one in scores])
    kept = np.zeros((new.shape[1], new.shape[2]), bool)
    for k in range(kept.shape[1]):
        worse = np.zeros(len(kept))
        for member, probability in enumerate(new):
            fit = np.sort(own[(calibration.y == k) & (calibration.member == member), k])
            worse += np.searchsorted(fit, probability[:, k] + 1e-12, side="right")
        kept[:, k] = (worse + 1) / (np.sum(calibration.y == k) + 1) > 1 - level
    return kept

"""Whether a case is like those that a model was trained on.

A case is outside where it lacks too many features, or lies farther from its nearest training
cases than nearly all training cases lie from each other.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

NEIGHBOURS = 5
_QUANTILE = 0.99  # of training cases that count as inside: assumption
_MAX_MISSING = 0.3  # of the features that the model sees: assumption


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """Where training cases lie.

    Parameters
    ----------
    cases : (n, H) float
        Prepared features.
    limit : float
        Mean distance to the five nearest cases, per square root of features, that 99 % of the
        training cases stay below.
    """

    cases: np.ndarray
    limit: float


def fit_domain(cases: np.ndarray) -> Domain:
    """Learn where training cases lie.

    Parameters
    ----------
    cases : (n, H) float
    """
    return Domain(cases, float(np.quantile(_distances(cases, cases, own=True), _QUANTILE)))


def outside(cases: np.ndarray, missing: np.ndarray, domain: Domain) -> list[str]:
    """Why cases are not like the training cases; empty words for those that are.

    Parameters
    ----------
    cases : (n, H) float
        Prepared features.
    missing : (n,) float
        Share of the features that each case lacks.
    domain : Domain

    Returns
    -------
    list of str
    """
    distance = _distances(cases, domain.cases, own=False)
    reasons = []
    for share, far in zip(missing, distance, strict=True):
        if share > _MAX_MISSING:
            reasons.append(f"{100 * share:.0f} % of the features that the model needs are missing")
        elif far > domain.limit:
            reasons.append(
                f"it is unlike the training cases (distance {far:.2f}, of which 99 % of them "
                f"stay below {domain.limit:.2f})"
            )
        else:
            reasons.append("")
    return reasons


def _distances(cases: np.ndarray, others: np.ndarray, *, own: bool) -> np.ndarray:
    between = np.sort(cdist(cases, others), axis=1)
    near = between[:, 1 : NEIGHBOURS + 1] if own else between[:, :NEIGHBOURS]
    return np.asarray(near.mean(axis=1) / np.sqrt(cases.shape[1]))

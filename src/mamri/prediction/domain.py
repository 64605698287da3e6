"""Whether a case is like those that a model was trained on.

A case is outside where it lacks too many features, where one feature lies far beyond all that
training cases showed, or where it lies farther from its nearest training cases than nearly all
training cases lie from each other.
"""

from collections.abc import Sequence
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


def feature_limits(x: np.ndarray) -> np.ndarray:
    """Range of each feature in the training cases, wider by its own width at both ends.

    Parameters
    ----------
    x : (n, F) float
        NaN where missing.

    Returns
    -------
    (2, F) float
        Lowest and highest; infinite for a feature without any value. That the width is added once
        is an assumption.
    """
    limits = np.full((2, x.shape[1]), np.inf) * np.array([[-1.0], [1.0]])
    known = np.flatnonzero(~np.isnan(x).all(axis=0))
    low, high = np.nanmin(x[:, known], axis=0), np.nanmax(x[:, known], axis=0)
    limits[:, known] = low - (high - low), high + (high - low)
    return limits


def beyond(x: np.ndarray, limits: np.ndarray, columns: Sequence[str]) -> str:
    """Which feature of a case lies beyond its limits; empty where none does.

    Parameters
    ----------
    x : (F,) float
        NaN where missing.
    limits : (2, F) float
    columns : sequence of str
    """
    out = np.flatnonzero((x < limits[0]) | (x > limits[1]))
    if not out.size:
        return ""
    n = int(out[0])
    more = f", and so do {out.size - 1} more" if out.size > 1 else ""
    return (
        f"{columns[n]} is {x[n]:.4g}, far beyond the training cases (allowed "
        f"{limits[0, n]:.4g} to {limits[1, n]:.4g}){more}"
    )


def _distances(cases: np.ndarray, others: np.ndarray, *, own: bool) -> np.ndarray:
    between = np.sort(cdist(cases, others), axis=1)
    near = between[:, 1 : NEIGHBOURS + 1] if own else between[:, :NEIGHBOURS]
    return np.asarray(near.mean(axis=1) / np.sqrt(cases.shape[1]))

"""AUC within strata, such as hospitals: only cases of one stratum are compared with each other.

Where each hospital was left out in turn, its cases were scored by a model of its own, and scores of
two hospitals cannot be compared. Strata are independent: no patient is in two.
"""

import numpy as np
from scipy import stats

from mamri.evaluation.delong import AucComparison, AucEstimate, auc_interval, compare_auc
from mamri.evaluation.estimate import normal_quantile
from mamri.records import InputError


def stratified_auc(
    labels: np.ndarray,
    scores: np.ndarray,
    strata: np.ndarray,
    *,
    level: float = 0.95,
    groups: np.ndarray | None = None,
) -> AucEstimate:
    """Share of pairs of a yes and a no of the same stratum that are in order.

    The mean of the strata's AUCs weighted by their numbers of pairs, ``sum w_s A_s / sum w_s``,
    with the standard error ``sqrt(sum w_s^2 SE_s^2) / sum w_s`` of independent strata, each SE_s
    by DeLong's method, and an interval on the plain scale, clipped to 0 and 1.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    strata : (n,) of any one type
        Those without cases of both classes have no pairs and do not count.
    level : float
    groups : (n,) of any one type, or None
        Patient of each case.

    Returns
    -------
    AucEstimate

    Raises
    ------
    InputError
        If no stratum has both classes.
    """
    parts = [
        (pairs, auc_interval(labels[rows], scores[rows], groups=_of(groups, rows), scale="plain"))
        for pairs, rows in _strata(labels, strata)
    ]
    weights = np.array([pairs for pairs, _ in parts])
    area = float(np.average([part.value for _, part in parts], weights=weights))
    error = _error(weights, [part.standard_error for _, part in parts])
    half = normal_quantile(level) * error
    return AucEstimate(area, error, max(area - half, 0.0), min(area + half, 1.0))


def compare_stratified_auc(
    labels: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    strata: np.ndarray,
    *,
    level: float = 0.95,
    groups: np.ndarray | None = None,
) -> AucComparison:
    """Test whether two scores have the same AUC within strata.

    The mean of the strata's differences, weighted as in `stratified_auc`, with DeLong's standard
    errors.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    first, second : (n,) float
    strata : (n,) of any one type
    level : float
    groups : (n,) of any one type, or None

    Returns
    -------
    AucComparison

    Raises
    ------
    InputError
        If no stratum has both classes.
    """
    parts = [
        (pairs, compare_auc(labels[rows], first[rows], second[rows], groups=_of(groups, rows)))
        for pairs, rows in _strata(labels, strata)
    ]
    weights = np.array([pairs for pairs, _ in parts])
    areas = [
        float(np.average([getattr(part, name) for _, part in parts], weights=weights))
        for name in ("first", "second")
    ]
    difference = areas[0] - areas[1]
    error = _error(weights, [part.standard_error for _, part in parts])
    z = difference / error if error > 0 else (0.0 if abs(difference) < 1e-12 else float("nan"))
    half = normal_quantile(level) * error
    return AucComparison(
        first=areas[0],
        second=areas[1],
        difference=difference,
        standard_error=error,
        lower=difference - half,
        upper=difference + half,
        z=z,
        p=float(2 * stats.norm.sf(abs(z))),
    )


def _strata(labels: np.ndarray, strata: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Number of pairs and rows of each stratum that has some."""
    found = []
    for name in np.unique(strata):
        rows = np.flatnonzero(strata == name)
        yes = int(np.sum(labels[rows] == 1))
        if 0 < yes < rows.size:
            found.append((yes * (rows.size - yes), rows))
    if not found:
        raise InputError(
            "an AUC within strata needs a stratum with cases of both classes, none has; "
            "compare all cases with each other instead"
        )
    return found


def _of(groups: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if groups is None else groups[rows]


def _error(weights: np.ndarray, errors: list[float]) -> float:
    """Standard error of a weighted mean of independent values."""
    return float(np.sqrt(np.sum((weights * np.array(errors)) ** 2)) / weights.sum())

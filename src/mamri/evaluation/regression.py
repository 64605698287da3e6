"""Errors and correlations of predicted numbers."""

import math

import numpy as np
from scipy import stats

from mamri.evaluation.cases import number_list
from mamri.evaluation.estimate import UNDEFINED, Estimate, normal_quantile


def mean_absolute_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean size of the errors.

    Parameters
    ----------
    truth, predicted : (n,) float, same unit

    Returns
    -------
    float, unit of the values

    Raises
    ------
    InputError
        If a value is not finite or the lengths differ.
    """
    values, found = _pairs(truth, predicted)
    return float(np.mean(np.abs(found - values)))


def root_mean_squared_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Square root of the mean squared error.

    Parameters
    ----------
    truth, predicted : (n,) float, same unit

    Returns
    -------
    float, unit of the values

    Raises
    ------
    InputError
        If a value is not finite or the lengths differ.
    """
    values, found = _pairs(truth, predicted)
    return float(np.sqrt(np.mean((found - values) ** 2)))


def r_squared(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the variance of the truth that the predictions explain.

    ``1 - sum (truth - predicted)^2 / sum (truth - mean)^2``: not the squared correlation, which
    forgives a wrong scale; below 0 where the mean of the truth would predict better.

    Parameters
    ----------
    truth, predicted : (n,) float, same unit

    Returns
    -------
    float
        NaN where all true values are equal.

    Raises
    ------
    InputError
        If a value is not finite or the lengths differ.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2, 3]), np.array([2.0, 2, 2]))
    0.0
    """
    values, found = _pairs(truth, predicted)
    total = np.sum((values - values.mean()) ** 2)
    return float(1 - np.sum((found - values) ** 2) / total) if total > 0 else math.nan


def pearson_correlation(first: np.ndarray, second: np.ndarray, *, level: float = 0.95) -> Estimate:
    """Linear correlation with the interval of Fisher's z.

    ``tanh(atanh(r) ± z / sqrt(n - 3))`` [1]_.

    Parameters
    ----------
    first, second : (n,) float
    level : float
        Of the interval.

    Returns
    -------
    Estimate
        NaN where all values of a list are equal; the interval NaN for fewer than 4 cases.

    Raises
    ------
    InputError
        If a value is not finite, the lengths differ, or the level is not between 0 and 1.

    References
    ----------
    .. [1] Fisher RA. On the "probable error" of a coefficient of correlation deduced from a small
       sample. Metron 1921;1:3-32
    """
    one, other = _pairs(first, second)
    return _with_interval(one, other, level, 0.0)


def spearman_correlation(first: np.ndarray, second: np.ndarray, *, level: float = 0.95) -> Estimate:
    """Rank correlation, ties at their mean rank, with the interval of Bonett and Wright.

    ``tanh(atanh(r) ± z sqrt((1 + r^2 / 2) / (n - 3)))`` [1]_: the standard error of
    Fisher's z for linear correlation would be too small.

    Parameters
    ----------
    first, second : (n,) float
    level : float
        Of the interval.

    Returns
    -------
    Estimate
        NaN where all values of a list are equal; the interval NaN for fewer than 4 cases.

    Raises
    ------
    InputError
        If a value is not finite, the lengths differ, or the level is not between 0 and 1.

    References
    ----------
    .. [1] Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and
       Spearman correlations. Psychometrika 2000;65:23-28. doi:10.1007/BF02294183
    """
    one, other = _pairs(first, second)
    return _with_interval(stats.rankdata(one), stats.rankdata(other), level, 0.5)


def _with_interval(first: np.ndarray, second: np.ndarray, level: float, excess: float) -> Estimate:
    """Linear correlation whose z has the variance ``(1 + excess r^2) / (n - 3)``."""
    z = normal_quantile(level)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return UNDEFINED
    one, other = first - first.mean(), second - second.mean()
    r = float(one @ other / math.sqrt((one @ one) * (other @ other)))
    r = min(max(r, -1.0), 1.0)
    if len(first) < 4:
        return Estimate(r, math.nan, math.nan)
    if 1 - abs(r) < 1e-15:
        return Estimate(r, r, r)
    half = z * math.sqrt((1 + excess * r**2) / (len(first) - 3))
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = number_list(first, "true values")
    return values, number_list(second, "predicted values", length=len(values))

"""Adjusted p-values where several hypotheses are tested at once."""

import numpy as np
from scipy import stats

from mamri.evaluation.cases import number_list
from mamri.records import InputError


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p-values of Holm: an adjusted value below 5 % keeps any false alarm below 5 %.

    The i-th smallest of m is multiplied by ``m - i + 1``; each is at least the one before, and at
    most 1 [1]_. Holds whatever the dependence between the tests.

    Parameters
    ----------
    p_values : (m,) float

    Returns
    -------
    (m,) float
        In the order given.

    Raises
    ------
    InputError
        If a value is not within 0 and 1.

    References
    ----------
    .. [1] Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat
       1979;6:65-70 (section 3)

    Examples
    --------
    >>> holm(np.array([0.03, 0.01, 0.02]))
    array([0.04, 0.03, 0.04])
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(adjusted, 1)


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p-values of Benjamini and Hochberg, which bound the share of false discoveries.

    The i-th smallest of m is multiplied by ``m / i``; each is at most the one after [1]_. Holds for
    independent or positively dependent tests. Computed by scipy.

    Parameters
    ----------
    p_values : (m,) float

    Returns
    -------
    (m,) float
        In the order given.

    Raises
    ------
    InputError
        If a value is not within 0 and 1.

    References
    ----------
    .. [1] Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful
       approach to multiple testing. J R Stat Soc B 1995;57:289-300.
       doi:10.1111/j.2517-6161.1995.tb02031.x (equation 1)
    """
    return np.asarray(stats.false_discovery_control(_p_values(p_values), method="bh"))


def _p_values(p_values: np.ndarray) -> np.ndarray:
    found = number_list(p_values, "p-values")
    if found.min() < 0 or found.max() > 1:
        raise InputError(
            f"p-values from 0 to 1 were needed, got {found.min():g} to {found.max():g}; leave "
            f"out tests that could not be done"
        )
    return found

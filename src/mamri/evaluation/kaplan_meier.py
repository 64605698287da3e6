"""Share of women without an event over time, where some are lost to follow-up."""

from dataclasses import dataclass

import numpy as np

from mamri.evaluation.estimate import normal_quantile
from mamri.evaluation.follow_up import follow_up
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True, eq=False)
class KaplanMeier:
    """Survival at each distinct time of an event or of censoring.

    Parameters
    ----------
    times : (k,) float, unit of the input
        Rising.
    survival : (k,) float
        Share without an event just after each time; 1 before the first.
    lower, upper : (k,) float
        Interval; equal to survival before the first event, NaN where survival is 0.
    at_risk : (k,) int
        Women under observation just before each time.
    events : (k,) int
        Events at each time.
    """

    times: np.ndarray
    survival: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray

    def __post_init__(self) -> None:
        for name in ("times", "survival", "lower", "upper", "at_risk", "events"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def kaplan_meier(times: np.ndarray, events: np.ndarray, *, level: float = 0.95) -> KaplanMeier:
    """Kaplan-Meier estimate with Greenwood's variance and intervals on log(-log S).

    ``S(t) = product of (1 - d / n)`` over the times up to t with ``d`` events among ``n`` at risk
    [1]_; events come before censoring at the same time. The interval is ``S^exp(± z s / log S)``
    with ``s^2 = sum of d / (n (n - d))`` [2]_ (equation 4.3.2), which stays within 0 and 1.

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    level : float
        Of the intervals, each for its own time.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    InputError
        If a time is negative or not finite, the lengths differ, there is no event, or the level is
        not between 0 and 1.

    References
    ----------
    .. [1] Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat
       Assoc 1958;53:457-481. doi:10.1080/01621459.1958.10501452
    .. [2] Klein JP, Moeschberger ML. Survival analysis: techniques for censored and truncated data.
       2nd ed, Springer 2003. doi:10.1007/b97377

    Examples
    --------
    >>> kaplan_meier(np.array([1, 2, 3, 4]), np.array([1, 0, 1, 0])).survival
    array([0.75 , 0.75 , 0.375, 0.375])
    """
    z = normal_quantile(level)
    at, happened = follow_up(times, events)
    distinct, index, count = np.unique(at, return_inverse=True, return_counts=True)
    d = np.bincount(index, weights=happened).astype(int)
    n = len(at) - np.cumsum(count) + count
    survival = np.cumprod(1 - d / n)
    with np.errstate(divide="ignore", invalid="ignore"):  # S is 0 or 1
        power = np.exp(z * np.sqrt(np.cumsum(d / (n * (n - d)))) / np.log(survival))
        lower, upper = survival ** (1 / power), survival**power
    unharmed = survival == 1
    gone = survival == 0
    lower, upper = (
        np.where(unharmed, 1.0, np.where(gone, np.nan, bound)) for bound in (lower, upper)
    )
    return KaplanMeier(distinct, survival, lower, upper, n, d)

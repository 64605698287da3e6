"""Whether groups of women differ in when their events happen."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.evaluation.cases import group_index
from mamri.evaluation.follow_up import follow_up


@dataclass(frozen=True, slots=True)
class LogRankTest:
    """Chi-squared statistic, its degrees of freedom and p-value."""

    statistic: float
    degrees_of_freedom: int
    p: float


def log_rank_test(times: np.ndarray, events: np.ndarray, groups: np.ndarray) -> LogRankTest:
    """Log-rank test of two or more groups [1]_ (section 7.3, weight 1).

    At each time with ``d`` events among ``n`` at risk, a group with ``n_g`` at risk expects
    ``d n_g / n``; the summed differences from the observed are compared with their hypergeometric
    covariance ``d (n - d) / (n - 1) (n_g / n) (1[g = h] - n_h / n)``.

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    groups : (n,) of any one type
        Group of each woman; two at least.

    Returns
    -------
    LogRankTest
        NaN where every event happens with one group alone still at risk.

    Raises
    ------
    InputError
        If a time is negative or not finite, the lengths differ, there is no event or one group.

    References
    ----------
    .. [1] Klein JP, Moeschberger ML. Survival analysis: techniques for censored and truncated data.
       2nd ed, Springer 2003. doi:10.1007/b97377
    """
    at, happened = follow_up(times, events)
    group = group_index(groups, len(at))
    n_groups = int(group.max()) + 1
    distinct = np.unique(at[happened])  # (k,)
    n_g = np.empty((n_groups, len(distinct)))
    d_g = np.empty_like(n_g)
    for g in range(n_groups):
        mine, mine_happened = np.sort(at[group == g]), np.sort(at[(group == g) & happened])
        n_g[g] = len(mine) - np.searchsorted(mine, distinct)
        d_g[g] = np.searchsorted(mine_happened, distinct, "right") - np.searchsorted(
            mine_happened, distinct
        )
    n, d = n_g.sum(axis=0), d_g.sum(axis=0)
    share = n_g / n
    difference = (d_g - share * d).sum(axis=1)
    spread = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag(share @ spread) - (share * spread) @ share.T
    rank = int(np.linalg.matrix_rank(covariance))
    if rank == 0:
        return LogRankTest(float("nan"), n_groups - 1, float("nan"))
    # The differences sum to 0, so that the covariance has no inverse but a pseudo-inverse.
    statistic = float(difference @ np.linalg.pinv(covariance, hermitian=True) @ difference)
    return LogRankTest(statistic, n_groups - 1, float(stats.chi2.sf(statistic, n_groups - 1)))

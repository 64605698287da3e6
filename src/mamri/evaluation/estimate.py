"""A value with its confidence interval, and the interval of a share."""

import math
from dataclasses import dataclass

from scipy import stats

from mamri.records import InputError


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its confidence interval; NaN where undefined."""

    value: float
    lower: float
    upper: float


UNDEFINED = Estimate(math.nan, math.nan, math.nan)


def normal_quantile(level: float) -> float:
    """Half width, in standard errors, of a two-sided normal interval.

    Parameters
    ----------
    level : float
        Confidence, between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    if not 0 < level < 1:
        raise InputError(
            f"a confidence level between 0 and 1 was needed, got {level}; 95 % is written 0.95"
        )
    return float(stats.norm.ppf((1 + level) / 2))


def wilson_interval(count: int, total: int, *, level: float = 0.95) -> Estimate:
    """Share of successes with Wilson's score interval, without continuity correction.

    With ``p = count / total`` and ``z`` the normal quantile, the bounds are
    ``(p + z^2 / 2n ± z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)`` [1]_ [2]_. It stays
    within 0 and 1 and has a width where the share is 0 or 1.

    Parameters
    ----------
    count, total : int
        Successes, and how many there could have been.
    level : float
        Of the interval.

    Returns
    -------
    Estimate
        NaN where the total is 0.

    Raises
    ------
    InputError
        If the count is not between 0 and the total, or the level not between 0 and 1.

    References
    ----------
    .. [1] Wilson EB. Probable inference, the law of succession, and statistical inference. J Am
       Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953
    .. [2] Newcombe RG. Two-sided confidence intervals for the single proportion: comparison of
       seven methods. Stat Med 1998;17:857-872 (method 3)

    Examples
    --------
    >>> found = wilson_interval(81, 263)  # table I of [2]
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.2553, 0.3662)
    """
    z = normal_quantile(level)
    if not 0 <= count <= total:
        raise InputError(
            f"a count between 0 and the total was needed, got {count} of {total}; count successes "
            f"among the same cases as the total"
        )
    if total == 0:
        return UNDEFINED
    share = count / total
    middle = share + z**2 / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    below = 1 + z**2 / total
    # Rounding must not push a bound past 0 or 1.
    return Estimate(share, max((middle - half) / below, 0.0), min((middle + half) / below, 1.0))

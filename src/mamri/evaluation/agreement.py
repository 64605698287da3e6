"""How far two methods, or repeats of one, agree on a number.

ICC(2,1), absolute agreement, is `mamri.radiomics.intraclass_correlation`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.evaluation.cases import number_list
from mamri.evaluation.estimate import Estimate, normal_quantile
from mamri.radiomics import IntraclassCorrelation
from mamri.records import InputError


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Differences of two methods, first minus second, in the unit of the values.

    Parameters
    ----------
    bias : Estimate
        Mean difference.
    standard_deviation : float
        Of the differences.
    lower_limit, upper_limit : Estimate
        Between which 95 % of differences lie.
    """

    bias: Estimate
    standard_deviation: float
    lower_limit: Estimate
    upper_limit: Estimate


def bland_altman(
    first: np.ndarray, second: np.ndarray, *, level: float = 0.95
) -> LimitsOfAgreement:
    """95 % limits of agreement of two methods, one pair of values a subject.

    ``bias ± 1.96 s`` with the standard deviation ``s`` of the differences. Intervals: ``bias ± t s
    / sqrt(n)``, and ``limit ± t s sqrt(1 / n + 1.96^2 / (2 (n - 1)))``, with Student's t of n - 1
    degrees of freedom [1]_ (section 2). Differences must not grow with the value (take logarithms
    otherwise) and subjects must be independent.

    Parameters
    ----------
    first, second : (n,) float, same unit
    level : float
        Of the intervals; the limits are always those of 95 % of differences.

    Returns
    -------
    LimitsOfAgreement

    Raises
    ------
    InputError
        If there are fewer than 2 pairs, a value is not finite, the lengths differ, or the level is
        not between 0 and 1.

    References
    ----------
    .. [1] Bland JM, Altman DG. Measuring agreement in method comparison studies. Stat Methods Med
       Res 1999;8:135-160. doi:10.1177/096228029900800204
    """
    normal_quantile(level)
    one = number_list(first, "values of the first method")
    other = number_list(second, "values of the second method", length=len(one))
    n = len(one)
    if n < 2:
        raise InputError("two pairs of values at least were needed, got one; measure more subjects")
    differences = one - other
    bias, deviation = float(differences.mean()), float(differences.std(ddof=1))
    z = normal_quantile(0.95)
    t = float(stats.t.ppf((1 + level) / 2, n - 1))
    half = t * deviation / np.sqrt(n)
    half_limit = t * deviation * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    low, high = bias - z * deviation, bias + z * deviation
    return LimitsOfAgreement(
        bias=Estimate(bias, float(bias - half), float(bias + half)),
        standard_deviation=deviation,
        lower_limit=Estimate(low, float(low - half_limit), float(low + half_limit)),
        upper_limit=Estimate(high, float(high - half_limit), float(high + half_limit)),
    )


def repeatability_coefficient(table: np.ndarray, *, level: float = 0.95) -> Estimate:
    """Difference that two repeats of the same subject stay within in 95 % of cases.

    ``1.96 sqrt(2) s_w = 2.77 s_w``, where the variance ``s_w^2`` within subjects is the mean of the
    variances of each subject's k repeats. The interval is that of a variance with ``n (k - 1)``
    degrees of freedom, by chi-squared [1]_. A change between first and second repeat counts as
    spread only in part: look at `bland_altman` first.

    Parameters
    ----------
    table : (n, k) float
        One row a subject, one column a repeat; all finite.
    level : float
        Of the interval.

    Returns
    -------
    Estimate
        In the unit of the values.

    Raises
    ------
    InputError
        If there is no subject, there are fewer than two repeats, a value is not finite, or the
        level is not between 0 and 1.

    References
    ----------
    .. [1] Raunig DL, McShane LM, Pennello G, et al. Quantitative imaging biomarkers: a review of
       statistical methods for technical performance assessment. Stat Methods Med Res
       2015;24:27-67. doi:10.1177/0962280214537344
    """
    normal_quantile(level)
    repeats = _repeats(table, at_least=1)
    n, k = repeats.shape
    within = float(repeats.var(axis=1, ddof=1).mean())
    freedom = n * (k - 1)
    # Chi-squared quantiles in falling order: the high one gives the lower bound.
    quantiles = stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], freedom)
    factor = normal_quantile(0.95) * np.sqrt(2 * within)
    lower, upper = factor * np.sqrt(freedom / quantiles)
    return Estimate(float(factor), float(lower), float(upper))


def intraclass_consistency(table: np.ndarray, *, level: float = 0.95) -> IntraclassCorrelation:
    """ICC(3,1): consistency of single measurements, the raters being the only ones of interest.

    ``(MSR - MSE) / (MSR + (k - 1) MSE)`` with the mean squares of rows (subjects) and error, and
    the interval from ``F = MSR / MSE`` [1]_. A rater who always reads higher does not lower it; use
    `mamri.radiomics.intraclass_correlation`, ICC(2,1), where that matters.

    Parameters
    ----------
    table : (n, k) float
        One row a subject, one column a rater; all finite.
    level : float
        Of the interval.

    Returns
    -------
    IntraclassCorrelation
        NaN where all subjects are equal.

    Raises
    ------
    InputError
        If there are fewer than two subjects or raters, a value is not finite, or the level is not
        between 0 and 1.

    References
    ----------
    .. [1] Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability.
       Psychol Bull 1979;86:420-428. doi:10.1037/0033-2909.86.2.420 (table 2 and page 424)
    """
    normal_quantile(level)
    ratings = _repeats(table, at_least=2)
    n, k = ratings.shape
    rows, columns = ratings.mean(axis=1), ratings.mean(axis=0)
    left = ratings - rows[:, None] - columns + ratings.mean()
    ms_rows = float(k * rows.var(ddof=1))
    ms_error = float((left**2).sum() / ((n - 1) * (k - 1)))
    below = ms_rows + (k - 1) * ms_error
    smallest = 1e-14 * max(float(np.square(ratings).mean()), np.finfo(float).tiny)
    if not below > smallest:
        return IntraclassCorrelation(float("nan"), float("nan"), float("nan"))
    value = (ms_rows - ms_error) / below
    if ms_error <= smallest:
        return IntraclassCorrelation(value, value, value)
    ratio, freedom = ms_rows / ms_error, (n - 1) * (k - 1)
    low = ratio / stats.f.ppf((1 + level) / 2, n - 1, freedom)
    high = ratio * stats.f.ppf((1 + level) / 2, freedom, n - 1)
    return IntraclassCorrelation(
        value, float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))
    )


def _repeats(table: np.ndarray, *, at_least: int) -> np.ndarray:
    """Finite values of at least so many subjects by two repeats."""
    found = np.asarray(table, np.float64)
    if found.ndim != 2 or found.shape[0] < at_least or found.shape[1] < 2:
        raise InputError(
            f"a table of at least {at_least} subjects by two repeats was needed, got shape "
            f"{found.shape}; give one row a subject"
        )
    if not np.isfinite(found).all():
        raise InputError(
            f"a table without gaps was needed, got {np.count_nonzero(~np.isfinite(found))} values "
            f"that are not finite; leave these subjects out and report how many they are"
        )
    return found

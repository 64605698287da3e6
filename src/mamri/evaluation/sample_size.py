"""How many cases a study needs, before it begins.

Numbers are rounded up. Every formula takes independent cases: where patients have several lesions,
count patients, or multiply by ``1 + (m - 1) r`` for m lesions a patient that agree with r.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from mamri.evaluation.estimate import normal_quantile
from mamri.records import InputError

VarianceOf = Literal["hanley_mcneil", "obuchowski"]
_MOST = 10_000_000  # cases; a study that needs more is not planned but refused


@dataclass(frozen=True, slots=True)
class CaseNumbers:
    """Cases that a study of two classes needs.

    Parameters
    ----------
    positives, negatives : int
        With and without the disease.
    """

    positives: int
    negatives: int

    @property
    def total(self) -> int:
        """All cases."""
        return self.positives + self.negatives


@dataclass(frozen=True, slots=True)
class ModelSampleSize:
    """Cases that a prediction model needs to be developed, by criterion.

    Parameters
    ----------
    for_shrinkage, for_optimism, for_risk : int
        To shrink effects little, for little optimism in R2, and for a precise overall risk.
    total : int
        The largest of the three.
    events : float
        Expected among them.
    events_per_parameter : float
    """

    for_shrinkage: int
    for_optimism: int
    for_risk: int
    total: int
    events: float
    events_per_parameter: float


def auc_standard_error(
    auc: float, positives: int, negatives: int, *, variance: VarianceOf = "hanley_mcneil"
) -> float:
    """Standard error to expect of an AUC.

    Hanley and McNeil [1]_: ``(A (1 - A) + (m - 1)(Q1 - A^2) + (n - 1)(Q2 - A^2)) / (m n)`` with
    ``Q1 = A / (2 - A)`` and ``Q2 = 2 A^2 / (1 + A)`` for m cases with and n without the disease.
    Obuchowski and McClish [2]_, for ratings on a scale of few steps, wider:
    ``0.0099 exp(-a^2 / 2) (5 a^2 + 8 + (a^2 + 8) m / n) / m`` with ``a = 1.414 z(A)``.

    Parameters
    ----------
    auc : float
        Expected, above 0 and below 1.
    positives, negatives : int
    variance : {"hanley_mcneil", "obuchowski"}

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the AUC is not between 0 and 1, or a class has no case.

    References
    ----------
    .. [1] Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating
       characteristic (ROC) curve. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747
    .. [2] Obuchowski NA, McClish DK. Sample size determination for diagnostic accuracy studies
       involving binormal ROC curve indices. Stat Med 1997;16:1529-1542; in this form: Obuchowski
       NA. Sample size calculations in studies of test accuracy. Stat Methods Med Res
       1998;7:371-392

    Examples
    --------
    >>> round(auc_standard_error(0.893, 51, 58), 4)  # 0.032 in [1], page 31
    0.0325
    """
    _between_0_and_1(auc, "the AUC")
    m, n = positives, negatives
    if min(m, n) < 1:
        raise InputError(
            f"cases with and without the disease were needed, got {m} and {n}; plan some of each"
        )
    if variance == "obuchowski":
        return math.sqrt(_obuchowski_variance(auc, n / m) / m)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    total = auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    return math.sqrt(total / (m * n))


def cases_for_auc_precision(
    auc: float,
    half_width: float,
    *,
    prevalence: float = 0.5,
    level: float = 0.95,
    variance: VarianceOf = "hanley_mcneil",
) -> CaseNumbers:
    """Cases whose AUC has an interval of a given half width.

    The fewest with ``z SE <= half_width``, SE as in `auc_standard_error`.

    Parameters
    ----------
    auc : float
        Expected.
    half_width : float
        Of the interval on the plain scale.
    prevalence : float
        Share of cases with the disease among those enrolled.
    level : float
    variance : {"hanley_mcneil", "obuchowski"}

    Returns
    -------
    CaseNumbers

    Raises
    ------
    InputError
        If a share is not between 0 and 1, or more than ten million cases would be needed.
    """
    _between_0_and_1(half_width, "the half width")
    z = normal_quantile(level)
    return _fewest(
        lambda m, n: z * auc_standard_error(auc, m, n, variance=variance) <= half_width, prevalence
    )


def cases_for_auc_test(
    auc: float,
    null: float,
    *,
    prevalence: float = 0.5,
    power: float = 0.8,
    significance: float = 0.05,
    variance: VarianceOf = "hanley_mcneil",
) -> CaseNumbers:
    """Cases that show an AUC to differ from a given value, two-sided.

    The fewest with ``z_(1 - alpha / 2) SE(null) + z_power SE(auc) <= |auc - null|``.

    Parameters
    ----------
    auc, null : float
        Expected, and the value to be told from.
    prevalence : float
        Share of cases with the disease among those enrolled.
    power, significance : float
    variance : {"hanley_mcneil", "obuchowski"}

    Returns
    -------
    CaseNumbers

    Raises
    ------
    InputError
        If a share is not between 0 and 1, the values are equal, or more than ten million cases
        would be needed.
    """
    z_alpha, z_beta = _quantiles(power, significance)
    difference = _difference(auc, null)

    def is_enough(m: int, n: int) -> bool:
        under_null = auc_standard_error(null, m, n, variance=variance)
        return z_alpha * under_null + z_beta * auc_standard_error(
            auc, m, n, variance=variance
        ) <= abs(difference)

    return _fewest(is_enough, prevalence)


def cases_for_two_aucs(
    first: float,
    second: float,
    *,
    correlation: float,
    prevalence: float = 0.5,
    power: float = 0.8,
    significance: float = 0.05,
    variance: VarianceOf = "hanley_mcneil",
) -> CaseNumbers:
    """Cases that show two AUCs to differ, two-sided; for independent groups, cases of each group.

    The fewest with ``z_(1 - alpha / 2) SE_0 + z_power SE_1 <= |difference|``, where
    ``SE_1^2 = V_1 + V_2 - 2 r SE(first) SE(second)`` and SE_0 has the first AUC for both [1]_ [2]_.

    Parameters
    ----------
    first, second : float
        Expected AUCs.
    correlation : float
        Of the two AUCs where both scores read the same cases: table I of [2]_ gives it from the
        correlation of the scores, which is a little higher; 0 for independent groups.
    prevalence : float
        Share of cases with the disease among those enrolled.
    power, significance : float
    variance : {"hanley_mcneil", "obuchowski"}

    Returns
    -------
    CaseNumbers

    Raises
    ------
    InputError
        If a share is not between 0 and 1, the AUCs are equal, the correlation is not from 0 to
        below 1, or more than ten million cases would be needed.

    References
    ----------
    .. [1] Hanley JA, McNeil BJ. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747
       (table III)
    .. [2] Hanley JA, McNeil BJ. A method of comparing the areas under receiver operating
       characteristic curves derived from the same cases. Radiology 1983;148:839-843.
       doi:10.1148/radiology.148.3.6878708
    """
    z_alpha, z_beta = _quantiles(power, significance)
    difference = _difference(first, second)
    if not 0 <= correlation < 1:
        raise InputError(
            f"a correlation from 0 to below 1 was needed, got {correlation}; use 0 for independent "
            "groups"
        )

    def is_enough(m: int, n: int) -> bool:
        one = auc_standard_error(first, m, n, variance=variance)
        other = auc_standard_error(second, m, n, variance=variance)
        under_null = math.sqrt(2 * one**2 * (1 - correlation))
        under_other = math.sqrt(one**2 + other**2 - 2 * correlation * one * other)
        return z_alpha * under_null + z_beta * under_other <= abs(difference)

    return _fewest(is_enough, prevalence)


def cases_for_sensitivity_and_specificity(
    sensitivity: float,
    specificity: float,
    half_width: float,
    *,
    prevalence: float,
    level: float = 0.95,
) -> CaseNumbers:
    """Cases to enrol so that sensitivity and specificity have intervals of a given half width.

    ``z^2 s (1 - s) / w^2`` cases of a class, divided by the share of that class among those
    enrolled; the larger of the two totals [1]_.

    Parameters
    ----------
    sensitivity, specificity : float
        Expected.
    half_width : float
        Of either interval.
    prevalence : float
        Share of cases with the disease among those enrolled.
    level : float

    Returns
    -------
    CaseNumbers
        Whose total is enough for both; its split follows the prevalence.

    Raises
    ------
    InputError
        If a share is not between 0 and 1.

    References
    ----------
    .. [1] Buderer NMF. Statistical methodology: I. Incorporating the prevalence of disease into the
       sample size calculation for sensitivity and specificity. Acad Emerg Med 1996;3:895-900
    """
    z = normal_quantile(level)
    _between_0_and_1(sensitivity, "the sensitivity")
    _between_0_and_1(specificity, "the specificity")
    _between_0_and_1(half_width, "the half width")
    _between_0_and_1(prevalence, "the prevalence")
    positives = z**2 * sensitivity * (1 - sensitivity) / half_width**2
    negatives = z**2 * specificity * (1 - specificity) / half_width**2
    total = math.ceil(max(positives / prevalence, negatives / (1 - prevalence)))
    return _split(total, prevalence)


def cases_for_two_proportions(
    first: float, second: float, *, power: float = 0.8, significance: float = 0.05
) -> int:
    """Cases of each of two independent groups that show their shares to differ, two-sided.

    ``(z_(1 - alpha / 2) sqrt(2 p (1 - p)) + z_power sqrt(p1 (1 - p1) + p2 (1 - p2)))^2 /
    (p1 - p2)^2`` with the mean share p [1]_, without continuity correction.

    Parameters
    ----------
    first, second : float
        Expected shares.
    power, significance : float

    Returns
    -------
    int

    Raises
    ------
    InputError
        If a share is not between 0 and 1, or they are equal.

    References
    ----------
    .. [1] Fleiss JL, Levin B, Paik MC. Statistical methods for rates and proportions. 3rd ed, Wiley
       2003. doi:10.1002/0471445428 (equation 4.14)
    """
    z_alpha, z_beta = _quantiles(power, significance)
    difference = _difference(first, second)
    mean = (first + second) / 2
    spread = z_alpha * math.sqrt(2 * mean * (1 - mean)) + z_beta * math.sqrt(
        first * (1 - first) + second * (1 - second)
    )
    return math.ceil(spread**2 / difference**2)


def cases_for_binary_model(
    n_parameters: int,
    prevalence: float,
    r_squared: float,
    *,
    shrinkage: float = 0.9,
    optimism: float = 0.05,
    risk_half_width: float = 0.05,
) -> ModelSampleSize:
    """Cases that a logistic prediction model needs to be developed [1]_.

    With Cox and Snell's R2 and p parameters: ``p / ((S - 1) ln(1 - R2 / S))`` for the shrinkage
    ``S``; the same with ``S = R2 / (R2 + optimism max R2)``, where ``max R2 = 1 - exp(2 lnL / n)``
    of a model without predictors; and ``(1.96 / w)^2 q (1 - q)`` for the overall risk q.

    Parameters
    ----------
    n_parameters : int
        Candidate parameters, before any selection.
    prevalence : float
        Of the outcome.
    r_squared : float
        Of Cox and Snell, expected of the model in new patients.
    shrinkage, optimism, risk_half_width : float
        The criteria.

    Returns
    -------
    ModelSampleSize

    Raises
    ------
    InputError
        If a share is not between 0 and 1, there is no parameter, or R2 is larger than it can be.

    References
    ----------
    .. [1] Riley RD, Ensor J, Snell KIE, et al. Calculating the sample size required for developing
       a clinical prediction model. BMJ 2020;368:m441. doi:10.1136/bmj.m441 (box and figure 3)

    Examples
    --------
    >>> cases_for_binary_model(24, 0.174, 0.288).total  # pmsampsize
    662
    """
    for share, name in ((prevalence, "the prevalence"), (r_squared, "R2"),
                        (shrinkage, "the shrinkage"), (optimism, "the optimism"),
                        (risk_half_width, "the half width")):  # fmt: skip
        _between_0_and_1(share, name)
    if n_parameters < 1:
        raise InputError(f"one parameter at least was needed, got {n_parameters}; count candidates")
    log_null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    largest = 1 - math.exp(2 * log_null)
    if r_squared >= min(largest, shrinkage):
        raise InputError(
            f"an R2 below {min(largest, shrinkage):.3f} was needed at this prevalence and "
            f"shrinkage, got {r_squared}; it is that of Cox and Snell, not Nagelkerke's"
        )
    first = _for_shrinkage(n_parameters, r_squared, shrinkage)
    second = _for_shrinkage(n_parameters, r_squared, r_squared / (r_squared + optimism * largest))
    third = math.ceil((1.96 / risk_half_width) ** 2 * prevalence * (1 - prevalence))
    total = max(first, second, third)
    events = total * prevalence
    return ModelSampleSize(first, second, third, total, events, events / n_parameters)


def _for_shrinkage(n_parameters: int, r_squared: float, shrinkage: float) -> int:
    return math.ceil(n_parameters / ((shrinkage - 1) * math.log(1 - r_squared / shrinkage)))


def _obuchowski_variance(auc: float, ratio: float) -> float:
    """Variance times the number of cases with the disease; ratio of those without to those with."""
    a = 1.414 * float(stats.norm.ppf(auc))
    return 0.0099 * math.exp(-(a**2) / 2) * (5 * a**2 + 8 + (a**2 + 8) / ratio)


def _split(total: int, prevalence: float) -> CaseNumbers:
    positives = min(max(round(total * prevalence), 1), max(total - 1, 1))
    return CaseNumbers(positives, max(total - positives, 1))


def _fewest(is_enough: Callable[[int, int], bool], prevalence: float) -> CaseNumbers:
    """Fewest cases that are enough, by halving; more cases never do worse but for rounding."""
    _between_0_and_1(prevalence, "the prevalence")

    def reaches(total: int) -> bool:
        cases = _split(total, prevalence)
        return is_enough(cases.positives, cases.negatives)

    high = 2
    while not reaches(high):
        high *= 2
        if high > _MOST:
            raise InputError(
                f"a study of up to {_MOST} cases was needed, this one takes more; plan for a "
                "larger difference or a wider interval"
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return _split(high, prevalence)


def _quantiles(power: float, significance: float) -> tuple[float, float]:
    _between_0_and_1(power, "the power")
    _between_0_and_1(significance, "the significance")
    return float(stats.norm.ppf(1 - significance / 2)), float(stats.norm.ppf(power))


def _difference(first: float, second: float) -> float:
    for value in (first, second):
        _between_0_and_1(value, "each value")
    if first == second:
        raise InputError(f"two different values were needed, got {first} twice; nothing to find")
    return first - second


def _between_0_and_1(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise InputError(
            f"{name} must be between 0 and 1, got {value}; 90 % is written 0.9, and 0 and 1 "
            "cannot be planned for"
        )

"""Predictive values where the disease is as frequent as in practice, not as in the study."""

import math

from mamri.evaluation.estimate import Estimate, normal_quantile
from mamri.evaluation.roc import OperatingPoint
from mamri.records import InputError


def predictive_values(
    point: OperatingPoint, prevalence: float, *, level: float = 0.95
) -> tuple[Estimate, Estimate]:
    """Positive and negative predictive value at a given prevalence.

    With sensitivity s, specificity t and prevalence q, ``s q / (s q + (1 - t) (1 - q))`` and
    ``t (1 - q) / ((1 - s) q + t (1 - q))``. The interval is taken on the logit, whose variance is
    ``(1 - s) / (s m) + t / ((1 - t) n)`` for m cases with and n without the disease, for the
    negative one ``s / ((1 - s) m) + (1 - t) / (t n)`` [1]_. The prevalence is taken for known.

    Parameters
    ----------
    point : OperatingPoint
    prevalence : float
        Above 0 and below 1.
    level : float
        Of the intervals.

    Returns
    -------
    positive, negative : Estimate
        NaN where no case would be positive, or negative; the interval NaN where sensitivity or
        specificity is 0 or 1.

    Raises
    ------
    InputError
        If the prevalence or the level is not between 0 and 1.

    References
    ----------
    .. [1] Mercaldo ND, Lau KF, Zhou XH. Confidence intervals for predictive values with an emphasis
       to case-control studies. Stat Med 2007;26:2170-2183. doi:10.1002/sim.2677
    """
    z = normal_quantile(level)
    if not 0 < prevalence < 1:
        raise InputError(
            f"a prevalence between 0 and 1 was needed, got {prevalence}; 1 % is written 0.01"
        )
    s, t, q = point.sensitivity.value, point.specificity.value, prevalence
    m = point.true_positives + point.false_negatives
    n = point.true_negatives + point.false_positives
    exact = not (0 < s < 1 and 0 < t < 1)
    spread = math.nan if exact else (1 - s) / (s * m) + t / ((1 - t) * n)
    other = math.nan if exact else s / ((1 - s) * m) + (1 - t) / (t * n)
    return (
        _on_logit(s * q, (1 - t) * (1 - q), z, spread),
        _on_logit(t * (1 - q), (1 - s) * q, z, other),
    )


def _on_logit(right: float, wrong: float, z: float, variance: float) -> Estimate:
    """Share of the right among all that were called so, with its interval."""
    if right + wrong == 0:
        return Estimate(math.nan, math.nan, math.nan)
    value = right / (right + wrong)
    if math.isnan(variance):
        return Estimate(value, math.nan, math.nan)
    middle, half = math.log(right / wrong), z * math.sqrt(variance)
    lower, upper = (1 / (1 + math.exp(-bound)) for bound in (middle - half, middle + half))
    return Estimate(value, lower, upper)

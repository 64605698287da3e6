"""How well a score does in groups of patients, and how far the groups lie apart.

Groups are those of one variable, such as age or hospital. A group with fewer cases of either class
than a stated minimum is named and counted, but not measured: its figures would be noise.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mamri.evaluation.bootstrap import bootstrap_interval
from mamri.evaluation.calibration import calibration_in_the_large
from mamri.evaluation.cases import group_index, labelled_probabilities, labelled_scores
from mamri.evaluation.delong import AucEstimate, auc_interval
from mamri.evaluation.estimate import UNDEFINED, Estimate
from mamri.evaluation.multiple_testing import holm
from mamri.evaluation.roc import operating_point, roc_auc
from mamri.records import InputError

_NO_AUC = AucEstimate(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class SubgroupSettings:
    """What subgroups are measured with.

    Parameters
    ----------
    threshold : float
        From which on a case is called positive.
    are_probabilities : bool
        Whether calibration is told.
    smallest_class : int
        Cases of each class that a group needs to be measured: assumption.
    bootstrap : int
        Samples of patients for the interval of a gap.
    seed : int
        Of the random numbers.
    """

    threshold: float
    are_probabilities: bool = False
    smallest_class: int = 10
    bootstrap: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One group of a variable; figures are NaN where it is too small.

    Parameters
    ----------
    name : str
    n, n_patients, positives : int
        Cases, their patients, and cases with the disease.
    is_too_small : bool
    auc : AucEstimate
        DeLong, patients as clusters.
    sensitivity, specificity : Estimate
        At the threshold, with Wilson intervals.
    calibration_in_the_large : Estimate
        Logit by which probabilities are too low on the whole; NaN for scores that are none.
    """

    name: str
    n: int
    n_patients: int
    positives: int
    is_too_small: bool
    auc: AucEstimate = _NO_AUC
    sensitivity: Estimate = UNDEFINED
    specificity: Estimate = UNDEFINED
    calibration_in_the_large: Estimate = UNDEFINED


@dataclass(frozen=True, slots=True)
class SubgroupGap:
    """The largest less the smallest figure of the groups of a variable.

    Parameters
    ----------
    measure : str
        ``auc``, ``sensitivity``, ``specificity`` or ``calibration_in_the_large``.
    largest, smallest : str
        Groups that it lies between.
    gap : Estimate
        With a bootstrap interval of the difference of these two groups.
    """

    measure: str
    largest: str
    smallest: str
    gap: Estimate


@dataclass(frozen=True, slots=True)
class SubgroupComparison:
    """Groups of one variable, their gaps, and whether their AUCs differ.

    Parameters
    ----------
    variable : str
    groups : tuple of Subgroup
    gaps : tuple of SubgroupGap
        Empty with fewer than two groups that are large enough.
    chi_squared, degrees_of_freedom, p : float, int, float
        Of equal AUCs; NaN where they cannot be tested.
    p_holm : float
        Over the variables compared together.
    shares_patients : bool
        Whether a patient has cases in several groups, which are then not independent: no test.
    """

    variable: str
    groups: tuple[Subgroup, ...]
    gaps: tuple[SubgroupGap, ...]
    chi_squared: float
    degrees_of_freedom: int
    p: float
    p_holm: float
    shares_patients: bool


def compare_subgroups(
    labels: np.ndarray,
    scores: np.ndarray,
    variables: Mapping[str, np.ndarray],
    settings: SubgroupSettings,
    *,
    patients: np.ndarray | None = None,
) -> tuple[SubgroupComparison, ...]:
    """Measure a score in the groups of each variable, and test whether their AUCs differ.

    AUCs of different patients are independent. With variances ``v_g`` by DeLong's method and the
    mean ``m`` weighted by their inverse, ``sum (A_g - m)^2 / v_g`` is chi-squared with one degree
    of freedom fewer than groups [1]_; for two groups it is the square of
    ``z = (A_1 - A_2) / sqrt(v_1 + v_2)`` [2]_. P-values are adjusted by Holm's method over the
    variables. The groups that a gap lies between were picked for being farthest apart, so that its
    interval flatters the gap; the test does not.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    variables : mapping of str to (n,) str
        Group of each case by variable.
    settings : SubgroupSettings
    patients : (n,) of any one type, or None
        Patient of each case; cases are independent if None.

    Returns
    -------
    tuple of SubgroupComparison
        In the order of the variables.

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, lengths differ, or a score called a
        probability is outside 0 and 1.

    References
    ----------
    .. [1] McClish DK. Combining and comparing area estimates across studies or strata. Med Decis
       Making 1992;12:274-279. doi:10.1177/0272989X9201200405
    .. [2] Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating
       characteristic (ROC) curve. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747
    """
    truth, (values,) = labelled_scores(labels, scores)
    if settings.are_probabilities:
        labelled_probabilities(labels, scores)
    patient = group_index(patients, len(truth))
    found = [
        _compare(name, truth, values, _names(group, name, len(truth)), patient, settings)
        for name, group in variables.items()
    ]
    tested = [n for n, one in enumerate(found) if math.isfinite(one.p)]
    if tested:
        adjusted = holm(np.array([found[n].p for n in tested]))
        for n, p in zip(tested, adjusted, strict=True):
            found[n] = replace(found[n], p_holm=float(p))
    return tuple(found)


def _names(groups: np.ndarray, variable: str, length: int) -> np.ndarray:
    found = np.asarray(groups).astype(str)
    if found.shape != (length,):
        raise InputError(
            f"{variable} must name the group of each of {length} cases, got shape {found.shape}; "
            "bring both lists to the same cases in the same order"
        )
    return found


def _compare(
    variable: str,
    truth: np.ndarray,
    scores: np.ndarray,
    names: np.ndarray,
    patient: np.ndarray,
    settings: SubgroupSettings,
) -> SubgroupComparison:
    groups = tuple(
        _measure(str(name), truth[rows], scores[rows], patient[rows], settings)
        for name in np.unique(names)
        for rows in [names == name]
    )
    pairs = np.unique(np.column_stack([patient, np.unique(names, return_inverse=True)[1]]), axis=0)
    shares = len(pairs) > len(np.unique(patient))
    large = [group for group in groups if not group.is_too_small]
    statistic, freedom, p = (math.nan, max(len(large) - 1, 0), math.nan)
    if not shares and len(large) > 1:
        statistic, freedom, p = _equal_areas([group.auc for group in large])
    gaps = _gaps(large, truth, scores, names, patient, settings)
    return SubgroupComparison(variable, groups, gaps, statistic, freedom, p, math.nan, shares)


def _measure(
    name: str,
    truth: np.ndarray,
    scores: np.ndarray,
    patient: np.ndarray,
    settings: SubgroupSettings,
) -> Subgroup:
    yes, n_patients = int(truth.sum()), len(np.unique(patient))
    too_small = min(yes, len(truth) - yes) < max(settings.smallest_class, 1) or n_patients < 2
    group = Subgroup(name, len(truth), n_patients, yes, too_small)
    if too_small:
        return group
    point = operating_point(truth, scores, settings.threshold)
    return replace(
        group,
        auc=auc_interval(truth, scores, groups=patient),
        sensitivity=point.sensitivity,
        specificity=point.specificity,
        calibration_in_the_large=calibration_in_the_large(truth, scores)
        if settings.are_probabilities
        else UNDEFINED,
    )


def _equal_areas(areas: list[AucEstimate]) -> tuple[float, int, float]:
    """Chi-squared of equal independent AUCs, its degrees of freedom, and p."""
    freedom = len(areas) - 1
    variance = np.array([area.standard_error**2 for area in areas])
    if not (variance > 0).all():  # an AUC of 1 has no error that could be known
        return math.nan, freedom, math.nan
    value = np.array([area.value for area in areas])
    mean = np.average(value, weights=1 / variance)
    statistic = float(np.sum((value - mean) ** 2 / variance))
    return statistic, freedom, float(stats.chi2.sf(statistic, freedom))


def _gaps(
    groups: list[Subgroup],
    truth: np.ndarray,
    scores: np.ndarray,
    names: np.ndarray,
    patient: np.ndarray,
    settings: SubgroupSettings,
) -> tuple[SubgroupGap, ...]:
    """Gap of each measure between the groups in which it is largest and smallest."""
    cut = settings.threshold
    measures: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "auc": roc_auc,
        "sensitivity": lambda y, s: _share(s[y] >= cut),
        "specificity": lambda y, s: _share(s[~y] < cut),
    }
    if settings.are_probabilities:
        measures["calibration_in_the_large"] = _shift
    found = []
    for measure, statistic in measures.items():
        known = [g for g in groups if math.isfinite(getattr(g, measure).value)]
        if len(known) < 2:
            continue
        known.sort(key=lambda group: getattr(group, measure).value)
        low, high = known[0].name, known[-1].name
        sampled = bootstrap_interval(
            _between(statistic, high, low), (truth, scores, names), groups=patient,
            n=settings.bootstrap, seed=settings.seed,
        )  # fmt: skip
        gap = Estimate(sampled.value, sampled.lower, sampled.upper)
        found.append(SubgroupGap(measure, high, low, gap))
    return tuple(found)


def _between(
    statistic: Callable[[np.ndarray, np.ndarray], float], high: str, low: str
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], float]:
    """Difference of a statistic between two groups."""

    def difference(truth: np.ndarray, scores: np.ndarray, names: np.ndarray) -> float:
        first, second = names == high, names == low
        return statistic(truth[first], scores[first]) - statistic(truth[second], scores[second])

    return difference


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else math.nan


def _shift(truth: np.ndarray, scores: np.ndarray) -> float:
    return calibration_in_the_large(truth, scores).value

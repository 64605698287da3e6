"""How well scores tell two classes apart: ROC and precision-recall curves and their points.

A case counts as positive where its score is at or above the threshold.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.evaluation.cases import labelled_scores
from mamri.evaluation.estimate import Estimate, wilson_interval
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """Rates at every distinct score, from the strictest threshold to the laxest.

    Parameters
    ----------
    thresholds : (k,) float
        Falling; the first is infinite, where no case is positive.
    false_positive_rate, true_positive_rate : (k,) float
        1 - specificity, and sensitivity.
    """

    thresholds: np.ndarray
    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray

    def __post_init__(self) -> None:
        for name in ("thresholds", "false_positive_rate", "true_positive_rate"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall at every distinct score, from the laxest threshold to the strictest.

    Parameters
    ----------
    thresholds : (k,) float
        Rising; the last is infinite, where recall is 0 and precision 1 by convention.
    precision, recall : (k,) float
        Positive predictive value, and sensitivity.
    """

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray

    def __post_init__(self) -> None:
        for name in ("thresholds", "precision", "recall"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold does, with Wilson intervals.

    Parameters
    ----------
    threshold : float
    true_positives, false_positives, true_negatives, false_negatives : int
        Cases.
    sensitivity, specificity : Estimate
    positive_predictive_value, negative_predictive_value : Estimate
        At the prevalence of these cases; NaN where no case is positive, or negative.
    """

    threshold: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    sensitivity: Estimate
    specificity: Estimate
    positive_predictive_value: Estimate
    negative_predictive_value: Estimate


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve.

    The share of pairs of a case with and a case without the disease in which the former scores
    higher; ties count half. Computed from the rank sum ``R`` of the ``m`` cases with the disease
    among ``m + n`` as ``(R - m (m + 1) / 2) / (m n)`` [1]_.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, or the lengths differ.

    References
    ----------
    .. [1] Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating
       characteristic (ROC) curve. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    truth, (values,) = labelled_scores(labels, scores)
    m = int(np.count_nonzero(truth))
    rank_sum = stats.rankdata(values)[truth].sum()
    return float((rank_sum - m * (m + 1) / 2) / (m * (len(truth) - m)))


def roc_curve(labels: np.ndarray, scores: np.ndarray) -> RocCurve:
    """ROC curve through every distinct score.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float

    Returns
    -------
    RocCurve
        From (0, 0) to (1, 1).

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, or the lengths differ.
    """
    truth, (values,) = labelled_scores(labels, scores)
    levels, level = np.unique(values, return_inverse=True)
    positives = np.bincount(level, weights=truth)[::-1]
    negatives = np.bincount(level, weights=~truth)[::-1]
    return RocCurve(
        np.concatenate([[np.inf], levels[::-1]]),
        np.concatenate([[0], np.cumsum(negatives)]) / negatives.sum(),
        np.concatenate([[0], np.cumsum(positives)]) / positives.sum(),
    )


def precision_recall_curve(labels: np.ndarray, scores: np.ndarray) -> PrecisionRecallCurve:
    """Precision and recall at every distinct score, computed by scikit-learn.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float

    Returns
    -------
    PrecisionRecallCurve

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, or the lengths differ.
    """
    from sklearn import metrics

    truth, (values,) = labelled_scores(labels, scores)
    precision, recall, thresholds = metrics.precision_recall_curve(truth, values)
    return PrecisionRecallCurve(np.append(thresholds, np.inf), precision, recall)


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the precision-recall curve as a sum of steps, computed by scikit-learn.

    ``sum over thresholds of (R_k - R_{k-1}) P_k``, without interpolation, which would be too
    favourable [1]_. Scores without meaning give the prevalence.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, or the lengths differ.

    References
    ----------
    .. [1] Davis J, Goadrich M. The relationship between precision-recall and ROC curves. Proc 23rd
       Int Conf Machine Learning 2006:233-240. doi:10.1145/1143844.1143874 (section 4)
    """
    from sklearn import metrics

    truth, (values,) = labelled_scores(labels, scores)
    return float(metrics.average_precision_score(truth, values))


def threshold_at_specificity(labels: np.ndarray, scores: np.ndarray, specificity: float) -> float:
    """Lowest threshold that keeps a specificity.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    specificity : float
        To reach at least, 0 to 1.

    Returns
    -------
    float
        One of the scores, or infinity where only calling no case positive reaches it.

    Raises
    ------
    InputError
        As in `roc_auc`, and if the specificity is not within 0 and 1.
    """
    curve, at = _at_specificity(labels, scores, specificity)
    return float(curve.thresholds[at])


def sensitivity_at_specificity(labels: np.ndarray, scores: np.ndarray, specificity: float) -> float:
    """Highest sensitivity among the thresholds that keep a specificity.

    Only thresholds that exist count; there is no interpolation between them. The threshold is
    chosen on the same cases, so that the intervals of `operating_point` would be too narrow here:
    use `bootstrap_interval`.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    specificity : float
        To reach at least, 0 to 1.

    Returns
    -------
    float

    Raises
    ------
    InputError
        As in `roc_auc`, and if the specificity is not within 0 and 1.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([1, 3, 2, 4])
    >>> sensitivity_at_specificity(labels, scores, 0.9)
    0.5
    """
    curve, at = _at_specificity(labels, scores, specificity)
    return float(curve.true_positive_rate[at])


def specificity_at_sensitivity(labels: np.ndarray, scores: np.ndarray, sensitivity: float) -> float:
    """Highest specificity among the thresholds that keep a sensitivity.

    The counterpart of `sensitivity_at_specificity`, with the same cautions.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    sensitivity : float
        To reach at least, 0 to 1.

    Returns
    -------
    float

    Raises
    ------
    InputError
        As in `roc_auc`, and if the sensitivity is not within 0 and 1.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([1, 3, 2, 4])
    >>> specificity_at_sensitivity(labels, scores, 0.9)
    0.5
    """
    if not 0 <= sensitivity <= 1:
        raise InputError(
            f"a sensitivity from 0 to 1 was needed, got {sensitivity}; 90 % is written 0.9"
        )
    curve = roc_curve(labels, scores)
    kept = curve.true_positive_rate >= sensitivity - 1e-12  # as in _at_specificity
    return float(1 - curve.false_positive_rate[kept][0])


def _at_specificity(
    labels: np.ndarray, scores: np.ndarray, specificity: float
) -> tuple[RocCurve, int]:
    """ROC curve, and the index of its laxest point of at least this specificity."""
    if not 0 <= specificity <= 1:
        raise InputError(
            f"a specificity from 0 to 1 was needed, got {specificity}; 90 % is written 0.9"
        )
    curve = roc_curve(labels, scores)
    # 1e-12 so that 0.9 of ten cases is met by one false positive in spite of rounding.
    kept = curve.false_positive_rate <= 1 - specificity + 1e-12
    return curve, int(np.flatnonzero(kept)[-1])


def operating_point(
    labels: np.ndarray, scores: np.ndarray, threshold: float, *, level: float = 0.95
) -> OperatingPoint:
    """Sensitivity, specificity and predictive values of a threshold set beforehand.

    The intervals take the cases for independent: with several lesions of a patient use
    `bootstrap_interval` with its groups.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    threshold : float
        Positive at or above it.
    level : float
        Of the Wilson intervals.

    Returns
    -------
    OperatingPoint

    Raises
    ------
    InputError
        As in `roc_auc`, and if the threshold is NaN or the level not between 0 and 1.
    """
    truth, (values,) = labelled_scores(labels, scores)
    if np.isnan(threshold):
        raise InputError("a threshold was needed, got NaN; give one on the scale of the scores")
    called = values >= threshold
    tp, fp = int(np.sum(called & truth)), int(np.sum(called & ~truth))
    tn, fn = int(np.sum(~called & ~truth)), int(np.sum(~called & truth))
    return OperatingPoint(
        threshold=float(threshold),
        true_positives=tp,
        false_positives=fp,
        true_negatives=tn,
        false_negatives=fn,
        sensitivity=wilson_interval(tp, tp + fn, level=level),
        specificity=wilson_interval(tn, tn + fp, level=level),
        positive_predictive_value=wilson_interval(tp, tp + fp, level=level),
        negative_predictive_value=wilson_interval(tn, tn + fn, level=level),
    )

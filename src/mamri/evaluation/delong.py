"""Interval of an AUC and test between two, after DeLong; for several lesions a patient, Obuchowski.

Each case with the disease has a component, the share of cases without it that it beats, and each
case without it likewise: the AUC is their mean, and their spread gives its variance.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from mamri.evaluation.cases import group_index, labelled_scores
from mamri.evaluation.estimate import normal_quantile


@dataclass(frozen=True, slots=True)
class AucEstimate:
    """AUC, its standard error and confidence interval; NaN where undefined."""

    value: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class AucComparison:
    """Difference of two AUCs on the same cases, first minus second; NaN where undefined.

    Parameters
    ----------
    first, second : float
        The two AUCs.
    difference, standard_error, lower, upper : float
        With a confidence interval on the plain scale.
    z, p : float
        Test of no difference, two-sided.
    """

    first: float
    second: float
    difference: float
    standard_error: float
    lower: float
    upper: float
    z: float
    p: float


def auc_interval(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    level: float = 0.95,
    groups: np.ndarray | None = None,
    scale: Literal["logit", "plain"] = "logit",
) -> AucEstimate:
    """AUC with DeLong's standard error [1]_, by the fast algorithm of [2]_.

    The interval is taken on the logit, ``logit(A) ± z SE / (A (1 - A))``, and turned back, which
    keeps it within 0 and 1 and covers better near 1 [3]_; or on the plain scale, clipped to 0 and
    1, as pROC does. With groups, the variance is that of clustered data [4]_: components
    are summed within each patient, and the covariance between a patient's own lesions with and
    without the disease is added.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    level : float
        Of the interval.
    groups : (n,) of any one type, or None
        Patient of each case; cases are independent if None.
    scale : {"logit", "plain"}
        That the interval is symmetric on.

    Returns
    -------
    AucEstimate
        The interval is NaN where the standard error is 0, as with an AUC of 1, which does not mean
        certainty; the standard error too with one case, or patient, of a class only.

    Raises
    ------
    InputError
        As in `roc_auc`, if the groups do not fit or the level is not between 0 and 1.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated
       receiver operating characteristic curves: a nonparametric approach. Biometrics
       1988;44:837-845. doi:10.2307/2531595
    .. [2] Sun X, Xu W. Fast implementation of DeLong's algorithm for comparing the areas under
       correlated receiver operating characteristic curves. IEEE Signal Process Lett
       2014;21:1389-1393. doi:10.1109/LSP.2014.2337313 (algorithm 2)
    .. [3] Pepe MS. The statistical evaluation of medical tests for classification and prediction.
       Oxford University Press 2003 (section 5.2.4)
    .. [4] Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics
       1997;53:567-578. doi:10.2307/2533958

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 0, 1, 1, 1]), np.array([1, 2, 4, 3, 5, 6])
    >>> found = auc_interval(labels, scores)
    >>> round(found.value, 3), round(found.standard_error, 3)
    (0.889, 0.157)
    """
    z = normal_quantile(level)
    truth, rows = labelled_scores(labels, scores)
    areas, covariance = areas_and_covariance(truth, rows, groups)
    area, error = float(areas[0]), float(np.sqrt(covariance[0, 0]))
    if not error > 0:
        return AucEstimate(area, error, float("nan"), float("nan"))
    if scale == "plain":
        lower, upper = max(area - z * error, 0), min(area + z * error, 1)
        return AucEstimate(area, error, lower, upper)
    middle, half = np.log(area / (1 - area)), z * error / (area * (1 - area))
    lower, upper = (float(1 / (1 + np.exp(-bound))) for bound in (middle - half, middle + half))
    return AucEstimate(area, error, lower, upper)


def compare_auc(
    labels: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    level: float = 0.95,
    groups: np.ndarray | None = None,
) -> AucComparison:
    """Test whether two scores of the same cases have the same AUC, after DeLong.

    ``z = (A1 - A2) / sqrt(var A1 + var A2 - 2 cov)``; sources and groups as in `auc_interval`. Not
    meant for a model and the same model with more variables fitted to these very cases, where the
    test is far too cautious [1]_.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    first, second : (n,) float
        Scores of the two models.
    level : float
        Of the interval.
    groups : (n,) of any one type, or None
        Patient of each case; cases are independent if None.

    Returns
    -------
    AucComparison
        Scores that order all cases alike give z = 0 and p = 1.

    Raises
    ------
    InputError
        As in `auc_interval`.

    References
    ----------
    .. [1] Demler OV, Pencina MJ, D'Agostino RB. Misuse of DeLong test to compare AUCs for nested
       models. Stat Med 2012;31:2577-2587. doi:10.1002/sim.5328
    """
    quantile = normal_quantile(level)
    truth, rows = labelled_scores(labels, first, second)
    areas, covariance = areas_and_covariance(truth, rows, groups)
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # Rounding leaves about 1e-17 where the two scores order all cases alike.
    error = float(np.sqrt(variance)) if not variance < 1e-15 else 0.0
    undefined = 0.0 if abs(difference) < 1e-12 else float("nan")
    z = difference / error if error != 0 else undefined
    return AucComparison(
        first=float(areas[0]),
        second=float(areas[1]),
        difference=difference,
        standard_error=error,
        lower=difference - quantile * error,
        upper=difference + quantile * error,
        z=z,
        p=float(2 * stats.norm.sf(abs(z))),
    )


def areas_and_covariance(
    truth: np.ndarray, rows: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """AUC of each of several rows of scores of the same cases, and the AUCs' covariance.

    Parameters
    ----------
    truth : (n,) bool
        Both classes.
    rows : (k, n) float
        Finite scores.
    groups : (n,) of any one type, or None
        Patient of each case.

    Returns
    -------
    areas : (k,) float
    covariance : (k, k) float
        By DeLong, and Obuchowski with groups, as in `auc_interval`; NaN with one case, or patient,
        of a class.
    """
    patient = group_index(groups, len(truth))
    m, n = np.count_nonzero(truth), np.count_nonzero(~truth)
    ranks = stats.rankdata(rows, axis=1)
    with_disease = (ranks[:, truth] - stats.rankdata(rows[:, truth], axis=1)) / n  # (k, m)
    without = 1 - (ranks[:, ~truth] - stats.rankdata(rows[:, ~truth], axis=1)) / m  # (k, n)
    areas = with_disease.mean(axis=1)
    above = _sums(with_disease - areas[:, None], patient[truth], patient.max() + 1)
    below = _sums(without - areas[:, None], patient[~truth], patient.max() + 1)
    i_10, i_01 = len(np.unique(patient[truth])), len(np.unique(patient[~truth]))
    i = patient.max() + 1
    if min(i_10, i_01) < 2:
        return areas, np.full((len(rows), len(rows)), np.nan)
    # S10 / m, S01 / n and S11 / (m n) of Obuchowski; DeLong's where each patient has one case.
    s_10 = i_10 / (i_10 - 1) * above @ above.T / m**2
    s_01 = i_01 / (i_01 - 1) * below @ below.T / n**2
    s_11 = i / (i - 1) * above @ below.T / (m * n)
    return areas, s_10 + s_01 + s_11 + s_11.T


def _sums(values: np.ndarray, patient: np.ndarray, n_patients: int) -> np.ndarray:
    """Sum of each row's values over each patient, (k, n_patients)."""
    return np.stack([np.bincount(patient, row, n_patients) for row in values])

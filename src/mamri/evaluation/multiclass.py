"""Measures for more than two classes, numbered from 0."""

from typing import Literal

import numpy as np

from mamri.evaluation.cases import number_list
from mamri.evaluation.estimate import UNDEFINED, Estimate, normal_quantile
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError


def one_vs_rest_auc(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """AUC of each class against all others.

    Parameters
    ----------
    labels : (n,) int
        Class of each case, 0 to K - 1.
    probabilities : (n, K) float
        One column a class.

    Returns
    -------
    (K,) float

    Raises
    ------
    InputError
        If a class has no case, a number is not finite, or the shapes do not fit.
    """
    truth, predicted = _classes_and_scores(labels, probabilities)
    return np.array([roc_auc(truth == k, predicted[:, k]) for k in range(predicted.shape[1])])


def multiclass_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """M measure of Hand and Till: mean AUC over all pairs of classes.

    ``M = 2 / (K (K - 1)) sum over i < j of (A(i|j) + A(j|i)) / 2``, where A(i|j) is the AUC of the
    probability of class i among the cases of classes i and j alone [1]_. It does not depend on the
    prevalence of the classes.

    Parameters
    ----------
    labels : (n,) int
        Class of each case, 0 to K - 1.
    probabilities : (n, K) float

    Returns
    -------
    float
        The AUC if there are two classes whose probabilities sum to 1.

    Raises
    ------
    InputError
        As in `one_vs_rest_auc`.

    References
    ----------
    .. [1] Hand DJ, Till RJ. A simple generalisation of the area under the ROC curve for multiple
       class classification problems. Mach Learn 2001;45:171-186. doi:10.1023/A:1010920819831
       (equation 7)
    """
    truth, predicted = _classes_and_scores(labels, probabilities)
    areas = []
    for i in range(predicted.shape[1]):
        for j in range(predicted.shape[1]):
            if i != j:
                pair = (truth == i) | (truth == j)
                areas.append(roc_auc(truth[pair] == i, predicted[pair, i]))
    return float(np.mean(areas))


def confusion_matrix(
    labels: np.ndarray, predicted: np.ndarray, *, n_classes: int | None = None
) -> np.ndarray:
    """Cases by true and predicted class.

    Parameters
    ----------
    labels, predicted : (n,) int
        Classes from 0 on.
    n_classes : int or None
        As many as occur if None.

    Returns
    -------
    (K, K) int
        Rows are true, columns predicted classes.

    Raises
    ------
    InputError
        If a class is not a whole number from 0 to below n_classes, or the lengths differ.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]))
    array([[1, 0],
           [1, 1]])
    """
    truth = _class_list(labels, "labels")
    found = _class_list(predicted, "predicted classes", length=len(truth))
    highest = int(max(truth.max(), found.max()))
    k = highest + 1 if n_classes is None else n_classes
    if highest >= k:
        raise InputError(f"classes below {k} were needed, got {highest}; number classes from 0 on")
    return np.bincount(truth * k + found, minlength=k * k).reshape(k, k)


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean share of correct cases over the classes that occur [1]_.

    Parameters
    ----------
    labels, predicted : (n,) int
        Classes from 0 on.

    Returns
    -------
    float
        Not rescaled: guessing gives 1 / K.

    Raises
    ------
    InputError
        As in `confusion_matrix`.

    References
    ----------
    .. [1] Brodersen KH, Ong CS, Stephan KE, Buhmann JM. The balanced accuracy and its posterior
       distribution. Proc 20th Int Conf Pattern Recognition 2010:3121-3124.
       doi:10.1109/ICPR.2010.764
    """
    table = confusion_matrix(labels, predicted)
    total = table.sum(axis=1)
    return float(np.mean(np.diag(table)[total > 0] / total[total > 0]))


def cohen_kappa(
    first: np.ndarray,
    second: np.ndarray,
    *,
    weights: Literal["none", "quadratic"] = "none",
    n_classes: int | None = None,
    level: float = 0.95,
) -> Estimate:
    """Agreement of two readers beyond chance.

    ``(po - pe) / (1 - pe)``, with the weighted shares of observed and chance agreement; the weight
    of a pair of classes (i, j) is 1 if equal and else 0 [1]_, or ``1 - (i - j)^2 / (K - 1)^2``
    [2]_. The interval takes the standard error of [3]_, which takes the cases for
    independent and needs some dozens of them.

    Parameters
    ----------
    first, second : (n,) int
        Classes from 0 on, in order if the weights are quadratic.
    weights : {"none", "quadratic"}
    n_classes : int or None
        As many as occur if None; does not change the value.
    level : float
        Of the interval.

    Returns
    -------
    Estimate
        NaN where both readers gave one and the same class throughout.

    Raises
    ------
    InputError
        As in `confusion_matrix`, and if the level is not between 0 and 1.

    References
    ----------
    .. [1] Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46.
       doi:10.1177/001316446002000104 (equation 1)
    .. [2] Cohen J. Weighted kappa: nominal scale agreement with provision for scaled disagreement
       or partial credit. Psychol Bull 1968;70:213-220. doi:10.1037/h0026256
    .. [3] Fleiss JL, Cohen J, Everitt BS. Large sample standard errors of kappa and weighted kappa.
       Psychol Bull 1969;72:323-327. doi:10.1037/h0028106
    """
    z = normal_quantile(level)
    table = confusion_matrix(first, second, n_classes=n_classes)
    n, k = table.sum(), len(table)
    share = table / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    steps = np.subtract.outer(np.arange(k), np.arange(k))
    weight = np.eye(k) if weights == "none" else 1 - steps**2 / max(k - 1, 1) ** 2
    observed, chance = float((weight * share).sum()), float(rows @ weight @ columns)
    if 1 - chance < 1e-12:
        return UNDEFINED
    kappa = (observed - chance) / (1 - chance)
    mean_weight = np.add.outer(weight @ columns, rows @ weight)
    spread = (share * (weight - mean_weight * (1 - kappa)) ** 2).sum()
    variance = (spread - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    half = z * float(np.sqrt(max(variance, 0)))
    return Estimate(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0))


def _class_list(values: np.ndarray, name: str, *, length: int | None = None) -> np.ndarray:
    """Class numbers of the cases, (n,) int."""
    found = number_list(values, name, length=length)
    if found.min() < 0 or (found != np.rint(found)).any():
        raise InputError(
            f"{name} must be whole numbers from 0 on, got values from {found.min():g} to "
            f"{found.max():g}; number the classes first"
        )
    return found.astype(np.int64)


def _classes_and_scores(
    labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Classes (n,) int, all present, and scores (n, K) float."""
    truth = _class_list(labels, "labels")
    scores = np.asarray(probabilities, np.float64)
    if scores.ndim != 2 or len(scores) != len(truth) or scores.shape[1] < 2:
        raise InputError(
            f"one row of probabilities for each of {len(truth)} cases and one column for each of "
            f"two or more classes was needed, got shape {scores.shape}; stack one column a class"
        )
    if not np.isfinite(scores).all():
        raise InputError(
            f"probabilities must be finite, got {np.count_nonzero(~np.isfinite(scores))} that are "
            f"not; leave these cases out and report how many they are"
        )
    present = np.unique(truth).tolist()
    if present != list(range(scores.shape[1])):
        raise InputError(
            f"cases of each of {scores.shape[1]} classes were needed, got classes {present}; leave "
            f"out the columns of classes that do not occur"
        )
    return truth, scores

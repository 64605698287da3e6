"""What acting on a prediction is worth, against acting on all women or none."""

from dataclasses import dataclass

import numpy as np

from mamri.evaluation.cases import labelled_probabilities, number_list
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit at each threshold, in true positives per case.

    Parameters
    ----------
    thresholds : (t,) float
        Probabilities from which on one would act.
    model, treat_all, treat_none : (t,) float
        Net benefit of acting by the model, on every case, on none (0).
    """

    thresholds: np.ndarray
    model: np.ndarray
    treat_all: np.ndarray
    treat_none: np.ndarray

    def __post_init__(self) -> None:
        for name in ("thresholds", "model", "treat_all", "treat_none"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def decision_curve(
    labels: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray
) -> DecisionCurve:
    """Net benefit of a model over thresholds [1]_.

    ``TP / n - FP / n * pt / (1 - pt)``, where cases with a probability at or above the threshold
    ``pt`` are acted on: the odds at ``pt`` say how many needless actions one necessary action is
    worth. Acting on all gives ``q - (1 - q) pt / (1 - pt)`` at prevalence ``q``. The prevalence is
    that of the cases: a case-control sample needs weights, which this does not do.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
        Calibrated.
    thresholds : (t,) float
        From 0 up to, but without, 1.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    InputError
        If a probability or threshold is out of range, or the lengths differ.

    References
    ----------
    .. [1] Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction
       models. Med Decis Making 2006;26:565-574. doi:10.1177/0272989X06295361 (page 567)

    Examples
    --------
    >>> labels, probabilities = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1])
    >>> decision_curve(labels, probabilities, np.array([0.2])).model
    array([0.4375])
    """
    truth, predicted = labelled_probabilities(labels, probabilities)
    at = number_list(thresholds, "thresholds")
    if at.min() < 0 or at.max() >= 1:
        raise InputError(
            f"thresholds from 0 to below 1 were needed, got {at.min():g} to {at.max():g}; at 1 no "
            f"harm is worth any benefit"
        )
    odds = at / (1 - at)
    n = len(truth)
    with_disease, without = np.sort(predicted[truth]), np.sort(predicted[~truth])
    true_positives = len(with_disease) - np.searchsorted(with_disease, at)
    false_positives = len(without) - np.searchsorted(without, at)
    return DecisionCurve(
        thresholds=at,
        model=true_positives / n - false_positives / n * odds,
        treat_all=len(with_disease) / n - len(without) / n * odds,
        treat_none=np.zeros_like(at),
    )

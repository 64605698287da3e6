"""Figures as plain values that go into JSON: numbers rounded, None where undefined.

What a document of an experiment and one of an evaluation both hold has its form here.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from mamri.evaluation.calibration import (
    brier_score,
    calibration_curve,
    expected_calibration_error,
    logistic_recalibration,
)
from mamri.evaluation.decision_curve import decision_curve
from mamri.evaluation.kaplan_meier import kaplan_meier
from mamri.evaluation.log_rank import log_rank_test
from mamri.evaluation.multiple_testing import holm
from mamri.records import InputError

Figures = dict[str, Any]
_DECISIONS = np.round(np.arange(0.02, 0.99, 0.02), 2)
_EDGE = 1e-6  # probabilities of 0 and 1 are moved by this before their logit is taken


def rounded(value: float) -> float | None:
    """A number at four decimals, None where it is not finite."""
    return round(float(value), 4) if np.isfinite(value) else None


def rounded_list(values: np.ndarray) -> list[float | None]:
    """Numbers at four decimals, None where not finite."""
    return [rounded(value) for value in values]


def p_figure(p: float) -> float | None:
    """A p-value at three digits, None where undefined."""
    return float(f"{p:.3g}") if np.isfinite(p) else None


def interval_figure(estimate: Any) -> Figures:
    """``value``, ``lower`` and ``upper`` of an estimate that has these fields."""
    return {key: rounded(getattr(estimate, key)) for key in ("value", "lower", "upper")}


def difference_figure(comparison: Any) -> Figures:
    """``difference`` with its interval, and ``p``, of a comparison of a first and a second."""
    return {
        "difference": {
            "value": rounded(comparison.first - comparison.second),
            "lower": rounded(comparison.lower),
            "upper": rounded(comparison.upper),
        },
        "p": p_figure(comparison.p),
    }


def with_holm(rows: Sequence[Mapping[str, Any]]) -> list[Figures]:
    """Rows that have a ``p``, each with ``p_holm`` over all rows whose p is known.

    Parameters
    ----------
    rows : sequence of mapping
        Each with a ``p``, None where undefined.

    Returns
    -------
    list of dict
    """
    told = [row["p"] for row in rows if row["p"] is not None]
    adjusted: Iterable[float] = holm(np.array(told)) if told else ()
    each = iter(adjusted)
    return [
        {**row, "p_holm": None if row["p"] is None else float(f"{next(each):.3g}")} for row in rows
    ]


def calibration_figures(labels: np.ndarray, probabilities: np.ndarray) -> Figures:
    """Brier score, calibration and decision curve of probabilities.

    Parameters
    ----------
    labels : (n,) bool
    probabilities : (n,) float

    Returns
    -------
    dict of plain values
        ``brier``, ``calibration`` (slope and intercept in the large None where a threshold
        separates the classes or all probabilities are equal) and ``decision_curve``.
    """
    bins = min(10, max(2, len(probabilities) // 20))
    curve = calibration_curve(labels, probabilities, bins=bins)
    decisions = decision_curve(labels, probabilities, _DECISIONS)
    slope: Figures | None = None
    intercept: Figures | None = None
    with suppress(InputError):  # the same probability for all, or classes that part entirely
        fit = logistic_recalibration(labels, np.clip(probabilities, _EDGE, 1 - _EDGE))
        slope = interval_figure(fit.slope)
        intercept = interval_figure(fit.intercept_in_the_large)
    return {
        "brier": rounded(brier_score(labels, probabilities)),
        "calibration": {
            "slope": slope,
            "intercept_in_the_large": intercept,
            "expected_error": rounded(expected_calibration_error(labels, probabilities)),
            "predicted": rounded_list(curve.predicted),
            "observed": rounded_list(curve.observed),
            "lower": rounded_list(curve.lower),
            "upper": rounded_list(curve.upper),
        },
        "decision_curve": {
            "thresholds": rounded_list(decisions.thresholds),
            "model": rounded_list(decisions.model),
            "treat_all": rounded_list(decisions.treat_all),
        },
    }


def survival_group_figures(
    times: np.ndarray, events: np.ndarray, groups: np.ndarray, names: Sequence[str]
) -> Figures:
    """Kaplan-Meier curves of groups, and the log-rank test between them.

    Parameters
    ----------
    times : (n,) float
    events : (n,) bool
    groups : (n,) int
        Number of the group of each, 0 on.
    names : sequence of str
        Of the groups; a group without events has a curve at 1.

    Returns
    -------
    dict of plain values
        ``log_rank_p`` and ``curves`` by name.
    """
    test = log_rank_test(times, events, groups)
    return {
        "log_rank_p": p_figure(test.p),
        "curves": {
            name: _curve(times[groups == k], events[groups == k]) for k, name in enumerate(names)
        },
    }


def _curve(times: np.ndarray, events: np.ndarray) -> Figures:
    if not events.any():  # has no Kaplan-Meier estimate, but stays at 1 for as long as seen
        seen, count = np.unique(times, return_counts=True)
        ones = [1.0] * len(seen)
        at_risk = len(times) - np.cumsum(count) + count
        lists = {"survival": ones, "lower": ones, "upper": ones}
        return {"times": rounded_list(seen), **lists, "at_risk": at_risk.tolist()}
    curve = kaplan_meier(times, events)
    return {
        "times": rounded_list(curve.times),
        "survival": rounded_list(curve.survival),
        "lower": rounded_list(curve.lower),
        "upper": rounded_list(curve.upper),
        "at_risk": [int(n) for n in curve.at_risk],
    }

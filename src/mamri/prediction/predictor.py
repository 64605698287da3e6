"""A model of a table that answers for single cases: probability, interval, set, or withheld."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.prediction.calibration import (
    Calibration,
    prediction_sets,
    probability_interval,
)
from mamri.prediction.domain import Domain, beyond, outside
from mamri.prediction.experiment import Target, TargetKind
from mamri.prediction.learner import joint_answer
from mamri.prediction.preparation import Preparation, prepare
from mamri.prediction.table_learner import TableMember

LEVEL = 0.9  # of prediction sets and of intervals of numbers


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """The answer for one case.

    Parameters
    ----------
    value : str, float or None
        Class, number, or of survival the share of the training cases with a lower risk, %; None
        where it is withheld or more than one class remains.
    probability : mapping of class to float
        Empty of numbers and risks, and where the answer is withheld.
    interval : (low, high) or None
        Of the probability of yes, or of a number.
    possible : tuple of str
        Classes that cannot be excluded.
    reason : str
        Why the answer is withheld or left open; empty where it is given.
    """

    value: str | float | None
    probability: Mapping[str, float]
    interval: tuple[float, float] | None
    possible: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """Everything that an answer needs.

    Parameters
    ----------
    name : str
    target : Target
    classes : tuple of str
    columns : tuple of str
        Features, as ``name`` or ``name=word``.
    members : tuple of TableMember
    calibration : Calibration or None
    residuals : (n,) float
        Of numbers absolute errors of unseen training cases, of survival their risks.
    preparation : Preparation
        Of all training cases, for the domain.
    domain : Domain
    limits : (2, F) float
        Lowest and highest value of each feature that is not too far from the training cases.
    """

    name: str
    target: Target
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    members: tuple[TableMember, ...]
    calibration: Calibration | None
    residuals: np.ndarray
    preparation: Preparation
    domain: Domain
    limits: np.ndarray

    @property
    def needed(self) -> tuple[str, ...]:
        """Names of the columns that a member sees, without words."""
        return tuple(dict.fromkeys(self.columns[n].split("=")[0] for n in self.seen))

    @property
    def seen(self) -> np.ndarray:
        """Features that a member sees, (H,) int."""
        return np.unique(np.concatenate([m.preparation.columns for m in self.members]))


def predict_case(predictor: Predictor, cells: Mapping[str, Any]) -> Predicted:
    """Answer for one case.

    Parameters
    ----------
    predictor : Predictor
    cells : mapping of column to cell
        As in ``features.csv``; None or empty where a value is missing.

    Returns
    -------
    Predicted
        Withheld where a column is unknown, too much is missing, or the case is unlike the training
        cases.
    """
    unknown = [name for name in predictor.needed if name not in cells]
    if unknown:
        return withheld(f"it needs {', '.join(unknown[:4])}, which this exam does not give")
    if predictor.preparation.sites is not None:
        return withheld("it was trained with features harmonised by site, and this site is unknown")
    x = case_vector(cells, predictor.columns)[None]
    sites = np.array([""])
    missing = np.isnan(x[:, predictor.seen]).mean(axis=1)
    prepared = prepare(x, sites, predictor.preparation)
    seen = predictor.seen
    reason = outside(prepared, missing, predictor.domain)[0] or beyond(
        x[0, seen], predictor.limits[:, seen], [predictor.columns[n] for n in seen]
    )
    if reason:
        return withheld(reason)
    kind = predictor.target.kind
    scores = np.stack([member.score(x, sites, kind) for member in predictor.members])
    return predicted(
        scores, predictor.target.kind, predictor.classes, predictor.calibration, predictor.residuals
    )


def case_vector(cells: Mapping[str, Any], columns: Sequence[str]) -> np.ndarray:
    """Numbers of one case, (F,); NaN where a cell is empty or no number.

    Parameters
    ----------
    cells : mapping of column to cell
    columns : sequence of str
        ``name`` or ``name=word``.
    """
    found = np.full(len(columns), np.nan)
    for n, column in enumerate(columns):
        name, _, word = column.partition("=")
        cell = cells.get(name)
        if cell is None or cell == "":
            continue
        if word:
            found[n] = float(str(cell) == word)
            continue
        try:
            found[n] = float(cell)
        except ValueError:
            continue
    found[~np.isfinite(found)] = np.nan
    return found


def withheld(reason: str) -> Predicted:
    """No answer, and why."""
    return Predicted(None, {}, None, (), f"withheld: {reason}")


def predicted(
    scores: np.ndarray,
    kind: TargetKind,
    classes: Sequence[str],
    calibration: Calibration | None,
    residuals: np.ndarray,
) -> Predicted:
    """The answer that scores of one case give.

    Parameters
    ----------
    scores : (members, 1, K) float
    kind : TargetKind
    classes : sequence of str
    calibration : Calibration or None
        None of numbers and risks.
    residuals : (n,) float
        As in `Predictor`.
    """
    if kind is TargetKind.SURVIVAL:
        return Predicted(100 * float(np.mean(residuals < scores.mean())), {}, None, (), "")
    if calibration is None:
        value = float(scores.mean())
        return Predicted(value, {}, _number_interval(value, residuals), (), "")
    probability = joint_answer(scores, calibration)
    kept = prediction_sets(scores, calibration, LEVEL)[0]
    possible = tuple(c for c, is_kept in zip(classes, kept, strict=True) if is_kept)
    interval = None
    if kind is TargetKind.BINARY:
        low, high = probability_interval(float(scores[:, 0, 0].mean()), calibration)
        # Two ways to calibrate: the interval holds what both say.
        yes = float(probability[0, 1])
        interval = (min(low, yes), max(high, yes))
    by_class = {name: float(p) for name, p in zip(classes, probability[0], strict=True)}
    if len(possible) == 1:
        return Predicted(possible[0], by_class, interval, possible, "")
    left = " and ".join(possible) if possible else "no class fits well"
    return Predicted(
        None, by_class, interval, possible, f"undecided at {100 * LEVEL:.0f} %: {left}"
    )


def _number_interval(value: float, residuals: np.ndarray) -> tuple[float, float]:
    """From the errors of unseen training cases."""
    n = residuals.size
    rank = min(n - 1, int(np.ceil(LEVEL * (n + 1))) - 1)
    half = float(np.sort(residuals)[rank])
    return value - half, value + half

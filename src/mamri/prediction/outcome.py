"""Outcomes of cases as numbers to learn from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mamri.prediction.experiment import Target, TargetKind
from mamri.records import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of the cases of which it is known.

    Parameters
    ----------
    kind : TargetKind
    rows : (m,) int
        Cases of the cohort with a known outcome.
    y : (m,) int or float
        Class of each, a number, or a time.
    event : (m,) bool
        Survival: whether the event was seen; all true else.
    classes : tuple of str
        Names of the classes; ``("no", "yes")`` of a binary target, empty of numbers and times.
    """

    kind: TargetKind
    rows: np.ndarray
    y: np.ndarray
    event: np.ndarray
    classes: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Number of cases by class, or of events and censored cases, or of numbers."""
        if self.classes:
            return {name: int(np.sum(self.y == k)) for k, name in enumerate(self.classes)}
        if self.kind is TargetKind.SURVIVAL:
            return {"event": int(self.event.sum()), "censored": int((~self.event).sum())}
        return {"known": len(self.y)}


def outcome_of(cases: pd.DataFrame, target: Target) -> Outcome:
    """Read the outcome of every case.

    Parameters
    ----------
    cases : DataFrame
    target : Target

    Returns
    -------
    Outcome
        Cases whose cell is empty are left out.

    Raises
    ------
    InputError
        If the column is missing, a cell cannot be read, or only one class is there.
    """
    for name in filter(None, (target.column, target.event)):
        if name not in cases.columns:
            raise InputError(
                f"the target {target.name} is read from column {name}, which the cohort lacks; "
                "correct the table target"
            )
    cells = cases[target.column]
    known = cells.notna()
    if target.event:
        known &= cases[target.event].notna()
    rows = np.flatnonzero(known)
    if rows.size == 0:
        raise InputError(f"column {target.column} has no outcome in any case; fill it in")
    y, event, classes = _read(cases.iloc[rows], target)
    outcome = Outcome(target.kind, rows, y, event, classes)
    counts = outcome.counts()
    if classes and (len(counts) < 2 or min(counts.values()) == 0):
        said = ", ".join(f"{name} {n}" for name, n in counts.items())
        raise InputError(
            f"the target {target.name} needs cases of every class, the cohort has {said}; "
            "check the values of positive or classes, or the rows that are kept"
        )
    if target.kind is TargetKind.SURVIVAL and counts["event"] == 0:
        raise InputError(f"survival needs events, column {target.event} has none; check it")
    return outcome


def _read(cases: pd.DataFrame, target: Target) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    cells = cases[target.column]
    always = np.ones(len(cells), bool)
    if target.kind is TargetKind.CLASSES:
        words = cells.map(cell_word)
        classes = target.classes or tuple(sorted(words.unique()))
        if unknown := sorted(set(words) - set(classes)):
            raise InputError(
                f"classes of {target.name} are {', '.join(classes)}, column {target.column} holds "
                f"also {', '.join(unknown[:5])}; add them to classes or leave these rows out"
            )
        return words.map(classes.index).to_numpy(int), always, classes
    if target.kind is TargetKind.BINARY and target.positive:
        words = cells.map(cell_word)
        wanted = {cell_word(value) for value in target.positive}
        return words.isin(wanted).to_numpy(int), always, ("no", "yes")
    numbers = _numbers(cells, target.column)
    if target.kind is TargetKind.BINARY:
        return (numbers >= target.cut_off).astype(int), always, ("no", "yes")
    if target.kind is TargetKind.NUMBER:
        return numbers, always, ()
    event = _numbers(cases[target.event], target.event)
    if not np.isin(event, (0, 1)).all() or (numbers < 0).any():
        raise InputError(
            f"survival needs times of 0 and more in {target.column} and 0 or 1 in {target.event}; "
            "other values came: correct the table"
        )
    return numbers, event == 1, ()


def _numbers(cells: pd.Series, name: str) -> np.ndarray:
    numbers = pd.to_numeric(cells, errors="coerce")
    if numbers.isna().any():
        bad = str(cells[numbers.isna()].iloc[0])[:20]
        raise InputError(f"column {name} should hold numbers, it holds {bad!r}; correct the table")
    return numbers.to_numpy(float)


def cell_word(value: object) -> str:
    """Cell as a word: 1.0 and 1 are the same."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text

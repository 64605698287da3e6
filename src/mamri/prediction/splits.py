"""Parting cases into those that are learned from and those that are tested on, by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import TargetKind, Validation, ValidationKind
from mamri.prediction.outcome import Outcome, cell_word
from mamri.records import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One way to part the cases of an outcome.

    Parameters
    ----------
    name : str
        ``fold 1``, or the site that is left out.
    repeat : int
        From 1.
    train, test : (k,) int
        Places in ``Outcome.rows``.
    """

    name: str
    repeat: int
    train: np.ndarray
    test: np.ndarray


def outer_splits(
    cohort: Cohort, outcome: Outcome, validation: Validation, seed: int
) -> tuple[Split, ...]:
    """Part the cases as a validation asks; no patient is ever on both sides.

    Parameters
    ----------
    cohort : Cohort
    outcome : Outcome
    validation : Validation
    seed : int

    Returns
    -------
    tuple of Split

    Raises
    ------
    InputError
        If the cohort lacks the column, or has too few patients, sites or classes.
    """
    patients = cohort.patients[outcome.rows]
    if validation.kind is ValidationKind.NESTED:
        return tuple(
            Split(f"fold {k + 1}", repeat + 1, train, test)
            for repeat in range(validation.repeats)
            for k, (train, test) in enumerate(
                grouped_folds(strata(outcome), patients, validation.folds, seed + 1000 * repeat)
            )
        )
    if validation.kind is ValidationKind.SITES:
        splits = _by_site(cohort.sites[outcome.rows])
    elif validation.kind is ValidationKind.TEMPORAL:
        splits = (_latest(cohort, outcome, patients, validation.test_share),)
    else:
        splits = (_given(cohort, outcome, validation),)
    for split in splits:
        if both := set(patients[split.train]) & set(patients[split.test]):
            raise InputError(
                f"{len(both)} patients have cases on both sides of the split {split.name}; give "
                "all cases of a patient the same site, date or part"
            )
    return splits


def grouped_folds(
    classes: np.ndarray, groups: np.ndarray, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds that keep groups whole and spread classes evenly.

    Parameters
    ----------
    classes : (n,) int
    groups : (n,) str
    folds : int
    seed : int

    Returns
    -------
    list of (train, test), each (k,) int

    Raises
    ------
    InputError
        If a class has fewer patients than folds.
    """
    for k in np.unique(classes):
        n = np.unique(groups[classes == k]).size
        if n < folds:
            raise InputError(
                f"{folds} folds need as many patients of every class, one class has {n}; take "
                "fewer folds or more cases"
            )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return [(train, test) for train, test in splitter.split(classes, classes, groups)]


def strata(outcome: Outcome) -> np.ndarray:
    """Classes that folds are balanced by, (m,) int: quarters of a number, events of times."""
    if outcome.classes:
        return outcome.y.astype(int)
    if outcome.kind is TargetKind.SURVIVAL:
        return outcome.event.astype(int)
    return np.digitize(outcome.y, np.quantile(outcome.y, (0.25, 0.5, 0.75)))


def _by_site(sites: np.ndarray) -> tuple[Split, ...]:
    names: Sequence[str] = np.unique(sites).tolist()
    if len(names) < 2 or "" in names:
        raise InputError(
            "leaving sites out needs a site for every case and two sites or more, the cohort has "
            f"{', '.join(n or 'cases without one' for n in names)}; fill in the column of sites"
        )
    return tuple(
        Split(name, 1, np.flatnonzero(sites != name), np.flatnonzero(sites == name))
        for name in names
    )


def _latest(cohort: Cohort, outcome: Outcome, patients: np.ndarray, share: float) -> Split:
    if not cohort.columns.date:
        raise InputError("a temporal validation needs a column of dates, the cohort has none")
    cells = cohort.cases[cohort.columns.date].iloc[outcome.rows]
    dates = pd.to_datetime(cells, errors="coerce", format="ISO8601")
    if dates.isna().any():
        raise InputError(
            f"dates in {cohort.columns.date} must be written YYYY-MM-DD in every case, others "
            "came; correct the table"
        )
    # A patient belongs where her first exam does.
    first = dates.groupby(patients).transform("min").to_numpy()
    dates_of_all = np.unique(first)
    if dates_of_all.size < 2:
        raise InputError("a temporal validation needs exams of several dates, all have one")
    one_each = np.sort(first[np.unique(patients, return_index=True)[1]])
    at = one_each[min(len(one_each) - 1, round((1 - share) * len(one_each)))]
    test = first >= max(at, dates_of_all[1])
    return Split("latest", 1, np.flatnonzero(~test), np.flatnonzero(test))


def _given(cohort: Cohort, outcome: Outcome, validation: Validation) -> Split:
    name = validation.column
    if name not in cohort.cases.columns:
        raise InputError(f"the split is read from column {name}, which the cohort lacks")
    part = cohort.cases[name].iloc[outcome.rows].map(cell_word).to_numpy(str)
    test = np.isin(part, [cell_word(v) for v in validation.test])
    left_out = np.isin(part, [cell_word(v) for v in validation.leave_out])
    train = ~test & ~left_out
    if not test.any() or not train.any():
        raise InputError(
            f"column {name} must mark cases for training and for testing, it holds "
            f"{', '.join(np.unique(part)[:8])}; correct validation.test"
        )
    return Split("given", 1, np.flatnonzero(train), np.flatnonzero(test))

"""A cohort as rows of cases: who, where, when, what was measured, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mamri.prediction.experiment import CohortColumns, FeatureChoice
from mamri.prediction.feature_groups import changes, chosen_columns, feature_matrix
from mamri.records import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Cases to learn from.

    Parameters
    ----------
    cases : DataFrame
        One row a case: each cell from the first visit that has it; the index counts from 0.
    visits : mapping of str to DataFrame
        The rows of each visit, aligned with ``cases`` (NaN where a case lacks the visit). One
        entry, ``""``, where the table has no visits.
    columns : CohortColumns
        Columns that the table has; empty names for those it lacks.
    crops : tuple of str
        File with the images of each case; empty where there is none.
    """

    cases: pd.DataFrame
    visits: Mapping[str, pd.DataFrame]
    columns: CohortColumns
    crops: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def patients(self) -> np.ndarray:
        """Patient of each case, (n,) str."""
        return self.cases[self.columns.patient].to_numpy(str)

    @property
    def sites(self) -> np.ndarray:
        """Site of each case, (n,) str; empty strings where the table has no sites."""
        if not self.columns.site:
            return np.full(len(self.cases), "", dtype="<U1")
        return self.cases[self.columns.site].fillna("").to_numpy(str)

    @property
    def names(self) -> list[str]:
        """Name of each case for output: patient, side, finding, and exam or row where needed."""
        named = self.cases[self.columns.patient].astype(str)
        for name in (self.columns.side, self.columns.finding, self.columns.exam):
            if name and (name != self.columns.exam or named.duplicated().any()):
                named = named + "/" + self.cases[name].astype(str)
        if named.duplicated().any():
            named = named + "/" + pd.Series(np.arange(1, len(named) + 1)).astype(str)
        return [str(name) for name in named]


def make_cohort(table: pd.DataFrame, columns: CohortColumns, crops: tuple[str, ...] = ()) -> Cohort:
    """Arrange a table as cases.

    Parameters
    ----------
    table : DataFrame
        One row a case, or one a case and visit.
    columns : CohortColumns
        Empty names for columns that the table lacks.
    crops : tuple of str
        One for each row.

    Returns
    -------
    Cohort

    Raises
    ------
    InputError
        If a patient is not named, or two rows are the same case at the same visit.
    """
    table = table.reset_index(drop=True)
    patient = table[columns.patient]
    if patient.isna().any() or (patient.astype(str).str.strip() == "").any():
        row = int(np.flatnonzero(patient.isna() | (patient.astype(str).str.strip() == ""))[0])
        raise InputError(
            f"every row needs a patient in column {columns.patient}, row {row + 2} has none; "
            "fill it in: cases of one patient must never be parted"
        )
    keys = [columns.patient, columns.side, columns.finding]
    if not columns.visit or table[columns.visit].nunique(dropna=False) < 2:
        keys += [columns.exam, columns.visit]
        _check_unique(table, [name for name in keys if name])
        return Cohort(table, {"": table}, columns, crops)
    keys = [name for name in keys if name]
    _check_unique(table, [*keys, columns.visit])
    visit = table[columns.visit].astype(str)
    order = sorted(visit.unique(), key=_natural)
    first = table.assign(_order=visit.map(order.index)).sort_values("_order", kind="stable")
    firsts = first.drop_duplicates(keys).sort_index()
    index = pd.MultiIndex.from_frame(firsts[keys].astype(str))
    by_visit = {}
    for name in order:
        rows = table[visit == name]
        rows.index = pd.MultiIndex.from_frame(rows[keys].astype(str))
        by_visit[name] = rows.reindex(index).reset_index(drop=True)
    kept = tuple(crops[i] for i in firsts.index) if crops else ()
    cases = firsts.reset_index(drop=True)
    for later in by_visit.values():
        cases = cases.where(cases.notna(), later)
    return Cohort(cases, by_visit, columns, kept)


def features_of(cohort: Cohort, choice: FeatureChoice) -> tuple[np.ndarray, list[str]]:
    """Numbers that a choice of features names, for every case.

    Parameters
    ----------
    cohort : Cohort
    choice : FeatureChoice

    Returns
    -------
    x : (n, F) float64
        NaN where a value is missing.
    columns : list of str

    Raises
    ------
    InputError
        If a visit or a column is not in the table.
    """
    wanted = [*choice.visits, *(v for c in choice.changes for v in (c.first, c.second))]
    has_visits = "" not in cohort.visits
    if unknown := sorted(set(wanted) - set(cohort.visits)):
        have = ", ".join(cohort.visits) if has_visits else "no visits"
        raise InputError(
            f"features are wanted of the visits {', '.join(unknown)}, the cohort has {have}; "
            "correct features.visits or name the column of visits"
        )
    if has_visits and not wanted:
        raise InputError(
            f"the cohort has the visits {', '.join(cohort.visits)}: say with features.visits or "
            "features.changes which are learned from"
        )
    names = chosen_columns(cohort.cases, choice, cohort.columns.named)
    parts = []
    for visit in choice.visits if has_visits else ("",):
        x, columns = feature_matrix(cohort.visits[visit], names)
        parts.append((x, [f"visit_{visit}__{c}" if visit else c for c in columns]))
    for change in choice.changes:
        moved = changes(cohort.visits[change.first], cohort.visits[change.second], names, change)
        parts.append(feature_matrix(moved, list(moved.columns)))
    return np.hstack([x for x, _ in parts]), [name for _, columns in parts for name in columns]


def _check_unique(table: pd.DataFrame, keys: list[str]) -> None:
    again = table.duplicated(keys)
    if again.any():
        row = int(np.flatnonzero(again)[0])
        raise InputError(
            f"a case needs its own {', '.join(keys)}, row {row + 2} of the cohort repeats an "
            "earlier one; remove it, or add a column that tells them apart"
        )


def _natural(value: str) -> tuple[float, str]:
    """Numbers in their order, then words in theirs."""
    try:
        return float(value), ""
    except ValueError:
        return float("inf"), value

"""What to know of a cohort before anything learns from it: counts, gaps, and signs of leakage."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import TargetKind
from mamri.prediction.outcome import Outcome
from mamri.prediction.scores import goodness

_TOO_GOOD = 0.98  # AUC of one feature that makes one ask whether it knows the outcome: assumption
_ALPHA = 0.01


@dataclass(frozen=True, slots=True)
class CohortCheck:
    """One thing looked at.

    Parameters
    ----------
    name : str
    is_fine : bool
    message : str
        A sentence.
    """

    name: str
    is_fine: bool
    message: str


def data_dictionary(cohort: Cohort) -> list[dict[str, object]]:
    """What each column of a cohort holds.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    list of dict
        ``column``, ``kind`` (number or word), ``missing`` (cases), ``values`` (range, or words
        with counts; only the number of different words of columns that name patients or exams).
    """
    ids = {cohort.columns.patient, cohort.columns.exam, cohort.columns.result}
    rows: list[dict[str, object]] = []
    for name in cohort.cases.columns:
        cells = cohort.cases[name]
        numbers = pd.to_numeric(cells, errors="coerce")
        known = cells.notna()
        if name in ids:
            kind, values = "name", f"{cells.nunique()} different"
        elif known.any() and numbers.notna().sum() == known.sum():
            kind, values = "number", f"{numbers.min():.4g} to {numbers.max():.4g}"
        else:
            counts = cells.dropna().astype(str).value_counts()
            shown = [f"{word} ({n})" for word, n in counts.head(6).items()]
            kind, values = "word", ", ".join(shown) + (", ..." if len(counts) > 6 else "")
        rows.append(
            {"column": name, "kind": kind, "missing": int((~known).sum()), "values": values}
        )
    return rows


def check_cohort(
    cohort: Cohort, outcome: Outcome, x: np.ndarray, columns: list[str]
) -> tuple[CohortCheck, ...]:
    """Look for what makes results too good.

    Parameters
    ----------
    cohort : Cohort
    outcome : Outcome
    x : (n, F) float
        Features of all cases.
    columns : list of str

    Returns
    -------
    tuple of CohortCheck
    """
    patients = cohort.patients[outcome.rows]
    sites = cohort.sites[outcome.rows]
    checks = [
        _patients(patients),
        _names(cohort.patients),
        _copies(x[outcome.rows], patients),
        _sites(sites, outcome),
        _single(x[outcome.rows], columns, outcome),
        _gaps(x[outcome.rows], outcome),
    ]
    return tuple(check for check in checks if check is not None)


def _patients(patients: np.ndarray) -> CohortCheck:
    n, people = patients.size, np.unique(patients).size
    text = f"{n} cases of {people} patients; cases of one patient are never parted."
    return CohortCheck("patients", True, text)


def _names(patients: np.ndarray) -> CohortCheck:
    """Names that would be one if written alike."""
    plain: dict[str, set[str]] = {}
    for name in np.unique(patients):
        plainer = re.sub(r"(?<!\d)0+(?=\d)", "", name.lower())  # zeros that lead a number
        key = "".join(c for c in plainer if c.isalnum())
        plain.setdefault(key, set()).add(name)
    alike = sum(len(names) > 1 for names in plain.values())
    text = (
        f"{alike} pairs of patients differ only in signs, zeros or capitals: they may be one "
        "patient twice."
        if alike
        else "No two patients have names that differ only in signs, zeros or capitals."
    )
    return CohortCheck("names", alike == 0, text)


def _copies(x: np.ndarray, patients: np.ndarray) -> CohortCheck | None:
    """Rows of different patients with the same numbers."""
    if not x.shape[1]:
        return None
    varied = np.flatnonzero([np.unique(column[~np.isnan(column)]).size > 10 for column in x.T])
    same: dict[bytes, set[str]] = {}
    if varied.size >= 3:
        for row, patient in zip(np.nan_to_num(x[:, varied], nan=-1.0), patients, strict=True):
            same.setdefault(row.tobytes(), set()).add(patient)
    twice = sum(len(people) > 1 for people in same.values())
    text = (
        f"{twice} sets of features occur in more than one patient: the same exam may be there "
        "under two names."
        if twice
        else "No two patients have the same features."
    )
    return CohortCheck("copies", twice == 0, text)


def _sites(sites: np.ndarray, outcome: Outcome) -> CohortCheck | None:
    names = np.unique(sites)
    if names.size < 2:
        return None
    if outcome.classes:
        counts = np.array([[np.sum((sites == s) & (outcome.y == k)) for s in names]
                           for k in range(len(outcome.classes))])  # fmt: skip
        p = float(stats.chi2_contingency(counts[counts.sum(axis=1) > 0]).pvalue)
        shares = ", ".join(
            f"{name} {100 * c[-1] / c.sum():.0f} % of {c.sum()}"
            for name, c in zip(names, counts.T, strict=True)
        )
        what = f"cases of {outcome.classes[-1]!r} by site: {shares}"
    else:
        values = outcome.event.astype(float) if outcome.kind is TargetKind.SURVIVAL else outcome.y
        p = 1.0  # nothing that could differ
        if np.ptp(values) > 0:
            p = float(stats.kruskal(*(values[sites == name] for name in names)).pvalue)
        what = f"outcome by site, {names.size} sites"
    fine = p >= _ALPHA
    advice = (
        ""
        if fine
        else " A model may learn the site instead of the disease: see its results \
by site, and leave sites out in turn."
    )
    return CohortCheck("sites", fine, f"{what} (p = {p:.3g}).{advice}")


def _single(x: np.ndarray, columns: list[str], outcome: Outcome) -> CohortCheck | None:
    """A feature that alone gives the outcome away."""
    if outcome.kind is not TargetKind.BINARY:
        return None
    best, name = 0.0, ""
    for column, label in zip(x.T, columns, strict=True):
        known = ~np.isnan(column)
        y = outcome.y[known]
        if known.sum() < 20 or np.unique(y).size < 2:
            continue
        auc = goodness(column[known, None], y, outcome.event[known], outcome.kind)
        if max(auc, 1 - auc) > best:
            best, name = max(auc, 1 - auc), label
    if not name:
        return None
    fine = best < _TOO_GOOD
    text = f"The strongest single feature is {name}, AUC {best:.2f} over all cases."
    return CohortCheck(
        "single_feature", fine, text + ("" if fine else " Does it know the outcome?")
    )


def _gaps(x: np.ndarray, outcome: Outcome) -> CohortCheck | None:
    """Whether values are missing more often in one class."""
    if not x.shape[1]:
        return None
    missing = np.isnan(x).mean(axis=1)
    share = f"{100 * np.isnan(x).mean():.2g} % of the values of features are missing"
    if not outcome.classes or np.ptp(missing) == 0:
        return CohortCheck("missing", True, f"{share}.")
    p = float(stats.kruskal(*(missing[outcome.y == k] for k in range(len(outcome.classes)))).pvalue)
    fine = p >= _ALPHA
    text = (
        f"{share}, {'alike in all classes' if fine else 'not alike in all classes'} (p = {p:.3g})."
    )
    return CohortCheck("missing", fine, text)

"""Tables of cases with their truth and what was said of them, as CSV, to be evaluated.

The first row names the columns. ``case`` names each case once; ``patient`` the patient of each,
where several cases are of one. Every other column is a truth, a score or a subgroup, as the caller
says. Cells that are empty, or say NA or NaN, have no value.
"""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamri.records import InputError

CASE, PATIENT, TRUTH, TIME, EVENT = "case", "patient", "truth", "time", "event"
UNKNOWN = "unknown"  # group of a case whose cell in a subgroup column is empty
CLASS = "p_"  # begins the name of a column with the probability of a class
_EMPTY = ("", "NA", "NaN", "nan")
_YES = ("1", "yes", "true")  # words for a case with the disease, or with the event
_NO = ("0", "no", "false")


@dataclass(frozen=True, slots=True, eq=False)
class CaseColumns:
    """A table by column, every cell as text.

    Parameters
    ----------
    name : str
        Of the file, without its folders.
    cases, patients : tuple of str
        Patients are the cases where the table has no such column.
    has_patients : bool
    columns : dict of str to tuple of str
        The others, in their order.
    """

    name: str
    cases: tuple[str, ...]
    patients: tuple[str, ...]
    has_patients: bool
    columns: dict[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        if len(set(self.cases)) < len(self.cases):
            twice = len(self.cases) - len(set(self.cases))
            raise InputError(
                f"each case must be named once, {self.name} repeats {twice}; name lesions apart "
                "and give their patient in a column patient"
            )
        if any(not patient for patient in self.patients):
            raise InputError(
                f"every case needs its patient, {self.name} has empty cells in that column; fill "
                "them in or leave the column out where cases are independent"
            )


def read_cases(path: Path) -> CaseColumns:
    """Read a table of cases.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a header.

    Returns
    -------
    CaseColumns

    Raises
    ------
    InputError
        If it cannot be read, has no column ``case``, names a column or a case twice, or a row is
        longer or shorter than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"a table of cases, CSV in UTF-8, was needed, {path.name} cannot be read as one "
            f"({type(error).__name__}); check the path and the file"
        ) from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not all(header) or len(set(header)) < len(header) or CASE not in header:
        raise InputError(
            f"a header that names every column once, one of them {CASE}, was needed, "
            f"{path.name} starts otherwise; correct its first row"
        )
    if len(rows) < 3:
        raise InputError(f"two cases at least were needed, {path.name} has fewer; add the others")
    odd = [number for number, row in enumerate(rows, start=1) if len(row) != len(header)]
    if odd:
        raise InputError(
            f"rows of {len(header)} cells were needed, row {odd[0]} of {path.name} has another "
            "number; quote cells that hold commas"
        )
    table = {name: tuple(_cell(row[k]) for row in rows[1:]) for k, name in enumerate(header)}
    cases, patients = table.pop(CASE), table.pop(PATIENT, None)
    if not all(cases):
        raise InputError(f"every row needs its {CASE}, {path.name} has empty ones; fill them in")
    return CaseColumns(path.name, cases, patients or cases, patients is not None, table)


def words_of(table: CaseColumns, column: str) -> np.ndarray:
    """Cells of a column, all of them there.

    Parameters
    ----------
    table : CaseColumns
    column : str

    Returns
    -------
    (n,) str

    Raises
    ------
    InputError
        If the column is missing or has empty cells.
    """
    cells = np.array(_column(table, column))
    empty = int(np.sum(cells == ""))
    if empty:
        raise InputError(
            f"column {column} needs a value of every case, {empty} of {len(cells)} have none; "
            "fill them in, or leave these cases out and report how many they are"
        )
    return cells


def groups_of(table: CaseColumns, column: str) -> np.ndarray:
    """Group of each case; an empty cell is the group ``unknown``.

    Parameters
    ----------
    table : CaseColumns
    column : str

    Returns
    -------
    (n,) str

    Raises
    ------
    InputError
        If the column is missing, or has more groups than a table of groups can have.
    """
    found = np.array([cell or UNKNOWN for cell in _column(table, column)])
    n_groups = len(np.unique(found))
    if n_groups > 30:  # more are a number that nobody has cut into groups: assumption
        raise InputError(
            f"a column of groups was needed, {column} has {n_groups} different values; cut numbers "
            "into groups first, such as 40-49 and 50-59"
        )
    return found


def numbers_of(table: CaseColumns, column: str) -> np.ndarray:
    """Finite numbers of a column.

    Parameters
    ----------
    table : CaseColumns
    column : str

    Returns
    -------
    (n,) float

    Raises
    ------
    InputError
        If the column is missing, or a cell is empty or no number.
    """
    cells = words_of(table, column)
    try:
        found = np.array([float(cell) for cell in cells])
    except ValueError as error:
        raise InputError(
            f"column {column} must hold numbers, it holds words; choose the columns with --scores, "
            "and name groups with --subgroups"
        ) from error
    if not np.isfinite(found).all():
        raise InputError(f"column {column} must hold finite numbers, it has others; correct them")
    return found


def probabilities_of(table: CaseColumns, column: str) -> np.ndarray:
    """Numbers of a column, each from 0 to 1.

    Parameters
    ----------
    table : CaseColumns
    column : str

    Returns
    -------
    (n,) float

    Raises
    ------
    InputError
        As `numbers_of`, and if a number is outside 0 and 1.
    """
    found = numbers_of(table, column)
    if found.min() < 0 or found.max() > 1:
        raise InputError(
            f"column {column} must hold probabilities from 0 to 1, it holds {found.min():g} to "
            f"{found.max():g}; divide per cents by 100, or do not call it a probability"
        )
    return found


def yes_or_no(table: CaseColumns, column: str, *, positive: str = "") -> np.ndarray:
    """Whether each case is positive.

    Parameters
    ----------
    table : CaseColumns
    column : str
        Two different values.
    positive : str
        The value that means yes; empty for 1, yes or true.

    Returns
    -------
    (n,) bool

    Raises
    ------
    InputError
        If the column is missing, has one value only or more than two, or it is not told which of
        them means yes.
    """
    cells = words_of(table, column)
    values = sorted(set(cells.tolist()))
    if len(values) != 2:
        raise InputError(
            f"cases of two classes were needed, column {column} has {len(values)}; measure on "
            "cases of both classes"
        )
    yes = [value for value in values if (value == positive if positive else _is_yes(value))]
    if len(yes) != 1:
        raise InputError(
            f"column {column} has the values {values[0]} and {values[1]}, of which "
            f"{'none is ' + positive if positive else 'mamri cannot tell which means yes'}; name "
            "it with --positive"
        )
    return np.asarray(cells == yes[0])


def events_of(table: CaseColumns, column: str = EVENT) -> np.ndarray:
    """Whether the event happened to each case, one at least.

    Parameters
    ----------
    table : CaseColumns
    column : str
        1, yes or true where it happened; 0, no or false where the case was censored.

    Returns
    -------
    (n,) bool

    Raises
    ------
    InputError
        If the column is missing, holds other words, or no event happened.
    """
    cells = words_of(table, column)
    other = {cell for cell in cells.tolist() if not (_is_yes(cell) or _is_no(cell))}
    if other:
        raise InputError(
            f"column {column} must say 1 for an event and 0 for none, it has {len(other)} other "
            "values; write each as 0 or 1"
        )
    found = np.array([_is_yes(cell) for cell in cells.tolist()])
    if not found.any():
        raise InputError(
            f"one event at least was needed, column {column} has {len(found)} censored cases; "
            "follow up longer"
        )
    return found


def score_columns(
    table: CaseColumns, *, chosen: Sequence[str] = (), others: Sequence[str] = ()
) -> tuple[str, ...]:
    """Names of the columns with scores: those chosen, or all that are nothing else.

    Parameters
    ----------
    table : CaseColumns
    chosen : sequence of str
        All others if empty.
    others : sequence of str
        Columns with a truth or groups.

    Returns
    -------
    tuple of str

    Raises
    ------
    InputError
        If a column is missing, chosen for two things, or there is none.
    """
    for column in (*chosen, *others):
        _column(table, column)
    both = sorted(set(chosen) & set(others))
    if both:
        raise InputError(
            f"a column is a score or something else, {both[0]} is asked for both; leave it out of "
            "one of them"
        )
    found = tuple(chosen) or tuple(name for name in table.columns if name not in others)
    if not found:
        raise InputError(
            f"a column of scores was needed beside {CASE}, {table.name} has none; add one for each "
            "model or reader"
        )
    return found


def _column(table: CaseColumns, column: str) -> tuple[str, ...]:
    if column not in table.columns:
        raise InputError(
            f"a column {column} was needed, {table.name} has "
            f"{', '.join(list(table.columns)[:12])}; add it or correct its name"
        )
    return table.columns[column]


def _cell(text: str) -> str:
    plain = text.strip()
    return "" if plain in _EMPTY else plain


def _word_test(words: tuple[str, ...], value: float) -> Callable[[str], bool]:
    def is_one(cell: str) -> bool:
        try:
            return math.isclose(float(cell), value)
        except ValueError:
            return cell.lower() in words

    return is_one


_is_yes = _word_test(_YES, 1.0)
_is_no = _word_test(_NO, 0.0)

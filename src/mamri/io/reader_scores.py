"""Readers' scores as tables that a reading room writes in a spreadsheet.

One row a reading, in columns ``reader``, ``case``, ``modality`` and ``score``; and a table of the
truth with one row a case, in columns ``case``, ``truth`` (0 or 1) and, where patients have several
cases, ``patient``. UTF-8, with commas between cells and decimal points, or with semicolons and
either decimal points or decimal commas.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamri.evaluation.reader_study import ReaderStudy
from mamri.evaluation.reading_order import ReadingPlan
from mamri.records import InputError

REQUIRED = ("reader", "case", "modality", "score")
OPTIONAL = ("session", "bi_rads", "seconds", "finding", "comment")
PLAN_COLUMNS = ("reader", "session", "position", "earliest_day", "latest_day", "case", "modality")

_SHOWN = 3  # names in a message
_POINT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class ReaderScore:
    """One reading as it was written down; optional cells are empty, or NaN, where left out.

    Parameters
    ----------
    reader, case, modality : str
    score : float
    session, bi_rads, finding, comment : str
    seconds : float
        Reading time.
    """

    reader: str
    case: str
    modality: str
    score: float
    session: str
    bi_rads: str
    seconds: float
    finding: str
    comment: str


@dataclass(frozen=True, slots=True, eq=False)
class ReaderScoreTable:
    """A study and the readings that it was made from.

    Parameters
    ----------
    study : ReaderStudy
        Cases in the order of the truth's table; readers and modalities in that of the scores.
    readings : tuple of ReaderScore
    ignored_columns : tuple of str
        Columns of both tables that nothing was read from.
    """

    study: ReaderStudy
    readings: tuple[ReaderScore, ...]
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """Cells of a file as words, without spaces around them."""

    name: str
    separator: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


def read_reader_scores(scores: Path, truth: Path) -> ReaderScoreTable:
    """Read the scores of a fully crossed study, and the truth of its cases.

    Parameters
    ----------
    scores, truth : Path
        CSV files; see the module.

    Returns
    -------
    ReaderScoreTable

    Raises
    ------
    InputError
        If a file cannot be read, lacks a column, repeats a reading or a case, a cell is no number,
        numbers are written in two ways, a reading has no truth, or a reading is missing. Messages
        name three readings or cases at most, and nothing of other columns.
    """
    table = _read(scores, REQUIRED)
    labels, patients, unused = _truth(_read(truth, ("case", "truth")))
    readings = _readings(table)
    known = {*REQUIRED, *OPTIONAL, *PLAN_COLUMNS}
    ignored = [name for name in table.columns if name not in known]
    return ReaderScoreTable(
        study=_study(readings, labels, patients, scores.name),
        readings=tuple(r for r in readings if not math.isnan(r.score)),
        ignored_columns=(*ignored, *unused),
    )


def write_reading_list(plan: ReadingPlan, path: Path, *, reader: str | None = None) -> None:
    """Write the readings of a plan in their order, with empty cells for what is to be noted.

    Parameters
    ----------
    plan : ReadingPlan
    path : Path
        CSV file, UTF-8 with a byte order mark, which spreadsheets ask for.
    reader : str or None
        Whose readings are written; all readers' if None.

    Raises
    ------
    InputError
        If the plan has no such reader, or a name begins with a character that a spreadsheet would
        take for a formula.
    """
    if reader is not None and reader not in plan.readers:
        raise InputError(
            f"a reader of the plan was needed, got another; take one of {_some(plan.readers)}"
        )
    names = (*plan.readers, *plan.cases, *plan.modalities)
    if formulas := [name for name in names if name[:1] in "=+-@\t\r"]:
        raise InputError(
            f"names that a spreadsheet keeps as they are were needed, got {len(formulas)} that "
            f"begin like a formula; rename them"
        )
    empty = ("score", *(name for name in OPTIONAL if name not in PLAN_COLUMNS))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*PLAN_COLUMNS, *empty))
    for row in plan.readings:
        if reader is None or row.reader == reader:
            writer.writerow([*(getattr(row, name) for name in PLAN_COLUMNS), *("" for _ in empty)])
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def _read(path: Path, required: Sequence[str]) -> _Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"a table is CSV in UTF-8, {path.name} cannot be read as one ({type(error).__name__}); "
            f"check the path, or save it again as CSV UTF-8"
        ) from error
    header = text.split("\n", 1)[0]
    if ";" in header and "," in header:
        raise InputError(
            f"cells are parted by commas or by semicolons, the first row of {path.name} has both; "
            f"save it with one of them"
        )
    separator = ";" if ";" in header else ","
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise InputError(
            f"a table is CSV with quotes in pairs, {path.name} is not; save it again as CSV UTF-8"
        ) from error
    cells = [[cell.strip() for cell in line] for line in lines]
    columns = tuple(name.lower() for name in cells[0]) if cells else ()
    _check_columns(path.name, columns, required)
    filled = [(number, row) for number, row in enumerate(cells[1:], start=2) if any(row)]
    if odd := [number for number, row in filled if len(row) != len(columns)]:
        raise InputError(
            f"every row of {path.name} needs {len(columns)} cells, as the first has, got "
            f"{len(odd)} rows with more or fewer, first row {odd[0]}; quote cells that hold a "
            f"{separator!r}"
        )
    rows = tuple(dict(zip(columns, row, strict=True)) for _, row in filled)
    return _Table(path.name, separator, columns, rows)


def _check_columns(name: str, columns: tuple[str, ...], required: Sequence[str]) -> None:
    named = [column for column in columns if column]
    missing = [column for column in required if column not in columns]
    if missing or len(set(named)) < len(named):
        raise InputError(
            f"{name} needs the columns {', '.join(required)}, and every column once, got "
            f"{len(missing)} missing ({', '.join(missing) or 'none'}) and "
            f"{len(named) - len(set(named))} repeated; correct its first row"
        )


def _truth(table: _Table) -> tuple[dict[str, bool], dict[str, str], tuple[str, ...]]:
    """Label of each case, patient of each case or none, and columns that were not used."""
    cases = [row["case"] for row in table.rows]
    _refuse_repeated(cases, f"cases of {table.name}")
    wrong = [row["case"] for row in table.rows if not row["case"] or row["truth"] not in ("0", "1")]
    if wrong or not cases:
        raise InputError(
            f"{table.name} needs a case and its truth, 0 or 1, in each row, got {len(wrong)} rows "
            f"of {len(cases)} without ({_some(wrong)}); fill them in"
        )
    patients = {row["case"]: row.get("patient", "") for row in table.rows}
    without = [case for case, patient in patients.items() if not patient]
    if without and len(without) < len(patients):
        raise InputError(
            f"{table.name} needs the patient of every case, or of none, got {len(without)} cases "
            f"without ({_some(without)}); fill them in"
        )
    unused = tuple(name for name in table.columns if name not in ("case", "truth", "patient"))
    labels = {row["case"]: row["truth"] == "1" for row in table.rows}
    return labels, {} if without else patients, unused


def _readings(table: _Table) -> list[ReaderScore]:
    """Rows as readings; the score is NaN where its cell is empty."""
    named = [(row["reader"], row["case"], row["modality"]) for row in table.rows]
    if nameless := sum(not all(names) for names in named):
        raise InputError(
            f"{table.name} needs reader, case and modality in each row, got {nameless} rows "
            f"without; fill them in"
        )
    _refuse_repeated([_place(*names) for names in named], f"readings of {table.name}")
    places = [_place(*names) for names in named]
    scores = _numbers(table, "score", places)
    seconds = _numbers(table, "seconds", places)
    return [
        ReaderScore(
            reader=row["reader"],
            case=row["case"],
            modality=row["modality"],
            score=score,
            session=row.get("session", ""),
            bi_rads=row.get("bi_rads", ""),
            seconds=time,
            finding=row.get("finding", ""),
            comment=row.get("comment", ""),
        )
        for row, score, time in zip(table.rows, scores, seconds, strict=True)
    ]


def _numbers(table: _Table, column: str, places: Sequence[str]) -> list[float]:
    """Numbers of a column, NaN where empty."""
    words = [row.get(column, "") for row in table.rows]
    commas = table.separator == ";" and any(_COMMA.fullmatch(word) for word in words)
    pattern = _COMMA if commas else _POINT
    whole = re.compile(r"[+-]?\d+")
    wrong = [
        place
        for word, place in zip(words, places, strict=True)
        if word and not pattern.fullmatch(word) and not whole.fullmatch(word)
    ]
    if wrong:
        mark = "comma" if commas else "point"
        raise InputError(
            f"numbers of column {column} need a decimal {mark} all through {table.name}, and no "
            f"mark between thousands, got {len(wrong)} cells of another form ({_some(wrong)}); "
            f"decimal commas need semicolons between cells"
        )
    return [float(word.replace(",", ".")) if word else math.nan for word in words]


def _study(
    readings: Sequence[ReaderScore],
    labels: Mapping[str, bool],
    patients: Mapping[str, str],
    name: str,
) -> ReaderStudy:
    readers = tuple(dict.fromkeys(r.reader for r in readings))
    modalities = tuple(dict.fromkeys(r.modality for r in readings))
    cases = tuple(labels)
    if unknown := sorted({r.case for r in readings} - set(cases)):
        raise InputError(
            f"every case of {name} needs its truth, got {len(unknown)} without ({_some(unknown)}); "
            f"add them to the table of the truth, or correct how they are written"
        )
    found = {(r.modality, r.reader, r.case): r.score for r in readings}
    wanted = [(m, r, c) for m in modalities for r in readers for c in cases]
    gaps = [_place(r, c, m) for m, r, c in wanted if math.isnan(found.get((m, r, c), math.nan))]
    if gaps or not readings:
        raise InputError(
            f"every reader must score every case in every modality, got {len(gaps)} of "
            f"{len(wanted)} scores missing ({_some(gaps)}); have them read, or leave these cases "
            f"out of both tables and report how many they are"
        )
    scores = np.array([found[place] for place in wanted])
    return ReaderStudy(
        scores=scores.reshape(len(modalities), len(readers), len(cases)),
        labels=np.array([labels[case] for case in cases]),
        modalities=modalities,
        readers=readers,
        cases=cases,
        groups=np.array([patients[case] for case in cases]) if patients else None,
    )


def _refuse_repeated(names: Sequence[str], what: str) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(
            f"{what} must be there once, got {len(repeated)} repeated ({_some(repeated)}); keep "
            f"one of them"
        )


def _place(reader: str, case: str, modality: str) -> str:
    return f"reader {reader} of case {case} in {modality}"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = ", ..." if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more if listed else "none"

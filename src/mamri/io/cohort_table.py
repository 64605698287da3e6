"""Cohort tables on disk, joined to what ``mamri analyze`` wrote for each case."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mamri.io.lesion_crops import crop_path
from mamri.prediction.cohort import Cohort, make_cohort
from mamri.prediction.experiment import CohortColumns, CohortSource
from mamri.prediction.outcome import cell_word
from mamri.records import InputError

FEATURES = "features.csv"
_EMPTY = ("", "NA", "NaN", "nan")  # cells
# Columns of features.csv that place a finding in its exam and are no features of it.
_PLACE = ("study_instance_uid", "finding_id", "side", "clock_face")


def read_cohort(source: CohortSource, folder: Path) -> Cohort:
    """Read a cohort table and join the features and images of its cases.

    Parameters
    ----------
    source : CohortSource
    folder : Path
        That its paths start from.

    Returns
    -------
    Cohort
        Every column of the table, and of each case with a result the columns of its finding.

    Raises
    ------
    InputError
        If the table cannot be read, lacks a column, repeats a case, or a result is missing.
    """
    path = folder / source.table
    table = _kept(_read_table(path), source.keep)
    columns = _present(source.columns, table)
    if not columns.result:
        return make_cohort(table, columns)
    joined, crops = _join(table, columns, path.parent)
    return make_cohort(joined, columns, crops)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        # The header is read as a row: pandas renames columns that are there twice, and takes the
        # first column for an index where rows are longer than the header.
        if path.suffix.lower() == ".xlsx":
            table = pd.read_excel(path, dtype=object, header=None, keep_default_na=False)
        else:
            table = pd.read_csv(
                path, dtype=object, header=None, encoding="utf-8-sig", keep_default_na=False
            )
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            f"a cohort is a table, CSV in UTF-8 or XLSX, {path.name} cannot be read as one "
            f"({type(error).__name__}); check the path and the file"
        ) from error
    names = [] if table.empty else [str(name).strip() for name in table.iloc[0]]
    if not names or len(set(names)) < len(names) or not all(names):
        raise InputError(
            f"the first row of {path.name} must name every column once; correct its header"
        )
    cells = [[_cell(cell) for cell in row] for row in table.iloc[1:].itertuples(index=False)]
    return pd.DataFrame(cells, columns=pd.Index(names), dtype=object)


def _cell(cell: Any) -> Any:
    """None for an empty cell; words without spaces around them."""
    if isinstance(cell, str):
        cell = cell.strip()
        return None if cell in _EMPTY else cell
    return None if pd.isna(cell) else cell


def _kept(table: pd.DataFrame, keep: Mapping[str, Any]) -> pd.DataFrame:
    for name, wanted in keep.items():
        if name not in table.columns:
            raise InputError(f"rows are kept by column {name}, which the cohort lacks")
        values = {cell_word(v) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])}
        table = table[table[name].map(cell_word).isin(values)]
    if table.empty:
        raise InputError("the cohort has no rows that are kept; check cohort.keep and the table")
    return table.reset_index(drop=True)


def _present(columns: CohortColumns, table: pd.DataFrame) -> CohortColumns:
    """Column names, emptied where the table lacks a column that has its usual name."""
    usual = CohortColumns()
    changed = {}
    for field in fields(columns):
        name = getattr(columns, field.name)
        if not name or name in table.columns:
            continue
        if field.name == "patient" or name != getattr(usual, field.name):
            raise InputError(
                f"the cohort should have a column {name!r} for the {field.name}, it has "
                f"{', '.join(map(str, table.columns[:12]))} ...; correct cohort.columns"
            )
        changed[field.name] = ""
    return replace(columns, **changed)


def _join(
    table: pd.DataFrame, columns: CohortColumns, folder: Path
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Columns of each case's finding, and where its images lie."""
    found: dict[Path, pd.DataFrame] = {}
    rows: list[dict[str, Any]] = []
    crops: list[str] = []
    for number, case in enumerate(table.to_dict("records"), start=2):
        where = case[columns.result]
        if pd.isna(where):
            rows.append({})
            crops.append("")
            continue
        result = folder / str(where)
        if result not in found:
            found[result] = _read_features(result, number)
        finding = case[columns.finding] if columns.finding else None
        row = _finding(found[result], finding, number)
        crop = crop_path(result, int(row["finding_id"]))
        crops.append(str(crop) if crop.is_file() else "")
        rows.append({k: v for k, v in row.items() if k not in _PLACE})
    features = pd.DataFrame(rows)
    if both := sorted(set(features.columns) & set(table.columns)):
        raise InputError(
            f"the cohort has columns named like features of mamri analyze: {', '.join(both[:5])}; "
            "rename them"
        )
    return pd.concat([table, features], axis=1), tuple(crops)


def _read_features(result: Path, number: int) -> pd.DataFrame:
    try:
        table = pd.read_csv(result / FEATURES, dtype=object, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"row {number} of the cohort names the result {result.name}, which has no readable "
            f"{FEATURES}; give the folder that mamri analyze wrote"
        ) from error
    return table.replace({"": None})


def _finding(table: pd.DataFrame, finding: Any, number: int) -> dict[str, Any]:
    """Row of a finding; of the only one where none is named."""
    if pd.isna(finding):
        if len(table) != 1:
            raise InputError(
                f"row {number} of the cohort names no finding, and its result has {len(table)}; "
                "say which one in the column of findings"
            )
        return dict(table.iloc[0])
    own = table[table["finding_id"].astype(str) == cell_word(finding)]
    if len(own) != 1:
        raise InputError(
            f"row {number} of the cohort names finding {finding}, its result has "
            f"{', '.join(table['finding_id'].astype(str)) or 'none'}; correct it"
        )
    return dict(own.iloc[0])

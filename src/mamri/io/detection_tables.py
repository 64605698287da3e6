"""True lesions and marks of many images, as CSV.

Lesions: a row a lesion, columns ``image``, ``x_mm``, ``y_mm``, ``z_mm``, and ``diameter_mm`` where
known; an image without a lesion has one row whose places are empty, so that every image that was
searched is named. ``patient`` where a patient has several images (breasts, visits). Marks: a row a
mark, columns ``image``, ``score``, ``x_mm``, ``y_mm``, ``z_mm``; an image without marks has no row.
Places are of the patient in LPS, as in mamri's results, or in any one frame in both tables.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mamri.records import InputError

PLACE = ("x_mm", "y_mm", "z_mm")
Point = tuple[float, float, float]


@dataclass(slots=True)
class SearchedImage:
    """An image with its lesions and marks.

    Parameters
    ----------
    name, patient : str
    centres_mm : list of (3,) float, mm
    radii_mm : list of float, mm
        0 where unknown.
    marks_mm : list of (3,) float, mm
    scores : list of float
    """

    name: str
    patient: str
    centres_mm: list[Point] = field(default_factory=list)
    radii_mm: list[float] = field(default_factory=list)
    marks_mm: list[Point] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


def read_searched_images(lesions: Path, marks: Path) -> tuple[SearchedImage, ...]:
    """Read both tables.

    Parameters
    ----------
    lesions, marks : Path

    Returns
    -------
    tuple of SearchedImage
        In the order of the table of lesions.

    Raises
    ------
    InputError
        If a table cannot be read or lacks a column, a cell is no number, an image has another
        patient in another row, is said to have no lesion and has one, or a mark is on an image
        that the other table does not have.
    """
    images: dict[str, SearchedImage] = {}
    without = set()
    for number, row in _rows(lesions, ("image", *PLACE)):
        name = _word(row, "image", lesions, number)
        patient = row.get("patient", "") or name
        image = images.setdefault(name, SearchedImage(name, patient))
        if image.patient != patient:
            raise InputError(
                f"an image is of one patient, row {number} of {lesions.name} gives another; "
                "correct it"
            )
        if not any(row[key] for key in PLACE):
            without.add(name)
            continue
        image.centres_mm.append(_place(row, lesions, number))
        diameter = row.get("diameter_mm", "")
        image.radii_mm.append(_number(diameter, lesions, number) / 2 if diameter else 0.0)
    if both := [name for name in without if images[name].centres_mm]:
        raise InputError(
            f"an image without a lesion has one row with empty places, {len(both)} in "
            f"{lesions.name} have lesions too; remove the empty rows"
        )
    for number, row in _rows(marks, ("image", "score", *PLACE)):
        name = _word(row, "image", marks, number)
        if name not in images:
            raise InputError(
                f"every image that was searched must be in {lesions.name}, that of row {number} "
                f"of {marks.name} is not; add it, with empty places where it has no lesion"
            )
        images[name].marks_mm.append(_place(row, marks, number))
        images[name].scores.append(_number(row["score"], marks, number))
    return tuple(images.values())


def _rows(path: Path, needed: tuple[str, ...]) -> list[tuple[int, Mapping[str, str]]]:
    """Rows with their numbers in the file, the header being the first."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"a table, CSV in UTF-8, was needed, {path.name} cannot be read as one "
            f"({type(error).__name__}); check the path and the file"
        ) from error
    lacking = [name for name in needed if name not in columns]
    if lacking or len(set(columns)) < len(columns):
        raise InputError(
            f"{path.name} needs the columns {', '.join(needed)}, each once, it lacks "
            f"{', '.join(lacking) or 'none but repeats one'}; correct its first row"
        )
    found: list[tuple[int, Mapping[str, str]]] = []
    for number, row in enumerate(rows, start=2):
        cells: dict[str, str] = defaultdict(str)
        for key, value in row.items():
            if key is None or value is None:
                raise InputError(
                    f"rows of {len(columns)} cells were needed, row {number} of {path.name} has "
                    "another number; correct it"
                )
            cells[key] = value.strip()
        if any(cells.values()):
            found.append((number, cells))
    return found


def _word(row: Mapping[str, str], column: str, path: Path, number: int) -> str:
    if not row[column]:
        raise InputError(
            f"every row needs its {column}, row {number} of {path.name} has none; fill it in"
        )
    return row[column]


def _place(row: Mapping[str, str], path: Path, number: int) -> Point:
    x, y, z = (_number(row[key], path, number) for key in PLACE)
    return x, y, z


def _number(cell: str, path: Path, number: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"finite numbers were needed, row {number} of {path.name} holds something else; "
            "write places in mm, and scores as numbers"
        )
    return value

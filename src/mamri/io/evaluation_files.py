"""The files of an evaluation: its document, its figures as tables, its report and checklists."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mamri.io.experiment_files import write_rows

DOCUMENT = "evaluation.json"
REPORT = "report.html"


def write_evaluation_files(
    folder: Path, document: Mapping[str, Any], texts: Mapping[str, str]
) -> None:
    """Write ``evaluation.json``, the tables of its figures, and the texts made of it.

    Parameters
    ----------
    folder : Path
        That is there.
    document : mapping of plain values
    texts : mapping of str to str
        Content by name of the file: the report and the checklists.
    """
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = _TABLES.get(document["kind"], _OF_SCORES)
    for name, rows in tables.items():
        write_rows(folder / name, rows(document))
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / DOCUMENT).write_text(text + "\n", encoding="utf-8")


def score_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a figure of each score: its name, value and interval; no curves.

    The name of a figure is its place in the document, such as
    ``at_specificity.0.9.sensitivity``.
    """
    return [
        {"score": score, "figure": ".".join(path), **_three(figure)}
        for score, one in document["figures"].get("scores", {}).items()
        for path, figure in _figures(one, ())
    ]


def comparison_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a pair of scores; of pairs of readers, their agreement."""
    figures = document["figures"]
    found = [
        {
            "first": row["first"],
            "second": row["second"],
            **_three(row["difference"]),
            "p": row["p"],
            "p_holm": row["p_holm"],
        }
        for row in figures.get("comparisons", ())
    ]
    found += [
        {"first": row["first"], "second": row["second"], "figure": key, **_three(row[key])}
        for row in figures.get("pairs", ())
        for key in ("weighted_kappa", "kappa", "agreement")
    ]
    return found


def subgroup_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a group and figure of each score; groups that are too small have no value."""
    found = []
    for score, one in document["figures"].get("scores", {}).items():
        for variable in one.get("subgroups", ()):
            for group in variable["groups"]:
                plain = {k: v for k, v in group.items() if isinstance(v, int | str)}
                for key, figure in group.items():
                    if key in plain:
                        continue
                    found.append(
                        {"score": score, "variable": variable["variable"], **plain,
                         "figure": key, **_three(figure)}
                    )  # fmt: skip
    return found


def measure_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a label and measure of masks, of all cases and of each group."""
    figures = document["figures"]
    whole = [("", "", label, one) for label, one in figures["labels"].items()]
    parts = [
        (column, group, "any", one)
        for column, groups in figures["subgroups"].items()
        for group, one in groups.items()
    ]
    return [
        {"variable": column, "group": group, "label": label, "measure": measure, **figure}
        for column, group, label, summary in (*whole, *parts)
        for measure, figure in summary.items()
    ]


def figure_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a figure of marks, with its interval; what was not measured has no value."""
    figures = document["figures"]
    return [
        {"figure": name, **_three(figure)}
        for name, figure in figures.items()
        if _is_figure(figure) or name in figures["not_measured"]
    ]


def reader_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a reader and modality."""
    keys = ("modality", "reader", "value", "lower", "upper")
    return [{key: row[key] for key in keys} for row in document["figures"]["by_reader"]]


def difference_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a difference: of the readers' means by each analysis, then of each reader."""
    figures = document["figures"]
    found = [
        {"method": one["method"], "generalize_to": one["generalize_to"], **_difference(row)}
        for one in figures["analyses"]
        for row in one["differences"]
    ]
    own = {"method": "DeLong" if document["settings"]["figure"] == "auc" else "jackknife"}
    return found + [
        {**own, "generalize_to": "cases", **_difference(row)}
        for row in figures["reader_differences"]
    ]


def _difference(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in row.items() if key != "difference"}
    return {**plain, **_three(row["difference"])}


def _listed(key: str) -> Callable[[Mapping[str, Any]], list[dict[str, Any]]]:
    """Rows that the document holds as they are."""
    return lambda document: list(document["figures"][key])


Rows = Callable[[Mapping[str, Any]], list[dict[str, Any]]]
_OF_SCORES: dict[str, Rows] = {
    "scores.csv": score_rows,
    "comparisons.csv": comparison_rows,
    "subgroups.csv": subgroup_rows,
}
# Tables of the kinds that have no scores of cases.
_TABLES: dict[str, dict[str, Rows]] = {
    "segmentation": {
        "measures.csv": measure_rows,
        "cases.csv": _listed("per_case"),
        "lesions.csv": _listed("per_lesion"),
    },
    "detection": {"figures.csv": figure_rows, "lesions.csv": _listed("per_lesion")},
    "readers": {"readers.csv": reader_rows, "differences.csv": difference_rows},
}


def _three(figure: Any) -> dict[str, float | None]:
    """Value, lower and upper of a figure with or without an interval."""
    if isinstance(figure, Mapping):
        return {key: figure.get(key) for key in ("value", "lower", "upper")}
    return {"value": figure, "lower": None, "upper": None}


def _figures(one: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Numbers and figures with intervals below a place of the document, but no lists of numbers."""
    if _is_figure(one):
        yield path, one
    elif isinstance(one, Mapping):
        for key, value in one.items():
            if key not in ("subgroups", "counts") or _is_figure(value):
                yield from _figures(value, (*path, key))
    elif isinstance(one, list) and one and isinstance(one[0], Mapping):
        for value in one:  # such as at_specificity: told apart by the number that is fixed
            fixed, number = next(iter(value.items()))
            rest = {k: v for k, v in value.items() if k != fixed}
            yield from _figures(rest, (*path, f"{number:.12g}"))
    elif isinstance(one, int | float) and not isinstance(one, bool):
        yield path, one


def _is_figure(one: Any) -> bool:
    """Whether this is a value with an interval, and not a mapping of classes, one named value."""
    return isinstance(one, Mapping) and "value" in one and not isinstance(one["value"], Mapping)

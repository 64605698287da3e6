"""The tables of an experiment's report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mamri.report import wording
from mamri.report.experiment_cells import (
    Cell,
    bare_p,
    cell,
    listed,
    p_text,
    plain,
    turned,
)
from mamri.report.experiment_coverage import WHOLE, short_coverages
from mamri.report.experiment_models import (
    KIND_WORDS,
    Document,
    baseline_of,
    figure_at,
    model_names,
    plotted,
    ranked,
)
from mamri.report.experiment_wording import features_text
from mamri.report.wording import MISSING, number


@dataclass(frozen=True, slots=True)
class Row:
    """One model's line in a table."""

    name: str
    about: str
    cells: tuple[Cell, ...]
    is_baseline: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by model."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether a cell is."""
        return any(cell.is_doubtful for row in self.rows for cell in row.cells)


def outcome_counts(document: Document) -> list[tuple[str, str]]:
    """Outcome and number of cases with it."""
    if document["experiment"]["target"]["kind"] == "number":
        return []  # nothing but their number, which the head of the page tells
    counts = document["cohort"]["counts"]
    whole = sum(counts.values())
    return [(name, f"{n} ({100 * n / whole:.0f} %)" if whole else str(n)) for name, n in
            counts.items()]  # fmt: skip


def figure_table(document: Document) -> Table:
    """The figures of every model."""
    kind, unit = (document["experiment"]["target"].get(key) for key in ("kind", "unit"))
    in_unit = f", {unit}" if unit else ""
    classes = document["cohort"]["counts"] if kind == "classes" else ()
    # Name, place in the document, decimals, factor.
    spec: dict[str, list[tuple[str, tuple[str, ...], int, int]]] = {
        "binary": [
            ("AUC", ("auc",), 2, 1),
            ("Average precision", ("average_precision",), 2, 1),
            ("Sensitivity at 90 % specificity, %", ("at_specificity_0.9", "sensitivity"), 0, 100),
            ("Brier score", ("brier",), 3, 1),
            ("Calibration slope", ("calibration", "slope"), 2, 1),
        ],
        "classes": [
            ("AUC, mean of pairs of classes", ("auc",), 2, 1),
            *((f"AUC, {word}", ("auc_one_against_rest", word), 2, 1) for word in classes),
            ("Balanced accuracy, %", ("balanced_accuracy",), 0, 100),
            ("Kappa", ("kappa",), 2, 1),
        ],
        "number": [
            ("Rank correlation", ("spearman",), 2, 1),
            (f"Mean error{in_unit}", ("mean_absolute_error",), 2, 1),
            (f"Root mean square error{in_unit}", ("root_mean_squared_error",), 2, 1),
            ("R²", ("r_squared",), 2, 1),
        ],
        "survival": [("Concordance", ("concordance",), 2, 1)],
    }
    columns = spec[str(kind)]
    rows = []
    for label in ranked(document):
        cells = [cell(figure_at(document, label, *path), digits, factor)
                 for _, path, digits, factor in columns]  # fmt: skip
        if kind == "survival":
            thirds = figure_at(document, label, "thirds") or {}
            cells.append(Cell(p_text(thirds["log_rank_p"]) if thirds else MISSING))
        if kind == "binary" and label == baseline_of(document):
            cells[-1] = Cell(MISSING)  # one answer for all has no slope
        rows.append(_row(document, label, cells))
    names = [name for name, *_ in columns]
    return Table((*names, *(["Log-rank, thirds"] if kind == "survival" else [])), tuple(rows))


def set_table(document: Document) -> Table | None:
    """How prediction sets did."""
    labels = [label for label in ranked(document) if figure_at(document, label, "sets")]
    if not labels:
        return None
    classes = list(figure_at(document, labels[0], "sets", "coverage_by_class") or {})
    paths = [("coverage",), *(("coverage_by_class", word) for word in classes),
             ("decided",), ("right_where_decided",)]  # fmt: skip
    return Table(
        (
            "Truth in the set, %", *(f"in class {word}, %" for word in classes),
            "Decided, %", "Right where decided, %",
        ),
        tuple(
            _row(document, label, [_coverage_cell(document, label, path) for path in paths])
            for label in labels
        ),
    )  # fmt: skip


def _coverage_cell(document: Document, label: str, path: tuple[str, ...]) -> Cell:
    found = cell(figure_at(document, label, "sets", *path), 0, 100)
    if not path[0].startswith("coverage"):
        return found
    word = path[1] if path[1:] else WHOLE
    return replace(found, is_doubtful=word in short_coverages(document, label))


def site_table(document: Document) -> Table | None:
    """AUC of every model at every site with enough cases."""
    sites: dict[str, Mapping[str, Any]] = {}
    for label in ranked(document):
        sites |= figure_at(document, label, "by_site") or {}
    if not sites:
        return None
    return Table(
        tuple(f"{site}: {s['positive']} yes of {s['cases']}" for site, s in sites.items()),
        tuple(
            _row(document, label, [cell(figure_at(document, label, "by_site", site, "auc"), 2)
                                   for site in sites])
            for label in ranked(document)
        ),
    )  # fmt: skip


def comparison_rows(document: Document) -> list[dict[str, Any]]:
    """Pairs of models; those with the best one first and seen from it."""
    names, own = model_names(document), plotted(document)
    order = [*own[:1], *(label for label in ranked(document) if label not in own[:1])]
    found = []
    for row in document["figures"]["comparisons"]:
        turn = order.index(row["second"]) < order.index(row["first"])
        first, second = (row["second"], row["first"]) if turn else (row["first"], row["second"])
        difference = turned(row["difference"]) if turn else row["difference"]
        found.append(
            {
                "place": (order.index(first), order.index(second)),
                "with_best": order[0] == first,
                "first": names[first],
                "second": names[second],
                "difference": cell(difference, 2),
                "p": bare_p(row["p"]),
                "p_holm": bare_p(row.get("p_holm")),
                "test": row.get("test", ""),
                "is_defined": row["p"] is not None,
            }
        )
    return sorted(found, key=lambda one: one["place"])


def association_table(document: Document) -> dict[str, Any] | None:
    """Features that go with the outcome, each alone, strongest first; None if not looked at.

    Returns
    -------
    dict or None
        ``tested``; ``measure``, ``test`` and ``direction`` in words; ``rows`` of feature, cases,
        value, p and p adjusted.
    """
    found = document.get("associations")
    if not found:
        return None
    rows = found["strongest"]
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    return {
        "tested": found["tested"],
        "measure": wording.sentence(listed(measures)) if measures else "",
        "test": {
            "number": "Spearman's rank correlation",
            "survival": "log-rank test of those above and below the median",
        }.get(document["experiment"]["target"]["kind"], "Kruskal-Wallis"),
        "direction": {
            "AUC": " An AUC below 0.5 means that lower values go with the outcome.",
            "concordance": " A concordance below 0.5 means that lower values go with earlier "
            "events.",
        }.get(listed(measures), ""),
        "rows": [
            {
                "feature": row["feature"],
                "cases": row["cases"],
                "value": number(row["value"], 2),
                "p": bare_p(row["p"]),
                "p_adjusted": bare_p(row["p_adjusted"]),
            }
            for row in rows
        ],
    }


def chosen_settings(document: Document) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each model the settings that were chosen, with how often."""
    counts: dict[str, dict[str, Counter[str]]] = {}
    for part in document["chosen"]:
        own = counts.setdefault(part["model"], {})
        for key, value in part.items():
            if key not in ("model", "split", "repeat"):
                text = f"{value:g}" if isinstance(value, float) else str(value)
                own.setdefault(key, Counter())[text[:80]] += 1
    names = model_names(document)
    return [
        (names.get(model, model), [(plain(key), _often(found)) for key, found in own.items()])
        for model, own in counts.items()
    ]


def _often(found: Counter[str]) -> str:
    if len(found) == 1:
        return next(iter(found))
    shown = [f"{text} ({n} ×)" for text, n in found.most_common(8)]
    return ", ".join(shown) + (f" and {len(found) - 8} more" if len(found) > 8 else "")


def _row(document: Document, label: str, cells: Sequence[Cell]) -> Row:
    is_baseline = label == baseline_of(document)
    return Row(model_names(document)[label], _about(document, label), tuple(cells), is_baseline)


def _about(document: Document, label: str) -> str:
    """Kind of a model that has a name, its own features, and the members of a hybrid."""
    for one in document["experiment"]["models"]:
        if (one.get("name") or one["kind"]) == label:
            kind = KIND_WORDS.get(one["kind"], plain(one["kind"])) if one.get("name") else ""
            own = "" if one["kind"] == "prior" else features_text(one.get("features"))
            parts = [kind, own, ", ".join(one.get("members") or ())]
            return ": ".join(part for part in parts if part)
    return ""

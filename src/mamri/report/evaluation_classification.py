"""The page of an evaluation of two classes."""

from collections.abc import Mapping
from typing import Any

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_page import (
    Document,
    Page,
    PageTable,
    Section,
    comparison_table,
    plots_of,
)
from mamri.report.evaluation_subgroups import subgroup_section
from mamri.report.experiment_canvas import shortened
from mamri.report.experiment_cells import Cell, cell, percent, with_interval
from mamri.report.wording import MISSING, number

MOST_LINES = 6  # scores in one plot, the best: more lines cannot be told apart

GUIDE = (
    (
        "AUC",
        "Take one positive and one negative case at random: the AUC is how often the score of the "
        "first is higher. 0.5 is a coin, 1 is always. It says nothing about any threshold.",
    ),
    (
        "Interval",
        "Another sample of the same size from the same hospitals would give another figure. The "
        "95 % interval is the range that such chance leaves open.",
    ),
    (
        "Average precision",
        "Mean positive predictive value over the sensitivities. A score without meaning reaches "
        "the share of positive cases, so it compares scores on the same cases only.",
    ),
    (
        "Predictive values",
        "How many of those called positive are positive, and of those called negative negative. "
        "They depend on how frequent the disease is: those of an enriched sample do not hold in "
        "screening.",
    ),
    (
        "Calibration",
        "Of cases with a predicted 30 %, about 30 in 100 should be positive. A slope of 1 is "
        "right; below 1, high predictions are too high and low ones too low. The Brier score is "
        "the mean squared error of probabilities: lower is better.",
    ),
    (
        "Decision curve",
        "Suppose one would act from a probability of 10 % on: one then accepts nine false alarms "
        "for each true case. The net benefit counts true cases less false alarms at that rate.",
    ),
)


def classification_page(document: Document) -> Page:
    """What the page of an evaluation of two classes shows.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    """
    figures = document["figures"]
    order = by_value(figures["scores"], "auc")
    best = order[0]
    auc = with_interval(figures["scores"][best]["auc"])
    cases = f"{document['cases']} cases of {document['patients']} patients"
    return Page(
        what="classification",
        headline=f"“{best}” told positive from negative cases with an AUC of {auc} in {cases}.",
        facts=(
            ("Table", document["table"]),
            ("Cases", str(document["cases"])),
            ("Patients", str(document["patients"])),
            ("Positive", f"{figures['positive']} ({percent(figures['prevalence']['value'])})"),
        ),
        notes=_notes(document, order),
        sections=(
            _discrimination(document, order),
            _thresholds(document, order),
            _probabilities(document, order),
            subgroup_section(document),
        ),
        guide=GUIDE,
    )


def by_value(scores: Mapping[str, Any], figure: str) -> list[str]:
    """Names of scores, the highest figure first."""

    def value(name: str) -> float:
        found = (scores[name][figure] or {}).get("value")
        return -1.0 if found is None else float(found)

    return sorted(scores, key=value, reverse=True)


def _notes(document: Document, order: list[str]) -> tuple[str, ...]:
    scores = document["figures"]["scores"]
    lower = scores[order[0]]["auc"]["lower"]
    found = []
    if lower is None or lower <= 0.5:
        found.append("Its interval leaves open that it does no better than a coin.")
    if len(order) > 1:
        found.append(
            f"It is the best of {len(order)} scores on the same cases; the comparisons below tell "
            "whether by more than chance."
        )
    return tuple(found)


def _lines(document: Document, order: list[str], curve: str, figure: str = "") -> list[draw.Line]:
    """Lines of the best scores that have a curve; a score looks the same in every plot."""
    scores = document["figures"]["scores"]
    found: list[draw.Line] = []
    for place, name in enumerate(order):
        if not scores[name].get(curve) or len(found) == MOST_LINES:
            continue
        value = f", {number(scores[name][figure]['value'], 2)}" if figure else ""
        look = draw.line_look(place)
        found.append(draw.Line(shortened(name, 26) + value, scores[name][curve], look))
    return found


def _discrimination(document: Document, order: list[str]) -> Section:
    figures = document["figures"]
    scores = figures["scores"]
    rows = [draw.ForestRow(shortened(name, 26), scores[name]["auc"]) for name in order]
    table = PageTable(
        "How well each score tells positive from negative cases",
        "Score",
        ("AUC, DeLong", "AUC, bootstrap", "Average precision"),
        tuple(
            (name, (cell(scores[name]["auc"], 3), cell(scores[name]["auc_bootstrap"], 3),
                    cell(scores[name]["average_precision"], 3)))
            for name in order
        ),
    )  # fmt: skip
    forest = draw.forest(
        rows, chance=0.5, name="auc", label="AUC with 95 % interval; dashed: chance",
        alt="AUC of each score with its 95 % interval; see the table",
    )  # fmt: skip
    roc = draw.roc_curves(
        _lines(document, order, "roc", "auc"), name="roc",
        alt="ROC curves; the areas are in the table",
    )  # fmt: skip
    precise = draw.precision_recall_curves(
        _lines(document, order, "precision_recall", "average_precision"),
        figures["prevalence"]["value"], name="precision",
        alt="Precision-recall curves; average precision is in the table",
    )  # fmt: skip
    text = (
        "ROC curves with their AUC, then precision against recall with average precision; dashed "
        "there is the share of positive cases."
    )
    return Section(
        "Telling the classes apart",
        (text,),
        wide=plots_of(forest if len(order) > 1 else ""),
        pair=plots_of(roc, precise),
        tables=(table, *comparison_table(figures["comparisons"], "AUC")),
    )


def _thresholds(document: Document, order: list[str]) -> Section:
    scores = document["figures"]["scores"]
    first = scores[order[0]]
    fixed = PageTable(
        "Best of all thresholds that reach a fixed specificity or sensitivity",
        "Score",
        (
            *(f"Sensitivity at {percent(one['specificity'])} specificity, %"
              for one in first["at_specificity"]),
            *(f"Specificity at {percent(one['sensitivity'])} sensitivity, %"
              for one in first["at_sensitivity"]),
        ),
        tuple(
            (name, (*(cell(one["sensitivity"], 0, 100) for one in scores[name]["at_specificity"]),
                    *(cell(one["specificity"], 0, 100) for one in scores[name]["at_sensitivity"])))
            for name in order
        ),
        "Thresholds were set on these cases, for every score alike.",
    )  # fmt: skip
    tables = (_points(scores, order), fixed, *_enriched(scores, order))
    return Section("At a threshold", tables=tables)


def _points(scores: Mapping[str, Any], order: list[str]) -> PageTable:
    rows = []
    for name in order:
        point = scores[name]["at_threshold"]
        calls = ("true_positives", "false_positives", "true_negatives", "false_negatives")
        cells = [
            Cell(
                # No threshold of a document: only calling no case positive is strict enough.
                "above all" if point["threshold"] is None else number(point["threshold"], 3),
                point["threshold_from"],
            ),
            Cell(" / ".join(str(point[key]) for key in calls)),
            cell(point["sensitivity"], 0, 100),
            cell(point["specificity"], 0, 100),
            cell(point["positive_predictive_value"], 0, 100),
            cell(point["negative_predictive_value"], 0, 100),
        ]
        rows.append((name, tuple(cells)))
    columns = ("Threshold", "TP / FP / TN / FN", "Sensitivity, %", "Specificity, %",
               "Positive predictive value, %", "Negative predictive value, %")  # fmt: skip
    note = "Positive at or above the threshold. Predictive values at the prevalence of these cases."
    return PageTable("What one threshold does", "Score", columns, tuple(rows), note)


def _enriched(scores: Mapping[str, Any], order: list[str]) -> list[PageTable]:
    """Predictive values at a prevalence that was given."""
    given = [name for name in order if scores[name]["at_threshold"].get("at_prevalence")]
    if not given:
        return []
    prevalence = scores[given[0]]["at_threshold"]["at_prevalence"]["prevalence"]
    keys = ("positive_predictive_value", "negative_predictive_value")
    rows = tuple(
        (name, tuple(cell(scores[name]["at_threshold"]["at_prevalence"][key], 1, 100)
                     for key in keys))
        for name in given
    )  # fmt: skip
    caption = f"Predictive values where {100 * prevalence:g} % of cases are positive"
    columns = ("Positive predictive value, %", "Negative predictive value, %")
    note = "Holds if sensitivity and specificity are the same there."
    return [PageTable(caption, "Score", columns, rows, note)]


def _probabilities(document: Document, order: list[str]) -> Section:
    scores = document["figures"]["scores"]
    sure = [name for name in order if scores[name]["is_probability"]]
    if not sure:
        text = "No score is a probability, so that calibration and net benefit have no meaning."
        return Section("Probabilities", (text,))
    rows = []
    for name in sure:
        fit = scores[name]["calibration"]
        rows.append(
            (
                name,
                (
                    cell(scores[name]["brier"], 3),
                    cell(fit["slope"], 2) if fit["slope"] else Cell(MISSING),
                    cell(fit["intercept_in_the_large"], 2)
                    if fit["intercept_in_the_large"]
                    else Cell(MISSING),
                    cell(fit["expected_error"], 3),
                ),
            )
        )
    columns = ("Brier score", "Slope", "Intercept in the large", "Expected calibration error")
    panels = [
        draw.calibration_panel(scores[name]["calibration"], name, name=f"calibration {name}",
                               alt=f"Calibration of {name}")
        for name in sure[:MOST_LINES]
    ]  # fmt: skip
    decision = draw.decision_curves(
        _lines(document, order, "decision_curve"), name="decision",
        alt="Decision curves beside treating all and none",
    )  # fmt: skip
    return Section(
        "Probabilities: calibration and net benefit",
        pair=(decision,),
        panels=tuple(panels),
        tables=(PageTable("How well probabilities are met", "Score", columns, tuple(rows)),),
    )

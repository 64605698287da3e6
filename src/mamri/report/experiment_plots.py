"""Plots that set the models of an experiment beside each other, as SVG text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mamri.report import evaluation_plots as draw
from mamri.report.experiment_canvas import (
    BLUE,
    FAINT,
    INK,
    VERMILION,
    array_of,
    legend_below,
    shortened,
    square_plot,
    svg_of,
    value_and_bounds,
)
from mamri.report.experiment_models import (
    CHANCE,
    MAIN_FIGURE,
    READER,
    Document,
    baseline_of,
    main_value,
    model_names,
    plotted,
    ranked,
)
from mamri.report.wording import number


def forest_plot(document: Document) -> str:
    """Main figure of every model with its interval, best on top, baseline below."""
    figures, names = document["figures"], model_names(document)
    main, baseline = figures["main_figure"], baseline_of(document)
    rows = [m for m in ranked(document) if main_value(document, m) is not None]
    if not rows:
        return ""

    def row_of(label: str) -> draw.ForestRow:
        reader = label.startswith(READER)
        colour = FAINT if label == baseline else VERMILION if reader else BLUE
        figure = figures["models"][label][main]
        return draw.ForestRow(shortened(names[label], 26), figure, colour, "D" if reader else "o")

    return draw.forest(
        [row_of(label) for label in rows], chance=CHANCE[main], name="forest",
        label=f"{MAIN_FIGURE[main]}, with 95 % interval; dashed: chance",
        alt=f"{MAIN_FIGURE[main]} of each model with its 95 % interval; see the table",
    )  # fmt: skip


def roc_plot(document: Document) -> str:
    """Sensitivity against false alarms, of the best models, the readers and the baseline."""
    models = document["figures"]["models"]
    rows = [m for m in _with_reference(document) if models[m].get("roc")]
    if not rows:
        return ""
    names = model_names(document)
    lines = [
        draw.Line(
            f"{shortened(names[label], 26)}, {number(main_value(document, label), 2)}",
            models[label]["roc"], _look(document, label),
        )
        for label in rows
    ]  # fmt: skip
    return draw.roc_curves(
        lines, name="roc", alt="ROC curves; the areas are in the table of figures"
    )


def decision_plot(document: Document) -> str:
    """Net benefit against the probability from which one would act."""
    models = document["figures"]["models"]
    rows = [m for m in plotted(document) if models[m].get("decision_curve")]
    if not rows:
        return ""
    names = model_names(document)
    lines = [
        draw.Line(shortened(names[m], 26), models[m]["decision_curve"], _look(document, m))
        for m in rows
    ]
    alt = "Decision curves of the best models beside treating all and none"
    return draw.decision_curves(lines, name="decision", alt=alt)


def learning_plot(document: Document) -> str:
    """Main figure against the number of training cases."""
    rows = _learning_rows(document)
    shown = [m for m in _with_reference(document) if any(row["model"] == m for row in rows)]
    if not shown:
        return ""
    main = document["figures"]["main_figure"]
    span = max(row["trained"] for row in rows)
    with square_plot(len(shown), "learning", height=300) as (figure, axes, drawn):
        for k, label in enumerate(shown):
            own = [row for row in rows if row["model"] == label]
            x = array_of([row["trained"] for row in own]) + 0.008 * span * (k - len(shown) / 2)
            value, lower, upper = np.array([value_and_bounds(row) for row in own]).T
            look = _look(document, label)
            axes.vlines(x, lower, upper, color=look["color"], lw=1.2)
            axes.plot(x, value, marker="o", ms=5, label=shortened(model_names(document)[label], 26),
                      **look)  # fmt: skip
        axes.axhline(CHANCE[main], color=FAINT, lw=1, ls=(0, (3, 3)), zorder=0)
        axes.set_xlim(0, 1.06 * span)
        axes.set_xlabel("Training cases")
        axes.set_ylabel(f"{MAIN_FIGURE[main]}, 95 % interval")
        legend_below(figure)
    return svg_of(drawn, f"{MAIN_FIGURE[main]} against the number of training cases")


def _learning_rows(document: Document) -> list[Mapping[str, Any]]:
    """Rows of the learning curve; in cross-validation the whole run is its last place."""
    rows = [row for row in document.get("learning_curve") or () if row.get("value") is not None]
    figures, validation = document["figures"], document["experiment"]["validation"]
    if rows and validation["kind"] == "nested":
        counts = document["cohort"].get("trained_on") or ()
        least = figures["cases"] * (1 - 1 / validation["folds"])
        trained = float(np.mean(counts)) if counts else least
        rows += [
            {"model": label, "trained": trained, **(one.get(figures["main_figure"]) or {})}
            for label, one in figures["models"].items()
            if not label.startswith(READER) and main_value(document, label) is not None
        ]
    return rows


def _with_reference(document: Document) -> list[str]:
    """The best models, all readers, and the baseline."""
    own, baseline = plotted(document), baseline_of(document)
    return [m for m in ranked(document) if m in own or m.startswith(READER) or m == baseline]


def _look(document: Document, label: str) -> dict[str, Any]:
    """Colour and dashes of a model, the same in every plot."""
    if label == baseline_of(document):
        return {"color": FAINT, "ls": "-", "lw": 1.6}
    if label.startswith(READER):
        return {"color": INK, "ls": (0, (1.5, 1.5)), "lw": 1.6}
    return draw.line_look(plotted(document).index(label))

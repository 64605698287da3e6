"""Plots that set the models of an experiment beside each other, as SVG text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mamri.report.experiment_canvas import (
    BLUE,
    COLOURS,
    DASHES,
    FAINT,
    INK,
    LINE,
    VERMILION,
    array_of,
    axes_at,
    blank_figure,
    legend_below,
    percent_axes,
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
    chance = CHANCE[main]
    height = 34 * len(rows)
    with blank_figure(760, height + 64, "forest") as (figure, drawn):
        axes = axes_at(figure, (190, 12, 400, height))
        low, high = chance, chance
        for place, label in enumerate(rows):
            value, lower, upper = value_and_bounds(figures["models"][label][main])
            low, high = np.nanmin([low, lower, value]), np.nanmax([high, upper, value])
            reader = label.startswith(READER)
            colour = FAINT if label == baseline else VERMILION if reader else BLUE
            axes.plot([lower, upper], [place, place], color=colour, lw=2, solid_capstyle="butt")
            axes.plot([value], [place], "D" if reader else "o", color=colour, ms=7)
            known = np.isfinite(upper - lower) and upper > lower
            interval = f" ({number(lower, 2)} to {number(upper, 2)})" if known else ""
            axes.text(
                1.03, place, number(value, 2) + interval, color=INK, va="center_baseline",
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        pad = 0.06 * max(high - low, 0.1)
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.axvline(chance, color=FAINT, lw=1, ls=(0, (3, 3)), zorder=0)
        axes.set_yticks(range(len(rows)), [shortened(names[m], 26) for m in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{MAIN_FIGURE[main]}, with 95 % interval; dashed: chance")
    return svg_of(drawn, f"{MAIN_FIGURE[main]} of each model with its 95 % interval; see the table")


def roc_plot(document: Document) -> str:
    """Sensitivity against false alarms, of the best models, the readers and the baseline."""
    models = document["figures"]["models"]
    rows = [m for m in _with_reference(document) if models[m].get("roc")]
    if not rows:
        return ""
    with square_plot(len(rows), "roc") as (figure, axes, drawn):
        axes.plot([0, 100], [0, 100], color=LINE, lw=1)
        for label in rows:
            curve = models[label]["roc"]
            x, y = (
                100 * array_of(curve[key]) for key in ("false_positive_rate", "true_positive_rate")
            )
            value = number(main_value(document, label), 2)
            name = f"{shortened(model_names(document)[label], 26)}, {value}"
            axes.plot(x, y, label=name, **_look(document, label))
        percent_axes(axes, "False positives (100 − specificity), %", "Sensitivity, %")
        legend_below(figure)
    return svg_of(drawn, "ROC curves; the areas are in the table of figures")


def decision_plot(document: Document) -> str:
    """Net benefit against the probability from which one would act."""
    models = document["figures"]["models"]
    rows = [m for m in plotted(document) if models[m].get("decision_curve")]
    if not rows:
        return ""
    with square_plot(len(rows) + 2, "decision") as (figure, axes, drawn):
        first = models[rows[0]]["decision_curve"]
        x, treat_all = 100 * array_of(first["thresholds"]), array_of(first["treat_all"])
        highest = np.nanmax(treat_all)
        axes.plot(x, treat_all, color=FAINT, lw=1.4, ls=(0, (2, 2)), label="treat all")
        axes.axhline(0, color=FAINT, lw=1.4, label="treat none")
        used = 0.0
        for label in rows:
            benefit = array_of(models[label]["decision_curve"]["model"])
            axes.plot(x, benefit, label=shortened(model_names(document)[label], 26),
                      **_look(document, label))  # fmt: skip
            used = max([used, *x[np.abs(benefit) > 0.002]])
            highest = np.nanmax([highest, *benefit])
        axes.set_xlim(0, min(100.0, used + 4))
        axes.set_ylim(-0.15 * highest, 1.08 * highest)
        axes.set_xlabel("Probability from which one would act, %")
        axes.set_ylabel("Net benefit, true positives per case")
        legend_below(figure)
    return svg_of(drawn, "Decision curves of the best models beside treating all and none")


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
    place = plotted(document).index(label)
    return {"color": COLOURS[place], "ls": DASHES[place % len(DASHES)], "lw": 1.8}

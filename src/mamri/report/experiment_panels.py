"""Plots of one model of an experiment each, as SVG text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mamri.report.experiment_canvas import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    VERMILION,
    array_of,
    axes_at,
    blank_figure,
    ends_of,
    legend_below,
    panel,
    percent_axes,
    shortened,
    svg_of,
    value_and_bounds,
)
from mamri.report.experiment_cells import p_text
from mamri.report.experiment_models import (
    Document,
    model_names,
)

MOST_FEATURES = 15
FEWEST_AT_RISK = 5  # that a survival curve is drawn for; fewer make steps without meaning

_THIRDS = {"lowest": (BLUE, "-"), "middle": (GREEN, (0, (6, 2))), "highest": (VERMILION, "-")}


def calibration_plot(document: Document, label: str) -> str:
    """Observed frequency in groups of like predicted probability."""
    curve = document["figures"]["models"][label].get("calibration") or {}
    if not curve.get("predicted"):
        return ""
    x, y, lower, upper = (
        100 * array_of(curve[key]) for key in ("predicted", "observed", "lower", "upper")
    )
    with panel(model_names(document)[label], f"calibration {label}") as (axes, drawn):
        top = min(100, 20 * int(np.ceil(np.nanmax([x, y, upper]) / 20)))
        axes.plot([0, 100], [0, 100], color=FAINT, lw=1, ls=(0, (3, 3)))
        axes.vlines(x, lower, upper, color=BLUE, lw=1.4)
        axes.plot(x, y, "o-", color=BLUE, ms=5, lw=1, clip_on=False)
        percent_axes(axes, "Predicted probability, %", "Observed, %", top)
    return svg_of(drawn, f"Calibration of {model_names(document)[label]}")


def survival_plot(document: Document, label: str) -> str:
    """Share without event over time, by thirds of predicted risk."""
    thirds = document["figures"]["models"][label].get("thirds")
    if not thirds:
        return ""
    name, unit = model_names(document)[label], document["experiment"]["target"].get("unit")
    curves = thirds["curves"]
    counted = _counts_at_risk(thirds)
    below = 52 + (22 + 16 * len(curves) if counted else 0)
    with panel(name, f"survival {label}", legend=1, below=below) as (axes, drawn):
        for word, curve in curves.items():
            colour, dashes = _THIRDS[word]
            x, y, lower, upper = _trusted_steps(curve)
            axes.step(x, y, where="post", color=colour, ls=dashes, lw=1.8, label=word)
            axes.fill_between(x, lower, upper, step="post", color=colour, alpha=0.1, lw=0)
        axes.set_xlim(left=0)
        axes.set_ylim(0, 102)
        if counted:
            _numbers_at_risk(axes, curves)
        axes.set_xlabel(f"Time, {unit}" if unit else "Time")
        axes.set_ylabel("Without event, %")
        axes.text(0.04, 0.05, f"log-rank {p_text(thirds['log_rank_p'])}", color=INK,
                  transform=axes.transAxes)  # fmt: skip
        legend_below(axes.figure, columns=3)
    return svg_of(drawn, f"Survival by thirds of the risk that {name} predicted")


def knows_at_risk(document: Document) -> bool:
    """Whether the document tells how many patients each survival curve rests on."""
    found = [one.get("thirds") for one in document["figures"]["models"].values()]
    return any(thirds and _counts_at_risk(thirds) for thirds in found)


def _counts_at_risk(thirds: Mapping[str, Any]) -> bool:
    return all(curve.get("at_risk") for curve in thirds["curves"].values())


def _trusted_steps(curve: Mapping[str, Any]) -> np.ndarray:
    """Time, then survival and its bounds in per cent, while enough patients are at risk; (4, k).

    Documents of older versions do not tell how many are, and their curves are whole.
    """
    at_risk = curve.get("at_risk")
    enough = None if at_risk is None else int(np.sum(np.array(at_risk) >= FEWEST_AT_RISK))
    x = array_of(curve["times"])[:enough]
    y = [100 * array_of(curve[key])[:enough] for key in ("survival", "lower", "upper")]
    return np.column_stack([[0.0, 100.0, 100.0, 100.0], np.vstack([x, *y])])


def _numbers_at_risk(axes: Any, curves: Mapping[str, Mapping[str, Any]]) -> None:
    """Rows below a plot: how many of each curve are under observation at a few times."""
    end = axes.get_xlim()[1]
    ticks = [float(tick) for tick in axes.get_xticks() if 0 <= tick <= end]
    shown = ticks[:: -(-len(ticks) // 5)]
    place = {"transform": axes.get_xaxis_transform(), "va": "center", "fontsize": 11}
    high = 1 / 250  # of a pixel, where the plot is 1 high
    axes.text(0, -58 * high, "Number at risk", color=INK, ha="left", **place)
    for row, (word, curve) in enumerate(curves.items()):
        y = -(75 + 16 * row) * high
        axes.annotate(word, (0, y), (-14, 0), xycoords=axes.get_xaxis_transform(),
                      textcoords="offset points", color=_THIRDS[word][0], ha="right",
                      va="center", fontsize=11)  # fmt: skip
        times = array_of(curve["times"])
        for tick in shown:
            later = int(np.searchsorted(times, tick))
            n = curve["at_risk"][later] if later < len(times) else 0
            axes.text(tick, y, str(n), color=INK, ha="center", **place)


def confusion_plot(document: Document, label: str) -> str:
    """Counts of true and said classes, shaded by share of the true class."""
    counts = document["figures"]["models"][label].get("confusion")
    if not counts:
        return ""
    table = np.array(counts, float)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    words = [shortened(word, 12) for word in document["cohort"]["counts"]]
    name = model_names(document)[label]
    with panel(name, f"confusion {label}", left=128, below=84) as (axes, drawn):
        for row, column in np.ndindex(table.shape):
            axes.fill_between([column, column + 1], row, row + 1, color=BLUE, lw=0,
                              alpha=0.04 + 0.5 * share[row, column])  # fmt: skip
            text = f"{table[row, column]:.0f}\n{100 * share[row, column]:.0f} %"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=INK)
        middle = np.arange(len(words)) + 0.5
        axes.set_xticks(middle, words, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(middle, words)
        axes.tick_params(length=0)
        axes.set_xlim(0, len(words))
        axes.set_ylim(len(words), 0)
        axes.set_xlabel("Said by the model")
        axes.set_ylabel("True")
        for spine in axes.spines.values():
            spine.set_visible(False)
    return svg_of(drawn, f"Confusion matrix of {name}: rows are true classes, columns those said")


def observed_plot(document: Document, label: str) -> str:
    """Predicted against observed numbers, with the line of equality."""
    figures = document["figures"]["models"][label]
    if not figures.get("predicted"):
        return ""
    target = document["experiment"]["target"]
    what = f"{shortened(target['name'], 20)}{', ' + target['unit'] if target.get('unit') else ''}"
    x, y = array_of(figures["observed"]), array_of(figures["predicted"])
    both = np.concatenate([x, y])
    low, high = np.nanmin(both), np.nanmax(both)
    pad = 0.04 * (high - low) or 1.0
    name = model_names(document)[label]
    with panel(name, f"observed {label}") as (axes, drawn):
        axes.axline((low, low), slope=1, color=FAINT, lw=1, ls=(0, (3, 3)))
        axes.plot(x, y, "o", color=BLUE, ms=4, alpha=0.45, mew=0)
        axes.set_ylim(low - pad, high + pad)
        axes.set_xticks(axes.get_yticks())
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(low - pad, high + pad)
        axes.set_xlabel(f"Observed {what}")
        axes.set_ylabel(f"Predicted {what}")
    return svg_of(drawn, f"Numbers that {name} predicted against those observed")


def importance_plot(entries: Sequence[Mapping[str, Any]], name: str, unit: str) -> str:
    """How much a model rests on its features, as bars, strongest on top.

    Parameters
    ----------
    entries : sequence of mapping
        ``feature``, ``value`` and, where known, ``lower`` and ``upper``.
    name : str
        Of the model, as it is called on the page.
    unit : str
        What the bars count.
    """
    rows = [one for one in entries if one.get("value") is not None][:MOST_FEATURES]
    if not rows:
        return ""
    height = 22 * len(rows)
    with blank_figure(530, height + 84, f"importance {name} {unit}") as (figure, drawn):
        axes = axes_at(figure, (250, 28, 250, height))
        axes.set_title(shortened(name, 34), loc="left")
        for place, one in enumerate(rows):
            value, lower, upper = value_and_bounds(one)
            axes.barh(place, value, height=0.62, color=BLUE, alpha=0.75)
            axes.plot([lower, upper], [place, place], color=INK, lw=1.2)
        axes.axvline(0, color=FAINT, lw=1)
        axes.set_yticks(range(len(rows)), [ends_of(str(one["feature"]), 36) for one in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(unit)
    return svg_of(drawn, f"Importance of features in {name}")

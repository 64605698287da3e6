"""Plots of how good scores are, from plain values, as SVG text.

The reports of experiments and of evaluations draw with the same functions. Curves are mappings of
lists as the documents hold them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.report.experiment_canvas import (
    BLUE,
    COLOURS,
    DASHES,
    FAINT,
    GREEN,
    INK,
    LINE,
    VERMILION,
    array_of,
    axes_at,
    blank_figure,
    legend_below,
    panel,
    percent_axes,
    shortened,
    square_plot,
    svg_of,
    value_and_bounds,
)
from mamri.report.experiment_cells import p_text
from mamri.report.wording import number

FEWEST_AT_RISK = 5  # that a survival curve is drawn for; fewer make steps without meaning
Curve = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a plot: its name in the legend, its curve, and how it looks."""

    name: str
    curve: Curve
    look: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ForestRow:
    """One row of a forest: its name, a figure with bounds, a colour and a marker."""

    name: str
    figure: Mapping[str, Any]
    colour: str = BLUE
    marker: str = "o"


def line_look(place: int) -> dict[str, Any]:
    """Colour and dashes of the line at a place, from 0."""
    ways = len(COLOURS)
    return {"color": COLOURS[place % ways], "ls": DASHES[place % len(DASHES)], "lw": 1.8}


def forest(rows: Sequence[ForestRow], *, chance: float | None, label: str, name: str,
           alt: str, left: float = 190) -> str:  # fmt: skip
    """Figures with their intervals below each other.

    Parameters
    ----------
    rows : sequence of ForestRow
    chance : float or None
        Where a dashed line stands.
    label : str
        Of the axis.
    name, alt : str
        Of the drawing, and what it shows in words.
    left : float
        Room for the names, in pixels.
    """
    height = 34 * len(rows)
    with blank_figure(570 + left, height + 64, name) as (figure, drawn):
        axes = axes_at(figure, (left, 12, 400, height))
        start = value_and_bounds(rows[0].figure)[0] if chance is None else chance
        low, high = start, start
        for place, row in enumerate(rows):
            value, lower, upper = value_and_bounds(row.figure)
            low, high = np.nanmin([low, lower, value]), np.nanmax([high, upper, value])
            axes.plot([lower, upper], [place, place], color=row.colour, lw=2,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot([value], [place], row.marker, color=row.colour, ms=7)
            known = np.isfinite(upper - lower) and upper > lower
            interval = f" ({number(lower, 2)} to {number(upper, 2)})" if known else ""
            axes.text(
                1.03, place, number(value, 2) + interval, color=INK, va="center_baseline",
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        pad = 0.06 * max(high - low, 0.1)
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        if chance is not None:
            axes.axvline(chance, color=FAINT, lw=1, ls=(0, (3, 3)), zorder=0)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(label)
    return svg_of(drawn, alt)


def roc_curves(lines: Sequence[Line], *, name: str, alt: str) -> str:
    """Sensitivity against false alarms."""
    with square_plot(len(lines), name) as (figure, axes, drawn):
        axes.plot([0, 100], [0, 100], color=LINE, lw=1)
        for line in lines:
            x, y = (
                100 * array_of(line.curve[key])
                for key in ("false_positive_rate", "true_positive_rate")
            )
            axes.plot(x, y, label=line.name, **line.look)
        percent_axes(axes, "False positives (100 − specificity), %", "Sensitivity, %")
        legend_below(figure)
    return svg_of(drawn, alt)


def precision_recall_curves(
    lines: Sequence[Line], prevalence: float, *, name: str, alt: str
) -> str:
    """Positive predictive value against sensitivity, with the prevalence as a line."""
    with square_plot(len(lines), name) as (figure, axes, drawn):
        axes.axhline(100 * prevalence, color=FAINT, lw=1, ls=(0, (3, 3)))
        for line in lines:
            x, y = (100 * array_of(line.curve[key]) for key in ("recall", "precision"))
            axes.step(x, y, where="post", label=line.name, **line.look)
        percent_axes(axes, "Sensitivity (recall), %", "Positive predictive value (precision), %")
        legend_below(figure)
    return svg_of(drawn, alt)


def decision_curves(lines: Sequence[Line], *, name: str, alt: str) -> str:
    """Net benefit against the probability from which one would act."""
    with square_plot(len(lines) + 2, name) as (figure, axes, drawn):
        first = lines[0].curve
        x, treat_all = 100 * array_of(first["thresholds"]), array_of(first["treat_all"])
        highest = np.nanmax(treat_all)
        axes.plot(x, treat_all, color=FAINT, lw=1.4, ls=(0, (2, 2)), label="treat all")
        axes.axhline(0, color=FAINT, lw=1.4, label="treat none")
        used = 0.0
        for line in lines:
            benefit = array_of(line.curve["model"])
            axes.plot(x, benefit, label=line.name, **line.look)
            used = max([used, *x[np.abs(benefit) > 0.002]])
            highest = np.nanmax([highest, *benefit])
        axes.set_xlim(0, min(100.0, used + 4))
        axes.set_ylim(-0.15 * highest, 1.08 * highest)
        axes.set_xlabel("Probability from which one would act, %")
        axes.set_ylabel("Net benefit, true positives per case")
        legend_below(figure)
    return svg_of(drawn, alt)


def calibration_panel(curve: Curve, title: str, *, name: str, alt: str) -> str:
    """Observed frequency in groups of like predicted probability."""
    x, y, lower, upper = (
        100 * array_of(curve[key]) for key in ("predicted", "observed", "lower", "upper")
    )
    with panel(title, name) as (axes, drawn):
        top = min(100, 20 * int(np.ceil(np.nanmax([x, y, upper]) / 20)))
        axes.plot([0, 100], [0, 100], color=FAINT, lw=1, ls=(0, (3, 3)))
        axes.vlines(x, lower, upper, color=BLUE, lw=1.4)
        axes.plot(x, y, "o-", color=BLUE, ms=5, lw=1, clip_on=False)
        percent_axes(axes, "Predicted probability, %", "Observed, %", top)
    return svg_of(drawn, alt)


def survival_panel(
    groups: Mapping[str, Any], title: str, *, unit: str, name: str, alt: str, left: float = 62
) -> str:
    """Share without event over time, by group.

    Parameters
    ----------
    groups : mapping
        ``curves`` by name, lowest risk first, and ``log_rank_p``.
    title, unit : str
    name, alt : str
        Of the drawing, and what it shows in words.
    left : float
        Room for the names of the groups, in pixels.
    """
    curves = groups["curves"]
    looks = _group_looks(list(curves))
    counted = counts_at_risk(groups)
    below = 52 + (22 + 16 * len(curves) if counted else 0)
    with panel(title, name, legend=-(-len(curves) // 3), left=left, below=below) as (axes, drawn):
        for word, curve in curves.items():
            colour, dashes = looks[word]
            x, y, lower, upper = _trusted_steps(curve)
            axes.step(x, y, where="post", color=colour, ls=dashes, lw=1.8, label=word)
            axes.fill_between(x, lower, upper, step="post", color=colour, alpha=0.1, lw=0)
        axes.set_xlim(left=0)
        axes.set_ylim(0, 102)
        if counted:
            _numbers_at_risk(axes, curves, looks)
        axes.set_xlabel(f"Time, {unit}" if unit else "Time")
        axes.set_ylabel("Without event, %")
        axes.text(0.04, 0.05, f"log-rank {p_text(groups['log_rank_p'])}", color=INK,
                  transform=axes.transAxes)  # fmt: skip
        legend_below(axes.figure, columns=3)
    return svg_of(drawn, alt)


def counts_at_risk(groups: Mapping[str, Any]) -> bool:
    """Whether every curve tells how many patients it rests on."""
    return all(curve.get("at_risk") for curve in groups["curves"].values())


def _group_looks(names: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Blue for the first, vermilion for the last where there are two or three."""
    dashed = (0, (6, 2))
    ways: list[tuple[str, Any]] = [(BLUE, "-"), (GREEN, dashed), (VERMILION, "-")]
    if len(names) == 2:
        ways = [ways[0], ways[2]]
    if len(names) > 3:
        ways = [(line_look(k)["color"], line_look(k)["ls"]) for k in range(len(names))]
    return dict(zip(names, ways, strict=False))


def _trusted_steps(curve: Curve) -> np.ndarray:
    """Time, then survival and its bounds in per cent, while enough patients are at risk; (4, k).

    Documents of older versions do not tell how many are, and their curves are whole.
    """
    at_risk = curve.get("at_risk")
    enough = None if at_risk is None else int(np.sum(np.array(at_risk) >= FEWEST_AT_RISK))
    x = array_of(curve["times"])[:enough]
    y = [100 * array_of(curve[key])[:enough] for key in ("survival", "lower", "upper")]
    return np.column_stack([[0.0, 100.0, 100.0, 100.0], np.vstack([x, *y])])


def _numbers_at_risk(
    axes: Any, curves: Mapping[str, Curve], looks: Mapping[str, tuple[str, Any]]
) -> None:
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
                      textcoords="offset points", color=looks[word][0], ha="right",
                      va="center", fontsize=11)  # fmt: skip
        times = array_of(curve["times"])
        for tick in shown:
            later = int(np.searchsorted(times, tick))
            n = curve["at_risk"][later] if later < len(times) else 0
            axes.text(tick, y, str(n), color=INK, ha="center", **place)


def confusion_panel(
    counts: Sequence[Sequence[int]],
    classes: Sequence[str],
    title: str,
    *,
    name: str,
    alt: str,
    axes_of: tuple[str, str] = ("True", "Said by the model"),
) -> str:
    """Counts of true and said classes, shaded by share of the true class."""
    table = np.array(counts, float)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    words = [shortened(word, 12) for word in classes]
    with panel(title, name, left=128, below=84) as (axes, drawn):
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
        axes.set_xlabel(axes_of[1])
        axes.set_ylabel(axes_of[0])
        for spine in axes.spines.values():
            spine.set_visible(False)
    return svg_of(drawn, alt)


def observed_panel(
    observed: Sequence[float | None], predicted: Sequence[float | None], title: str, *, what: str,
    name: str, alt: str,
) -> str:  # fmt: skip
    """Predicted against observed numbers, with the line of equality."""
    x, y = array_of(observed), array_of(predicted)
    both = np.concatenate([x, y])
    low, high = np.nanmin(both), np.nanmax(both)
    pad = 0.04 * (high - low) or 1.0
    with panel(title, name) as (axes, drawn):
        axes.axline((low, low), slope=1, color=FAINT, lw=1, ls=(0, (3, 3)))
        axes.plot(x, y, "o", color=BLUE, ms=4, alpha=0.45, mew=0)
        axes.set_ylim(low - pad, high + pad)
        axes.set_xticks(axes.get_yticks())
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(low - pad, high + pad)
        axes.set_xlabel(f"Observed {what}")
        axes.set_ylabel(f"Predicted {what}")
    return svg_of(drawn, alt)

"""Plots of masks, marks and readers, from plain values, as SVG text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mamri.report.evaluation_plots import Line, line_look
from mamri.report.experiment_canvas import (
    BLUE,
    FAINT,
    INK,
    LINE,
    array_of,
    axes_at,
    blank_figure,
    legend_below,
    panel,
    percent_axes,
    shortened,
    square_plot,
    svg_of,
)

_GRID = np.linspace(0, 1, 101)  # false positive shares at which readers' curves are averaged


def strip_of_cases(
    groups: Mapping[str, Sequence[float | None]], *, label: str, name: str, alt: str
) -> str:
    """Every case as a point, by group, with median and quartiles.

    Parameters
    ----------
    groups : mapping of name to values
        None where undefined.
    label : str
        Of the axis.
    name, alt : str
        Of the drawing, and what it shows in words.
    """
    rows = {key: array_of(values) for key, values in groups.items()}
    rows = {key: values[np.isfinite(values)] for key, values in rows.items()}
    rows = {key: values for key, values in rows.items() if values.size}
    if not rows:
        return ""
    height = 44 * len(rows)
    with blank_figure(720, height + 64, name) as (figure, drawn):
        axes = axes_at(figure, (170, 12, 520, height))
        rng = np.random.default_rng(0)  # points beside each other, the same every time
        for place, values in enumerate(rows.values()):
            beside = place + rng.uniform(-0.22, 0.22, values.size)
            axes.plot(values, beside, "o", color=BLUE, ms=4, mew=0, alpha=0.45)
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            axes.plot([low, high], [place, place], color=INK, lw=2, solid_capstyle="butt")
            axes.plot([middle], [place], "|", color=INK, ms=16, mew=2)
        axes.set_yticks(range(len(rows)), [shortened(key, 24) for key in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(label)
    return svg_of(drawn, alt)


def froc_plot(curve: Mapping[str, Any], *, most: float, name: str, alt: str) -> str:
    """Sensitivity by lesion against false marks an image, up to a rate."""
    x, y = array_of(curve["false_marks_per_image"]), 100 * array_of(curve["sensitivity"])
    with square_plot(0, name) as (_, axes, drawn):
        axes.step(x, y, where="post", **line_look(0))
        axes.plot([x[-1], max(most, x[-1])], [y[-1], y[-1]], color=FAINT, lw=1, ls=(0, (3, 3)))
        axes.set_xlim(0, most)
        axes.set_ylim(0, 100)
        axes.set_xlabel("False marks an image")
        axes.set_ylabel("Lesions marked, %")
    return svg_of(drawn, alt)


def localisation_plot(curves: Mapping[str, Mapping[str, Any]], *, name: str, alt: str) -> str:
    """Lesions, or images, localised against images with a false alarm."""
    with square_plot(len(curves), name) as (figure, axes, drawn):
        for place, (word, curve) in enumerate(curves.items()):
            x, y = (
                100 * array_of(curve[key])
                for key in ("false_positive_fraction", "localisation_fraction")
            )
            axes.plot(x, y, label=word, **line_look(place))
        percent_axes(axes, "Images with a false mark, %", "Localised, %")
        legend_below(figure)
    return svg_of(drawn, alt)


def reader_curves(by_reader: Sequence[Mapping[str, Any]], modality: str, place: int) -> str:
    """ROC curves of the readers of a modality, and their mean sensitivity."""
    title = f"{modality}, each reader and mean"
    with panel(title, f"readers {modality}") as (axes, drawn):
        axes.plot([0, 100], [0, 100], color=LINE, lw=1)
        for row in by_reader:
            if row["modality"] == modality:
                x, y = _roc(row)
                axes.plot(100 * x, 100 * y, color=FAINT, lw=1)
        axes.plot(100 * _GRID, 100 * mean_sensitivity(by_reader, modality), **line_look(place))
        percent_axes(axes, "False positives, %", "Sensitivity, %")
    return svg_of(drawn, f"ROC curves of the readers with {modality}; their AUCs are in the table")


def mean_curves(modalities: Sequence[str], by_reader: Sequence[Mapping[str, Any]]) -> str:
    """Mean ROC curve of the readers in each modality."""
    lines = [
        Line(
            shortened(modality, 26),
            {"x": _GRID, "y": mean_sensitivity(by_reader, modality)},
            line_look(place),
        )
        for place, modality in enumerate(modalities)
    ]
    with square_plot(len(lines), "mean readers") as (figure, axes, drawn):
        axes.plot([0, 100], [0, 100], color=LINE, lw=1)
        for line in lines:
            axes.plot(100 * line.curve["x"], 100 * line.curve["y"], label=line.name, **line.look)
        percent_axes(axes, "False positives (100 − specificity), %", "Mean sensitivity, %")
        legend_below(figure)
    return svg_of(drawn, "Mean ROC curve of the readers in each modality")


def mean_sensitivity(by_reader: Sequence[Mapping[str, Any]], modality: str) -> np.ndarray:
    """Mean over readers of the sensitivity at each share of false positives, (101,).

    Its area is the mean of the readers' areas, but for the grid.
    """
    curves = [_roc(row) for row in by_reader if row["modality"] == modality]
    return np.mean([_at(_GRID, x, y) for x, y in curves], axis=0)


def _at(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A rising curve at some places, its upper end where it stands upright."""
    order = np.lexsort((y, x))
    xs, last = np.unique(x[order][::-1], return_index=True)
    return np.interp(grid, xs, y[order][::-1][last])


def paired_figures(by_reader: Sequence[Mapping[str, Any]], modalities: Sequence[str],
                   label: str) -> str:  # fmt: skip
    """Each reader's figure in two modalities, joined by a line."""
    if len(modalities) != 2:
        return ""
    second, first = modalities  # the old one left, the new one right
    with square_plot(0, "paired readers") as (_, axes, drawn):
        for reader in dict.fromkeys(row["reader"] for row in by_reader):
            own = {row["modality"]: row["value"] for row in by_reader if row["reader"] == reader}
            axes.plot([0, 1], [own[first], own[second]], "o-", color=FAINT, ms=5, lw=1)
        means = [
            np.mean([row["value"] for row in by_reader if row["modality"] == modality])
            for modality in (first, second)
        ]
        axes.plot([0, 1], means, "D-", color=BLUE, ms=8, lw=2.4)
        axes.set_xlim(-0.35, 1.35)
        axes.set_xticks([0, 1], [shortened(first, 24), shortened(second, 24)])
        axes.set_ylabel(label)
    return svg_of(drawn, f"{label} of each reader in both modalities, and the mean; see the table")


def _roc(row: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    curve = row["roc"]
    return array_of(curve["false_positive_rate"]), array_of(curve["true_positive_rate"])

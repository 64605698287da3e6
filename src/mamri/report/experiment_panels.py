"""Plots of one model of an experiment each, as SVG text."""

from collections.abc import Mapping, Sequence
from typing import Any

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_plots import FEWEST_AT_RISK
from mamri.report.experiment_canvas import (
    BLUE,
    FAINT,
    INK,
    axes_at,
    blank_figure,
    ends_of,
    shortened,
    svg_of,
    value_and_bounds,
)
from mamri.report.experiment_models import Document, model_names

__all__ = [
    "FEWEST_AT_RISK",
    "MOST_FEATURES",
    "calibration_plot",
    "confusion_plot",
    "importance_plot",
    "knows_at_risk",
    "observed_plot",
    "survival_plot",
]

MOST_FEATURES = 15


def calibration_plot(document: Document, label: str) -> str:
    """Observed frequency in groups of like predicted probability."""
    curve = document["figures"]["models"][label].get("calibration") or {}
    if not curve.get("predicted"):
        return ""
    title = model_names(document)[label]
    return draw.calibration_panel(
        curve, title, name=f"calibration {label}", alt=f"Calibration of {title}"
    )


def survival_plot(document: Document, label: str) -> str:
    """Share without event over time, by thirds of predicted risk."""
    thirds = document["figures"]["models"][label].get("thirds")
    if not thirds:
        return ""
    title, unit = model_names(document)[label], document["experiment"]["target"].get("unit")
    alt = f"Survival by thirds of the risk that {title} predicted"
    return draw.survival_panel(thirds, title, unit=unit or "", name=f"survival {label}", alt=alt)


def knows_at_risk(document: Document) -> bool:
    """Whether the document tells how many patients each survival curve rests on."""
    found = [one.get("thirds") for one in document["figures"]["models"].values()]
    return any(thirds and draw.counts_at_risk(thirds) for thirds in found)


def confusion_plot(document: Document, label: str) -> str:
    """Counts of true and said classes, shaded by share of the true class."""
    counts = document["figures"]["models"][label].get("confusion")
    if not counts:
        return ""
    title = model_names(document)[label]
    alt = f"Confusion matrix of {title}: rows are true classes, columns those said"
    classes = list(document["cohort"]["counts"])
    return draw.confusion_panel(counts, classes, title, name=f"confusion {label}", alt=alt)


def observed_plot(document: Document, label: str) -> str:
    """Predicted against observed numbers, with the line of equality."""
    figures = document["figures"]["models"][label]
    if not figures.get("predicted"):
        return ""
    target = document["experiment"]["target"]
    what = f"{shortened(target['name'], 20)}{', ' + target['unit'] if target.get('unit') else ''}"
    title = model_names(document)[label]
    return draw.observed_panel(
        figures["observed"], figures["predicted"], title, what=what, name=f"observed {label}",
        alt=f"Numbers that {title} predicted against those observed",
    )  # fmt: skip


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

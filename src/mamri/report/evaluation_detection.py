"""The page of an evaluation of marks."""

from collections.abc import Mapping
from typing import Any

from mamri.report.evaluation_page import Document, Page, PageTable, Section, plots_of
from mamri.report.evaluation_reading_plots import froc_plot, localisation_plot
from mamri.report.experiment_cells import cell
from mamri.report.wording import number

_MOST_RATE = 8.0  # false marks an image at the end of the plot: more are of no use
_AREAS = {
    "afroc": "AFROC, each lesion the same",
    "weighted_afroc": "AFROC, each image the same",
    "afroc_all_images": "AFROC, false marks of all images",
    "lroc": "LROC",
}
_GUIDE = (
    (
        "FROC",
        "How many lesions are marked if one accepts so many false marks an image. Marks beyond "
        "the first on a lesion count for nothing.",
    ),
    (
        "AFROC",
        "Take a lesion and a normal image at random: the area is how often the lesion's mark is "
        "higher than the highest false mark of that image. Chance is near 0, not 0.5, and who "
        "marks nothing has 0.5.",
    ),
    (
        "LROC",
        "Only the highest mark of each image counts, and it must hit. For images with one lesion "
        "at most.",
    ),
)


def detection_page(document: Document) -> Page:
    """What the page of an evaluation of marks shows.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    """
    figures = document["figures"]
    notes = [
        f"No {_AREAS[name]}: {reason}" for name, reason in figures["not_measured"].items()
        if name in _AREAS
    ]  # fmt: skip
    return Page(
        what="marks",
        headline=detection_headline(document),
        facts=(
            ("Tables", document["table"]),
            ("Images", f"{figures['images']}, {figures['normal_images']} of them normal"),
            ("Patients", str(document["patients"])),
            ("Lesions", str(figures["lesions"])),
            ("Marks", f"{figures['marks']}, {figures['false_marks']} of them false"),
        ),
        notes=tuple(notes),
        sections=(_sensitivity(document), _areas(figures)),
        guide=_GUIDE,
    )


def detection_headline(document: Document) -> str:
    """The result of an evaluation of marks in one sentence."""
    figures, settings = document["figures"], document["settings"]
    rate = 1.0 if 1.0 in settings["false_marks_per_image"] else settings["false_marks_per_image"][0]
    reached = cell(figures[f"sensitivity_at_{rate:g}"], 0, factor=100)
    interval = f" ({reached.interval} %)" if reached.interval else ""
    return (
        f"{reached.value} % of {figures['lesions']} lesions{interval} are marked at {rate:g} false "
        f"{'mark' if rate == 1 else 'marks'} an image."
    )


def _sensitivity(document: Document) -> Section:
    figures = document["figures"]
    rates = document["settings"]["false_marks_per_image"]
    rows = [
        (number(rate, 3 if rate < 1 else 0), (cell(figures[f"sensitivity_at_{rate:g}"], 3),))
        for rate in rates
    ]
    rows.append(("Mean of these", (cell(figures["mean_sensitivity"], 3),)))
    table = PageTable(
        "Share of lesions marked", "False marks an image", ("Sensitivity",), tuple(rows)
    )
    drawn = froc_plot(
        figures["froc_curve"], most=_MOST_RATE, name="froc",
        alt="Lesions marked against false marks an image; see the table",
    )  # fmt: skip
    return Section("FROC", wide=plots_of(drawn), tables=(table,))


def _areas(figures: Mapping[str, Any]) -> Section:
    rows = tuple((words, (cell(figures[name], 3),)) for name, words in _AREAS.items())
    table = PageTable("Areas", "Curve", ("Area",), rows)
    curves = {
        words: figures[key]
        for words, key in (("AFROC", "afroc_curve"), ("LROC", "lroc_curve"))
        if figures[key] is not None
    }
    drawn = (
        localisation_plot(curves, name="afroc", alt="AFROC and LROC curves; areas in the table")
        if curves
        else ""
    )
    return Section("AFROC and LROC", wide=plots_of(drawn), tables=(table,))

"""The page of an evaluation of masks."""

from collections.abc import Mapping
from typing import Any

from mamri.report.evaluation_page import Document, Page, PageTable, Section, plots_of
from mamri.report.evaluation_reading_plots import strip_of_cases
from mamri.report.experiment_cells import Cell, cell, with_interval
from mamri.report.wording import number

# Name on the page, digits, by measure.
_MEASURES = {
    "dice": ("Dice", 3),
    "iou": ("Intersection over union", 3),
    "sensitivity": ("Sensitivity, voxels", 3),
    "precision": ("Precision, voxels", 3),
    "nsd": ("NSD", 3),
    "hausdorff95_mm": ("HD95, mm", 1),
    "hausdorff_mm": ("Hausdorff distance, mm", 1),
    "mean_surface_distance_mm": ("Mean surface distance, mm", 2),
    "volume_truth_ml": ("True volume, ml", 1),
    "volume_ml": ("Volume found, ml", 1),
    "volume_error_ml": ("Volume error, ml", 2),
    "absolute_volume_error_ml": ("Absolute volume error, ml", 2),
    "volume_error_percent": ("Volume error, %", 1),
    "absolute_volume_error_percent": ("Absolute volume error, %", 1),
}
_WORST = 10  # cases named on the page; the table beside it has all
_SHORT = ("dice", "nsd", "hausdorff95_mm", "absolute_volume_error_percent")

_GUIDE = (
    (
        "Dice",
        "Twice the common volume over the sum of both: 1 is the same mask, 0 nothing in common. "
        "It forgives errors of large masks and is harsh on small ones.",
    ),
    (
        "NSD",
        "Share of both surfaces that lies within the tolerance of the other: what a reader would "
        "not have to redraw. It depends on the tolerance.",
    ),
    (
        "HD95",
        "All but 5 % of each surface lie nearer than this to the other. A false positive far away "
        "makes it large at once.",
    ),
    (
        "Undefined",
        "Without voxels a mask has no surface, and no distance. Such cases are left out of the "
        "mean of that measure and counted beside it; Dice counts them as 0.",
    ),
)


def segmentation_page(document: Document) -> Page:
    """What the page of an evaluation of masks shows.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    """
    figures = document["figures"]
    empty = figures["empty"]
    missed, invented = empty["prediction_alone"], empty["truth_alone"]
    notes = []
    if missed or invented:
        notes.append(
            f"Cases in which nothing was found though there was something: {missed}; something "
            f"though there was nothing: {invented}. No distance is defined in these."
        )
    return Page(
        what="masks",
        headline=segmentation_headline(document),
        facts=(
            ("Masks", document["table"]),
            ("Cases", str(document["cases"])),
            ("Patients", str(document["patients"])),
            ("Labels", ", ".join(map(str, figures["label_numbers"])) or "all together"),
        ),
        notes=tuple(notes),
        sections=(
            _measures(figures),
            _lesions(figures["lesions"]),
            _subgroups(figures),
            _challenge(figures["challenge"]),
            _worst(figures),
        ),
        guide=_GUIDE,
    )


def segmentation_headline(document: Document) -> str:
    """The result of an evaluation of masks in one sentence."""
    whole = document["figures"]["labels"]["any"]
    tolerance = number(document["settings"]["tolerance_mm"], 1)
    return (
        f"Mean Dice {with_interval(whole['dice'])} in {document['cases']} cases; NSD at "
        f"{tolerance} mm {with_interval(whole['nsd'])}."
    )


def _measures(figures: Mapping[str, Any]) -> Section:
    cases = figures["labels"]["any"]["dice"]["cases"]
    tables = [
        _summary_table(name, one, f"{figures['in_neither_mask'][name]} of {cases}")
        for name, one in figures["labels"].items()
    ]
    by_label = {
        _label(name): [row["dice"] for row in figures["per_case"] if row["label"] == name]
        for name in figures["labels"]
    }
    drawn = strip_of_cases(
        by_label, label="Dice; bar: quartiles, stroke: median", name="dice by label",
        alt="Dice of every case by label; the table has the mean and quartiles",
    )  # fmt: skip
    return Section("Measures", wide=plots_of(drawn), tables=tuple(tables))


def _label(name: str) -> str:
    return "all labels together" if name == "any" else f"label {name}"


def _summary_table(name: str, summary: Mapping[str, Any], neither: str) -> PageTable:
    rows = tuple(
        (
            words,
            (
                cell(summary[key], digits),
                Cell(number(summary[key]["median"], digits)),
                Cell(
                    f"{number(summary[key]['lower_quartile'], digits)} to "
                    f"{number(summary[key]['upper_quartile'], digits)}"
                ),
                Cell(str(summary[key]["undefined"]), is_doubtful=bool(summary[key]["undefined"])),
            ),
        )
        for key, (words, digits) in _MEASURES.items()
    )
    columns = ("Mean", "Median", "Quartiles", "Undefined")
    note = f"In {neither} cases neither mask has it: overlap and NSD count 1, distances 0."
    if neither.startswith("0 "):
        note = ""
    return PageTable(_label(name).capitalize(), "Measure", columns, rows, note)


def _lesions(lesions: Mapping[str, Any] | None) -> Section:
    if lesions is None:
        return Section("Lesions")
    a_case = number(lesions["false_positives_per_case"], 2)
    text = (
        f"{lesions['found']} of {lesions['true']} lesions were found, with "
        f"{lesions['false_positives']} false, {a_case} a case."
    )
    row = (
        cell(lesions["sensitivity"], 3),
        cell(lesions["precision"], 3),
        Cell(number(lesions["f1"], 3)),
        Cell(number(lesions["mean_dice_of_pairs"], 3)),
    )
    table = PageTable(
        "Lesions, paired one to one",
        "Of",
        ("Sensitivity", "Precision", "F1", "Mean Dice of pairs"),
        (("all cases", row),),
    )
    return Section("Lesions", (text,), tables=(table,))


def _subgroups(figures: Mapping[str, Any]) -> Section:
    tables = []
    for column, groups in figures["subgroups"].items():
        rows = tuple(
            (
                name,
                (
                    Cell(str(one["dice"]["cases"])),
                    *(cell(one[key], _MEASURES[key][1]) for key in _SHORT),
                ),
            )
            for name, one in groups.items()
        )
        columns = ("Cases", *(_MEASURES[key][0] for key in _SHORT))
        tables.append(PageTable(f"By {column}", column, columns, rows))
    if not tables:
        return Section("Subgroups")
    text = "Means of all labels together. Many groups looked at give some that differ by chance."
    return Section("Subgroups", (text,), tables=tuple(tables))


def _challenge(challenge: Mapping[str, Any] | None) -> Section:
    if challenge is None:
        return Section("MAMA-MIA challenge")
    names = ("rank", "performance", "fairness", "dice")
    rows = [(name.capitalize(), (Cell(number(challenge[name], 4)),)) for name in names]
    rows += [
        (f"Fairness, {name}", (Cell(number(value, 4)),))
        for name, value in challenge["fairness_by_variable"].items()
    ]
    rows += [
        ("HD95, voxels (the challenge's)", (Cell(number(challenge["hausdorff95_voxels"], 1)),)),
        ("HD95, mm", (Cell(number(challenge["hausdorff95_mm"], 1)),)),
    ]
    note = (
        f"{challenge['without_distance']} cases without a distance, one mask being empty, count as "
        "150 voxels in the performance and are left out of both means here."
    )
    table = PageTable("Scores of task 1", "Score", ("Value",), tuple(rows), note)
    return Section("MAMA-MIA challenge", tables=(table,))


def _worst(figures: Mapping[str, Any]) -> Section:
    """Cases to look at first."""
    rows = [row for row in figures["per_case"] if row["label"] == "any"]
    rows = sorted(rows, key=lambda row: (row["dice"], row["case"]))[:_WORST]
    table = PageTable(
        "Lowest Dice first",
        "Case",
        ("Dice", "NSD", "HD95, mm", "True volume, ml", "Volume found, ml"),
        tuple(
            (
                row["case"],
                tuple(
                    Cell(number(row[key], _MEASURES[key][1]))
                    for key in ("dice", "nsd", "hausdorff95_mm", "volume_truth_ml", "volume_ml")
                ),
            )
            for row in rows
        ),
        "All cases are in cases.csv.",
    )
    return Section("Cases to look at first", tables=(table,))

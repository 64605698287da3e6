"""The page of a reader study."""

from collections.abc import Mapping
from typing import Any

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_page import Document, Page, PageTable, Section, plots_of
from mamri.report.evaluation_reading_plots import mean_curves, paired_figures, reader_curves
from mamri.report.experiment_canvas import shortened
from mamri.report.experiment_cells import Cell, bare_p, cell, p_text, with_interval
from mamri.report.wording import MISSING, number

_WORDS = {
    "readers and cases": "other readers and other cases",
    "cases": "other cases, these readers",
    "readers": "other readers, these cases",
}
_MOST_PANELS = 4
_GUIDE = (
    (
        "For other readers and other cases",
        "Readers and cases are both samples; this is what one wants to know of a clinic. With "
        "these readers alone the interval is narrower and says nothing of others.",
    ),
    (
        "AUC of a reader",
        "How often the reader scores a positive case higher than a negative one. 0.5 is a coin.",
    ),
    (
        "No difference shown",
        "An interval that holds 0 does not show that both are alike. Only the test against a "
        "margin that was set before can.",
    ),
    (
        "Variance components",
        "How much readers differ, and how much their figures would move with other cases. They "
        "are what the next study is planned with.",
    ),
)


def readers_page(document: Document) -> Page:
    """What the page of a reader study shows.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    """
    figures = document["figures"]
    name = figure_name(document)
    return Page(
        what="a reader study",
        headline=readers_headline(document),
        facts=(
            ("Tables", document["table"]),
            ("Readers", str(len(figures["readers"]))),
            ("Modalities", ", ".join(figures["modality_names"])),
            ("Cases", f"{document['cases']}, {figures['positive']} of them positive"),
            ("Patients", str(document["patients"])),
        ),
        notes=_verdicts(figures),
        sections=(
            _difference_section(figures, name),
            _reader_section(figures, name),
            _algorithm_section(figures, name),
            _variance_section(figures),
            _time_section(figures),
        ),
        guide=_GUIDE,
    )


def figure_name(document: Document) -> str:
    """The figure of merit in words."""
    settings = document["settings"]
    if settings["figure"] == "auc":
        return "AUC"
    return f"{settings['figure'].capitalize()} at {number(settings['threshold'], 2)}"


def readers_headline(document: Document) -> str:
    """The result of a reader study in one sentence."""
    figures, name = document["figures"], figure_name(document)
    main = figures["analyses"][0]
    readers = len(figures["readers"])
    if not main["differences"]:
        one = figures["modalities"][0]
        return f"Mean {name} of {readers} readers {with_interval(one)} with {one['modality']}."
    first = main["differences"][0]
    to = _WORDS[main["generalize_to"]]
    return (
        f"{first['first']} less {first['second']}: mean {name} differs by "
        f"{_signed(first['difference'])}, {p_text(first['p'])}, for {to}."
    )


def _signed(figure: Mapping[str, Any]) -> str:
    told = cell(figure, 4)
    sign = "+" if (figure["value"] or 0) > 0 else ""
    return f"{sign}{told.value} ({told.interval})" if told.interval else sign + told.value


def _verdicts(figures: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for one in figures["non_inferiority"] or ():
        said = "is" if one["is_non_inferior"] else "was not shown to be"
        better = ", and is better" if one["is_superior"] else ""
        found.append(
            f"{one['first']} {said} no worse than {one['second']} by the margin of "
            f"{number(one['margin'], 3)} (one-sided bound {number(one['lower_bound'], 4)}, "
            f"{p_text(one['p'])}){better}."
        )
    return tuple(found)


def _difference_section(figures: Mapping[str, Any], name: str) -> Section:
    rows = []
    for analysis in figures["analyses"]:
        for one in analysis["differences"]:
            df = one["df"] if isinstance(one["df"], str) else number(one["df"], 1)
            rows.append(
                (
                    f"{one['first']} less {one['second']}, for "
                    f"{_WORDS[analysis['generalize_to']]}; {analysis['method']}",
                    (cell(one["difference"], 4), Cell(df), Cell(bare_p(one["p"]))),
                )
            )
    means = tuple((one["modality"], (cell(one, 4),)) for one in figures["modalities"])
    tables = [PageTable(f"Mean {name} of the readers", "Modality", (name,), means)]
    if rows:
        columns = (f"Difference of mean {name}", "Degrees of freedom", "p")
        tables.append(PageTable("Each analysis", "Difference", columns, tuple(rows)))
    return Section("Difference", pair=plots_of(
        mean_curves(figures["modality_names"], figures["by_reader"]),
        paired_figures(figures["by_reader"], figures["modality_names"], name),
    ), tables=tuple(tables))  # fmt: skip


def _reader_section(figures: Mapping[str, Any], name: str) -> Section:
    modalities = figures["modality_names"]
    values = {(row["reader"], row["modality"]): row for row in figures["by_reader"]}
    rows = tuple(
        (reader, tuple(cell(values[reader, modality], 3) for modality in modalities))
        for reader in figures["readers"]
    )
    differences = [
        draw.ForestRow(shortened(one["reader"], 26), one["difference"])
        for one in figures["reader_differences"]
        if (one["first"], one["second"]) == tuple(modalities[:2])
    ]
    forest = ""
    if differences:
        forest = draw.forest(
            differences, chance=0.0, name="readers' differences",
            label=f"{shortened(modalities[0], 20)} less {shortened(modalities[1], 20)}, {name}, "
            "with 95 % interval over cases",
            alt="Difference of each reader with its interval; see the table",
        )  # fmt: skip
    panels = tuple(
        reader_curves(figures["by_reader"], modality, place)
        for place, modality in enumerate(modalities[:_MOST_PANELS])
    )
    table = PageTable(f"{name} of each reader", "Reader", tuple(modalities), rows)
    return Section("Readers", wide=plots_of(forest), panels=panels, tables=(table,))


def _algorithm_section(figures: Mapping[str, Any], name: str) -> Section:
    if not figures["algorithms"]:
        return Section("Algorithms")
    rows = tuple(
        (
            f"{one['algorithm']} less mean of the readers, {one['modality']}",
            (
                cell(one["alone"], 3),
                cell(one["difference"], 3),
                Cell(bare_p(one["p"])),
                Cell(_verdict(one["non_inferiority"])),
            ),
        )
        for one in figures["algorithms"]
    )
    columns = (f"{name} alone", "Difference", "p", "No worse by the margin")
    return Section(
        "Algorithms alone",
        tables=(PageTable("Algorithms beside the readers", "Difference", columns, rows),),
    )


def _verdict(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return MISSING
    return "yes" if one["is_non_inferior"] else "not shown"


def _variance_section(figures: Mapping[str, Any]) -> Section:
    names = {
        "reader": "Readers",
        "modality_reader": "Modality by reader",
        "error": "Error, Var",
        "cov_1": "Cov1, same reader, other modality",
        "cov_2": "Cov2, other reader, same modality",
        "cov_3": "Cov3, other reader, other modality",
    }
    variance = figures["variance"]
    rows = tuple((words, (Cell(number(variance[key], 7)),)) for key, words in names.items())
    tables = [
        PageTable(
            f"Components for {variance['cases']} cases", "Component", ("Variance",), rows,
            "By analysis of variance, so that the first two can be below 0.",
        )
    ]  # fmt: skip
    if figures["cases_for_power"]:
        planned = tuple(
            (
                number(one["difference"], 2),
                (
                    Cell(str(one["readers"])),
                    Cell("not reached" if one["cases"] is None else str(one["cases"])),
                ),
            )
            for one in figures["cases_for_power"]
        )
        tables.append(
            PageTable(
                "Cases for a power of 80 % in a study like this", "True difference",
                ("Readers", "Cases"), planned,
            )
        )  # fmt: skip
    return Section("Variance and the next study", tables=tuple(tables))


def _time_section(figures: Mapping[str, Any]) -> Section:
    times = figures["reading_seconds"]
    if not times:
        return Section("Reading time")
    modalities = list(dict.fromkeys(one["modality"] for one in times))
    medians = {(one["reader"], one["modality"]): one["median"] for one in times}
    rows = tuple(
        (reader, tuple(Cell(number(medians.get((reader, m)), 0)) for m in modalities))
        for reader in dict.fromkeys(one["reader"] for one in times)
    )
    table = PageTable("Median seconds a case", "Reader", tuple(modalities), rows)
    return Section("Reading time", tables=(table,))

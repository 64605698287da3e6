"""The page of an evaluation of risks over time."""

from collections.abc import Mapping
from typing import Any

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_classification import GUIDE, by_value
from mamri.report.evaluation_page import Document, Page, PageTable, Section, comparison_table
from mamri.report.evaluation_subgroups import risk_subgroup_section
from mamri.report.experiment_canvas import shortened
from mamri.report.experiment_cells import Cell, bare_p, cell, with_interval
from mamri.report.wording import MISSING, number

_MOST_PANELS = 3  # scores with survival curves on the page; evaluation.json has all
_SPLITS = {"halves": "split at the median", "thirds": "split into thirds"}

_GUIDE = (
    (
        "Concordance",
        "Of two patients of whom one is known to have had the event earlier, it is how often this "
        "one had the higher risk. 0.5 is a coin, 1 is always. Uno's form does not depend on how "
        "many were lost to follow-up.",
    ),
    GUIDE[1],
    (
        "Curves",
        "They fall where events occur. Patients whose observation ended without one are counted "
        "until then.",
    ),
    (
        "Risk groups",
        "They were cut on these very cases. Curves that part show that the order of the risks is "
        "right, not that the risks themselves are.",
    ),
)


def survival_page(document: Document) -> Page:
    """What the page of an evaluation of risks over time shows.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    """
    figures, unit = document["figures"], document["settings"]["unit"]
    order = by_value(figures["scores"], "concordance")
    best = order[0]
    found = figures["scores"][best]["concordance"]
    reached = with_interval(found) if found else "undefined"
    follow_up = number(figures["median_follow_up"], 0) + (f" {unit}" if unit else "")
    return Page(
        what="risk over time",
        headline=f"“{best}” put patients in the order of their risk with a concordance of "
        f"{reached} in {document['cases']} cases with {figures['events']} events.",
        facts=(
            ("Table", document["table"]),
            ("Cases", str(document["cases"])),
            ("Patients", str(document["patients"])),
            ("Events", str(figures["events"])),
            ("Median observation", follow_up),
        ),
        notes=_notes(found),
        sections=(
            _order(document, order),
            _risk_groups(document, order),
            risk_subgroup_section(document),
        ),
        guide=_GUIDE,
    )


def _notes(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    lower = found["lower"] if found else None
    if lower is None or lower <= 0.5:
        return ("Its interval leaves open that it does no better than a coin.",)
    return ()


def _order(document: Document, order: list[str]) -> Section:
    figures, unit = document["figures"], document["settings"]["unit"]
    scores = figures["scores"]
    horizon = scores[order[0]]["concordance_ipcw"]["horizon"]
    after = f" {unit}" if unit else ""
    columns = (
        "Concordance, Harrell",
        f"Concordance, Uno, to {number(horizon, 0)}{after}",
        *(f"AUC at {number(one['time'], 0)}{after}, {one['events']} events"
          for one in scores[order[0]]["auc_at_times"]),
    )  # fmt: skip
    rows = tuple(
        (
            name,
            (
                cell(scores[name]["concordance"], 3),
                cell(scores[name]["concordance_ipcw"]["figure"], 3),
                *(cell(one["auc"], 3) for one in scores[name]["auc_at_times"]),
            ),
        )
        for name in order
    )
    forest = draw.forest(
        [draw.ForestRow(shortened(m, 26), scores[m]["concordance"] or {}) for m in order],
        chance=0.5, name="concordance", label="Concordance with 95 % interval; dashed: chance",
        alt="Concordance of each score with its 95 % interval; see the table",
    )  # fmt: skip
    brier = figures["integrated_brier"]
    told = (
        f"Integrated Brier score of the chances of no event, over the times "
        f"{', '.join(number(time, 0) for time in brier['times'])}: {number(brier['value'], 3)}."
        if brier
        else figures["integrated_brier_missing"]
    )
    given = document["settings"]["times"]
    chosen = "" if given else " The times of the AUCs are the quartiles of the times of events."
    return Section(
        "Order of the risks",
        (told + chosen,),
        wide=(forest,) if len(order) > 1 else (),
        tables=(
            PageTable("How well each risk orders patients", "Score", columns, rows),
            *comparison_table(figures["comparisons"], "concordance"),
        ),
    )


def _risk_groups(document: Document, order: list[str]) -> Section:
    scores, unit = document["figures"]["scores"], document["settings"]["unit"]
    panels, rows = [], []
    for name in order:
        for way, words in _SPLITS.items():
            found = scores[name]["risk_groups"][way]
            if found is None:
                rows.append((f"{name}, {words}", (Cell("too many equal risks"), Cell(MISSING),
                                                  Cell(MISSING))))  # fmt: skip
                continue
            counts = ", ".join(
                f"{word} {one['events']} of {one['cases']}" for word, one in found["counts"].items()
            )
            cuts = ", ".join(number(cut, 3) for cut in found["cuts"])
            row = (Cell(cuts), Cell(counts), Cell(bare_p(found["log_rank_p"])))
            rows.append((f"{name}, {words}", row))
            if order.index(name) < _MOST_PANELS:
                title = f"{shortened(name, 14)}, {words.removeprefix('split ')}"
                panels.append(
                    draw.survival_panel(
                        found, title, unit=unit, name=f"{way} {name}", left=84,
                        alt=f"Survival by risk that {name} predicted, {words}",
                    )
                )  # fmt: skip
    text = "Patients were split by the risks of these very cases, at the median and into thirds. "
    text += f"Curves end where fewer than {draw.FEWEST_AT_RISK} patients are at risk."
    table = PageTable("Groups of risk", "Score", ("Cut at", "Events of cases", "p, log-rank"),
                      tuple(rows))  # fmt: skip
    return Section("Survival by risk", (text,), panels=tuple(panels), tables=(table,))

"""Subgroups on the page of an evaluation: tables, gaps, and a forest of their main figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_page import Document, PageTable, Section
from mamri.report.experiment_canvas import FAINT, shortened
from mamri.report.experiment_cells import Cell, bare_p, cell, plain

MOST_SUBGROUP_SCORES = 3  # scores whose subgroups are shown; evaluation.json has all
_TOO_SMALL = Cell("too small", "", True)


def subgroup_section(document: Document) -> Section:
    """Figures in groups of patients, of the first scores of a classification."""
    scores = document["figures"]["scores"]
    shown = [name for name, one in scores.items() if one.get("subgroups")][:MOST_SUBGROUP_SCORES]
    if not shown:
        return Section("Subgroups")
    fewest = document["settings"]["smallest_class"]
    texts = [
        f"Groups with fewer than {fewest} cases of either class are counted, but not measured. "
        "Many groups looked at give some that differ by chance: p-values are adjusted over the "
        "variables, and a gap lies between groups picked for being farthest apart.",
    ]
    more = [name for name, one in scores.items() if one.get("subgroups")][MOST_SUBGROUP_SCORES:]
    if more:
        texts.append(f"Not shown here, but in evaluation.json: {', '.join(more)}.")
    wide, tables = [], []
    for name in shown:
        variables = scores[name]["subgroups"]
        wide.append(_forest(name, scores[name]["auc"], variables, "auc", "AUC"))
        tables += [_group_table(name, variables, scores[name]["is_probability"]),
                   *_gap_table(name, variables)]  # fmt: skip
    return Section("Subgroups", tuple(texts), wide=tuple(wide), tables=tuple(tables))


def risk_subgroup_section(document: Document) -> Section:
    """Concordance in groups of patients, and their survival."""
    figures = document["figures"]
    shown = list(figures["scores"])[:MOST_SUBGROUP_SCORES]
    if not figures["groups"]:
        return Section("Subgroups")
    fewest, unit = document["settings"]["smallest_group"], document["settings"]["unit"]
    wide = [
        _forest(name, one["concordance"], one["subgroups"], "concordance", "Concordance")
        for name, one in ((name, figures["scores"][name]) for name in shown)
    ]
    tables = [_concordance_table(name, figures["scores"][name]["subgroups"]) for name in shown]
    panels = [
        draw.survival_panel(
            row["survival"], row["variable"], unit=unit, name=f"group {row['variable']}", left=110,
            alt=f"Survival by {row['variable']}",
        )
        for row in figures["groups"]
        if row["survival"]
    ]  # fmt: skip
    tests = tuple(
        (row["variable"], (Cell(bare_p(row["p"])), Cell(bare_p(row["p_holm"]))))
        for row in figures["groups"]
    )
    tables.append(
        PageTable("Whether survival differs between groups", "Variable",
                  ("p, log-rank", "p, Holm"), tests)
    )  # fmt: skip
    text = f"Groups with fewer than {fewest} events are counted, but have no concordance, "
    text += "no curve and no part in the log-rank test."
    return Section("Subgroups", (text,), wide=tuple(wide), panels=tuple(panels),
                   tables=tuple(tables))  # fmt: skip


def _concordance_table(name: str, variables: Sequence[Mapping[str, Any]]) -> PageTable:
    rows = tuple(
        (
            f"{variable['variable']}: {group['group']}",
            (
                Cell(str(group["cases"])),
                Cell(str(group["events"])),
                _TOO_SMALL if group["is_too_small"] else cell(group["concordance"], 2),
            ),
        )
        for variable in variables
        for group in variable["groups"]
    )
    caption = f"{name} in groups of patients"
    return PageTable(caption, "Group", ("Cases", "Events", "Concordance"), rows)


def _forest(
    name: str,
    whole: Mapping[str, Any] | None,
    variables: Sequence[Mapping[str, Any]],
    measure: str,
    label: str,
) -> str:
    """The main figure of all cases and of each group."""
    rows = [draw.ForestRow(f"all cases, {shortened(name, 22)}", whole or {}, FAINT, "D")]
    rows += [
        draw.ForestRow(
            f"{shortened(variable['variable'], 14)}: {shortened(group['group'], 18)}",
            group[measure],
        )
        for variable in variables
        for group in variable["groups"]
        if group[measure] is not None
    ]
    return draw.forest(
        rows, chance=0.5, name=f"subgroups {name}", left=260,
        label=f"{label} with 95 % interval; dashed: chance",
        alt=f"{label} of {name} in all cases and in each group; see the table",
    )  # fmt: skip


def _group_table(
    name: str, variables: Sequence[Mapping[str, Any]], has_calibration: bool
) -> PageTable:
    columns = ["Cases", "Positive", "AUC", "Sensitivity, %", "Specificity, %"]
    columns += ["Calibration in the large"] if has_calibration else []
    rows = []
    for variable in variables:
        for group in variable["groups"]:
            cells = [Cell(str(group["cases"])), Cell(str(group["positive"]))]
            if group["is_too_small"]:
                cells += [_TOO_SMALL, *[Cell("–")] * (len(columns) - 3)]
            else:
                cells += [
                    cell(group["auc"], 2),
                    cell(group["sensitivity"], 0, 100),
                    cell(group["specificity"], 0, 100),
                ]
                cells += [cell(group["calibration_in_the_large"], 2)] if has_calibration else []
            rows.append((f"{variable['variable']}: {group['group']}", tuple(cells)))
    note = "Sensitivity and specificity at the threshold above." + (
        " Calibration in the large: the logit by which predictions are too low; 0 is right."
        if has_calibration
        else ""
    )
    caption = f"{name} in groups of patients"
    return PageTable(caption, "Group", tuple(columns), tuple(rows), note)


def _gap_table(name: str, variables: Sequence[Mapping[str, Any]]) -> list[PageTable]:
    rows = []
    for variable in variables:
        for gap in variable["gaps"]:
            first = gap["measure"] == "auc"
            rows.append(
                (
                    f"{variable['variable']}, {plain(gap['measure']).replace('auc', 'AUC')}",
                    (
                        Cell(f"{gap['largest']} less {gap['smallest']}"),
                        cell(gap["gap"], 2),
                        Cell(bare_p(variable["p"]) if first else ""),
                        Cell(bare_p(variable["p_holm"]) if first else ""),
                    ),
                )
            )
    if not rows:
        return []
    shared = [v["variable"] for v in variables if v["shares_patients"]]
    note = "p tests whether all groups have the same AUC." + (
        f" Not tested: {', '.join(shared)}, for patients have cases in several groups."
        if shared
        else ""
    )
    columns = ("Groups", "Gap", "p", "p, Holm")
    return [PageTable(f"Largest less smallest, {name}", "Figure", columns, tuple(rows), note)]

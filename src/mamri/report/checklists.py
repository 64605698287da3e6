"""Checklists for authors, as Markdown: what mamri can fill in, and what is theirs to write.

Topics are in our own words and are no substitute for the published checklists, which say more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mamri.report._claim_2024_table import CLAIM_2024
from mamri.report._tripod_ai_table import TRIPOD_AI
from mamri.report.evaluation_detection import detection_headline
from mamri.report.evaluation_page import Document
from mamri.report.evaluation_readers import readers_headline
from mamri.report.evaluation_segmentation import segmentation_headline
from mamri.report.experiment_cells import enumerated, percent, with_interval
from mamri.report.wording import count

_HEADLINES: dict[str, Callable[[Document], str]] = {
    "segmentation": segmentation_headline,
    "detection": detection_headline,
    "readers": readers_headline,
}
TO_WRITE = "to be written by the authors"
# By the name of the file: title, source, items.
CHECKLISTS: dict[str, tuple[str, str, tuple[tuple[str, str, str, tuple[str, ...]], ...]]] = {
    "checklist-claim.md": (
        "CLAIM 2024",
        "Tejani AS et al. Radiol Artif Intell 2024;6:e240300. doi:10.1148/ryai.240300",
        CLAIM_2024,
    ),
    "checklist-tripod-ai.md": (
        "TRIPOD+AI",
        "Collins GS et al. BMJ 2024;385:e078378. doi:10.1136/bmj-2023-078378",
        TRIPOD_AI,
    ),
}


def render_checklist(document: Document, name: str) -> str:
    """Write a checklist filled in as far as an evaluation's document goes.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    name : str
        One of `CHECKLISTS`.

    Returns
    -------
    str
        Markdown, one table row an item.
    """
    title, source, items = CHECKLISTS[name]
    told = {fill: tell(document) for fill, tell in _FILLS.items()}
    lines = [
        f"# {title}: what this evaluation can fill in",
        "",
        f"Source: {source}. Topics are in short words of our own; answer the published wording. "
        "Item numbers were taken from public copies of the list, not from the paper itself: check "
        "them before you hand this in.",
        "",
        f"Table: {_safe(document['table'])}. Software: {_software(document)}.",
        "",
        "| item | section | topic | this evaluation |",
        "|---|---|---|---|",
    ]
    for number, section, topic, fills in items:
        said = [told[fill] for fill in fills if told[fill]]
        lines.append(f"| {number} | {section} | {topic} | {' '.join([*said, _rest(said)])} |")
    return "\n".join(lines) + "\n"


def _rest(said: Sequence[str]) -> str:
    return f"*The rest is {TO_WRITE}.*" if said else f"*{TO_WRITE}*"


def _safe(text: Any) -> str:
    """A text that cannot break a row of a table or bring markup."""
    plain = " ".join(str(text).split())
    for mark in "\\|<>&*_`[]~$":
        plain = plain.replace(mark, "\\" + mark)
    return plain


def _software(document: Document) -> str:
    return _safe(f"{document['software']['name']} {document['software']['version']}")


def _table(document: Document) -> str:
    return f"Evaluated: {_safe(document['table'])}."


def _size(document: Document) -> str:
    figures = document["figures"]
    known = {
        "positive": "positive", "negative": "negative", "events": "with the event",
        "censored": "censored",
    }  # fmt: skip
    parts = [f"{figures[key]} {word}" for key, word in known.items() if key in figures]
    parts += [f"{n} of class {_safe(word)}" for word, n in figures.get("classes", {}).items()]
    if document["kind"] == "detection":
        normal = f"{count(figures['normal_images'], 'case')} without any"
        parts = [count(figures["lesions"], "lesion"), normal]
    counted = f": {enumerated(parts)}" if parts else ""
    cases = count(document["cases"], "case")
    patients = f" of {count(document['patients'], 'patient')}" if document["has_patients"] else ""
    readers = ""
    if document["kind"] == "readers":
        readers = f", read by {count(len(figures['readers']), 'reader')}"
    return f"{cases[0].upper()}{cases[1:]}{patients}{counted}{readers}."


def _patients(document: Document) -> str:
    if not document["has_patients"]:
        return "Cases were taken for independent; which are of one patient is not known to mamri."
    return (
        "Cases of a patient were one cluster in intervals and tests by DeLong's method, bootstrap "
        "and jackknife; all others take cases for independent."
    )


def _missing(document: Document) -> str:
    if document["kind"] in ("segmentation", "detection"):
        return "Every case had its truth and what was found, empty where there was nothing."
    if document["kind"] == "readers":
        return "Every reader scored every case in every modality; a gap would have been refused."
    return (
        "The table had no empty truth or score, which mamri refuses; empty groups are called "
        "unknown. How many cases were left out before is not known to mamri."
    )


def _methods(document: Document) -> str:
    return " ".join(_safe(one["text"]) for one in document["methods"])


def _statistics(document: Document) -> str:
    settings = document["settings"]
    adjusted = " P-values of comparisons were adjusted by Holm's method."
    samples = ""
    if "bootstrap" in settings:
        samples = (
            f"; {settings['bootstrap']} bootstrap samples of patients, seed {settings['seed']}"
        )
    compared = document["figures"].get("comparisons")
    return f"95 % intervals{samples}." + (adjusted if compared else "")


def _results(document: Document) -> str:
    main = {"classification": ("auc", "AUC"), "classes": ("auc", "mean AUC"),
            "numbers": ("r_squared", "R2"), "survival": ("concordance", "concordance")}  # fmt: skip
    figures = document["figures"]
    if document["kind"] in _HEADLINES:
        return _safe(_HEADLINES[document["kind"]](document))
    if document["kind"] not in main:
        return ""
    key, word = main[document["kind"]]
    parts = [
        f"{_safe(name)}: {word} {with_interval(one[key])}"
        for name, one in figures["scores"].items()
        if one.get(key)
    ]
    return f"{'; '.join(parts)}. All figures: scores.csv." if parts else ""


def _points(document: Document) -> str:
    if document["kind"] != "classification":
        return ""
    parts = [
        f"{_safe(name)} at {_cut(one)}: sensitivity "
        f"{with_interval(one['at_threshold']['sensitivity'])}, specificity "
        f"{with_interval(one['at_threshold']['specificity'])}"
        for name, one in document["figures"]["scores"].items()
    ]
    return "; ".join(parts) + "."


def _cut(one: Mapping[str, Any]) -> str:
    threshold = one["at_threshold"]["threshold"]
    return "above all scores" if threshold is None else f"{threshold:g}"


def _errors(document: Document) -> str:
    if document["kind"] != "classification":
        return ""
    parts = []
    for name, one in document["figures"]["scores"].items():
        point = one["at_threshold"]
        parts.append(
            f"{_safe(name)}: {point['false_positives']} false positive and "
            f"{point['false_negatives']} false negative"
        )
    return "; ".join(parts) + ", which ones and why is not known to mamri."


def _threshold(document: Document) -> str:
    if document["kind"] != "classification":
        return ""
    parts = [
        f"{_safe(name)}: threshold {_cut(one)} ({_safe(one['at_threshold']['threshold_from'])})"
        for name, one in document["figures"]["scores"].items()
    ]
    return "; ".join(parts) + "."


def _prevalence(document: Document) -> str:
    share = document["figures"].get("prevalence")
    return (
        f"{percent(share['value'])} of cases are positive; nothing was resampled." if share else ""
    )


def _variables(document: Document) -> dict[str, dict[str, int]]:
    """Columns with groups, and how many cases each group has."""
    figures = document["figures"]
    if document["kind"] == "segmentation":
        return {
            column: {name: one["dice"]["cases"] for name, one in groups.items()}
            for column, groups in figures["subgroups"].items()
        }
    for one in figures.get("scores", {}).values():  # the same for every score
        if one.get("subgroups"):
            return {
                variable["variable"]: {g["group"]: g["cases"] for g in variable["groups"]}
                for variable in one["subgroups"]
            }
    return {}


def _groups(document: Document) -> str:
    parts = [
        f"{_safe(variable)}: " + ", ".join(f"{_safe(name)} ({n})" for name, n in groups.items())
        for variable, groups in _variables(document).items()
    ]
    return "; ".join(parts) + "." if parts else ""


def _subgroups(document: Document) -> str:
    names = [_safe(variable) for variable in _variables(document)]
    if not names:
        return ""
    table = "measures.csv" if document["kind"] == "segmentation" else "subgroups.csv"
    return f"Performance was measured in groups of {enumerated(names)}: {table}, report.html."


def _limits(document: Document) -> str:
    return "What the table cannot tell: " + " ".join(_safe(text) for text in document["limits"])


def _agreement(document: Document) -> str:
    pairs = document["figures"].get("pairs")
    if not pairs:
        return ""
    parts = [
        f"{_safe(one['first'])} and {_safe(one['second'])}: weighted kappa "
        f"{with_interval(one['weighted_kappa'])}"
        for one in pairs
    ]
    return "; ".join(parts) + "."


_FILLS: dict[str, Callable[[Document], str]] = {
    "table": _table,
    "size": _size,
    "patients": _patients,
    "missing": _missing,
    "software": lambda document: f"Evaluated with {_software(document)}.",
    "measures": _methods,
    "statistics": _statistics,
    "results": _results,
    "points": _points,
    "errors": _errors,
    "threshold": _threshold,
    "prevalence": _prevalence,
    "groups": _groups,
    "subgroups": _subgroups,
    "limits": _limits,
    "agreement": _agreement,
}

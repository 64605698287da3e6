"""An experiment in sentences: its facts, the answer, what tempers it, how it was tested."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from mamri.report import wording
from mamri.report.experiment_cells import (
    enumerated,
    listed,
    p_text,
    percent,
    turned,
    with_interval,
)
from mamri.report.experiment_coverage import short_models
from mamri.report.experiment_models import (
    CHANCE,
    MAIN_FIGURE,
    READER,
    Document,
    baseline_of,
    contenders,
    figure_at,
    main_value,
    model_names,
    ranked,
)
from mamri.report.wording import NARROW, number


def facts(document: Document) -> list[tuple[str, str]]:
    """Name and value of the facts in the head of the page, unknown ones left out."""
    experiment, figures = document["experiment"], document["figures"]
    target, cohort = experiment["target"], document["cohort"]
    kept = experiment["cohort"].get("keep") or {}
    harmonised = _harmonisation(document)
    tested = f"{figures['cases']} of {figures['patients']} patients"
    if target["kind"] != "number" and figures.get("counts"):
        tested += ": " + ", ".join(f"{n} {word}" for word, n in figures["counts"].items())
    facts = [
        ("Predicted", _target(target)),
        ("Cases with a known outcome", str(cohort["cases"])),
        ("Cases tested on", tested),
        ("Table", PurePath(experiment["cohort"]["table"]).name),
        ("Rows kept", "; ".join(f"{k}: {listed(v)}" for k, v in kept.items())),
        ("Features", features_text(experiment.get("features"))),
        ("Made alike between sites", f"by {harmonised}" if harmonised else ""),
        ("Seed", str(experiment.get("seed", ""))),
    ]
    return [(name, value) for name, value in facts if value]


def _target(target: Mapping[str, Any]) -> str:
    if target["kind"] == "binary":
        if target.get("cut_off") is not None:
            return (
                f"{target['name']}: yes where {target['column']} is {target['cut_off']:g} or more"
            )
        return f"{target['name']}: yes where {target['column']} is {listed(target['positive'])}"
    if target["kind"] == "survival":
        unit = f" ({target['unit']})" if target.get("unit") else ""
        return f"{target['name']}: time {target['column']}{unit}, event {target['event']}"
    return f"{target['name']}, column {target['column']}"


def features_text(choice: Mapping[str, Any] | None) -> str:
    """The features that were chosen, with their visits and changes."""
    choice = choice or {}
    named = [*(choice.get("groups") or ()), *(choice.get("columns") or ())]
    text = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
    visits = choice.get("visits") or ()
    changes = [f"{one['first']} to {one['second']}" for one in choice.get("changes") or ()]
    text += f"; visits {', '.join(visits)}" if visits else ""
    return text + (f"; change from {', '.join(changes)}" if changes else "")


def _harmonisation(document: Document) -> str:
    """What features were made alike between sites by; empty if they were not."""
    how = document["experiment"].get("harmonisation") or ""
    return {"z_score": "z-scores", "combat": "ComBat"}.get(how, "")


def site_differences(document: Document) -> str:
    """How many features differ by site, before and after they were made alike; empty if unknown."""
    found = document.get("site_effect")
    if not found:
        return ""
    whole, before, after = (found[key] for key in ("features", "before", "after"))
    differ = "differs" if before == 1 else "differ"
    text = f"Of {whole} features {before or 'none'} {differ} by site (false "
    text += f"discovery rate 5{NARROW}%)"
    how = _harmonisation(document)
    if after is not None:
        text += f"; after {how or 'harmonisation'} {after or 'none'} "
        text += "does" if after == 1 else "do"
    text += f". Sites explain a median of {percent(found['explained_before'])} of the variance of "
    text += "the features' ranks"
    if found["explained_after"] is not None:
        text += f", afterwards {percent(found['explained_after'])}"
    return f"{text}. Sites that see other patients differ for good reasons, too."


def coverage_warning(document: Document) -> str:
    """Which models' prediction sets hold the truth less often than they should; empty if none."""
    short = short_models(document)
    if not short:
        return ""
    names = model_names(document)
    level = percent(figure_at(document, short[0], "sets", "level"))
    return (
        f"Prediction sets of {enumerated(names[label] for label in short)} hold the truth less "
        f"often than the {level} that they were made for, by more than chance; the table of "
        "prediction sets marks where."
    )


def answer(document: Document) -> str:
    """The result in one sentence."""
    baseline, own = baseline_of(document), contenders(document)
    best = next((m for m in own if main_value(document, m) is not None), None)
    task = _task(document)
    if best is None:
        return f"No model {task}: none has a figure."
    figures = document["figures"]
    main = figures["main_figure"]
    found = figures["models"][best][main]
    said = MAIN_FIGURE[main] if main == "auc" else MAIN_FIGURE[main].lower()
    called = _called(document, best)
    reached = f"{said} {with_interval(found)} in {figures['cases']} cases that it had not seen"
    if baseline and main_value(document, baseline) is not None:
        reached += f"; the naive baseline {number(main_value(document, baseline), 2)}"
    lower = found.get("lower")
    if lower is None or lower <= CHANCE[main]:
        tried = "The model tried did not, beyond doubt," if len(own) == 1 else (
            f"None of the {wording.count_word(len(own))} models tried, beyond doubt,"
        )  # fmt: skip
        return f"{tried} {task} better than chance. Best was {called}: {reached}."
    if len(own) == 1:
        return f"{wording.sentence(called)} {task}: {reached}."
    tried = f"Of the {wording.count_word(len(own))} models tried"
    return f"{tried}, {called} {task} best: {reached}."


def _called(document: Document, label: str) -> str:
    """A model in a sentence: its kind in words, or its own name in quotes."""
    name = model_names(document)[label]
    return (
        f"“{name}”"
        if any(m.get("name") == label for m in document["experiment"]["models"])
        else name
    )


def _task(document: Document) -> str:
    """What a model did, as a verb with its object."""
    target = document["experiment"]["target"]
    if target["kind"] == "binary":
        return f"told “{target['name']}: yes” from “no”"
    if target["kind"] == "classes":
        return f"told {enumerated(document['cohort']['counts'])} apart"
    if target["kind"] == "number":
        return f"put cases in the order of their {target['name']}"
    return "put patients in the order of their risk"


def notes(document: Document) -> list[str]:
    """What tempers the sentence."""
    baseline, names = baseline_of(document), model_names(document)
    rows = [m for m in ranked(document) if main_value(document, m) is not None]
    own = [m for m in contenders(document) if m in rows]
    notes: list[str] = []
    if not own:
        return notes
    tested = [row for row in document["figures"]["comparisons"] if row["p"] is not None]
    if baseline and (found := _compared(document, own[0], baseline)):
        value, p = found
        allowed = f" after allowing for {wording.count(len(tested), 'comparison')}"
        notes.append(
            f"Its difference from the naive baseline is {value}, {p_text(p)}"
            f"{'' if p is None else allowed}."
        )
    for reader in [m for m in rows if m.startswith(READER)]:
        if found := _compared(document, own[0], reader):
            value, p = found
            notes.append(
                f"{wording.sentence(names[reader])} reached "
                f"{number(main_value(document, reader), 2)} on the same cases; the model's "
                f"difference from it is {value}, {p_text(p)}."
            )
    if len(own) > 1:
        notes.append(
            "It is the best of several on the same cases, so expect somewhat less from it next "
            "time."
        )
    return notes


def _compared(document: Document, first: str, second: str) -> tuple[str, float | None] | None:
    """Difference of the first model from the second, and Holm's p."""
    for row in document["figures"]["comparisons"]:
        if (row["first"], row["second"]) == (first, second):
            return with_interval(row["difference"]), row.get("p_holm")
        if (row["first"], row["second"]) == (second, first):
            return with_interval(turned(row["difference"])), row.get("p_holm")
    return None


def _trained_on(counts: Sequence[int]) -> str:
    """How many cases models learned from, as a sentence; empty if unknown."""
    if not counts:
        return ""
    least, most = min(counts), max(counts)
    if least == most:
        return f" There were {most} cases to learn from{' each time' if len(counts) > 1 else ''}."
    mean = sum(counts) / len(counts)
    return f" There were {least} to {most} cases to learn from, {mean:.0f} on average."


def how_tested(document: Document) -> list[str]:
    """How models were tested, in sentences."""
    check = document["experiment"]["validation"]
    folds, inner = wording.count_word(check["folds"]), wording.count_word(check["inner_folds"])
    ways = {
        "nested": f"The patients were parted into {folds} folds. Each fold was tested on by models "
        "that had learned from the other folds alone, so that every case was tested on unseen.",
        "sites": "Each site was left out in turn: models learned from the other sites and were "
        "tested on the one that was left out "
        f"({listed(dict.fromkeys(row['split'] for row in document['chosen']))}).",
        "temporal": f"The latest {100 * check['test_share']:.0f} % of the patients were kept for "
        "testing; models learned from the earlier ones.",
        "given": f"The table says in its column “{check['column']}” which cases test: "
        f"{listed(check['test'])}. Models learned from the others."
        + (f" Left out: {listed(check['leave_out'])}." if check.get("leave_out") else ""),
    }
    told = [
        ways[check["kind"]]
        + " All cases of a patient were on the same side."
        + _trained_on(document["cohort"].get("trained_on") or ()),
        f"Features, settings and probabilities were settled in {inner} inner folds of the training "
        "cases; the cases tested on had no part in it.",
    ]
    if check["kind"] == "nested" and check["repeats"] > 1:
        told.append(
            f"This was done {wording.count_word(check['repeats'])} times with folds drawn anew; "
            "the answer to a case is the mean over the repeats."
        )
    if document["figures"].get("within_sites"):
        told.append(
            "The AUC compares cases of the same site alone, weighted by their pairs, for each site "
            "has a model of its own; curves and calibration pool all sites."
        )
    samples = document["experiment"].get("bootstrap")
    told.append(
        "Intervals are 95 % and respect that cases of one patient belong together"
        + (f"; those by bootstrap rest on up to {samples} samples of patients." if samples else ".")
    )
    return told

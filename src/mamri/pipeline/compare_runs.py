"""Models of several runs, and readers, compared on the cases that all of them answered."""

import csv
import math
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.experiment_files import read_predictions
from mamri.prediction.answers import READER, Answers
from mamri.prediction.experiment import TargetKind
from mamri.prediction.judge import judge
from mamri.prediction.readers import reader_answer
from mamri.records import InputError
from mamri.records.version import __version__


def compare_runs(
    runs: Sequence[Path],
    *,
    readers: Path | None = None,
    bootstrap: int = 2000,
    seed: int = 1,
) -> dict[str, Any]:
    """Judge the models of one or more runs, and readers, on the same cases.

    Parameters
    ----------
    runs : sequence of Path
        Folders of ``mamri train prediction``.
    readers : Path, optional
        CSV with a column ``case``, named as in ``predictions.csv``, and one column of scores for
        each reader, higher for yes.
    bootstrap, seed : int

    Returns
    -------
    dict of plain values
        ``cases`` in common, ``left_out`` by run, and ``figures`` as `prediction.judge` gives them.

    Raises
    ------
    InputError
        If runs have other targets or no case in common, or outcomes contradict each other.
    """
    answers = {run.name: read_predictions(run) for run in runs}
    if len(answers) < len(runs):
        raise InputError("runs are told apart by the names of their folders, two are the same")
    first = next(iter(answers.values()))
    for name, other in answers.items():
        if (other.kind, other.classes) != (first.kind, first.classes):
            raise InputError(f"runs must have the same target, that of {name} is another")
    scores = {} if readers is None else _read_readers(readers, first)
    common = set.intersection(
        *(set(a.names) for a in answers.values()), *(set(s) for s in scores.values())
    )
    if not common:
        raise InputError("the runs, or the readers, have no case in common; check their names")
    kept = sorted(common)
    parts = {name: _of_cases(one, kept) for name, one in answers.items()}
    joined = next(iter(parts.values()))
    by_model: dict[str, np.ndarray] = {}
    for name, part in parts.items():
        if not (np.array_equal(part.y, joined.y) and np.array_equal(part.event, joined.event)):
            raise InputError(f"outcomes in {name} contradict those of another run; check both")
        for model, answer in part.by_model.items():
            by_model[_own_name(model, name, by_model)] = answer
    for reader, by_case in scores.items():
        name = _own_name(READER + reader, readers.name if readers else "", by_model)
        by_model[name] = reader_answer(np.array([by_case[case] for case in kept]))
    joined = replace(joined, by_model=by_model)
    return {
        "schema": "mamri-comparison/1",
        "software": {"name": "mamri", "version": __version__},
        "runs": [run.name for run in runs],
        "cases": len(kept),
        "left_out": {name: len(one.names) - len(kept) for name, one in answers.items()},
        "figures": judge(joined, bootstrap=bootstrap, seed=seed),
    }


def _own_name(model: str, source: str, taken: Container[str]) -> str:
    """Name of a model or a reader, with the run or file it comes from where it is taken."""
    if model not in taken:
        return model
    if model.startswith(READER):  # by which readers are known
        return f"{READER}{source}: {model.removeprefix(READER)}"
    return f"{source}: {model}"


def _of_cases(answers: Answers, cases: Sequence[str]) -> Answers:
    place = {name: n for n, name in enumerate(answers.names)}
    rows = [place[case] for case in cases]
    return Answers(
        answers.kind,
        answers.classes,
        tuple(cases),
        answers.patients[rows],
        answers.sites[rows],
        answers.y[rows],
        answers.event[rows],
        {name: answer[rows] for name, answer in answers.by_model.items()},
        {},
    )


def _read_readers(path: Path, answers: Answers) -> dict[str, dict[str, float]]:
    """Score of each case by reader."""
    if answers.kind is not TargetKind.BINARY:
        raise InputError("readers' scores are compared for binary targets alone")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
        if not rows or "case" not in rows[0] or len(rows[0]) < 2:
            raise ValueError("no column case")
        scores = {
            reader: {row["case"]: float(row[reader]) for row in rows if row[reader]}
            for reader in rows[0]
            if reader != "case"
        }
        if len({row["case"] for row in rows}) < len(rows):
            raise ValueError("a case is there twice")
        if not all(math.isfinite(score) for one in scores.values() for score in one.values()):
            raise ValueError("a score is no number")
        return scores
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            "readers' scores are a CSV with a column case, each case once, and numbers for each "
            f"reader, {path.name} is not; correct it"
        ) from error

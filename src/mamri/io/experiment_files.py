"""The files of an experiment's run: its parts while it goes, predictions and figures at the end."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.record_json import record_to_json
from mamri.prediction.answers import READER, Answers, PartAnswers
from mamri.prediction.experiment import Experiment, TargetKind
from mamri.prediction.splits import Split
from mamri.records import InputError

DOCUMENT = "experiment.json"
PREDICTIONS = "predictions.csv"
_BEGUN = "begun.json"


def begin_folder(output: Path, experiment: Experiment, digest: str) -> None:
    """Make the folder of a run, or see that it is this experiment's.

    Parameters
    ----------
    output : Path
    experiment : Experiment
    digest : str
        Of the experiment and its cohort.

    Raises
    ------
    InputError
        If the folder holds something else.
    """
    begun = output / _BEGUN
    if begun.is_file():
        if json.loads(begun.read_text(encoding="utf-8")).get("digest") != digest:
            raise InputError(
                f"{output.name} holds a run of another experiment, or of the same with another "
                "cohort; choose another output folder"
            )
        return
    if output.exists() and any(output.iterdir()):
        raise InputError(f"{output.name} holds other files; choose a new or empty output folder")
    (output / "parts").mkdir(parents=True, exist_ok=True)
    _write(begun, {"digest": digest, "experiment": record_to_json(experiment)})


def write_part(output: Path, part: PartAnswers, mark: str = "") -> None:
    """Keep the answers of one model to one split."""
    path = _part_path(output, part.model, part.split, part.repeat, mark)
    _write(
        path,
        {
            "model": part.model,
            "split": part.split,
            "repeat": part.repeat,
            "rows": part.rows.tolist(),
            "answer": part.answer.tolist(),
            "sets": part.sets.astype(int).tolist(),
            "about": dict(part.about),
        },
    )


def read_part(output: Path, model: str, split: Split, mark: str = "") -> PartAnswers | None:
    """Answers that were kept; None where there are none."""
    path = _part_path(output, model, split.name, split.repeat, mark)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = np.array(found["rows"], int)
    answer = np.array(found["answer"], float)
    sets = np.array(found["sets"], bool).reshape(len(rows), -1)
    return PartAnswers(model, split.name, split.repeat, rows, answer, sets, found["about"])


def write_predictions(output: Path, answers: Answers, parts: list[PartAnswers]) -> Path:
    """Write ``predictions.csv``: one row a case, with what each model said of it unseen.

    Columns: case, patient, site, outcome (and event), split, then ``MODEL__CLASS`` of each model
    and class, or ``MODEL`` of numbers and risks.
    """
    split = {row: part.split for part in parts for row in part.rows if part.repeat == 1}
    tested = sorted(split)
    header = ["case", "patient", "site", "split", "outcome", "event"]
    columns: list[tuple[str, np.ndarray]] = []
    for model, answer in answers.by_model.items():
        columns += list(zip(_columns(model, answers.classes), answer.T, strict=True))
    path = output / PREDICTIONS
    partial = path.with_name(f".{PREDICTIONS}.part")
    with partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*header, *(name for name, _ in columns)])
        for n, row in enumerate(tested):
            outcome = answers.classes[int(answers.y[n])] if answers.classes else answers.y[n]
            writer.writerow(
                [
                    answers.names[n], answers.patients[n], answers.sites[n], split[row], outcome,
                    int(answers.event[n]), *(f"{values[n]:.8g}" for _, values in columns),
                ]
            )  # fmt: skip
    partial.replace(path)
    return path


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows of the same keys as CSV; nothing where there are none."""
    if not rows:
        return
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def read_predictions(output: Path) -> Answers:
    """Answers of a run, from its ``predictions.csv`` and ``experiment.json``.

    Parameters
    ----------
    output : Path

    Returns
    -------
    Answers
        Without prediction sets.

    Raises
    ------
    InputError
        If the run has not ended.
    """
    document = read_document(output)
    kind = TargetKind(document["experiment"]["target"]["kind"])
    classes = tuple(document["classes"])
    with (output / PREDICTIONS).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names = [m["name"] or m["kind"] for m in document["experiment"]["models"]]
    names += [READER + name for name in document["experiment"]["readers"]]
    by_model = {
        name: np.array([[float(row[column]) for column in _columns(name, classes)] for row in rows])
        for name in names
    }
    said = [row["outcome"] for row in rows]
    y = [classes.index(word) for word in said] if classes else [float(word) for word in said]
    return Answers(
        kind,
        classes,
        tuple(row["case"] for row in rows),
        np.array([row["patient"] for row in rows]),
        np.array([row["site"] for row in rows]),
        np.array(y),
        np.array([row["event"] == "1" for row in rows]),
        by_model,
        {},
    )


def _columns(model: str, classes: tuple[str, ...]) -> list[str]:
    """Columns of a model's answer in ``predictions.csv``."""
    return [f"{model}__{word}" for word in classes] if classes else [model]


def write_document(output: Path, document: dict[str, Any], report: str) -> None:
    """Write ``report.html``, then ``experiment.json``: where that is, the run has ended."""
    partial = output / ".report.html.part"
    partial.write_text(report, encoding="utf-8")
    partial.replace(output / "report.html")
    _write(output / DOCUMENT, document)


def read_document(output: Path) -> dict[str, Any]:
    """Read ``experiment.json`` of a run that has ended.

    Parameters
    ----------
    output : Path

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        found: dict[str, Any] = json.loads((output / DOCUMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"a run of an experiment was needed, {output.name} has no readable {DOCUMENT}; give "
            "the output folder of mamri train prediction, and let it end first"
        ) from error
    return found


def _part_path(output: Path, model: str, split: str, repeat: int, mark: str) -> Path:
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in f"{model}_{split}_{mark}")
    code = f"{hash_of(f'{model}|{split}|{mark}')}"
    return output / "parts" / f"{plain[:60].rstrip('_')}_{repeat}_{code}.json"


def hash_of(text: str) -> str:
    """Eight hexadecimal digits of a text, the same everywhere."""
    import zlib

    return f"{zlib.crc32(text.encode()):08x}"


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)

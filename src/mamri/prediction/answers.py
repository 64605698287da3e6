"""What models said of the cases that they were tested on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.prediction.experiment import TargetKind
from mamri.prediction.outcome import Outcome

READER = "reader: "  # begins the name of a reader among models


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers of all models to the same cases.

    Parameters
    ----------
    kind : TargetKind
    classes : tuple of str
    names : tuple of str
        Of the cases.
    patients, sites : (n,) str
    y : (n,) int or float
    event : (n,) bool
    by_model : mapping of str to (n, K) float
        Probabilities of the classes, or a number or a risk (K = 1); the mean over repeats.
    sets : mapping of str to (n, K) bool
        Classes that cannot be excluded; empty for numbers and risks.
    """

    kind: TargetKind
    classes: tuple[str, ...]
    names: tuple[str, ...]
    patients: np.ndarray
    sites: np.ndarray
    y: np.ndarray
    event: np.ndarray
    by_model: Mapping[str, np.ndarray]
    sets: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class PartAnswers:
    """Answers of one model to the test cases of one split.

    Parameters
    ----------
    model, split : str
    repeat : int
    rows : (k,) int
        Places in the outcome.
    answer : (k, K) float
    sets : (k, K) bool
        Of no columns for numbers and risks.
    about : mapping
        Settings that were chosen.
    """

    model: str
    split: str
    repeat: int
    rows: np.ndarray
    answer: np.ndarray
    sets: np.ndarray
    about: Mapping[str, Any]


def join_parts(
    parts: list[PartAnswers],
    outcome: Outcome,
    names: list[str],
    patients: np.ndarray,
    sites: np.ndarray,
) -> Answers:
    """Put the parts together, case by case.

    Parameters
    ----------
    parts : list of PartAnswers
        Every model has answered the same cases equally often.
    outcome : Outcome
    names : list of str
    patients, sites : (m,) str
        Of the cases of the outcome.

    Returns
    -------
    Answers
        Of the cases that were tested on. A set over several repeats holds what at least half of
        them hold.
    """
    tested = np.unique(np.concatenate([part.rows for part in parts]))
    place = {row: n for n, row in enumerate(tested)}
    sums: dict[str, np.ndarray] = {}
    held: dict[str, np.ndarray] = {}
    times: dict[str, np.ndarray] = {}
    for part in parts:
        if part.model not in sums:
            sums[part.model] = np.zeros((tested.size, part.answer.shape[1]))
            held[part.model] = np.zeros((tested.size, part.sets.shape[1]))
            times[part.model] = np.zeros((tested.size, 1))
        at = [place[row] for row in part.rows]
        sums[part.model][at] += part.answer
        held[part.model][at] += part.sets
        times[part.model][at] += 1
    return Answers(
        outcome.kind,
        outcome.classes,
        tuple(names[row] for row in tested),
        patients[tested],
        sites[tested],
        outcome.y[tested],
        outcome.event[tested],
        {model: sums[model] / times[model] for model in sums},
        {model: held[model] / times[model] >= 0.5 for model in sums if held[model].shape[1]},
    )

"""What is settled before anything learns: cohort, outcome, learners, folds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.cohort_table import read_cohort
from mamri.io.record_json import record_to_json
from mamri.pipeline.extras import check_survival_extra, check_torch
from mamri.prediction.cohort import Cohort
from mamri.prediction.cohort_checks import CohortCheck, check_cohort
from mamri.prediction.experiment import Experiment, TargetKind
from mamri.prediction.learner import Learner, LearningTask
from mamri.prediction.learners import (
    HYBRIDS,
    in_order,
    learning_task,
    permuted,
    table_learner,
)
from mamri.prediction.outcome import Outcome, outcome_of
from mamri.prediction.splits import Split, outer_splits
from mamri.records import InputError
from mamri.records.version import __version__

IMAGE_KINDS = ("cnn", "transfer", "transfer_frozen")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything that is settled before anything learns.

    Parameters
    ----------
    experiment : Experiment
    cohort : Cohort
    outcome : Outcome
        Shuffled where labels are permuted.
    task : LearningTask
    learners : mapping of str to Learner
        Those that learn by themselves.
    splits : tuple of Split
    checks : tuple of CohortCheck
    """

    experiment: Experiment
    cohort: Cohort
    outcome: Outcome
    task: LearningTask
    learners: Mapping[str, Learner]
    splits: tuple[Split, ...]
    checks: tuple[CohortCheck, ...]


def plan_experiment(experiment: Experiment, folder: Path) -> Plan:
    """Read the cohort and settle outcome, features and folds.

    Parameters
    ----------
    experiment : Experiment
    folder : Path
        That paths start from.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the cohort, a column, a model or the validation does not fit.
    ModelError
        If survival or a deep model needs an extra that is not installed.
    """
    cohort = read_cohort(experiment.cohort, folder)
    outcome = outcome_of(cohort.cases, experiment.target)
    if experiment.permute_labels:
        outcome = permuted(outcome, experiment.seed)
    task = learning_task(cohort, outcome, experiment)
    if outcome.kind is TargetKind.SURVIVAL:
        check_survival_extra()
    if any(choice.kind in IMAGE_KINDS for choice in experiment.models):
        check_torch()
    learners: dict[str, Learner] = {}
    for choice in in_order(experiment.models):
        if choice.kind in IMAGE_KINDS:
            from mamri.pipeline.image_learners import image_learner  # torch is an extra

            learners[choice.label] = image_learner(choice, experiment, cohort, outcome, task)
        elif choice.kind not in HYBRIDS:
            learners[choice.label] = table_learner(choice, experiment, cohort, outcome, task)
    _refuse_outcome(experiment, learners)
    table = next((one for one in learners.values() if hasattr(one, "columns")), None)
    x, columns = (
        (np.zeros((len(cohort), 0)), [])
        if table is None
        else (_all_rows(table, cohort, outcome), list(table.columns))
    )
    checks = check_cohort(cohort, outcome, x, columns)
    splits = outer_splits(cohort, outcome, experiment.validation, experiment.seed)
    return Plan(experiment, cohort, outcome, task, learners, splits, checks)


def plan_digest(plan: Plan) -> str:
    """Of everything that the answers follow from."""
    found = hashlib.sha256()
    found.update(__version__.encode())
    found.update(json.dumps(record_to_json(plan.experiment), sort_keys=True).encode())
    for array in (plan.outcome.rows, plan.outcome.y, plan.outcome.event):
        found.update(np.ascontiguousarray(array).tobytes())
    for learner in plan.learners.values():
        x = getattr(learner, "x", None)
        if x is not None:
            found.update(np.ascontiguousarray(x).tobytes())
    found.update("\n".join([*plan.task.patients, *plan.task.sites]).encode())
    for split in plan.splits:
        found.update(split.name.encode())
        found.update(split.train.tobytes() + split.test.tobytes())
    return found.hexdigest()


def _all_rows(table: Any, cohort: Cohort, outcome: Outcome) -> np.ndarray:
    x = np.full((len(cohort), table.x.shape[1]), np.nan)
    x[outcome.rows] = table.x
    return x


def _refuse_outcome(experiment: Experiment, learners: Mapping[str, Learner]) -> None:
    """Refuse an outcome among the features that predict it."""
    target = experiment.target
    for name, learner in learners.items():
        for column in getattr(learner, "columns", ()):
            plain = column.split("=")[0]
            own = [
                c for c in (target.column, target.event) if c and f"__{plain}".endswith(f"__{c}")
            ]
            if own:
                raise InputError(
                    f"{name} would learn from {own[0]}, which is the outcome itself; "
                    "leave it out of features"
                )

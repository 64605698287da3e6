"""A whole experiment: cohort, folds, models, answers, figures, models to keep, report."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.cohort_table import read_cohort
from mamri.io.experiment_files import (
    begin_folder,
    read_part,
    write_document,
    write_part,
    write_predictions,
    write_rows,
)
from mamri.io.record_json import record_to_json
from mamri.pipeline.step_clock import silent
from mamri.prediction.answers import Answers, PartAnswers, join_parts
from mamri.prediction.associations import associations, site_effect
from mamri.prediction.cohort import Cohort
from mamri.prediction.cohort_checks import CohortCheck, check_cohort, data_dictionary
from mamri.prediction.experiment import Experiment, ModelChoice, ValidationKind
from mamri.prediction.hybrid_learner import HybridLearner
from mamri.prediction.importance import mean_importance, permutation_importance
from mamri.prediction.judge import judge
from mamri.prediction.learner import Learner, LearningTask, Trained, train
from mamri.prediction.learners import (
    HYBRIDS,
    in_order,
    learning_task,
    permuted,
    table_learner,
)
from mamri.prediction.outcome import Outcome, outcome_of
from mamri.prediction.splits import Split, outer_splits
from mamri.prediction.table_learner import DEEP, FittedTable, TableLearner
from mamri.records import InputError
from mamri.records.version import __version__
from mamri.report.experiment_html import render_experiment

IMAGE_KINDS = ("cnn", "transfer", "transfer_frozen")


@dataclass(frozen=True, slots=True, eq=False)
class ExperimentRun:
    """What an experiment found.

    Parameters
    ----------
    experiment : Experiment
    checks : tuple of CohortCheck
    answers : Answers
    document : dict
        The content of experiment.json.
    """

    experiment: Experiment
    checks: tuple[CohortCheck, ...]
    answers: Answers
    document: dict[str, Any]


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
    """
    cohort = read_cohort(experiment.cohort, folder)
    outcome = outcome_of(cohort.cases, experiment.target)
    if experiment.permute_labels:
        outcome = permuted(outcome, experiment.seed)
    task = learning_task(cohort, outcome, experiment)
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


def run_experiment(
    experiment: Experiment,
    folder: Path,
    output: Path,
    *,
    processes: int = 1,
    begin_step: Callable[[str], None] = silent,
    tell: Callable[[str], None] = silent,
) -> ExperimentRun:
    """Run an experiment, or go on where it stopped.

    Parameters
    ----------
    experiment : Experiment
    folder : Path
        That the paths in it start from.
    output : Path
        New or empty, or of the same experiment.
    processes : int
        In which splits are worked on beside each other.
    begin_step : callable of str
        Told each step as it begins.
    tell : callable of str
        Told lines about the cohort and each model's figures.

    Returns
    -------
    ExperimentRun

    Raises
    ------
    InputError
        If the cohort or the output folder does not fit.
    """
    begin_step("reading_cohort")
    plan = plan_experiment(experiment, folder)
    for check in plan.checks:
        tell(f"{'' if check.is_fine else 'WARNING '}{check.name}: {check.message}")
    tell("outcome: " + ", ".join(f"{n} {name}" for name, n in plan.outcome.counts().items()))
    digest = _digest(plan)
    begin_folder(output, experiment, digest)
    parts: list[PartAnswers] = []
    begin_step("cross_validation")
    for found in work_splits(plan, plan.splits, output, processes):
        parts += found
        tell(f"{found[0].split}, repeat {found[0].repeat}: {len(found[0].rows)} cases tested")
    names = [plan.cohort.names[row] for row in plan.outcome.rows]
    answers = join_parts(parts, plan.outcome, names, plan.task.patients, plan.task.sites)
    answers = _with_readers(answers, plan)
    write_predictions(output, answers, parts)
    begin_step("judging")
    document: dict[str, Any] = {
        "schema": "mamri-experiment/1",
        "software": {"name": "mamri", "version": __version__},
        "intended_use": "research, not for diagnosis",
        "simulation": experiment.simulation,
        "experiment": record_to_json(experiment),
        "classes": list(plan.outcome.classes),
        "cohort": {
            "cases": len(plan.outcome.rows),
            "counts": plan.outcome.counts(),
            "trained_on": [len(split.train) for split in plan.splits],
            "checks": [record_to_json(check) for check in plan.checks],
            "columns": data_dictionary(plan.cohort),
        },
        "chosen": [
            {
                "model": p.model,
                "split": p.split,
                "repeat": p.repeat,
                **{k: v for k, v in p.about.items() if k not in ("importance", "saliency")},
            }
            for p in parts
        ],
        "importance": _importance(plan, parts),
        "saliency": _saliency(plan, parts),
        **_described(plan, output),
        "figures": judge(
            answers,
            bootstrap=experiment.bootstrap,
            seed=experiment.seed,
            within_sites=experiment.validation.kind is ValidationKind.SITES,
        ),
    }
    if experiment.final_model:
        from mamri.pipeline.final_predictors import keep_predictors

        begin_step("final_models")
        shap = keep_predictors(plan, output, document["figures"]["models"])
        document["shap"] = shap
    if experiment.learning_curve:
        from mamri.pipeline.learning_curve import learning_curve

        begin_step("learning_curve")
        document["learning_curve"] = learning_curve(plan, output, processes)
    begin_step("report")
    write_document(output, document, render_experiment(document))
    return ExperimentRun(experiment, plan.checks, answers, document)


def work_split(plan: Plan, split: Split, output: Path, only: str = "") -> list[PartAnswers]:
    """Train every model on a split and ask it about the test cases; kept parts are not redone.

    Parameters
    ----------
    plan : Plan
    split : Split
    output : Path
        Folder of the run.
    only : str
        Mark of the parts' files, for runs on fewer cases.
    """
    stored = {m.label: read_part(output, m.label, split, only) for m in plan.experiment.models}
    if all(part is not None for part in stored.values()):
        return [part for part in stored.values() if part is not None]
    trained: dict[str, Trained] = {}
    parts = []
    for choice in in_order(plan.experiment.models):
        learner = learner_of(choice, plan, trained)
        trained[choice.label] = train(learner, split.train, plan.task)
        part = _tested(
            choice.label,
            trained[choice.label],
            split,
            plan.outcome.y[split.test],
            importance=not only,
        )
        write_part(output, part, only)
        parts.append(part)
    order = [m.label for m in plan.experiment.models]
    return sorted(parts, key=lambda part: order.index(part.model))


def learner_of(choice: ModelChoice, plan: Plan, trained: Mapping[str, Trained]) -> Learner:
    """The learner of a model, of a hybrid with the members that were trained."""
    if choice.kind not in HYBRIDS:
        return plan.learners[choice.label]
    members = {name: trained[name] for name in choice.members}
    return HybridLearner(choice.label, members, plan.task, HYBRIDS[choice.kind])


def work_splits(
    plan: Plan, splits: Sequence[Split], output: Path, processes: int, only: str = ""
) -> list[list[PartAnswers]]:
    """Work on splits, one after another or beside each other.

    Parameters
    ----------
    plan : Plan
    splits : sequence of Split
    output : Path
    processes : int
        Each computes with one thread, where there are several.
    only : str
        As in `work_split`.
    """
    if processes == 1 or len(splits) == 1:
        return [work_split(plan, split, output, only) for split in splits]
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=min(processes, len(splits)), inner_max_num_threads=1):
        work = (delayed(work_split)(plan, split, output, only) for split in splits)
        return list(Parallel()(work))


def _tested(
    name: str, trained: Trained, split: Split, y: np.ndarray, *, importance: bool
) -> PartAnswers:
    """Answers to the test cases; with what they rest on, unless that would take too long."""
    about = dict(trained.fitted.about)
    if importance and isinstance(trained.fitted, FittedTable) and trained.fitted.has_names:
        found = permutation_importance(trained.fitted, split.test, trained.fitted.task.seed)
        about["importance"] = {str(column): value for column, value in found.items()}
    scores = trained.fitted.score(split.test)
    answer = trained.answer(scores)
    if importance and hasattr(trained.fitted, "learner"):
        from mamri.pipeline.image_learners import FittedImages  # torch is an extra
        from mamri.pipeline.saliency_pictures import saliency_pictures

        assert isinstance(trained.fitted, FittedImages), "fitted images alone have a learner"
        about["saliency"] = saliency_pictures(trained.fitted, split.test, answer, y)
    return PartAnswers(
        name,
        split.name,
        split.repeat,
        split.test,
        answer,
        trained.sets(scores),
        about,
    )


def _saliency(plan: Plan, parts: list[PartAnswers]) -> list[dict[str, object]]:
    """Pictures of what deep models looked at, of the first repeat."""
    names = [plan.cohort.names[row] for row in plan.outcome.rows]
    return [
        {
            "case": names[one["row"]],
            "model": part.model,
            "outcome": plan.outcome.classes[one["outcome"]],
            "said": plan.outcome.classes[one["said"]],
            "picture": one["picture"],
        }
        for part in parts
        if part.repeat == 1
        for one in part.about.get("saliency", [])
    ]


def _described(plan: Plan, output: Path) -> dict[str, Any]:
    """Features against outcome and site, of the first table that holds the most of them."""
    tables = [one for one in plan.learners.values() if isinstance(one, TableLearner)]
    tables = [one for one in tables if not one.columns[0].startswith(DEEP)]
    if not tables:
        return {}
    table = max(tables, key=lambda one: len(one.columns))
    found = associations(table.x, list(table.columns), plan.outcome)
    write_rows(output / "associations.csv", found)
    return {
        "associations": {"tested": len(found), "strongest": found[:25]},
        "site_effect": site_effect(table.x, plan.task.sites, plan.experiment.harmonisation),
    }


def _importance(plan: Plan, parts: list[PartAnswers]) -> dict[str, list[dict[str, object]]]:
    """Permutation importance of each model of a table, over its splits."""
    found = {}
    for name, learner in plan.learners.items():
        own = [p.about["importance"] for p in parts if p.model == name and "importance" in p.about]
        if own and isinstance(learner, TableLearner):
            by_column = [{int(k): float(v) for k, v in one.items()} for one in own]
            found[name] = mean_importance(by_column, learner.columns)
    return found


def _with_readers(answers: Answers, plan: Plan) -> Answers:
    """Readers' scores beside the models' answers, on the same cases."""
    if not plan.experiment.readers:
        return answers
    from mamri.prediction.readers import add_readers

    return add_readers(answers, plan.cohort, plan.outcome, plan.experiment.readers)


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


def _digest(plan: Plan) -> str:
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

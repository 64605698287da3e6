"""A whole experiment: cohort, folds, models, answers, figures, models to keep, report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mamri.io.experiment_files import (
    begin_folder,
    write_document,
    write_predictions,
)
from mamri.pipeline.experiment_document import experiment_document
from mamri.pipeline.final_predictors import keep_predictors
from mamri.pipeline.learning_curve import learning_curve
from mamri.pipeline.plan_experiment import Plan, plan_digest, plan_experiment
from mamri.pipeline.step_clock import silent
from mamri.pipeline.work_splits import work_splits
from mamri.prediction.answers import Answers, PartAnswers, join_parts
from mamri.prediction.cohort_checks import CohortCheck
from mamri.prediction.experiment import Experiment
from mamri.report.experiment_html import render_experiment


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
    begin_folder(output, experiment, plan_digest(plan))
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
    document = experiment_document(plan, parts, answers, output)
    if experiment.final_model:
        begin_step("final_models")
        document["shap"] = keep_predictors(plan, output, document["figures"]["models"])
    if experiment.learning_curve:
        begin_step("learning_curve")
        document["learning_curve"] = learning_curve(plan, output, processes)
    begin_step("report")
    write_document(output, document, render_experiment(document))
    return ExperimentRun(experiment, plan.checks, answers, document)


def _with_readers(answers: Answers, plan: Plan) -> Answers:
    """Readers' scores beside the models' answers, on the same cases."""
    if not plan.experiment.readers:
        return answers
    from mamri.prediction.readers import add_readers

    return add_readers(answers, plan.cohort, plan.outcome, plan.experiment.readers)

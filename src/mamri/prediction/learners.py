"""The learners of an experiment, from its choices and a cohort."""

import numpy as np

from mamri.prediction.cohort import Cohort, features_of
from mamri.prediction.experiment import Experiment, FeatureChoice, ModelChoice
from mamri.prediction.learner import LearningTask
from mamri.prediction.model_kinds import table_kind
from mamri.prediction.outcome import Outcome
from mamri.prediction.preparation import PreparationSettings
from mamri.prediction.splits import strata
from mamri.prediction.table_learner import TableLearner

HYBRIDS = {"hybrid": True, "fusion": False}  # learned weights, or even ones
_OWN_FEATURES = {"dwi_svm": FeatureChoice(groups=("diffusion",))}


def learning_task(cohort: Cohort, outcome: Outcome, experiment: Experiment) -> LearningTask:
    """The outcome as learners see it.

    Parameters
    ----------
    cohort : Cohort
    outcome : Outcome
    experiment : Experiment
    """
    return LearningTask(
        kind=outcome.kind,
        y=outcome.y,
        event=outcome.event,
        n_classes=len(outcome.classes),
        strata=strata(outcome),
        patients=cohort.patients[outcome.rows],
        sites=cohort.sites[outcome.rows],
        inner_folds=experiment.validation.inner_folds,
        seed=experiment.seed,
    )


def permuted(outcome: Outcome, seed: int) -> Outcome:
    """The same outcomes, shuffled among the cases.

    Parameters
    ----------
    outcome : Outcome
    seed : int
    """
    order = np.random.default_rng(seed).permutation(len(outcome.y))
    return Outcome(
        outcome.kind, outcome.rows, outcome.y[order], outcome.event[order], outcome.classes
    )


def model_features(choice: ModelChoice, experiment: Experiment) -> FeatureChoice:
    """Features that a model of a table may see."""
    return choice.features or _OWN_FEATURES.get(choice.kind, experiment.features)


def table_learner(
    choice: ModelChoice,
    experiment: Experiment,
    cohort: Cohort,
    outcome: Outcome,
    task: LearningTask,
) -> TableLearner:
    """A model of a table, ready to learn.

    Parameters
    ----------
    choice : ModelChoice
    experiment : Experiment
    cohort : Cohort
    outcome : Outcome
    task : LearningTask

    Raises
    ------
    InputError
        If the kind is unknown, or the features are not in the cohort.
    """
    features = model_features(choice, experiment)
    x, columns = features_of(cohort, features)
    return TableLearner(
        choice.label,
        x[outcome.rows],
        tuple(columns),
        table_kind(choice.kind, outcome.kind),
        task,
        PreparationSettings(
            features.max_missing,
            features.max_correlation,
            features.max_features,
            experiment.harmonisation,
        ),
    )


def in_order(models: tuple[ModelChoice, ...]) -> list[ModelChoice]:
    """Models so that those which join others come last."""
    return sorted(models, key=lambda m: m.kind in HYBRIDS)

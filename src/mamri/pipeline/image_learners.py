"""Deep models of an experiment: a network of cubes, and transfer from photographs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.lesion_crops import read_crop
from mamri.networks.lesion_classifier import ClassifierPlan
from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import Experiment, IntensityStandard, ModelChoice
from mamri.prediction.image_inputs import ImageSet, fit_standard, image_set, network_inputs
from mamri.prediction.learner import LearningTask
from mamri.prediction.model_kinds import table_kind
from mamri.prediction.outcome import Outcome
from mamri.prediction.preparation import PreparationSettings
from mamri.prediction.scores import log_odds
from mamri.prediction.table_learner import DEEP, TableLearner
from mamri.records import InputError
from mamri.training.classifier_loop import fit_classifier, predict_classifier
from mamri.training.classifier_settings import ClassifierSettings, TransferSettings
from mamri.training.transfer_classifier import (
    TransferPlan,
    fit_transfer,
    predict_transfer,
    transfer_features,
)

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], Any]
Predict = Callable[[Any, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class FittedImages:
    """A deep model that has learned.

    Parameters
    ----------
    learner : ImageLearner
    members : tuple of (TrainedClassifier or TrainedTransfer, NyulScale or None)
    """

    learner: "ImageLearner"
    members: tuple[tuple[Any, Any], ...]

    @property
    def about(self) -> dict[str, Any]:
        """Epochs that were kept, and how long learning took."""
        return {
            "best_epochs": [trained.best_epoch for trained, _ in self.members],
            "seconds": round(sum(trained.seconds for trained, _ in self.members), 1),
        }

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Log-odds of cases by every member, (members, k, K)."""
        return np.stack([self.learner.score(t, scale, rows) for t, scale in self.members])


@dataclass(frozen=True, slots=True, eq=False)
class ImageLearner:
    """A kind of deep model on the crops of an experiment.

    Parameters
    ----------
    name : str
    crops : ImageSet
    channels : tuple of str
    standard : IntensityStandard
    task : LearningTask
    fit, predict : callable
    """

    name: str
    crops: ImageSet
    channels: tuple[str, ...]
    standard: IntensityStandard
    task: LearningTask
    fit: Fit
    predict: Predict

    def learn(self, rows: np.ndarray) -> tuple[FittedImages, np.ndarray]:
        """Learn from cases, one member without each inner fold.

        Parameters
        ----------
        rows : (k,) int

        Returns
        -------
        FittedImages
        unseen : (k, K) float
        """
        place = {row: n for n, row in enumerate(rows)}
        members, unseen = [], []
        for train, test in self.task.inner(rows):
            scale = fit_standard(self.crops, train, self.standard)
            x = network_inputs(self.crops, train, self.channels, self.standard, scale)
            y, patients = self.task.y[train].astype(int), self.task.patients[train]
            members.append((self.fit(x, y, patients), scale))
            unseen.append(([place[row] for row in test], self.score(*members[-1], test)))
        scores = np.zeros((len(rows), unseen[0][1].shape[1]))
        for places, own in unseen:
            scores[places] = own
        return FittedImages(self, tuple(members)), scores

    def score(self, trained: Any, scale: Any, rows: np.ndarray) -> np.ndarray:
        """Log-odds of cases by a trained network, (k, K)."""
        x = network_inputs(self.crops, rows, self.channels, self.standard, scale)
        return log_odds(self.predict(trained, x))


def image_learner(
    choice: ModelChoice,
    experiment: Experiment,
    cohort: Cohort,
    outcome: Outcome,
    task: LearningTask,
) -> ImageLearner | TableLearner:
    """A deep model, ready to learn.

    ``cnn`` learns from cubes from scratch, ``transfer`` goes on learning where a network of
    photographs ends, ``transfer_frozen`` is a logistic model of such a network's features.

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
        If the target has no classes, or cases lack crops.
    ModelError
        If the extras ``train`` or ``transfer`` are not installed.
    """
    if not task.n_classes:
        raise InputError(
            f"{choice.label} tells classes apart, the target {experiment.target.name} has none; "
            "give cut_off, or use models of tables"
        )
    images = _images(cohort, outcome, experiment.channels)
    standard, seed = experiment.intensity, experiment.seed
    if choice.kind == "transfer_frozen":
        return _frozen(choice, experiment, images, task)
    fit, predict = _network(choice.kind, experiment.channels, task.n_classes, seed)
    return ImageLearner(choice.label, images, experiment.channels, standard, task, fit, predict)


def _network(
    kind: str, channels: tuple[str, ...], n_classes: int, seed: int
) -> tuple[Fit, Predict]:
    if kind == "cnn":
        plan = ClassifierPlan(channels, n_classes)
        return (
            lambda x, y, patients: fit_classifier(x, y, patients, plan, ClassifierSettings(), seed),
            predict_classifier,
        )
    transfer = TransferPlan(channels, n_classes)
    return (
        lambda x, y, patients: fit_transfer(x, y, patients, transfer, TransferSettings(), seed),
        predict_transfer,
    )


def _frozen(
    choice: ModelChoice, experiment: Experiment, images: ImageSet, task: LearningTask
) -> TableLearner:
    """Features of photographs' network; their intensities need nothing learned (z-scores)."""
    rows = np.arange(len(images))
    x = [
        transfer_features(
            network_inputs(images, part, experiment.channels, IntensityStandard.Z_SCORE, None),
            experiment.channels,
        )
        for part in np.array_split(rows, max(1, len(rows) // 32))
    ]
    features = np.vstack(x)
    return TableLearner(
        choice.label,
        features,
        tuple(f"{DEEP}{n}" for n in range(features.shape[1])),
        table_kind("logistic", task.kind),
        task,
        PreparationSettings(max_features=0, harmonisation=experiment.harmonisation),
    )


def _images(cohort: Cohort, outcome: Outcome, channels: tuple[str, ...]) -> ImageSet:
    paths = [cohort.crops[row] if cohort.crops else "" for row in outcome.rows]
    if lacking := sum(not path for path in paths):
        raise InputError(
            f"deep models learn from crops of findings, {lacking} of {len(paths)} cases have "
            "none; analyse their exams with mamri analyze --crops and name the results in the "
            "cohort"
        )
    return image_set([read_crop(Path(path)) for path in paths], channels)

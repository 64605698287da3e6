"""Crops of findings, bright in malignant cases, and a network that learns from them in seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import MALIGNANT, columns

from mamri.io.lesion_crops import write_crop
from mamri.pipeline import image_learners
from mamri.prediction.cohort import Cohort, make_cohort
from mamri.prediction.experiment import CohortSource, Experiment, ModelChoice, Validation
from mamri.prediction.learners import learning_task
from mamri.prediction.outcome import Outcome, outcome_of
from mamri.records import IntensityLandmarks, Laterality, LesionCrop

N, SPACING_MM = 24, 2.5
CHANNELS = ("pre", "early", "mask")


def small_crop(label: int, seed: int, *, finding: int = 1) -> LesionCrop:
    """A ball of 20 mm in a noisy breast; it takes up more contrast where the label is 1."""
    rng = np.random.default_rng(seed)
    at = (np.indices((N, N, N)) - (N - 1) / 2) * SPACING_MM
    ball = np.square(at - rng.uniform(-2, 2, 3)[:, None, None, None]).sum(0) < 10**2
    noise = {name: rng.normal(0, 10, ball.shape) for name in ("pre", "first_post", "late")}
    gain = rng.uniform(150, 200) if label else rng.uniform(30, 80)
    images = {
        "pre": 100 + noise["pre"],
        "first_post": 110 + noise["first_post"] + gain * ball,
        "late": 115 + noise["late"] + 0.9 * gain * ball,
    }
    images = {name: image.astype(np.float32) for name, image in images.items()}
    scanner = rng.uniform(0.5, 3)  # of arbitrary units
    percentiles = 70 + 60 * np.linspace(0, 1, 11) ** rng.uniform(0.8, 1.2)
    landmarks = IntensityLandmarks(
        tuple(scanner * percentiles), scanner * 110, scanner * 50, scanner * 100, 0.0
    )
    side = tuple(Laterality)[seed % 2]
    images = {name: np.float32(scanner) * image for name, image in images.items()}
    return LesionCrop(finding, side, SPACING_MM, images, ball, {"dynamic": landmarks})


def crop_cohort(folder: Path, n: int) -> tuple[Cohort, Outcome]:
    """A cohort with one crop a patient."""
    y = np.arange(n) % 2
    paths = [write_crop(folder / f"exam{k}", small_crop(int(y[k]), k)) for k in range(n)]
    table = pd.DataFrame({"patient": [f"p{k}" for k in range(n)], "malignant": y})
    cohort = make_cohort(table, columns(), tuple(map(str, paths)))
    return cohort, outcome_of(cohort.cases, MALIGNANT)


def experiment(kind: str = "cnn", **values: object) -> Experiment:
    """An experiment with one deep model."""
    usual = {"channels": CHANNELS, "validation": Validation(folds=2, inner_folds=2)}
    return Experiment(
        "e", CohortSource("cohort.csv"), MALIGNANT, (ModelChoice(kind),), **usual | values
    )


def learner_of(asked: Experiment, cohort: Cohort, outcome: Outcome):
    """The deep model of an experiment."""
    task = learning_task(cohort, outcome, asked)
    return image_learners.image_learner(asked.models[0], asked, cohort, outcome, task)


@contextmanager
def quick_networks(epochs: int = 6) -> Iterator[None]:
    """Networks that are narrow, look at every fourth voxel and learn for a few epochs."""
    from mamri.networks.lesion_classifier import ClassifierPlan
    from mamri.training.classifier_settings import ClassifierSettings

    plan = partial(ClassifierPlan, width=8, strides=(4, 1, 2, 2, 1))
    settings = partial(ClassifierSettings, epochs=epochs, learning_rate=5e-3, average_decay=0.8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_learners, "ClassifierPlan", plan)
        patch.setattr(image_learners, "ClassifierSettings", settings)
        yield

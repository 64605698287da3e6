"""A deep model that several files of tests look at, trained once."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest


class SmallNetwork(NamedTuple):
    """A network of 24 of 40 cases, and its folder."""

    learner: Any
    trained: Any
    rows: np.ndarray
    new: np.ndarray
    folder: Path


@pytest.fixture(scope="session")
def small_network(tmp_path_factory) -> SmallNetwork:
    pytest.importorskip("torch")
    from pipeline.small_crops import crop_cohort, experiment, learner_of, quick_networks
    from prediction.cohorts import MALIGNANT

    from mamri.pipeline.image_predictors import keep_image_predictor
    from mamri.prediction.experiment import IntensityStandard
    from mamri.prediction.learner import train

    folder = tmp_path_factory.mktemp("small_network")
    cohort, outcome = crop_cohort(folder, 40)
    rows, new = np.arange(24), np.arange(24, 40)
    with quick_networks():
        learner = learner_of(experiment(intensity=IntensityStandard.NYUL), cohort, outcome)
        trained = train(learner, rows, learner.task)
    card = {"version": "1", "trained_on": {"cases": 24, "patients": 24}}
    keep_image_predictor(folder / "m", learner, trained, MALIGNANT, outcome.classes, card)
    return SmallNetwork(learner, trained, rows, new, folder / "m")

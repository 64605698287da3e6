"""Deep models of an experiment, kept for use on new exams."""

from pathlib import Path
from typing import Any

from mamri.io.image_predictor_folder import ImagePredictor, write_image_predictor
from mamri.pipeline.image_learners import FittedImages, ImageLearner
from mamri.pipeline.output_folder import whole_folder
from mamri.prediction.domain import fit_domain
from mamri.prediction.experiment import Target
from mamri.prediction.image_inputs import network_inputs
from mamri.prediction.learner import Trained
from mamri.training.classifier_loop import classifier_features


def keep_image_predictor(
    folder: Path,
    learner: ImageLearner,
    trained: Trained,
    target: Target,
    classes: tuple[str, ...],
    card: dict[str, Any],
) -> None:
    """Write a network of cubes that was trained on all cases.

    Parameters
    ----------
    folder : Path
    learner : ImageLearner
    trained : Trained
        By the learner.
    target : Target
    classes : tuple of str
    card : dict of plain values
    """
    fitted, calibration = trained.fitted, trained.calibration
    assert isinstance(fitted, FittedImages), "an image learner gives fitted images"
    assert calibration is not None, "deep models are of classes"
    first, scale = fitted.members[0]
    rows = trained.rows[calibration.member == 0]
    x = network_inputs(learner.crops, rows, learner.channels, learner.standard, scale)
    predictor = ImagePredictor(
        learner.name,
        target,
        classes,
        first.plan.to_json(),
        learner.channels,
        learner.standard,
        tuple(member.weights for member, _ in fitted.members),
        tuple(s.levels for _, s in fitted.members if s is not None),
        calibration,
        fit_domain(classifier_features(first, x)),
    )
    with whole_folder(folder, overwrite=True, marker="model.json") as partial:
        write_image_predictor(partial, predictor, card)

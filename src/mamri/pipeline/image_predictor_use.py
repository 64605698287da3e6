"""Use of deep models on new exams."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.image_predictor_folder import ImagePredictor, read_image_predictor
from mamri.normalization.standard_scale import NyulScale
from mamri.prediction.domain import outside
from mamri.prediction.image_inputs import image_set, network_inputs
from mamri.prediction.predictor import Predicted, predicted, withheld
from mamri.prediction.scores import log_odds
from mamri.records import InputError, LesionCrop, ModelError


@dataclass(frozen=True, slots=True, eq=False)
class ImagePredictorFolder:
    """A deep model on disk.

    Parameters
    ----------
    path : Path
    card : dict
    sha256 : str
    predictor : ImagePredictor
    """

    path: Path
    card: dict[str, Any]
    sha256: str
    predictor: ImagePredictor

    def answer(self, crop: LesionCrop | None) -> Predicted:
        """Answer for one finding."""
        return predict_crop(self.predictor, crop)


def read_image_folder(path: Path) -> ImagePredictorFolder:
    """Read a deep model.

    Raises
    ------
    ModelError
        If a file is missing or changed.
    """
    predictor, card, sha256 = read_image_predictor(path)
    return ImagePredictorFolder(path, card, sha256, predictor)


def predict_crop(predictor: ImagePredictor, crop: LesionCrop | None) -> Predicted:
    """Answer for one finding by its crop.

    Parameters
    ----------
    predictor : ImagePredictor
    crop : LesionCrop or None
        None where none could be cut.

    Returns
    -------
    Predicted
        Withheld where images are missing, or the finding looks unlike the training cases.
    """
    if crop is None:
        return withheld("it needs phases before and after contrast")
    try:
        images = image_set([crop], predictor.channels)
        scales: list[NyulScale | None] = [NyulScale(levels) for levels in predictor.nyul]
        scales = scales or [None] * len(predictor.weights)
        inputs = [
            network_inputs(images, np.array([0]), predictor.channels, predictor.standard, scale)
            for scale in scales
        ]
    except InputError as error:
        return withheld(str(error).split(";")[0])
    try:
        from mamri.networks.lesion_classifier import ClassifierPlan
        from mamri.training.classifier_loop import (
            TrainedClassifier,
            classifier_features,
            predict_classifier,
        )
    except ImportError as error:
        raise ModelError(
            f"the deep model {predictor.name} needs torch, which is not installed; "
            "pip install 'mamri[train]'"
        ) from error
    plan = ClassifierPlan.from_json(predictor.plan)
    members = [TrainedClassifier(plan, dict(w), (), 0, 0.0) for w in predictor.weights]
    features = classifier_features(members[0], inputs[0])
    if reason := outside(features, np.zeros(1), predictor.domain)[0]:
        return withheld(reason)
    scores = np.stack(
        [log_odds(predict_classifier(m, x)) for m, x in zip(members, inputs, strict=True)]
    )
    target = predictor.target
    return predicted(scores, target.kind, predictor.classes, predictor.calibration, np.zeros(0))

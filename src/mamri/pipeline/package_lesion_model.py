"""Make the lesion model's folder from the run of its network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mamri.io.model_card import (
    ModelCard,
    ModelInput,
    ModelLabel,
    ModelMeasurement,
    Preparation,
)
from mamri.io.model_folder import ModelFolder, write_model_folder
from mamri.pipeline.finished_run import (
    TRAINED_ON,
    finished_run,
    trained_network,
    training_record,
)
from mamri.segmentation.lesion_model import LESION_CHANNELS, LESION_SPACING_MM

_LIMITS = (
    "Trained on simulated women alone; no radiologist has measured it on real exams.",
    "Confidence is the share of true findings among simulated ones like it; real exams differ.",
    "Looks inside the breasts only: nodes, chest wall and skin are not searched.",
    "Foci below 5 mm and weak or late non-mass enhancement are missed more often than masses.",
    "Three phases at most are used; expects motion to have been corrected.",
)


def package_lesion_model(
    run: Path,
    folder: Path,
    *,
    version: str,
    machine: str,
    calibration: Mapping[str, Any],
    performance: tuple[ModelMeasurement, ...] = (),
) -> ModelFolder:
    """Write the lesion model with its card.

    Parameters
    ----------
    run : Path
        Run folder of `train_segmentation`.
    folder : Path
        New or empty.
    version : str
    machine : str
        What it was trained on, for the card.
    calibration : mapping of str to plain value
        As `findings.lesion_confidence.LesionCalibration` holds it.
    performance : tuple of ModelMeasurement
        On women that were not trained on.

    Returns
    -------
    ModelFolder

    Raises
    ------
    InputError
        If the run has no weights yet.
    """
    record, weights = finished_run(run)
    settings = {"spacing_mm": LESION_SPACING_MM, "calibration": dict(calibration)}
    network = trained_network("lesion", record, LESION_CHANNELS, settings)
    card = ModelCard(
        name="lesion",
        version=version,
        task="enhancing lesions",
        licence="Apache-2.0",
        trained_on=TRAINED_ON,
        intended_use="Research software, not for clinical use: outlines of enhancing lesions on "
        "dynamic contrast-enhanced breast MRI.",
        networks={"lesion": network},
        inputs=(
            ModelInput("before", "T1-weighted before contrast, any plane, one or both breasts"),
            ModelInput("first", "the phase nearest to 90 s after the injection"),
            ModelInput("last", "the late phase; the first where there is no other"),
        ),
        preprocessing=Preparation("mamri.segmentation.lesion_stage"),
        labels=(
            ModelLabel(1, "lesion", "mass, focus or non-mass enhancement in a breast"),
            ModelLabel(2, "vessel"),
        ),
        performance=performance,
        limits=_LIMITS,
        training=training_record(machine, {"lesion": record}),
    )
    return write_model_folder(folder, card, {"lesion": weights})

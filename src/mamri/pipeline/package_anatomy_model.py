"""Make the anatomy model's folder from the runs of its two networks."""

from pathlib import Path

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
from mamri.segmentation.anatomy_model import DETAIL_SPACING_MM, FIELD_SPACING_MM

_SPACING = {"field": FIELD_SPACING_MM, "detail": DETAIL_SPACING_MM}
_CHANNELS = {"field": ("image",), "detail": ("image", "coarse_breast")}
_LIMITS = (
    "Trained on simulated women alone; no radiologist has measured it on real exams.",
    "Vessels are not learned; nothing may be concluded from their absence.",
    "After contrast, fibroglandular tissue came out up to 15 % larger or 9 % smaller than before.",
    "Where the coil hardly reaches, the outermost slices of a breast may be patchy.",
    "An image stored inverted is turned back and told; one whose tissue alone is inverted, air "
    "dark, changed breast volumes by 6 to 21 %.",
    "Expects prone women; implants are left out of the breast, their capsule may not be.",
    "One T1-weighted image before contrast. T2-weighted and diffusion images were not tried.",
)


def package_anatomy_model(
    runs: dict[str, Path],
    folder: Path,
    *,
    version: str,
    machine: str,
    performance: tuple[ModelMeasurement, ...] = (),
) -> ModelFolder:
    """Write the anatomy model with its card.

    Parameters
    ----------
    runs : mapping of ``field`` and ``detail`` to Path
        Run folders of `train_segmentation`.
    folder : Path
        New or empty.
    version : str
    machine : str
        What it was trained on, for the card.
    performance : tuple of ModelMeasurement
        On women that were not trained on.

    Returns
    -------
    ModelFolder

    Raises
    ------
    InputError
        If a run has no weights yet.
    """
    records, weights, networks = {}, {}, {}
    for name in ("field", "detail"):
        records[name], weights[name] = finished_run(runs[name])
        settings = {"spacing_mm": _SPACING[name]}
        networks[name] = trained_network(name, records[name], _CHANNELS[name], settings)
    card = ModelCard(
        name="anatomy",
        version=version,
        task="breast anatomy",
        licence="Apache-2.0",
        trained_on=TRAINED_ON,
        intended_use="Research software, not for clinical use: masks of breasts, fibroglandular "
        "tissue, skin and vessels on one T1-weighted breast MRI before contrast.",
        networks=networks,
        inputs=(
            ModelInput(
                "pre_contrast", "T1-weighted, any plane, one or both breasts, fat bright or dark"
            ),
        ),
        preprocessing=Preparation("mamri.segmentation.learned_anatomy"),
        labels=(
            ModelLabel(1, "right_breast", "from the skin to the front of the pectoral muscle"),
            ModelLabel(2, "left_breast"),
            ModelLabel(3, "fibroglandular", "without skin and vessels"),
            ModelLabel(4, "vessel"),
            ModelLabel(5, "skin", "with the nipple"),
        ),
        performance=performance,
        limits=_LIMITS,
        training=training_record(machine, records),
    )
    return write_model_folder(folder, card, weights)

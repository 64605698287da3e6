"""The lesion model, loaded and ready to run."""

from mamri.findings.learned_detection import LesionNetwork
from mamri.findings.lesion_confidence import LesionCalibration
from mamri.io.model_folder import ModelFolder
from mamri.io.record_json import record_from_json
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import EngineSettings


def load_lesion_network(
    model: ModelFolder, settings: EngineSettings | None = None
) -> LesionNetwork:
    """Load the network of a lesion model with its calibration.

    Parameters
    ----------
    model : ModelFolder
        With a network named ``lesion``.
    settings : EngineSettings or None

    Returns
    -------
    LesionNetwork

    Raises
    ------
    ModelError
        If the model has other networks, or its files cannot be used.
    InputError
        If its card holds no calibration.
    """
    stored = model.network("lesion")
    found = model.card.networks["lesion"].settings.get("calibration", {})
    calibration = record_from_json(LesionCalibration, found, "calibration")
    return LesionNetwork(
        engine_of(stored, settings), calibration, model.card.name, model.card.version
    )

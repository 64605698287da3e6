"""The anatomy model, loaded and ready to run."""

from mamri.io.model_folder import ModelFolder
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import EngineSettings
from mamri.segmentation.learned_anatomy import AnatomyNetworks


def load_anatomy_networks(
    model: ModelFolder, settings: EngineSettings | None = None
) -> AnatomyNetworks:
    """Load both networks of an anatomy model.

    Parameters
    ----------
    model : ModelFolder
        With networks named ``field`` and ``detail``.
    settings : EngineSettings or None

    Returns
    -------
    AnatomyNetworks

    Raises
    ------
    ModelError
        If the model has other networks, or its files cannot be used.
    """
    return AnatomyNetworks(
        engine_of(model.network("field"), settings),
        engine_of(model.network("detail"), settings),
        model.card.name,
        model.card.version,
    )

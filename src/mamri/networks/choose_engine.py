"""One door to the engines.

It leads to torch: science takes an `Engine` made elsewhere and does not call it.
"""

from mamri.networks.inference_engine import Backend, Engine, EngineSettings
from mamri.networks.stored_network import StoredNetwork
from mamri.records import ModelError


def engine_of(network: StoredNetwork, settings: EngineSettings | None = None) -> Engine:
    """Make the engine that the settings name.

    Parameters
    ----------
    network : StoredNetwork
    settings : EngineSettings, optional

    Returns
    -------
    Engine

    Raises
    ------
    ModelError
        If the network's files or the processor do not serve, or torch is not installed.
    """
    settings = settings or EngineSettings()
    if settings.backend is Backend.OPENVINO:
        from mamri.networks.openvino_engine import openvino_engine

        return openvino_engine(network, settings)
    try:
        from mamri.networks.torch_engine import torch_engine
    except ImportError as error:
        raise ModelError(
            "the torch backend needs the package torch, which is not installed; install it with: "
            "pip install 'mamri[train]', or choose the openvino backend"
        ) from error
    return torch_engine(network, settings)

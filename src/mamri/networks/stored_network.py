"""A network as it lies in a model folder: its plan and where its weights are."""

from dataclasses import dataclass
from pathlib import Path

from mamri.networks.network_plan import NetworkPlan


@dataclass(frozen=True, slots=True)
class StoredNetwork:
    """What an inference engine is made from.

    Parameters
    ----------
    plan : NetworkPlan
    weights : Path
        safetensors file.
    openvino : Path or None
        ``*.xml`` of an OpenVINO network with its ``*.bin`` beside it; None to build it from the
        weights.
    """

    plan: NetworkPlan
    weights: Path
    openvino: Path | None = None

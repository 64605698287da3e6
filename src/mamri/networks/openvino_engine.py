"""Networks on the CPU with OpenVINO.

The precision is always set: OpenVINO's own default depends on the processor, and so would the
masks. Sizes of images may change from call to call.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.networks.inference_engine import EngineSettings, Precision, as_batch
from mamri.networks.network_plan import NetworkPlan
from mamri.networks.openvino_graph import openvino_network
from mamri.networks.openvino_library import ov
from mamri.networks.stored_network import StoredNetwork
from mamri.networks.weight_file import load_weights
from mamri.records import ModelError


@dataclass(frozen=True, slots=True)
class OpenvinoEngine:
    """A compiled network.

    Parameters
    ----------
    plan : NetworkPlan
    compiled : openvino.CompiledModel
    """

    plan: NetworkPlan
    compiled: Any

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Logits of one image or of a batch; see `Engine`."""
        batch = as_batch(self.plan, image)
        logits: np.ndarray = self.compiled([batch], share_inputs=True)[0]
        return logits if image.ndim == batch.ndim else logits[0]


def openvino_engine(
    network: StoredNetwork, settings: EngineSettings | None = None
) -> OpenvinoEngine:
    """Compile a stored network.

    Parameters
    ----------
    network : StoredNetwork
        Its OpenVINO files are taken where it has them, else its weights.
    settings : EngineSettings, optional

    Returns
    -------
    OpenvinoEngine

    Raises
    ------
    ModelError
        If a file is missing or damaged, weights and plan differ, or the processor cannot compute
        in the precision asked for.
    """
    if network.openvino is None:
        return compiled_network(network.plan, load_weights(network.weights), settings)
    try:
        model = ov.Core().read_model(network.openvino)
    except RuntimeError as error:
        raise ModelError(
            f"a network needs its OpenVINO files, {network.openvino.name} or its weights are "
            "missing or damaged; restore them, or set openvino to null in model.json to build the "
            "network from its weights"
        ) from error
    return _compiled(network.plan, model, settings)


def compiled_network(
    plan: NetworkPlan,
    weights: dict[str, np.ndarray],
    settings: EngineSettings | None = None,
) -> OpenvinoEngine:
    """Compile a network of weights in memory.

    Parameters
    ----------
    plan : NetworkPlan
    weights : mapping of str to float array
    settings : EngineSettings, optional

    Returns
    -------
    OpenvinoEngine

    Raises
    ------
    ModelError
        As `openvino_engine`.
    """
    return _compiled(plan, openvino_network(plan, weights), settings)


def has_bf16() -> bool:
    """Whether this processor computes in bfloat16 by itself."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compiled(plan: NetworkPlan, model: Any, settings: EngineSettings | None) -> OpenvinoEngine:
    settings = settings or EngineSettings()
    expected = [[plan.in_channels], [plan.classes]]
    found = [[port.get_partial_shape()[1].get_length()] for port in (model.input(), model.output())]
    if expected != found:
        raise ModelError(
            f"the plan has {plan.in_channels} channels and {plan.classes} classes, the OpenVINO "
            f"network has {found[0][0]} and {found[1][0]}; use the files of one model"
        )
    precision = settings.precision
    if precision is Precision.AUTO:
        precision = Precision.BF16 if has_bf16() else Precision.F32
    elif precision is Precision.BF16 and not has_bf16():
        raise ModelError(
            "bfloat16 needs a processor with AVX512-BF16 or AMX, this one has neither; choose "
            "precision f32 or auto"
        )
    hints = {"INFERENCE_PRECISION_HINT": precision.value, "PERFORMANCE_HINT": "LATENCY"}
    if settings.threads is not None:
        hints["INFERENCE_NUM_THREADS"] = str(settings.threads)
    return OpenvinoEngine(plan, ov.Core().compile_model(model, "CPU", hints))

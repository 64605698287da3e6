"""Networks with torch on a CPU or a GPU; needs the extra ``train``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from mamri.networks.inference_engine import Device, EngineSettings, Precision, as_batch
from mamri.networks.network_plan import NetworkPlan
from mamri.networks.stored_network import StoredNetwork
from mamri.networks.unet import UNet, build_network
from mamri.networks.weight_file import load_weights
from mamri.records import ModelError


@dataclass(frozen=True, slots=True)
class TorchEngine:
    """A network on its device.

    Parameters
    ----------
    network : UNet
        In evaluation mode, on the device.
    settings : EngineSettings
        Precision already decided.
    """

    network: UNet
    settings: EngineSettings

    @property
    def plan(self) -> NetworkPlan:
        """Shape of the network."""
        return self.network.plan

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Logits of one image or of a batch; see `Engine`."""
        array = as_batch(self.plan, image)
        device = self.settings.device.value
        is_bf16 = self.settings.precision is Precision.BF16
        with (
            _threads(self.settings.threads),
            torch.inference_mode(),
            torch.autocast(device, torch.bfloat16, enabled=is_bf16),
        ):
            batch = torch.tensor(array, device=device)
            logits = self.network(batch.to(memory_format=_layout(self.plan)))
            answer: np.ndarray = logits.float().contiguous().cpu().numpy()
        return answer if image.ndim == array.ndim else answer[0]


def torch_engine(network: StoredNetwork, settings: EngineSettings) -> TorchEngine:
    """Build a stored network in torch.

    Parameters
    ----------
    network : StoredNetwork
    settings : EngineSettings

    Returns
    -------
    TorchEngine

    Raises
    ------
    ModelError
        If the weights are missing, damaged or of another plan, or there is no such device.
    """
    return engine_of_weights(network.plan, load_weights(network.weights), settings)


def engine_of_weights(
    plan: NetworkPlan, weights: Mapping[str, np.ndarray], settings: EngineSettings
) -> TorchEngine:
    """Build a network of weights in memory.

    Parameters
    ----------
    plan : NetworkPlan
    weights : mapping of str to float array
        By the names of `unet.UNet`.
    settings : EngineSettings

    Returns
    -------
    TorchEngine

    Raises
    ------
    ModelError
        As `torch_engine`.
    """
    if settings.device is Device.CUDA and not torch.cuda.is_available():
        raise ModelError(
            "a GPU was asked for, torch finds none; choose device cpu, or install a driver and a "
            "torch built for it"
        )
    network = build_network(plan)
    arrays = {name: torch.from_numpy(w.astype(np.float32)) for name, w in weights.items()}
    try:
        network.load_state_dict(arrays)
    except RuntimeError as error:
        raise ModelError(
            f"the plan needs other weights than it got ({str(error)[:200]} ...); use the weights "
            "and the plan of one model"
        ) from error
    return engine_of_module(network, settings)


def engine_of_module(network: UNet, settings: EngineSettings) -> TorchEngine:
    """Put a network in memory to use, during training for example.

    Parameters
    ----------
    network : UNet
        Left in evaluation mode on the device of the settings.
    settings : EngineSettings

    Returns
    -------
    TorchEngine
    """
    precision = settings.precision
    if precision is Precision.AUTO:
        precision = Precision.BF16 if _has_bf16(settings.device) else Precision.F32
    network.eval().to(settings.device.value)
    network.to(memory_format=_layout(network.plan))  # type: ignore[call-overload]  # torch's stubs
    return TorchEngine(
        network, EngineSettings(settings.backend, settings.device, precision, settings.threads)
    )


def weights_of(network: UNet) -> dict[str, np.ndarray]:
    """Copies of the weights of a network, for `save_weights` and the other engines.

    Parameters
    ----------
    network : UNet

    Returns
    -------
    dict of str to float32 array
    """
    return {
        name: weight.detach().float().cpu().numpy().copy()
        for name, weight in network.state_dict().items()
    }


def _layout(plan: NetworkPlan) -> torch.memory_format:
    """Channels last: twice as fast on CPUs in bfloat16."""
    return torch.channels_last if plan.dimensions == 2 else torch.channels_last_3d


def _has_bf16(device: Device) -> bool:
    if device is Device.CUDA:
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_avx512_bf16_supported())  # processors with AMX have it too


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """Set torch's number of CPU threads and put it back."""
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Small networks whose random weights answer as widely as trained ones."""

import numpy as np
import torch

from mamri.networks.network_plan import NetworkKind, NetworkPlan
from mamri.networks.torch_engine import weights_of
from mamri.networks.unet import build_network

VOLUMES = NetworkPlan(  # every variation of a plan at once: sizes differ along the axes
    NetworkKind.RESIDUAL,
    in_channels=2,
    classes=4,
    features=(6, 12, 16),
    strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
    kernels=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
    blocks=(1, 2, 2),
    decoder_blocks=(2, 1),
    negative_slope=0.1,
    norm_epsilon=0.05,
)
SLICES = NetworkPlan(
    NetworkKind.PLAIN,
    in_channels=1,
    classes=3,
    features=(8, 16),
    strides=((1, 1), (2, 2)),
    kernels=((3, 3), (3, 3)),
    blocks=(2, 2),
    decoder_blocks=(2,),
    negative_slope=0.0,
)


def example_weights(plan: NetworkPlan, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights with uneven normalisation and logits whose deviation is about 2."""
    torch.manual_seed(seed)
    network = build_network(plan)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 1:
                weight.add_(0.2 * torch.randn_like(weight))
            if name.startswith("heads"):
                weight.mul_(2)
    return {name: w.astype(np.float16) for name, w in weights_of(network).items()}


def example_image(plan: NetworkPlan, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Noise of the channels that a network takes."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(plan.in_channels, *shape)).astype(np.float32)


def softmax(logits: np.ndarray, axis: int = 0) -> np.ndarray:
    """Probabilities, written the plain way."""
    powers = np.exp(logits.astype(float) - logits.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)

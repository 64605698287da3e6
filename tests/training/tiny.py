"""A tiny network and examples that it can learn, for tests of the loop."""

import torch

from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.networks.unet import UNet, build_network
from mamri.training import LoopSettings

NAMES = ("background", "ball", "air")
SETTINGS = LoopSettings(
    steps=8, precision="f32", validate_every=4, validation_examples=1, save_every=3,
    warmup_steps=2, learning_rate=1e-2,
)  # fmt: skip


def tiny_plan(classes: int = 3, features: tuple[int, ...] = (6, 8)) -> NetworkPlan:
    return volume_plan(
        NetworkKind.RESIDUAL,
        in_channels=1,
        classes=classes,
        features=features,
        blocks=(1,) * len(features),
        negative_slope=0.0,
    )


def tiny_network(seed: int = 3, **plan: object) -> UNet:
    return build_network(tiny_plan(**plan), deep_supervision=True, seed=seed)  # type: ignore[arg-type]


def ball(index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A bright ball (1) in a dark room (0), darker above (2), noise all over."""
    generator = torch.Generator().manual_seed(index)
    s, r, c = torch.meshgrid(*(torch.arange(16.0),) * 3, indexing="ij")
    centre = 6 + 4 * torch.rand(3, generator=generator)
    target = torch.zeros(16, 16, 16, dtype=torch.int64)
    target[((s - centre[0]) ** 2 + (r - centre[1]) ** 2 + (c - centre[2]) ** 2) < 16] = 1
    target[:3] = 2
    levels = torch.tensor([0.0, 1.5, -1.5])[target]
    return (levels + 0.3 * torch.randn(target.shape, generator=generator))[None], target

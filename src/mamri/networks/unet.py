"""U-Nets in torch, built from a plan; needs the extra ``train``.

Layers follow nnU-Net: convolution with bias, instance normalisation, leaky rectifier; strided
convolutions down, transposed ones up; residual blocks with average pooling and a 1x1 convolution on
the way past. Weights of nnU-Net therefore fit one to one (`pipeline.import_nnunet`).
"""

from typing import Any

import torch
from torch import nn

from mamri.networks.network_plan import NetworkKind, NetworkPlan, Sizes


class ConvNorm(nn.Module):
    """Convolution, instance normalisation and, where wanted, a rectifier."""

    def __init__(
        self,
        plan: NetworkPlan,
        channels: tuple[int, int],
        kernel: Sizes,
        stride: Sizes | int = 1,
        *,
        rectify: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        convolution, normalisation = _LAYERS[plan.dimensions][:2]
        padding = tuple(size // 2 for size in kernel)
        self.conv = convolution(*channels, kernel, stride, padding, bias=bias)
        self.norm = normalisation(channels[1], eps=plan.norm_epsilon, affine=True)
        self.slope = plan.negative_slope if rectify else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of (N, C, ...) features."""
        x = self.norm(self.conv(x))
        return x if self.slope is None else rectified(x, self.slope)


class ResidualBlock(nn.Module):
    """Two convolutions beside a way past them; the rectifier follows the sum."""

    def __init__(
        self, plan: NetworkPlan, channels: tuple[int, int], kernel: Sizes, stride: Sizes
    ) -> None:
        super().__init__()
        self.conv1 = ConvNorm(plan, channels, kernel, stride)
        self.conv2 = ConvNorm(plan, (channels[1], channels[1]), kernel, rectify=False)
        pool = _LAYERS[plan.dimensions][3]
        self.pool = pool(stride, stride) if max(stride) > 1 else None
        self.project = None
        if channels[0] != channels[1]:
            ones = (1,) * plan.dimensions
            self.project = ConvNorm(plan, channels, ones, rectify=False, bias=False)
        self.slope = plan.negative_slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of (N, C, ...) features."""
        past = x if self.pool is None else self.pool(x)
        past = past if self.project is None else self.project(past)
        return rectified(self.conv2(self.conv1(x)) + past, self.slope)


class UNet(nn.Module):
    """A U-Net of a plan.

    Parameters
    ----------
    plan : NetworkPlan
    deep_supervision : bool
        Whether coarser decoder stages answer too.
    """

    def __init__(self, plan: NetworkPlan, *, deep_supervision: bool = False) -> None:
        super().__init__()
        self.plan = plan
        self.deep_supervision = deep_supervision
        self.stem: nn.Module = nn.Identity()
        first = plan.in_channels
        if plan.kind is NetworkKind.RESIDUAL:
            self.stem = ConvNorm(plan, (first, plan.features[0]), plan.kernels[0])
            first = plan.features[0]
        self.encoder = nn.ModuleList()
        for n, out in enumerate(plan.features):
            self.encoder.append(_stage(plan, n, (first, out)))
            first = out
        self.up, self.decoder, self.heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        convolution, _, transposed, _ = _LAYERS[plan.dimensions]
        for n, blocks in zip(
            range(len(plan.features) - 2, -1, -1), plan.decoder_blocks, strict=True
        ):
            stride, out = plan.strides[n + 1], plan.features[n]
            self.up.append(transposed(plan.features[n + 1], out, stride, stride))
            widths = [2 * out] + [out] * blocks
            self.decoder.append(
                nn.Sequential(
                    *(
                        ConvNorm(plan, (widths[k], widths[k + 1]), plan.kernels[n])
                        for k in range(blocks)
                    )
                )
            )
            self.heads.append(convolution(out, plan.classes, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        """Logits of (N, C, ...) images, (N, classes, ...).

        With deep supervision in training a list, finest first.
        """
        x = self.stem(x)
        passed = []
        for stage in self.encoder:
            x = stage(x)
            passed.append(x)
        answers = []
        is_deep = self.deep_supervision and self.training
        last = len(self.up) - 1
        for n, (up, decoder, head) in enumerate(
            zip(self.up, self.decoder, self.heads, strict=True)
        ):
            x = decoder(torch.cat([up(x), passed[last - n]], 1))
            if is_deep or n == last:
                answers.append(head(x))
        return answers[::-1] if is_deep else answers[0]


def build_network(
    plan: NetworkPlan, *, deep_supervision: bool = False, seed: int | None = None
) -> UNet:
    """A network with random weights, the same for the same seed.

    Convolutions start as He 2015 for leaky rectifiers, biases at zero, as in nnU-Net.
    """
    if seed is not None:
        torch.manual_seed(seed)
    network = UNet(plan, deep_supervision=deep_supervision)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            nn.init.kaiming_normal_(module.weight, a=0.01)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def rectified(x: torch.Tensor, slope: float) -> torch.Tensor:
    """Leaky rectifier; slope 0 takes the plain one, which trains faster on CPUs."""
    if slope == 0:
        return nn.functional.relu(x, inplace=True)
    return nn.functional.leaky_relu(x, slope, inplace=True)


def _stage(plan: NetworkPlan, n: int, channels: tuple[int, int]) -> nn.Sequential:
    first, out = channels
    kernel, stride = plan.kernels[n], plan.strides[n]
    ones = (1,) * plan.dimensions
    block: Any = ResidualBlock if plan.kind is NetworkKind.RESIDUAL else ConvNorm
    layers = [
        block(plan, (first if k == 0 else out, out), kernel, stride if k == 0 else ones)
        for k in range(plan.blocks[n])
    ]
    return nn.Sequential(*layers)


# Convolution, normalisation, transposed convolution and pooling by number of dimensions.
_LAYERS: dict[int, tuple[Any, Any, Any, Any]] = {
    2: (nn.Conv2d, nn.InstanceNorm2d, nn.ConvTranspose2d, nn.AvgPool2d),
    3: (nn.Conv3d, nn.InstanceNorm3d, nn.ConvTranspose3d, nn.AvgPool3d),
}

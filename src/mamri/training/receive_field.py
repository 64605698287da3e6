"""Smooth brightness and noise over a crop: bias, surface coils, parallel imaging.

References
----------
.. [1] Roemer PB, Edelstein WA, Hayes CE, Souza SP, Mueller OM. The NMR phased array. Magn Reson
   Med 1990;16:192-225. doi:10.1002/mrm.1910160203 (coils combined as the root of summed squares)
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  torch's usual name

from mamri.training.draws import Draws
from mamri.training.settings import ScanSettings
from mamri.training.smooth_field import WHITE_CONTROL_SD, evaluate_field

# Control points of the fields of a crop along each axis, of which the outer lie outside.
_KNOTS = 15
# Tissue is looked for in so many cells along each axis.
_CELLS = 12


@dataclass(frozen=True, slots=True, eq=False)
class ReceiveField:
    """Control points (1, a, b, c) of the brightness of signal and noise; None where even.

    Parameters
    ----------
    signal, noise : (1, a, b, c) float32 tensor or None
    """

    signal: torch.Tensor | None
    noise: torch.Tensor | None


def draw_receive_field(
    image: torch.Tensor,
    settings: ScanSettings,
    draws: Draws,
    anterior: torch.Tensor,
    spacing_mm: float,
) -> ReceiveField:
    """Draw bias, coils and local noise of an image.

    Parameters
    ----------
    image : (S, R, C) float32
        Noise-free, air 0.
    settings : ScanSettings
    draws : Draws
    anterior : (3,) float
        The patient's front along the axes.
    spacing_mm : float, mm

    Returns
    -------
    ReceiveField
    """
    device = image.device
    extent = torch.tensor(image.shape) * spacing_mm
    bias = draws.uniform((0, settings.bias_sd)) * _coarse(
        draws, extent, draws.uniform(settings.bias_knot_mm)
    )
    local = draws.uniform((0, settings.g_factor_sd)) * _coarse(draws, extent, 60.0)
    signal, noise = bias.exp().to(device), local.exp().to(device)
    if draws.chance(settings.coil_probability):
        coils = _coil_gain(image, settings, draws, anterior, extent)
        if draws.chance(settings.corrected_probability):
            noise = noise / coils
        else:
            signal = signal * coils
    return ReceiveField(signal, noise)


def _coarse(draws: Draws, extent: torch.Tensor, knot_mm: float) -> torch.Tensor:
    """A random smooth field of standard deviation about 1 at the control points, on the CPU."""
    counts = [max(4, round(float(size) / knot_mm) + 3) for size in extent]
    control = draws.normal(1, *counts) / WHITE_CONTROL_SD
    return evaluate_field(control, (_KNOTS, _KNOTS, _KNOTS), torch.device("cpu"))


def _coil_gain(
    image: torch.Tensor,
    settings: ScanSettings,
    draws: Draws,
    anterior: torch.Tensor,
    extent: torch.Tensor,
) -> torch.Tensor:
    """Brightness by surface coils near the skin, 1 on average over the tissue."""
    device = image.device
    where = _coil_places(image, draws, anterior, extent)
    count = where.shape[0]
    radii = torch.tensor(
        [draws.log_uniform(settings.coil_radius_mm) for _ in range(count)], device=device
    )
    at = _points(_KNOTS, extent, outer=True).to(device)
    squared = ((at[:, None] - where[None]) ** 2).sum(-1)
    # On the axis of a loop its sensitivity falls with (1 + (distance / radius)^2)^(-3/2).
    each = (1 + squared / radii**2) ** -1.5
    gain = each.square().sum(1).sqrt()
    gain = gain / gain.mean()
    gain = gain.clamp(max=settings.max_coil_gain)
    strength = draws.uniform((0.3, 1))
    return (1 - strength + strength * gain).reshape(1, _KNOTS, _KNOTS, _KNOTS)


def _coil_places(
    image: torch.Tensor, draws: Draws, anterior: torch.Tensor, extent: torch.Tensor
) -> torch.Tensor:
    """Places in air beside tissue, more often in front of it; (count, 3) mm from the middle."""
    cells = F.adaptive_max_pool3d(image[None, None], _CELLS)[0, 0] > 0.02
    tissue = cells.float()
    beside = F.max_pool3d(tissue[None, None], 3, stride=1, padding=1)[0, 0] - tissue
    at = _points(_CELLS, extent, outer=False).to(image.device)
    ahead = at @ anterior.to(image.device) / (float(extent.max()) / 2)
    # A little everywhere, for a crop may be all tissue or all air.
    weights = (beside.reshape(-1) + 1e-4) * torch.exp(2 * ahead)
    count = 2 + draws.index(4)
    order = torch.log(draws.uniforms(weights.numel()).clamp(min=1e-9)).to(image.device)
    # The largest of log(u) / w are a weighted draw without replacement, without a wait for a GPU.
    chosen = (order / weights).topk(count).indices
    return at[chosen]


def _points(n: int, extent: torch.Tensor, *, outer: bool) -> torch.Tensor:
    """Cell centres, or places of control points, along each axis; (n^3, 3) mm from the middle."""
    share = (torch.arange(n) - 1) / (n - 3) - 0.5 if outer else (torch.arange(n) + 0.5) / n - 0.5
    grid = torch.meshgrid(*[share * size for size in extent], indexing="ij")
    return torch.stack(grid, dim=-1).reshape(-1, 3)

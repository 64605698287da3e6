"""What the two networks of the anatomy model learn from.

Which two, and why, is told in `segmentation.anatomy_model`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812  torch's usual name

from mamri.segmentation.anatomy_model import (
    DETAIL_SHAPE,
    DETAIL_SPACING_MM,
    FIELD_SHAPE,
    FIELD_SPACING_MM,
)
from mamri.training.cached_anatomy import CachedAnatomy
from mamri.training.draws import Draws, seeded_draws
from mamri.training.level import normalised
from mamri.training.settings import RandomisationSettings, SpatialSettings
from mamri.training.smooth_field import WHITE_CONTROL_SD, evaluate_field
from mamri.training.stream import training_pair

Example = tuple[torch.Tensor, torch.Tensor]

# What draws are for, apart from those of the stream.
_VIEW, _PRIOR = 10, 11


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """Fields of view that the field network is shown.

    Parameters
    ----------
    one_breast_probability : float
        Views of one breast, as sagittal protocols have them. Assumption.
    cut_probability : float
        For each face of the view: it cuts into the breasts. Assumption.
    max_cut_mm, max_margin_mm : float, mm
        By how much, and the widest margin around the breasts. Assumption.
    """

    one_breast_probability: float = 0.35
    cut_probability: float = 0.15
    max_cut_mm: float = 30.0
    max_margin_mm: float = 110.0


@dataclass(frozen=True, slots=True)
class PriorSettings:
    """How wrong the coarse answer may be that the detail network is shown.

    Parameters
    ----------
    shift_mm : float, mm
        Largest standard deviation of the smooth displacement of its border. Assumption.
    growth_mm : (low, high) of float, mm
        By how much it is too large all around. Assumption: rather too large than too small, as
        the field network takes in muscle where fat is suppressed.
    blob_probability : float
        Crops in which a ball is added to it or taken from it. Assumption.
    blob_radius_mm : (low, high) of float, mm
    """

    shift_mm: float = 6.0
    growth_mm: tuple[float, float] = (-3.0, 6.0)
    blob_probability: float = 0.3
    blob_radius_mm: tuple[float, float] = (8.0, 30.0)


def field_example(
    cache: Sequence[CachedAnatomy],
    lookup: torch.Tensor,
    settings: RandomisationSettings,
    view: ViewSettings,
    seed: int,
    index: int,
    *,
    divisor: int = 8,
) -> Example:
    """One example for the field network.

    Parameters
    ----------
    cache : sequence of CachedAnatomy
        At about half the spacing of the crops, or finer.
    lookup : (256,) int64 tensor
        Class of each target code.
    settings : RandomisationSettings
    view : ViewSettings
    seed, index : int
    divisor : int
        Sizes become multiples of it, filled up with the darkest value.

    Returns
    -------
    image : (1, S, R, C) float32
    target : (S, R, C) int64
        Of varying size.
    """
    image, codes = training_pair(cache, settings, seed, index)
    draws = seeded_draws(seed, index, _VIEW, torch.device("cpu"))
    box = random_view(codes // 16, settings.spatial.spacing_mm, view, draws)
    image, codes = image[(slice(None), *box)], codes[box]
    image = normalised(image, image)
    target = lookup[codes]
    return filled_up(image, divisor, float(image.min())), filled_up(target, divisor, 0)


def detail_example(
    cache: Sequence[CachedAnatomy],
    lookup: torch.Tensor,
    settings: RandomisationSettings,
    prior: PriorSettings,
    seed: int,
    index: int,
) -> Example:
    """One example for the detail network.

    Parameters
    ----------
    cache : sequence of CachedAnatomy
    lookup : (256,) int64 tensor
        Class of each target code.
    settings : RandomisationSettings
    prior : PriorSettings
    seed, index : int

    Returns
    -------
    image : (2, S, R, C) float32
        Normalised crop, and a coarse, partly wrong answer to where the breast is, -1 to 1.
    target : (S, R, C) int64
    """
    image, codes = training_pair(cache, settings, seed, index)
    draws = seeded_draws(seed, index, _PRIOR, torch.device("cpu"))
    coarse = simulated_prior(codes >= 16, settings.spatial.spacing_mm, prior, draws)
    return torch.cat([image, (2 * coarse - 1)[None]]), lookup[codes]


def code_lookup(classes: Sequence[int]) -> torch.Tensor:
    """Class of each target code as examples take it, (256,) int64."""
    return torch.tensor(classes, dtype=torch.int64)


def random_view(
    sides: torch.Tensor, spacing_mm: float, settings: ViewSettings, draws: Draws
) -> tuple[slice, slice, slice]:
    """Box of a random field of view around one breast or both.

    Parameters
    ----------
    sides : (S, R, C) int tensor
        1 in the right breast, 2 in the left.
    spacing_mm : float, mm
    settings : ViewSettings
    draws : Draws

    Returns
    -------
    three slices
    """
    is_one = draws.chance(settings.one_breast_probability)
    side = 1 + draws.index(2)
    wanted = sides == side if is_one and bool((sides == side).any()) else sides > 0
    box = []
    for axis, size in enumerate(sides.shape):
        others = tuple(other for other in range(3) if other != axis)
        filled = torch.nonzero(wanted.amax(others)).flatten()
        low, high = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, size)
        edges = []
        for _ in range(2):
            margin = draws.uniform((0.0, settings.max_margin_mm))
            if is_one and axis == 2:
                margin *= 0.4  # the other breast is hardly seen
            if draws.chance(settings.cut_probability):
                margin = -draws.uniform((0.0, settings.max_cut_mm))
            edges.append(round(margin / spacing_mm))
        start, stop = max(0, low - edges[0]), min(size, high + edges[1])
        box.append(slice(start, stop) if stop - start >= 12 else slice(0, size))
    return box[0], box[1], box[2]


def simulated_prior(
    breast: torch.Tensor, spacing_mm: float, settings: PriorSettings, draws: Draws
) -> torch.Tensor:
    """Breast as a coarse network might have found it, (S, R, C) float32 of 0 to 1.

    Parameters
    ----------
    breast : (S, R, C) bool tensor
    spacing_mm : float, mm
    settings : PriorSettings
    draws : Draws
    """
    factor = round(FIELD_SPACING_MM / spacing_mm)
    coarse = F.avg_pool3d(breast[None, None].float(), factor)[0]
    s, r, c = coarse.shape[1:]
    axes = [(2 * torch.arange(n) + 1) / n - 1 for n in (s, r, c)]
    plain = torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], -1)  # x, y, z of -1 to 1
    sd = draws.uniform((0.0, settings.shift_mm)) / FIELD_SPACING_MM
    moved = evaluate_field(draws.normal(3, 5, 5, 5), (s, r, c), torch.device("cpu"))
    step = torch.tensor([2 / c, 2 / r, 2 / s])  # one coarse voxel
    grid = plain + sd / WHITE_CONTROL_SD * step * moved.movedim(0, -1)
    coarse = F.grid_sample(coarse[None], grid[None], padding_mode="border", align_corners=False)[0]
    coarse = _grown(coarse, draws.uniform(settings.growth_mm) / FIELD_SPACING_MM)
    if draws.chance(settings.blob_probability):
        centre = 2 * draws.uniforms(3) - 1
        radius = draws.uniform(settings.blob_radius_mm) / FIELD_SPACING_MM * step
        ball = (((plain - centre) / radius).norm(dim=-1) < 1).float()
        coarse = coarse * (1 - ball) + (ball if draws.chance(0.5) else 0)
    sharpness = draws.uniform((0.5, 3.0))
    coarse = torch.sigmoid(sharpness * torch.logit(coarse.clamp(0.02, 0.98)))
    return F.interpolate(coarse[None], size=tuple(breast.shape), mode="trilinear")[0, 0]


def _grown(share: torch.Tensor, voxels: float) -> torch.Tensor:
    """Shares (1, s, r, c) of a region that is larger by so many voxels, smaller below 0."""
    whole, part = divmod(abs(voxels), 1.0)
    grown = share if voxels > 0 else 1 - share
    for step in [1.0] * int(whole) + [part]:
        grown = torch.lerp(grown, F.max_pool3d(grown, 3, stride=1, padding=1), step)
    return grown if voxels > 0 else 1 - grown


def filled_up(array: torch.Tensor, divisor: int, value: float) -> torch.Tensor:
    """Last three axes padded at their ends to multiples of a number."""
    missing = [-size % divisor for size in array.shape[-3:]]
    pad = [amount for size in reversed(missing) for amount in (size // 2, size - size // 2)]
    return F.pad(array, pad, value=value)


def field_settings() -> RandomisationSettings:
    """Randomisation of the field network: the whole field, in place."""
    spatial = SpatialSettings(shape=FIELD_SHAPE, spacing_mm=FIELD_SPACING_MM, focus_probability=0.0)
    return RandomisationSettings(spatial=spatial)


def detail_settings() -> RandomisationSettings:
    """Randomisation of the detail network: crops of 96 mm."""
    spatial = SpatialSettings(shape=DETAIL_SHAPE, spacing_mm=DETAIL_SPACING_MM)
    return replace(RandomisationSettings(), spatial=spatial)

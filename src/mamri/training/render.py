"""Noise-free images of the part of an anatomy that a crop touches.

Tissues are mixed by their shares on the voxels of the anatomy, and the image, not the tissues, is
sampled by the crop: mixed brightness may be interpolated, codes may not. Sheets 2.5 mm thick in
turned crops then have half the error of codes at the nearest voxel (root mean square 0.085 against
0.159 of full contrast, benchmarks/training_stream.py).
"""

import torch

from mamri.training.cached_anatomy import CachedAnatomy
from mamri.training.contrast import (
    TEXTURE_STEPS_PER_SD,
    TEXTURE_ZERO,
    Contrast,
    FatResidual,
    TextureRecipe,
)
from mamri.training.draws import Draws
from mamri.training.random_crop import Box
from mamri.training.smooth_field import evaluate_field, random_control


def render(anatomy: CachedAnatomy, box: Box, contrast: Contrast, draws: Draws) -> torch.Tensor:
    """Brightness of every voxel of a box, without noise.

    Parameters
    ----------
    anatomy : CachedAnatomy
    box : three slices
    contrast : Contrast
    draws : Draws
        For the random fields of texture and of unsuppressed fat.

    Returns
    -------
    (K, s, r, c) float32
        Air is 0.
    """
    first, second = (tissue[box].to(torch.int32) << 8 for tissue in anatomy.tissues)
    share = anatomy.share[box].to(torch.float32).div_(255)
    texture = _texture(anatomy, box, contrast.texture, draws)
    images: list[torch.Tensor] = []
    if contrast.by_uptake is not None:
        level = anatomy.uptake[box].to(torch.int32)
        first_u, second_u = first + level, second + level
        images = [_mixed(t, first_u, second_u, share) for t in contrast.by_uptake]
    if contrast.by_texture is not None:
        steps = texture.mul_(TEXTURE_STEPS_PER_SD).add_(TEXTURE_ZERO).clamp_(0, 255)
        level = steps.to(torch.int32)
        base = _mixed(contrast.by_texture, first.add_(level), second.add_(level), share)
        images = [image.add_(base) for image in images] or [base]
    elif texture.numel():
        factor = texture.add_(1).clamp_(min=0)
        images = [image.mul_(factor) for image in images]
    result = torch.stack(images) if len(images) > 1 else images[0][None]
    if contrast.fat is not None:
        result += _unsuppressed(anatomy, box, contrast.fat, share, draws)
    return result


def _mixed(
    table: torch.Tensor, first: torch.Tensor, second: torch.Tensor, share: torch.Tensor
) -> torch.Tensor:
    """Look both tissues up and mix them by the share of the first."""
    flat = table.reshape(-1).to(share.device)
    larger = torch.index_select(flat, 0, first.view(-1))
    smaller = torch.index_select(flat, 0, second.view(-1))
    return torch.lerp(smaller, larger, share.view(-1)).view(share.shape)


def _texture(anatomy: CachedAnatomy, box: Box, recipe: TextureRecipe, draws: Draws) -> torch.Tensor:
    """Texture of the box in standard deviations, about 0 on average."""
    grain = anatomy.grain[box].to(torch.float32)
    texture = grain.sub_(100).mul_(recipe.grain / 100)
    if recipe.uptake:
        texture.add_(anatomy.uptake[box].to(torch.float32).sub_(100), alpha=recipe.uptake / 100)
    for weight, knot_mm in zip((recipe.coarse, recipe.fine), recipe.knots_mm, strict=True):
        if weight:
            texture.add_(_field(anatomy, box, knot_mm, draws), alpha=weight)
    return texture


def _unsuppressed(
    anatomy: CachedAnatomy, box: Box, fat: FatResidual, share: torch.Tensor, draws: Draws
) -> torch.Tensor:
    """Signal of unsuppressed fat, (s, r, c)."""
    table = torch.zeros(256, device=share.device)
    table[list(anatomy.coding.fat_tissues)] = fat.amount
    first, second = (tissue[box].to(torch.int32) for tissue in anatomy.tissues)
    signal = _mixed(table, first, second, share)
    if fat.is_patchy:
        # Steep where suppression switches between working and failing.
        signal *= torch.sigmoid(_field(anatomy, box, fat.knot_mm, draws).sub_(0.8).mul_(5))
    return signal


def _field(anatomy: CachedAnatomy, box: Box, knot_mm: float, draws: Draws) -> torch.Tensor:
    """Random smooth field of standard deviation about 1 over a box, (s, r, c)."""
    s, r, c = (b.stop - b.start for b in box)
    ds, dr, dc = anatomy.spacing_mm
    control = random_control(draws, 1, (s * ds, r * dr, c * dc), knot_mm)
    return evaluate_field(control, (s, r, c), anatomy.target.device)[0]

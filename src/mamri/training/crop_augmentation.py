"""Cubes around lesions, varied at random while a network learns."""

import math

import torch

from mamri.networks.lesion_classifier import MASK
from mamri.training.classifier_settings import CropAugmentationSettings


def augmented(
    cubes: torch.Tensor,
    channels: tuple[str, ...],
    settings: CropAugmentationSettings,
    draws: torch.Generator,
) -> torch.Tensor:
    """Cubes varied at random: moved, turned, mirrored, and their intensities changed.

    Mirroring, rotation, scaling and shift are one affine map and one linear interpolation; beyond
    the cube its border is repeated. The mask moves along and is left alone otherwise, but for
    values between 0 and 1 at its border.

    Parameters
    ----------
    cubes : (N, C, S, R, K) float tensor, standard deviations
        Left as they are.
    channels : tuple of str
        Names of the C channels.
    settings : CropAugmentationSettings
    draws : torch.Generator

    Returns
    -------
    (N, C, S, R, K) float tensor
    """
    affine = _random_affines(len(cubes), cubes.shape[-1], settings, draws)
    grid = torch.nn.functional.affine_grid(affine, list(cubes.shape), align_corners=False)
    cubes = torch.nn.functional.grid_sample(cubes, grid, padding_mode="border", align_corners=False)
    is_image = torch.tensor([name != MASK for name in channels]).float().view(1, -1, 1, 1, 1)
    shape = (len(cubes), len(channels), 1, 1, 1)
    factor = 1 + is_image * settings.intensity_scaling * _symmetric(shape, draws)
    is_blank = torch.rand(shape, generator=draws) < settings.channel_dropout * is_image
    factor = factor.masked_fill(is_blank, 0)
    offset = is_image * settings.intensity_shift * _symmetric(shape, draws)
    spread = is_image * settings.noise_sd * torch.rand(shape, generator=draws)
    noise = torch.randn(cubes.shape, generator=draws)
    return cubes * factor + (offset + spread * noise).masked_fill(is_blank, 0)


def _random_affines(
    n: int, size: int, settings: CropAugmentationSettings, draws: torch.Generator
) -> torch.Tensor:
    """Maps (N, 3, 4) from the new to the old cube, in torch's order (column, row, slice)."""
    angles = math.radians(settings.rotation_deg) * _symmetric((n, 3), draws)
    linear = torch.eye(3).repeat(n, 1, 1)
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        turn = torch.eye(3).repeat(n, 1, 1)
        turn[:, first, first] = turn[:, second, second] = angles[:, axis].cos()
        turn[:, first, second] = angles[:, axis].sin()
        turn[:, second, first] = -angles[:, axis].sin()
        linear = linear @ turn
    linear = linear * (1 + settings.scaling * _symmetric((n, 1, 1), draws))
    is_mirrored = torch.rand((n, 2), generator=draws) < settings.flip_probability
    signs = torch.ones(n, 1, 3)
    signs[:, 0, [0, 2]] = torch.where(is_mirrored, -1.0, 1.0)  # left-right, head-feet
    shift = settings.shift_voxels * 2 / size * _symmetric((n, 3, 1), draws)
    return torch.cat([linear * signs, shift], 2)


def _symmetric(shape: tuple[int, ...], draws: torch.Generator) -> torch.Tensor:
    """Random numbers between -1 and 1."""
    return 2 * torch.rand(shape, generator=draws) - 1

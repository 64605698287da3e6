"""Random acquisition of noise-free images: resolution, coils, noise and artefacts.

Everything linear along an axis is in that axis' matrix (`axis_operator`). Noise comes in at the
acquired resolution, in both receiver channels, so air is Rician noise with the ghosts and ringing
of the tissue beside it, and is resampled with the image.
"""

import math
from dataclasses import dataclass

import torch

from mamri.training.axis_operator import AxisRecipe, acquisition_matrix, reconstruction_matrix
from mamri.training.draws import Draws
from mamri.training.level import bright_level
from mamri.training.receive_field import ReceiveField, draw_receive_field
from mamri.training.settings import ScanSettings, SpatialSettings
from mamri.training.smooth_field import apply_along_axes, evaluate_field

# Over the brightness of the 99.5th percentile; assumptions.
_INVERTED_TOP, _INVERTED_FROM = 1.1, 0.08
_KINDS = ("nearest", "linear", "cubic", "zero_filled", "zero_filled")


@dataclass(frozen=True, slots=True)
class ScanRecipe:
    """How one exam is acquired; brightness over that of bright tissue, lengths in voxels.

    Parameters
    ----------
    axes : three AxisRecipe
    shifts : (K, 3) float
        Position of the patient in each phase.
    resampling : {"nearest", "linear", "cubic", "zero_filled"}
    noise : float
    mask_below : float
        Air darker than this is set to zero; 0 for none.
    spike : float
        Brightness of stripes.
    spike_waves : four float
        Waves of the stripes over each axis, and their phase in radians.
    gamma : float
    clip_percent : float
        Brightest voxels clipped.
    is_inverted : bool
        Dark for bright in what is not dark.
    cut_axis, cut : int, float
        Axis and share of the crop that is zero; above 0 at its start, below at its end.
    """

    axes: tuple[AxisRecipe, AxisRecipe, AxisRecipe]
    shifts: tuple[tuple[float, float, float], ...]
    resampling: str
    noise: float
    mask_below: float
    spike: float
    spike_waves: tuple[float, float, float, float]
    gamma: float
    clip_percent: float
    is_inverted: bool
    cut_axis: int
    cut: float


def draw_scan(
    settings: ScanSettings, spatial: SpatialSettings, draws: Draws, *, phases: int = 1
) -> ScanRecipe:
    """Draw how an exam is acquired.

    Parameters
    ----------
    settings : ScanSettings
    spatial : SpatialSettings
    draws : Draws
    phases : int

    Returns
    -------
    ScanRecipe
    """
    sd = draws.uniform((0, settings.phase_shift_mm)) / spatial.spacing_mm
    shift = sd * draws.normal(phases, 3)
    shift[0] = 0
    low, high = -spatial.shape[0] / 4, spatial.shape[0] / 4
    along_s, along_r, along_c = (draws.uniform((low, high)) for _ in range(3))
    has_cut = draws.chance(settings.cut_probability)
    cut = draws.sign() * draws.uniform((0.05, max(0.05, settings.max_cut)))
    return ScanRecipe(
        axes=_draw_axes(settings, spatial, draws),
        shifts=tuple((float(a), float(b), float(c)) for a, b, c in shift.tolist()),
        resampling=_KINDS[draws.index(len(_KINDS))],
        noise=draws.log_uniform(settings.noise_range),
        mask_below=draws.uniform((0.02, 0.08)) * draws.chance(settings.masked_probability),
        spike=draws.uniform((0.02, max(0.02, settings.max_spike)))
        * draws.chance(settings.spike_probability),
        spike_waves=(along_s, along_r, along_c, draws.uniform((0, 2 * math.pi))),
        gamma=math.exp(settings.gamma_sd * float(draws.normal(1))),
        clip_percent=draws.uniform((0.1, 3)) * draws.chance(settings.clip_probability),
        is_inverted=draws.chance(settings.inverted_probability),
        cut_axis=draws.index(3),
        cut=cut * has_cut,
    )


def _draw_axes(
    settings: ScanSettings, spatial: SpatialSettings, draws: Draws
) -> tuple[AxisRecipe, AxisRecipe, AxisRecipe]:
    """Each artefact along an axis of its own."""
    thick = draws.index(3) if draws.chance(settings.thick_probability) else -1
    ghosted = draws.index(3) if draws.chance(settings.ghost_probability) else -1
    wrapped = draws.index(3) if draws.chance(settings.wrap_probability) else -1
    moved = draws.index(3) if draws.chance(settings.motion_probability) else -1
    in_plane = draws.uniform(settings.in_plane_mm)
    roll_off = draws.uniform(settings.sharp_truncation)
    axes = []
    for axis, n in enumerate(spatial.shape):
        resolution = draws.uniform(settings.thickness_mm) if axis == thick else in_plane
        ghost = draws.sign() * settings.max_ghost * draws.uniform((0.1, 1)) / 2
        motion = settings.motion_mm * draws.uniform((0.25, 1))
        axes.append(
            AxisRecipe(
                resolution=resolution / spatial.spacing_mm,
                roll_off=roll_off,
                motion=motion / spatial.spacing_mm if axis == moved else 0.0,
                ghost_shift=round(n * draws.uniform((0.1, 0.5))),
                ghost=ghost if axis == ghosted else 0.0,
                wrap=round(n * draws.uniform((0.05, 0.3))) if axis == wrapped else 0,
                is_wrapped_from_end=draws.chance(0.5),
            )
        )
    return axes[0], axes[1], axes[2]


def acquire(
    image: torch.Tensor,
    recipe: ScanRecipe,
    settings: ScanSettings,
    draws: Draws,
    anterior: torch.Tensor,
    spacing_mm: float,
) -> torch.Tensor:
    """Acquire noise-free images.

    Parameters
    ----------
    image : (K, S, R, C) float32
        Phases of one exam; may be overwritten.
    recipe : ScanRecipe
    settings : ScanSettings
    draws : Draws
        For coils and noise.
    anterior : (3,) float
        The patient's front along the axes.
    spacing_mm : float, mm

    Returns
    -------
    (K, S, R, C) float32, a.u.
        Magnitudes, not normalised; bright tissue is about 1.
    """
    shape = (image.shape[1], image.shape[2], image.shape[3])
    image = image.div_(bright_level(image))
    field = draw_receive_field(image[0], settings, draws, anterior, spacing_mm)
    if field.signal is not None:
        image.mul_(evaluate_field(field.signal, shape, image.device))
    acquired = _through_axes(image, recipe)
    if recipe.spike:
        acquired += recipe.spike * _stripes(acquired, recipe)
    magnitude = _rician(acquired, recipe, field, draws)
    back = [
        reconstruction_matrix(n, m, recipe.resampling).to(image.device)
        for n, m in zip(shape, magnitude.shape[1:], strict=True)
    ]
    return _after_reconstruction(_resampled(magnitude, back), recipe)


def _through_axes(image: torch.Tensor, recipe: ScanRecipe) -> torch.Tensor:
    phases = []
    for phase, shifts in zip(image, recipe.shifts, strict=True):
        matrices = [
            acquisition_matrix(n, axis, shift).to(image.device)
            for n, axis, shift in zip(phase.shape, recipe.axes, shifts, strict=True)
        ]
        phases.append(apply_along_axes(phase[None], matrices))
    return torch.cat(phases) if len(phases) > 1 else phases[0]


def _resampled(magnitude: torch.Tensor, matrices: list[torch.Tensor]) -> torch.Tensor:
    if all(matrix.shape[0] == matrix.shape[1] for matrix in matrices):
        return magnitude
    return apply_along_axes(magnitude, matrices)


def _rician(
    acquired: torch.Tensor, recipe: ScanRecipe, field: ReceiveField, draws: Draws
) -> torch.Tensor:
    """Magnitude of the signal with noise in both receiver channels; air masked if asked for."""
    shape = tuple(acquired.shape)
    real, imaginary = draws.white(shape), draws.white(shape)
    if field.noise is not None:
        level = evaluate_field(field.noise, (shape[1], shape[2], shape[3]), acquired.device)
        level = level.mul_(recipe.noise)
        real.mul_(level)
        imaginary.mul_(level)
    else:
        real.mul_(recipe.noise)
        imaginary.mul_(recipe.noise)
    magnitude = torch.hypot(real.add_(acquired), imaginary, out=real)
    if recipe.mask_below:
        magnitude.mul_(acquired > recipe.mask_below)
    return magnitude


def _stripes(acquired: torch.Tensor, recipe: ScanRecipe) -> torch.Tensor:
    """A wave through the volume, one point of k-space too bright."""
    *waves, phase = recipe.spike_waves
    angles = [
        2 * math.pi * wave * torch.arange(n, device=acquired.device) / n
        for wave, n in zip(waves, acquired.shape[1:], strict=True)
    ]
    plane = angles[1][:, None] + angles[2][None, :]
    along = angles[0][:, None, None] + phase
    # cos(a + b) from one and two dimensions: no cosine a voxel.
    return torch.cos(along) * torch.cos(plane) - torch.sin(along) * torch.sin(plane)


def _after_reconstruction(image: torch.Tensor, recipe: ScanRecipe) -> torch.Tensor:
    image = image.clamp_(min=0)
    if recipe.clip_percent:
        image = image.clamp_(max=bright_level(image, 100 - recipe.clip_percent))
    if recipe.gamma != 1:
        image = image.pow_(recipe.gamma)
    if recipe.is_inverted:
        image = _inverted(image)
    if recipe.cut:
        image[:, *cut_region(recipe, (image.shape[1], image.shape[2], image.shape[3]))] = 0
    return image


def _inverted(image: torch.Tensor) -> torch.Tensor:
    """Grey scale inverted where the image is not dark, as air and lungs stay."""
    top = bright_level(image, 99.5)
    turned = (_INVERTED_TOP * top - image).clamp_(min=0)
    return torch.where(image > _INVERTED_FROM * top, turned, image)


def cut_region(recipe: ScanRecipe, shape: tuple[int, int, int]) -> tuple[slice, slice, slice]:
    """Part of a crop outside the acquired field of view.

    Parameters
    ----------
    recipe : ScanRecipe
    shape : (S, R, C)

    Returns
    -------
    three slices
        Empty where nothing is cut.
    """
    region = [slice(None)] * 3
    n = round(abs(recipe.cut) * shape[recipe.cut_axis])
    size = shape[recipe.cut_axis]
    region[recipe.cut_axis] = slice(0, n) if recipe.cut > 0 else slice(size - n, size)
    return region[0], region[1], region[2]

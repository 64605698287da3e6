"""Random crops of an anatomy: placed, turned, scaled, sheared, mirrored and deformed.

The whole map from crop to anatomy, affine part and deformation, is one cubic B-spline of few
control points. Images are sampled linearly, labels at the nearest voxel, on the same grid.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  torch's usual name

from mamri.training.cached_anatomy import LabelCoding
from mamri.training.draws import Draws
from mamri.training.settings import SpatialSettings
from mamri.training.smooth_field import WHITE_CONTROL_SD, evaluate_field

Box = tuple[slice, slice, slice]


class Labelled(Protocol):
    """What crops are taken of: `CachedAnatomy`, `RealCase`."""

    @property
    def target(self) -> torch.Tensor:
        """Labels, (S, R, C) uint8."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size, mm."""

    @property
    def coding(self) -> LabelCoding:
        """What labels mean."""

    @property
    def centres(self) -> tuple[torch.Tensor, ...]:
        """Voxels to centre crops on, (N, 3) for each label in focus."""

    @property
    def left_right_axis(self) -> int:
        """Array axis that runs closest to the patient's left-right axis."""

    @property
    def anterior(self) -> np.ndarray:
        """Direction of the patient's front along the array axes, (3,), length 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where a crop lies; on the CPU.

    Parameters
    ----------
    control : (3, a, b, c) float32, voxels
        Control points of the map from the crop to (slice, row, column) of the anatomy.
    mirrored : bool
        Left and right are exchanged.
    anterior : (3,) float32
        The patient's front along the axes of the crop, length 1.
    """

    control: torch.Tensor
    mirrored: bool
    anterior: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One crop.

    Parameters
    ----------
    placement : Placement
    box : three slices
        Part of the anatomy that the crop touches.
    pool : int
        Voxels of the anatomy averaged along each axis before sampling.
    grid : (1, S, R, C, 3) float32
        Sampling points in the box, as torch's grid_sample wants them.
    target : (S, R, C) int64
        Labels; 0 outside the field.
    """

    placement: Placement
    box: Box
    pool: int
    grid: torch.Tensor
    target: torch.Tensor


def random_crop(anatomy: Labelled, settings: SpatialSettings, draws: Draws) -> Crop:
    """Place a random crop and read its labels.

    Parameters
    ----------
    anatomy : Labelled
    settings : SpatialSettings
    draws : Draws

    Returns
    -------
    Crop
        On the anatomy's device.
    """
    placement = draw_placement(anatomy, settings, draws)
    spacing = min(anatomy.spacing_mm)
    pool = min(max(1, math.floor(settings.spacing_mm / spacing + 1e-6)), *anatomy.shape)
    box = _box(placement.control, anatomy.shape, pool)
    size = torch.tensor([b.stop - b.start for b in box])
    start = torch.tensor([float(b.start) for b in box])
    # Normalised to -1 and 1 at the outer faces of the box, and in torch's order (x, y, z).
    scale, shift = 2.0 / size, (1.0 - 2.0 * start) / size - 1.0
    control = placement.control * scale[:, None, None, None] + shift[:, None, None, None]
    field = evaluate_field(control.flip(0), settings.shape, anatomy.target.device)
    grid = field.permute(1, 2, 3, 0)[None]
    labels = anatomy.target[box]
    target = sample_grid(labels.float()[None], grid, mode="nearest")[0].long()
    if placement.mirrored and anatomy.coding.mirrored_labels:
        target = _exchange(target, anatomy.coding.mirrored_labels)
    return Crop(placement, box, pool, grid, target)


def sample_grid(volumes: torch.Tensor, grid: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """Values of (K, s, r, c) volumes at a grid, 0 outside; (K, S, R, C)."""
    return F.grid_sample(volumes[None], grid, mode=mode, align_corners=False)[0]


def sample_image(image: torch.Tensor, crop: Crop) -> torch.Tensor:
    """Sample images of the box at the voxels of the crop.

    Parameters
    ----------
    image : (K, s, r, c) float32
        On the voxels of ``crop.box``.
    crop : Crop

    Returns
    -------
    (K, S, R, C) float32
        0 outside the field.
    """
    if crop.pool > 1:
        image = F.avg_pool3d(image[None], crop.pool)[0]
    return sample_grid(image, crop.grid)


def draw_placement(anatomy: Labelled, settings: SpatialSettings, draws: Draws) -> Placement:
    """Draw where a crop lies and how it is turned and deformed.

    Parameters
    ----------
    anatomy : Labelled
    settings : SpatialSettings
    draws : Draws

    Returns
    -------
    Placement
    """
    shape = torch.tensor(settings.shape)
    extent = shape * settings.spacing_mm
    linear = _random_linear(settings, draws)
    flips = [draws.chance(settings.flip_probability) for _ in range(3)]
    flips[anatomy.left_right_axis] = draws.chance(settings.mirror_probability)
    mirrored = flips[anatomy.left_right_axis]
    linear = torch.tensor([-1.0 if flip else 1.0 for flip in flips])[:, None] * linear
    spacing = torch.tensor(anatomy.spacing_mm)
    centre = _random_centre(anatomy, settings, draws)
    jitter = settings.centre_jitter * (2 * draws.uniforms(3) - 1)
    field_shape = torch.tensor(anatomy.shape)
    covers = extent >= 0.9 * field_shape * spacing
    centre = torch.where(covers, (field_shape - 1) / 2, centre)
    jitter = torch.where(covers, jitter / 3, jitter)
    centre = centre + (linear @ (jitter * extent)) / spacing

    knots = [max(4, round(float(size) / settings.elastic_knot_mm) + 3) for size in extent]
    # Control point j lies at (j - 1) / (knots - 3) of the way between first and last voxel centre.
    offsets = [
        ((torch.arange(k) - 1) / (k - 3) - 0.5) * (float(n) - 1) * settings.spacing_mm
        for k, n in zip(knots, shape, strict=True)
    ]
    at = torch.stack(torch.meshgrid(*offsets, indexing="ij"))  # (3, a, b, c) mm
    sd = draws.uniform((0.0, settings.elastic_sd_mm)) / WHITE_CONTROL_SD
    moved = torch.einsum("ij,jabc->iabc", linear, at) + sd * draws.normal(3, *knots)
    control = moved / spacing[:, None, None, None] + centre[:, None, None, None]
    anterior = torch.linalg.solve(linear, torch.from_numpy(anatomy.anterior).float())
    return Placement(control, mirrored, anterior / anterior.norm())


def _random_linear(settings: SpatialSettings, draws: Draws) -> torch.Tensor:
    """Rotation, scaling and shear, (3, 3), from crop to anatomy in mm."""
    angles = (2 * draws.uniforms(3) - 1) * math.radians(settings.rotation_deg)
    scales = 1 + settings.scaling * (2 * draws.uniforms(3) - 1)
    shears = settings.shear * (2 * draws.uniforms(6) - 1)
    linear = torch.eye(3)
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = torch.eye(3)
        turn[i, i] = turn[j, j] = torch.cos(angles[axis])
        turn[i, j], turn[j, i] = -torch.sin(angles[axis]), torch.sin(angles[axis])
        linear = linear @ turn
    skew = torch.eye(3)
    skew[0, 1], skew[0, 2], skew[1, 0], skew[1, 2], skew[2, 0], skew[2, 1] = shears
    return linear @ torch.diag(scales) @ skew


def _random_centre(anatomy: Labelled, settings: SpatialSettings, draws: Draws) -> torch.Tensor:
    """A voxel of a label in focus, or any point of the field; (3,) voxels."""
    if anatomy.centres and draws.chance(settings.focus_probability):
        candidates = anatomy.centres[draws.index(len(anatomy.centres))]
        return candidates[draws.index(len(candidates))].float()
    return draws.uniforms(3) * (torch.tensor(anatomy.shape) - 1)


def _box(control: torch.Tensor, shape: tuple[int, int, int], pool: int) -> Box:
    """Part of the field that the crop touches, in whole groups of pooled voxels."""
    # The map is smooth between so many samples; the margin covers what they miss.
    points = evaluate_field(control, (13, 13, 13), torch.device("cpu")).flatten(1)
    margin = 3 + pool
    slices = []
    for low, high, size in zip(points.amin(1), points.amax(1), shape, strict=True):
        start = min(max(0, int(low) - margin), size - pool) // pool * pool
        stop = min(size, max(start + pool, int(high) + margin + 1))
        slices.append(slice(start, start + (stop - start) // pool * pool))
    return slices[0], slices[1], slices[2]


def _exchange(target: torch.Tensor, pairs: tuple[tuple[int, int], ...]) -> torch.Tensor:
    table = torch.arange(256)
    for first, second in pairs:
        table[first], table[second] = second, first
    return table.to(target.device)[target]

"""Maps and masks carried between the anatomy and an aligned diffusion series.

Maps are fitted on the diffusion grid and come to the grid of the anatomy for display; masks drawn
on the anatomy go to the diffusion grid, where values are read without interpolation.
"""

from dataclasses import dataclass

import numpy as np

from mamri.geometry.affines import spacing_mm, to_index, to_lps
from mamri.geometry.resample import Grid, HasGrid, resample_like
from mamri.records import GeometryError, Volume
from mamri.registration.diffusion_alignment_report import DiffusionAlignment

# Part of the interpolation weight that must fall on voxels with a value.
_MIN_KNOWN = 0.5
_MAX_PARTS = 6  # along each edge of a diffusion voxel


@dataclass(frozen=True, slots=True, eq=False)
class CarriedMask:
    """A mask of the anatomy on the diffusion grid.

    Parameters
    ----------
    mask : (S, R, C) bool
        Voxels covered by at least the smallest share asked for.
    share : (S, R, C) float32
        Part of each diffusion voxel that the mask covers, 0 to 1.
    """

    mask: np.ndarray
    share: np.ndarray


def resample_aligned(values: Volume, alignment: DiffusionAlignment, grid: HasGrid) -> Volume:
    """Values of the diffusion grid at the voxel centres of the anatomy.

    Parameters
    ----------
    values : Volume
        A map, or one image, on the grid of the diffusion series; NaN where undefined.
    alignment : DiffusionAlignment
    grid : HasGrid
        Of the reference of the alignment, or any other grid in its space.

    Returns
    -------
    Volume
        Linear between the voxels that have a value, float32 (float64 from float64); NaN outside
        the diffusion images and where less than half of the weight falls on voxels with a value.
    """
    there = Grid(grid.shape, alignment.reference_to_diffusion @ grid.affine)
    known = np.isfinite(values.array)
    dtype = np.float64 if values.array.dtype == np.float64 else np.float32
    filled = Volume(np.where(known, values.array, 0).astype(dtype), values.affine)
    total = resample_like(filled, there).array
    weight = resample_like(Volume(known, values.affine), there).array
    out = np.full(grid.shape, np.nan, dtype)
    np.divide(total, weight, out=out, where=weight >= _MIN_KNOWN)
    return Volume(out, grid.affine)


def carry_mask(
    mask: np.ndarray,
    reference: HasGrid,
    alignment: DiffusionAlignment,
    diffusion: HasGrid,
    *,
    min_share: float = 0.5,
) -> CarriedMask:
    """A mask of the anatomy on the diffusion grid.

    Each diffusion voxel is divided into parts no larger than the reference's smallest voxel edge
    (at most 6 along each edge); its share is the mean of the mask, taken as 0 and 1 at the
    reference's voxel centres and linear between them, at the centres of its parts.

    Parameters
    ----------
    mask : (S, R, C) bool
        On the grid of the reference.
    reference : HasGrid
    alignment : DiffusionAlignment
    diffusion : HasGrid
        Grid of the diffusion series.
    min_share : float
        Above 0, at most 1: part of a voxel that must be covered. One half keeps volumes; higher
        values keep partial volume out of a lesion's statistics.

    Returns
    -------
    CarriedMask

    Raises
    ------
    GeometryError
        If the mask is not on the reference's grid, or the share is out of bounds.
    """
    if np.shape(mask) != tuple(reference.shape):
        raise GeometryError(
            f"mask and reference must share one grid, got {np.shape(mask)} and "
            f"{tuple(reference.shape)}; resample the mask first with geometry.resample_like()"
        )
    if not 0 < min_share <= 1:
        raise GeometryError(
            f"the share of a voxel must lie above 0 and be at most 1, got {min_share}; "
            "give 0.5 to keep volumes"
        )
    share = np.zeros(diffusion.shape, np.float32)
    back = alignment.diffusion_to_reference @ diffusion.affine
    box = _box_of(mask, reference, back, diffusion.shape)
    if box is not None:
        share[box] = _covered(Volume(np.asarray(mask, bool), reference.affine), back, box)
    return CarriedMask(share >= np.float32(min_share), share)


def _box_of(
    mask: np.ndarray, reference: HasGrid, back: np.ndarray, shape: tuple[int, int, int]
) -> tuple[slice, slice, slice] | None:
    """Voxels of the diffusion grid that a mask may touch; None if there are none."""
    index = np.argwhere(mask)
    if len(index) == 0:
        return None
    ends = np.stack([index.min(axis=0) - 1, index.max(axis=0) + 1])
    corners = np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3)
    seen = to_index(back, to_lps(reference.affine, corners))
    low = np.maximum(np.floor(seen.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(seen.max(axis=0)) + 1, shape).astype(int)
    if np.any(high <= low):
        return None
    s, r, c = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return s, r, c


def _covered(mask: Volume, back: np.ndarray, box: tuple[slice, slice, slice]) -> np.ndarray:
    """Part of each voxel of a box of the diffusion grid that lies in the mask."""
    ratio = np.array(spacing_mm(back)) / min(spacing_mm(mask.affine))
    parts = np.clip(np.ceil(ratio), 1, _MAX_PARTS).astype(int)
    shape = tuple(part.stop - part.start for part in box)
    total = np.zeros(shape, np.float32)
    for place in np.ndindex(*parts):
        affine = np.array(back)
        offset = (np.array(place) + 0.5) / parts - 0.5 + [part.start for part in box]
        affine[:3, 3] = to_lps(back, offset)
        grid = Grid((shape[0], shape[1], shape[2]), affine)
        total += resample_like(mask, grid).array
    return total / np.float32(np.prod(parts))

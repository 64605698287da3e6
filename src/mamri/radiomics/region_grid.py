"""The voxels of a region, as acquired or on an isotropic grid, and an image sampled there.

Grids are aligned at the centre of the image, not of the region, and images and masks are
interpolated trilinearly, a voxel belonging to the mask from half on: IBSI reference manual,
section 2.4. The box of the region alone is computed.
"""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.records import GeometryError

# A mask of exactly one half in exact arithmetic must not fall to rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class RegionGrid:
    """A region on the grid that its features are computed on, cut to its box.

    Parameters
    ----------
    mask : (S, R, C) bool
    spacing_mm : (slice, row, column), mm
    positions : three (n,) float
        Where its slices, rows and columns lie in the array of the image, in voxels.
    source_shape : (slices, rows, columns) of the image
    n_acquired : int
        Voxels of the region in the grid of the image.
    """

    mask: np.ndarray
    spacing_mm: tuple[float, float, float]
    positions: tuple[np.ndarray, np.ndarray, np.ndarray]
    source_shape: tuple[int, ...]
    n_acquired: int


def region_grid(
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    new_spacing_mm: float | None,
    *,
    margin_mm: float = 0.0,
) -> RegionGrid:
    """Put a region on a grid.

    Parameters
    ----------
    mask : (S, R, C) bool
        Not empty.
    spacing_mm : (slice, row, column), mm
        Of the image.
    new_spacing_mm : float or None, mm
        Of the isotropic grid; None keeps the grid of the image.
    margin_mm : float, mm
        Kept around the region on every side, as far as the image goes.

    Returns
    -------
    RegionGrid

    Raises
    ------
    GeometryError
        If the mask holds no voxel, or none of the new grid.
    """
    if mask.ndim != 3 or not mask.any():
        raise GeometryError(
            f"a region of at least one voxel on axes (slice, row, column) was needed, got shape "
            f"{mask.shape} with {np.count_nonzero(mask)} voxels; leave empty regions out"
        )
    axes, step, crop = [], [], []
    for axis, old in enumerate(spacing_mm):
        found = np.flatnonzero(mask.any(axis=tuple(k for k in range(3) if k != axis)))
        new = new_spacing_mm or old
        all_positions = _positions(mask.shape[axis], old, new)
        margin = margin_mm / old + (0 if new == old else 1)
        near = (all_positions >= found[0] - margin) & (all_positions <= found[-1] + margin)
        axes.append(all_positions[near])
        step.append(float(new))
        crop.append(slice(max(found[0] - 1, 0), found[-1] + 2))
    corner = [part.start for part in crop]
    share = mask[tuple(crop)].astype(np.float64)
    for axis in range(3):
        share = _interpolate_axis(share, axes[axis] - corner[axis], axis)
    on_grid = share >= 0.5 - _ROUNDING
    if not on_grid.any():
        raise GeometryError(
            f"a region that shows on voxels of {step[0]:g} mm was needed, got one of "
            f"{np.count_nonzero(mask)} voxels that none of them holds; use smaller voxels"
        )
    return RegionGrid(
        mask=on_grid,
        spacing_mm=(step[0], step[1], step[2]),
        positions=(axes[0], axes[1], axes[2]),
        source_shape=mask.shape,
        n_acquired=int(np.count_nonzero(mask)),
    )


def sample_image(grid: RegionGrid, image: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Image on the grid of a region, interpolated trilinearly.

    Voxels of the image that are not finite are left out; a value is known where they hold less
    than half of the weight.

    Parameters
    ----------
    grid : RegionGrid
    image : (S, R, C) real
        On the grid that the region was given on.
    where : (s, r, c) bool
        Voxels of the region's grid to sample.

    Returns
    -------
    (s, r, c) float64
        NaN where it is not known or not asked for.

    Raises
    ------
    GeometryError
        If the image is on another grid.
    """
    if image.shape != grid.source_shape:
        raise GeometryError(
            f"an image on the grid of the region, {grid.source_shape}, was needed, got "
            f"{image.shape}; resample it first"
        )
    low = [max(int(np.floor(p[0])), 0) for p in grid.positions]
    high = [int(np.ceil(p[-1])) + 1 for p in grid.positions]
    part = image[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    at = [p - a for p, a in zip(grid.positions, low, strict=True)]
    return _sample(np.ascontiguousarray(part, dtype=np.float64), at[0], at[1], at[2], where)


def _positions(n_old: int, old: float, new: float) -> np.ndarray:
    """Centres of new voxels in units of old ones, the middle of the image held fast."""
    if new == old:
        return np.arange(n_old, dtype=np.float64)
    n_new = int(np.ceil(n_old * old / new - _ROUNDING))
    return (n_old - 1) / 2 + (np.arange(n_new) - (n_new - 1) / 2) * (new / old)


def _interpolate_axis(array: np.ndarray, at: np.ndarray, axis: int) -> np.ndarray:
    """Linear interpolation along one axis, 0 outside the array."""
    low = np.floor(at).astype(int)
    share = (at - low).reshape([-1 if k == axis else 1 for k in range(3)])
    padded = np.pad(array, [(1, 1) if k == axis else (0, 0) for k in range(3)])
    last = array.shape[axis] + 1
    below = np.take(padded, np.clip(low + 1, 0, last), axis=axis)
    above = np.take(padded, np.clip(low + 2, 0, last), axis=axis)
    return below * (1 - share) + above * share


@numba.njit(cache=True)
def _sample(
    image: np.ndarray,
    at_s: np.ndarray,
    at_r: np.ndarray,
    at_c: np.ndarray,
    where: np.ndarray,
) -> np.ndarray:
    found = np.full(where.shape, np.nan)
    n_s, n_r, n_c = image.shape
    for s in range(where.shape[0]):
        for r in range(where.shape[1]):
            for c in range(where.shape[2]):
                if not where[s, r, c]:
                    continue
                total, known = 0.0, 0.0
                for k in range(8):
                    ps, pr, pc = at_s[s], at_r[r], at_c[c]
                    bs, br, bc = np.floor(ps), np.floor(pr), np.floor(pc)
                    ws = ps - bs if k & 4 else 1 - (ps - bs)
                    wr = pr - br if k & 2 else 1 - (pr - br)
                    wc = pc - bc if k & 1 else 1 - (pc - bc)
                    weight = ws * wr * wc
                    if weight == 0.0:
                        continue
                    # Beyond the image its edge goes on.
                    i = min(max(int(bs) + (k >> 2), 0), n_s - 1)
                    j = min(max(int(br) + ((k >> 1) & 1), 0), n_r - 1)
                    m = min(max(int(bc) + (k & 1), 0), n_c - 1)
                    value = image[i, j, m]
                    if np.isfinite(value):
                        total += weight * value
                        known += weight
                if known >= 0.5:
                    found[s, r, c] = total / known
    return found

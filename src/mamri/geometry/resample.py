"""Values of one grid on another: coarser, finer, shifted, turned or mirrored.

Grids meet in patient space (LPS, mm), so the storage order of either side does not matter.
A voxel fills the box halfway to its neighbours: a point inside the box of a border voxel, but
beyond its centre, takes the border's value; a point outside every box takes the fill value.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numba
import numpy as np

from mamri.geometry.affines import spacing_mm
from mamri.records import GeometryError, Volume

# Index distance below which a point counts as lying on a voxel centre or box edge: rounding in
# two affines of hospital size (coordinates to 1e3 mm, spacing 0.1 mm) stays below it.
_INDEX_TOLERANCE = 1e-6


class Interpolation(StrEnum):
    """How a value between voxel centres is found."""

    LINEAR = "linear"
    NEAREST = "nearest"


class HasGrid(Protocol):
    """Anything that knows its (S, R, C) shape and its affine: `Grid`, `Volume`."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""

    @property
    def affine(self) -> np.ndarray:
        """(slice, row, column, 1) to LPS, (4, 4), mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where voxels are, without their values.

    Parameters
    ----------
    shape : (3,) int
        Number of slices, rows and columns.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray


def grid_at(reference: HasGrid, spacing: float | tuple[float, float, float]) -> Grid:
    """Grid over the same box as another, with the same axes and another voxel size.

    The outer faces of the first voxels coincide; at the far end the new grid covers the box and
    may exceed it by less than one voxel.

    Parameters
    ----------
    reference : HasGrid
    spacing : float or (slice, row, column) float, mm
        Voxel size wanted; an axis with fewer than one such voxel gets one.

    Returns
    -------
    Grid

    Raises
    ------
    GeometryError
        If a spacing is not above 0.
    """
    wanted = np.broadcast_to(np.asarray(spacing, float), 3)
    if not np.all(wanted > 0):
        raise GeometryError(
            f"voxel sizes must be above 0 mm, got {wanted.tolist()}; give sizes in mm"
        )
    scale = wanted / np.array(spacing_mm(reference.affine))
    extent = np.array(reference.shape) / scale
    s, r, c = np.maximum(np.ceil(extent - _INDEX_TOLERANCE), 1).astype(int)
    return Grid((int(s), int(r), int(c)), _rescaled_affine(reference.affine, scale))


def resample_like(
    volume: Volume,
    reference: HasGrid,
    *,
    interpolation: Interpolation = Interpolation.LINEAR,
    fill: float = 0.0,
) -> Volume:
    """Values of a volume at the voxel centres of another grid.

    Points are interpolated, not averaged: to a much coarser grid use `coarsen`, which keeps the
    noise low and nothing aliases.

    Parameters
    ----------
    volume : Volume
        Any real dtype; booleans count as 0 and 1.
    reference : HasGrid
        Grid wanted.
    interpolation : Interpolation
        ``linear`` in three dimensions, or ``nearest`` for labels and masks.
    fill : float
        Value outside the volume.

    Returns
    -------
    Volume
        On the reference grid; float32 (float64 from float64) when linear, else the input's dtype.
    """
    to_index = np.linalg.inv(volume.affine) @ reference.affine
    array = volume.array
    if interpolation is Interpolation.NEAREST:
        out = np.empty(reference.shape, array.dtype)
        _sample_nearest(array, to_index, array.dtype.type(fill), out)
    else:
        source = array.view(np.uint8) if array.dtype == np.bool_ else array
        dtype = np.float64 if array.dtype == np.float64 else np.float32
        out = np.empty(reference.shape, dtype)
        _sample_linear(source, to_index, fill, out)
    return Volume(out, reference.affine)


def coarsen(volume: Volume, spacing: float | tuple[float, float, float]) -> Volume:
    """Volume on a coarser grid, each voxel the mean of a whole block of voxels.

    The blocks hold the whole number of voxels that comes nearest to the wanted spacing, at least
    one along each axis, so the new spacing is near the wanted one, not equal to it.

    Parameters
    ----------
    volume : Volume
    spacing : float or (slice, row, column) float, mm

    Returns
    -------
    Volume
        float32; a last block that is not full repeats the border voxel.

    Raises
    ------
    GeometryError
        If a spacing is not above 0.
    """
    wanted = np.broadcast_to(np.asarray(spacing, float), 3)
    if not np.all(wanted > 0):
        raise GeometryError(
            f"voxel sizes must be above 0 mm, got {wanted.tolist()}; give sizes in mm"
        )
    ratio = wanted / np.array(spacing_mm(volume.affine))
    block = np.clip(np.rint(ratio), 1, volume.shape).astype(np.int64)
    array = volume.array.view(np.uint8) if volume.array.dtype == np.bool_ else volume.array
    out = np.empty(tuple(-(-np.array(volume.shape) // block)), np.float32)
    _block_means(array, block, out)
    return Volume(out, _rescaled_affine(volume.affine, block.astype(float)))


def _rescaled_affine(affine: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Affine of voxels ``scale`` times as large with the same outer face of voxel (0, 0, 0)."""
    out = np.array(affine, dtype=np.float64)
    out[:3, 3] += affine[:3, :3] @ ((scale - 1) / 2)
    out[:3, :3] *= scale
    return out


@numba.njit(cache=True)
def _inside(position: float, size: int) -> bool:
    return -0.5 - _INDEX_TOLERANCE <= position <= size - 0.5 + _INDEX_TOLERANCE


@numba.njit(cache=True)
def _sample_nearest(array: np.ndarray, to_index: np.ndarray, fill: float, out: np.ndarray) -> None:
    n_s, n_r, n_c = array.shape
    for s in range(out.shape[0]):
        for r in range(out.shape[1]):
            base = to_index[:3, 0] * s + to_index[:3, 1] * r + to_index[:3, 3]
            for c in range(out.shape[2]):
                x = base[0] + to_index[0, 2] * c
                y = base[1] + to_index[1, 2] * c
                z = base[2] + to_index[2, 2] * c
                if _inside(x, n_s) and _inside(y, n_r) and _inside(z, n_c):
                    i = min(max(int(np.floor(x + 0.5 + _INDEX_TOLERANCE)), 0), n_s - 1)
                    j = min(max(int(np.floor(y + 0.5 + _INDEX_TOLERANCE)), 0), n_r - 1)
                    k = min(max(int(np.floor(z + 0.5 + _INDEX_TOLERANCE)), 0), n_c - 1)
                    out[s, r, c] = array[i, j, k]
                else:
                    out[s, r, c] = fill


@numba.njit(cache=True)
def _sample_linear(array: np.ndarray, to_index: np.ndarray, fill: float, out: np.ndarray) -> None:
    n_s, n_r, n_c = array.shape
    for s in range(out.shape[0]):
        for r in range(out.shape[1]):
            base = to_index[:3, 0] * s + to_index[:3, 1] * r + to_index[:3, 3]
            for c in range(out.shape[2]):
                x = base[0] + to_index[0, 2] * c
                y = base[1] + to_index[1, 2] * c
                z = base[2] + to_index[2, 2] * c
                if not (_inside(x, n_s) and _inside(y, n_r) and _inside(z, n_c)):
                    out[s, r, c] = fill
                    continue
                x = min(max(x, 0.0), n_s - 1.0)
                y = min(max(y, 0.0), n_r - 1.0)
                z = min(max(z, 0.0), n_c - 1.0)
                i, j, k = int(x), int(y), int(z)
                i1, j1, k1 = min(i + 1, n_s - 1), min(j + 1, n_r - 1), min(k + 1, n_c - 1)
                u, v, w = x - i, y - j, z - k
                near = (1 - v) * ((1 - w) * array[i, j, k] + w * array[i, j, k1]) + v * (
                    (1 - w) * array[i, j1, k] + w * array[i, j1, k1]
                )
                far = (1 - v) * ((1 - w) * array[i1, j, k] + w * array[i1, j, k1]) + v * (
                    (1 - w) * array[i1, j1, k] + w * array[i1, j1, k1]
                )
                out[s, r, c] = (1 - u) * near + u * far


@numba.njit(cache=True)
def _block_means(array: np.ndarray, block: np.ndarray, out: np.ndarray) -> None:
    n_s, n_r, n_c = array.shape
    count = block[0] * block[1] * block[2]
    for s in range(out.shape[0]):
        for r in range(out.shape[1]):
            for c in range(out.shape[2]):
                total = 0.0
                for i in range(block[0]):
                    p = min(s * block[0] + i, n_s - 1)
                    for j in range(block[1]):
                        q = min(r * block[1] + j, n_r - 1)
                        for k in range(block[2]):
                            total += array[p, q, min(c * block[2] + k, n_c - 1)]
                out[s, r, c] = total / count

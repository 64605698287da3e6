"""A coarser grid with equal spacings on which the anatomy is found.

Noise falls and structures of the chest keep their shape when a breast MRI is averaged to about
2 mm, and every size in the method can then be told in voxels. The working grid shares the axes
and the first corner of the full grid, so that both differ by a scale along each index only.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mamri.geometry import spacing_mm
from mamri.geometry.linear_weights import interpolate_at


@dataclass(frozen=True, slots=True)
class WorkingGrid:
    """The relation between a full grid and its coarse companion.

    Parameters
    ----------
    full_shape : (3,) of int
    shape : (3,) of int
    full_spacing : (3,) of float, mm
    spacing : float, mm
        Spacing of the working grid along each index; the last voxel may reach over the edge of
        the full grid by a part of itself.
    """

    full_shape: tuple[int, int, int]
    shape: tuple[int, int, int]
    full_spacing: tuple[float, float, float]
    spacing: float

    def working_position(self, axis: int, full_index: np.ndarray) -> np.ndarray:
        """Fractional working index of full indices along one axis (voxel centres)."""
        return (np.asarray(full_index) + 0.5) * self.full_spacing[axis] / self.spacing - 0.5

    def full_position(self, axis: int, working_index: np.ndarray) -> np.ndarray:
        """Fractional full index of working indices along one axis: the inverse."""
        return (np.asarray(working_index) + 0.5) * self.spacing / self.full_spacing[axis] - 0.5


def working_grid(shape: tuple[int, int, int], affine: np.ndarray, spacing: float) -> WorkingGrid:
    """Grid of the given spacing in mm that covers an image in anatomical order."""
    full = spacing_mm(affine)
    coarse = tuple(max(1, round(n * step / spacing)) for n, step in zip(shape, full, strict=True))
    return WorkingGrid(shape, (coarse[0], coarse[1], coarse[2]), full, spacing)


def average_to(grid: WorkingGrid, array: np.ndarray) -> np.ndarray:
    """Mean of a full-grid image in every voxel of the working grid.

    Where the working grid is finer than the full one, values are interpolated linearly.

    Parameters
    ----------
    array : (S, R, C) real or bool

    Returns
    -------
    (S', R', C') float32
    """
    # One slice at a time: the full image is never copied as a whole.
    rows = _averaging_matrix(grid, 1)
    columns = _averaging_matrix(grid, 2)
    plane = np.empty((grid.full_shape[0], grid.shape[1], grid.shape[2]), np.float32)
    for index in range(grid.full_shape[0]):
        half = rows @ array[index].astype(np.float32)
        plane[index] = (columns @ half.T).T
    slices = _averaging_matrix(grid, 0)
    mixed = slices @ plane.reshape(grid.full_shape[0], -1)
    return np.ascontiguousarray(mixed.reshape(grid.shape))


def _averaging_matrix(grid: WorkingGrid, axis: int) -> sparse.csr_matrix:
    """Matrix of weights from full to working voxels along one axis, rows summing to one."""
    n_full, n = grid.full_shape[axis], grid.shape[axis]
    step = grid.spacing / grid.full_spacing[axis]  # width of a working voxel in full voxels
    # A box of one working voxel convolved with a triangle of one full voxel: overlaps of boxes
    # when averaging, linear interpolation when refining.
    width = max(step, 1.0)
    centres = grid.full_position(axis, np.arange(n))
    indices = np.arange(n_full)
    low = np.maximum(centres[:, None] - width / 2, indices[None] - 0.5)
    high = np.minimum(centres[:, None] + width / 2, indices[None] + 0.5)
    weights = np.clip(high - low, 0, None)
    empty = weights.sum(1) == 0
    weights[empty, np.clip(np.round(centres[empty]), 0, n_full - 1).astype(int)] = 1.0
    weights /= weights.sum(1, keepdims=True)
    return sparse.csr_matrix(weights.astype(np.float32))


def interpolate_from(
    grid: WorkingGrid, array: np.ndarray, box: tuple[slice, slice, slice] | None = None
) -> np.ndarray:
    """Working-grid image on the full grid, linearly interpolated.

    Parameters
    ----------
    grid : WorkingGrid
    array : (S', R', C') float
    box : three slices of the full grid, or None
        Part of the full grid wanted; None for all of it.

    Returns
    -------
    (S, R, C) float32
    """
    parts = box if box is not None else (slice(None),) * 3
    s, r, c = (
        grid.working_position(axis, np.arange(grid.full_shape[axis])[parts[axis]])
        for axis in range(3)
    )
    return interpolate_at(array, (s, r, c))

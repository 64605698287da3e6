"""Affines from (slice, row, column) indices to patient space, LPS in mm."""

import numpy as np

from mamri.records import Plane


def affine_from_axes(
    origin: np.ndarray, slice_step: np.ndarray, row_step: np.ndarray, column_step: np.ndarray
) -> np.ndarray:
    """Affine from the position of voxel (0, 0, 0) and the step along each index.

    Parameters
    ----------
    origin : (3,) float, mm LPS
    slice_step, row_step, column_step : (3,) float, mm LPS
        Displacement when the slice, row or column index grows by one.

    Returns
    -------
    (4, 4) float64, mm
    """
    affine = np.eye(4)
    affine[:3, 0] = slice_step
    affine[:3, 1] = row_step
    affine[:3, 2] = column_step
    affine[:3, 3] = origin
    return affine


def spacing_mm(affine: np.ndarray) -> tuple[float, float, float]:
    """Distance between neighbouring voxels along slice, row and column, in mm."""
    s, r, c = np.linalg.norm(affine[:3, :3], axis=0)
    return float(s), float(r), float(c)


def voxel_volume_ml(affine: np.ndarray) -> float:
    """Volume of one voxel in millilitres, exact for oblique and sheared grids."""
    return float(abs(np.linalg.det(affine[:3, :3])) / 1000.0)


def to_lps(affine: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Patient position of (slice, row, column) indices.

    Parameters
    ----------
    affine : (4, 4) float, mm
    indices : (..., 3) float
        Fractional indices are allowed; whole numbers are voxel centres.

    Returns
    -------
    (..., 3) float64, mm LPS
    """
    return np.asarray(indices, float) @ affine[:3, :3].T + affine[:3, 3]


def to_index(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Fractional (slice, row, column) indices of patient positions: inverse of `to_lps`."""
    return (np.asarray(points, float) - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T


def slice_plane(affine: np.ndarray) -> Plane:
    """Anatomical plane nearest to the slices of a grid.

    The plane is the one whose normal makes the smallest angle with the normal of the rows and
    columns, so an oblique stack gets the name of the nearest standard plane.
    """
    normal = np.cross(affine[:3, 1], affine[:3, 2])
    planes = (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)
    return planes[int(np.argmax(np.abs(normal)))]

"""Size of a finding: its volume and three perpendicular diameters."""

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from mamri.geometry import to_lps, voxel_volume_ml


def volume_ml(mask: np.ndarray, affine: np.ndarray) -> float:
    """Volume of a mask: number of voxels times the volume of one.

    Parameters
    ----------
    mask : (S, R, C) bool
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.

    Returns
    -------
    float, ml
    """
    return float(np.count_nonzero(mask) * voxel_volume_ml(affine))


def diameters_mm(mask: np.ndarray, affine: np.ndarray) -> tuple[float, float, float]:
    """Three diameters of a mask in patient space, each perpendicular to those before.

    The first is the longest distance between two boundary voxels; the second the longest extent
    of the boundary voxels across it; the third their extent along the direction left over. Each
    is a distance between voxel centres plus the length of one voxel along that direction, so
    that a row of n voxels of width w measures n w, and a digitised ellipsoid is right within a
    voxel.

    Parameters
    ----------
    mask : (S, R, C) bool
        At least one voxel set.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS; anisotropic and oblique grids are allowed.

    Returns
    -------
    (3,) of float, mm
        Longest, second, third; the second may not exceed the first nor the third the second.

    Examples
    --------
    >>> row = np.zeros((3, 3, 6), bool)
    >>> row[1, 1, 1:5] = True
    >>> diameters_mm(row, np.diag([3.0, 1.0, 2.0, 1.0]))
    (8.0, 3.0, 1.0)
    """
    points = _outermost_points(mask, affine)
    first, along_first = _longest(points)
    across = points - np.outer(points @ along_first, along_first)
    second, along_second = _longest(across)
    along_third = np.cross(along_first, along_second)
    heights = points @ along_third
    directions: tuple[np.ndarray, ...] = (along_first, along_second, along_third)
    if first == 0:  # one voxel: no direction is longest, so its own edges are the diameters
        s, r, c = sorted(np.linalg.norm(affine[:3, :3], axis=0), reverse=True)
        return float(s), float(r), float(c)
    if second == 0:  # a row of voxels: across it lie the edges of one voxel
        directions = _frame_across(along_first, affine)
    extents = (first, second, float(np.ptp(heights)))
    lengths = [
        extent + _voxel_length(u, affine) for extent, u in zip(extents, directions, strict=True)
    ]
    longest, *rest = lengths
    middle, least = sorted(rest, reverse=True)
    return float(max(longest, middle)), float(min(longest, middle)), float(least)


def _outermost_points(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Boundary voxel centres that can be ends of a diameter: corners of the convex hull, (N, 3)."""
    box = ndimage.find_objects(np.asarray(mask, np.uint8))[0]
    inside = np.pad(mask[box], 1)
    edge = inside & ~ndimage.binary_erosion(inside)
    corner = np.array([part.start for part in box]) - 1
    indices = np.argwhere(edge) + corner
    points = to_lps(affine, indices)
    if len(points) < 5:
        return points
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # all in one plane: keep both ends of every row of voxels
        return points[_row_ends(indices)]


def _row_ends(indices: np.ndarray) -> np.ndarray:
    """Positions of the first and last voxel of every row in a list of sorted (N, 3) indices."""
    changes = np.any(np.diff(indices[:, :2], axis=0) != 0, axis=1)
    starts = np.concatenate([[True], changes])
    ends = np.concatenate([changes, [True]])
    return np.flatnonzero(starts | ends)


def _longest(points: np.ndarray) -> tuple[float, np.ndarray]:
    """Longest distance between two of (N, 3) points, and its direction (zero for one point)."""
    if len(points) < 2:
        return 0.0, np.zeros(3)
    distances = pdist(points)
    n = len(points)
    i, j = (index[np.argmax(distances)] for index in np.triu_indices(n, 1))
    longest = float(distances.max())
    if longest < 1e-9:  # mm: the points coincide
        return 0.0, np.zeros(3)
    return longest, np.asarray((points[j] - points[i]) / longest)


def _frame_across(along: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, ...]:
    """A direction and two across it, taken from the two grid axes least parallel to it."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = np.argsort(np.abs(along @ axes))
    second = axes[:, order[0]] - along * (along @ axes[:, order[0]])
    second = second / np.linalg.norm(second)
    return along, second, np.cross(along, second)


def _voxel_length(direction: np.ndarray, affine: np.ndarray) -> float:
    """Length in mm of the straight path through the centre of one voxel along a direction."""
    steps = np.abs(np.linalg.inv(affine[:3, :3]) @ direction)  # voxels per mm
    return float(1 / steps.max()) if steps.max() > 0 else 0.0

"""Size of a finding: its volume and three perpendicular diameters."""

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
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

    The boundary is taken as the centres of the faces between voxels of the mask and others. The
    first diameter is the longest distance between two of them; the second their longest extent
    across it; the third their extent along the direction left over. So a row of n voxels of width
    w measures n w by the edges of one voxel, and a digitised ellipsoid is right within a voxel.

    Parameters
    ----------
    mask : (S, R, C) bool
        At least one voxel set.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS; anisotropic and oblique grids are allowed.

    Returns
    -------
    (3,) of float, mm
        Longest first.

    Examples
    --------
    >>> row = np.zeros((3, 3, 6), bool)
    >>> row[1, 1, 1:5] = True
    >>> diameters_mm(row, np.diag([3.0, 1.0, 2.0, 1.0]))
    (8.0, 3.0, 1.0)
    """
    points = _outermost_faces(mask, affine)
    first, along_first = _longest(points)
    across = points - np.outer(points @ along_first, along_first)
    second, along_second = _longest(across)
    third = float(np.ptp(points @ np.cross(along_first, along_second)))
    middle, least = max(second, third), min(second, third)
    return first, middle, least


def _outermost_faces(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Centres of boundary faces that can end a diameter: corners of their convex hull, (N, 3) mm.

    Faces look both ways along all three axes, so the hull of even one voxel has a volume.
    """
    box = ndimage.find_objects(np.asarray(mask, np.uint8))[0]
    inside = np.pad(mask[box], 1)
    faces = []
    for axis in range(3):
        for side in (-1, 1):
            # The padding keeps the rolled border empty.
            is_face = inside & ~np.roll(inside, -side, axis=axis)
            indices = np.argwhere(is_face).astype(float)
            indices[:, axis] += side / 2
            faces.append(indices)
    corner = np.array([part.start - 1 for part in box])
    points = to_lps(affine, np.concatenate(faces) + corner)
    return np.asarray(points[ConvexHull(points).vertices])


def _longest(points: np.ndarray) -> tuple[float, np.ndarray]:
    """Longest distance between two of (N, 3) points, and its direction."""
    distances = pdist(points)
    # pdist runs through the pairs of the upper triangle row by row.
    first, second = np.triu_indices(len(points), 1)
    n = int(np.argmax(distances))
    longest = float(distances[n])
    return longest, np.asarray((points[second[n]] - points[first[n]]) / longest)

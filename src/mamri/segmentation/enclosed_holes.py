"""Holes of a mask: unset parts that no path connects with the border of the array."""

import numpy as np
from scipy import ndimage


def enclosed_holes(mask: np.ndarray) -> np.ndarray:
    """Unset voxels enclosed by a mask, diagonal gaps counting as closed.

    Parameters
    ----------
    mask : (S, R, C) bool

    Returns
    -------
    (S, R, C) bool

    Examples
    --------
    >>> ring = np.ones((3, 3, 3), bool)
    >>> ring[1, 1, 1] = False
    >>> int(enclosed_holes(ring).sum())
    1
    """
    labels, count = ndimage.label(~mask)
    is_hole = np.ones(count + 1, bool)
    is_hole[0] = False
    for axis in range(mask.ndim):
        for end in (0, -1):
            is_hole[np.unique(np.take(labels, end, axis=axis))] = False
    return is_hole[labels]

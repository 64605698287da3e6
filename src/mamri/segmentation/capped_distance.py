"""Euclidean distance transform up to a cap: exact below it, and fast because it stops there."""

import numpy as np


def capped_distance(mask: np.ndarray, cap: int) -> np.ndarray:
    """Distance of every set voxel to the nearest unset one, in voxels, at most `cap`.

    Beyond the border of the array nothing is known, so the border does not count as unset. The
    squared distance is the minimum over one axis after the other, each within `cap` voxels, which
    is exact for distances up to `cap`.

    Parameters
    ----------
    mask : (S, R, C) bool
        On a grid with equal steps along its axes.
    cap : int, voxels
        At most 150.

    Returns
    -------
    (S, R, C) float32, voxels
        0 where the mask is not set.

    Examples
    --------
    >>> line = np.array([[[False, True, True, True, True]]])
    >>> capped_distance(line, 3).tolist()
    [[[0.0, 1.0, 2.0, 3.0, 3.0]]]
    """
    far = cap * cap
    squared = np.where(mask, np.uint16(far), np.uint16(0))
    for axis in range(mask.ndim):
        before = squared.copy()
        moved_in, moved_out = np.moveaxis(before, axis, 0), np.moveaxis(squared, axis, 0)
        for shift in range(1, min(cap, mask.shape[axis] - 1) + 1):
            cost = np.uint16(shift * shift)
            for target, source in (
                (moved_out[shift:], moved_in[:-shift]),
                (moved_out[:-shift], moved_in[shift:]),
            ):
                np.minimum(target, source + cost, out=target)
    return np.sqrt(squared, dtype=np.float32)

"""Boxes: parts of a grid, one slice along each axis."""

import numpy as np

Box = tuple[slice, slice, slice]


def box_sizes(box: Box) -> tuple[int, int, int]:
    """Voxels of a box along its axes.

    Parameters
    ----------
    box : three slices
        With first and last voxel.

    Examples
    --------
    >>> box_sizes((slice(2, 5), slice(0, 1), slice(4, 8)))
    (3, 1, 4)
    """
    s, r, c = (part.stop - part.start for part in box)
    return s, r, c


def filled_ends(mask: np.ndarray, axis: int) -> tuple[int, int]:
    """First and last index along an axis at which a mask holds a voxel.

    Parameters
    ----------
    mask : (S, R, C) bool
        With at least one voxel.
    axis : int

    Examples
    --------
    >>> filled_ends(np.array([[[False, True, True, False]]]), 2)
    (1, 2)
    """
    filled = np.flatnonzero(mask.any(axis=tuple(k for k in range(3) if k != axis)))
    return int(filled[0]), int(filled[-1])

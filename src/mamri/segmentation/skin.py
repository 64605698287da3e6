"""Skin: the outer shell of the breast."""

import numpy as np


def find_skin(breast: np.ndarray, depth_mm: np.ndarray, *, thickness_mm: float) -> np.ndarray:
    """Breast voxels within a given distance of air.

    Parameters
    ----------
    breast : (S, R, C) bool
    depth_mm : (S, R, C) float, mm
        Distance to the border of the body.
    thickness_mm : float, mm

    Returns
    -------
    (S, R, C) bool
    """
    return np.asarray(breast & (depth_mm <= thickness_mm))

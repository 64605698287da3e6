"""Skin: the outer shell of the breast."""

import numpy as np
from scipy import ndimage


def find_skin(
    breast: np.ndarray, body: np.ndarray, *, spacing: tuple[float, float, float], thickness: float
) -> np.ndarray:
    """Breast voxels within a given distance of air.

    Parameters
    ----------
    breast, body : (S, R, C) bool
        On one grid, cut to the same box.
    spacing : (3,) float, mm
    thickness : float, mm

    Returns
    -------
    (S, R, C) bool
    """
    depth = ndimage.distance_transform_edt(body, sampling=spacing)
    return np.asarray(breast & (depth <= thickness))

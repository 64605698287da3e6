"""Nipples: the most anterior protrusion of each breast."""

import numpy as np
from scipy import ndimage


def find_nipple(front_mm: np.ndarray, *, spacing: float) -> tuple[float, float, float] | None:
    """Working index of the tip of a breast, or None where there is no breast.

    Parameters
    ----------
    front_mm : (S, C) float, mm
        Depth of the skin in the columns of one breast, NaN elsewhere.
    spacing : float, mm

    Returns
    -------
    (slice, row, column) float, voxels, or None
    """
    known = np.isfinite(front_mm)
    if not known.any():
        return None
    filled = np.where(known, front_mm, np.nanmax(front_mm))
    smooth = ndimage.gaussian_filter(filled, 3.0 / spacing)
    smooth[~known] = np.inf
    s, c = np.unravel_index(int(np.argmin(smooth)), smooth.shape)
    return float(s), float(front_mm[s, c] / spacing), float(c)

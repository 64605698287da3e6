"""Where features are looked for besides the lesion itself."""

import numpy as np
from scipy import ndimage


def peritumoral_ring(
    lesion: np.ndarray, allowed: np.ndarray, spacing_mm: tuple[float, float, float], ring_mm: float
) -> np.ndarray:
    """What lies around a lesion.

    Parameters
    ----------
    lesion : (S, R, C) bool
    allowed : (S, R, C) bool
        Where the ring may lie, such as the breast without skin and other lesions.
    spacing_mm : (slice, row, column), mm
    ring_mm : float, mm
        Voxels belong to it whose centre is at most so far from that of a voxel of the lesion.

    Returns
    -------
    (S, R, C) bool

    Examples
    --------
    >>> row = np.zeros((1, 1, 7), bool)
    >>> row[0, 0, 3] = True
    >>> peritumoral_ring(row, ~row, (1.0, 1.0, 1.0), 2.0).astype(int)[0, 0].tolist()
    [0, 1, 1, 0, 1, 1, 0]
    """
    ring = np.zeros(lesion.shape, bool)
    if not lesion.any():
        return ring
    box = ndimage.find_objects(lesion.astype(np.uint8))[0]
    wide = tuple(
        slice(max(part.start - int(ring_mm / step) - 1, 0), part.stop + int(ring_mm / step) + 1)
        for part, step in zip(box, spacing_mm, strict=True)
    )
    away = ndimage.distance_transform_edt(~lesion[wide], sampling=spacing_mm)
    ring[wide] = (away > 0) & (away <= ring_mm) & allowed[wide]
    return ring

"""What the stored grey scale says before anything is looked for: inverted, or air set to zero."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from mamri.records import Volume

# The front edge of an inverted image lies near the top of all levels and hardly varies, even with
# strong noise (assumptions).
_BRIGHT_FROM, _MAX_SPREAD = 0.85, 0.2
# Less than this share of exact zeros is no masked air; smaller patches of it may be dark tissue, mm
# (assumptions).
_MIN_BLANK_SHARE, _PATCH_MM = 0.02, 5.0


def upright_grey_scale(image: Volume) -> tuple[Volume, bool]:
    """An image whose air is dark, and whether its grey scale had to be turned for that.

    Magnitude images are darkest in air. Before the breasts of a prone woman lies air, so an image
    whose front edge is evenly as bright as its brightest tissue was inverted when it was stored
    (as for films, DICOM's MONOCHROME1).

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order.

    Returns
    -------
    Volume
        The same one where nothing had to be done.
    bool
    """
    sample = image.array[::3, ::3, ::3]
    low, high = np.nanpercentile(sample, (0.5, 99.5))
    front = image.array[:, : max(1, image.shape[1] // 50)]
    first, middle, last = np.nanpercentile(front[::3, :, ::3], (10, 50, 90))
    span = float(high) - float(low)
    is_inverted = bool(
        span > 0 and middle > low + _BRIGHT_FROM * span and last - first < _MAX_SPREAD * span
    )
    if not is_inverted:
        return image, False
    array = np.asarray(image.array, np.float32)
    return replace(image, array=np.nanmax(array) - array), True


def blank_air(array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Air that the scanner set to exactly zero: patches of zeros of some millimetres.

    Parameters
    ----------
    array : (S, R, C) real, a.u.
    spacing_mm : three float, mm

    Returns
    -------
    (S, R, C) bool
    """
    zero = array == 0
    if np.count_nonzero(zero) < _MIN_BLANK_SHARE * zero.size:
        return np.zeros(zero.shape, bool)
    size = tuple(max(1, 2 * round(_PATCH_MM / width / 2) + 1) for width in spacing_mm)
    kept = ndimage.minimum_filter(zero.view(np.uint8), size, mode="nearest")
    return ndimage.maximum_filter(kept, size, mode="constant").astype(bool)

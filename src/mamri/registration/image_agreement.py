"""How well two images of the breasts agree, whatever their contrast."""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.registration.diffusion_alignment_report import Agreement
from mamri.registration.linear_search import normalized_mutual_information

_GLAND_PERCENT = 80.0  # of the breasts is darker in the moving image than what counts as gland
_EDGES_PERCENT = 80.0  # of the breasts has weaker edges than those that are compared
_BRIGHTEST_PERCENT = 99.5  # values beyond (cysts, vessels) are cut, so that their edges do not lead
_MIN_VOXELS = 500  # fewer cannot fill a joint histogram of 32 x 32 bins


def image_agreement(
    fixed: np.ndarray,
    moving: np.ndarray,
    *,
    spacing: tuple[float, float, float],
    inside: np.ndarray,
) -> Agreement:
    """Agreement of two images on one grid.

    Parameters
    ----------
    fixed, moving : (S, R, C) float32, a.u.
    spacing : (slice, row, column) float, mm
    inside : (S, R, C) bool
        Where contents are compared: the breasts under their skin.

    Returns
    -------
    Agreement
        NaN where fewer than 500 voxels can be compared.
    """
    if np.count_nonzero(inside) < _MIN_VOXELS:
        return Agreement(*[float("nan")] * 3)
    return Agreement(
        mutual_information=normalized_mutual_information(fixed[inside], moving[inside]),
        edge_agreement=_edge_agreement(fixed, moving, spacing, inside),
        gland_dice=_gland_dice(fixed[inside], moving[inside]),
    )


def tissue_outline(image: np.ndarray) -> np.ndarray:
    """Everything that is not air, holes filled slice by slice along the first axis.

    Air and tissue are told apart by Otsu's threshold on the logarithm of the smoothed signal, so
    that fat counts as tissue even where most of its signal is suppressed.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        Not below 0.

    Returns
    -------
    (S, R, C) bool
        All False for a constant image.
    """
    smooth = ndimage.gaussian_filter(np.asarray(image, np.float32), 1.0)
    level = np.log(np.maximum(smooth, 1e-3 * max(float(smooth.max()), 1e-6)))
    if np.ptp(level) == 0:
        return np.zeros(image.shape, bool)
    tissue = level > threshold_otsu(level)
    return np.stack([ndimage.binary_fill_holes(plane) for plane in tissue])


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    both = np.count_nonzero(a) + np.count_nonzero(b)
    return 2.0 * np.count_nonzero(a & b) / both if both else float("nan")


def _gland_dice(fixed: np.ndarray, moving: np.ndarray) -> float:
    """Overlap of the brightest fifth of the moving values with the extreme fifth of the fixed."""
    bright = moving > np.percentile(moving, _GLAND_PERCENT)
    if not bright.any() or bright.all():
        return float("nan")
    is_bright_in_fixed = fixed[bright].mean() >= fixed[~bright].mean()
    signed = fixed if is_bright_in_fixed else -fixed
    return _dice(bright, signed > np.percentile(signed, _GLAND_PERCENT))


def _edge_agreement(
    fixed: np.ndarray, moving: np.ndarray, spacing: tuple[float, float, float], inside: np.ndarray
) -> float:
    """Mean squared cosine between the gradients of both images at the fixed image's edges."""

    def gradient(image: np.ndarray) -> np.ndarray:
        cut = np.minimum(image, np.percentile(image[inside], _BRIGHTEST_PERCENT))
        smooth = ndimage.gaussian_filter(cut.astype(np.float32), 1.0)
        return np.stack(np.gradient(smooth, *spacing))[:, inside]

    ours, theirs = gradient(fixed), gradient(moving)
    strength = np.linalg.norm(ours, axis=0)
    product = strength * np.linalg.norm(theirs, axis=0)
    edges = (strength > np.percentile(strength, _EDGES_PERCENT)) & (product > 0)
    if not edges.any():
        return float("nan")
    cosine = (ours * theirs).sum(axis=0)[edges] / product[edges]
    return float(np.average(cosine**2, weights=strength[edges]))

"""Fibroglandular tissue (FGT) inside the breast, with and without fat suppression.

Two classes by Otsu's limit on the signal; then the smooth part of what is left when each class is
taken to its own level is the coil field [1]_, and the limit is found again on the signal without
it. With fat suppression FGT is the brighter class, and two rounds keep the field from following a
dense core. Without it FGT is the darker class, fat fills most of the histogram, and its fall with
the distance from the coil is taken away first.

References
----------
.. [1] Wells WM, Grimson WEL, Kikinis R, Jolesz FA. Adaptive segmentation of MRI data.
   IEEE Trans Med Imaging 1996;15:429-442. doi:10.1109/42.511747
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

# Voxels of the working grid that a breast needs for a model (assumption).
MIN_VOXELS = 500
# Width over which the coil field is averaged, mm (assumption).
FIELD_WIDTH_MM = 30.0
# Least difference between fat and FGT, natural log of the signal ratio (assumption): a ratio of
# 1.35. FGT is rather missed than found in noise.
MIN_CONTRAST = 0.30
# Least distance of the limit from the level of fat, in spreads of fat (assumption).
MIN_SPREADS = 1.25


@dataclass(frozen=True, slots=True, eq=False)
class TissueModel:
    """Grey levels of fat and FGT in one image.

    Parameters
    ----------
    field : (S, R, C) float
        Natural log of the signal of fat.
    gland : float
        Natural log of the ratio of FGT to fat: positive with fat suppression.
    spread : float
        Standard deviation of fat around its level.
    threshold : float
        Natural log of the ratio to fat beyond which tissue is FGT.
    """

    field: np.ndarray
    gland: float
    spread: float
    threshold: float

    @property
    def contrast(self) -> float:
        """Log ratio of FGT to fat over the spread of fat."""
        return abs(self.gland) / max(self.spread, 1e-6)


def fit_tissue_model(
    image: np.ndarray, inner: np.ndarray, *, spacing: float, air: float, fat_suppressed: bool
) -> TissueModel | None:
    """Levels of fat and FGT and the coil field inside the breast.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        On the working grid.
    inner : (S, R, C) bool
        One breast without skin.
    spacing : float, mm
    air : float, a.u.
        Mean level of noise.
    fat_suppressed : bool

    Returns
    -------
    TissueModel or None
        None where there is too little tissue.
    """
    if inner.sum() < MIN_VOXELS:
        return None
    part = ndimage.find_objects(inner.astype(np.uint8))[0]
    box = tuple(slice(max(0, side.start - 3), side.stop + 3) for side in part)
    whole_shape, image, inner = inner.shape, image[box], inner[box]
    floor = max(air, 1e-3 * float(np.percentile(image[inner], 99)), 1e-12)
    values = np.maximum(image[inner], floor)
    # without suppression bright fat dominates, and its fall behind the coil must go first
    fall = np.zeros(inner.shape, np.float32)
    if not fat_suppressed:
        fall += _fall_from_coil(np.log(values), inner, spacing)[None, :, None]
    log = np.log(values) - fall[inner]
    sigma = FIELD_WIDTH_MM / spacing
    weight = ndimage.gaussian_filter(inner.astype(np.float32), sigma, mode="constant") + 1e-4
    field = np.zeros(inner.shape, np.float32)
    rest = np.zeros(inner.shape, np.float32)
    rounds = 2 if fat_suppressed else 5
    for last in [*[False] * rounds, True]:
        flat = log - field[inner]
        # the scale on which the spread of the common bright or dark fat does not set the limit
        scale = np.exp(flat) if fat_suppressed else flat
        bright = scale > threshold_otsu(np.minimum(scale, np.percentile(scale, 99.5)))
        if bright.all() or not bright.any():
            return None
        high, low = float(np.median(flat[bright])), float(np.median(flat[~bright]))
        if not last:
            # both classes tell of the coil, each against its own level
            rest[inner] = np.clip(log - np.where(bright, high, low), -0.7, 0.7)
            field = ndimage.gaussian_filter(rest, sigma, mode="constant") / weight
    is_fat = ~bright if fat_suppressed else bright
    fat, gland = (low, high) if fat_suppressed else (high, low)
    spread = float(np.clip(1.4826 * np.median(np.abs(flat[is_fat] - fat)), 0.03, 0.5))
    middle = float(np.log(0.5 * (np.exp(fat) + np.exp(gland)))) - fat
    middle = middle if fat_suppressed else 0.5 * (gland - fat)
    least = max(MIN_CONTRAST, MIN_SPREADS * spread)
    limit = max(middle, least) if fat_suppressed else min(middle, -least)
    whole = np.zeros(whole_shape, np.float32)
    whole[box] = _extended(field + fall + fat, inner)
    return TissueModel(whole, gland - fat, spread, limit)


def _fall_from_coil(log: np.ndarray, inner: np.ndarray, spacing: float) -> np.ndarray:
    """Log signal of fat (R,) from front to back: the upper quartile of each coronal plane.

    Fat under the skin and before the muscle fills a quarter of every plane of a breast.
    """
    row = np.nonzero(inner)[1]
    planes = np.unique(row[np.bincount(row)[row] >= 30])
    if planes.size < 2:
        return np.zeros(inner.shape[1])
    quartile = [float(np.percentile(log[row == plane], 75)) for plane in planes]
    smooth = ndimage.gaussian_filter1d(quartile, 6.0 / spacing, mode="nearest")
    level = np.interp(np.arange(inner.shape[1]), planes, smooth)
    return np.asarray(level - level[planes].mean())


def _extended(field: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Field carried beyond the breast from the nearest voxels, so that it can be interpolated."""
    nearest = ndimage.distance_transform_edt(~inner, return_distances=False, return_indices=True)
    return np.asarray(field[tuple(nearest)])


def find_fibroglandular(
    image: np.ndarray,
    inner: np.ndarray,
    log_limit: np.ndarray,
    *,
    spacing: tuple[float, float, float],
    fat_suppressed: bool,
) -> np.ndarray:
    """Fibroglandular tissue at full resolution.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
    inner : (S, R, C) bool
        Breasts without skin.
    log_limit : (S, R, C) float
        Natural log of the signal between fat and FGT: field and threshold of a `TissueModel`.
    spacing : (3,) float, mm
    fat_suppressed : bool

    Returns
    -------
    (S, R, C) bool
    """
    smooth = ndimage.gaussian_filter(image, [0.6 / step for step in spacing], truncate=3)
    limit = np.exp(log_limit)
    tissue = inner & ((smooth > limit) if fat_suppressed else (smooth < limit))
    labels, n = ndimage.label(tissue)
    if n == 0:
        return np.asarray(tissue)
    least = 20.0 / float(np.prod(spacing))  # specks under 20 mm3 are noise (assumption)
    keep = np.bincount(labels.ravel()) >= least
    keep[0] = False
    return np.asarray(keep[labels])

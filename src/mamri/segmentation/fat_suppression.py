"""Whether fat is suppressed, from the image itself.

Without suppression fat is the brightest tissue, and the skin a dark rim before it; with it, gland,
vessels and organs are brighter than fat, and the skin is a bright line. Headers say so in many
ways, and not always the truth; the image itself is asked: by `is_fat_suppressed` on the way to an
anatomy, when little more than the contour is known, and by `find_fat_suppression` with any
anatomy, classical or learned.
"""

import numpy as np
from scipy import ndimage

from mamri.records import Anatomy, FatSuppressionSeen, Volume
from mamri.segmentation.working_grid import average_to, working_grid

# Three log ratios vote, each as (value - limit) / scale, at most 2 either way. The ranges in
# brackets are with and without suppression: 7 clinical and 5 simulated exams, and 4 + 5 exams with
# fat and water exchanged or simulated so, raw and bias-corrected. Development data, so no
# claim of accuracy; alone each overlaps, together they kept a margin of 1.0.
# Fat 8 mm deep to the skin at 2 mm (-0.52 to 0.16; 0.16 to 0.61), suppressed if low.
RIM_LIMIT, RIM_SCALE = 0.17, 0.10
# Subcutaneous fat to the brightest 2 % of the body (-1.58 to -0.43; -0.48 to -0.03), low.
FAT_LIMIT, FAT_SCALE = -0.40, 0.12
# The brightest 2 % deep in the breast to subcutaneous fat (0.42 to 1.64; 0.01 to 0.55), high.
GLAND_LIMIT, GLAND_SCALE = 0.50, 0.15
# Scores nearer to 0 than this decide nothing (assumption).
MIN_SCORE = 0.5
# Voxels that a layer of the breast needs for a level (assumption).
MIN_VOXELS = 200


def is_fat_suppressed(
    image: np.ndarray, body: np.ndarray, breast: np.ndarray, depth_mm: np.ndarray
) -> bool | None:
    """Whether fat is darker than fibroglandular tissue.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        On voxels of about 2 mm.
    body : (S, R, C) bool
    breast : (S, R, C) bool
        Tissue that stands out from the trunk: certainly breast, not necessarily all of it.
    depth_mm : (S, R, C) float, mm
        Distance of each voxel centre to air.

    Returns
    -------
    bool or None
        None where it cannot be told.
    """
    smooth = ndimage.gaussian_filter(image, 0.5)
    skin = smooth[breast & (depth_mm > 1.0) & (depth_mm <= 3.0)]
    below = smooth[breast & (depth_mm > 7.0) & (depth_mm <= 9.0)]
    fat = smooth[breast & (depth_mm > 3.0) & (depth_mm <= 9.0)]
    deep = smooth[breast & (depth_mm > 9.0)]
    layers = (skin, below, fat, deep)
    if min(layer.size for layer in layers) < MIN_VOXELS:
        return None
    levels = [
        *(float(np.median(layer)) for layer in layers[:3]),
        float(np.percentile(deep, 98)),
        float(np.percentile(smooth[body], 98)),
    ]
    if min(levels) <= 0:
        return None
    log_skin, log_below, log_fat, log_gland, log_top = np.log(levels)
    votes = (
        (RIM_LIMIT - (log_below - log_skin)) / RIM_SCALE,
        (FAT_LIMIT - (log_fat - log_top)) / FAT_SCALE,
        (log_gland - log_fat - GLAND_LIMIT) / GLAND_SCALE,
    )
    score = float(np.clip(votes, -2.0, 2.0).sum())
    return None if abs(score) < MIN_SCORE else score > 0


# Votes of `find_fat_suppression`, each as (value - limit) / scale, at most 1 either way. In
# brackets the ranges (5th to 95th percentile) with and without suppression in the images they were
# set on: 30 simulated women by five presets with true masks, 12 more by six presets with classical
# masks and with classical masks of exchanged gland and fat, visits whose simulated suppression
# failed left out, and 7 real exams, all suppressed.
# Subcutaneous fat to the brightest 2 % of the body (-2.0 to -0.5; -0.6 to -0.1), low.
TOP_LIMIT, TOP_SCALE = -0.47, 0.25
# The brightest 2 % deep in the breast to subcutaneous fat (0.4 to 1.8; 0.1 to 0.45), high.
DEEP_LIMIT, DEEP_SCALE = 0.45, 0.25
# Gland and the rest of the breast, each to subcutaneous fat, added: one of them is fat as well, so
# the sum is the contrast of the other (-0.1 to 1.5; -1.8 to -0.6; with exchanged masks -0.2 to
# 0.95; -1.0 to -0.3), high. Counts twice.
TISSUE_LIMIT, TISSUE_SCALE = -0.35, 0.25
# Gland to the rest of the breast (0.45 to 1.15; -1.5 to -0.4), high; the reverse where gland and
# fat are exchanged, so it counts once.
CONTRAST_SCALE = 0.3
# Scores nearer to 0 than this decide nothing.
MIN_VOTE = 0.2
# Spacing on which levels are read, mm.
SPACING_MM = 2.0
# Subcutaneous fat lies at these depths, mm: behind the skin and its blur (assumption).
FAT_DEPTH_MM = (5.0, 11.0)
# Width over which the level of subcutaneous fat is averaged, mm (assumption).
LOCAL_MM = 15.0


def find_fat_suppression(image: Volume, anatomy: Anatomy) -> FatSuppressionSeen:
    """Ask the image whether fat is suppressed, once its anatomy is known.

    Parameters
    ----------
    image : Volume, a.u.
        Before contrast, bias-corrected or not.
    anatomy : Anatomy
        On the same grid, from any method.

    Returns
    -------
    FatSuppressionSeen
    """
    grid = working_grid(image.shape, image.affine, SPACING_MM)
    smooth = ndimage.gaussian_filter(np.nan_to_num(average_to(grid, image.array)), 0.5)
    body = average_to(grid, anatomy.body) > 0.5
    breast = (average_to(grid, anatomy.breast > 0) > 0.5) & body
    gland_share = average_to(grid, anatomy.fibroglandular)
    depth = ndimage.distance_transform_edt(body, sampling=SPACING_MM) - SPACING_MM / 2
    layer = breast & (depth > FAT_DEPTH_MM[0]) & (depth <= FAT_DEPTH_MM[1])
    deep = breast & (depth > FAT_DEPTH_MM[1])
    if min(layer.sum(), deep.sum()) < MIN_VOXELS:
        return FatSuppressionSeen()
    log = np.log(np.maximum(smooth, 1e-6 * float(smooth.max()) or 1.0))
    fat = float(np.median(log[layer]))
    beyond = log - _local_mean(log, layer, LOCAL_MM / SPACING_MM)
    gland = _median(beyond, deep & (gland_share > 0.8))
    rest = _median(beyond, deep & (gland_share < 0.2))
    top = (TOP_LIMIT - (fat - float(np.percentile(log[body], 98)))) / TOP_SCALE
    core = (float(np.percentile(log[deep], 98)) - fat - DEEP_LIMIT) / DEEP_SCALE
    tissue = (gland + rest - TISSUE_LIMIT) / TISSUE_SCALE
    contrast = (gland - rest) / CONTRAST_SCALE
    votes = np.clip([top, core, tissue, tissue, contrast], -1.0, 1.0)
    score = float(np.nanmean(votes))
    suppressed = None if abs(score) < MIN_VOTE else score > 0
    return FatSuppressionSeen(suppressed, score, gland - rest)


def _local_mean(values: np.ndarray, mask: np.ndarray, sigma: float) -> np.ndarray:
    """Mean over a mask, weighted by a Gaussian of the distance in voxels."""
    weight = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(mask, values, 0).astype(np.float32), sigma)
    everywhere = float(values[mask].mean())
    return np.asarray((total + 1e-4 * everywhere) / (weight + 1e-4))


def _median(values: np.ndarray, mask: np.ndarray) -> float:
    return float(np.median(values[mask])) if mask.sum() >= MIN_VOXELS else float("nan")

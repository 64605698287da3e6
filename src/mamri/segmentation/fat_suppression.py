"""Whether fat is suppressed, from the image itself.

Without suppression fat is the brightest tissue, and the skin a dark rim before it; with it, gland,
vessels and organs are brighter than fat, and the skin is a bright line. Headers say so in many
ways, and not always the truth; the image itself is asked.
"""

import numpy as np
from scipy import ndimage

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

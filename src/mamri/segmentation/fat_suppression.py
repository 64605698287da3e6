"""Whether fat is suppressed, from the image itself.

Without suppression fat is the brightest tissue of a breast and its skin a dark rim; with it,
fibroglandular tissue and vessels are brighter than fat, and the skin is a bright line. Headers say
so in many ways, and not always the truth; the image itself is asked.
"""

import numpy as np
from scipy import ndimage

# Log ratio of the brightest tissue deep in the breast to subcutaneous fat: above this suppressed.
# Measured 0.73 to 1.63 in seven suppressed exams and 0.66 to 1.22 in simulated ones; 0.29 to 0.48
# in the same exams with fat and water exchanged, 0.13 to 0.31 in simulated ones without
# suppression (development data, so no claim of accuracy).
BRIGHT_LIMIT, BRIGHT_SCALE = 0.57, 0.10
# Log ratio of subcutaneous fat to the outermost rim: below this suppressed. Measured 0.05 to 0.72
# and 0.62 to 0.73 in the same images: telling only when low, hence the smaller weight.
RIM_LIMIT, RIM_SCALE = 0.55, 0.15
# Log ratio of deeper fat to the skin line: below this suppressed. Measured -0.51 to 0.16, and 0.05
# to 0.41 without suppression.
SKIN_LIMIT, SKIN_SCALE = 0.05, 0.10
# Scores nearer to 0 than this decide nothing (assumption).
MIN_SCORE = 0.5
# Voxels that a layer of the breast needs for a level (assumption).
MIN_VOXELS = 200


def is_fat_suppressed(image: np.ndarray, breast: np.ndarray, depth_mm: np.ndarray) -> bool | None:
    """Whether fat is darker than fibroglandular tissue.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        About 2 mm fine.
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
    rim = smooth[breast & (depth_mm <= 1.0)]
    skin = smooth[breast & (depth_mm > 1.0) & (depth_mm <= 3.0)]
    below = smooth[breast & (depth_mm > 7.0) & (depth_mm <= 9.0)]
    under = smooth[breast & (depth_mm > 5.0) & (depth_mm <= 7.0)]
    fat = smooth[breast & (depth_mm > 3.0) & (depth_mm <= 9.0)]
    deep = smooth[breast & (depth_mm > 9.0)]
    layers = (rim, skin, under, below, fat, deep)
    if min(layer.size for layer in layers) < MIN_VOXELS:
        return None
    levels = [*(float(np.median(layer)) for layer in layers[:5]), float(np.percentile(deep, 98))]
    if min(levels) <= 0:
        return None
    log_rim, log_skin, log_under, log_below, log_fat, log_bright = np.log(levels)
    score = (log_bright - log_fat - BRIGHT_LIMIT) / BRIGHT_SCALE
    score += float(np.clip((RIM_LIMIT - (log_under - log_rim)) / RIM_SCALE, -1.0, 2.0))
    score += float(np.clip((SKIN_LIMIT - (log_below - log_skin)) / SKIN_SCALE, -0.5, 2.0))
    return None if abs(score) < MIN_SCORE else bool(score > 0)

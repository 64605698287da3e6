"""Whether fat is suppressed, from the image itself.

With fat suppression the skin is a bright line over darker fat, and fat is darker than muscle;
without it the fat is the brightest tissue and the skin a dark rim. Headers say so in many ways,
and not always the truth; the image itself is asked.
"""

import numpy as np
from scipy import ndimage

# Log ratio of subcutaneous fat to the rim of the breast: below this suppressed. Measured from -0.15
# to 0.13 in seven suppressed exams, and from 0.34 up in images made from them with the contrast
# of fat and water exchanged (development data, so no claim of accuracy).
RIM_LIMIT, RIM_SCALE = 0.24, 0.10
# Step from dark fat to bright muscle at the chest wall, as in `ChestWall.evidence`: above this
# suppressed. Measured 0.28 to 0.44 and 0.08 to 0.16 in the same images.
WALL_LIMIT, WALL_SCALE = 0.22, 0.06
# Scores nearer to 0 than this decide nothing (assumption).
MIN_SCORE = 0.5


def is_fat_suppressed(
    image: np.ndarray, breast: np.ndarray, depth_mm: np.ndarray, *, wall_step: float = np.nan
) -> bool | None:
    """Whether fat is darker than fibroglandular tissue and muscle.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
    breast : (S, R, C) bool
        Tissue that stands out from the trunk: certainly breast, not necessarily all of it.
    depth_mm : (S, R, C) float, mm
        Distance to air.
    wall_step : float
        Mean evidence of a chest wall sought as a step from dark fat to bright muscle; NaN if
        not known.

    Returns
    -------
    bool or None
        None where it cannot be told.
    """
    rim = breast & (depth_mm > 2) & (depth_mm <= 4)
    fat = breast & (depth_mm > 8) & (depth_mm <= 10)
    votes = []
    if min(int(rim.sum()), int(fat.sum())) >= 200:
        # subcutaneous fat, not the gland that may reach here in places
        smooth = ndimage.gaussian_filter(image, 0.5)
        rise = float(np.log(max(np.median(smooth[fat]), 1e-12) / max(np.median(smooth[rim]), 1e-12)))
        votes.append((RIM_LIMIT - rise) / RIM_SCALE)
    if np.isfinite(wall_step):
        votes.append((wall_step - WALL_LIMIT) / WALL_SCALE)
    score = float(np.clip(votes, -3, 3).sum()) if votes else 0.0
    return None if abs(score) < MIN_SCORE else score > 0

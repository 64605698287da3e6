"""Intensities of images from different scanners on one scale.

References
----------
.. [1] Nyul LG, Udupa JK, Zhang X. New variants of a method of MRI scale standardization. IEEE
   Trans Med Imaging 2000;19:143-150. doi:10.1109/42.836373
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.records import InputError, IntensityLandmarks

_NYUL_GAIN = 4.0  # the range from the 1st to the 99th percentile becomes -2 to 2: assumption


@dataclass(frozen=True, slots=True, eq=False)
class NyulScale:
    """Where landmarks lie on the standard scale, learned from training exams.

    Parameters
    ----------
    levels : (11,) float
        Mean place of each percentile of `records.lesion_crop.PERCENTS`; 0 the first, 1 the last.
    """

    levels: np.ndarray


def fit_nyul(landmarks: Sequence[IntensityLandmarks]) -> NyulScale:
    """Learn a standard scale: landmarks between the ends are averaged [1]_.

    Parameters
    ----------
    landmarks : sequence of IntensityLandmarks
        Of training exams.
    """
    rows = [np.asarray(one.percentiles) for one in landmarks]
    placed = [(row - row[0]) / max(row[-1] - row[0], 1e-12) for row in rows]
    return NyulScale(np.mean(placed, axis=0))


def nyul_standard(image: np.ndarray, landmarks: IntensityLandmarks, scale: NyulScale) -> np.ndarray:
    """Bring an image to the standard scale, piece by piece between its landmarks.

    Parameters
    ----------
    image : float array, a.u.
    landmarks : IntensityLandmarks
        Of its exam.
    scale : NyulScale

    Returns
    -------
    float32 array of the same shape
        About -2 to 2 in the breast before contrast; above and below, the mean slope goes on.
    """
    own = np.asarray(landmarks.percentiles, float)
    own = own + np.arange(own.size) * max(1e-9, 1e-9 * abs(own[-1]))  # strictly rising
    inside = np.interp(image, own, scale.levels)
    slope = 1.0 / max(own[-1] - own[0], 1e-12)
    beyond = np.maximum(image - own[-1], 0) + np.minimum(image - own[0], 0)
    return np.asarray(_NYUL_GAIN * (inside + slope * beyond) - _NYUL_GAIN / 2, np.float32)


def z_score_standard(image: np.ndarray, landmarks: IntensityLandmarks) -> np.ndarray:
    """Subtract the mean of the breasts over all phases and divide by their standard deviation.

    Parameters
    ----------
    image : float array, a.u.
    landmarks : IntensityLandmarks
    """
    return np.asarray((image - landmarks.mean) / (landmarks.sd or 1.0), np.float32)


def tissue_standard(image: np.ndarray, level: float) -> np.ndarray:
    """Signal against that of a tissue before contrast: 0 where alike, 1 where twice as much.

    Parameters
    ----------
    image : float array, a.u.
    level : float, a.u.
        Median of fibroglandular tissue or of fat.

    Raises
    ------
    InputError
        If the tissue was not found or has no signal.
    """
    if not np.isfinite(level) or level <= 0:
        raise InputError(
            "intensities are referred to a tissue that this exam does not show (no fibroglandular "
            "tissue or fat with signal); refer them to z_score or nyul"
        )
    return np.asarray(image / level - 1.0, np.float32)

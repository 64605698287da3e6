"""Levels of an image that stand for its scanner and its protocol, measured within the breasts."""

from collections.abc import Sequence

import numpy as np

from mamri.records import InputError, IntensityLandmarks
from mamri.records.lesion_crop import PERCENTS


def measure_landmarks(
    phases: Sequence[np.ndarray],
    breast: np.ndarray,
    fibroglandular: np.ndarray,
    fat: np.ndarray,
) -> IntensityLandmarks:
    """Measure the levels of an image within the breasts.

    Parameters
    ----------
    phases : sequence of (S, R, C) real, a.u.
        The first is the one before contrast.
    breast : (S, R, C) bool
        At least one voxel.
    fibroglandular, fat : (S, R, C) bool

    Returns
    -------
    IntensityLandmarks

    Raises
    ------
    InputError
        If the mask of the breasts is empty.
    """
    if not breast.any():
        raise InputError(
            "intensity landmarks are measured within the breasts, none was found; "
            "check the field of view of the exam"
        )
    inside = [np.asarray(phase[breast], np.float64) for phase in phases]
    count = sum(values.size for values in inside)
    mean = sum(float(values.sum()) for values in inside) / count
    square = sum(float(np.square(values - mean).sum()) for values in inside) / count
    before = phases[0]
    return IntensityLandmarks(
        percentiles=tuple(float(value) for value in np.percentile(inside[0], PERCENTS)),
        mean=mean,
        sd=float(np.sqrt(square)),
        fibroglandular=_median(before, fibroglandular),
        fat=_median(before, fat),
    )


def _median(image: np.ndarray, mask: np.ndarray) -> float:
    return float(np.median(image[mask])) if mask.any() else float("nan")

"""Marks and lesions given as points in the patient: which mark hits which lesion."""

import math

import numpy as np

from mamri.evaluation.detection import ImageMarks
from mamri.records import InputError


def marks_near_lesions(
    points_mm: np.ndarray,
    scores: np.ndarray,
    centres_mm: np.ndarray,
    radii_mm: np.ndarray,
    *,
    within_mm: float = 0.0,
) -> ImageMarks:
    """Tell which lesion each mark of an image hits, all as points of one patient frame.

    A mark hits the lesion whose centre is nearest, measured in radii of reach, if it lies within
    the reach: the radius of the lesion, or a distance if that is larger.

    Parameters
    ----------
    points_mm : (m, 3) float, mm
        Of the marks.
    scores : (m,) float
    centres_mm : (k, 3) float, mm
        Of the lesions, in the same frame.
    radii_mm : (k,) float, mm
    within_mm : float, mm
        Least reach, for small lesions and coarse marks.

    Returns
    -------
    ImageMarks

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, or a radius is below 0, or 0 without a
        distance.

    Examples
    --------
    >>> found = marks_near_lesions([[0, 0, 4], [0, 0, 40]], [0.9, 0.2], [[0, 0, 0]], [5])
    >>> found.lesion.tolist()
    [0, -1]
    """
    points, centres = (np.asarray(p, np.float64).reshape(-1, 3) for p in (points_mm, centres_mm))
    values, radii = np.asarray(scores, np.float64), np.asarray(radii_mm, np.float64)
    if values.shape != (len(points),) or radii.shape != (len(centres),):
        raise InputError(
            f"a score of each mark and a radius of each lesion were needed, got {values.shape} for "
            f"{len(points)} marks and {radii.shape} for {len(centres)} lesions; give one of each"
        )
    finite = all(np.isfinite(one).all() for one in (points, centres, radii))
    reach = np.maximum(radii, within_mm)
    if not finite or not 0 <= within_mm < math.inf or np.any(radii < 0) or np.any(reach <= 0):
        raise InputError(
            "finite places, radii of 0 mm or more and a reach above 0 were needed, got others; "
            "give a distance where lesions have no radius"
        )
    hit = np.full(len(points), -1)
    if len(points) and len(centres):
        share = np.linalg.norm(points[:, None] - centres[None], axis=2) / reach  # (m, k)
        nearest = share.argmin(axis=1)
        hit = np.where(share[np.arange(len(points)), nearest] <= 1, nearest, -1)
    return ImageMarks(values, hit, len(centres))

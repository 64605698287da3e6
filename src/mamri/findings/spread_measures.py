"""How a non-mass enhancement spreads: how long and narrow, towards the nipple or not, how far."""

from dataclasses import dataclass

import numpy as np

from mamri.geometry import to_lps
from mamri.records import Anatomy, Laterality


@dataclass(frozen=True, slots=True)
class SpreadMeasures:
    """Numbers of the spread of a finding; NaN where they could not be measured.

    Parameters
    ----------
    length_mm : float, mm
        Long axis of the ellipsoid with the same second moments.
    width_ratio, thickness_ratio : float
        Second and third axis over the first.
    nipple_angle_deg : float, degrees
        Between the long axis and the line from centroid to nipple, 0 to 90.
    breast_percent : float, %
        Share of the breast's width, height and depth that the finding reaches over, the mean of
        the three.
    """

    length_mm: float
    width_ratio: float
    thickness_ratio: float
    nipple_angle_deg: float
    breast_percent: float


def spread_measures(
    mask: np.ndarray, affine: np.ndarray, side: Laterality, anatomy: Anatomy
) -> SpreadMeasures:
    """Measure how a finding spreads in its breast.

    Parameters
    ----------
    mask : (S, R, C) bool
        The finding, on the grid of the affine.
    affine : (4, 4) float, mm
    side : Laterality
    anatomy : Anatomy
        On any grid.

    Returns
    -------
    SpreadMeasures
    """
    points = to_lps(affine, np.argwhere(mask))
    centre = points.mean(axis=0)
    width = np.abs(np.asarray(affine)[:3, :3]).max(axis=1)
    moments = np.cov(points.T) if len(points) > 1 else np.zeros((3, 3))
    values, axes = np.linalg.eigh(moments + np.diag(width**2) / 12)
    # An ellipsoid has the second moment a^2 / 5 along a half axis a.
    third, second, first = 2 * np.sqrt(5 * np.maximum(values, 0))
    angle = breast_percent = float("nan")
    if side in anatomy.nipples_mm_lps:
        way = np.asarray(anatomy.nipples_mm_lps[side]) - centre
        cosine = abs(axes[:, 2] @ way) / max(float(np.linalg.norm(way)), 1e-6)
        angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    breast = np.argwhere(anatomy.breast == side)
    if len(breast):
        corners = to_lps(anatomy.affine, np.array([breast.min(axis=0), breast.max(axis=0)]))
        whole = np.ptp(corners, axis=0) + 1e-6
        breast_percent = 100 * float(np.mean(np.minimum(1, np.ptp(points, axis=0) / whole)))
    return SpreadMeasures(first, second / first, third / first, angle, breast_percent)

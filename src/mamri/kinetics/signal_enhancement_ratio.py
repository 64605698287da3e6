"""Early over late enhancement."""

import numpy as np

from mamri.records import GeometryError


def signal_enhancement_ratio(
    pre: np.ndarray,
    early: np.ndarray,
    late: np.ndarray,
    *,
    min_late_rise_percent: float = 0.0,
    noise_floor: float = 0.0,
) -> np.ndarray:
    """Ratio of early to late contrast enhancement, voxel by voxel.

    Values above 1 mean wash-out, below 1 persistent uptake.

    Parameters
    ----------
    pre, early, late : (...) real, a.u.
        Signal before contrast, near 150 s and near 450 s after injection.
    min_late_rise_percent : float, %
        Voxels whose late enhancement is not above this are undefined: the ratio of two noises.
    noise_floor : float, a.u.
        Voxels whose signal before contrast is not above this are undefined.

    Returns
    -------
    (...) float, dimensionless
        ``(early - pre) / (late - pre)``; NaN where undefined.

    Raises
    ------
    GeometryError
        If the three arrays differ in shape.

    References
    ----------
    .. [1] Hylton NM. Vascularity assessment of breast lesions with gadolinium-enhanced MR imaging.
       Magn Reson Imaging Clin N Am 1999;7:411-420.

    Examples
    --------
    >>> one = np.ones((1, 1, 1))
    >>> float(signal_enhancement_ratio(one, 3 * one, 2 * one)[0, 0, 0])
    2.0
    """
    pre, early, late = (np.asarray(a, np.result_type(a, np.float32)) for a in (pre, early, late))
    if not pre.shape == early.shape == late.shape:
        raise GeometryError(
            f"pre, early and late must share one grid, got {pre.shape}, {early.shape}, "
            f"{late.shape}; resample them first with geometry.resample_like()"
        )
    rise = late - pre
    smallest = np.maximum(0, min_late_rise_percent / 100 * pre)
    defined = (pre > max(noise_floor, 0.0)) & (rise > smallest)
    out = np.full(pre.shape, np.nan, np.result_type(early, rise))
    np.divide(early - pre, rise, out=out, where=defined)
    return out

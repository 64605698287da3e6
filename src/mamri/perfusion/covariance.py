"""From the covariance of what was fitted to standard errors of what is asked for."""

import numpy as np


def spread(covariance: np.ndarray, slopes: tuple[np.ndarray | float, ...]) -> np.ndarray:
    """Standard error of a quantity by the delta method.

    Parameters
    ----------
    covariance : (N (N + 1) / 2, V) float
        Upper triangle, row after row, of the covariance of N fitted numbers.
    slopes : tuple of N (V,) float, or float
        Derivatives of the quantity by each of them. A plain 0 leaves that number out, also where
        its covariance is undefined.

    Returns
    -------
    (V,) float32

    Examples
    --------
    >>> cov = np.array([[4.0], [1.0], [9.0]])
    >>> round(float(spread(cov, (1.0, 1.0))[0]) ** 2, 4)
    15.0
    """
    total = np.zeros(covariance.shape[1])
    row = -1
    for i, one in enumerate(slopes):
        for j, other in enumerate(slopes[i:], start=i):
            row += 1
            if _is_zero(one) or _is_zero(other):
                continue
            total += (1 if i == j else 2) * np.asarray(one) * other * covariance[row]
    with np.errstate(invalid="ignore"):
        return np.sqrt(total).astype(np.float32)


def _is_zero(slope: np.ndarray | float) -> bool:
    return isinstance(slope, float) and slope == 0.0

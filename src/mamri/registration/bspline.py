"""Uniform cubic B-splines."""

import numpy as np


def bspline_taps(positions: np.ndarray, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """The four lattice points around each position, and their weights.

    Parameters
    ----------
    positions : (P,) float, lattice units
        Position 0 is the first lattice point; positions without two lattice points on either
        side take the nearest one that has them.
    n_points : int
        Lattice points, at least 4.

    Returns
    -------
    first : (P,) int64
        First of the four points.
    weights : (P, 4) float64
        Rows sum to 1.

    Examples
    --------
    >>> first, weights = bspline_taps(np.array([2.0]), 6)
    >>> int(first[0]), (6 * weights[0]).round(9).tolist()
    (1, [1.0, 4.0, 1.0, 0.0])
    """
    inside = np.clip(np.asarray(positions, float), 1.0, n_points - 2.0)
    whole = np.minimum(np.floor(inside), n_points - 3.0)
    t = inside - whole
    weights = np.stack(
        [
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        ],
        axis=-1,
    )
    return whole.astype(np.int64) - 1, weights

"""Uniform cubic B-splines."""

import numpy as np


def bspline_weights(positions: np.ndarray, n_points: int) -> np.ndarray:
    """Weight of each lattice point at each position.

    Parameters
    ----------
    positions : (P,) float, lattice units
        Position 0 is the first lattice point.
    n_points : int
        Lattice points.

    Returns
    -------
    (P, n_points) float64
        Rows sum to 1 where four lattice points surround the position.
    """
    distance = np.abs(np.asarray(positions, float)[:, None] - np.arange(n_points))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far)

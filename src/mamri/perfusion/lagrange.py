"""Interpolation between evenly spaced rows by polynomials of degree five."""

import numba
import numpy as np

NODES = 6


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def weights_at(place: float, n_rows: int, weight: np.ndarray, slope: np.ndarray) -> int:
    """Lagrange weights of six rows around a place between them.

    Parameters
    ----------
    place : float
        Index of a row and a fraction, 0 to ``n_rows - 1``.
    n_rows : int
        Six or more.
    weight : (6,) float64
        Filled with the weights.
    slope : (6,) or (0,) float64
        Filled with their derivatives by the place, unless it is empty.

    Returns
    -------
    int
        The first of the six rows.
    """
    base = min(max(int(place) - NODES // 2 + 1, 0), n_rows - NODES)
    x = place - base
    for i in range(NODES):
        value, change = 1.0, 0.0
        for j in range(NODES):
            if j != i:
                change = (change * (x - j) + value) / (i - j)
                value = value * (x - j) / (i - j)
        weight[i] = value
        if slope.size:
            slope[i] = change
    return base

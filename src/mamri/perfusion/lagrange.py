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


def cell_weights(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Lagrange weights between every two neighbouring rows, as polynomials.

    Parameters
    ----------
    n_rows : int
        Six or more.

    Returns
    -------
    first : (n_rows - 1,) int
        The first of the six rows that a cell, a row up to the next, is interpolated from.
    weights : (n_rows - 1, 6, 6) float64
        Coefficients, by cell, rising power of the place within the cell (0 to 1), and row.

    Examples
    --------
    >>> squares = np.arange(9.0) ** 2
    >>> first, weights = cell_weights(9)
    >>> coefficients = weights[4] @ squares[first[4] : first[4] + NODES]
    >>> bool(np.allclose(coefficients, [16, 8, 1, 0, 0, 0]))  # of (4 + x) ** 2
    True
    """
    cells = np.arange(n_rows - 1)
    first = np.clip(cells - NODES // 2 + 1, 0, n_rows - NODES)
    nodes = first[:, None] + np.arange(NODES) - cells[:, None]
    return first, np.linalg.inv(nodes[:, :, None] ** np.arange(NODES).astype(float))

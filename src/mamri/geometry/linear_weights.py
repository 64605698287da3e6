"""Linear interpolation between grids that share their axes: one sparse matrix an axis."""

import numpy as np
from scipy import sparse


def linear_weights(position: np.ndarray, size: int) -> sparse.csr_matrix:
    """Weights of the samples along an axis at other positions on it.

    Parameters
    ----------
    position : (M,) float
        Fractional indices; those beyond the first and last sample take its value.
    size : int
        Number of samples.

    Returns
    -------
    (M, size) sparse float32
        Rows sum to one.

    Examples
    --------
    >>> linear_weights(np.array([-1.0, 0.25]), 2).toarray().tolist()
    [[1.0, 0.0], [0.75, 0.25]]
    """
    position = np.clip(position, 0, size - 1)
    low = np.minimum(position.astype(int), max(size - 2, 0))
    share = position - low
    rows = np.arange(len(position))
    columns = np.concatenate([low, np.minimum(low + 1, size - 1)])
    weights = np.concatenate([1 - share, share]).astype(np.float32)
    return sparse.coo_matrix(
        (weights, (np.concatenate([rows, rows]), columns)), shape=(len(position), size)
    ).tocsr()


def interpolate_at(
    array: np.ndarray, positions: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """Values of a volume at the crossings of positions along its axes, linear between samples.

    Parameters
    ----------
    array : (s, r, c) real
    positions : three arrays (S,), (R,), (C,) of float
        Fractional indices; those beyond the edge take the edge's value.

    Returns
    -------
    (S, R, C) float32

    Examples
    --------
    >>> at = np.array([0.5])
    >>> interpolate_at(np.arange(8.0).reshape(2, 2, 2), (at, at, at)).tolist()
    [[[3.5]]]
    """
    first, second, third = (
        linear_weights(at, n) for at, n in zip(positions, array.shape, strict=True)
    )
    mixed = first @ array.reshape(array.shape[0], -1).astype(np.float32)
    mixed = mixed.reshape(-1, *array.shape[1:])
    out = np.empty(tuple(len(at) for at in positions), np.float32)
    for index in range(len(out)):
        out[index] = (third @ (second @ mixed[index]).T).T
    return out

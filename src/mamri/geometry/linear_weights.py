"""Linear interpolation along one axis as a sparse matrix, for grids that share their axes."""

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

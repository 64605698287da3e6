"""From class probabilities on a network's grid to labels and masks on another, slice by slice.

Both grids share their axes, so that positions on one are indices of the other along each axis by
itself. Values between voxels are linear. One slice of all classes is held at a time: eight classes
of a large exam as 32-bit floats would take 1.7 GB.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mamri.geometry.linear_weights import linear_weights
from mamri.records import GeometryError

# Along slices, rows and columns: where each target voxel lies, in indices of the probabilities.
Positions = tuple[np.ndarray, np.ndarray, np.ndarray]


def labels_at(probabilities: np.ndarray, positions: Positions) -> np.ndarray:
    """The likeliest class at each voxel of another grid.

    Parameters
    ----------
    probabilities : (K, s, r, c) float
        Or logits; float16 is enough. At most 256 classes.
    positions : three arrays (S,), (R,), (C,) of float
        Fractional indices along s, r and c. Beyond the edge the last voxel counts.

    Returns
    -------
    (S, R, C) uint8
        Index of the class; the first of equals.

    Raises
    ------
    GeometryError
        If shapes do not fit.
    """
    _check(probabilities, positions)
    rows, columns = (
        linear_weights(at, n) for at, n in zip(positions[1:], probabilities.shape[2:], strict=True)
    )
    labels = np.zeros(tuple(len(at) for at in positions), np.uint8)
    for label, planes in zip(labels, _planes(probabilities, positions[0]), strict=True):
        best = np.full(label.shape, -np.inf, np.float32)
        for index, plane in enumerate(planes):
            value = (columns @ (rows @ plane).T).T
            is_better = value > best
            np.copyto(best, value, where=is_better)
            label[is_better] = index
    return labels


def mask_at(
    probabilities: np.ndarray,
    positions: Positions,
    classes: Sequence[int],
    *,
    threshold: float = 0.5,
) -> np.ndarray:
    """Where some classes together are likely, on another grid.

    Parameters
    ----------
    probabilities : (K, s, r, c) float
    positions : three arrays (S,), (R,), (C,) of float
        As in `labels_at`.
    classes : sequence of int
        Indices of those whose probabilities are added.
    threshold : float
        Voxels above this belong to the mask.

    Returns
    -------
    (S, R, C) bool

    Raises
    ------
    GeometryError
        If shapes do not fit.
    """
    _check(probabilities, positions)
    rows, columns = (
        linear_weights(at, n) for at, n in zip(positions[1:], probabilities.shape[2:], strict=True)
    )
    mask = np.empty(tuple(len(at) for at in positions), bool)
    chosen = list(classes)
    for part, planes in zip(mask, _planes(probabilities, positions[0]), strict=True):
        together = (columns @ (rows @ planes[chosen].sum(0)).T).T
        part[:] = together > threshold
    return mask


def _planes(probabilities: np.ndarray, at: np.ndarray) -> Iterator[np.ndarray]:
    """For each target slice the probabilities (K, r, c) float32 between its two neighbours."""
    weights = linear_weights(at, probabilities.shape[1])
    for index in range(weights.shape[0]):
        row = weights[[index]]
        planes = np.zeros((probabilities.shape[0], *probabilities.shape[2:]), np.float32)
        for source, share in zip(row.indices, row.data, strict=True):
            if share:
                planes += share * probabilities[:, source]
        yield planes


def _check(probabilities: np.ndarray, positions: Positions) -> None:
    if probabilities.ndim != 4 or not 1 <= probabilities.shape[0] <= 256 or len(positions) != 3:
        raise GeometryError(
            "resampling needs probabilities (K, S, R, C) of at most 256 classes and positions "
            f"along three axes, got {probabilities.shape} and {len(positions)} axes; give the "
            "answer of one network"
        )

"""How texture matrices of slices and directions become one value, after IBSI."""

from enum import StrEnum

import numpy as np


class Aggregation(StrEnum):
    """Ways of the IBSI reference manual, sections 3.6 to 3.11, with their codes there.

    The first code is that of matrices with directions (co-occurrence, run length), the second that
    of matrices without.

    ========================== ============ =======================================================
    ``2d_averaged``            BTW3, 8QNN   mean over slices and directions
    ``2d_merged``              SUJT, 8QNN   directions of a slice merged, mean over slices
    ``2.5d_averaged``          JJUI, 62GR   slices of a direction merged, mean over directions
    ``2.5d_merged``            ZW7Z, 62GR   all merged
    ``3d_averaged``            ITBB, KOBO   mean over the 13 directions of space
    ``3d_merged``              IAZD, KOBO   the 13 directions merged
    ========================== ============ =======================================================
    """

    SLICES_AVERAGED = "2d_averaged"
    SLICES_MERGED = "2d_merged"
    STACK_AVERAGED = "2.5d_averaged"
    STACK_MERGED = "2.5d_merged"
    SPACE_AVERAGED = "3d_averaged"
    SPACE_MERGED = "3d_merged"

    @property
    def is_planar(self) -> bool:
        """Whether neighbours are looked for within a slice only."""
        return self not in (Aggregation.SPACE_AVERAGED, Aggregation.SPACE_MERGED)

    @property
    def is_by_slice(self) -> bool:
        """Whether every slice gives a value of its own."""
        return self in (Aggregation.SLICES_AVERAGED, Aggregation.SLICES_MERGED)

    @property
    def merges_directions(self) -> bool:
        """Whether the directions are merged before the features are computed."""
        return self in (
            Aggregation.SLICES_MERGED,
            Aggregation.STACK_MERGED,
            Aggregation.SPACE_MERGED,
        )


# Half of the neighbours of a voxel, (slice, row, column); the other half lies opposite.
SPACE_DIRECTIONS = np.array(
    [
        (0, 0, 1),
        (0, 1, -1),
        (0, 1, 0),
        (0, 1, 1),
        *((1, row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)),
    ]
)
PLANE_DIRECTIONS = SPACE_DIRECTIONS[:4]


def directions(aggregation: Aggregation) -> np.ndarray:
    """Directions that an aggregation looks along, (D, 3) int: slice, row, column."""
    return PLANE_DIRECTIONS if aggregation.is_planar else SPACE_DIRECTIONS


def merge(counts: np.ndarray, aggregation: Aggregation) -> np.ndarray:
    """Matrices that features are computed from.

    Parameters
    ----------
    counts : (G, D, ...) int
        By slice (one group in space) and direction.
    aggregation : Aggregation

    Returns
    -------
    (K, ...) int
    """
    if not aggregation.is_by_slice:
        counts = counts.sum(axis=0, keepdims=True)
    if aggregation.merges_directions:
        counts = counts.sum(axis=1, keepdims=True)
    return counts.reshape(-1, *counts.shape[2:])


def average(rows: list[np.ndarray], n_features: int) -> np.ndarray:
    """Mean of each feature over the matrices that define it, NaN where none does.

    Parameters
    ----------
    rows : list of (F,) float
        One for each matrix that is not empty.
    n_features : int

    Returns
    -------
    (F,) float
    """
    if not rows:
        return np.full(n_features, np.nan)
    table = np.array(rows)
    known = np.isfinite(table)
    total = np.where(known, table, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return total / np.where(known.any(axis=0), known.sum(axis=0), np.nan)

"""Whether the field of view ends within a breast."""

import numpy as np

from mamri.geometry import spacing_mm
from mamri.records import Laterality

# Breast thicker than this from skin to chest wall is no thin rim that tapers off over the chest,
# mm (assumption).
_THICK_MM = 50.0
# So much thick breast along one edge of the image is a cut, mm (assumption).
_CUT_LENGTH_MM = 30.0
# Breast on so much of the front edge of the image is pressed against it, mm2 (assumption).
_PRESSED_MM2 = 100.0


def cut_sides(breast: np.ndarray, affine: np.ndarray) -> tuple[Laterality, ...]:
    """Breasts that the edge of the image cuts where they are thick, or that meet its front edge.

    Parameters
    ----------
    breast : (S, R, C) uint8
        0 background, 1 right, 2 left breast, in anatomical order.
    affine : (4, 4) float, mm

    Returns
    -------
    tuple of Laterality
        Right first.
    """
    return tuple(side for side in Laterality if _is_cut(breast == side, spacing_mm(affine)))


def _is_cut(breast: np.ndarray, spacing: tuple[float, float, float]) -> bool:
    along_slices, along_rows, along_columns = spacing
    thick = np.count_nonzero(breast, axis=1) * along_rows > _THICK_MM  # (S, C)
    longest = max(
        int(np.count_nonzero(thick[[0, -1]], axis=1).max()) * along_columns,
        int(np.count_nonzero(thick[:, [0, -1]], axis=0).max()) * along_slices,
    )
    pressed = np.count_nonzero(breast[:, 0]) * along_slices * along_columns
    return bool(longest > _CUT_LENGTH_MM or pressed > _PRESSED_MM2)

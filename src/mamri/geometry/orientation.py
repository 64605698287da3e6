"""Anatomical order of axes, without resampling.

Scanners and files store images in many orders. The science works on one: index 0 runs from feet
to head, index 1 from front to back, index 2 from the patient's right to left, each along the
nearest axis of the grid. Going there and back is a transpose and flips: views, no interpolation,
and the affine follows exactly, oblique or not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.records import GeometryError

# LPS component that grows along each anatomical index: z (to the head), y (to the back),
# x (to the patient's left).
_LPS_COMPONENT = (2, 1, 0)


@dataclass(frozen=True, slots=True)
class Orientation:
    """How stored axes relate to anatomical ones.

    Parameters
    ----------
    axes : permutation of (0, 1, 2)
        Stored axis that becomes each anatomical axis.
    flips : (3,) of bool
        Whether each anatomical axis runs against its stored axis.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def apply(self, array: np.ndarray) -> np.ndarray:
        """Anatomical view of a stored array; axes before the last three stay in front."""
        lead = array.ndim - 3
        moved = np.transpose(array, (*range(lead), *(lead + axis for axis in self.axes)))
        return moved[self._flipping()]

    def undo(self, array: np.ndarray) -> np.ndarray:
        """Stored view of an anatomical array: inverse of `apply`."""
        lead = array.ndim - 3
        flipped = array[self._flipping()]
        back = np.argsort(self.axes)
        return np.transpose(flipped, (*range(lead), *(lead + int(axis) for axis in back)))

    def _flipping(self) -> tuple[Any, ...]:
        return (..., *(slice(None, None, -1 if flip else 1) for flip in self.flips))

    def apply_affine(self, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Affine of the anatomical view of a stored grid of the given (S, R, C) shape."""
        out = np.array(affine, dtype=np.float64)
        out[:, :3] = affine[:, list(self.axes)]
        for axis, flip in enumerate(self.flips):
            if flip:
                out[:3, 3] += out[:3, axis] * (shape[self.axes[axis]] - 1)
                out[:3, axis] = -out[:3, axis]
        return out

    def undo_affine(self, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Affine of the stored grid, from the anatomical affine and (S, R, C) shape."""
        out = np.array(affine, dtype=np.float64)
        for axis, flip in enumerate(self.flips):
            if flip:
                out[:3, 3] += out[:3, axis] * (shape[axis] - 1)
                out[:3, axis] = -out[:3, axis]
        back = np.argsort(self.axes)
        out[:, :3] = out[:, back]
        return out


def anatomical_orientation(affine: np.ndarray) -> Orientation:
    """Orientation that brings a stored grid into anatomical order.

    Each anatomical axis takes the stored axis closest to it; among the six assignments the one
    with the largest product of absolute cosines wins, so that no stored axis is used twice.

    Raises
    ------
    GeometryError
        If an axis has length zero.
    """
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if np.any(lengths == 0):
        raise GeometryError(
            "every axis of a grid needs a length, got a zero spacing; check the voxel spacing"
        )
    cosines = affine[:3, :3] / lengths
    permutations = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))

    def fit(axes: tuple[int, int, int]) -> float:
        pairs = zip(_LPS_COMPONENT, axes, strict=True)
        return float(np.prod([abs(cosines[component, axis]) for component, axis in pairs]))

    axes = max(permutations, key=fit)
    s, r, c = (
        bool(cosines[component, axis] < 0)
        for component, axis in zip(_LPS_COMPONENT, axes, strict=True)
    )
    return Orientation(axes, (s, r, c))

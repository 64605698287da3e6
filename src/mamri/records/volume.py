"""Images on a regular grid in patient space.

Axis order is (slice, row, column); the frame is LPS in mm as in DICOM; the affine maps
(slice, row, column, 1) to (x, y, z, 1). Arrays are kept as read-only views, never copied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.records.errors import GeometryError


def read_only(array: np.ndarray) -> np.ndarray:
    """Read-only view of an array; the caller's own array stays writable."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def checked_affine(affine: np.ndarray) -> np.ndarray:
    """Check a (slice, row, column) to LPS affine and return it as a read-only float64 view.

    Parameters
    ----------
    affine : (4, 4) float, mm
        Last row 0 0 0 1; the upper left 3x3 part finite and invertible.

    Returns
    -------
    (4, 4) float64, mm

    Raises
    ------
    GeometryError
        If any of these does not hold.
    """
    affine = np.array(affine, dtype=np.float64)
    if affine.shape != (4, 4) or not np.all(np.isfinite(affine)):
        raise GeometryError(
            f"an affine must be a finite 4x4 matrix, got shape {affine.shape}; "
            "build it with geometry.affine_from_axes()"
        )
    if not np.allclose(affine[3], [0, 0, 0, 1]):
        raise GeometryError(
            f"the last row of an affine must be 0 0 0 1, got {affine[3].tolist()}; "
            "check that the matrix is not transposed"
        )
    if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise GeometryError(
            "the axes of an affine must span space, got a matrix of determinant 0; "
            "check the voxel spacing"
        )
    return read_only(affine)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """One image volume.

    Parameters
    ----------
    array : (S, R, C) real
        Voxel values, any real dtype.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    """

    array: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        array = read_only(self.array)
        if array.ndim != 3 or array.size == 0:
            raise GeometryError(
                f"a volume needs three axes (slice, row, column) of at least one voxel each, "
                f"got shape {array.shape}; reshape it before making the record"
            )
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""
        s, r, c = self.array.shape
        return s, r, c


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Integer labels on a grid, with their names; 0 is always background.

    Parameters
    ----------
    array : (S, R, C) int or bool
    affine : (4, 4) float, mm
    names : mapping of int to str
        Name of each label value that may occur, background excluded.
    """

    array: np.ndarray
    affine: np.ndarray
    names: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        array = read_only(self.array)
        if array.ndim != 3 or array.size == 0:
            raise GeometryError(
                f"a label map needs three axes (slice, row, column), got shape {array.shape}; "
                "reshape it before making the record"
            )
        if array.dtype.kind not in "biu":
            raise GeometryError(
                f"labels must be integers or booleans, got {array.dtype}; round and convert them"
            )
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

"""What each voxel is made of: the anatomy that sequences and training pairs start from."""

from dataclasses import dataclass

import numpy as np

from mamri.records import GeometryError
from mamri.records.volume import checked_affine, read_only

NEUTRAL = 100  # stored value of a relative uptake or brightness of 1


@dataclass(frozen=True, slots=True, eq=False)
class TissueMixture:
    """Two tissues a voxel, how they share it, and its texture.

    Parameters
    ----------
    tissues : (2, S, R, C) uint8
        Codes of the tissue with the largest and with the second largest share.
    share : (S, R, C) uint8
        Share of the first, 255 is all; the second has the rest.
    uptake : (S, R, C) uint8
        Contrast uptake against the table value of the tissue, 100 is 1; multiplies Ktrans, ve, vp.
    grain : (S, R, C) uint8
        Proton density against the table value, 100 is 1.
    breast : (S, R, C) uint8
        1 right, 2 left: skin to the front of the muscles, without an implant.
    lesions : (S, R, C) uint8
        Number of the lesion that has at least half of the voxel, from 1.
    fibroglandular : (S, R, C) bool
        At least half of the voxel is fibroglandular tissue.
    vessels : (S, R, C) bool
        At least half of the voxel is a vessel of the breast or beside the sternum.
    affine : (4, 4) float, mm
    """

    tissues: np.ndarray
    share: np.ndarray
    uptake: np.ndarray
    grain: np.ndarray
    breast: np.ndarray
    lesions: np.ndarray
    fibroglandular: np.ndarray
    vessels: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "affine", checked_affine(self.affine))
        shape = self.share.shape
        if self.tissues.shape != (2, *shape):
            raise GeometryError(
                f"a mixture needs two tissues a voxel, got arrays of shape {self.tissues.shape} "
                f"and {shape}; give (2, S, R, C) and (S, R, C)"
            )
        for name in self.__slots__:
            if name == "affine":
                continue
            array = getattr(self, name)
            if array.shape[-3:] != shape:
                raise GeometryError(
                    f"all parts of a mixture must share one grid, got {shape} for the share and "
                    f"{array.shape} for {name}; render them together with render_mixture()"
                )
            object.__setattr__(self, name, read_only(array))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""
        s, r, c = self.share.shape
        return s, r, c

    @property
    def tissue(self) -> np.ndarray:
        """The tissue with the largest share, (S, R, C) uint8."""
        return np.asarray(self.tissues[0])

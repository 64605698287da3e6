"""Where the breasts and their tissues are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mamri.records.caveat import Caveat
from mamri.records.errors import GeometryError
from mamri.records.laterality import Laterality
from mamri.records.volume import checked_affine, read_only


class AnatomyMethod(StrEnum):
    """How breasts and their tissues are found."""

    MODEL = "model"
    CLASSICAL = "classical"


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """Masks on one grid, and landmarks.

    Parameters
    ----------
    breast : (S, R, C) uint8
        0 background, 1 right, 2 left breast: from the skin (included) to the front of the
        pectoral muscle and chest wall.
    fibroglandular : (S, R, C) bool
        Fibroglandular tissue inside the breasts, skin excluded.
    skin : (S, R, C) bool
        Skin and nipple inside ``breast``.
    body : (S, R, C) bool
        Everything that is not air.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    nipples_mm_lps : mapping of Laterality to (x, y, z), mm
        Tip of each breast that was found.
    method : str
        How the masks were made, for the report.
    caveats : tuple of Caveat
    cut_sides : tuple of Laterality
        Breasts that the field of view does not hold whole.
    vessels : (S, R, C) bool or None
        Vessels of the breasts that the image shows by itself; None where they were not looked for.
    """

    breast: np.ndarray
    fibroglandular: np.ndarray
    skin: np.ndarray
    body: np.ndarray
    affine: np.ndarray
    nipples_mm_lps: Mapping[Laterality, tuple[float, float, float]]
    method: str
    caveats: tuple[Caveat, ...] = ()
    cut_sides: tuple[Laterality, ...] = ()
    vessels: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.breast)
        names = ("breast", "fibroglandular", "skin", "body")
        for name in names if self.vessels is None else (*names, "vessels"):
            array = read_only(getattr(self, name))
            if array.shape != shape or array.ndim != 3:
                raise GeometryError(
                    f"all masks must share one (S, R, C) grid, got breast {shape} and {name} "
                    f"{array.shape}; resample them first with geometry.resample_like()"
                )
            object.__setattr__(self, name, array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @property
    def sides(self) -> tuple[Laterality, ...]:
        """Sides whose breast was found, right first."""
        return tuple(side for side in Laterality if np.any(self.breast == side))

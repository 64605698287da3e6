"""A box of breast tissue with painted lesions: enough of an exam to search."""

from dataclasses import dataclass, field

import numpy as np

from mamri.geometry import to_lps
from mamri.kinetics import kinetic_maps
from mamri.records import Anatomy, DynamicSeries, KineticMaps, Laterality

SHAPE = (60, 70, 80)
SPACING = (1.5, 1.0, 1.0)
BASELINE = 100.0
TIMES_S = np.array([0.0, 90.0, 180.0, 360.0])
# Enhancement of the three post-contrast phases over the baseline.
WASHOUT = (1.5, 1.2, 0.9)
PERSISTENT = (0.5, 0.9, 1.4)


def affine(spacing: tuple[float, float, float] = SPACING, *, x_mm: float = 20.0) -> np.ndarray:
    """Anatomical order: slices to the head, rows to the back, columns to the left."""
    out = np.zeros((4, 4))
    out[2, 0], out[1, 1], out[0, 2] = spacing
    out[:, 3] = (x_mm, -40.0, -45.0, 1.0)
    return out


@dataclass
class Phantom:
    """Left breast filling a box, air in front, chest behind; signal of every phase."""

    noise: float = 4.0
    seed: int = 0
    affine: np.ndarray = field(default_factory=affine)

    def __post_init__(self) -> None:
        self.body = np.zeros(SHAPE, bool)
        self.body[:, 8:] = True
        self.breast = np.zeros(SHAPE, np.uint8)
        self.breast[3:-3, 8:60, 3:-3] = Laterality.LEFT
        self.skin = np.zeros(SHAPE, bool)
        self.skin[3:-3, 8:10, 3:-3] = True
        self.gland = self.breast > 0
        self.gland[:, :14] = False
        self.uptake = np.zeros((len(TIMES_S), *SHAPE))
        self.uptake[1:, self.gland] = 0.15  # background enhancement

    def distance_mm(self, centre: tuple[float, float, float]) -> np.ndarray:
        """Distance of every voxel to an index."""
        grid = np.indices(SHAPE).astype(float)
        offset = (grid - np.reshape(centre, (3, 1, 1, 1))) * np.reshape(SPACING, (3, 1, 1, 1))
        return np.sqrt((offset**2).sum(axis=0))

    def paint(self, mask: np.ndarray, curve: tuple[float, ...] = WASHOUT) -> np.ndarray:
        """Let a region enhance; returns it."""
        for phase, rise in enumerate(curve, start=1):
            self.uptake[phase][mask] = rise
        return mask

    def ball(
        self,
        centre: tuple[float, float, float],
        radius_mm: float,
        curve: tuple[float, ...] = WASHOUT,
    ) -> np.ndarray:
        """Let a ball enhance; returns it."""
        return self.paint(self.distance_mm(centre) <= radius_mm, curve)

    def tube(self, row: int, column: int, radius_mm: float) -> np.ndarray:
        """Let a tube from feet to head enhance; returns it."""
        grid = np.indices(SHAPE).astype(float)
        inside = np.hypot(grid[1] - row, grid[2] - column) * SPACING[1] <= radius_mm
        inside[:5], inside[-5:] = False, False
        return self.paint(inside)

    def series(self) -> DynamicSeries:
        """Dynamic series with noise."""
        random = np.random.default_rng(self.seed)
        signal = BASELINE * (1 + self.uptake) * self.body
        signal = signal + random.normal(0, self.noise, signal.shape)
        return DynamicSeries(signal.astype(np.float32), self.affine, TIMES_S)

    def anatomy(self) -> Anatomy:
        """Its true anatomy; the nipple in the middle of the front."""
        tip = to_lps(self.affine, np.array([SHAPE[0] / 2, 8, SHAPE[2] / 2]))
        return Anatomy(
            self.breast, self.gland, self.skin, self.body, self.affine,
            {Laterality.LEFT: tuple(tip)}, "phantom",
        )  # fmt: skip

    def maps(self, series: DynamicSeries) -> KineticMaps:
        """Kinetic maps of the series."""
        return kinetic_maps(series)[0]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Overlap of two masks, 0 to 1."""
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))

"""Size and shape of a woman's chest and breasts, as numbers.

Lengths are mm, positions LPS; the woman lies prone. Breast volumes follow `_population_table`;
proportions without a source there are assumptions, set by eye against real exams.
"""

from dataclasses import dataclass

import numpy as np

from mamri.records import Laterality
from mamri.simulation._population_table import (
    NIPPLE_HEIGHT_MM,
    VOLUME_ASYMMETRY,
    Normal,
)


@dataclass(frozen=True, slots=True)
class BreastShape:
    """One breast, prone.

    Parameters
    ----------
    side : Laterality
    centre_mm : (x, y, z), mm
        On the chest, where the axis of the breast begins.
    half_width_mm, upper_mm, lower_mm : float, mm
        Extent to the sides, upwards and downwards at the chest.
    length_mm : float, mm
        From the chest to the tip.
    lean_mm, droop_mm : float, mm
        Shift of the tip to the left and to the head.
    fullness : float
        Exponent of the profile: 1.5 is a cone, 3 is blunt.
    nipple_length_mm : float, mm
    """

    side: Laterality
    centre_mm: tuple[float, float, float]
    half_width_mm: float
    upper_mm: float
    lower_mm: float
    length_mm: float
    lean_mm: float
    droop_mm: float = 0.0
    fullness: float = 2.2
    nipple_length_mm: float = 7.0

    @property
    def nipple_mm(self) -> tuple[float, float, float]:
        """Tip of the breast."""
        x, y, z = self.centre_mm
        return x + self.lean_mm, y - self.length_mm, z + self.droop_mm


@dataclass(frozen=True, slots=True)
class Physique:
    """Chest and breasts of a woman.

    Parameters
    ----------
    breasts : tuple of BreastShape
        Right, left.
    rib_width_mm, rib_depth_mm : float, mm
        Half axes of the rib cage.
    chest_front_mm : float, mm
        Front of the rib cage at the sternum, y.
    chest_slope : float
        Rise of the front of the chest per mm towards the head.
    fat_mm : float, mm
        Subcutaneous fat over the chest.
    pectoral_mm : float, mm
        Thickness of the pectoral muscle.
    fold_mm : float, mm
        Rounding of the fold between breast and chest.
    heart_mm, liver_mm : float, mm
        Height of their centres, z.
    """

    breasts: tuple[BreastShape, ...]
    rib_width_mm: float = 150.0
    rib_depth_mm: float = 97.0
    chest_front_mm: float = 44.0
    chest_slope: float = 0.17
    fat_mm: float = 14.0
    pectoral_mm: float = 15.0
    fold_mm: float = 14.0
    heart_mm: float = -25.0
    liver_mm: float = -125.0


def draw_within(rng: np.random.Generator, spread: Normal) -> float:
    """A value of a normal distribution, drawn again until it lies within its limits."""
    while True:
        value = float(rng.normal(spread.mean, spread.sd))
        if spread.low <= value <= spread.high:
            return value


def draw_positive(rng: np.random.Generator, spread: Normal) -> float:
    """A value of a log-normal distribution with this mean and SD, within its limits."""
    log_sd = np.sqrt(np.log(1 + (spread.sd / spread.mean) ** 2))
    while True:
        value = float(rng.lognormal(np.log(spread.mean) - log_sd**2 / 2, log_sd))
        if spread.low <= value <= spread.high:
            return value


def _profile_share(fullness: float) -> float:
    """Volume of a breast against its width x height x length x pi / 4, 0.6 to 0.8."""
    forward = (np.arange(200) + 0.5) / 200
    return float(np.mean((1 - forward**fullness) ** (2 / 2.3)))


def draw_physique(rng: np.random.Generator, volume_ml: float) -> Physique:
    """Chest and breasts for a given mean breast volume.

    Parameters
    ----------
    rng : numpy Generator
    volume_ml : float, ml
        Mean of both breasts, without the flat tissue around them: what is read as breast on MRI,
        to the midline and the clavicle, is about a third more (measured on rendered women).

    Returns
    -------
    Physique
    """
    heavier = np.clip(np.log(volume_ml / 700.0), -1.0, 1.2)
    rib_width = float(rng.normal(147, 6))
    fat = float(np.clip(rng.normal(13 + 8 * heavier, 4), 5, 34))
    size = (volume_ml / 1000.0) ** (1 / 3)
    elongation = rng.normal(1.0, 0.11)
    fullness = float(rng.uniform(1.5, 2.8))
    droop = float(rng.normal(-4, 7)) * size
    lean = float(rng.normal(6, 3.5)) * size
    height = float(rng.normal(-8, 4))
    breasts = []
    imbalance = rng.normal(0, VOLUME_ASYMMETRY / 2)
    for side, sign in ((Laterality.RIGHT, -1), (Laterality.LEFT, 1)):
        volume = volume_ml * (1 + sign * imbalance)
        upper_share = np.clip(rng.normal(0.60, 0.015), 0.54, 0.66)
        length = 105.0 * (volume / 1000.0) ** (1 / 3) * elongation
        # What is left of the volume is the base; breasts are about a fifth higher than wide.
        base = volume * 1000.0 / (np.pi / 4 * _profile_share(fullness) * length)
        width = float(np.clip(np.sqrt(base / 1.2), 70, 156))
        tall = base / width
        apart = max(0.5 * width + 12.0, 0.56 * rib_width + float(rng.normal(2, 2)))
        y = 44.0 + 97.0 * (1 - np.sqrt(1 - min(0.8, apart / rib_width) ** 2)) - 0.6 * fat - 12.0
        breasts.append(
            BreastShape(
                side=side,
                centre_mm=(sign * apart, float(y), height + float(rng.normal(0, 2))),
                half_width_mm=0.5 * width,
                upper_mm=float(tall * upper_share),
                lower_mm=float(tall * (1 - upper_share)),
                length_mm=float(length),
                lean_mm=sign * lean + float(rng.normal(0, 1.5)),
                droop_mm=droop + float(rng.normal(0, 2)),
                fullness=fullness,
                nipple_length_mm=0.7 * draw_within(rng, NIPPLE_HEIGHT_MM),
            )
        )
    return Physique(
        breasts=tuple(breasts),
        rib_width_mm=rib_width,
        rib_depth_mm=float(rng.normal(97, 5)),
        chest_slope=float(rng.normal(0.17, 0.04)),
        fat_mm=fat,
        pectoral_mm=float(np.clip(rng.normal(14, 3.5), 6, 24)),
        fold_mm=float(rng.uniform(7, 15)),
        heart_mm=float(rng.normal(-25, 9)),
        liver_mm=float(rng.normal(-125, 10)),
    )

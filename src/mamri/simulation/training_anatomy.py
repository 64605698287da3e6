"""A woman as models learn from her: tissue maps, labels, and the signals of her tissues."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mamri.records import Plane
from mamri.simulation._tissue_table import N_PLAIN, TISSUES, Tissue
from mamri.simulation.digital_body import build_body, render_mixture
from mamri.simulation.draw_lesions import LesionMix
from mamri.simulation.mixture import TissueMixture
from mamri.simulation.sequences import FatHandling, GradientEcho, Grid, TurboSpinEcho
from mamri.simulation.signal_tables import (
    FLIP_SCALES,
    CodeProperties,
    code_properties,
    concentrations,
    gradient_echo_tables,
    spin_echo_tables,
)
from mamri.simulation.woman import Woman, draw_woman

_FIELD_MM = (240.0, 300.0, 390.0)  # both breasts and the chest behind them
DYNAMIC_TIMES_S = (-60.0, 50.0, 75.0, 105.0, 150.0, 210.0, 280.0, 360.0, 450.0)
_NOMINAL_FLIP = int(np.argmin(np.abs(FLIP_SCALES - 1)))
# Weakly and strongly weighted T1 as clinical protocols have them, with fat and without.
_STILL = tuple(
    sequence
    for handling in FatHandling
    for sequence in (GradientEcho(4.5, 1.5, 12.0, handling), GradientEcho(8.0, 2.4, 20.0, handling))
)
# As the protocols of `protocols` have them, with the field strength in T.
_DYNAMIC = (
    *((GradientEcho(4.5, 1.5, 12.0, fat), 1.5) for fat in FatHandling),
    *(
        (GradientEcho(9.5, 3.5, 25.0, fat), 1.5)
        for fat in (FatHandling.NONE, FatHandling.SUPPRESSED)
    ),
    *(
        (GradientEcho(5.0, 1.7, 10.0, fat), 3.0)
        for fat in (FatHandling.NONE, FatHandling.SUPPRESSED)
    ),
)


def training_grid(spacing_mm: float) -> Grid:
    """Grid of equal spacings over breasts and chest."""
    s, r, c = (int(size / spacing_mm) for size in _FIELD_MM)
    return Grid((s, r, c), (spacing_mm,) * 3, Plane.AXIAL)


GRID = training_grid(1.5)


class TrainingLabel(IntEnum):
    """Labels of an anatomy to learn; each voxel has one, and a side where it lies in a breast.

    A target holds ``label + SIDE_STEP * side``: side 1 is the right breast, 2 the left, and 0
    outside the breasts. ``BREAST`` is what lies in a breast and is none of the others.
    """

    BACKGROUND = 0
    BREAST = 1
    FIBROGLANDULAR = 2
    VESSEL = 3
    MUSCLE = 4
    HEART = 5
    SKIN = 6
    NIPPLE = 7
    LESION = 8


SIDE_STEP = 16
MIRRORED = tuple((SIDE_STEP + int(k), 2 * SIDE_STEP + int(k)) for k in TrainingLabel)
FAT_TISSUES = tuple(int(t) for t, p in TISSUES.items() if p.fat_share > 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingAnatomy:
    """One woman, ready to be given random appearances.

    Parameters
    ----------
    mixture : TissueMixture
    target : (S, R, C) uint8
        Values of `TrainingLabel` and of side.
    still_tables : (N, K, U) float32, a.u.
        Signal of N contrasts by tissue code and relative uptake from 0 to 2.5: T1 at 1.5 T and 3 T
        with fat, without fat after a suppression pulse, and of water alone (Dixon); T2 with fat.
        What suppression leaves of fat is to be added.
    dynamic_tables : (M, K, U, T) float32, a.u.
        M dynamic T1 series at `DYNAMIC_TIMES_S`, with fat and without.
    enhancing : tuple of int
        Tissue codes that take up much contrast agent.
    """

    mixture: TissueMixture
    target: np.ndarray
    still_tables: np.ndarray
    dynamic_tables: np.ndarray
    enhancing: tuple[int, ...]


def make_training_anatomy(
    seed: int,
    mix: LesionMix = LesionMix(),  # noqa: B008 frozen, so safe to share
    grid: Grid = GRID,
) -> TrainingAnatomy:
    """Draw a woman and render her for training.

    Parameters
    ----------
    seed : int
        Same seed, same anatomy.
    mix : LesionMix
    grid : Grid
        1.5 mm over breasts and chest by default.
    """
    woman = draw_woman(seed, mix)
    mixture = render_mixture(build_body(woman), grid.affine(), grid.shape)
    still, dynamic, enhancing = training_tables(woman)
    return TrainingAnatomy(mixture, training_target(mixture), still, dynamic, enhancing)


def training_tables(woman: Woman) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Signals of a woman's tissues, and her enhancing tissues, as `TrainingAnatomy` holds them."""
    codes = code_properties(woman.lesions)
    amounts = concentrations(codes, np.array(DYNAMIC_TIMES_S), woman.bolus_delay_s)
    nothing = np.zeros(len(codes))
    still = [
        _whole(gradient_echo_tables(codes, nothing, sequence, field), sequence.fat)
        for sequence in _STILL
        for field in (1.5, 3.0)
    ]
    still.append(_whole(spin_echo_tables(codes, TurboSpinEcho(grid=GRID), 1.5)))
    dynamic = [
        [_whole(gradient_echo_tables(codes, a, sequence, field), sequence.fat) for a in amounts]
        for sequence, field in _DYNAMIC
    ]
    return np.stack(still), np.moveaxis(np.array(dynamic), 1, -1), _enhancing(codes)


def _whole(
    tables: tuple[np.ndarray, np.ndarray], fat_is: FatHandling = FatHandling.NONE
) -> np.ndarray:
    """Water, and fat where it is in the image, together at the nominal flip angle, (K, U)."""
    water, fat = tables
    both = water + fat if fat_is is FatHandling.NONE else water
    return np.asarray(both[:, :, _NOMINAL_FLIP], np.float32)


def _enhancing(codes: list[CodeProperties]) -> tuple[int, ...]:
    blood = tuple(n for n, code in enumerate(codes) if code.is_blood)
    return (*blood, int(Tissue.NODE), *range(N_PLAIN, len(codes)))


def training_target(mixture: TissueMixture) -> np.ndarray:
    """Labels and sides of a mixture, (S, R, C) uint8.

    Skin and nipple count as such only over the breasts; vessels are those of the breasts and beside
    the sternum.
    """
    tissue, breast = mixture.tissue, mixture.breast
    target = np.zeros(mixture.shape, np.uint8)
    for label, tissues in (
        (TrainingLabel.MUSCLE, (Tissue.MUSCLE,)),
        (TrainingLabel.HEART, (Tissue.BLOOD, Tissue.MYOCARDIUM)),
    ):
        target[np.isin(tissue, tissues)] = label
    target[breast > 0] = TrainingLabel.BREAST
    target[mixture.fibroglandular] = TrainingLabel.FIBROGLANDULAR
    target[(tissue == Tissue.SKIN) & (breast > 0)] = TrainingLabel.SKIN
    target[(tissue == Tissue.NIPPLE) & (breast > 0)] = TrainingLabel.NIPPLE
    target[mixture.vessels] = TrainingLabel.VESSEL
    target[mixture.lesions > 0] = TrainingLabel.LESION
    return target + SIDE_STEP * breast

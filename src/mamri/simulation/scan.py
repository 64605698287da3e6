"""A woman in a scanner: what all series share, and the dynamic ones."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.condition import ScanCondition
from mamri.simulation.digital_body import DigitalBody, render_mixture
from mamri.simulation.image_formation import (
    FULL_SCALE,
    add_ghosts,
    blur,
    digitize,
    fold_in,
    magnitude,
)
from mamri.simulation.mixture import NEUTRAL, TissueMixture
from mamri.simulation.motion import Poses, depth_in_chest, draw_poses, moved
from mamri.simulation.scanner_fields import ScannerFields, make_fields
from mamri.simulation.sequences import (
    DynamicScan,
    FatHandling,
    GradientEcho,
    Grid,
    Protocol,
)
from mamri.simulation.signal_tables import (
    CodeProperties,
    code_properties,
    concentrations,
    gradient_echo_tables,
)
from mamri.simulation.synthesis import (
    coarse_ticks,
    gains,
    synthesize,
)

NOMINAL_FLIP = 5  # column of a flip angle scale of 1
# Of fat in water images: its olefinic peak, 4.7 % of its signal, lies beside water (Hamilton G et
# al. NMR Biomed 2011;24:784-790). Taken for water in fat images too (assumption).
_DIXON_LEAK = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """What all series of one visit share.

    Parameters
    ----------
    digital : DigitalBody
    protocol : Protocol
    condition : ScanCondition
    fields : ScannerFields
    codes : list of CodeProperties
    seed : int
    """

    digital: DigitalBody
    protocol: Protocol
    condition: ScanCondition
    fields: ScannerFields
    codes: list[CodeProperties]
    seed: int

    def rng(self, part: int) -> np.random.Generator:
        """Generator of one part of the visit."""
        return np.random.default_rng([self.seed, 30, part])

    @property
    def bolus_delay_s(self) -> float:
        """Arrival in the aorta; tissue of the breast follows."""
        return self.digital.woman.bolus_delay_s


def begin_visit(
    digital: DigitalBody, protocol: Protocol, condition: ScanCondition, seed: int
) -> Visit:
    """Put the woman into the scanner."""
    fields = make_fields(
        digital.body,
        protocol.field_strength_t,
        np.random.default_rng([seed, 31]),
        shim_error_ppm=condition.shim_error_ppm,
        side=protocol.dynamic.grid.side,
    )
    codes = code_properties(tuple(lesion.plan for lesion in digital.lesions))
    return Visit(digital, protocol, condition, fields, codes, seed)


@dataclass(frozen=True, slots=True, eq=False)
class DynamicResult:
    """A dynamic series with what it was made from.

    Parameters
    ----------
    phases : (T, S, R, C) int16, a.u.
    dixon : mapping of contrast to (1, S, R, C) int16
        Further images of the first phase.
    mixture : TissueMixture
        On the stored grid, in the position of the first phase.
    poses : Poses
    """

    phases: np.ndarray
    dixon: dict[str, np.ndarray]
    mixture: TissueMixture
    poses: Poses


def _padded(grid: Grid, wrap_mm: float) -> tuple[np.ndarray, tuple[int, int, int], int]:
    """Affine and shape of the grid with a margin at both ends of phase encoding, and the margin."""
    axis = grid.phase_axis
    margin = round(wrap_mm / grid.spacing_mm[axis])
    affine, shape = np.array(grid.affine()), list(grid.shape)
    affine[:3, 3] -= margin * affine[:3, axis]
    shape[axis] += 2 * margin
    return affine, (shape[0], shape[1], shape[2]), margin


def _cropped(mixture: TissueMixture, axis: int, margin: int, affine: np.ndarray) -> TissueMixture:
    if margin == 0:
        return mixture
    keep = [slice(None)] * 3
    keep[axis] = slice(margin, -margin)
    s, r, c = keep
    return TissueMixture(
        tissues=mixture.tissues[:, s, r, c],
        share=mixture.share[s, r, c],
        uptake=mixture.uptake[s, r, c],
        grain=mixture.grain[s, r, c],
        breast=mixture.breast[s, r, c],
        lesions=mixture.lesions[s, r, c],
        fibroglandular=mixture.fibroglandular[s, r, c],
        vessels=mixture.vessels[s, r, c],
        affine=affine,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Receiver:
    """What turns a noise-free image into a stored one."""

    encoded: tuple[float, float, float]
    axis: int
    margin: int
    sigma: np.ndarray | float
    evening: np.ndarray | None
    air: np.ndarray | None
    moving: np.ndarray
    ghost: float
    coil_ghost: float

    def store(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Ghosts, wrap, point spread, noise, magnitude, intensity correction, 12 bits."""
        np.minimum(image, FULL_SCALE, out=image)
        _blur_beats(image, self.moving)
        add_ghosts(image, image * self.moving, self.axis, self.ghost, rng)
        image = fold_in(image, self.axis, self.margin)
        if self.coil_ghost > 0:
            half = image.shape[self.axis] // 2
            image = image + np.float32(self.coil_ghost) * np.roll(image, half, self.axis)
        image = magnitude(blur(image, self.encoded), self.sigma, self.encoded, rng)
        if self.evening is not None:
            image *= self.evening
        if self.air is not None:
            image[self.air] = 0
        return digitize(image)


def _blur_beats(image: np.ndarray, moving: np.ndarray) -> None:
    """Smear what moves during every phase over a few voxels, in place."""
    index = np.flatnonzero(moving.any(axis=(1, 2)))
    if index.size == 0:
        return
    part = slice(index[0], index[-1] + 1)
    smeared = image[part]
    for axis in (1, 2):
        smeared = ndimage.uniform_filter1d(smeared, 7, axis=axis)
    image[part] += moving[part] * (smeared - image[part])


def make_receiver(
    visit: Visit, grid: Grid, mixture: TissueMixture, margin: int, back: np.ndarray, noise: float
) -> _Receiver:
    """What turns images of a grid into stored ones.

    Parameters
    ----------
    visit : Visit
    grid : Grid
    mixture : TissueMixture
        With the margin.
    margin : int, voxels
        That folds in at both ends of phase encoding.
    back : (S, R, C) float32
        From `depth_in_chest`, with the margin.
    noise : float
        Against fibroglandular tissue before contrast.
    """
    protocol, condition = visit.protocol, visit.condition
    axis = grid.phase_axis
    keep = [slice(None)] * 3
    if margin:
        keep[axis] = slice(margin, -margin)
    across = np.linspace(-1, 1, grid.shape[axis], dtype=np.float32)
    g = 1 + (condition.g_factor - 1) * np.exp(-((across / 0.45) ** 2))
    shape = [1, 1, 1]
    shape[axis] = -1
    evening = None
    if protocol.evenness > 0:
        sensitivity = _even(visit.fields, grid)
        evening = np.maximum(sensitivity, 0.05) ** np.float32(-protocol.evenness)
    beating = np.isin(mixture.tissue, (Tissue.BLOOD, Tissue.MYOCARDIUM, Tissue.LIVER))
    # The chest behind the breasts breathes.
    moving = np.maximum(beating, np.float32(0.35) * np.clip(back, 0, 1))
    return _Receiver(
        encoded=protocol.encoded,
        axis=axis,
        margin=margin,
        sigma=np.asarray(condition.gain * noise * condition.noise_factor * g.reshape(shape)),
        evening=evening,
        air=np.asarray(back[tuple(keep)] < 0) if protocol.air_masked else None,
        moving=np.asarray(moving, np.float32),
        ghost=condition.ghost,
        coil_ghost=condition.coil_ghost,
    )


def _even(fields: ScannerFields, grid: Grid) -> np.ndarray:
    """Sensitivity on every voxel of a grid, float32."""
    ticks, _ = coarse_ticks(grid.shape)
    coarse = fields.on_ticks(grid.affine(), ticks)[..., 2]
    zoom = [n / m for n, m in zip(grid.shape, coarse.shape, strict=True)]
    return np.asarray(ndimage.zoom(coarse, zoom, order=1, grid_mode=False), np.float32)


def off_resonance(visit: Visit, mixture: TissueMixture) -> np.ndarray:
    """Off resonance on the ticks of `coarse_ticks`, ppm."""
    ticks, _ = coarse_ticks(mixture.shape)
    return visit.fields.on_ticks(mixture.affine, ticks)[..., 0]


def gradient_echo_gains(
    visit: Visit, sequence: GradientEcho, mixture: TissueMixture
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Water gain, fat gain and cosine of their phase on the ticks of `coarse_ticks`."""
    return _gains_at(visit, sequence, off_resonance(visit, mixture))


def _gains_at(
    visit: Visit, sequence: GradientEcho, off_ppm: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return gains(
        off_ppm,
        sequence.fat,
        te_ms=sequence.te_ms,
        field_strength_t=visit.protocol.field_strength_t,
        residual=visit.condition.fat_residual,
        half_ppm=visit.condition.suppression_ppm,
    )


def _dixon_gains(
    visit: Visit, contrast: str, mixture: TissueMixture
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Water, fat, in-phase or opposed-phase; water and fat swap where the field is far off."""
    off = off_resonance(visit, mixture)
    one = np.ones_like(off)
    swapped = 0.5 + 0.5 * np.tanh((np.abs(off) - 2.6 * visit.condition.suppression_ppm) / 0.2)
    leak = _DIXON_LEAK
    if contrast == "water":
        return 1 - swapped, leak + swapped * (1 - leak), one
    if contrast == "fat":
        return leak + swapped * (1 - leak), 1 - swapped, one
    return one, one, one if contrast == "in-phase" else -one


def on_resonance_gains(visit: Visit, sequence: GradientEcho) -> tuple[float, float, float]:
    """Water gain, fat gain and cosine of their phase where the field is right."""
    if sequence.fat is FatHandling.DIXON:
        return 1.0, _DIXON_LEAK, 1.0
    water, fat, phase = _gains_at(visit, sequence, np.zeros(1))
    return float(water[0]), float(fat[0]), float(phase[0])


def scan_dynamic(visit: Visit, scan: DynamicScan, part: int) -> DynamicResult:
    """Acquire a dynamic series.

    Parameters
    ----------
    visit : Visit
    scan : DynamicScan
    part : int
        Number of this series within the visit, for its random numbers.
    """
    grid, sequence, protocol = scan.grid, scan.sequence, visit.protocol
    affine, shape, margin = _padded(grid, protocol.wrap_mm)
    mixture = render_mixture(visit.digital, affine, shape)
    amounts = concentrations(visit.codes, np.array(scan.times_s), visit.bolus_delay_s)
    rng = visit.rng(part)
    poses = draw_poses(
        len(scan.times_s), visit.condition.motion_mm, visit.condition.motion_within, rng
    )
    back = depth_in_chest(visit.digital.body, affine, shape)
    receiver = make_receiver(visit, grid, mixture, margin, back, scan.noise)
    is_dixon = sequence.fat is FatHandling.DIXON
    gain = (
        _dixon_gains(visit, "water", mixture)
        if is_dixon
        else gradient_echo_gains(visit, sequence, mixture)
    )
    phases = np.empty((len(scan.times_s), *grid.shape), np.int16)
    factor: np.float32 = np.float32(1)
    dixon: dict[str, np.ndarray] = {}
    for t, amount in enumerate(amounts):
        tables = gradient_echo_tables(visit.codes, amount, sequence, protocol.field_strength_t)
        if t == 0:
            level = tables[0][Tissue.FIBROGLANDULAR, NEUTRAL, NOMINAL_FLIP]
            factor = np.float32(visit.condition.gain / level)
        image = synthesize(mixture, tables, visit.fields, water_fat_phase=gain)
        image *= factor
        if t == 0 and is_dixon:
            for contrast in ("fat", "in-phase", "opposed-phase"):
                other = synthesize(
                    mixture,
                    tables,
                    visit.fields,
                    water_fat_phase=_dixon_gains(visit, contrast, mixture),
                )
                dixon[contrast] = receiver.store(other * factor, rng)[None]
        if visit.condition.motion_mm > 0 and t > 0:
            image = moved(image, poses, t, affine=affine, back=back, axis=grid.phase_axis)
        phases[t] = receiver.store(image, rng)
    kept = _cropped(mixture, grid.phase_axis, margin, grid.affine())
    return DynamicResult(phases, dixon, kept, poses)

"""Series that are acquired once: T1 without fat suppression, T2, diffusion."""

import numpy as np
from scipy import ndimage

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.digital_body import render_mixture
from mamri.simulation.image_formation import blur, digitize, distort, magnitude
from mamri.simulation.mixture import NEUTRAL, TissueMixture
from mamri.simulation.motion import depth_in_chest
from mamri.simulation.scan import (
    NOMINAL_FLIP,
    Visit,
    gradient_echo_gains,
    make_receiver,
    off_resonance,
)
from mamri.simulation.sequences import DiffusionEcho, FatHandling, GradientEcho, TurboSpinEcho
from mamri.simulation.signal_tables import (
    diffusion_tables,
    gradient_echo_tables,
    spin_echo_tables,
)
from mamri.simulation.synthesis import PPM_FAT, PROTON_HZ_PER_T, gains, synthesize

_N2_GHOST = 0.02  # Nyquist ghost of echo planar imaging (assumption)


def scan_plain_t1(
    visit: Visit, sequence: GradientEcho, mixture: TissueMixture, part: int
) -> np.ndarray:
    """T1-weighted volume before contrast on the grid of a mixture, (1, S, R, C) int16."""
    grid = visit.protocol.dynamic.grid
    back = depth_in_chest(visit.digital.body, mixture.affine, mixture.shape)
    receiver = make_receiver(visit, grid, mixture, 0, back, 0.8 * visit.protocol.dynamic.noise)
    nothing = np.zeros(len(visit.codes))
    tables = gradient_echo_tables(visit.codes, nothing, sequence, visit.protocol.field_strength_t)
    gain = gradient_echo_gains(visit, sequence, mixture)
    image = synthesize(mixture, tables, visit.fields, water_fat_phase=gain)
    image *= np.float32(
        visit.condition.gain / tables[0][Tissue.FIBROGLANDULAR, NEUTRAL, NOMINAL_FLIP]
    )
    return receiver.store(image, visit.rng(part))[None]


def scan_t2(visit: Visit, sequence: TurboSpinEcho, part: int) -> np.ndarray:
    """T2-weighted volume, (1, S, R, C) int16."""
    grid = sequence.grid
    mixture = render_mixture(visit.digital, grid.affine(), grid.shape)
    back = depth_in_chest(visit.digital.body, mixture.affine, mixture.shape)
    receiver = make_receiver(visit, grid, mixture, 0, back, 0.03)
    tables = spin_echo_tables(visit.codes, sequence, visit.protocol.field_strength_t)
    off = off_resonance(visit, mixture)
    one = np.ones_like(off)
    gain = (one, one, one)
    if sequence.fat is FatHandling.SUPPRESSED and sequence.inversion_time_ms is None:
        gain = gains(
            off,
            sequence.fat,
            te_ms=0.0,
            field_strength_t=visit.protocol.field_strength_t,
            residual=visit.condition.fat_residual,
            half_ppm=visit.condition.suppression_ppm,
        )
    image = synthesize(mixture, tables, visit.fields, water_fat_phase=gain, flip=False)
    level = tables[0][Tissue.FIBROGLANDULAR, NEUTRAL, NOMINAL_FLIP]
    image *= np.float32(0.7 * visit.condition.gain / level)
    return receiver.store(image, visit.rng(part))[None]


def scan_diffusion(visit: Visit, sequence: DiffusionEcho, part: int) -> np.ndarray:
    """Diffusion-weighted volumes, (B, S, R, C) int16.

    Off resonance shifts them along phase encoding, fat by its chemical shift as well; a Nyquist
    ghost lies half a field of view away.
    """
    grid, protocol, condition = sequence.grid, visit.protocol, visit.condition
    rng = visit.rng(part)
    mixture = render_mixture(visit.digital, grid.affine(), grid.shape)
    hz_per_ppm = 1e-6 * PROTON_HZ_PER_T * protocol.field_strength_t
    # Voxels a Hz: echo train length in seconds.
    train_s = grid.shape[1] * sequence.echo_spacing_ms / 1000.0 / sequence.acceleration
    off = off_resonance(visit, mixture)
    zoom = [n / m for n, m in zip(grid.shape, off.shape, strict=True)]
    full = np.asarray(ndimage.zoom(off, zoom, order=1, grid_mode=False), np.float32)
    shift = full * np.float32(hz_per_ppm * train_s)
    water_left, fat_left, _ = gains(
        off,
        FatHandling.SUPPRESSED,
        te_ms=0.0,
        field_strength_t=protocol.field_strength_t,
        residual=0.5 * condition.fat_residual,
        half_ppm=condition.suppression_ppm,
    )
    zero, one = np.zeros_like(off), np.ones_like(off)
    images: list[np.ndarray] = []
    level = 1.0
    for b in sequence.b_values:
        tables = diffusion_tables(visit.codes, sequence, b, protocol.field_strength_t)
        if not images:
            level = float(tables[0][Tissue.FIBROGLANDULAR, NEUTRAL, NOMINAL_FLIP])
        water = synthesize(
            mixture, tables, visit.fields, water_fat_phase=(water_left, zero, one), flip=False
        )
        fat = synthesize(
            mixture, tables, visit.fields, water_fat_phase=(zero, fat_left, one), flip=False
        )
        fat_shift = shift + np.float32(PPM_FAT * hz_per_ppm * train_s)
        image = distort(water, shift) + distort(fat, fat_shift)
        image *= np.float32(condition.gain / level)
        image += np.float32(_N2_GHOST) * np.roll(image, grid.shape[1] // 2, 1)
        image = magnitude(
            blur(image, (1.0, 0.9, 0.9)),
            0.05 * condition.gain * condition.noise_factor,
            (1.0, 0.9, 0.9),
            rng,
        )
        images.append(digitize(image))
    return np.stack(images)

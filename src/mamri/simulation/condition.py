"""How well a visit goes: motion, fat suppression, ghosts. Drawn anew for each exam.

No published distribution of these was found; all spreads are assumptions, chosen so that a tenth of
the exams is clearly degraded.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ScanCondition:
    """What the scanner and the patient add to an exam.

    Parameters
    ----------
    noise_factor : float
        Multiplies the noise of the protocol.
    motion_mm : float, mm
        Largest shift of a phase against the first; 0 for none. Rotation and breathing of the
        chest wall grow with it.
    motion_within : float
        Chance that a phase is blurred by motion during its acquisition.
    fat_residual : float
        Share of the fat signal that perfect shimming leaves after suppression.
    suppression_ppm : float, ppm
        Off resonance at which suppression has half failed.
    shim_error_ppm : float, ppm
    ghost : float
        Strength of cardiac and breathing ghosts.
    coil_ghost : float
        Residual aliasing of parallel imaging.
    g_factor : float
        Noise amplification of parallel imaging in the middle of the field.
    gain : float
        Signal of fibroglandular tissue before contrast, mid-breast, a.u.
    """

    noise_factor: float = 1.0
    motion_mm: float = 0.8
    motion_within: float = 0.0
    fat_residual: float = 0.11
    suppression_ppm: float = 1.5
    shim_error_ppm: float = 0.25
    ghost: float = 0.01
    coil_ghost: float = 0.004
    g_factor: float = 1.3
    gain: float = 420.0


def draw_condition(seed: int) -> ScanCondition:
    """Condition of a random visit.

    Parameters
    ----------
    seed : int
        Same seed, same condition.
    """
    rng = np.random.default_rng([seed, 20])
    bad_fat = rng.random() < 0.12
    return ScanCondition(
        noise_factor=float(rng.uniform(0.7, 1.6)),
        motion_mm=float(min(rng.gamma(1.6, 0.55), 6.0)),
        motion_within=float(rng.uniform(0, 0.25)),
        fat_residual=float(rng.uniform(0.07, 0.14) + 0.12 * bad_fat),
        suppression_ppm=float(rng.uniform(1.1, 2.0) - 0.5 * bad_fat),
        shim_error_ppm=float(rng.uniform(0.1, 0.4) + 0.4 * bad_fat),
        ghost=float(rng.gamma(1.3, 0.013)),
        coil_ghost=float(rng.gamma(1.2, 0.004)),
        g_factor=float(rng.uniform(1.05, 1.8)),
        gain=float(rng.lognormal(np.log(420.0), 0.35)),
    )

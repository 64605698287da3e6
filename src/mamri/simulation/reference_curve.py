"""Delayed change of signal that kinetic parameters give with a reference protocol."""

from functools import cache

import numpy as np

from mamri.perfusion.arterial_input import parker_blood
from mamri.simulation._tissue_table import GADOBUTROL_RELAXIVITY, HAEMATOCRIT
from mamri.simulation.physics import spoiled_gradient_echo

# A usual fat-suppressed protocol: TR 4.5 ms, 12 degrees, 1.5 T; early at 135 s, late at 370 s.
TR_MS, FLIP_ANGLE_DEG, T1_MS = 4.5, 12.0, 1370.0
EARLY_S, LATE_S, DELAY_S, STEP_S = 135.0, 370.0, 18.0, 1.0


@cache
def _plasma() -> np.ndarray:
    times = np.arange(0.0, LATE_S + STEP_S, STEP_S)
    return parker_blood(times, delay_s=DELAY_S) / (1 - HAEMATOCRIT)


def reference_curve_change(
    ktrans_per_min: np.ndarray, kep_per_min: np.ndarray, vp: np.ndarray
) -> np.ndarray:
    """Change of signal from the early to the last phase of the reference protocol.

    Parameters
    ----------
    ktrans_per_min, kep_per_min : (N,) float, per minute
    vp : (N,) float, volume fraction

    Returns
    -------
    (N,) float, %
        Above 10 is persistent, below -10 wash-out.
    """
    signals = []
    for seconds in (EARLY_S, LATE_S):
        plasma = _plasma()[: int(seconds / STEP_S) + 1]
        ago_min = STEP_S / 60.0 * np.arange(plasma.size)[::-1]
        weights = np.full(plasma.size, STEP_S / 60.0)  # trapezoidal rule
        weights[[0, -1]] /= 2
        uptake = np.exp(-np.multiply.outer(kep_per_min, ago_min)) @ (weights * plasma)
        amount = ktrans_per_min * uptake + vp * plasma[-1]
        signals.append(
            spoiled_gradient_echo(
                1000.0 / T1_MS + GADOBUTROL_RELAXIVITY[0] * amount,
                tr_ms=TR_MS,
                flip_angle_deg=FLIP_ANGLE_DEG,
            )
        )
    early, late = signals
    return np.asarray(100 * (late / early - 1))

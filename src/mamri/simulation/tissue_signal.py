"""Signal of every tissue in every phase, from its magnetic and kinetic properties."""

import numpy as np

from mamri.simulation._tissue_table import (
    GADOBUTROL_RELAXIVITY,
    HAEMATOCRIT,
    TISSUES,
    Tissue,
    TissueProperties,
)
from mamri.simulation.lesions import PlacedLesion
from mamri.simulation.physics import (
    extended_tofts,
    parker_blood_concentration,
    spoiled_gradient_echo,
)
from mamri.simulation.render import MAX_UPTAKE, N_PLAIN
from mamri.simulation.settings import SimulationSettings

_UPTAKE_STEPS = 65
_VESSEL_DELAY_S = 6.0  # breast vessels fill after the heart (assumption)


def signal_table(settings: SimulationSettings, lesions: tuple[PlacedLesion, ...]) -> np.ndarray:
    """Signal of each tissue by relative uptake and phase.

    Parameters
    ----------
    settings : SimulationSettings
    lesions : tuple of PlacedLesion

    Returns
    -------
    (13 + L, 65, T) float, a.u.
        Tissues in the order of `Tissue`, then the lesions; uptake from 0 to 2.
    """
    fine = np.arange(0.0, max(settings.times_s) + 1.0, 0.25)
    at = 0 if settings.field_strength_t < 2 else 1
    uptake = np.linspace(0, MAX_UPTAKE, _UPTAKE_STEPS)[:, None]
    rows: list[tuple[TissueProperties, float, float, float]] = [
        (p, p.ktrans_per_min, p.ve, p.vp) for p in (TISSUES[Tissue(k)] for k in range(N_PLAIN))
    ]
    rows += [
        (TISSUES[Tissue.LESION], m.kinetics.ktrans_per_min, m.kinetics.ve, m.kinetics.vp)
        for m in lesions
    ]
    table = []
    for k, (tissue, ktrans, ve, vp) in enumerate(rows):
        is_blood = k in (Tissue.BLOOD, Tissue.BREAST_VESSEL)
        delay = settings.bolus_delay_s + (_VESSEL_DELAY_S if k == Tissue.BREAST_VESSEL else 0.0)
        blood = parker_blood_concentration(fine, delay_s=delay)
        plasma = blood if is_blood else blood / (1 - HAEMATOCRIT)
        concentration = extended_tofts(fine, plasma, ktrans_per_min=ktrans, ve=ve, vp=vp)
        at_phases = np.interp(settings.times_s, fine, concentration, left=0.0)
        r1 = 1000.0 / tissue.t1_ms[at] + GADOBUTROL_RELAXIVITY[at] * uptake * at_phases
        signal = spoiled_gradient_echo(
            r1, tr_ms=settings.tr_ms, flip_angle_deg=settings.flip_angle_deg
        )
        decay = np.exp(-settings.te_ms / tissue.t2_star_ms)
        table.append(tissue.proton_density * decay * signal)
    return np.array(table)


def glandular_signal(settings: SimulationSettings) -> float:
    """Signal of fibroglandular tissue before contrast, a.u."""
    return float(signal_table(settings, ())[Tissue.FIBROGLANDULAR, 0, 0])

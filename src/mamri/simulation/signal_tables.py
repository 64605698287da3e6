"""Signal of every tissue in a sequence, from its magnetic, kinetic and diffusion properties.

A table holds the signal by tissue code, relative uptake of contrast agent, and flip angle scale;
rendered voxels look it up. Every stored uptake has a row of its own: straight lines between rows
further apart cost more than 1 % of Ktrans where little is taken up. Water and fat stand in tables
of their own, since suppression, Dixon and chemical shift treat them apart.
"""

from dataclasses import dataclass

import numpy as np

from mamri.perfusion.arterial_input import parker_blood
from mamri.simulation._tissue_table import (
    GADOBUTROL_RELAXIVITY,
    HAEMATOCRIT,
    N_PLAIN,
    TISSUES,
    Tissue,
    TissueProperties,
)
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.mixture import NEUTRAL
from mamri.simulation.physics import (
    diffusion_weighting,
    extended_tofts,
    inversion_recovery_spin_echo,
    spin_echo,
    spoiled_gradient_echo,
)
from mamri.simulation.sequences import DiffusionEcho, FatHandling, GradientEcho, TurboSpinEcho

MAX_UPTAKE = 2.5  # highest relative uptake in a table
UPTAKE_STEPS = int(MAX_UPTAKE * NEUTRAL) + 1  # rows, one a stored uptake: row `NEUTRAL` is 1
FLIP_SCALES = np.linspace(0.5, 1.3, 9)
# J-coupling makes fat bright in turbo spin echo: T2 of 154 ms (Edden RAE et al. J Magn Reson
# Imaging 2010;32:982-987. doi:10.1002/jmri.22306, multi-echo).
TSE_FAT_T2_MS = 154.0
# Arrival after the aorta, s (assumptions; malignant lesions enhance before benign ones and gland).
_LATE_S = {Tissue.VEIN: 9.0, Tissue.FIBROGLANDULAR: 8.0, Tissue.SKIN: 6.0, Tissue.MUSCLE: 5.0}
_LATE_LESION_S = {True: 3.0, False: 8.0}
_CORE_UPTAKE = 0.22  # Ktrans and vp of a necrotic core against the body of the lesion (assumption)
_BLOOD = (Tissue.BLOOD, Tissue.VEIN, Tissue.ARTERY)


@dataclass(frozen=True, slots=True)
class CodeProperties:
    """What a tissue code of a mixture stands for.

    Parameters
    ----------
    tissue : TissueProperties
    delay_s : float, s
        Arrival of contrast agent after the aorta.
    is_blood : bool
    """

    tissue: TissueProperties
    delay_s: float = 0.0
    is_blood: bool = False


def code_properties(lesions: tuple[LesionPlan, ...]) -> list[CodeProperties]:
    """Properties by tissue code: the plain tissues, then body and core of each lesion."""
    nothing = TISSUES[Tissue.AIR]
    rows = []
    for code in range(N_PLAIN):
        known = code in Tissue._value2member_map_ and Tissue(code) in TISSUES
        if not known:
            rows.append(CodeProperties(nothing))
            continue
        tissue = Tissue(code)
        rows.append(CodeProperties(TISSUES[tissue], _LATE_S.get(tissue, 0.0), tissue in _BLOOD))
    for plan in lesions:
        rows += [CodeProperties(p, _LATE_LESION_S[plan.malignant]) for p in _lesion_rows(plan)]
    return rows


def _lesion_rows(plan: LesionPlan) -> tuple[TissueProperties, TissueProperties]:
    """Body and necrotic core of a lesion."""
    own, kinetics = plan.tissue, plan.kinetics
    body = TissueProperties(
        proton_density=0.86,
        t1_ms=own.t1_ms,
        t2_ms=own.t2_ms,
        t2_star_ms=30.0,
        adc=own.adc,
        ktrans_per_min=kinetics.ktrans_per_min,
        ve=kinetics.ve,
        vp=kinetics.vp,
        source="the plan of the lesion; proton density and T2* assumed",
    )
    core = TissueProperties(
        proton_density=0.92,
        t1_ms=(1.25 * own.t1_ms[0], 1.25 * own.t1_ms[1]),
        t2_ms=(1.9 * own.t2_ms[0], 1.9 * own.t2_ms[1]),
        t2_star_ms=40.0,
        adc=min(2.6, 1.6 * own.adc),
        ktrans_per_min=_CORE_UPTAKE * kinetics.ktrans_per_min,
        ve=kinetics.ve,
        vp=_CORE_UPTAKE * kinetics.vp,
        source="assumed: necrosis is watery and hardly perfused",
    )
    return body, core


def concentrations(
    codes: list[CodeProperties], times_s: np.ndarray, bolus_delay_s: float
) -> np.ndarray:
    """Contrast agent in each tissue at a relative uptake of 1, (T, K) mM.

    Parameters
    ----------
    codes : list of CodeProperties
    times_s : (T,) float, s
        From the injection.
    bolus_delay_s : float, s
        From the injection to the arrival in the aorta.
    """
    since_bolus = np.asarray(times_s, float) - bolus_delay_s
    fine = np.arange(0.0, max(float(since_bolus.max()), 0.0) + 1.0, 0.25)  # s since arrival
    blood = parker_blood(fine)
    out = np.zeros((since_bolus.size, len(codes)))
    for k, code in enumerate(codes):
        plasma = blood if code.is_blood else blood / (1 - HAEMATOCRIT)
        p = code.tissue
        curve = extended_tofts(fine, plasma, ktrans_per_min=p.ktrans_per_min, ve=p.ve, vp=p.vp)
        out[:, k] = np.interp(since_bolus - code.delay_s, fine, curve, left=0.0)
    return out


def gradient_echo_tables(
    codes: list[CodeProperties],
    concentration: np.ndarray,
    sequence: GradientEcho,
    field_strength_t: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of a spoiled gradient echo.

    Parameters
    ----------
    codes : list of CodeProperties
    concentration : (K,) float, mM
        At a relative uptake of 1.
    sequence : GradientEcho
    field_strength_t : float, T

    Returns
    -------
    water, fat : (K, 251, 9) float32, a.u.
        By code, relative uptake from 0 to 2.5, and flip angle scale from 0.5 to 1.3.
    """
    at = 0 if field_strength_t < 2 else 1
    uptake = np.arange(UPTAKE_STEPS) / NEUTRAL
    water, fat = [], []
    for code, amount in zip(codes, concentration, strict=True):
        p = code.tissue
        r1 = 1000.0 / p.t1_ms[at] + GADOBUTROL_RELAXIVITY[at] * uptake * amount
        signal = np.stack(
            [
                spoiled_gradient_echo(
                    r1, tr_ms=sequence.tr_ms, flip_angle_deg=sequence.flip_angle_deg * scale
                )
                for scale in FLIP_SCALES
            ],
            axis=-1,
        )
        signal *= p.proton_density * np.exp(-sequence.te_ms / p.t2_star_ms)
        kept = p.saturated if sequence.fat is FatHandling.SUPPRESSED else 1.0
        water.append(signal * (1 - p.fat_share) * kept)
        fat.append(signal * p.fat_share)
    return np.array(water, np.float32), np.array(fat, np.float32)


def _still_tables(
    codes: list[CodeProperties], signals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tables of a sequence without contrast agent; flip angle errors are left out."""
    share = np.array([c.tissue.fat_share for c in codes])
    whole = np.broadcast_to(signals[:, None, None], (len(codes), UPTAKE_STEPS, FLIP_SCALES.size))
    water = whole * (1 - share)[:, None, None]
    fat = whole * share[:, None, None]
    return np.ascontiguousarray(water, np.float32), np.ascontiguousarray(fat, np.float32)


def spin_echo_tables(
    codes: list[CodeProperties], sequence: TurboSpinEcho, field_strength_t: float
) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of a T2-weighted turbo spin echo or STIR, as `gradient_echo_tables`."""
    at = 0 if field_strength_t < 2 else 1
    signals = []
    for code in codes:
        p = code.tissue
        t2 = TSE_FAT_T2_MS if p.fat_share > 0.5 else p.t2_ms[at]
        if sequence.inversion_time_ms is None:
            signal = spin_echo(p.t1_ms[at], t2, tr_ms=sequence.tr_ms, te_ms=sequence.te_ms)
        else:
            signal = inversion_recovery_spin_echo(
                p.t1_ms[at],
                t2,
                tr_ms=sequence.tr_ms,
                te_ms=sequence.te_ms,
                inversion_time_ms=sequence.inversion_time_ms,
            )
        # Blood flows out of the refocused slice: most of its signal is lost (assumption).
        signals.append(p.proton_density * signal * (0.12 if code.is_blood else 1.0))
    return _still_tables(codes, np.array(signals))


def diffusion_tables(
    codes: list[CodeProperties], sequence: DiffusionEcho, b_value: float, field_strength_t: float
) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of diffusion-weighted imaging at one b-value, as `gradient_echo_tables`."""
    at = 0 if field_strength_t < 2 else 1
    signals = [
        code.tissue.proton_density
        * spin_echo(
            code.tissue.t1_ms[at], code.tissue.t2_ms[at], tr_ms=sequence.tr_ms, te_ms=sequence.te_ms
        )
        * diffusion_weighting(b_value, code.tissue.adc)
        for code in codes
    ]
    return _still_tables(codes, np.array(signals))

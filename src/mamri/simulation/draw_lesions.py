"""Random lesions of a woman, from the published tables.

The curve type is drawn first; Ktrans, kep and vp are then drawn until the extended Tofts model
gives that curve with a reference protocol. The curve types follow their source exactly; what the
choice by curve does to Ktrans and kep is made up for by the distributions that they are drawn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from mamri.records import DelayedPhase, Laterality
from mamri.simulation import _lesion_table as table
from mamri.simulation._population_table import Normal
from mamri.simulation.lesion_plan import (
    Biology,
    InternalEnhancement,
    LesionKinetics,
    LesionPlan,
    LesionTissue,
    LesionType,
    MassMargin,
    MassShape,
    Subtype,
)
from mamri.simulation.physique import draw_positive, draw_within
from mamri.simulation.reference_curve import reference_curve_change

_Choice = TypeVar("_Choice")
_CANDIDATES, _TRIED = 4096, 64
# A persistent curve needs a kep below, wash-out one above, per minute: saves trying the others.
_KEP_LIMITS = {
    DelayedPhase.PERSISTENT: (0.0, 0.25),
    DelayedPhase.PLATEAU: (0.0, np.inf),
    DelayedPhase.WASHOUT: (0.2, np.inf),
}
_LIMIT_PERCENT, _MARGIN_PERCENT = 10.0, 0.5  # delayed change; drawn curves keep off the limit


@dataclass(frozen=True, slots=True)
class LesionMix:
    """How many lesions of which class a random woman has.

    Parameters
    ----------
    with_lesion : float
        Share of women with at least one lesion (assumption: exams of a training cohort).
    malignant : float
        Share of them whose first lesion is malignant (assumption; 0.296 of lesions biopsied under
        MRI, Eur J Breast Health 2023;19:1-27, more in the public collections of cancers).
    further_benign : float
        Mean number of further benign lesions of each woman (assumption).
    """

    with_lesion: float = 0.7
    malignant: float = 0.5
    further_benign: float = 0.4


def _pick(rng: np.random.Generator, choices: Mapping[_Choice, float]) -> _Choice:
    values = np.array(list(choices.values()))
    return list(choices)[int(rng.choice(len(values), p=values / values.sum()))]


def _size(rng: np.random.Generator, median: float, log_sd: float) -> float:
    return float(np.clip(rng.lognormal(np.log(median), log_sd), *table.SIZE_LIMITS_MM))


def _place(rng: np.random.Generator) -> tuple[float, float, float]:
    """Where in the breast: lateral, up, forward."""
    quadrant = _pick(rng, table.QUADRANTS)
    forward = float(rng.uniform(0.12, 0.72))
    if quadrant == "central":
        return float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.15, 0.15)), forward + 0.1
    up, outer = quadrant.startswith("upper"), quadrant.endswith("outer")
    lateral = float(rng.uniform(0.2, 0.62)) * (1 if outer else -1)
    return lateral, float(rng.uniform(0.15, 0.6)) * (1 if up else -1), forward


def _kinetics(
    rng: np.random.Generator, kind: table.LesionClass, curve: DelayedPhase, score: float
) -> LesionKinetics:
    """Parameters of the class whose reference curve is the wanted one.

    ``score`` is the standard score of Ki-67, which Ktrans is correlated with; 0 for none.
    """
    pull = table.KTRANS_KI67_PULL if kind is table.MALIGNANT else 0.0
    low, high = _KEP_LIMITS[curve]
    while True:
        noise = rng.standard_normal((3, _CANDIDATES))
        ktrans = _log_normal(kind.ktrans_drawn, pull * score + np.sqrt(1 - pull**2) * noise[0])
        kep = np.maximum(_log_normal(kind.kep_drawn, noise[1]), ktrans / 0.92)
        may_fit = (kep > low) & (kep < high) & (ktrans > 0.08 * kep)
        tried = np.flatnonzero(may_fit)[:_TRIED]
        ktrans, kep = ktrans[tried], kep[tried]
        vp = np.clip(kind.vp.mean + kind.vp.sd * noise[2, tried], 0.0, kind.vp.high)
        change = reference_curve_change(ktrans, kep, vp)
        fits = {
            DelayedPhase.PERSISTENT: change > _LIMIT_PERCENT + _MARGIN_PERCENT,
            DelayedPhase.PLATEAU: np.abs(change) < _LIMIT_PERCENT - _MARGIN_PERCENT,
            DelayedPhase.WASHOUT: change < -_LIMIT_PERCENT - _MARGIN_PERCENT,
        }[curve]
        if fits.any():
            n = int(np.argmax(fits))
            return LesionKinetics(float(ktrans[n]), float(ktrans[n] / kep[n]), float(vp[n]))


def _log_normal(spread: Normal, score: np.ndarray) -> np.ndarray:
    """Values of a log-normal distribution at standard scores, within its limits."""
    log_sd = np.sqrt(np.log(1 + (spread.sd / spread.mean) ** 2))
    values = np.exp(np.log(spread.mean) - log_sd**2 / 2 + log_sd * score)
    return np.asarray(np.clip(values, spread.low, spread.high))


def _tissue(
    rng: np.random.Generator, kind: table.LesionClass, *, t2_factor: float = 1.0, adc: float
) -> LesionTissue:
    t1, t2 = draw_within(rng, kind.t1_ms), draw_within(rng, kind.t2_ms) * t2_factor
    return LesionTissue((t1 * table.T1_RATIO_15T, t1), (t2 * table.T2_RATIO_15T, t2), adc)


def _looks(
    rng: np.random.Generator, kind: table.LesionClass, type_: LesionType, rim: float | None
) -> dict[str, object]:
    """Descriptors of a lesion of this type."""
    if type_ is LesionType.NON_MASS:
        return {
            "distribution": _pick(rng, kind.distribution),
            "internal": _pick(rng, kind.non_mass_internal),
        }
    if type_ is LesionType.FOCUS:
        return {
            "shape": MassShape.ROUND,
            "margin": MassMargin.CIRCUMSCRIBED,
            "internal": InternalEnhancement.HOMOGENEOUS,
        }
    internal = dict(kind.internal)
    if rim is not None:
        rest = 1 - internal.pop(InternalEnhancement.RIM)
        internal = {k: v * (1 - rim) / rest for k, v in internal.items()}
        internal[InternalEnhancement.RIM] = rim
    shape, margin = _pick(rng, kind.shape), _pick(rng, kind.margin)
    if margin is MassMargin.SPICULATED and shape is not MassShape.IRREGULAR:
        shape = MassShape.IRREGULAR  # spicules make an irregular shape
    return {"shape": shape, "margin": margin, "internal": _pick(rng, internal)}


def _malignant(rng: np.random.Generator, side: Laterality, group: int) -> LesionPlan:
    kind = table.MALIGNANT
    in_situ = bool(rng.random() < table.IN_SITU_FREQUENCY)
    subtype: Subtype | None = None
    if in_situ:
        type_ = _pick(rng, table.IN_SITU_TYPE)
        ki67_spread, rim, oedema = table.KI67_IN_SITU, 0.05, 0.05
        size = _size(rng, *table.IN_SITU_SIZE)
    else:
        subtype = _pick(rng, table.SUBTYPE_FREQUENCY)
        is_mass = rng.random() < table.SUBTYPE_MASS[subtype]
        type_ = LesionType.MASS if is_mass else LesionType.NON_MASS
        ki67_spread, rim = table.KI67[subtype], table.RIM_BY_SUBTYPE[subtype]
        oedema = table.OEDEMA_BY_SUBTYPE[subtype]
        size = _size(rng, *table.SUBTYPE_SIZE[subtype])
    if type_ is LesionType.FOCUS:
        size = float(rng.uniform(*table.FOCUS_SIZE_MM))
    ki67 = draw_positive(rng, ki67_spread)
    score = float(np.clip((np.log(ki67) - table.LN_KI67[0]) / table.LN_KI67[1], -2.5, 2.5))
    adc_spread, r = (table.IN_SITU_ADC, 0.0) if in_situ else (kind.adc, table.ADC_KI67_R)
    adc = adc_spread.mean + adc_spread.sd * (r * score + np.sqrt(1 - r**2) * rng.standard_normal())
    node_chance = 0.0 if in_situ else next(p for mm, p in table.NODE_POSITIVE if size <= mm)
    curve = _pick(rng, kind.curve)
    lateral, up, forward = _place(rng)
    return LesionPlan(
        side=side,
        type=type_,
        curve=curve,
        diameter_mm=size,
        kinetics=_kinetics(rng, kind, curve, score),
        lateral=lateral,
        up=up,
        forward=forward,
        tissue=_tissue(
            rng,
            kind,
            t2_factor=table.T2_FACTOR[subtype] if subtype else 1.0,
            adc=float(np.clip(adc, adc_spread.low, adc_spread.high)),
        ),
        malignant=True,
        oedema=bool(rng.random() < oedema) and type_ is LesionType.MASS,
        biology=Biology(in_situ, subtype, ki67, bool(rng.random() < node_chance)),
        group=group,
        **_looks(rng, kind, type_, rim),  # type: ignore[arg-type]
    )


def _benign(rng: np.random.Generator, side: Laterality, group: int) -> LesionPlan:
    kind = table.BENIGN
    type_ = _pick(rng, table.BENIGN_TYPE)
    if type_ is LesionType.FOCUS:
        size = float(rng.uniform(*table.FOCUS_SIZE_MM))
    else:
        size = _size(rng, *table.BENIGN_SIZE[type_])
    curve = _pick(rng, kind.curve)
    lateral, up, forward = _place(rng)
    return LesionPlan(
        side=side,
        type=type_,
        curve=curve,
        diameter_mm=size,
        kinetics=_kinetics(rng, kind, curve, 0.0),
        lateral=lateral,
        up=up,
        forward=forward,
        tissue=_tissue(rng, kind, adc=draw_within(rng, kind.adc)),
        oedema=bool(rng.random() < kind.oedema) and type_ is LesionType.MASS,
        group=group,
        **_looks(rng, kind, type_, None),  # type: ignore[arg-type]
    )


def _satellites(rng: np.random.Generator, index: LesionPlan) -> list[LesionPlan]:
    """Further foci of a multifocal cancer, smaller, near the first."""
    subtype = index.biology.subtype if index.biology else None
    if subtype is None or rng.random() >= table.MULTIFOCAL[subtype]:
        return []
    further = []
    for _ in range(int(rng.integers(1, 4))):
        size = max(table.SIZE_LIMITS_MM[0], index.diameter_mm * float(rng.uniform(0.2, 0.6)))
        further.append(
            replace(
                index,
                type=LesionType.MASS,
                shape=MassShape.IRREGULAR,
                margin=MassMargin.IRREGULAR,
                internal=InternalEnhancement.HETEROGENEOUS,
                distribution=None,
                diameter_mm=size,
                lateral=float(np.clip(index.lateral + rng.normal(0, 0.25), -0.75, 0.75)),
                up=float(np.clip(index.up + rng.normal(0, 0.2), -0.65, 0.65)),
                forward=float(np.clip(index.forward + rng.normal(0, 0.15), 0.1, 0.8)),
                oedema=False,
            )
        )
    return further


def draw_lesions(rng: np.random.Generator, mix: LesionMix) -> tuple[LesionPlan, ...]:
    """Lesions of a random woman.

    Parameters
    ----------
    rng : numpy Generator
    mix : LesionMix

    Returns
    -------
    tuple of LesionPlan
        The first is the index lesion; none where she has no lesion.
    """
    plans: list[LesionPlan] = []

    def side() -> Laterality:
        return Laterality.LEFT if rng.random() < table.SIDE_LEFT else Laterality.RIGHT

    if rng.random() < mix.with_lesion:
        if rng.random() < mix.malignant:
            plans.append(_malignant(rng, side(), 1))
            plans += _satellites(rng, plans[0])
        else:
            plans.append(_benign(rng, side(), 1))
        plans += [_benign(rng, side(), 2 + n) for n in range(rng.poisson(mix.further_benign))]
    return tuple(plans)

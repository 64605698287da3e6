"""What is really in a simulated exam."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.geometry import to_lps, voxel_volume_ml
from mamri.records import DelayedPhase, Laterality
from mamri.records.volume import checked_affine, read_only
from mamri.simulation._tissue_table import Tissue
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.lesions import PlacedLesion
from mamri.simulation.woman import Woman

# Delayed phase by the change of signal, in percent, from the phase nearest to this time to the
# last one; more than +10 % is persistent, less than -10 % washout.
EARLY_TIME_S = 135.0
DELAYED_CHANGE_PERCENT = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class TruthLesion:
    """One simulated lesion as it really is.

    Parameters
    ----------
    label : int
        Value in ``Truth.lesions``.
    side : Laterality
    plan : LesionPlan
        What was asked for: descriptors, kinetics, relaxation, diffusion, biology.
    curve : DelayedPhase or None
        By the rule of `delayed_phase` on ``signal``; None without a late phase.
    delayed_change_percent : float, %, or None
    centroid_mm_lps : (x, y, z), mm
    diameters_mm : (longest, second, third), mm
        Of the ellipsoid with the same second moments.
    volume_ml : float, ml
    signal : (T,) float, a.u.
        Mean noise-free signal over the lesion at even coil sensitivity.
    """

    label: int
    side: Laterality
    plan: LesionPlan
    curve: DelayedPhase | None
    delayed_change_percent: float | None
    centroid_mm_lps: tuple[float, float, float]
    diameters_mm: tuple[float, float, float]
    volume_ml: float
    signal: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Everything known about a simulated exam, on its stored grid, in the first phase's position.

    Parameters
    ----------
    breast : (S, R, C) uint8
        1 right, 2 left: from the skin to the front of the muscles.
    fibroglandular, vessels : (S, R, C) bool
        Vessels in the breasts and beside the sternum.
    lesions : (S, R, C) uint8
        Value = ``TruthLesion.label``.
    tissue : (S, R, C) uint8
        The tissue with the largest share, values of ``Tissue``.
    affine : (4, 4) float, mm
    lesion_list : tuple of TruthLesion
    nipples_mm_lps : mapping of Laterality to (x, y, z), mm
    times_s : (T,) float, s
        From the injection, which is at 0.
    woman : Woman
    shifts_mm : (T, 3) float, mm
        Rigid shift of each phase against the first.
    density_percent : mapping of Laterality to float, %
        Fibroglandular share of the breast volume in the field of view.
    seed : int
    """

    breast: np.ndarray
    fibroglandular: np.ndarray
    vessels: np.ndarray
    lesions: np.ndarray
    tissue: np.ndarray
    affine: np.ndarray
    lesion_list: tuple[TruthLesion, ...]
    nipples_mm_lps: Mapping[Laterality, tuple[float, float, float]]
    times_s: np.ndarray
    woman: Woman
    shifts_mm: np.ndarray
    density_percent: Mapping[Laterality, float]
    seed: int

    def __post_init__(self) -> None:
        names = ("breast", "fibroglandular", "vessels", "lesions", "tissue", "times_s", "shifts_mm")
        for name in names:
            object.__setattr__(self, name, read_only(getattr(self, name)))
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @property
    def chest_wall(self) -> np.ndarray:
        """Muscle, bone and everything behind them, (S, R, C) bool."""
        inner = (Tissue.MUSCLE, Tissue.BONE, Tissue.LUNG, Tissue.BLOOD, Tissue.MYOCARDIUM)
        return np.isin(self.tissue, [*inner, Tissue.LIVER])


def delayed_phase(
    times_s: np.ndarray, signal: np.ndarray
) -> tuple[DelayedPhase | None, float | None]:
    """Delayed phase of a curve and its delayed change in percent; None without a late phase.

    The early point is the post-contrast phase nearest to 135 s, the late point the last phase.

    Examples
    --------
    >>> phase, change = delayed_phase(np.array([-60.0, 140.0, 400.0]), np.array([1.0, 2.0, 1.5]))
    >>> phase.value, change
    ('washout', -25.0)
    """
    post = np.flatnonzero(np.asarray(times_s) > 0)
    if post.size < 2:
        return None, None
    early = post[np.argmin(np.abs(np.asarray(times_s)[post] - EARLY_TIME_S))]
    change = float(100 * (signal[-1] / signal[early] - 1))
    if change > DELAYED_CHANGE_PERCENT:
        return DelayedPhase.PERSISTENT, change
    if change < -DELAYED_CHANGE_PERCENT:
        return DelayedPhase.WASHOUT, change
    return DelayedPhase.PLATEAU, change


def measure_lesion(
    label: int,
    lesion: PlacedLesion,
    *,
    labels: np.ndarray,
    curve: np.ndarray,
    affine: np.ndarray,
    times_s: np.ndarray,
) -> TruthLesion:
    """Truth of one rendered lesion.

    Parameters
    ----------
    label : int
    lesion : PlacedLesion
    labels : (S, R, C) uint8
        Holds at least two voxels of it.
    curve : (T,) float, a.u.
        Mean noise-free signal over the lesion.
    affine : (4, 4) float, mm
    times_s : (T,) float, s
    """
    index = np.argwhere(labels == label)
    points = to_lps(affine, index)
    spread = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    # An ellipsoid has the second moment a^2 / 5 along a half axis a.
    first, second, third = 2 * np.sqrt(5 * np.maximum(spread, 0))
    phase, change = delayed_phase(times_s, curve)
    x, y, z = points.mean(axis=0)
    return TruthLesion(
        label=label,
        side=lesion.plan.side,
        plan=lesion.plan,
        curve=phase,
        delayed_change_percent=change,
        centroid_mm_lps=(float(x), float(y), float(z)),
        diameters_mm=(float(first), float(second), float(third)),
        volume_ml=len(index) * voxel_volume_ml(affine),
        signal=curve,
    )


def _word(value: object) -> object:
    return getattr(value, "value", value)


def _lesion_to_json(lesion: TruthLesion) -> dict[str, Any]:
    plan = lesion.plan
    biology = plan.biology
    return {
        "label": lesion.label,
        "side": lesion.side.word,
        "type": plan.type.value,
        "shape": _word(plan.shape),
        "margin": _word(plan.margin),
        "internal_enhancement": plan.internal.value,
        "distribution": _word(plan.distribution),
        "curve": _word(lesion.curve),
        "planned_curve": plan.curve.value,
        "delayed_change_percent": lesion.delayed_change_percent,
        "centroid_mm_lps": list(lesion.centroid_mm_lps),
        "diameters_mm": list(lesion.diameters_mm),
        "volume_ml": lesion.volume_ml,
        "ktrans_per_min": plan.kinetics.ktrans_per_min,
        "kep_per_min": plan.kinetics.kep_per_min,
        "ve": plan.kinetics.ve,
        "vp": plan.kinetics.vp,
        "t1_ms": list(plan.tissue.t1_ms),
        "t2_ms": list(plan.tissue.t2_ms),
        "adc": plan.tissue.adc,
        "oedema": plan.oedema,
        "malignant": plan.malignant,
        "group": plan.group,
        "biology": None
        if biology is None
        else {
            "in_situ": biology.in_situ,
            "subtype": _word(biology.subtype),
            "ki67_percent": biology.ki67_percent,
            "node_positive": biology.node_positive,
        },
        "signal": lesion.signal.tolist(),
    }


def truth_to_json(truth: Truth) -> dict[str, Any]:
    """Truth without its masks, ready for ``json.dump``; lengths in mm, times in s."""
    woman = truth.woman
    return {
        "seed": truth.seed,
        "shape": list(truth.breast.shape),
        "affine": truth.affine.tolist(),
        "times_s": truth.times_s.tolist(),
        "injection_s": 0.0,
        "bolus_delay_s": woman.bolus_delay_s,
        "shifts_mm": truth.shifts_mm.tolist(),
        "woman": {
            "seed": woman.seed,
            "age_years": woman.age_years,
            "postmenopausal": woman.postmenopausal,
            "density_category": woman.density_category,
            "bpe_category": woman.bpe_category,
            "bpe_uptake": woman.bpe_uptake,
            "implants": woman.implants,
            "clip": woman.clip,
            "cysts": sum(woman.n_cysts),
        },
        "density_percent": {s.word: float(v) for s, v in truth.density_percent.items()},
        "nipples_mm_lps": {s.word: list(p) for s, p in truth.nipples_mm_lps.items()},
        "lesions": [_lesion_to_json(lesion) for lesion in truth.lesion_list],
    }

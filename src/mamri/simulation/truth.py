"""What is really in a simulated exam."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.geometry import to_lps, voxel_volume_ml
from mamri.records import DelayedPhase, Laterality
from mamri.records.volume import checked_affine, read_only
from mamri.simulation._tissue_table import Tissue
from mamri.simulation.lesions import PlacedLesion

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
    shape : str
    curve : DelayedPhase
        By the rule of `delayed_phase` on ``signal``.
    delayed_change_percent : float, %
    centroid_mm_lps : (x, y, z), mm
    diameters_mm : (longest, second, third), mm
        Of the ellipsoid with the same second moments.
    volume_ml : float, ml
    ktrans_per_min, kep_per_min : float, per minute
    ve, vp : float, volume fraction
    signal : (T,) float, a.u.
        Mean noise-free signal over the lesion at even coil sensitivity.
    """

    label: int
    side: Laterality
    shape: str
    curve: DelayedPhase
    delayed_change_percent: float
    centroid_mm_lps: tuple[float, float, float]
    diameters_mm: tuple[float, float, float]
    volume_ml: float
    ktrans_per_min: float
    kep_per_min: float
    ve: float
    vp: float
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
    bolus_delay_s : float, s
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
    bolus_delay_s: float
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


def delayed_phase(times_s: np.ndarray, signal: np.ndarray) -> tuple[DelayedPhase, float]:
    """Delayed phase of a curve and its delayed change in percent.

    The early point is the post-contrast phase nearest to 135 s, the late point the last phase.

    Examples
    --------
    >>> phase, change = delayed_phase(np.array([-60.0, 140.0, 400.0]), np.array([1.0, 2.0, 1.5]))
    >>> phase.value, change
    ('washout', -25.0)
    """
    post = np.flatnonzero(np.asarray(times_s) > 0)
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
    signal: np.ndarray,
    affine: np.ndarray,
    times_s: np.ndarray,
) -> TruthLesion | None:
    """Truth of one rendered lesion; None when it lies outside the field of view.

    Parameters
    ----------
    label : int
    lesion : PlacedLesion
    labels : (S, R, C) uint8
    signal : (T, S, R, C) float, a.u.
        Noise-free, before coil sensitivity and motion.
    affine : (4, 4) float, mm
    times_s : (T,) float, s
    """
    index = np.argwhere(labels == label)
    if len(index) < 2:
        return None
    points = to_lps(affine, index)
    spread = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    # An ellipsoid has the second moment a^2 / 5 along a half axis a.
    first, second, third = 2 * np.sqrt(5 * np.maximum(spread, 0))
    curve = signal[:, index[:, 0], index[:, 1], index[:, 2]].mean(axis=1, dtype=np.float64)
    phase, change = delayed_phase(times_s, curve)
    x, y, z = points.mean(axis=0)
    kinetics = lesion.kinetics
    return TruthLesion(
        label=label,
        side=lesion.spec.side,
        shape=lesion.spec.shape.value,
        curve=phase,
        delayed_change_percent=change,
        centroid_mm_lps=(float(x), float(y), float(z)),
        diameters_mm=(float(first), float(second), float(third)),
        volume_ml=len(index) * voxel_volume_ml(affine),
        ktrans_per_min=kinetics.ktrans_per_min,
        kep_per_min=kinetics.kep_per_min,
        ve=kinetics.ve,
        vp=kinetics.vp,
        signal=curve,
    )


def truth_to_json(truth: Truth) -> dict[str, Any]:
    """Truth without its masks, ready for ``json.dump``; lengths in mm, times in s."""
    return {
        "seed": truth.seed,
        "shape": list(truth.breast.shape),
        "affine": truth.affine.tolist(),
        "times_s": truth.times_s.tolist(),
        "injection_s": 0.0,
        "bolus_delay_s": truth.bolus_delay_s,
        "shifts_mm": truth.shifts_mm.tolist(),
        "density_percent": {s.word: float(v) for s, v in truth.density_percent.items()},
        "nipples_mm_lps": {s.word: list(p) for s, p in truth.nipples_mm_lps.items()},
        "lesions": [
            {
                "label": lesion.label,
                "side": lesion.side.word,
                "shape": lesion.shape,
                "curve": lesion.curve.value,
                "delayed_change_percent": lesion.delayed_change_percent,
                "centroid_mm_lps": list(lesion.centroid_mm_lps),
                "diameters_mm": list(lesion.diameters_mm),
                "volume_ml": lesion.volume_ml,
                "ktrans_per_min": lesion.ktrans_per_min,
                "kep_per_min": lesion.kep_per_min,
                "ve": lesion.ve,
                "vp": lesion.vp,
                "signal": lesion.signal.tolist(),
            }
            for lesion in truth.lesion_list
        ],
    }

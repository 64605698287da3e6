"""Signals of an exam as concentrations: what is assumed beside the images, noise, and curves."""

from dataclasses import dataclass

import numpy as np

from mamri.perfusion.perfusion_settings import PerfusionSettings
from mamri.perfusion.relaxivity import agent_in_text, field_index, relaxivity
from mamri.perfusion.signal_to_concentration import SpoiledGradientEcho, baseline_points
from mamri.perfusion.t1_mapping import T1Tissue, literature_t1
from mamri.perfusion.uncertainty import concentration_from_shifted_baseline
from mamri.records import Acquisition, DynamicSeries

# A longer repetition time is not that of a three-dimensional gradient echo, ms (assumption).
_LONGEST_TR_MS = 50.0


@dataclass(frozen=True, slots=True)
class AssumedPhysics:
    """What stands in the equations beside the images; texts say where it comes from."""

    sequence: SpoiledGradientEcho
    t1_ms: float
    t1_text: str
    r1: float
    r1_text: str


def assumed_physics(
    series: DynamicSeries, acquisition: Acquisition, settings: PerfusionSettings
) -> AssumedPhysics | str:
    """What the equations need, or why they cannot be used."""
    if series.n_pre == 0 or series.n_phases - series.n_pre < 3:
        return "a phase before and three after contrast are needed"
    lacking = [
        word
        for word, value in (
            ("repetition time", acquisition.tr_ms),
            ("flip angle", acquisition.flip_angle_deg),
            ("field strength", acquisition.field_strength_t),
        )
        if value is None
    ]
    if lacking:
        return f"the exam does not say its {' or '.join(lacking)}"
    tr, angle = acquisition.tr_ms, acquisition.flip_angle_deg
    tesla = acquisition.field_strength_t
    assert tr is not None and angle is not None and tesla is not None  # noqa: PT018  just checked
    if not 0 < tr <= _LONGEST_TR_MS or not 0 < angle < 90:
        return (
            f"a repetition time of {tr:g} ms and a flip angle of {angle:g} degrees are not those "
            "of a spoiled gradient echo"
        )
    if field_index(tesla) is None:
        return f"T1 and relaxivity are not known at {tesla:g} T"
    t1, t1_text = settings.t1_ms, "as set"
    if t1 is None:
        known = literature_t1(T1Tissue.FIBROGLANDULAR, tesla)
        t1, t1_text = known.t1_ms, f"fibroglandular tissue at {known.field_strength_t:g} T"
    agent = agent_in_text(acquisition.contrast_agent or "")
    r1, r1_text = settings.r1, "assumed, as the agent is not known"
    if agent is not None:
        r1, r1_text = relaxivity(agent, tesla).r1, agent.value
    return AssumedPhysics(SpoiledGradientEcho(tr, angle), t1, t1_text, r1, r1_text)


def enhancing_voxels(series: DynamicSeries, least_percent: float) -> np.ndarray:
    """Voxels whose highest signal after contrast exceeds the baseline by so much, (S, R, C)."""
    before = series.array[: series.n_pre].mean(axis=0, dtype=np.float32)
    after = series.array[series.n_pre :].max(axis=0).astype(np.float32)
    return np.asarray((before > 0) & (after > (1 + least_percent / 100) * before))


@dataclass(frozen=True, slots=True, eq=False)
class ExamSignals:
    """Signals (T, N) of voxels, and how they become the curves that are fitted.

    One image before contrast is its own baseline: its concentration is zero by construction, it
    tells a fit nothing and is left out. ``noise`` is that of one image, a.u.
    """

    values: np.ndarray
    all_times_s: np.ndarray
    n_pre: int
    noise: float
    assumed: AssumedPhysics

    @property
    def times_s(self) -> np.ndarray:
        """Times of the curves."""
        return self.all_times_s[1:] if self.n_pre == 1 else self.all_times_s

    def curves(self, *, t1_factor: float = 1.0, baseline_sds: float = 0.0) -> np.ndarray:
        """Curves float32, mM, with a T1 and a baseline changed by so much."""
        baseline = baseline_points(self.all_times_s)
        before = self.values[list(baseline)].mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = baseline_sds * self.noise / (before * np.sqrt(len(baseline)))
        curves = concentration_from_shifted_baseline(
            self.values,
            self.assumed.sequence,
            shift,
            t1_ms=t1_factor * self.assumed.t1_ms,
            r1=self.assumed.r1,
            baseline=baseline,
        )
        return curves[1:] if self.n_pre == 1 else curves


def exam_signals(series: DynamicSeries, asked: np.ndarray, assumed: AssumedPhysics) -> ExamSignals:
    """Signals of the voxels asked for, with the noise of one image.

    Parameters
    ----------
    series : DynamicSeries
    asked : (S, R, C) bool
    assumed : AssumedPhysics
    """
    values = np.stack([phase[asked] for phase in series.array]).astype(np.float32)
    noise = image_noise(values[series.n_pre :])
    return ExamSignals(values, series.times_s, series.n_pre, noise, assumed)


def image_noise(after: np.ndarray) -> float:
    """Noise of one image, from differences over the last images after contrast, (T, N).

    Slow wash-in and wash-out cancel in third differences (second ones where there are only three
    images); what is left is noise and motion.
    """
    weights = np.array([1.0, -3.0, 3.0, -1.0] if len(after) > 3 else [1.0, -2.0, 1.0])
    left = weights @ after[-weights.size :]
    left = left[np.isfinite(left)]
    if not left.size:
        return float("nan")
    spread = 1.4826 * np.median(np.abs(left - np.median(left)))
    return float(spread / np.sqrt(np.square(weights).sum()))


def mean_curve(curves: np.ndarray) -> np.ndarray:
    """Mean of the curves (T, N) that are known at all times; NaN where none is."""
    known = curves[:, np.isfinite(curves).all(axis=0)]
    if not known.shape[1]:
        return np.full(len(curves), np.nan)
    return known.mean(axis=1, dtype=np.float64)

"""Phases that the pictures show, and one grey window for each kind of picture."""

from dataclasses import dataclass

import numpy as np

from mamri.kinetics.phase_choice import choose_phases
from mamri.records import ExamResult
from mamri.report.tiles import window

# Assumptions, judged by eye on real exams: a little of the darkest and brightest tissue may
# saturate, so that fibroglandular tissue and lesions keep their contrast.
_SIGNAL_PERCENTILES = (1.0, 99.5)
_SUBTRACTION_PERCENTILE = 99.9
_FINDING_PERCENTILE = 95.0  # of the voxels of findings, so that their inside keeps its contrast

_MOST_VOXELS = 400_000  # percentiles over about this many voxels


@dataclass(frozen=True, slots=True)
class ExamWindows:
    """What is shown, and between which values.

    Parameters
    ----------
    pre : tuple of int
        Phases whose mean is the picture before contrast.
    early : int or None
        Phase of the picture early after contrast.
    late : int or None
        Late phase of the kinetics.
    before : (low, high), a.u.
        Values shown black and white before contrast, where that is shown by itself.
    signal : (low, high), a.u.
        The same before and after contrast, where both are compared.
    subtraction : (low, high), a.u.
    """

    pre: tuple[int, ...]
    early: int | None
    late: int | None
    before: tuple[float, float]
    signal: tuple[float, float]
    subtraction: tuple[float, float]


def exam_windows(result: ExamResult) -> ExamWindows:
    """Choose phases and grey windows for the pictures of an exam.

    Baseline and early phase are those of the kinetics. They share one window, so that what
    enhances is brighter in the second picture. All windows come from the breasts only, so that
    the heart does not darken them, and reach up to the brightness of the findings.
    """
    dynamic = result.exam.dynamic
    if dynamic is None:
        return ExamWindows((), None, None, (0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    choice, _ = choose_phases(dynamic.times_s)
    step = _sample_step(result.anatomy.breast.shape)
    breast = result.anatomy.breast[step] > 0
    if not breast.any():
        breast = np.ones_like(breast)
    findings = np.nonzero(result.lesions.array)

    def sampled(phase: int) -> tuple[np.ndarray, np.ndarray]:
        """Signal of some voxels of the breasts, and of all voxels of the findings."""
        volume = dynamic.array[phase]
        return volume[step][breast].astype(np.float32), volume[findings].astype(np.float32)

    baseline = [sampled(phase) for phase in choice.pre]
    shown = baseline[-1] if choice.early is None else sampled(choice.early)
    before = _window(*(baseline[-1] if baseline else shown), _SIGNAL_PERCENTILES[1])
    signal = _window(*shown, _SIGNAL_PERCENTILES[1])
    subtraction = (0.0, 1.0)
    if baseline and choice.early is not None:
        breast_rise, finding_rise = (
            after - np.mean(pre, axis=0) for after, *pre in zip(shown, *baseline, strict=True)
        )
        _, brightest = _window(breast_rise, finding_rise, _SUBTRACTION_PERCENTILE)
        subtraction = (0.0, max(brightest, float(np.finfo(np.float32).tiny)))
    return ExamWindows(choice.pre, choice.early, choice.late, before, signal, subtraction)


def _window(breast: np.ndarray, findings: np.ndarray, percentile: float) -> tuple[float, float]:
    """Window of the breasts, widened upwards so that the findings do not saturate."""
    low, high = window(breast, low_percentile=_SIGNAL_PERCENTILES[0], high_percentile=percentile)
    finite = findings[np.isfinite(findings)]
    if finite.size:
        high = max(high, float(np.percentile(finite, _FINDING_PERCENTILE)))
    return low, high


def _sample_step(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Strides that leave about `_MOST_VOXELS` of a volume."""
    step = max(1, round((np.prod(shape, dtype=float) / _MOST_VOXELS) ** (1 / 3)))
    return tuple(slice(None, None, step) for _ in shape)

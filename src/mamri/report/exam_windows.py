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
    signal, subtraction : (low, high), a.u.
        Values shown black and white.
    """

    pre: tuple[int, ...]
    early: int | None
    late: int | None
    signal: tuple[float, float]
    subtraction: tuple[float, float]


def exam_windows(result: ExamResult) -> ExamWindows:
    """Choose phases and grey windows for the pictures of an exam.

    Baseline and early phase are those of the kinetics; they share one window, so that what enhances is brighter in the second picture; both windows come from the breasts only, so
    that the heart and the skin of the chest do not darken them.
    """
    dynamic = result.exam.dynamic
    if dynamic is None:
        return ExamWindows((), None, None, (0.0, 1.0), (0.0, 1.0))
    choice, _ = choose_phases(dynamic.times_s)
    step = _sample_step(result.anatomy.breast.shape)
    inside = result.anatomy.breast[step] > 0
    if not inside.any():
        inside = np.ones_like(inside)

    def sample(phase: int) -> np.ndarray:
        values: np.ndarray = dynamic.array[(phase, *step)][inside].astype(np.float32)
        return values

    baseline = [sample(phase) for phase in choice.pre]
    shown = baseline[-1] if choice.early is None else sample(choice.early)
    signal = window(
        shown, low_percentile=_SIGNAL_PERCENTILES[0], high_percentile=_SIGNAL_PERCENTILES[1]
    )
    subtraction = (0.0, 1.0)
    if baseline and choice.early is not None:
        _, high = window(
            shown - np.mean(baseline, axis=0),
            low_percentile=0.0,
            high_percentile=_SUBTRACTION_PERCENTILE,
        )
        subtraction = (0.0, max(high, float(np.finfo(np.float32).tiny)))
    return ExamWindows(choice.pre, choice.early, choice.late, signal, subtraction)


def _sample_step(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Strides that leave about `_MOST_VOXELS` of a volume."""
    step = max(1, round((np.prod(shape, dtype=float) / _MOST_VOXELS) ** (1 / 3)))
    return tuple(slice(None, None, step) for _ in shape)

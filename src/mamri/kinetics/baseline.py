"""Signal before contrast, and the noise floor below which it says nothing."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mamri.kinetics.phase_choice import PhaseChoice

# Median of a Rayleigh distribution over its sigma: sqrt(2 ln 2).
_RAYLEIGH_MEDIAN = 1.1774100225154747
_AIR_VOXELS = 5  # assumption: at least this many voxels of air before the skin on most rays
_MOST_OF_BRIGHT = 0.10  # assumption: no noise floor above 10 % of the brightest tissue
_BRIGHT_PERCENTILE = 99.0  # assumption: brightest tissue without spikes


def mean_of_phases(array: np.ndarray, phases: Sequence[int]) -> np.ndarray:
    """Mean of some phases as float32, one slice at a time to spare memory.

    Parameters
    ----------
    array : (T, S, R, C) real, a.u.
    phases : sequence of int
        At least one.

    Returns
    -------
    (S, R, C) float32, a.u.
    """
    n_slices, rows, columns = array.shape[1:]
    out = np.empty((n_slices, rows, columns), np.float32)
    for s in range(n_slices):
        out[s] = array[phases[0], s]
        for phase in phases[1:]:
            out[s] += array[phase, s]
    out /= np.float32(len(phases))
    return out


def baseline_signal(array: np.ndarray, choice: PhaseChoice) -> np.ndarray:
    """Signal before contrast: mean of the chosen pre-contrast phases, (S, R, C) float32, a.u."""
    return mean_of_phases(array, choice.pre)


def noise_floor(
    array: np.ndarray, choice: PhaseChoice, *, sigmas: float, most_voxels: int = 2_000_000
) -> float:
    """Baseline signal that stands clear of the noise.

    The noise is measured in the air in front of the patient: on each ray from front to back, the
    first few voxels with any signal (scanners set the outermost air to zero). Magnitude noise is
    Rayleigh distributed there, so that its sigma is the median over 1.177 [1]_. The floor is
    ``sigmas`` times that, but never more than 10 % of the 99th percentile of the signal, which
    keeps it harmless where there is no air in front (a cropped or masked image).

    Parameters
    ----------
    array : (T, S, R, C) real, a.u.
        Anatomical order: index 2 of 4 runs from front to back.
    choice : PhaseChoice
        With at least one pre-contrast phase.
    sigmas : float
        Noise standard deviations.
    most_voxels : int
        Rays are skipped so that about this many voxels are looked at.

    Returns
    -------
    float, a.u.

    References
    ----------
    .. [1] Gudbjartsson H, Patz S. The Rician distribution of noisy MRI data. Magn Reson Med
       1995;34:910-914. doi:10.1002/mrm.1910340618
    """
    volume = array[choice.pre[-1]]
    step = max(1, math.isqrt(volume.size // most_voxels))
    signal = np.asarray(volume[::step, :, ::step], np.float32)
    positive = signal > 0
    if not positive.any():
        return 0.0
    air = signal[positive & (np.cumsum(positive, axis=1) <= _AIR_VOXELS)]
    sigma = float(np.median(air)) / _RAYLEIGH_MEDIAN
    finite = signal[np.isfinite(signal)]
    bright = float(np.percentile(finite, _BRIGHT_PERCENTILE))
    return min(sigmas * sigma, _MOST_OF_BRIGHT * bright)


def slabs(n_slices: int, slices_at_once: int) -> Iterator[slice]:
    """Consecutive slices of the first axis, a few at a time."""
    for start in range(0, n_slices, slices_at_once):
        yield slice(start, min(start + slices_at_once, n_slices))

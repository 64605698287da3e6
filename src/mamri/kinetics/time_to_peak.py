"""When a curve is highest."""

import numpy as np


def time_to_peak_s(post: np.ndarray, times_s: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Time from injection to the strongest post-contrast phase.

    The time is that of a phase, not interpolated: with few phases it is as coarse as they are.

    Parameters
    ----------
    post : (T, ...) real, a.u.
        Signal at the post-contrast phases.
    times_s : (T,) float, s from injection
    baseline : (...) real, a.u.
        Signal before contrast.

    Returns
    -------
    (...) float64, s
        The earliest of equal peaks; NaN where no phase exceeds the baseline.

    Examples
    --------
    >>> times = np.array([60.0, 120.0])
    >>> time_to_peak_s(np.array([[2.0, 1.0], [3.0, 0.5]]), times, np.ones(2)).tolist()
    [120.0, nan]
    """
    post = np.asarray(post)
    strongest = np.argmax(post, axis=0)
    times = np.asarray(times_s, np.float64)[strongest]
    return np.where(np.max(post, axis=0) > baseline, times, np.nan)

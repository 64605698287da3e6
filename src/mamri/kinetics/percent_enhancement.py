"""Signal change in percent of a reference signal."""

import numpy as np


def percent_enhancement(
    signal: np.ndarray, baseline: np.ndarray, *, noise_floor: float = 0.0
) -> np.ndarray:
    """Enhancement in percent of the signal before contrast.

    Parameters
    ----------
    signal : (...) real, a.u.
        Signal at a post-contrast phase.
    baseline : (...) real, a.u.
        Signal before contrast, on the same grid.
    noise_floor : float, a.u.
        Values whose baseline is not above this are undefined.

    Returns
    -------
    (...) float, %
        ``100 (signal - baseline) / baseline``; NaN where undefined.

    Examples
    --------
    >>> percent_enhancement(np.array([30.0, 5.0]), np.array([10.0, 0.0])).tolist()
    [200.0, nan]
    """
    signal, baseline = np.broadcast_arrays(_floating(signal), _floating(baseline))
    out = np.full(signal.shape, np.nan, np.result_type(signal, baseline))
    defined = baseline > max(noise_floor, 0.0)
    np.divide(100 * (signal - baseline), baseline, out=out, where=defined)
    return out


def delayed_change(late: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """Signal change from the initial peak to the late phase, in percent of the peak.

    Negative is wash-out. The reference is the signal, not the enhancement, as the 10 % limits of
    the curve types are understood.

    Parameters
    ----------
    late, peak : (...) real, a.u.
        Signal at the late phase, and the highest up to the early phase.

    Returns
    -------
    (...) float, %
        NaN where the peak is not above 0.

    Examples
    --------
    >>> delayed_change(np.array([160.0]), np.array([200.0])).tolist()
    [-20.0]
    """
    return percent_enhancement(late, peak)


def _floating(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)

"""How steeply a curve rises and falls."""

import numpy as np


def wash_in_slope(enhancement: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Mean rise of enhancement from the injection to the initial peak.

    Parameters
    ----------
    enhancement : (...) float, %
        Percent enhancement at the highest phase up to the early one.
    time_s : (...) float, s from injection
        Time of that phase, above 0.

    Returns
    -------
    (...) float, %/min

    Examples
    --------
    >>> float(wash_in_slope(np.array(150.0), np.array(90.0)))
    100.0
    """
    slope: np.ndarray = np.asarray(enhancement) * 60.0 / np.asarray(time_s)
    return slope


def wash_out_slope(
    late_enhancement: np.ndarray, enhancement: np.ndarray, *, late_s: float, time_s: np.ndarray
) -> np.ndarray:
    """Mean change of enhancement from the initial peak to the late phase.

    Parameters
    ----------
    late_enhancement, enhancement : (...) float, %
        Percent enhancement at the late phase and at the highest phase up to the early one.
    late_s, time_s : float and (...) float, s from injection
        Times of these two phases.

    Returns
    -------
    (...) float, %/min
        Negative is wash-out. In percent of the signal before contrast, so that it compares with
        the wash-in slope.

    Examples
    --------
    >>> late, peak = np.array(110.0), np.array(150.0)
    >>> float(wash_out_slope(late, peak, late_s=330.0, time_s=np.array(90.0)))
    -10.0
    """
    change = np.asarray(late_enhancement) - np.asarray(enhancement)
    slope: np.ndarray = change * 60.0 / (late_s - np.asarray(time_s))
    return slope

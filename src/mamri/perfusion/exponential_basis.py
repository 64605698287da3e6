"""Arterial input convolved with decaying exponentials: what every tissue model here is made of.

The input is linear between its samples, for which the convolution is exact, however coarse the
images are sampled. All of it is done once an examination; a fit only combines the results.
"""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.records import InputError
from mamri.records.volume import read_only

# Below this rate times step the exact weights lose digits and their series are used.
_SMALL = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class ArterialInput:
    """Contrast agent in arterial plasma.

    Parameters
    ----------
    times_s : (M,) float, s
        Rising; from the same zero as those of the images.
    plasma : (M,) float, mM
        Linear between samples, zero before the first one, and as at the last one after it.

    Raises
    ------
    InputError
        If the two do not belong together, times do not rise, or a value is not finite.
    """

    times_s: np.ndarray
    plasma: np.ndarray

    def __post_init__(self) -> None:
        times = read_only(np.asarray(self.times_s, np.float64))
        plasma = read_only(np.asarray(self.plasma, np.float64))
        if times.ndim != 1 or times.shape != plasma.shape or times.size < 2:
            raise InputError(
                "an arterial input needs two or more times and a concentration for each, got "
                f"shapes {times.shape} and {plasma.shape}; give both as one-dimensional arrays"
            )
        if not (np.isfinite(times).all() and np.isfinite(plasma).all()):
            raise InputError(
                "an arterial input must be finite, got values that are not; leave those samples out"
            )
        if not (np.diff(times) > 0).all():
            raise InputError("times of an arterial input must rise, got others; sort them")
        if not plasma.max() > 0:
            raise InputError(
                "an arterial input must rise above zero somewhere, got none above 0 mM; check the "
                "artery it was measured in, or take a population input"
            )
        object.__setattr__(self, "times_s", times)
        object.__setattr__(self, "plasma", plasma)

    def at(self, times_s: np.ndarray, *, delay_s: float = 0.0) -> np.ndarray:
        """Plasma concentration (N,) mM at other times, arriving later by a delay."""
        times = np.asarray(times_s, np.float64) - delay_s
        return np.interp(times, self.times_s, self.plasma, left=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class ExponentialBasis:
    """Exponential convolutions at the times of the images, for rates evenly spaced in logarithm.

    Parameters
    ----------
    rates_per_min : (K,) float, per minute
    rows : (K, T) float, mM min
        ``integral from 0 to t of exp(-k (t - s)) ca(s) ds`` by rate.
    plasma : (T,) float, mM
        ``ca(t)``.
    integral : (T,) float, mM min
        ``integral from 0 to t of ca(s) ds``, the row of rate 0.
    """

    rates_per_min: np.ndarray
    rows: np.ndarray
    plasma: np.ndarray
    integral: np.ndarray


def exponential_convolution(
    aif: ArterialInput, times_s: np.ndarray, rates_per_min: np.ndarray, *, delay_s: float = 0.0
) -> np.ndarray:
    """Convolution of an arterial input with decaying exponentials, exact between its samples.

    Parameters
    ----------
    aif : ArterialInput
    times_s : (T,) float, s
        Rising; those before the first sample of the input give 0.
    rates_per_min : (K,) float, per minute
        Not negative.
    delay_s : float, s
        Later arrival of the input in the tissue.

    Returns
    -------
    (K, T) float64, mM min

    References
    ----------
    .. [1] Flouri D, Lesnic D, Sourbron SP. Fitting the two-compartment model in DCE-MRI by linear
       inversion. Magn Reson Med 2016;76:998-1006. doi:10.1002/mrm.25991 (appendix: recursion for a
       piecewise linear input)

    Examples
    --------
    >>> step = ArterialInput(np.array([0.0, 600.0]), np.array([1.0, 1.0]))
    >>> row = exponential_convolution(step, np.array([60.0]), np.array([2.0]))
    >>> bool(np.isclose(row[0, 0], (1 - np.exp(-2)) / 2))
    True
    """
    times = (np.asarray(times_s, np.float64) - delay_s) / 60
    own = aif.times_s / 60
    grid = np.union1d(own, times[times > own[0]])
    plasma = np.interp(grid, own, aif.plasma)
    wanted = np.searchsorted(grid, times)
    rows = np.empty((len(rates_per_min), len(times)))
    _fill_rows(grid, plasma, np.asarray(rates_per_min, np.float64), wanted, times, rows)
    return rows


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _fill_rows(
    grid: np.ndarray,
    plasma: np.ndarray,
    rates: np.ndarray,
    wanted: np.ndarray,
    times: np.ndarray,
    rows: np.ndarray,
) -> None:
    """Recursion along the merged grid of input and image times, one rate after the other."""
    values = np.zeros(grid.size)
    for k in range(rates.size):
        last, decay, whole, later = -1.0, 1.0, 1.0, 0.5
        for n in range(1, grid.size):
            step = grid[n] - grid[n - 1]
            if abs(step - last) > 1e-12 * step:  # most steps are alike
                last, x = step, rates[k] * step
                decay = np.exp(-x)
                if x < _SMALL:
                    whole = 1 - x / 2 + x * x / 6 - x**3 / 24
                    later = 0.5 - x / 6 + x * x / 24 - x**3 / 120
                else:
                    whole = -np.expm1(-x) / x
                    later = (1 - whole) / x
            added = (whole - later) * plasma[n - 1] + later * plasma[n]
            values[n] = values[n - 1] * decay + step * added
        for t in range(times.size):
            rows[k, t] = values[wanted[t]] if times[t] > grid[0] else 0.0


def exponential_basis(
    aif: ArterialInput,
    times_s: np.ndarray,
    *,
    rates_per_min: tuple[float, float],
    n_rates: int,
    delay_s: float = 0.0,
) -> ExponentialBasis:
    """Convolutions for a range of rates.

    Parameters
    ----------
    aif : ArterialInput
    times_s : (T,) float, s
    rates_per_min : (low, high) of float, per minute
    n_rates : int
    delay_s : float, s

    Returns
    -------
    ExponentialBasis

    Raises
    ------
    InputError
        If times do not rise, or no image lies after the arrival of the contrast agent.
    """
    times = np.asarray(times_s, np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or not (np.diff(times) > 0).all():
        raise InputError(
            f"times of images must be finite and rise, got {np.array2string(times, threshold=8)}; "
            "sort the phases"
        )
    rates = np.geomspace(*rates_per_min, n_rates)
    rows = exponential_convolution(aif, times, np.append(rates, 0.0), delay_s=delay_s)
    if not rows[-1].max() > 0:
        raise InputError(
            "images after the arrival of the contrast agent were needed, the input arrives after "
            "the last one; check that both count time from the same zero"
        )
    return ExponentialBasis(rates, rows[:-1], aif.at(times, delay_s=delay_s), rows[-1])

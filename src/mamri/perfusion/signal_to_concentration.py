"""Signal of a spoiled gradient echo to concentration of contrast agent, and back.

``S = S0 sin(a) (1 - E1) / (1 - E1 cos(a))`` with ``E1 = exp(-TR R1)``. From the baseline signal and
the T1 before contrast follows S0; from S0 every later signal gives E1, so R1, so ``C = (R1 - 1/T10)
/ r1``. All of it is exact: there is no linearisation.

Left out: T2* (strong contrast agent darkens the image at long echo times, so that high
concentrations, those of the first pass above all, come out too low), inflow of fresh blood,
imperfect spoiling, slow exchange of water between compartments, and fat in the voxel. Pulses for
fat suppression interrupt the steady state that the equation stands for, which biases T1 by as much
as a third and concentration with it (Wennen et al., NMR Biomed 2024;38:e5289,
doi:10.1002/nbm.5289).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mamri.records import GeometryError, InputError, TimingError

_SLAB_VALUES = 2_000_000  # values of a slab, 16 MB in double precision: stays near the caches


@dataclass(frozen=True, slots=True)
class SpoiledGradientEcho:
    """Timing and angle of a spoiled gradient echo.

    Parameters
    ----------
    tr_ms : float, ms
        Time between excitations, not between phases.
    flip_angle_deg : float, degrees
        Above 0 and below 180.
    """

    tr_ms: float
    flip_angle_deg: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.tr_ms) and self.tr_ms > 0):
            raise InputError(
                f"a repetition time must be above 0 ms, got {self.tr_ms}; read it from the header"
            )
        if not 0 < self.flip_angle_deg < 180:
            raise InputError(
                f"a flip angle must be between 0 and 180 degrees, got {self.flip_angle_deg}; "
                "give it in degrees"
            )


def baseline_points(times_s: np.ndarray, *, leave_out: int = 0) -> tuple[int, ...]:
    """Points before contrast whose mean is the baseline signal.

    Parameters
    ----------
    times_s : (T,) float, s from injection
        Points at or before 0 are pre-contrast.
    leave_out : int
        First points to leave out, for sequences whose first image is taken before the
        magnetization is steady; 1 is what the OSIPI collection does. The last pre-contrast point
        is always kept.

    Returns
    -------
    tuple of int

    Raises
    ------
    TimingError
        If no point is before contrast.

    Examples
    --------
    >>> baseline_points(np.array([-20.0, -10.0, 0.0, 10.0]), leave_out=1)
    (1, 2)
    """
    pre = np.flatnonzero(np.asarray(times_s, float) <= 0)
    if pre.size == 0:
        raise TimingError(
            "a baseline needs a point at or before the injection, got none; "
            "count times from the injection, or name the baseline points"
        )
    return tuple(int(k) for k in pre[min(leave_out, pre.size - 1) :])


def signal_to_concentration(
    signal: np.ndarray,
    sequence: SpoiledGradientEcho,
    *,
    t1_ms: float | np.ndarray,
    r1: float,
    baseline: Sequence[int],
    b1: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Concentration of contrast agent from the signal of a spoiled gradient echo.

    Concentrations below 0 are kept: noise makes them, and leaving them out would bias every mean.

    Parameters
    ----------
    signal : (T, ...) real, a.u.
        Any real dtype; read a slab at a time.
    sequence : SpoiledGradientEcho
    t1_ms : float or (...) float, ms
        Before contrast.
    r1 : float, per mM and s
        Relaxivity.
    baseline : sequence of int
        Points whose mean is the signal before contrast, see `baseline_points`.
    b1 : float or (...) float
        True over nominal flip angle.

    Returns
    -------
    (T, ...) float, mM
        float64 for float64 signal, else float32. NaN for the whole curve where baseline, T1 or B1
        is not above 0 and finite, and for a point whose signal no relaxation rate gives (``E1``
        outside 0 to 1): none at all, or more than full recovery between excitations.

    Raises
    ------
    GeometryError
        If T1 or B1 is on another grid.
    InputError
        If the relaxivity is not above 0, or a baseline point does not exist.

    References
    ----------
    .. [1] Haase A et al. FLASH imaging. J Magn Reson 1986;67:258-266 (steady state).
    .. [2] Schabel MC, Parker DL. Uncertainty and bias in contrast concentration measurements using
       spoiled gradient echo pulse sequences. Phys Med Biol 2008;53:2345-2373.

    Examples
    --------
    >>> sequence = SpoiledGradientEcho(tr_ms=5.0, flip_angle_deg=15.0)
    >>> signal = np.array([100.0, 180.0, 1e9])
    >>> c = signal_to_concentration(signal, sequence, t1_ms=1400.0, r1=4.5, baseline=[0])
    >>> [round(float(x), 3) for x in c]
    [0.0, 0.153, nan]
    """
    signal = np.asarray(signal)
    _check_series(signal.shape)
    points = _checked_points(baseline, signal.shape[0])
    t1_ms, b1 = _on_grid(t1_ms, b1, signal.shape[1:])
    _check_relaxivity(r1)
    dtype = np.float64 if signal.dtype == np.float64 else np.float32
    out = np.empty(signal.shape, dtype)
    for slab in _slabs(signal.shape):
        with np.errstate(all="ignore"):  # undefined values are NaN, as said
            out[slab] = _concentration(
                signal[slab].astype(np.float64),
                sequence,
                t1_ms=t1_ms[slab[1:]],
                r1=r1,
                points=points,
                b1=b1[slab[1:]],
            )
    return out


def concentration_to_signal(
    concentration: np.ndarray,
    sequence: SpoiledGradientEcho,
    *,
    t1_ms: float | np.ndarray,
    r1: float,
    baseline_signal: float | np.ndarray,
    b1: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Signal of a spoiled gradient echo from the concentration of contrast agent.

    The inverse of `signal_to_concentration`.

    Parameters
    ----------
    concentration : (T, ...) real, mM
    sequence : SpoiledGradientEcho
    t1_ms : float or (...) float, ms
        Before contrast.
    r1 : float, per mM and s
        Relaxivity.
    baseline_signal : float or (...) float, a.u.
        Signal without contrast agent.
    b1 : float or (...) float
        True over nominal flip angle.

    Returns
    -------
    (T, ...) float, a.u.
        float64 for float64 concentration, else float32. NaN where baseline signal, T1 or B1 is not
        above 0 and finite, and where the concentration leaves no relaxation rate above 0.

    Raises
    ------
    GeometryError
        If T1, B1 or baseline signal is on another grid.
    InputError
        If the relaxivity is not above 0.

    References
    ----------
    .. [1] Haase A et al. FLASH imaging. J Magn Reson 1986;67:258-266 (steady state).
    """
    concentration = np.asarray(concentration)
    _check_series(concentration.shape)
    grid = concentration.shape[1:]
    t1_ms, b1 = _on_grid(t1_ms, b1, grid)
    before = _spread(baseline_signal, grid, "a baseline signal")
    _check_relaxivity(r1)
    dtype = np.float64 if concentration.dtype == np.float64 else np.float32
    out = np.empty(concentration.shape, dtype)
    for slab in _slabs(concentration.shape):
        with np.errstate(all="ignore"):  # undefined values are NaN, as said
            cosine, e10 = _terms(sequence, t1_ms[slab[1:]], b1[slab[1:]])
            rate = r1 * concentration[slab].astype(np.float64) + 1000.0 / t1_ms[slab[1:]]
            e1 = np.where(rate > 0, np.exp(-sequence.tr_ms / 1000.0 * rate), np.nan)
            level = before[slab[1:]] * (1 - e10 * cosine) / (1 - e10)
            out[slab] = level * (1 - e1) / (1 - e1 * cosine)
    return out


def _concentration(
    signal: np.ndarray,
    sequence: SpoiledGradientEcho,
    *,
    t1_ms: np.ndarray,
    r1: float,
    points: list[int],
    b1: np.ndarray,
) -> np.ndarray:
    """The formulas of the module for one slab, (T, ...); signal is used up."""
    before = signal[points].mean(axis=0)
    cosine, e10 = _terms(sequence, t1_ms, b1)
    full = before * (1 - e10 * cosine) / (1 - e10)  # after full recovery, S0 sin(a)
    signal /= np.where(full > 0, full, np.nan)
    e1 = (1 - signal) / (1 - signal * cosine)
    e1 = np.where((e1 > 0) & (e1 < 1), e1, np.nan)
    rate = -1000.0 / sequence.tr_ms * np.log(e1)  # per s
    return (rate - 1000.0 / t1_ms) / r1


def _terms(
    sequence: SpoiledGradientEcho, t1_ms: np.ndarray, b1: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cosine of the true flip angle, and E1 before contrast, NaN where one is not possible."""
    angle = np.deg2rad(sequence.flip_angle_deg) * b1
    cosine = np.where((angle > 0) & (angle < np.pi), np.cos(angle), np.nan)
    return cosine, np.exp(-sequence.tr_ms / t1_ms)


def _slabs(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Parts of the first spatial axis that hold a few million values, all points of each."""
    if len(shape) == 1:
        yield (slice(None),)
        return
    step = max(1, _SLAB_VALUES * shape[1] // max(1, int(np.prod(shape, dtype=np.int64))))
    for start in range(0, shape[1], step):
        yield (slice(None), slice(start, start + step))


def _on_grid(
    t1_ms: float | np.ndarray, b1: float | np.ndarray, grid: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """T1 and B1 as views on the grid, NaN where not above 0."""
    return _spread(t1_ms, grid, "T1"), _spread(b1, grid, "B1")


def _spread(values: float | np.ndarray, grid: tuple[int, ...], name: str) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim and values.shape != grid:
        raise GeometryError(
            f"{name} must be one number or on the grid of the series, {grid}, got "
            f"{values.shape}; resample it first with geometry.resample_like()"
        )
    possible = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    return np.broadcast_to(possible, grid)


def _check_relaxivity(r1: float) -> None:
    if not (np.isfinite(r1) and r1 > 0):
        raise InputError(
            f"a relaxivity must be above 0 per mM and s, got {r1}; see perfusion.relaxivity()"
        )


def _check_series(shape: tuple[int, ...]) -> None:
    if not shape or shape[0] == 0:
        raise GeometryError(
            f"a series needs a first axis of time, got shape {shape}; stack the points along it"
        )


def _checked_points(baseline: Sequence[int], n_points: int) -> list[int]:
    points = [int(k) for k in baseline]
    if not points or any(not 0 <= k < n_points for k in points):
        raise InputError(
            f"a baseline needs points among the {n_points} of the series, got {points}; "
            "count them from 0, see baseline_points()"
        )
    return points

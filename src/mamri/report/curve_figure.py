"""The time-intensity curve of a finding, laid out for drawing.

Signal becomes percent enhancement over the mean of the pre-contrast phases; time counts from the
injection. The page draws what this module lays out, as vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.records import DelayedPhase, FindingKinetics
from mamri.report.wording import number, quantity

WIDTH, HEIGHT = 560, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 104, 16, 46

# A pre-contrast phase long before the injection would squeeze the curve: it is drawn no further
# before it than this share of the time after it, and the page says so. Assumption.
_MOST_PRE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and its number."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class CurveFigure:
    """A curve in pixels of a `WIDTH` x `HEIGHT` drawing.

    Parameters
    ----------
    mean, worst : tuple of (x, y)
        Mean curve and that of the worst neighbourhood (empty where undefined).
    band : str
        SVG path of the mean plus and minus one standard deviation.
    x_ticks, y_ticks : tuple of Tick
    guides : tuple of Tick
        Lines at 50 and 100 % enhancement.
    injection_x : float or None
    mean_label_y, worst_label_y : float
        Where the names of the curves stand, right of their ends, not on each other.
    delayed : DelayedPhase or None
    early_pre : str
        Times of pre-contrast phases that are drawn nearer than they were; empty otherwise.
    values : tuple of (time, mean, standard deviation, worst)
        The same curves as numbers: s, and % enhancement.
    left, right, top, bottom : float
        Edges of the plot.
    """

    mean: tuple[tuple[float, float], ...]
    worst: tuple[tuple[float, float], ...]
    band: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    guides: tuple[Tick, ...]
    injection_x: float | None
    mean_label_y: float
    worst_label_y: float
    delayed: DelayedPhase | None
    early_pre: str
    values: tuple[tuple[float, float, float, float], ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


def curve_figure(kinetics: FindingKinetics) -> CurveFigure | None:
    """Lay out the curve of a finding.

    Returns
    -------
    CurveFigure or None
        None where percent enhancement is undefined: no phase before or none after contrast, or
        no signal before contrast.
    """
    times = kinetics.times_s
    pre = times <= 0
    if not pre.any() or pre.all():
        return None
    base = float(np.mean(kinetics.mean_signal[pre]))
    if not np.isfinite(base) or base <= 0:
        return None
    mean = 100.0 * (kinetics.mean_signal / base - 1.0)
    sd = 100.0 * np.nan_to_num(kinetics.sd_signal) / base
    worst = _percent(kinetics.worst_signal, pre)

    shown = np.maximum(times, -_MOST_PRE_SHARE * times[-1])
    x_low, x_high = min(float(shown[0]), 0.0), float(shown[-1])
    values = np.concatenate([mean - sd, mean + sd, worst[np.isfinite(worst)]])
    y_low = min(float(values.min()), 0.0)
    y_ticks = [v for v in _round_steps(y_low, max(float(values.max()), 110.0), 6) if v >= y_low]
    y_high = y_ticks[-1]

    def x_of(value: np.ndarray) -> np.ndarray:
        return _LEFT + (value - x_low) / (x_high - x_low) * (WIDTH - _RIGHT - _LEFT)

    def y_of(value: np.ndarray) -> np.ndarray:
        return HEIGHT - _BOTTOM - (value - y_low) / (y_high - y_low) * (HEIGHT - _BOTTOM - _TOP)

    def place(value: float) -> float:
        return float(y_of(np.asarray(value)))

    xs = x_of(shown)
    mean_end = place(mean[-1])
    worst_end = place(worst[-1]) if np.isfinite(worst[-1]) else mean_end
    mean_label, worst_label = _apart(mean_end, worst_end, least=34.0)
    upper, lower = y_of(mean + sd), y_of(mean - sd)
    band = _path([*zip(xs, upper, strict=True), *zip(xs[::-1], lower[::-1], strict=True)]) + "Z"
    moved = np.flatnonzero(shown > times)
    return CurveFigure(
        mean=_points(xs, y_of(mean)),
        worst=_points(xs, y_of(worst)),
        band=band,
        x_ticks=tuple(
            Tick(float(x_of(np.asarray(t))), f"{t:.0f}")
            for t in _round_steps(0.0, x_high, 7)
            if t <= x_high
        ),
        y_ticks=tuple(Tick(place(v), number(v)) for v in y_ticks),
        guides=tuple(Tick(place(v), f"{v} %") for v in (50, 100)),
        injection_x=float(x_of(np.asarray(0.0))),
        mean_label_y=mean_label,
        worst_label_y=worst_label,
        delayed=kinetics.delayed,
        early_pre=", ".join(quantity(float(times[i]), "s") for i in moved),
        values=tuple(
            (float(t), float(m), float(s), float(v))
            for t, m, s, v in zip(times, mean, sd, worst, strict=True)
        ),
    )


def _percent(signal: np.ndarray, pre: np.ndarray) -> np.ndarray:
    base = float(np.mean(signal[pre])) if signal.shape == pre.shape else np.nan
    if not np.isfinite(base) or base <= 0:
        return np.full(pre.shape, np.nan)
    return np.asarray(100.0 * (signal / base - 1.0))


def _round_steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that span an interval, about `most` of them."""
    span = high - low
    raw = span / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = float(next(m for m in (1, 2, 5, 10) if m * power >= raw) * power)
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return [i * step for i in range(first, last + 1)]


def _apart(first: float, second: float, *, least: float) -> tuple[float, float]:
    """Two places moved apart, each by the same distance, until they are `least` from each other."""
    short = least - abs(first - second)
    if short <= 0:
        return first, second
    up, down = -short / 2, short / 2
    return (first + up, second + down) if first < second else (first + down, second + up)


def _points(xs: np.ndarray, ys: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple(
        (round(float(x), 1), round(float(y), 1))
        for x, y in zip(xs, ys, strict=True)
        if np.isfinite(y)
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)

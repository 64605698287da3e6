"""Arterial input function measured in the images: in blood, or through a reference tissue.

Measured in an artery or in the heart it is the woman's own, but only where the first pass is seen:
images several seconds apart at most, flowing blood that does not arrive unsaturated, a peak that
neither saturates nor loses signal to T2*. Ordinary breast protocols, a minute or more per phase,
do not see it; then the curve is flagged, and a population curve is the better choice.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.perfusion.arterial_input import HAEMATOCRIT, plasma_from_blood
from mamri.perfusion.signal_to_concentration import (
    SpoiledGradientEcho,
    baseline_points,
    signal_to_concentration,
)
from mamri.records import Caveat, GeometryError, InputError, TimingError
from mamri.records.volume import read_only

_MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True)
class MeasuredInputSettings:
    """Which voxels make the input function, and when it is one.

    Voxels are taken in the order of the questions that automatic methods ask: is the peak high,
    does the bolus arrive early, is the peak sharp [1]_ [2]_. The limits are assumptions, chosen
    against the population curve of Parker and tissue curves.

    Parameters
    ----------
    peak_share : float
        Voxels whose peak is below this share of the bright ones' (the 95th percentile of all
        peaks) hold partial volume (assumption).
    arrival_window_s : float, s
        Voxels whose bolus arrives later than this after the earliest ones (their 10th percentile)
        are veins or tissue (assumption).
    sharp_share : float
        Of the voxels left, this share with the steepest rise is averaged (assumption).
    min_voxels : int
        Fewer usable voxels in the mask are refused, and so many are averaged at least
        (assumption).
    trim : float
        Share of the voxels left out of the mean at either end, point by point (assumption).
    tail_after_peak_s : float, s
        From here on the curve counts as tail: after the second pass (assumption).
    min_peak_to_tail : float
        The peak of an input is at least so many times its tail; that of Parker's curve is six
        times, that of tissue about one (assumption).
    max_rise_s : float, s
        An input rises from a fifth of its peak to the peak within this time (assumption: twice
        the injection at 2 ml/s of 15 ml, with flush and dispersion).
    min_peak_to_noise : float
        In standard deviations of the curve before contrast (assumption).
    max_step_s : float, s
        Images further apart than this about the peak do not see the first pass: half its width of
        10 s in Parker's curve (assumption).
    plausible_peak_mm : (lowest, highest) float, mM
        Of plasma, for a standard dose; Parker's is 10 (assumption).
    min_usable_share : float
        Share of the mask with a concentration at every time: where less has one, the vessel
        saturates, and its edge is what is measured (assumption).

    References
    ----------
    .. [1] Rijpkema M, Kaanders JHAM, Joosten FBM, van der Kogel AJ, Heerschap A. Method for
       quantitative mapping of dynamic MRI contrast agent uptake in human tumors. J Magn Reson
       Imaging 2001;14:457-463.
    .. [2] Mouridsen K, Christensen S, Gyldensted L, Ostergaard L. Automatic selection of arterial
       input function using cluster analysis. Magn Reson Med 2006;55:524-531.
       doi:10.1002/mrm.20759
    """

    peak_share: float = 0.5
    arrival_window_s: float = 4.0
    sharp_share: float = 0.5
    min_voxels: int = 5
    trim: float = 0.2
    tail_after_peak_s: float = 60.0
    min_peak_to_tail: float = 2.0
    max_rise_s: float = 30.0
    min_peak_to_noise: float = 10.0
    max_step_s: float = 5.0
    plausible_peak_mm: tuple[float, float] = (2.0, 25.0)
    min_usable_share: float = 0.5


DEFAULT_MEASURED = MeasuredInputSettings()


@dataclass(frozen=True, slots=True)
class InputQuality:
    """How far a measured curve can be trusted as an arterial input.

    Parameters
    ----------
    n_voxels, n_usable, n_mask : int
        Averaged; with a concentration at every time; in the mask.
    peak_mm : float, mM
        Of the curve, in plasma.
    peak_time_s, rise_s : float, s
        Time of the peak, from injection; and from a fifth of it to it.
    spread : float
        Robust standard deviation between the voxels at the time of the peak, over the peak.
    peak_to_tail, peak_to_noise : float
        NaN where there is no tail, or fewer than two points before contrast.
    step_s : float, s
        Longest time between images next to the peak.
    """

    n_voxels: int
    n_usable: int
    n_mask: int
    peak_mm: float
    peak_time_s: float
    rise_s: float
    spread: float
    peak_to_tail: float
    peak_to_noise: float
    step_s: float


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredInput:
    """Arterial input function measured in the images.

    Parameters
    ----------
    times_s : (T,) float, s from injection
    plasma_mm : (T,) float, mM
    haematocrit : float
        That the plasma was computed with.
    voxels : (S, R, C) bool
        Averaged ones.
    quality : InputQuality
    caveats : tuple of Caveat
        Why it does not look like an input function; empty where it does.
    """

    times_s: np.ndarray
    plasma_mm: np.ndarray
    haematocrit: float
    voxels: np.ndarray
    quality: InputQuality
    caveats: tuple[Caveat, ...]

    def __post_init__(self) -> None:
        for name in ("times_s", "plasma_mm", "voxels"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def looks_like_input(self) -> bool:
        """Whether peak, rise, tail, noise and sampling are all those of an input function."""
        return not self.caveats


def measured_input(
    blood_mm: np.ndarray,
    times_s: np.ndarray,
    mask: np.ndarray,
    *,
    haematocrit: float = HAEMATOCRIT,
    settings: MeasuredInputSettings = DEFAULT_MEASURED,
) -> MeasuredInput:
    """Input function from the concentration in an artery or the heart.

    Parameters
    ----------
    blood_mm : (T, S, R, C) real, mM
        Concentration in whole blood; voxels with a time that is not finite (saturated) are left
        out.
    times_s : (T,) float, s from injection
        Strictly increasing.
    mask : (S, R, C) bool
        Where to look; may hold more than the vessel.
    haematocrit : float
        At least 0 and below 1.
    settings : MeasuredInputSettings

    Returns
    -------
    MeasuredInput
        With caveats ``input_peak_low``, ``input_peak_high``, ``input_peak_blunt``,
        ``input_rise_slow``, ``input_saturated``, ``input_noisy``, ``input_undersampled`` where they
        hold.

    Raises
    ------
    GeometryError
        If series and mask are not on one grid.
    TimingError
        If the times do not fit the series or do not increase.
    InputError
        If fewer than ``min_voxels`` voxels can be used, or none of them rises.
    """
    blood_mm = np.asarray(blood_mm)
    mask = _checked_mask(blood_mm.shape, mask)
    times = _checked_times(times_s, blood_mm.shape[0])
    curves = blood_mm[:, mask].astype(np.float64)  # (T, V)
    return _from_curves(curves, times, mask, haematocrit, settings)


def measured_input_from_signal(
    signal: np.ndarray,
    times_s: np.ndarray,
    mask: np.ndarray,
    sequence: SpoiledGradientEcho,
    *,
    blood_t1_ms: float,
    r1: float,
    haematocrit: float = HAEMATOCRIT,
    settings: MeasuredInputSettings = DEFAULT_MEASURED,
) -> MeasuredInput:
    """Input function from the signal of a spoiled gradient echo in an artery or the heart.

    One T1 of blood stands for all voxels: flow spoils T1 maps in vessels.

    Parameters
    ----------
    signal : (T, S, R, C) real, a.u.
    times_s : (T,) float, s from injection
        Strictly increasing, at least one at or before 0.
    mask : (S, R, C) bool
        Where to look; may hold more than the vessel.
    sequence : SpoiledGradientEcho
    blood_t1_ms : float, ms
        Before contrast, see `literature_t1`.
    r1 : float, per mM and s
        Relaxivity.
    haematocrit : float
        At least 0 and below 1.
    settings : MeasuredInputSettings

    Returns
    -------
    MeasuredInput
        As `measured_input`.

    Raises
    ------
    GeometryError
        If series and mask are not on one grid.
    TimingError
        If the times do not fit the series, do not increase, or none is before contrast.
    InputError
        If fewer than ``min_voxels`` voxels can be used, or none of them rises.
    """
    signal = np.asarray(signal)
    mask = _checked_mask(signal.shape, mask)
    times = _checked_times(times_s, signal.shape[0])
    curves = signal_to_concentration(
        signal[:, mask].astype(np.float64),
        sequence,
        t1_ms=blood_t1_ms,
        r1=r1,
        baseline=baseline_points(times),
    )
    return _from_curves(curves, times, mask, haematocrit, settings)


@dataclass(frozen=True, slots=True)
class ReferenceRegionSettings:
    """What is assumed of the reference tissue, skeletal muscle.

    Parameters
    ----------
    ktrans_per_min : float, per minute
        0.1 as in [1]_, after values in muscle; others use 0.07 and 0.137 (Walker-Samuel 2007,
        Padhani 2002). The curve is inversely proportional to it.
    ve : float
        Extravascular extracellular volume fraction: 0.1 as in [1]_; others use 0.14 and 0.115.

    References
    ----------
    .. [1] Yankeelov TE, Luci JJ, Lepage M et al. Quantitative pharmacokinetic analysis of DCE-MRI
       data without an arterial input function: a reference region model. Magn Reson Imaging
       2005;23:519-529. doi:10.1016/j.mri.2005.02.013
    """

    ktrans_per_min: float = 0.1
    ve: float = 0.1

    def __post_init__(self) -> None:
        if not (np.isfinite(self.ktrans_per_min) and self.ktrans_per_min > 0 and 0 < self.ve <= 1):
            raise InputError(
                "a reference tissue needs Ktrans above 0 per minute and ve above 0 and at most 1, "
                f"got {self.ktrans_per_min} and {self.ve}; see ReferenceRegionSettings"
            )


DEFAULT_REFERENCE = ReferenceRegionSettings()


def reference_region_input(
    tissue_mm: np.ndarray,
    times_s: np.ndarray,
    *,
    settings: ReferenceRegionSettings = DEFAULT_REFERENCE,
) -> np.ndarray:
    """Plasma curve that explains the uptake of a reference tissue of known Ktrans and ve.

    ``cp(t) = (1 / Ktrans) dC/dt + C / ve``, the equation of Tofts and Kety solved for the plasma
    [1]_ [2]_. The derivative is the second-order difference of uneven steps, so the first pass
    needs images a few seconds apart, and noise in C comes out larger by the factor ``1 / (Ktrans
    step)``: average a large region first. The plasma within the tissue itself is neglected.

    Parameters
    ----------
    tissue_mm : (T,) float, mM
        Mean concentration in the reference tissue.
    times_s : (T,) float, s
        Strictly increasing, at least three.
    settings : ReferenceRegionSettings

    Returns
    -------
    (T,) float, mM
        NaN where the concentration, or one next to it, is not finite. Noise may make it negative.

    Raises
    ------
    TimingError
        If the times do not fit the curve or do not increase.

    References
    ----------
    .. [1] Kovar DA, Lewis M, Karczmar GS. A new method for imaging perfusion and contrast
       extraction fraction: input functions derived from reference tissues. J Magn Reson Imaging
       1998;8:1126-1134. doi:10.1002/jmri.1880080519
    .. [2] Yankeelov TE, Luci JJ, Lepage M et al. Quantitative pharmacokinetic analysis of DCE-MRI
       data without an arterial input function: a reference region model. Magn Reson Imaging
       2005;23:519-529. doi:10.1016/j.mri.2005.02.013
    """
    tissue = np.asarray(tissue_mm, float)
    if tissue.ndim != 1 or tissue.size < 3:
        raise TimingError(
            f"a derivative needs one curve of at least three points, got shape {tissue.shape}; "
            "average the region first"
        )
    minutes = _checked_times(times_s, tissue.size) / 60.0
    known = np.where(np.isfinite(tissue), tissue, np.nan)
    rise = np.gradient(known, minutes, edge_order=2)
    return np.asarray(rise / settings.ktrans_per_min + known / settings.ve)


def _from_curves(
    curves: np.ndarray,
    times: np.ndarray,
    mask: np.ndarray,
    haematocrit: float,
    settings: MeasuredInputSettings,
) -> MeasuredInput:
    """Choose and average the curves (T, V) of the mask's voxels."""
    usable = np.isfinite(curves).all(axis=0)
    n_usable = int(np.count_nonzero(usable))
    if n_usable < settings.min_voxels:
        raise InputError(
            f"an arterial input needs {settings.min_voxels} voxels with a concentration at every "
            f"time, got {n_usable} of {curves.shape[1]} in the mask; widen the mask, or use a "
            "population curve"
        )
    chosen = np.flatnonzero(usable)[_choose(curves[:, usable], times, settings)]
    plasma = plasma_from_blood(curves[:, chosen], haematocrit=haematocrit)
    curve = stats.trim_mean(plasma, settings.trim, axis=1)
    voxels = np.zeros(mask.shape, bool)
    voxels[tuple(index[chosen] for index in np.nonzero(mask))] = True
    quality = _quality(curve, plasma, times, (n_usable, curves.shape[1]), settings)
    return MeasuredInput(times, curve, haematocrit, voxels, quality, _doubts(quality, settings))


def _choose(curves: np.ndarray, times: np.ndarray, settings: MeasuredInputSettings) -> np.ndarray:
    """Indices of the curves (T, V) with a high, early and sharp peak."""
    peak = curves.max(axis=0)
    if not peak.max() > 0:
        raise InputError(
            "an arterial input must rise above 0 mM, got a mask in which no voxel does; "
            "check the mask and the times"
        )
    left = np.flatnonzero(peak >= settings.peak_share * np.percentile(peak, 95))
    left = left[peak[left] > 0]
    arrival = np.array([_arrival_s(curves[:, v], times) for v in left])
    left = left[arrival <= np.percentile(arrival, 10) + settings.arrival_window_s]
    steepest = (np.diff(curves[:, left], axis=0) / np.diff(times)[:, None]).max(axis=0)
    n_sharp = max(settings.min_voxels, round(settings.sharp_share * left.size))
    return np.sort(left[np.argsort(-steepest, kind="stable")[:n_sharp]])


def _arrival_s(curve: np.ndarray, times: np.ndarray) -> float:
    """Time at which a curve last passes a fifth of its peak on the way up, between samples."""
    top = int(np.argmax(curve))
    level = 0.2 * curve[top]
    below = np.flatnonzero(curve[: top + 1] < level)
    if below.size == 0:
        return float(times[0])
    k = int(below[-1])
    share = (level - curve[k]) / (curve[k + 1] - curve[k])
    return float(times[k] + share * (times[k + 1] - times[k]))


def _quality(
    curve: np.ndarray,
    plasma: np.ndarray,
    times: np.ndarray,
    counts: tuple[int, int],
    settings: MeasuredInputSettings,
) -> InputQuality:
    """Figures of the mean curve (T,) and of the voxels (T, V) it was made of."""
    top = int(np.argmax(curve))
    peak = float(curve[top])
    median = np.median(plasma[top])
    tail = curve[times >= times[top] + settings.tail_after_peak_s]
    before = curve[times <= 0]
    noise = float(before.std(ddof=1)) if before.size > 1 else float("nan")
    level = float(tail.mean()) if tail.size else float("nan")
    return InputQuality(
        n_voxels=plasma.shape[1],
        n_usable=counts[0],
        n_mask=counts[1],
        peak_mm=peak,
        peak_time_s=float(times[top]),
        rise_s=float(times[top]) - _arrival_s(curve, times),
        spread=float(_MAD_TO_SD * np.median(abs(plasma[top] - median)) / peak),
        peak_to_tail=_ratio(peak, level),
        peak_to_noise=_ratio(peak, noise),
        step_s=float(np.diff(times)[max(0, top - 1) : top + 1].max()),
    )


def _ratio(peak: float, other: float) -> float:
    """Peak over another level: without end over nothing or less."""
    if np.isnan(other):
        return float("nan")
    return peak / other if other > 0 else float("inf")


def _doubts(quality: InputQuality, settings: MeasuredInputSettings) -> tuple[Caveat, ...]:
    """What speaks against the curve being an arterial input."""
    lowest, highest = settings.plausible_peak_mm
    doubts = {
        "input_peak_low": (
            quality.peak_mm < lowest,
            f"peaks at {quality.peak_mm:.1f} mM, below {lowest:g} mM",
        ),
        "input_peak_high": (
            quality.peak_mm > highest,
            f"peaks at {quality.peak_mm:.1f} mM, above {highest:g} mM",
        ),
        "input_peak_blunt": (
            quality.peak_to_tail < settings.min_peak_to_tail,
            f"has a peak only {quality.peak_to_tail:.1f} times its tail",
        ),
        "input_rise_slow": (
            quality.rise_s > settings.max_rise_s,
            f"takes {quality.rise_s:.0f} s to its peak",
        ),
        "input_saturated": (
            quality.n_usable < settings.min_usable_share * quality.n_mask,
            f"has no concentration in {quality.n_mask - quality.n_usable} of {quality.n_mask} "
            "voxels of its mask, as where the signal saturates",
        ),
        "input_noisy": (
            quality.peak_to_noise < settings.min_peak_to_noise,
            f"has a peak only {quality.peak_to_noise:.1f} times its noise",
        ),
        "input_undersampled": (
            quality.step_s > settings.max_step_s,
            f"has images {quality.step_s:.0f} s apart about its peak, too far for the first pass",
        ),
    }
    return tuple(
        Caveat(
            code,
            f"The measured arterial input {what}, which makes all pharmacokinetic values doubtful.",
        )
        for code, (holds, what) in doubts.items()
        if holds
    )


def _checked_mask(shape: tuple[int, ...], mask: np.ndarray) -> np.ndarray:
    mask = np.asarray(mask, bool)
    if len(shape) != 4 or mask.shape != shape[1:]:
        raise GeometryError(
            "an input is measured in a series (time, slice, row, column) and a mask on its grid, "
            f"got {shape} and {mask.shape}; resample the mask first with geometry.resample_like()"
        )
    return mask


def _checked_times(times_s: np.ndarray, n_points: int) -> np.ndarray:
    times = np.array(times_s, float)
    if times.shape != (n_points,) or n_points < 2 or not np.all(np.isfinite(times)):
        raise TimingError(
            f"every point needs one finite time and there must be two, got {times.size} times for "
            f"{n_points} points; give one time in seconds for each point"
        )
    if np.any(np.diff(times) <= 0):
        raise TimingError(
            f"times must increase, got {times.tolist()} s; put the points in order of acquisition"
        )
    return times

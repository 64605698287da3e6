"""All kinetic maps of a dynamic series in one pass.

The formulas are those of ``percent_enhancement``, ``signal_enhancement_ratio``, ``slopes``,
``time_to_peak`` and ``curve_type``; here they are fused into one compiled loop that reads a few
slices at a time, so that the series is never copied to floats as a whole. The reference for
wash-out is the highest phase up to the early one (for an enhancing lesion, its initial peak). The
highest of many noisy phases lies above the true curve, so single voxels of series with many short
phases lean towards wash-out; curves of regions and neighbourhoods hardly do.
"""

import numba
import numpy as np

from mamri.kinetics.baseline import noise_floor, slabs
from mamri.kinetics.phase_choice import PhaseChoice, choose_phases
from mamri.kinetics.settings import DEFAULT_SETTINGS, KineticSettings
from mamri.records import (
    Caveat,
    DynamicSeries,
    GeometryError,
    KineticMaps,
    Provenance,
    Status,
)

_EARLY_MAPS = (
    "percent_enhancement",
    "peak_enhancement",
    "time_to_peak_s",
    "wash_in_slope",
)
_LATE_MAPS = ("signal_enhancement_ratio", "washout", "wash_out_slope", "curve_type")
_SLAB_BYTES = 32_000_000  # float32 copy of a few slices; stays near the caches

REFERENCES = (
    "Hylton NM, Blume JD, Bernreuter WK et al. Locally advanced breast cancer: MR imaging for "
    "prediction of response to neoadjuvant chemotherapy: results from ACRIN 6657/I-SPY TRIAL. "
    "Radiology 2012;263:663-672. doi:10.1148/radiol.12110748",
    "Kuhl CK, Mielcareck P, Klaschik S et al. Dynamic breast MR imaging: are signal intensity time "
    "course data useful for differential diagnosis of enhancing lesions? Radiology "
    "1999;211:101-110. doi:10.1148/radiology.211.1.r99ap38101",
    "Lehman CD, Peacock S, DeMartini WB, Chen X. A new automated software system to evaluate "
    "breast MR examinations: improved specificity without decreased sensitivity. AJR Am J "
    "Roentgenol 2006;187:51-56. doi:10.2214/AJR.05.0269",
)


def can_compute(series: DynamicSeries) -> bool:
    """Whether a series has a phase before and one after contrast."""
    return 0 < series.n_pre < series.n_phases


def kinetic_maps(
    series: DynamicSeries,
    settings: KineticSettings = DEFAULT_SETTINGS,
    *,
    mask: np.ndarray | None = None,
) -> tuple[KineticMaps, tuple[Caveat, ...], Provenance]:
    """Enhancement, ratio, wash-out, slopes, time to peak and curve type of every voxel.

    A voxel is defined where its baseline is above the noise floor and all its phases are finite.
    The curve type is given where the highest enhancement up to the early phase reaches
    ``min_enhancement_percent``.

    Parameters
    ----------
    series : DynamicSeries
        In anatomical order, any real dtype.
    settings : KineticSettings
    mask : (S, R, C) bool, optional
        Voxels to compute; all others are undefined.

    Returns
    -------
    KineticMaps
        Maps that need a phase the series does not have are all NaN and ``not_computed``.
    tuple of Caveat
        Those of `choose_phases`.
    Provenance

    Raises
    ------
    GeometryError
        If the mask is on another grid.
    """
    shape = series.array.shape[1:]
    if mask is not None and mask.shape != shape:
        raise GeometryError(
            f"a mask must be on the grid of the series, {shape}, got {mask.shape}; "
            "resample it first with geometry.resample_like()"
        )
    choice, caveats = choose_phases(series.times_s, settings.phases)
    missing = _missing_maps(choice)
    floor = _floor(series.array, choice, settings)
    arrays = _empty_maps(shape, missing)
    if choice.is_dynamic:
        _fill(arrays, series, choice, floor=floor, settings=settings, mask=mask)
    maps = KineticMaps(
        **arrays,
        affine=series.affine,
        early_phase=choice.early if choice.is_dynamic else None,
        late_phase=choice.late if choice.is_dynamic else None,
        noise_floor=floor,
        status={
            name: Status.NOT_COMPUTED if name in missing else Status.OK
            for name in (*_EARLY_MAPS, *_LATE_MAPS)
        },
    )
    return maps, caveats, _provenance(series.times_s, choice, floor=floor, settings=settings)


def _missing_maps(choice: PhaseChoice) -> tuple[str, ...]:
    if not choice.is_dynamic:
        return _EARLY_MAPS + _LATE_MAPS
    return _LATE_MAPS if choice.late is None else ()


def _floor(array: np.ndarray, choice: PhaseChoice, settings: KineticSettings) -> float:
    if settings.noise_floor is not None:
        return float(settings.noise_floor)
    if not choice.pre:
        return float("nan")
    return noise_floor(array, choice, sigmas=settings.noise_sigmas)


def _empty_maps(shape: tuple[int, ...], missing: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Arrays to be filled; a map that cannot be computed is one NaN seen everywhere."""
    arrays: dict[str, np.ndarray] = {}
    for name in (*_EARLY_MAPS, *_LATE_MAPS):
        dtype = np.uint8 if name == "curve_type" else np.float32
        undefined = 0 if name == "curve_type" else np.nan
        if name in missing:
            arrays[name] = np.broadcast_to(np.array(undefined, dtype), shape)
        else:
            arrays[name] = np.empty(shape, dtype)
    return arrays


def _fill(
    arrays: dict[str, np.ndarray],
    series: DynamicSeries,
    choice: PhaseChoice,
    *,
    floor: float,
    settings: KineticSettings,
    mask: np.ndarray | None,
) -> None:
    """Write every map, a few slices at a time."""
    used = np.array((*choice.pre, *choice.post))
    n_pre, n_rise = len(choice.pre), len(choice.rise)
    positions = {int(phase): k for k, phase in enumerate(used)}
    early = positions[choice.rise[-1]]
    late = -1 if choice.late is None else positions[choice.late]
    limits = settings.thresholds
    options = np.array(
        (
            max(floor, 0.0),
            settings.min_late_rise_percent / 100,
            limits.min_enhancement_percent,
            limits.delayed_change_percent,
        )
    )
    times = series.times_s[used]
    n_slices, rows, columns = series.array.shape[1:]
    at_once = max(1, _SLAB_BYTES // (4 * len(used) * rows * columns))
    early_out = [arrays[name] for name in _EARLY_MAPS]
    late_out = [arrays[name] for name in _LATE_MAPS]
    for slab in slabs(n_slices, at_once):
        voxels = (slab.stop - slab.start) * rows * columns
        inside = np.ones(0, bool) if mask is None else np.ascontiguousarray(mask[slab], bool)
        signal = np.empty((len(used), voxels), np.float32)
        if mask is None or inside.any():
            for k, phase in enumerate(used):
                signal[k] = series.array[phase, slab].reshape(-1)
        early_maps = [out[slab].reshape(-1) for out in early_out]
        if late < 0:
            late_maps = [np.empty(0, out.dtype) for out in late_out]
        else:
            late_maps = [out[slab].reshape(-1) for out in late_out]
        voxels_inside = inside.reshape(-1)
        phases = (n_pre, n_rise, early, late)
        _read_curves(signal, times, voxels_inside, *phases, options, *early_maps, *late_maps)


@numba.njit(cache=True)
def _read_curves(
    signal: np.ndarray,
    times: np.ndarray,
    inside: np.ndarray,
    n_pre: int,
    n_rise: int,
    early: int,
    late: int,
    options: np.ndarray,
    pe_map: np.ndarray,
    peak_map: np.ndarray,
    ttp_map: np.ndarray,
    wash_in_map: np.ndarray,
    ser_map: np.ndarray,
    washout_map: np.ndarray,
    wash_out_map: np.ndarray,
    type_map: np.ndarray,
) -> None:
    """Read the maps off every curve.

    signal (T, V) float32 with the ``n_pre`` baseline phases first; times (T,) s; inside (V,) bool
    or empty for all; ``early`` and ``late`` index signal, late is -1 where there is none;
    ``options`` = noise floor a.u., least late rise as a fraction of the baseline, least enhancement
    %, limit of the delayed change %. The maps are (V,).
    """
    n_phases, n_voxels = signal.shape
    floor, min_late_rise, min_enhancement, limit = options
    everywhere = inside.size == 0
    nan = np.float32(np.nan)
    for v in range(n_voxels):
        pe = peak = ttp = wash_in = ser = washout = wash_out = nan
        kind = 0
        base = 0.0
        total = 0.0  # NaN or infinite as soon as one phase is
        if everywhere or inside[v]:
            for t in range(n_pre):
                base += signal[t, v]
            base /= n_pre
            for t in range(n_phases):
                total += signal[t, v]
        if base > floor and np.isfinite(total):
            t_rise = n_pre
            for t in range(n_pre + 1, n_pre + n_rise):
                if signal[t, v] > signal[t_rise, v]:
                    t_rise = t
            t_peak = t_rise
            for t in range(n_pre + n_rise, n_phases):
                if signal[t, v] > signal[t_peak, v]:
                    t_peak = t
            top = signal[t_rise, v]
            per_base = 100.0 / base
            pe = np.float32((signal[early, v] - base) * per_base)
            peak = np.float32((signal[t_peak, v] - base) * per_base)
            if peak > 0:
                ttp = np.float32(times[t_peak])
            rise = (top - base) * per_base
            wash_in = np.float32(rise * 60.0 / times[t_rise])
            if late >= 0:
                last = signal[late, v]
                if last - base > max(0.0, min_late_rise * base):
                    ser = np.float32((signal[early, v] - base) / (last - base))
                wash_out = np.float32(
                    (last - top) * per_base * 60.0 / (times[late] - times[t_rise])
                )
                if top > 0:
                    change = 100.0 * (last - top) / top
                    washout = np.float32(change)
                    if rise >= min_enhancement:
                        kind = 2
                        if change > limit:
                            kind = 1
                        elif change < -limit:
                            kind = 3
        pe_map[v] = pe
        peak_map[v] = peak
        ttp_map[v] = ttp
        wash_in_map[v] = wash_in
        if late >= 0:
            ser_map[v] = ser
            washout_map[v] = washout
            wash_out_map[v] = wash_out
            type_map[v] = kind


def _provenance(
    times_s: np.ndarray, choice: PhaseChoice, *, floor: float, settings: KineticSettings
) -> Provenance:
    limits = settings.thresholds
    early = None if choice.early is None else float(times_s[choice.early])
    late = None if choice.late is None else float(times_s[choice.late])
    if not choice.is_dynamic:
        method = "Enhancement was not computed, for want of phases before and after contrast."
    else:
        method = (
            f"Enhancement was read against the mean of {len(choice.pre)} pre-contrast phase(s) at "
            f"an early phase {early:.0f} s"
            + ("" if late is None else f" and a late phase {late:.0f} s")
            + f" after injection where the baseline exceeded a noise floor of {floor:.4g} a.u."
        )
        if late is not None:
            method += (
                " Wash-out, plateau and persistent curves were told apart at a signal change of "
                f"+/-{limits.delayed_change_percent:g} % from the highest phase up to the early "
                "one to the late phase, where enhancement reached "
                f"{limits.min_enhancement_percent:g} %."
            )
    return Provenance(
        step="kinetics",
        method=method,
        settings={
            "early_time_s": early,
            "late_time_s": late,
            "early_target_s": settings.phases.early_s,
            "late_target_s": settings.phases.late_s,
            "initial_within_s": settings.phases.initial_within_s,
            "baseline": settings.phases.baseline.value,
            "baseline_phases": len(choice.pre),
            "noise_floor": floor,
            "noise_sigmas": settings.noise_sigmas,
            "min_late_rise_percent": settings.min_late_rise_percent,
            "slow_below_percent": limits.slow_below_percent,
            "fast_above_percent": limits.fast_above_percent,
            "delayed_change_percent": limits.delayed_change_percent,
            "min_enhancement_percent": limits.min_enhancement_percent,
        },
        references=REFERENCES,
    )

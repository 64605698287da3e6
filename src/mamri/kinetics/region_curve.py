"""Mean curve of a region."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.kinetics.percent_enhancement import percent_enhancement
from mamri.kinetics.phase_choice import choose_phases
from mamri.kinetics.settings import DEFAULT_SETTINGS, KineticSettings
from mamri.records import DynamicSeries, GeometryError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True, eq=False)
class RegionCurve:
    """Signal of a region over time.

    Parameters
    ----------
    times_s : (T,) float, s from injection
    mean_signal, sd_signal : (T,) float, a.u.
        Over the voxels of the region (standard deviation of the population); NaN where it is
        empty.
    percent_enhancement : (T,) float, %
        Of the mean signal against its baseline, the pre-contrast phases included; NaN where
        undefined.
    n_voxels : int
        Voxels of the region whose signal is finite at every phase.
    """

    times_s: np.ndarray
    mean_signal: np.ndarray
    sd_signal: np.ndarray
    percent_enhancement: np.ndarray
    n_voxels: int

    def __post_init__(self) -> None:
        for name in ("times_s", "mean_signal", "sd_signal", "percent_enhancement"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def region_curve(
    series: DynamicSeries, mask: np.ndarray, settings: KineticSettings = DEFAULT_SETTINGS
) -> RegionCurve:
    """Mean and spread of the signal over a region, and the enhancement of its mean.

    Parameters
    ----------
    series : DynamicSeries
    mask : (S, R, C) bool
    settings : KineticSettings
        Its ``phases.baseline`` says what enhancement is measured against.

    Returns
    -------
    RegionCurve

    Raises
    ------
    GeometryError
        If the mask is on another grid.
    """
    signal = signal_in(series, mask)
    signal = signal[:, np.isfinite(signal).all(axis=0)]
    if signal.shape[1] == 0:
        nothing = np.full(series.n_phases, np.nan)
        return RegionCurve(series.times_s, nothing, nothing, nothing, 0)
    mean = signal.mean(axis=1)
    enhancement = curve_enhancement(mean, series.times_s, settings)
    return RegionCurve(series.times_s, mean, signal.std(axis=1), enhancement, signal.shape[1])


def signal_in(
    series: DynamicSeries, mask: np.ndarray, *, phases: Sequence[int] | None = None
) -> np.ndarray:
    """Signal of the voxels of a mask at some phases (all unless told), (T, V) float64, a.u."""
    if mask.shape != series.array.shape[1:]:
        raise GeometryError(
            f"a region must be on the grid of the series, {series.array.shape[1:]}, got "
            f"{mask.shape}; resample it first with geometry.resample_like()"
        )
    where = np.nonzero(mask)
    wanted = range(series.n_phases) if phases is None else phases
    signal = np.empty((len(wanted), where[0].size))
    for k, phase in enumerate(wanted):
        signal[k] = series.array[phase][where]
    return signal


def curve_enhancement(
    signal: np.ndarray, times_s: np.ndarray, settings: KineticSettings = DEFAULT_SETTINGS
) -> np.ndarray:
    """Percent enhancement of curves, (T, ...) in a.u. to (T, ...) in %; NaN without baseline."""
    choice, _ = choose_phases(times_s, settings.phases)
    if not choice.pre:
        return np.full(np.shape(signal), np.nan)
    return percent_enhancement(signal, np.asarray(signal)[list(choice.pre)].mean(axis=0))

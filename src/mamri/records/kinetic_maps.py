"""Maps of how every voxel enhances over time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mamri.records.caveat import Status
from mamri.records.errors import GeometryError
from mamri.records.volume import Volume, checked_affine, read_only

_VALUE_MAPS = (
    "percent_enhancement",
    "peak_enhancement",
    "signal_enhancement_ratio",
    "washout",
    "time_to_peak_s",
    "wash_in_slope",
    "wash_out_slope",
)


@dataclass(frozen=True, slots=True, eq=False)
class KineticMaps:
    """Semi-quantitative enhancement, voxel by voxel, on the grid of the dynamic series.

    Every map is NaN where it is undefined: outside the analysed region, below the noise floor,
    or where the phases it needs do not exist (then also ``status`` says so).

    Parameters
    ----------
    percent_enhancement : (S, R, C) float32, %
        Signal change from the baseline to the early phase, in percent of the baseline.
    peak_enhancement : (S, R, C) float32, %
        The same at the strongest post-contrast phase.
    signal_enhancement_ratio : (S, R, C) float32, dimensionless
        Early over late enhancement; above 1 is wash-out.
    washout : (S, R, C) float32, %
        Signal change from the highest phase up to the early one to the late phase, in percent of
        the former; negative is wash-out.
    time_to_peak_s : (S, R, C) float32, s from injection
        Time of the strongest post-contrast phase.
    wash_in_slope : (S, R, C) float32, %/min
        Mean rise of enhancement from the injection to the highest phase up to the early one.
    wash_out_slope : (S, R, C) float32, %/min
        Mean change of enhancement from that phase to the late one; negative is wash-out.
    curve_type : (S, R, C) uint8
        0 none or undefined, 1 persistent, 2 plateau, 3 wash-out.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    early_phase, late_phase : int or None
        Indices into the dynamic series; None where there is no such phase.
    noise_floor : float, a.u.
        Baseline signal at or below which a voxel is undefined.
    status : mapping of map name to Status
        ``not_computed`` for maps whose phases do not exist.
    """

    percent_enhancement: np.ndarray
    peak_enhancement: np.ndarray
    signal_enhancement_ratio: np.ndarray
    washout: np.ndarray
    time_to_peak_s: np.ndarray
    wash_in_slope: np.ndarray
    wash_out_slope: np.ndarray
    curve_type: np.ndarray
    affine: np.ndarray
    early_phase: int | None
    late_phase: int | None
    noise_floor: float
    status: Mapping[str, Status]

    def __post_init__(self) -> None:
        shape = np.shape(self.percent_enhancement)
        for name in (*_VALUE_MAPS, "curve_type"):
            array = read_only(getattr(self, name))
            if array.shape != shape or array.ndim != 3:
                raise GeometryError(
                    f"all kinetic maps must share one (S, R, C) grid, got percent_enhancement "
                    f"{shape} and {name} {array.shape}; compute them from one dynamic series"
                )
            object.__setattr__(self, name, array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

    def volumes(self) -> dict[str, Volume]:
        """Maps that could be computed, by name, as volumes (views, not copies)."""
        return {
            name: Volume(getattr(self, name), self.affine)
            for name in (*_VALUE_MAPS, "curve_type")
            if self.status.get(name, Status.OK) is Status.OK
        }

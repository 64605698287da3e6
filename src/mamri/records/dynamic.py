"""Dynamic contrast-enhanced and diffusion-weighted series."""

from dataclasses import dataclass

import numpy as np

from mamri.records.errors import GeometryError, TimingError
from mamri.records.volume import Volume, checked_affine, read_only


@dataclass(frozen=True, slots=True, eq=False)
class DynamicSeries:
    """T1-weighted phases on one grid, in order of time.

    Parameters
    ----------
    array : (T, S, R, C) real, a.u.
        Signal; all phases on one intensity scale (rescale slopes applied where they differ).
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    times_s : (T,) float, s
        Centre of each phase counted from the injection of contrast agent, strictly increasing;
        pre-contrast phases are at or below 0.
    """

    array: np.ndarray
    affine: np.ndarray
    times_s: np.ndarray

    def __post_init__(self) -> None:
        array = read_only(self.array)
        times = np.array(self.times_s, dtype=np.float64)
        if array.ndim != 4 or array.size == 0:
            raise GeometryError(
                f"a dynamic series needs axes (time, slice, row, column), got shape {array.shape}; "
                "stack the phases along the first axis"
            )
        if times.shape != (array.shape[0],) or not np.all(np.isfinite(times)):
            raise TimingError(
                f"every phase needs one finite time, got {times.size} times for "
                f"{array.shape[0]} phases; give one time in seconds for each phase"
            )
        if np.any(np.diff(times) <= 0):
            raise TimingError(
                f"phase times must increase, got {times.tolist()} s; "
                "put the phases in order of acquisition"
            )
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))
        object.__setattr__(self, "times_s", read_only(times))

    @property
    def n_phases(self) -> int:
        """Number of phases, pre-contrast ones included."""
        return int(self.array.shape[0])

    @property
    def n_pre(self) -> int:
        """Number of pre-contrast phases: those at or before the injection."""
        return int(np.count_nonzero(self.times_s <= 0))

    def phase(self, index: int) -> Volume:
        """One phase as a volume (a view, not a copy)."""
        return Volume(self.array[index], self.affine)


@dataclass(frozen=True, slots=True, eq=False)
class DiffusionSeries:
    """Diffusion-weighted volumes on one grid.

    Parameters
    ----------
    array : (B, S, R, C) real, a.u.
    affine : (4, 4) float, mm
    b_values : (B,) float, s/mm2
        Not below 0; repeats (directions, averages) are allowed.
    """

    array: np.ndarray
    affine: np.ndarray
    b_values: np.ndarray

    def __post_init__(self) -> None:
        array = read_only(self.array)
        b_values = np.array(self.b_values, dtype=np.float64)
        if array.ndim != 4 or array.size == 0:
            raise GeometryError(
                f"a diffusion series needs axes (b, slice, row, column), got shape {array.shape}; "
                "stack the volumes along the first axis"
            )
        if b_values.shape != (array.shape[0],) or not np.all(b_values >= 0):
            raise TimingError(
                f"every volume needs one b-value of at least 0, got {b_values.tolist()} for "
                f"{array.shape[0]} volumes; give one b-value in s/mm2 for each volume"
            )
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))
        object.__setattr__(self, "b_values", read_only(b_values))

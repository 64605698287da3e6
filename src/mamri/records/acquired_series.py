"""One series as a scanner stores it, before any file format: the input of every exam writer."""

from dataclasses import dataclass

import numpy as np

from mamri.records.errors import GeometryError, TimingError
from mamri.records.exam import Acquisition, SeriesRole
from mamri.records.volume import checked_affine, read_only


@dataclass(frozen=True, slots=True, eq=False)
class AcquiredSeries:
    """Stored volumes of one acquisition with what a file header says of them.

    Parameters
    ----------
    role : SeriesRole
    array : (V, S, R, C) int16, a.u.
        Volumes: phases, b-values, or a single one.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    acquisition : Acquisition
    start_s : float, s
        When the first volume began, counted from the injection of contrast agent.
    times_s : (V,) float, s, or None
        Centre of each phase from the injection; for dynamic series only.
    b_values : (V,) float, s/mm2, or None
        For diffusion-weighted series only.
    contrast : str
        What sets images of one role apart: ``water``, ``fat``, ``in-phase``, ``opposed-phase``,
        ``ultrafast``, ``high-resolution``; empty where nothing does.
    echo_train_length : int
    inversion_time_ms : float, ms, or None
    """

    role: SeriesRole
    array: np.ndarray
    affine: np.ndarray
    acquisition: Acquisition
    start_s: float = 0.0
    times_s: np.ndarray | None = None
    b_values: np.ndarray | None = None
    contrast: str = ""
    echo_train_length: int = 1
    inversion_time_ms: float | None = None

    def __post_init__(self) -> None:
        array = read_only(self.array)
        if array.ndim != 4 or array.size == 0:
            raise GeometryError(
                f"an acquired series needs axes (volume, slice, row, column), got shape "
                f"{array.shape}; stack its volumes along the first axis"
            )
        for name in ("times_s", "b_values"):
            values = getattr(self, name)
            if values is None:
                continue
            values = np.array(values, dtype=np.float64)
            if values.shape != (array.shape[0],):
                raise TimingError(
                    f"every volume needs one of {name}, got {values.size} for {array.shape[0]} "
                    "volumes; give one value for each volume"
                )
            object.__setattr__(self, name, read_only(values))
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

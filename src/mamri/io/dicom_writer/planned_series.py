"""A study as it will be written: series of volumes, each with what sets it apart."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mamri.geometry import spacing_mm
from mamri.io._scanner_label_table import SeriesKind
from mamri.records import Acquisition

_VOLUME_ENCODED = frozenset(
    {
        SeriesKind.DYNAMIC, SeriesKind.ULTRAFAST, SeriesKind.T1_PRE, SeriesKind.T1_POST,
        SeriesKind.SUBTRACTION, SeriesKind.MIP,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PlannedVolume:
    """One volume of a series.

    Parameters
    ----------
    images : (S, R, C) int, a.u.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    image_type : tuple of str
        Of a classic image.
    start : datetime
        When its acquisition began.
    duration_s : float or None, s
    temporal_position : int
        Phase, counted from 1.
    after_contrast : bool
        Acquired after the injection.
    b_value : float or None, s/mm2
    part : str
        Part of a Dixon acquisition, or empty.
    """

    images: np.ndarray
    affine: np.ndarray
    image_type: tuple[str, ...]
    start: datetime
    duration_s: float | None = None
    temporal_position: int = 1
    after_contrast: bool = False
    b_value: float | None = None
    part: str = ""

    @property
    def is_derived(self) -> bool:
        """Whether its images were computed from others."""
        return self.image_type[0] == "DERIVED"


@dataclass(frozen=True, slots=True, eq=False)
class PlannedSeries:
    """One series to write.

    Parameters
    ----------
    kind : SeriesKind
    key : str
        Tells the series from all others of the study.
    description : str
    volumes : tuple of PlannedVolume
        In order of instance number.
    acquisition : Acquisition
    number : int
        SeriesNumber.
    is_dynamic : bool
        Whether it holds several phases.
    is_timed : bool
        Whether it is a phase or holds phases, so that its duration counts.
    thickness_mm : float or None, mm
        None for the distance between slices.
    echo_train_length : int
    inversion_time_ms : float or None, ms
    derivation : str
        How it was computed from other series; empty for what was acquired.
    """

    kind: SeriesKind
    key: str
    description: str
    volumes: tuple[PlannedVolume, ...]
    acquisition: Acquisition
    number: int = 0
    is_dynamic: bool = False
    is_timed: bool = False
    thickness_mm: float | None = None
    echo_train_length: int = 1
    inversion_time_ms: float | None = None
    derivation: str = ""

    @property
    def start(self) -> datetime:
        """When the first volume began."""
        return min(volume.start for volume in self.volumes)

    @property
    def is_3d(self) -> bool:
        """Whether the volume is excited as a whole."""
        return self.kind in _VOLUME_ENCODED

    @property
    def n_phases(self) -> int:
        """Number of time points of the whole series."""
        return max(volume.temporal_position for volume in self.volumes)

    @property
    def highest(self) -> int:
        """Largest stored value."""
        return max(int(volume.images.max()) for volume in self.volumes)

    def slice_thickness_mm(self, affine: np.ndarray) -> float:
        """Nominal slice thickness of a volume on a grid."""
        nominal = self.thickness_mm or self.acquisition.slice_thickness_mm
        return nominal or spacing_mm(affine)[0]

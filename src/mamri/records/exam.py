"""An examination as it was read: every series with its role, and the volumes that matter."""

from dataclasses import dataclass
from enum import StrEnum

from mamri.records.caveat import Caveat
from mamri.records.dynamic import DiffusionSeries, DynamicSeries
from mamri.records.errors import GeometryError
from mamri.records.volume import Volume


class SeriesRole(StrEnum):
    """What a series is for, in the words of a breast MRI protocol."""

    T1_PRE = "t1_pre"
    DYNAMIC = "dynamic"
    T1_POST = "t1_post"
    T2 = "t2"
    STIR = "stir"
    DWI = "dwi"
    ADC = "adc"
    DIXON = "dixon"
    SUBTRACTION = "subtraction"
    MIP = "mip"
    LOCALIZER = "localizer"
    SEGMENTATION = "segmentation"
    OTHER = "other"


class Plane(StrEnum):
    """Acquisition plane nearest to the slices."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"


class Coverage(StrEnum):
    """Which breasts the field of view holds."""

    BILATERAL = "bilateral"
    RIGHT = "right"
    LEFT = "left"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One series found in the input, used or not.

    Parameters
    ----------
    uid : str
        SeriesInstanceUID, or the file name for NIfTI.
    description : str
        SeriesDescription as the scanner wrote it.
    role : SeriesRole
    reason : str
        Why it has this role, in a sentence.
    used : bool
        Whether its images enter the analysis.
    n_images : int
        Slices, frames or files.
    shape : (S, R, C) of int, or None
    spacing_mm : (S, R, C) of float, mm, or None
    plane : Plane or None
    """

    uid: str
    description: str
    role: SeriesRole
    reason: str
    used: bool = False
    n_images: int = 0
    shape: tuple[int, int, int] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    plane: Plane | None = None


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How the dynamic series was acquired; None where the input does not say.

    Parameters
    ----------
    manufacturer, model : str or None
    field_strength_t : float, T
    tr_ms, te_ms : float, ms
    flip_angle_deg : float, degrees
    slice_thickness_mm : float, mm
        Nominal thickness; the distance between slices follows from the affine.
    phase_duration_s : float, s
        Time to acquire one phase (temporal resolution).
    fat_suppressed : bool or None
        As the input says; what the image shows is in `Exam.fat_suppression_seen`.
    fat_suppression_source : str
        Where that came from.
    contrast_agent : str or None
    """

    manufacturer: str | None = None
    model: str | None = None
    field_strength_t: float | None = None
    tr_ms: float | None = None
    te_ms: float | None = None
    flip_angle_deg: float | None = None
    slice_thickness_mm: float | None = None
    phase_duration_s: float | None = None
    fat_suppressed: bool | None = None
    fat_suppression_source: str = "not recorded"
    contrast_agent: str | None = None


@dataclass(frozen=True, slots=True)
class FatSuppressionSeen:
    """What the image itself shows of fat suppression.

    Parameters
    ----------
    suppressed : bool or None
        None where it cannot be told.
    score : float
        Evidence from -1 (bright fat) to 1 (suppressed fat), the mean of several measures; NaN
        where there was no breast to look at.
    gland_contrast : float
        Natural log of the signal of what was taken for fibroglandular tissue over that of the
        rest of the breast: above 0 with suppression if it was taken rightly. NaN where there was
        too little of either.
    """

    suppressed: bool | None = None
    score: float = float("nan")
    gland_contrast: float = float("nan")


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the phase times come from.

    Parameters
    ----------
    time_source : str
        DICOM attribute or user option that gave the times, in words.
    injection_source : str
        What time zero is: a DICOM attribute, a user option, or a stated assumption.
    order_source : str
        What separated and ordered the phases.
    """

    time_source: str
    injection_source: str
    order_source: str = "given by the user"


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """One breast MRI examination of one patient.

    Parameters
    ----------
    series : tuple of SeriesRecord
        Everything that was found, used or not.
    dynamic : DynamicSeries or None
        The T1-weighted phases; a single phase when only one exists.
    timing : Timing or None
        None when there is one phase only.
    acquisition : Acquisition
    study_instance_uid : str or None
    diffusion : DiffusionSeries or None
    t2 : Volume or None
        T2-weighted or STIR volume, on its own grid.
    fat_suppression_seen : FatSuppressionSeen
        What the dynamic series shows of fat suppression, once the breasts were found in it.
    storage_axes : permutation of (0, 1, 2)
        Axis of a NIfTI file of this exam along which array axes 0, 1 and 2 run.
    storage_flips : three bools
        Whether each array axis runs against that file axis. Outputs are written in the order of
        the input, so that they can be compared with it voxel by voxel.
    caveats : tuple of Caveat
    """

    series: tuple[SeriesRecord, ...]
    dynamic: DynamicSeries | None
    timing: Timing | None = None
    acquisition: Acquisition = Acquisition()
    study_instance_uid: str | None = None
    diffusion: DiffusionSeries | None = None
    t2: Volume | None = None
    fat_suppression_seen: FatSuppressionSeen = FatSuppressionSeen()
    storage_axes: tuple[int, int, int] = (2, 1, 0)
    storage_flips: tuple[bool, bool, bool] = (False, False, False)
    caveats: tuple[Caveat, ...] = ()

    def __post_init__(self) -> None:
        if sorted(self.storage_axes) != [0, 1, 2]:
            raise GeometryError(
                f"storage_axes must be a permutation of 0, 1, 2, got {self.storage_axes}; "
                "give the file axis of slices, rows and columns"
            )

    @property
    def fat_suppressed(self) -> bool | None:
        """Whether fat is suppressed: as the input says, else as the image shows, else None."""
        said = self.acquisition.fat_suppressed
        return self.fat_suppression_seen.suppressed if said is None else said

    @property
    def fat_suppression_source(self) -> str:
        """Where the answer of `fat_suppressed` comes from."""
        if (
            self.acquisition.fat_suppressed is None
            and self.fat_suppression_seen.suppressed is not None
        ):
            return "not recorded; seen in the image"
        return self.acquisition.fat_suppression_source

"""How scanners of different makers lay a breast MRI study out in DICOM."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mamri.io._scanner_label_table import (
    GE_DIXON,
    GE_LABELS,
    PHILIPS_DIXON,
    PHILIPS_LABELS,
    SIEMENS_DIXON,
    SIEMENS_LABELS,
    DixonLabels,
    Labels,
)
from mamri.records import InputError


class ObjectForm(StrEnum):
    """Which DICOM objects a scanner makes."""

    CLASSIC = "one classic image a slice"
    ENHANCED_VOLUME = "one Enhanced multi-frame image a volume"
    ENHANCED_SERIES = "one Enhanced multi-frame image a series"


class PrivateBValue(StrEnum):
    """Private attribute that holds the b-value, if any."""

    NONE = "none"
    SIEMENS = "(0019,100C)"
    GE = "(0043,1039), plus 1e9"
    PHILIPS = "(2001,1003)"


@dataclass(frozen=True, slots=True)
class ScannerHabits:
    """Habits of one scanner.

    Parameters
    ----------
    manufacturer, model : str
        As written into the files; the layout follows from the flags below, never from the name.
    one_series_a_phase : bool
        Each phase of the conventional dynamic a series of its own, else all in one series. The
        phases of an ultrafast dynamic always share one.
    series_names : (first, following, whole) of str
        Series description of the pre-contrast phase, of the post-contrast ones (with ``{n}``), and
        of the one series that holds all; ``{plane}`` is the slice plane.
    temporal_position : bool
        Write TemporalPositionIdentifier and NumberOfTemporalPositions into dynamic series.
    labels : mapping of SeriesKind to SeriesLabel
    dixon_labels : mapping of Dixon part to DixonLabel
    plane_words : (axial, sagittal, coronal) of str
    form : ObjectForm
    temporal_position_everywhere : bool
        Temporal position into series of one volume too, where it is 1 of 1.
    trigger_time : bool
        Phase starts stand in TriggerTime, and AcquisitionTime is that of the series.
    trigger_time_a_slice : bool
        TriggerTime goes on from slice to slice, so that no two slices share one.
    acquisition_duration : bool
        Phase duration stands in AcquisitionDuration as well.
    slice_duration_private : bool
        Phase duration stands in the private element (0019,100B).
    content_time_a_slice : bool
        ContentTime is when each slice was reconstructed, else the start of its volume.
    dixon_in_one_series : bool
        Water, fat, in-phase and opposed-phase images share one series.
    contrast_agent_on_all_phases : bool
        A series that holds all phases names the contrast agent on the pre-contrast ones too.
    injection_time : bool
        ContrastBolusStartTime is written.
    rescaled : bool
        Signal is stored in full 12 bits, with RescaleSlope and the private scale slope (2005,100E).
    signed_pixels : bool
        Pixels are signed 16-bit.
    private_b_value : PrivateBValue
    standard_b_value : bool
        DiffusionBValue (0018,9087) is written in classic images.
    standard_b_value_at_zero : bool
        Also where it is 0.
    diffusion_direction_private : bool
        (2001,1004) says that images are isotropic.
    private_sequence_name : (group, element, creator) or None
        Where the name of the pulse sequence stands; None for SequenceName (0018,0024).
    derived_series : bool
        Add a subtraction, its projection and a localizer.
    series_number_step : int
        1 where series are counted, 100 where scans are counted and numbered 101, 201 and so on.
    scan_options, fat_saturation_words : tuple of str
        ScanOptions of every series, and what is added where fat is suppressed by saturation.
    receive_coil : str
    start : datetime
        Clock time of the injection.
    """

    manufacturer: str
    model: str
    one_series_a_phase: bool
    series_names: tuple[str, str, str]
    temporal_position: bool
    labels: Labels
    dixon_labels: DixonLabels
    plane_words: tuple[str, str, str]
    form: ObjectForm = ObjectForm.CLASSIC
    temporal_position_everywhere: bool = False
    trigger_time: bool = False
    trigger_time_a_slice: bool = False
    acquisition_duration: bool = False
    slice_duration_private: bool = False
    content_time_a_slice: bool = False
    dixon_in_one_series: bool = False
    contrast_agent_on_all_phases: bool = False
    injection_time: bool = True
    rescaled: bool = False
    signed_pixels: bool = False
    private_b_value: PrivateBValue = PrivateBValue.NONE
    standard_b_value: bool = True
    standard_b_value_at_zero: bool = True
    diffusion_direction_private: bool = False
    private_sequence_name: tuple[int, int, str] | None = None
    derived_series: bool = True
    series_number_step: int = 1
    scan_options: tuple[str, ...] = ()
    fat_saturation_words: tuple[str, ...] = ("FS",)
    receive_coil: str = "Breast"
    start: datetime = datetime(2025, 3, 14, 9, 41, 7)

    def __post_init__(self) -> None:
        if self.one_series_a_phase and self.dixon_in_one_series:
            raise InputError(
                "either phases are series of their own or Dixon parts share a series, got both; "
                "set one of one_series_a_phase and dixon_in_one_series"
            )


SIEMENS_HABITS = ScannerHabits(
    manufacturer="SIEMENS",
    model="Simulated",
    one_series_a_phase=True,
    series_names=("{plane} dyn pre", "{plane} dyn {n} pass", "{plane} dyn"),
    temporal_position=False,
    labels=SIEMENS_LABELS,
    dixon_labels=SIEMENS_DIXON,
    plane_words=("ax", "sag", "cor"),
    slice_duration_private=True,
    content_time_a_slice=True,
    private_b_value=PrivateBValue.SIEMENS,
    standard_b_value=False,
    scan_options=("PFP",),
    receive_coil="BreastBI 7",
)
"""One series a phase, named like those of a public collection; b-values in private attributes."""

GE_HABITS = ScannerHabits(
    manufacturer="GE MEDICAL SYSTEMS",
    model="Simulated",
    one_series_a_phase=False,
    series_names=("{plane} Vibrant pre", "{plane} Vibrant {n} pass", "{plane} Vibrant MultiPhase"),
    temporal_position=True,
    labels=GE_LABELS,
    dixon_labels=GE_DIXON,
    plane_words=("Ax", "Sag", "Cor"),
    trigger_time=True,
    contrast_agent_on_all_phases=True,
    signed_pixels=True,
    private_b_value=PrivateBValue.GE,
    standard_b_value_at_zero=False,
    private_sequence_name=(0x0019, 0x9C, "GEMS_ACQU_01"),
    scan_options=("FAST_GEMS", "EDR_GEMS"),
    receive_coil="8CHBREAST",
)
"""All phases in one series, told apart by temporal position; one acquisition time for all."""

GE_SLICE_TRIGGER_HABITS = replace(GE_HABITS, trigger_time_a_slice=True)
"""As GE, with a trigger time of its own on every slice of every phase."""

PHILIPS_HABITS = ScannerHabits(
    manufacturer="Philips Medical Systems",
    model="Simulated",
    one_series_a_phase=False,
    series_names=("dyn pre", "dyn {n}", "dyn_eTHRIVE SENSE"),
    temporal_position=True,
    labels=PHILIPS_LABELS,
    dixon_labels=PHILIPS_DIXON,
    plane_words=("tra", "sag", "cor"),
    temporal_position_everywhere=True,
    trigger_time=True,
    acquisition_duration=True,
    dixon_in_one_series=True,
    rescaled=True,
    private_b_value=PrivateBValue.PHILIPS,
    diffusion_direction_private=True,
    private_sequence_name=(0x2001, 0x20, "Philips Imaging DD 001"),
    series_number_step=100,
    receive_coil="MULTI COIL",
)
"""Everything of a scan in one series, with temporal position and rescaled signal."""

SIEMENS_XA_HABITS = replace(
    SIEMENS_HABITS,
    manufacturer="Siemens Healthineers",
    form=ObjectForm.ENHANCED_VOLUME,
    one_series_a_phase=False,
    temporal_position=True,
    slice_duration_private=False,
    private_b_value=PrivateBValue.NONE,
    standard_b_value=True,
)
"""Enhanced MR: one multi-frame object for each phase or b-value, all of a scan in one series."""

PHILIPS_ENHANCED_HABITS = replace(
    PHILIPS_HABITS, form=ObjectForm.ENHANCED_SERIES, private_b_value=PrivateBValue.NONE
)
"""Enhanced MR: one multi-frame object for a whole scan."""

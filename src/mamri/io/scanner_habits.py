"""How scanners of different makers lay a dynamic exam out in DICOM."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ScannerHabits:
    """Habits of one scanner.

    Parameters
    ----------
    manufacturer, model : str
        As written into the files; the layout follows from the flags below, never from the name.
    one_series_a_phase : bool
        Each phase a series of its own, else all phases in one series.
    series_names : (first, following, whole) of str
        Series description of the pre-contrast phase, of the post-contrast ones (with ``{n}``), and
        of the one series that holds all.
    temporal_position : bool
        Write TemporalPositionIdentifier and NumberOfTemporalPositions.
    trigger_time : bool
        Phase starts stand in TriggerTime, and AcquisitionTime is that of the series.
    acquisition_duration : bool
        Phase duration stands in AcquisitionDuration as well.
    slice_duration_private : bool
        Phase duration stands in the private element (0019,100B).
    derived_series : bool
        Add a subtraction, its projection and a localizer.
    start : datetime
        Clock time of the injection.
    """

    manufacturer: str
    model: str
    one_series_a_phase: bool
    series_names: tuple[str, str, str]
    temporal_position: bool
    trigger_time: bool = False
    acquisition_duration: bool = False
    slice_duration_private: bool = False
    derived_series: bool = True
    start: datetime = datetime(2025, 3, 14, 9, 41, 7)


SIEMENS_HABITS = ScannerHabits(
    manufacturer="SIEMENS",
    model="Simulated",
    one_series_a_phase=True,
    series_names=("ax dyn pre", "ax dyn {n} pass", "ax dyn"),
    temporal_position=False,
    slice_duration_private=True,
)
"""One series a phase, named like those of a public collection."""

GE_HABITS = ScannerHabits(
    manufacturer="GE MEDICAL SYSTEMS",
    model="Simulated",
    one_series_a_phase=False,
    series_names=("Ax pre", "Ax Ph{n}", "Ax Vibrant MultiPhase"),
    temporal_position=True,
    trigger_time=True,
)
"""All phases in one series, told apart by temporal position; one acquisition time for all."""

PHILIPS_HABITS = ScannerHabits(
    manufacturer="Philips Medical Systems",
    model="Simulated",
    one_series_a_phase=False,
    series_names=("dyn pre", "dyn {n}", "dyn_eTHRIVE SENSE"),
    temporal_position=True,
    trigger_time=True,
    acquisition_duration=True,
)
"""All phases in one series, with temporal position, trigger time and acquisition duration."""

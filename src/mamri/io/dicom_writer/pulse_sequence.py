"""Pulse sequence and image type in the terms of Enhanced MR, PS3.3 C.8.13.3 and C.8.13.4."""

from pydicom.dataset import Dataset

from mamri.io._scanner_label_table import SeriesKind
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.scanner_habits import ScannerHabits

# Value 3 of the image type, and AcquisitionContrast.
_FLAVOURS = {
    SeriesKind.LOCALIZER: ("LOCALIZER", "T1"),
    SeriesKind.DYNAMIC: ("T1", "T1"),
    SeriesKind.ULTRAFAST: ("T1", "T1"),
    SeriesKind.T1_PRE: ("T1", "T1"),
    SeriesKind.T1_POST: ("T1", "T1"),
    SeriesKind.T2: ("T2", "T2"),
    SeriesKind.STIR: ("STIR", "STIR"),
    SeriesKind.DWI: ("DIFFUSION", "DIFFUSION"),
    SeriesKind.ADC: ("DIFFUSION", "DIFFUSION"),
    SeriesKind.SUBTRACTION: ("T1", "T1"),
    SeriesKind.MIP: ("MAX_IP", "T1"),
}
# Value 4: how pixels were derived.
_DERIVED_CONTRAST = {
    SeriesKind.ADC: "ADC",
    SeriesKind.SUBTRACTION: "SUBTRACTION",
    SeriesKind.MIP: "MAXIMUM",
}
_DIXON_CONTRAST = {
    "water": "WATER", "fat": "FAT", "in-phase": "IN_PHASE", "opposed-phase": "OUT_PHASE",
}  # fmt: skip


def frame_type(series: PlannedSeries, volume: PlannedVolume) -> tuple[str, ...]:
    """Type of the frames of a volume, four values."""
    flavour, _ = _FLAVOURS[series.kind]
    if volume.part:
        origin = volume.image_type[0]
        return (origin, "PRIMARY", "DIXON", _DIXON_CONTRAST[volume.part])
    derived = _DERIVED_CONTRAST.get(series.kind, "NONE")
    origin = "ORIGINAL" if derived == "NONE" else "DERIVED"
    return (origin, "PRIMARY", flavour, derived)


def acquisition_contrast(series: PlannedSeries) -> str:
    """What the contrast between tissues comes from."""
    return _FLAVOURS[series.kind][1]


def pulse_sequence(series: PlannedSeries, habits: ScannerHabits) -> Dataset:
    """MR Pulse Sequence module, which objects with acquired frames have."""
    label = habits.labels[series.kind]
    sequence = set(label.scanning_sequence)
    is_echo_planar = series.kind in (SeriesKind.DWI, SeriesKind.ADC)
    is_spin = bool(sequence & {"SE", "IR"}) or is_echo_planar
    d = Dataset()
    d.PulseSequenceName = label.sequence_name.format(b="")
    d.MRAcquisitionType = "3D" if series.is_3d else "2D"
    d.EchoPulseSequence = "SPIN" if is_spin else "GRADIENT"
    if is_spin:
        d.MultipleSpinEcho = "NO" if is_echo_planar else "YES"
    d.MultiPlanarExcitation = "NO"
    d.PhaseContrast = d.TimeOfFlightContrast = "NO"
    d.SteadyStatePulseSequence = "NONE"
    d.EchoPlanarPulseSequence = "YES" if is_echo_planar else "NO"
    d.SaturationRecovery = "NO"
    d.SpectrallySelectedSuppression = _suppression(series)
    d.OversamplingPhase = "NONE"
    d.GeometryOfKSpaceTraversal = "RECTILINEAR"
    d.RectilinearPhaseEncodeReordering = "LINEAR"
    d.SegmentedKSpaceTraversal = "FULL" if is_echo_planar else "PARTIAL"
    d.NumberOfKSpaceTrajectories = 1
    if series.is_3d:
        d.CoverageOfKSpace = "FULL"
    return d


def image_description(series: PlannedSeries) -> Dataset:
    """What the Enhanced MR Image module says of a whole object."""
    d = Dataset()
    d.ResonantNucleus = "1H"
    d.KSpaceFiltering = "NONE"
    d.ApplicableSafetyStandardAgency = "IEC"
    d.AcquisitionContrast = acquisition_contrast(series)
    d.ComplexImageComponent = "MAGNITUDE"
    d.PixelPresentation = "MONOCHROME"
    d.VolumetricProperties = volumetric_properties(series)
    d.VolumeBasedCalculationTechnique = volume_calculation(series)
    return d


def volumetric_properties(series: PlannedSeries) -> str:
    """Whether frames are slices of a volume or projections of one."""
    return "SAMPLED" if series.kind is SeriesKind.MIP else "VOLUME"


def volume_calculation(series: PlannedSeries) -> str:
    """How frames were computed from a volume."""
    return "MAX_IP" if series.kind is SeriesKind.MIP else "NONE"


def _suppression(series: PlannedSeries) -> str:
    """Spectral suppression: fat where the acquisition saturates it."""
    is_dixon = any(volume.part for volume in series.volumes)
    is_inversion = series.inversion_time_ms is not None
    suppressed = series.acquisition.fat_suppressed and not is_dixon and not is_inversion
    return "FAT" if suppressed else "NONE"

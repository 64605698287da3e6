"""What all objects of a study share: patient, study, equipment, series."""

from dataclasses import dataclass
from datetime import timedelta

from pydicom.dataset import Dataset

from mamri.io.dicom_writer.planned_series import PlannedSeries
from mamri.io.dicom_writer.values import date_text, decimal, time_text, unique_identifier
from mamri.io.scanner_habits import ScannerHabits

_PROTON_MHZ_PER_T = 42.577


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """What makes a study this one.

    Parameters
    ----------
    study_uid : str
    patient_number : int
    laterality : str
        ``R`` or ``L`` where the field of view holds one breast, else empty.
    key : str
        Tells studies written under different habits apart.
    """

    study_uid: str
    patient_number: int
    laterality: str
    key: str

    def uid(self, *parts: object) -> str:
        """Identifier of a part of this study."""
        return unique_identifier(self.study_uid, self.key, *parts)


def study_dataset(identity: StudyIdentity, habits: ScannerHabits) -> Dataset:
    """Patient, study and equipment."""
    begun = habits.start - timedelta(minutes=12)
    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 192"
    d.StudyDate, d.StudyTime = date_text(begun), time_text(begun)
    d.AccessionNumber = ""
    d.Modality = "MR"
    d.Manufacturer, d.ManufacturerModelName = habits.manufacturer, habits.model
    d.InstitutionName, d.StationName = "mamri", "SIMULATED"
    d.DeviceSerialNumber = "1"
    d.SoftwareVersions = "mamri"
    d.ReferringPhysicianName = ""
    d.StudyDescription = "MR BREAST WITH AND WITHOUT CONTRAST"
    d.PatientName = "MAMRI^Simulated"
    d.PatientID = f"SIM-{identity.patient_number}"
    d.PatientBirthDate, d.PatientSex = "", "F"
    d.PatientPosition = "HFP"
    d.StudyInstanceUID = identity.study_uid
    d.StudyID = str(identity.patient_number)
    # The standard asks for it where a body part is paired: empty where both breasts are shown.
    d.Laterality = identity.laterality
    d.FrameOfReferenceUID = unique_identifier(identity.study_uid, "frame of reference")
    d.PositionReferenceIndicator = ""
    return d


def add_series(d: Dataset, series: PlannedSeries, identity: StudyIdentity) -> None:
    """Series level attributes, and what all its images share whatever their form."""
    d.SeriesInstanceUID = identity.uid("series", series.key)
    d.SeriesNumber, d.SeriesDescription = series.number, series.description
    d.ProtocolName = series.description
    d.SeriesDate, d.SeriesTime = date_text(series.start), time_text(series.start)
    d.BodyPartExamined = "BREAST"
    field_t = series.acquisition.field_strength_t
    d.MagneticFieldStrength = "" if field_t is None else decimal(field_t)


def imaging_frequency_mhz(series: PlannedSeries) -> float:
    """Larmor frequency of protons; 0 where the field strength is not known."""
    return _PROTON_MHZ_PER_T * (series.acquisition.field_strength_t or 0.0)


def names_agent(series: PlannedSeries, after_contrast: bool, habits: ScannerHabits) -> bool:
    """Whether images name the contrast agent."""
    if after_contrast:
        return True
    some_after = any(volume.after_contrast for volume in series.volumes)
    return habits.contrast_agent_on_all_phases and series.is_dynamic and some_after

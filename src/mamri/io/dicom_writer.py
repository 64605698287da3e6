"""A simulated exam as classic MR Image Storage files, explicit VR little endian.

Unique identifiers lie under 2.25 and follow from the exam and the habits, so that the same exam is
written the same way each time. File names are scrambled: their order is not that of the slices.
"""

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage

from mamri.geometry import spacing_mm
from mamri.io.scanner_habits import SIEMENS_HABITS, ScannerHabits
from mamri.records import DicomError, DynamicSeries, Exam, GeometryError

IMPLEMENTATION_UID = UID("2.25.164861912303812570943310947331082531041")
_HIGHEST = 65535  # unsigned 16 bit


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """One series to write: images with positions and what sets them apart."""

    number: int
    description: str
    image_type: tuple[str, ...]
    images: np.ndarray  # (N, R, C)
    affine: np.ndarray  # of (image, row, column), mm LPS
    start: datetime
    first_instance: int = 1
    uid_key: str = ""
    temporal_position: int | None = None
    trigger_ms: float | None = None
    after_contrast: bool = False
    thickness_mm: float | None = None
    extra: dict[str, object] = field(default_factory=dict)


def write_dicom_exam(
    exam: Exam,
    folder: Path,
    habits: ScannerHabits = SIEMENS_HABITS,
    *,
    seed: int | None = None,
) -> list[Path]:
    """Write the dynamic series of an exam as DICOM files.

    Parameters
    ----------
    exam : Exam
        With integer phases from 0 to 65535 and, for the clock times, the phase duration in
        ``exam.acquisition``.
    folder : Path
        New or empty; one folder a series is made in it.
    habits : ScannerHabits
    seed : int or None
        Stands in the patient ID ``SIM-<seed>``; None takes a number from the study identifier.

    Returns
    -------
    list of Path
        The files, in order of series and instance.

    Raises
    ------
    DicomError
        If the folder is not empty, or the exam has no dynamic series or no integer phases.
    GeometryError
        If the slices are not at right angles to rows and columns.
    """
    dynamic = _checked(exam, folder)
    study = exam.study_instance_uid or _uid("study", dynamic.times_s.tobytes().hex())
    base = _base_dataset(exam, study, habits, seed)
    paths: list[Path] = []
    for series in _all_series(exam, dynamic, habits):
        place = folder / f"{series.number:04d}"
        place.mkdir(parents=True, exist_ok=True)
        for dataset in _images(base, series, habits, study):
            scrambled = hashlib.sha256(dataset.SOPInstanceUID.encode()).hexdigest()[:12]
            path = place / f"{scrambled}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def _checked(exam: Exam, folder: Path) -> DynamicSeries:
    if folder.exists() and any(folder.iterdir()):
        raise DicomError(
            "an empty folder was needed for the DICOM files, got one that holds files already; "
            "name a new folder"
        )
    dynamic = exam.dynamic
    if dynamic is None:
        raise DicomError(
            "an exam with a dynamic series was needed, got one without; simulate or read one first"
        )
    array = dynamic.array
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > _HIGHEST:
        raise DicomError(
            f"whole numbers from 0 to {_HIGHEST} were needed, got {array.dtype} values; scale and "
            "round the phases first"
        )
    unit = dynamic.affine[:3, :3] / np.linalg.norm(dynamic.affine[:3, :3], axis=0)
    if np.abs(unit.T @ unit - np.eye(3)).max() > 1e-4:
        raise GeometryError(
            "slices at right angles to rows and columns were needed, got a sheared grid; "
            "resample the exam to a rectangular grid first"
        )
    return dynamic


def _uid(*parts: object) -> str:
    """Identifier under 2.25 that follows from its parts."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _decimal(value: float) -> str:
    """Decimal string of at most 16 characters."""
    return f"{value:.9g}"


def _date(moment: datetime) -> str:
    return moment.strftime("%Y%m%d")


def _time(moment: datetime) -> str:
    return moment.strftime("%H%M%S.%f")


def _base_dataset(exam: Exam, study: str, habits: ScannerHabits, seed: int | None) -> Dataset:
    """Everything that all files of the exam share."""
    scan = exam.acquisition
    number = seed if seed is not None else int(_uid(study)[-6:])
    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 192"
    d.SOPClassUID = MRImageStorage
    d.StudyDate, d.StudyTime = _date(habits.start), _time(habits.start - timedelta(minutes=12))
    d.AccessionNumber = ""
    d.Modality = "MR"
    d.Manufacturer, d.ManufacturerModelName = habits.manufacturer, habits.model
    d.SoftwareVersions = "mamri"
    d.ReferringPhysicianName = ""
    d.StudyDescription = "MR BREAST WITH AND WITHOUT CONTRAST"
    d.PatientName, d.PatientID = "MAMRI^Simulated", f"SIM-{number}"
    d.PatientBirthDate, d.PatientSex = "", "F"
    d.BodyPartExamined = "BREAST"
    d.ScanningSequence, d.SequenceVariant = "GR", "SP"
    d.ScanOptions = "FS" if scan.fat_suppressed else ""
    d.MRAcquisitionType = "3D"
    d.RepetitionTime, d.EchoTime = _number(scan.tr_ms), _number(scan.te_ms)
    d.FlipAngle = _number(scan.flip_angle_deg)
    d.MagneticFieldStrength = _number(scan.field_strength_t)
    d.EchoTrainLength = 1
    d.PatientPosition = "HFP"
    d.StudyInstanceUID = study
    d.StudyID = str(number)
    d.FrameOfReferenceUID = _uid(study, "frame of reference")
    d.PositionReferenceIndicator = ""
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.PixelRepresentation = 16, 0
    return d


def _number(value: float | None) -> str:
    return "" if value is None else _decimal(value)


def _all_series(exam: Exam, dynamic: DynamicSeries, habits: ScannerHabits) -> Iterator[_Series]:
    """Localizer, phases, subtraction and projection in the order of a scan session."""
    duration = exam.acquisition.phase_duration_s or 60.0
    first_start = habits.start + timedelta(seconds=float(dynamic.times_s[0]) - duration / 2)
    if habits.derived_series:
        yield from _localizer(dynamic, first_start - timedelta(minutes=4))
    yield from _phases(exam, dynamic, habits, duration)
    if habits.derived_series and dynamic.n_phases > 1 and 0 < dynamic.n_pre < dynamic.n_phases:
        yield from _subtraction(dynamic, habits, duration)


def _phases(
    exam: Exam, dynamic: DynamicSeries, habits: ScannerHabits, duration: float
) -> Iterator[_Series]:
    starts = [habits.start + timedelta(seconds=float(t) - duration / 2) for t in dynamic.times_s]
    first, following, whole = habits.series_names
    n_slices = dynamic.array.shape[1]
    for t, start in enumerate(starts):
        nth = t - dynamic.n_pre + 1
        ordinal = {1: "1st", 2: "2nd", 3: "3rd"}.get(nth, f"{nth}th")
        alone = habits.one_series_a_phase
        description = whole if not alone else (first if nth < 1 else following.format(n=ordinal))
        extra: dict[str, object] = {"TemporalResolution": _decimal(1000 * duration)}
        if habits.acquisition_duration:
            extra["AcquisitionDuration"] = duration
        if habits.temporal_position:
            extra["NumberOfTemporalPositions"] = dynamic.n_phases
        if habits.slice_duration_private:
            extra["slice_duration_ms"] = 1000 * duration
        yield _Series(
            number=3 + t if alone else 3,
            description=description,
            image_type=("ORIGINAL", "PRIMARY", "M", "NONE"),
            images=dynamic.array[t],
            affine=dynamic.affine,
            start=starts[0] if habits.trigger_time else start,
            first_instance=1 if alone else 1 + t * n_slices,
            uid_key=f"phase {t}" if alone else "phases",
            temporal_position=t + 1 if habits.temporal_position else None,
            trigger_ms=(start - starts[0]).total_seconds() * 1000 if habits.trigger_time else None,
            after_contrast=nth >= 1,
            thickness_mm=exam.acquisition.slice_thickness_mm,
            extra=extra,
        )


def _subtraction(
    dynamic: DynamicSeries, habits: ScannerHabits, duration: float
) -> Iterator[_Series]:
    """First post-contrast minus last pre-contrast phase, and its projection along the slices."""
    n = dynamic.n_pre
    end = habits.start + timedelta(seconds=float(dynamic.times_s[-1]) + duration)
    difference = np.maximum(dynamic.array[n].astype(np.int32) - dynamic.array[n - 1], 0)
    yield _Series(
        number=101,
        description="ax dyn 1st pass_SUB",
        image_type=("DERIVED", "PRIMARY", "SUBTRACTION", "NONE"),
        images=difference,
        affine=dynamic.affine,
        start=end,
        uid_key="subtraction",
        after_contrast=True,
        extra={"DerivationDescription": "first phase after contrast minus last before"},
    )
    middle = np.array(dynamic.affine)
    middle[:3, 3] += middle[:3, 0] * (len(difference) - 1) / 2
    yield _Series(
        number=102,
        description="ax dyn 1st pass_SUB_MIP",
        image_type=("DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"),
        images=difference.max(axis=0)[None],
        affine=middle,
        start=end,
        uid_key="mip",
        after_contrast=True,
        thickness_mm=len(difference) * spacing_mm(dynamic.affine)[0],
        extra={"DerivationDescription": "maximum intensity projection of the subtraction"},
    )


def _localizer(dynamic: DynamicSeries, start: datetime) -> Iterator[_Series]:
    """Three coarse planes of three images each in one series, at half resolution."""
    first = dynamic.array[0]
    for plane, axes in enumerate(((0, 1, 2), (1, 0, 2), (2, 0, 1))):
        turned = np.transpose(first, axes)
        picks = np.linspace(0.3, 0.7, 3) * (turned.shape[0] - 1)
        step = max(1, round(float(picks[1] - picks[0])))
        begin = int(picks[0])
        rows, columns = (2 if n > 1 else 1 for n in turned.shape[1:])
        affine = np.array(dynamic.affine)[:, [*axes, 3]]
        affine[:3, 3] += affine[:3, 0] * begin
        affine[:3, :3] *= (step, rows, columns)
        yield _Series(
            number=1,
            description="localizer",
            image_type=("ORIGINAL", "PRIMARY", "M", "NONE"),
            images=turned[begin : begin + 2 * step + 1 : step, ::rows, ::columns],
            affine=affine,
            start=start + timedelta(seconds=4 * plane),
            first_instance=1 + 3 * plane,
            uid_key="localizer",
            thickness_mm=6.0,
            extra={"RepetitionTime": "7.5", "EchoTime": "3.69", "FlipAngle": "20"},
        )


def _images(
    base: Dataset, series: _Series, habits: ScannerHabits, study: str
) -> Iterator[FileDataset]:
    """One dataset a slice; the same object is filled anew for each, so use it before the next."""
    images = np.ascontiguousarray(series.images, dtype=np.uint16)
    common = _series_dataset(base, series, habits, study)
    common.Rows, common.Columns = images.shape[1:]
    bits = 12 if int(images.max()) < 4096 else 16
    common.BitsStored, common.HighBit = bits, bits - 1
    high = float(np.percentile(images[:, ::4, ::4], 99.5)) or 1.0
    common.WindowCenter, common.WindowWidth = _decimal(round(high / 2)), _decimal(round(high) or 1)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    dataset = FileDataset("", common, preamble=b"\0" * 128, file_meta=meta)
    for n, image in enumerate(images):
        instance = series.first_instance + n
        uid = UID(_uid(study, habits, series.uid_key, series.temporal_position, "image", instance))
        meta.MediaStorageSOPInstanceUID = uid
        dataset.SOPInstanceUID = uid
        dataset.InstanceNumber = instance
        position = series.affine[:3, 3] + n * series.affine[:3, 0]
        dataset.ImagePositionPatient = [_decimal(v) for v in position]
        dataset.SliceLocation = _decimal(float(position @ _normal(series.affine)))
        dataset.PixelData = image.astype("<u2").tobytes()
        yield dataset


def _normal(affine: np.ndarray) -> np.ndarray:
    columns, rows = affine[:3, 2], affine[:3, 1]
    normal = np.cross(columns, rows)
    return np.asarray(normal / np.linalg.norm(normal))


def _series_dataset(base: Dataset, series: _Series, habits: ScannerHabits, study: str) -> Dataset:
    """What all images of a series (or of one phase in it) share."""
    d = copy.deepcopy(base)  # elements are mutable, and must not be shared between series
    between, rows, columns = spacing_mm(series.affine)
    d.ImageType = list(series.image_type)
    d.SeriesInstanceUID = _uid(study, habits, "series", series.uid_key)
    d.SeriesNumber, d.SeriesDescription = series.number, series.description
    d.SeriesDate, d.SeriesTime = _date(series.start), _time(series.start)
    d.AcquisitionDate, d.AcquisitionTime = _date(series.start), _time(series.start)
    d.ContentDate, d.ContentTime = _date(series.start), _time(series.start)
    d.InstanceCreationDate, d.InstanceCreationTime = _date(series.start), _time(series.start)
    d.AcquisitionNumber = series.temporal_position or 1
    along_columns = series.affine[:3, 2] / columns
    along_rows = series.affine[:3, 1] / rows
    d.ImageOrientationPatient = [_decimal(v) for v in (*along_columns, *along_rows)]
    d.PixelSpacing = [_decimal(rows), _decimal(columns)]
    d.SliceThickness = _decimal(series.thickness_mm or between)
    d.SpacingBetweenSlices = _decimal(between)
    if series.temporal_position is not None:
        d.TemporalPositionIdentifier = series.temporal_position
    if series.trigger_ms is not None:
        d.TriggerTime = _decimal(series.trigger_ms)
    if series.after_contrast:
        d.ContrastBolusAgent = "gadobutrol"
        d.ContrastBolusStartTime = _time(habits.start)
    extra = dict(series.extra)
    slice_duration = extra.pop("slice_duration_ms", None)
    for keyword, value in extra.items():
        setattr(d, keyword, value)
    if isinstance(slice_duration, float):
        block = d.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0B, "DS", _decimal(slice_duration))
    return d

"""Small synthetic classic MR exams on disk, with the habits and faults of real ones.

Every image of phase ``k`` at slice ``s`` holds ``100 * (k + 1) + s`` everywhere, so that a
test can see from one voxel where an image ended up.
"""

import datetime
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

PATIENT_NAME, PATIENT_ID = "Secret^Person", "TOPSECRET-77"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
# Row and column direction cosines, LPS.
AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
CORONAL = (1, 0, 0, 0, 0, -1)
START = datetime.datetime(2020, 5, 17, 10, 0, 0)

Change = Callable[[Dataset], None]


@dataclass(frozen=True)
class SeriesPlan:
    """One series to write.

    Parameters
    ----------
    number, description
        Of the series; the number also makes its identifier.
    phases : sequence of int
        Which phases it holds (the first decimal of their pixel values).
    starts_s : sequence of float, s
        Start of each phase, counted from `START`.
    tags : dict of keyword to value
        Set in every image after everything else; None removes the element.
    """

    number: int = 3
    description: str = "ax dyn"
    phases: tuple[int, ...] = (0,)
    starts_s: tuple[float, ...] = (0.0,)
    n_slices: int = 4
    rows: int = 12
    columns: int = 16
    spacing: tuple[float, float] = (1.5, 1.25)
    step_mm: float = 2.5
    cosines: tuple[float, ...] = AXIAL
    origin: tuple[float, float, float] = (-10.0, -20.0, -30.0)
    tags: dict[str, object] = field(default_factory=dict)
    per_phase: dict[str, tuple[object, ...]] = field(default_factory=dict)


def images(plan: SeriesPlan, *, study: str = "2.25.1") -> list[Dataset]:
    """Images of a series, phase after phase, slice after slice."""
    normal = np.cross(plan.cosines[:3], plan.cosines[3:])
    made = []
    for k, (phase, start) in enumerate(zip(plan.phases, plan.starts_s, strict=True)):
        for s in range(plan.n_slices):
            image = _basic(plan, study, START + datetime.timedelta(seconds=start))
            image.InstanceNumber = k * plan.n_slices + s + 1
            image.SOPInstanceUID = f"2.25.9.{plan.number}.{phase}.{s + 1}"
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
            position = np.array(plan.origin) + s * plan.step_mm * normal
            image.ImagePositionPatient = [round(float(x), 4) for x in position]
            for keyword, values in plan.per_phase.items():
                setattr(image, keyword, values[k])
            set_pixels(image, np.full((plan.rows, plan.columns), 100 * (phase + 1) + s, np.uint16))
            for keyword, value in plan.tags.items():
                if value is None:
                    image.pop(keyword, None)
                else:
                    setattr(image, keyword, value)
            made.append(image)
    return made


def set_pixels(image: Dataset, pixels: np.ndarray) -> None:
    """Give an image other pixels and the attributes that describe them."""
    image.Rows, image.Columns = pixels.shape
    image.PixelRepresentation = int(pixels.dtype.kind == "i")
    image.BitsAllocated = image.BitsStored = 8 * pixels.dtype.itemsize
    image.HighBit = image.BitsStored - 1
    image.PixelData = pixels.tobytes()


def write(
    folder: Path, made: Iterable[Dataset], *, shuffle: bool = False, names: str = "im{:04d}.dcm"
) -> list[Path]:
    """Write images under running names, in random order where asked."""
    listed = list(made)
    if shuffle:
        random.Random(4).shuffle(listed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, image in enumerate(listed):
        paths.append(folder / names.format(number))
        pydicom.dcmwrite(paths[-1], image, enforce_file_format=True)
    return paths


def dynamic(starts_s: tuple[float, ...] = (0.0, 80.0, 160.0), **changes: object) -> SeriesPlan:
    """Phases of one series, told apart by TemporalPositionIdentifier."""
    n = len(starts_s)
    per_phase: dict[str, tuple[object, ...]] = {
        "TemporalPositionIdentifier": tuple(range(1, n + 1))
    }
    return SeriesPlan(
        phases=tuple(range(n)), starts_s=starts_s, **{"per_phase": per_phase, **changes}
    )  # type: ignore[arg-type]  # changes are fields of SeriesPlan


def one_series_a_phase(
    starts_s: tuple[float, ...] = (0.0, 80.0, 160.0), **changes: object
) -> list[Dataset]:
    """The same phases as `dynamic`, each as a series of its own."""
    made = []
    for k, start in enumerate(starts_s):
        named = {"description": f"ax dyn {'pre' if k == 0 else f'post {k}'}", **changes}
        made += images(
            SeriesPlan(number=3 + k, phases=(k,), starts_s=(start,), **named)  # type: ignore[arg-type]
        )
    return made


def _basic(plan: SeriesPlan, study: str, moment: datetime.datetime) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = MR_IMAGE
    image.SOPClassUID, image.Modality = MR_IMAGE, "MR"
    image.PatientName, image.PatientID = PATIENT_NAME, PATIENT_ID
    image.PatientBirthDate = "19610203"
    image.StudyInstanceUID = study
    image.SeriesInstanceUID = f"{study}.{plan.number}"
    image.FrameOfReferenceUID = f"{study}.99"
    image.SeriesNumber, image.SeriesDescription = plan.number, plan.description
    image.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    image.Manufacturer = "Imaginary Imaging"
    image.ScanningSequence, image.SequenceVariant = "GR", "SP"
    image.MRAcquisitionType = "3D"
    image.RepetitionTime, image.EchoTime, image.FlipAngle = 4.5, 1.75, 10
    image.SliceThickness = plan.step_mm
    image.PixelSpacing = list(plan.spacing)
    image.ImageOrientationPatient = list(plan.cosines)
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.StudyDate = START.strftime("%Y%m%d")
    for kind in ("Acquisition", "Content", "Series"):
        setattr(image, f"{kind}Date", moment.strftime("%Y%m%d"))
        setattr(image, f"{kind}Time", moment.strftime("%H%M%S.%f"))
    return image

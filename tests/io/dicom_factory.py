"""Small synthetic DICOM exams, for tests of the reader.

Every voxel of phase t and slice s (counted along the normal) holds a value that tells both, so that
a wrong order shows. Patients are invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
STUDY = generate_uid(entropy_srcs=["study"])
FRAME = generate_uid(entropy_srcs=["frame of reference"])


@dataclass(frozen=True)
class Phase:
    """One volume to write: its start (HHMMSS), and attributes that differ from the usual."""

    time: str
    date: str = "20240301"
    level: int = 0
    overrides: Mapping[str, object] = field(default_factory=dict)


def voxel_values(phase: int, n_slices: int, rows: int, columns: int) -> np.ndarray:
    """Signal of one phase, (S, R, C): bright tissue that rises from the second phase on."""
    slices = np.arange(n_slices)[:, None, None]
    grid = np.add.outer(np.arange(rows), np.arange(columns))[None]
    rise = (400 + 20 * phase) * (phase > 0) * (grid % 3 == 0)
    return (1000 + phase + 10 * slices + grid % 7 + rise).astype(np.uint16)


def write_series(
    folder: Path,
    phases: Sequence[Phase],
    *,
    number: int = 1,
    description: str = "ax dyn",
    orientation: Sequence[float] = AXIAL,
    n_slices: int = 4,
    shape: tuple[int, int] = (12, 10),
    step_mm: float = 2.0,
    origin: tuple[float, float, float] = (-40.0, -60.0, 5.0),
    first_phase: int = 0,
    **overrides: object,
) -> list[Path]:
    """Write one series and return its files, in scrambled instance and file order."""
    folder.mkdir(parents=True, exist_ok=True)
    normal = np.cross(orientation[:3], orientation[3:])
    series_uid = generate_uid(entropy_srcs=["series", str(number)])
    total = len(phases) * n_slices
    scrambled = np.random.default_rng(number).permutation(total)
    written = []
    for t, phase in enumerate(phases):
        values = voxel_values(first_phase + t, n_slices, *shape)
        for s in range(n_slices):
            instance = int(scrambled[t * n_slices + s]) + 1
            dataset = _image(values[s])
            dataset.SeriesInstanceUID = series_uid
            dataset.SeriesNumber = number
            dataset.SeriesDescription = description
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(number), str(t), str(s)])
            dataset.ImageOrientationPatient = list(map(float, orientation))
            dataset.ImagePositionPatient = [float(p) for p in origin + normal * step_mm * s]
            dataset.InstanceNumber = instance
            dataset.SliceThickness = step_mm
            dataset.SpacingBetweenSlices = step_mm
            for stem in ("Acquisition", "Content", "Series", "Study"):
                setattr(dataset, f"{stem}Date", phase.date)
                setattr(dataset, f"{stem}Time", phase.time)
            for name, value in {**overrides, **phase.overrides}.items():
                if value is None:
                    if name in dataset:
                        delattr(dataset, name)
                else:
                    setattr(dataset, name, value)
            path = folder / f"{number:02d}-{instance:04d}.dcm"
            save(dataset, path)
            written.append(path)
    return written


def save(dataset: Dataset, path: Path) -> None:
    """Write a dataset as an Explicit VR Little Endian file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.save_as(path, enforce_file_format=True)


def _image(values: np.ndarray) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = MR_IMAGE
    dataset.Modality = "MR"
    dataset.Manufacturer = "SIEMENS"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.PatientName = "Invented^Person"
    dataset.PatientID = "INVENTED-1"
    dataset.StudyInstanceUID = STUDY
    dataset.FrameOfReferenceUID = FRAME
    dataset.ScanningSequence = "GR"
    dataset.SequenceVariant = "SP"
    dataset.ScanOptions = "FS"
    dataset.MRAcquisitionType = "3D"
    dataset.RepetitionTime = 4.5
    dataset.EchoTime = 1.6
    dataset.FlipAngle = 12
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape
    dataset.PixelSpacing = [0.8, 0.9]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = values.tobytes()
    return dataset

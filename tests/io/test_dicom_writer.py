import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from mamri.io.dicom_writer import write_dicom_exam
from mamri.io.read_exam import read_exam
from mamri.io.scanner_habits import (
    GE_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    ScannerHabits,
)
from mamri.records import Acquisition, DicomError, DynamicSeries, Exam, GeometryError

REQUIRED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "FrameOfReferenceUID",
    "ImageType",
    "ScanningSequence",
    "SequenceVariant",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
)
MAY_BE_EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "SeriesNumber",
    "InstanceNumber",
    "Manufacturer",
    "PositionReferenceIndicator",
    "SliceThickness",
    "ScanOptions",
    "MRAcquisitionType",
    "EchoTime",
    "RepetitionTime",
    "EchoTrainLength",
)
LOCALIZERS = ("localizer", "3-pl T2* FGRE", "SURVEY")
ALL_HABITS = pytest.mark.parametrize(
    "habits", [SIEMENS_HABITS, GE_HABITS, PHILIPS_HABITS], ids=["siemens", "ge", "philips"]
)


def _exam(tilt_deg: float = 7.0) -> Exam:
    rng = np.random.default_rng(2)
    angle = np.deg2rad(tilt_deg)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, 1.3], [0, 1.1, 0], [2.7, 0, 0]])
    affine[:3, 3] = (-20.3, -31.7, 11.123)
    array = rng.integers(0, 4000, (4, 6, 20, 24)).astype(np.int16)
    return Exam(
        series=(),
        dynamic=DynamicSeries(array, affine, np.array([-55.0, 60.5, 135.0, 340.0])),
        acquisition=Acquisition(
            tr_ms=4.5,
            te_ms=1.5,
            flip_angle_deg=12.0,
            field_strength_t=1.5,
            slice_thickness_mm=2.7,
            phase_duration_s=75.0,
            fat_suppressed=True,
        ),
        study_instance_uid="2.25.12345",
    )


def _phases(paths: list[Path]) -> dict[float, list[pydicom.Dataset]]:
    """Datasets of the dynamic phases by their start."""
    phases = defaultdict(list)
    for path in paths:
        d = pydicom.dcmread(path)
        if d.SeriesDescription in LOCALIZERS or d.ImageType[0] == "DERIVED":
            continue
        phases[float(d.AcquisitionTime) + float(d.get("TriggerTime", 0))].append(d)
    return phases


@ALL_HABITS
def test_voxels_and_affine_come_back(tmp_path: Path, habits: ScannerHabits) -> None:
    exam = _exam()
    dynamic = exam.dynamic
    assert dynamic is not None
    phases = _phases(write_dicom_exam(exam, tmp_path / "out", habits))
    assert len(phases) == dynamic.n_phases
    for t, (_, datasets) in enumerate(sorted(phases.items())):
        datasets.sort(key=lambda d: float(d.SliceLocation))
        np.testing.assert_array_equal(dynamic.array[t], np.stack([d.pixel_array for d in datasets]))
        first, second = datasets[:2]
        across, down = np.reshape(np.array(first.ImageOrientationPatient, float), (2, 3))
        affine = np.eye(4)
        affine[:3, 2] = across * float(first.PixelSpacing[1])
        affine[:3, 1] = down * float(first.PixelSpacing[0])
        affine[:3, 0] = np.subtract(second.ImagePositionPatient, first.ImagePositionPatient)
        affine[:3, 3] = first.ImagePositionPatient
        np.testing.assert_allclose(affine, dynamic.affine, atol=1e-5)


@ALL_HABITS
def test_the_reader_finds_phases_times_and_grid(tmp_path: Path, habits: ScannerHabits) -> None:
    exam = _exam(tilt_deg=0.0)
    assert exam.dynamic is not None
    write_dicom_exam(exam, tmp_path / "out", habits)
    found = read_exam(tmp_path / "out")
    assert found.dynamic is not None
    np.testing.assert_allclose(found.dynamic.times_s, exam.dynamic.times_s, atol=1e-3)
    np.testing.assert_array_equal(found.dynamic.array, exam.dynamic.array)
    np.testing.assert_allclose(found.dynamic.affine, exam.dynamic.affine, atol=1e-5)
    assert found.acquisition.tr_ms == exam.acquisition.tr_ms
    assert found.acquisition.flip_angle_deg == exam.acquisition.flip_angle_deg


def test_simpleitk_reads_the_same_geometry(tmp_path: Path) -> None:
    exam = _exam()
    assert exam.dynamic is not None
    paths = write_dicom_exam(exam, tmp_path / "out", replace(SIEMENS_HABITS, derived_series=False))
    folder = str(paths[0].parent)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    image = reader.Execute()
    np.testing.assert_array_equal(exam.dynamic.array[0], sitk.GetArrayFromImage(image))
    for index in ((0, 0, 0), (5, 19, 23)):
        expected = exam.dynamic.affine[:3] @ (*index, 1)
        found = image.TransformIndexToPhysicalPoint(index[::-1])
        np.testing.assert_allclose(found, expected, atol=1e-3)


@ALL_HABITS
def test_every_file_has_what_mr_image_storage_requires(
    tmp_path: Path, habits: ScannerHabits
) -> None:
    instances = set()
    for path in write_dicom_exam(_exam(), tmp_path / "out", habits, seed=31):
        d = pydicom.dcmread(path)
        assert all(keyword in d and d[keyword].value not in ("", None) for keyword in REQUIRED)
        assert all(keyword in d for keyword in MAY_BE_EMPTY)
        assert d.PatientID == "SIM-31"
        assert d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID
        instances.add(d.SOPInstanceUID)
    assert len(instances) == len(list((tmp_path / "out").rglob("*.dcm")))


def test_only_phases_after_the_injection_name_a_contrast_agent(tmp_path: Path) -> None:
    phases = _phases(write_dicom_exam(_exam(), tmp_path / "out"))
    has_agent = ["ContrastBolusAgent" in phases[start][0] for start in sorted(phases)]
    assert has_agent == [False, True, True, True]


def test_the_same_exam_is_written_the_same_way(tmp_path: Path) -> None:
    first, second = (write_dicom_exam(_exam(), tmp_path / name) for name in "ab")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_the_localizer_leaves_the_phases_settings_alone(tmp_path: Path) -> None:
    values = {
        (d.SeriesDescription == "localizer", float(d.RepetitionTime))
        for d in map(pydicom.dcmread, write_dicom_exam(_exam(), tmp_path / "out"))
    }
    assert values == {(True, 7.5), (False, 4.5)}


def test_file_order_is_not_slice_order(tmp_path: Path) -> None:
    paths = write_dicom_exam(_exam(), tmp_path / "out", GE_HABITS)
    folder = next(p.parent for p in paths if p.parent.name == "0003")
    numbers = [pydicom.dcmread(p).InstanceNumber for p in sorted(folder.iterdir())]
    assert numbers != sorted(numbers)


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DicomError, match="name a new folder"):
        write_dicom_exam(_exam(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_fractions_and_sheared_grids_are_refused(tmp_path: Path) -> None:
    exam = _exam()
    assert exam.dynamic is not None
    halves = replace(exam.dynamic, array=exam.dynamic.array + 0.5)
    with pytest.raises(DicomError, match="whole numbers"):
        write_dicom_exam(replace(exam, dynamic=halves), tmp_path / "a")
    affine = np.array(exam.dynamic.affine)
    affine[:3, 0] += 0.2 * affine[:3, 1]
    sheared = replace(exam.dynamic, affine=affine)
    with pytest.raises(GeometryError, match="sheared"):
        write_dicom_exam(replace(exam, dynamic=sheared), tmp_path / "b")


@pytest.mark.slow
def test_dcm2niix_reads_the_phases(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("dcm2niix")
    if not program.exists():
        pytest.skip("dcm2niix is not installed beside Python")
    exam = _exam()
    assert exam.dynamic is not None
    write_dicom_exam(exam, tmp_path / "in", replace(SIEMENS_HABITS, derived_series=False))
    (tmp_path / "out").mkdir()
    command = [program, "-z", "n", "-f", "%s", "-o", tmp_path / "out", tmp_path / "in"]
    subprocess.run([str(c) for c in command], check=True, capture_output=True)
    for t in range(exam.dynamic.n_phases):
        image = nibabel.load(tmp_path / "out" / f"{3 + t}.nii")
        index = np.argwhere(np.ones(image.shape)).reshape(*image.shape, 3)
        points = (index @ image.affine[:3, :3].T + image.affine[:3, 3]) * (-1, -1, 1)
        inverse = np.linalg.inv(exam.dynamic.affine)
        s, r, c = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int).reshape(-1, 3).T
        np.testing.assert_array_equal(
            np.asarray(image.dataobj).ravel(), exam.dynamic.array[t][s, r, c]
        )

"""Independent readers and validators on written studies: dciodvfy, dcm2niix, SimpleITK.

Every habit and every kind of study; the programs come with the development environment.
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from mamri.io.dicom_writer import write_dicom_study
from mamri.io.scanner_habits import (
    GE_HABITS,
    GE_SLICE_TRIGGER_HABITS,
    PHILIPS_ENHANCED_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    SIEMENS_XA_HABITS,
    ObjectForm,
    ScannerHabits,
)
from mamri.records import AcquiredSeries, SeriesRole

from .study_factory import STUDIES, Study

HABITS = {
    "siemens": SIEMENS_HABITS,
    "ge": GE_HABITS,
    "ge-slice-trigger": GE_SLICE_TRIGGER_HABITS,
    "philips": PHILIPS_HABITS,
    "siemens-xa": SIEMENS_XA_HABITS,
    "philips-enhanced": PHILIPS_ENHANCED_HABITS,
}
EVERY_SCANNER = pytest.mark.parametrize("name", HABITS)
EVERY_STUDY = pytest.mark.parametrize("kind", STUDIES)
# What a reader of pixels can trip over: several b-values, planes, and parts of one acquisition.
SOME_STUDIES = pytest.mark.parametrize("kind", ["axial-fs", "sagittal", "dixon"])
pytestmark = pytest.mark.slow  # all together
Written = tuple[Study, list[Path]]
Write = Callable[[str, str], Written]

# What dciodvfy calls an error and real scanners do all the same.
# GE and Philips give the time of a phase in TriggerTime, which the standard keeps for examinations
# gated by the heart (PS3.3 C.8.3.1: 2C, and not to be present otherwise).
ACCEPTED_ERRORS = (
    "Error - </TriggerTime(0018,1060)> - Attribute present when condition unsatisfied (which may "
    "not be present otherwise) for Type 2C Conditional - Module=<MRImage>",
)


def _program(name: str) -> str:
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} is not installed beside Python; pip install mamri[dev] brings it")
    return str(path)


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Write each combination once."""
    known: dict[tuple[str, str], Written] = {}

    def once(name: str, kind: str) -> Written:
        if (name, kind) not in known:
            study = STUDIES[kind]()
            paths = write_dicom_study(
                study, tmp_path_factory.mktemp("peers") / "in", HABITS[name],
                study_instance_uid="2.25.31", patient_number=2,
            )  # fmt: skip
            known[name, kind] = study, paths
        return known[name, kind]

    return once


@EVERY_SCANNER
@EVERY_STUDY
def test_dciodvfy_finds_no_error_but_those_of_real_scanners(
    write: Write, name: str, kind: str
) -> None:
    program = _program("dciodvfy")
    one_a_series = {path.parent: path for path in write(name, kind)[1]}.values()
    errors = set()
    for path in one_a_series:
        done = subprocess.run([program, "-new", str(path)], capture_output=True, text=True)
        lines = (done.stdout + done.stderr).splitlines()
        assert any(line in ("MRImage", "EnhancedMRImage") for line in lines)
        errors |= {line for line in lines if line.startswith("Error")}
    assert errors <= set(ACCEPTED_ERRORS)
    # Only classic images of scanners that time phases so need the exception.
    assert not errors or HABITS[name].trigger_time


@EVERY_SCANNER
def test_dcentvfy_finds_the_study_consistent(write: Write, name: str) -> None:
    program = _program("dcentvfy")
    paths = [str(path) for path in write(name, "axial-fs")[1]]
    done = subprocess.run([program, *paths], capture_output=True, text=True)
    assert "" == "\n".join(
        line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")
    )


def _lps_volumes(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Volumes (S, R, C) of a NIfTI file with their affine from (slice, row, column) to LPS."""
    image = nibabel.load(path)
    data = np.asanyarray(image.dataobj)
    data = data.reshape(*data.shape[:3], -1)
    affine = (np.diag([-1.0, -1, 1, 1]) @ image.affine)[:, [2, 1, 0, 3]]
    return [(data[..., v].T, affine) for v in range(data.shape[3])]


def _is_volume(series: AcquiredSeries, v: int, found: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether a converted volume holds the same signal at the same places."""
    array, affine = found
    truth = series.array[v]
    if array.size != truth.size:  # axes may be exchanged: dcm2niix turns sagittal 3D images
        return False
    index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), axis=-1)
    places = index @ affine[:3, :3].T + affine[:3, 3] - series.affine[:3, 3]
    exact = places @ np.linalg.inv(series.affine[:3, :3]).T
    s, r, c = np.moveaxis(np.rint(exact).astype(int), -1, 0)
    if np.abs(exact - np.rint(exact)).max() > 1e-3 or min(s.min(), r.min(), c.min()) < 0:
        return False
    if s.max() >= truth.shape[0] or r.max() >= truth.shape[1] or c.max() >= truth.shape[2]:
        return False
    return bool(np.array_equal(truth[s, r, c], np.rint(array)))


@EVERY_SCANNER
@SOME_STUDIES
def test_dcm2niix_finds_every_volume_in_its_place(
    write: Write, tmp_path: Path, name: str, kind: str
) -> None:
    if name == "philips-enhanced" and kind == "dixon":
        pytest.skip("dcm2niix takes the four parts of one Enhanced Dixon object for more slices")
    study, paths = write(name, kind)
    command = [_program("dcm2niix"), "-z", "n", "-b", "n", "-p", "n", "-f", "%s"]
    command += ["-o", str(tmp_path), str(paths[0].parents[1])]
    subprocess.run(command, check=True, capture_output=True)
    converted = [volume for path in tmp_path.glob("*.nii") for volume in _lps_volumes(path)]
    for series in study:
        for v in range(len(series.array)):
            alike = [_is_volume(series, v, found) for found in converted]
            assert 1 == sum(alike), (series.role, series.contrast, v)


def _simpleitk_volume(paths: list[Path]) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in paths])
    return reader.Execute()


def _in_order(paths: list[Path], habits: ScannerHabits) -> list[list[Path]]:
    """Files of a series by phase, Dixon part and b-value, each in order of its slices."""
    groups: dict[tuple[object, ...], list[tuple[float, Path]]] = defaultdict(list)
    for path in paths:
        d = pydicom.dcmread(path, stop_before_pixels=True)
        row, column = np.reshape(np.array(d.ImageOrientationPatient, float), (2, 3))
        place = float(np.cross(row, column) @ np.array(d.ImagePositionPatient, float))
        b = [d[tag].value for tag in ((0x0019, 0x100C), (0x0043, 0x1039), (0x2001, 0x1003))
             if tag in d]  # fmt: skip
        key = (
            d.get("TemporalPositionIdentifier", d.AcquisitionTime), *d.ImageType, str(b),
            *d.ImageOrientationPatient,
        )  # fmt: skip
        groups[key].append((place, path))
    return [[path for _, path in sorted(group)] for group in groups.values()]


@EVERY_SCANNER
@SOME_STUDIES
def test_simpleitk_reads_every_volume_in_its_place(write: Write, name: str, kind: str) -> None:
    study, paths = write(name, kind)
    habits = HABITS[name]
    # GDCM does not place an Enhanced object of several volumes whose slices run against their
    # normal (spacing 1 on all axes): there the signal alone is compared.
    is_placed = (name, kind) != ("philips-enhanced", "sagittal")
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        by_folder[path.parent].append(path)
    read = []
    for group in by_folder.values():
        if habits.form is ObjectForm.CLASSIC:
            read += [_simpleitk_volume(volume) for volume in _in_order(group, habits)]
        else:
            read += [sitk.ReadImage(str(path)) for path in group]
    found = [
        (sitk.GetArrayFromImage(image), _simpleitk_affine(image))
        for image in read
        if image.GetSize()[2] > 1
    ]
    for series in study:
        n = series.array.shape[1]
        for v in range(len(series.array)):
            # An Enhanced object holds its volumes one after the other.
            parts = [
                (array[k : k + n], affine)
                for array, affine in found
                for k in range(0, len(array) - n + 1, n)
            ]
            alike = [
                _is_volume(series, v, part)
                if is_placed
                else np.array_equal(series.array[v], np.rint(part[0]))
                for part in parts
            ]
            assert any(alike), (series.role, v)


def _simpleitk_affine(image: sitk.Image) -> np.ndarray:
    affine = np.eye(4)
    direction = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, :3] = direction[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return affine


def test_an_unsuppressed_series_is_not_called_suppressed(write: Write) -> None:
    study, paths = write("ge", "non-suppressed")
    assert SeriesRole.DYNAMIC in {series.role for series in study}
    options = {
        tuple(d.ScanOptions)
        for d in map(pydicom.dcmread, paths)
        if d.SeriesDescription == "Ax Vibrant MultiPhase"
    }
    assert {("FAST_GEMS", "EDR_GEMS")} == options

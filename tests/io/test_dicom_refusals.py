"""Exams that are refused with a remedy, what is left alone, and what user options change."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mamri.io.dicom_reader import DicomOptions, catalogue, read_dicom_exam
from mamri.io.read_exam import read_exam
from mamri.records import DicomError, GeometryError, MamriError, SeriesRole, TimingError

from .dicom_factory import AXIAL, CORONAL, SAGITTAL, Phase, save, voxel_values, write_series

TIMES = ("100000", "100300", "100430")
THREE = [Phase(time) for time in TIMES]


def write_breast(folder: Path, base: int, x: float) -> None:
    """Three phases of one breast, a series each, whose slices begin at `x` mm to the left."""
    for k, name in enumerate(("sag dyn pre", "sag dyn 1st pass", "sag dyn 2nd pass")):
        write_series(
            folder / f"{base + k}", [Phase(TIMES[k])], number=base + k, first_phase=k,
            description=name, orientation=SAGITTAL, origin=(x, -60.0, 5.0),
        )  # fmt: skip


def rewrite(path: Path, **changes: object) -> None:
    dataset = pydicom.dcmread(path)
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    save(dataset, path)


def refusal(folder: Path, kind: type[MamriError]) -> str:
    """The message with which a folder is refused; it must name nobody."""
    with pytest.raises(kind) as caught:
        read_dicom_exam(folder)
    message = str(caught.value)
    assert not any(word in message.casefold() for word in ("invented", "person", "secret"))
    return message


@pytest.mark.parametrize("side", ["right", "left"])
def test_each_of_two_breasts_is_read_by_its_side(tmp_path: Path, side: str) -> None:
    write_breast(tmp_path, 10, -120.0)
    write_breast(tmp_path, 20, 40.0)
    dynamic = read_exam(tmp_path, side=side).dynamic
    assert dynamic is not None
    assert 3 == dynamic.n_phases
    assert (dynamic.affine[0, 3] > 0) == (side == "left")


@pytest.mark.parametrize("cosines", [AXIAL, SAGITTAL, CORONAL, tuple(-x for x in AXIAL)])
def test_the_affine_puts_a_marked_voxel_at_its_place(
    tmp_path: Path, cosines: tuple[float, ...]
) -> None:
    files = write_series(tmp_path, THREE, orientation=cosines)
    marked = pydicom.dcmread(files[2])  # phase 0, slice 2
    pixels = np.array(marked.pixel_array)
    pixels[7, 3] = 60_000
    rewrite(files[2], PixelData=pixels.tobytes())
    along, down = np.reshape(cosines, (2, 3))
    expected = np.array(marked.ImagePositionPatient, float) + 3 * 0.9 * along + 7 * 0.8 * down
    dynamic = read_dicom_exam(tmp_path).dynamic
    assert dynamic is not None
    index = np.argwhere(dynamic.array[0] == 60_000)[0]
    np.testing.assert_allclose(expected, (dynamic.affine @ [*index, 1.0])[:3], atol=1e-9)


def test_two_studies_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "a", THREE[:1], number=1)
    write_series(tmp_path / "b", THREE[1:2], number=2, StudyInstanceUID="2.25.4711")
    assert "folder of one visit" in refusal(tmp_path, DicomError)


def test_uneven_slices_are_refused(tmp_path: Path) -> None:
    files = write_series(tmp_path, THREE[:1], n_slices=6)
    rewrite(files[3], ImagePositionPatient=[-40.0, -60.0, 5.0 + 3 * 2.0 + 0.5])
    assert "unevenly spaced" in refusal(tmp_path, GeometryError)


@pytest.mark.parametrize("phases", [THREE, THREE[:1]])
def test_an_image_of_another_matrix_is_refused_by_name(tmp_path: Path, phases: list[Phase]) -> None:
    files = write_series(tmp_path, phases)
    pixels = np.zeros((6, 10), np.uint16)
    rewrite(files[1], Rows=6, PixelData=pixels.tobytes())
    message = refusal(tmp_path, GeometryError)
    assert "mixed geometry" in message or "missing" in message


def test_a_phase_without_pixels_is_refused_by_name(tmp_path: Path) -> None:
    files = write_series(tmp_path, THREE)
    dataset = pydicom.dcmread(files[1])
    del dataset.PixelData
    save(dataset, files[1])
    message = refusal(tmp_path, DicomError)
    assert files[1].name in message
    assert "no pixel data" in message


def test_phases_in_two_frames_of_reference_are_refused_with_the_remedy(tmp_path: Path) -> None:
    for k, phase in enumerate(THREE):
        frame = {"FrameOfReferenceUID": "2.25.4712"} if k == 2 else {}
        write_series(tmp_path / f"phase{k}", [phase], number=k + 1, first_phase=k, **frame)
    message = refusal(tmp_path, GeometryError)
    assert "frame of reference" in message
    assert "--phase" in message
    given = DicomOptions(phase_sources=(("1", -90.0), ("2", 90.0), ("3", 180.0)))
    dynamic = read_dicom_exam(tmp_path, given).dynamic
    assert dynamic is not None
    assert 3 == dynamic.n_phases


@pytest.mark.parametrize("times", [(-30.0, 60.0), (-30.0, 60.0, 90.0, 120.0)])
def test_as_many_times_as_phases_are_needed(tmp_path: Path, times: tuple[float, ...]) -> None:
    write_series(tmp_path, THREE)
    with pytest.raises(TimingError, match="one time for each of 3 phases"):
        read_dicom_exam(tmp_path, DicomOptions(times_s=times))


def test_a_phase_that_names_nothing_is_refused_with_the_choices(tmp_path: Path) -> None:
    write_series(tmp_path / "a", THREE[:1], number=4)
    write_series(tmp_path / "b", THREE[1:2], number=5, first_phase=1)
    with pytest.raises(TimingError, match=r"series number \(4, 5\)"):
        read_exam(tmp_path, phases=[("4", -10.0), ("6", 60.0)])


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    write_series(tmp_path / "IMAGES", THREE)
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4")
    found = catalogue(tmp_path)
    assert 1 == found.not_dicom
    assert ["report.pdf"] == [name for name, _ in found.skipped]
    assert 1 == len(found.series)
    assert found.dynamic is not None


OTHERS = {
    "localizer": (SeriesRole.LOCALIZER, {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}),
    "ax t2": (SeriesRole.T2, {"ScanningSequence": "SE", "RepetitionTime": 5000, "EchoTime": 90}),
    "ax stir": (
        SeriesRole.STIR,
        {"ScanningSequence": "SE", "RepetitionTime": 6000, "EchoTime": 70, "InversionTime": 160},
    ),
    "adc": (SeriesRole.ADC, {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}),
    "t1 tse +c": (
        SeriesRole.T1_POST,
        {
            "ScanningSequence": "SE",
            "RepetitionTime": 600,
            "EchoTime": 10,
            "ContrastBolusAgent": "agent",
        },
    ),
    "sub by tag": (SeriesRole.SUBTRACTION, {"ImageType": ["DERIVED", "PRIMARY", "SUBTRACT"]}),
    "mip by tag": (SeriesRole.MIP, {"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_series_that_is_no_phase_gets_its_own_role(tmp_path: Path, name: str) -> None:
    role, overrides = OTHERS[name]
    write_series(tmp_path / "dynamic", THREE)
    write_series(tmp_path / "other", [Phase("101500")], number=9, description=name, **overrides)
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic is not None
    assert 3 == exam.dynamic.n_phases
    assert role in {record.role for record in exam.series}


def test_a_t2_series_is_read_beside_the_dynamic(tmp_path: Path) -> None:
    write_series(tmp_path / "dynamic", THREE)
    write_series(
        tmp_path / "t2", [Phase("095500")], number=2, description="ax t2", n_slices=5,
        ScanningSequence="SE", RepetitionTime=5000, EchoTime=90,
    )  # fmt: skip
    exam = read_dicom_exam(tmp_path)
    assert exam.t2 is not None
    np.testing.assert_array_equal(voxel_values(0, 5, 12, 10), exam.t2.array)


def test_one_file_name_in_two_folders_is_two_images(tmp_path: Path) -> None:
    write_series(tmp_path / "in", THREE[:1])
    write_series(tmp_path / "in2", THREE[1:2], number=2, first_phase=1)
    for number, folder in enumerate(("in", "in2")):
        for k, path in enumerate(sorted((tmp_path / folder).iterdir())):
            target = tmp_path / "exam" / str(number) / f"I{k}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
    dynamic = read_dicom_exam(tmp_path / "exam").dynamic
    assert dynamic is not None
    assert 2 == dynamic.n_phases


def write_levels(folder: Path, levels: tuple[int, ...]) -> None:
    """One series whose phases are each of one signal everywhere."""
    phases = [
        Phase(f"10{k:02d}00", overrides={"PixelData": np.full(120, level, np.uint16).tobytes()})
        for k, level in enumerate(levels)
    ]
    write_series(folder, phases)


@pytest.mark.parametrize(
    ("levels", "n_pre"), [((100, 200, 300), 1), ((100, 103, 104, 250), 3), ((90, 100, 260), 2)]
)
def test_images_tell_the_pre_contrast_phases_where_tags_do_not(
    tmp_path: Path, levels: tuple[int, ...], n_pre: int
) -> None:
    write_levels(tmp_path, levels)
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic is not None
    assert n_pre == exam.dynamic.n_pre
    assert exam.timing is not None
    assert "images brighten" in exam.timing.injection_source


@pytest.mark.parametrize("levels", [(100, 101, 102), (0, 0, 0), (300, 200, 100)])
def test_phases_that_do_not_brighten_are_refused(tmp_path: Path, levels: tuple[int, ...]) -> None:
    write_levels(tmp_path, levels)
    assert "give --times" in refusal(tmp_path, TimingError)

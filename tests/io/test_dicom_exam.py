"""Reading exams: order, times, grids and values against what was written."""

import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mamri.geometry import anatomical_orientation, spacing_mm
from mamri.io.dicom_reader import DicomOptions, catalogue, read_dicom_exam
from mamri.records import DicomError, GeometryError, SeriesRole, TimingError

from .dicom_factory import AXIAL, CORONAL, SAGITTAL, Phase, voxel_values, write_series

TIMES = ("100000", "100300", "100430", "100700")
NAMES = ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass")


def write_separate(folder: Path, **overrides: object) -> None:
    """One series a phase, 90 s each."""
    overrides = {"TemporalResolution": 90_000, **overrides}
    for k, (time, name) in enumerate(zip(TIMES, NAMES, strict=True)):
        write_series(
            folder / name, [Phase(time)], number=k + 1, description=name, first_phase=k, **overrides
        )


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL])
def test_slices_follow_their_positions_in_every_plane(tmp_path, orientation):
    write_separate(tmp_path, orientation=orientation)
    dynamic = read_dicom_exam(tmp_path).dynamic
    for t in range(4):
        np.testing.assert_array_equal(voxel_values(t, 4, 12, 10), dynamic.array[t])
    normal = np.cross(orientation[:3], orientation[3:])
    np.testing.assert_allclose(normal * 2.0, dynamic.affine[:3, 0])
    np.testing.assert_allclose((2.0, 0.8, 0.9), spacing_mm(dynamic.affine))
    assert anatomical_orientation(dynamic.affine).axes is not None


def test_irregular_phase_times_count_from_the_first_post_contrast_phase(tmp_path):
    write_separate(tmp_path)
    exam = read_dicom_exam(tmp_path)
    np.testing.assert_allclose((-135.0, 45.0, 135.0, 285.0), exam.dynamic.times_s)
    assert "injection_time_assumed" in {caveat.code for caveat in exam.caveats}


def test_phases_in_one_series_equal_one_series_a_phase(tmp_path):
    write_separate(tmp_path / "separate")
    write_series(
        tmp_path / "one", [Phase(time) for time in TIMES], TemporalResolution=90_000,
        description="ax dyn",
    )  # fmt: skip
    separate = read_dicom_exam(tmp_path / "separate").dynamic
    together = read_dicom_exam(tmp_path / "one").dynamic
    np.testing.assert_array_equal(separate.array, together.array)
    np.testing.assert_allclose(separate.times_s, together.times_s)


def test_file_names_and_folders_do_not_change_the_result(tmp_path):
    write_separate(tmp_path / "in")
    files = [path for path in (tmp_path / "in").rglob("*") if path.is_file()]
    random.Random(1).shuffle(files)
    (tmp_path / "out" / "deep").mkdir(parents=True)
    for k, path in enumerate(files):
        shutil.copy(path, tmp_path / "out" / ("deep" if k % 2 else ".") / f"IM{k}")
    expected = read_dicom_exam(tmp_path / "in").dynamic
    found = read_dicom_exam(tmp_path / "out").dynamic
    np.testing.assert_array_equal(expected.array, found.array)


def test_a_zip_reads_like_its_folder(tmp_path):
    write_separate(tmp_path / "in")
    shutil.make_archive(str(tmp_path / "exam"), "zip", tmp_path / "in")
    expected = read_dicom_exam(tmp_path / "in").dynamic
    found = read_dicom_exam(tmp_path / "exam.zip").dynamic
    np.testing.assert_array_equal(expected.array, found.array)


@pytest.mark.parametrize("name", ["../out.dcm", "/abs.dcm", "a/../../b.dcm", "a\\..\\..\\out.dcm"])
def test_a_zip_member_that_leaves_the_archive_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "exam.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(DicomError, match="leaves the archive"):
        read_dicom_exam(tmp_path / "exam.zip")


def test_a_zip_bomb_is_refused_before_unpacking(tmp_path):
    with zipfile.ZipFile(tmp_path / "exam.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(10_000_000))
    with pytest.raises(DicomError, match="grows"):
        read_dicom_exam(tmp_path / "exam.zip")


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path):
    member = zipfile.ZipInfo("link.dcm")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "exam.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(DicomError, match="symbolic link"):
        read_dicom_exam(tmp_path / "exam.zip")


def test_times_run_on_over_midnight(tmp_path):
    write_series(
        tmp_path, [Phase("235800"), Phase("000100", "20240302"), Phase("000230", "20240302")],
        TemporalResolution=90_000,
    )  # fmt: skip
    np.testing.assert_allclose((-135, 45, 135), read_dicom_exam(tmp_path).dynamic.times_s)


def test_a_recorded_injection_is_time_zero(tmp_path):
    write_separate(tmp_path, ContrastBolusStartTime="100230")
    exam = read_dicom_exam(tmp_path)
    np.testing.assert_allclose((-105, 75, 165, 315), exam.dynamic.times_s)
    assert "ContrastBolusStartTime" in exam.timing.injection_source


def test_an_implausible_injection_time_is_not_believed(tmp_path):
    write_separate(tmp_path, ContrastBolusStartTime="090000")
    assert "assumed" in read_dicom_exam(tmp_path).timing.injection_source


def test_a_pre_phase_twenty_minutes_early_leaves_the_post_times_alone(tmp_path):
    for k, time in enumerate(("100000", "102000", "102130")):
        write_series(
            tmp_path / NAMES[k], [Phase(time)], number=k + 1, description=NAMES[k],
            first_phase=k, TemporalResolution=90_000,
        )  # fmt: skip
    np.testing.assert_allclose((-1155, 45, 135), read_dicom_exam(tmp_path).dynamic.times_s)


def test_rescale_slopes_that_differ_between_phases_are_applied(tmp_path):
    for k, slope in enumerate((2.0, 3.0)):
        write_series(
            tmp_path / NAMES[k], [Phase(TIMES[k])], number=k + 1, description=NAMES[k],
            first_phase=k, RescaleSlope=slope, RescaleIntercept=k, TemporalResolution=90_000,
        )  # fmt: skip
    array = read_dicom_exam(tmp_path).dynamic.array
    assert array.dtype == np.float32
    np.testing.assert_allclose(2.0 * voxel_values(0, 4, 12, 10), array[0])
    np.testing.assert_allclose(3.0 * voxel_values(1, 4, 12, 10) + 1, array[1])


def test_plain_integers_stay_integers(tmp_path):
    write_separate(tmp_path)
    assert read_dicom_exam(tmp_path).dynamic.array.dtype == np.uint16


def test_derived_series_and_spin_echo_never_become_phases(tmp_path):
    write_separate(tmp_path)
    extra = {
        "SUB 1": {},
        "MIP": {},
        "recon": {"ImageType": ["DERIVED", "SECONDARY", "MPR"]},
        "ax t1 tse +c": {"ScanningSequence": "SE", "RepetitionTime": 600, "EchoTime": 10},
        "ax t1 non fs": {"ScanOptions": "PFP", "RepetitionTime": 6.0},
    }
    for k, (name, overrides) in enumerate(extra.items()):
        write_series(
            tmp_path / f"x{k}", [Phase("101500")], number=20 + k, description=name, **overrides
        )
    found = catalogue(tmp_path)
    assert len(found.dynamic.phases) == 4
    roles = {record.description: record for record in found.series}
    assert roles["SUB 1"].role is SeriesRole.SUBTRACTION
    assert roles["MIP"].role is SeriesRole.MIP
    assert not any(roles[name].used for name in extra)
    assert all(record.reason for record in found.series)


def test_identical_copies_are_dropped_with_a_caveat(tmp_path):
    write_separate(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic.n_phases == 4
    assert "duplicate_images" in {caveat.code for caveat in exam.caveats}


def test_one_identifier_for_two_contents_is_refused(tmp_path):
    write_series(tmp_path / "a", [Phase("100000")], first_phase=0)
    write_series(tmp_path / "b", [Phase("100000")], first_phase=5)
    with pytest.raises(DicomError, match="SOPInstanceUID"):
        read_dicom_exam(tmp_path)


def test_two_patients_are_refused_without_naming_them(tmp_path):
    write_series(tmp_path / "a", [Phase("100000")], number=1)
    write_series(tmp_path / "b", [Phase("100300")], number=2, PatientID="SECOND-SECRET")
    with pytest.raises(DicomError, match="one patient") as caught:
        read_dicom_exam(tmp_path)
    assert "SECRET" not in str(caught.value)
    assert "INVENTED" not in str(caught.value)


def test_a_missing_slice_is_refused_by_file_name(tmp_path):
    files = write_series(tmp_path, [Phase("100000")], n_slices=6)
    files[2].unlink()
    with pytest.raises(GeometryError, match=rf"{files[1].name}.*missing"):
        read_dicom_exam(tmp_path)


def test_a_truncated_file_of_a_phase_is_refused_by_name(tmp_path):
    write_separate(tmp_path)
    victim = next((tmp_path / NAMES[2]).iterdir())
    victim.write_bytes(victim.read_bytes()[:-50])
    with pytest.raises(DicomError, match=rf"{victim.name} is truncated"):
        read_dicom_exam(tmp_path)


def test_a_truncated_file_of_an_unused_series_is_a_caveat(tmp_path):
    write_separate(tmp_path)
    victim = write_series(tmp_path / "s", [Phase("101500")], number=9, description="SUB")[0]
    victim.write_bytes(victim.read_bytes()[:-50])
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic.n_phases == 4
    assert any(victim.name in caveat.message for caveat in exam.caveats)


NO_KEY = dict.fromkeys(("AcquisitionTime", "ContentTime", "AcquisitionDate", "ContentDate"))


def test_volumes_that_nothing_separates_are_refused_with_the_remedy(tmp_path):
    write_series(tmp_path, [Phase("100000")] * 3, **NO_KEY)
    with pytest.raises(TimingError, match=r"--times with 3 values"):
        read_dicom_exam(tmp_path)


def test_times_of_the_user_allow_instance_number_order_with_a_caveat(tmp_path):
    write_series(tmp_path, [Phase("100000")] * 3, **NO_KEY)
    exam = read_dicom_exam(tmp_path, DicomOptions(times_s=(-30.0, 60.0, 150.0)))
    np.testing.assert_allclose((-30, 60, 150), exam.dynamic.times_s)
    assert "ordered_by_instance_number" in {caveat.code for caveat in exam.caveats}


def test_phases_can_be_named_by_series_number_or_folder(tmp_path):
    write_separate(tmp_path)
    options = DicomOptions(phase_sources=(("1", -20.0), (NAMES[2], 100.0)))
    dynamic = read_dicom_exam(tmp_path, options).dynamic
    np.testing.assert_allclose((-20, 100), dynamic.times_s)
    np.testing.assert_array_equal(voxel_values(2, 4, 12, 10), dynamic.array[1])


def test_two_breasts_in_separate_series_are_refused_with_the_remedy(tmp_path):
    for base, x in ((10, -120.0), (20, 40.0)):
        for k, name in enumerate(NAMES[:3]):
            write_series(
                tmp_path / f"{base + k}", [Phase(TIMES[k])], number=base + k, first_phase=k,
                description=name, orientation=SAGITTAL, origin=(x, -60.0, 5.0),
            )  # fmt: skip
    with pytest.raises(GeometryError, match="--side"):
        read_dicom_exam(tmp_path)


SURVIVORS = {
    "bad_charset": "unknown_character_set",
    "injection_strings": None,
    "missing_PatientID": "no_patient_id",
    "nan_ds": "unreadable_numbers",
    "pe_polyglot": "executable_preamble",
    "signed16": None,
    "valid_nested_5": None,
}
REFUSED = {
    "bad_length": "malformed",
    "bad_rle": "cannot be decoded",
    "deep_nesting_50": "nested deeper than 32",
    "deep_nesting_400": "nested deeper than 32",
    "deep_nesting_5000": "nested deeper than 32",
    "deflate_bomb_500MB": "deflated",
    "empty": "is empty",
    "huge_dims": "60000 x 60000",
    "missing_ImagePositionPatient": "ImagePositionPatient",
    "missing_PixelSpacing": "PixelSpacing",
    "missing_Rows": "Rows",
    "missing_SOPInstanceUID": "SOPInstanceUID",
    "missing_StudyInstanceUID": "StudyInstanceUID",
    "missing_TransferSyntaxUID": "TransferSyntaxUID",
    "no_pixeldata": "no image pixels",
    "nonorthonormal_iop": "no plane",
    "random": "not DICOM",
    "short": "not DICOM",
    "text": "not DICOM",
    "trunc_0.1": "truncated",
    "trunc_0.5": "truncated",
    "trunc_0.9": "truncated",
    "valid_nested_50": "nested deeper than 32",
    "valid_nested_1000": "nested deeper than 32",
    "valid_nested_20000": "nested deeper than 32",
    "zero_iop": "no plane",
    "zero_rows": "Rows",
}


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_a_broken_file_is_refused_by_name(shared_data, name, words):
    with pytest.raises(DicomError, match=words) as caught:
        read_dicom_exam(shared_data / "dicom_odd" / "odd_mr" / f"{name}.dcm")
    assert f"{name}.dcm" in str(caught.value) or name == "no_pixeldata"
    assert "Synth" not in str(caught.value)


@pytest.mark.parametrize(("name", "code"), SURVIVORS.items())
def test_an_odd_file_is_read_with_its_caveat(shared_data, name, code):
    exam = read_dicom_exam(shared_data / "dicom_odd" / "odd_mr" / f"{name}.dcm")
    assert exam.dynamic.array.shape == (1, 1, 128, 128)
    assert code is None or code in {caveat.code for caveat in exam.caveats}


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("siemens_mosaic", "mosaic"),
        ("siemens_mosaic_j2k", "mosaic"),
        ("siemens_mosaic_jpeg_lossless", "mosaic"),
        ("uih_vframe", "VFRAME"),
    ],
)
def test_sheets_of_many_slices_are_refused_in_words(shared_data, folder, words):
    with pytest.raises(DicomError, match=words):
        read_dicom_exam(shared_data / "dicom_odd" / folder)


@pytest.mark.parametrize(
    ("folder", "n_volumes"),
    [
        ("ge_multiphase_trigger_per_slice", 10),
        ("ge_multiphase_variable_delay", 10),
        ("philips_epi_temporal_position", 3),
    ],
)
def test_temporal_position_separates_the_volumes_of_vendor_series(shared_data, folder, n_volumes):
    (volumes,) = catalogue(shared_data / "dicom_odd" / folder).volumes
    assert volumes == f"{n_volumes} volumes by TemporalPositionIdentifier (0020,0100)"


def test_echo_planar_volumes_without_a_key_are_said_to_be_inseparable(shared_data):
    (volumes,) = catalogue(shared_data / "dicom_odd" / "ge_epi_no_time_key").volumes
    assert "none does" in volumes


@pytest.mark.parametrize(
    ("folder", "n_zero", "n_volumes"),
    [
        ("ge_dwi_private_b", 1, 7),
        ("philips_dwi_hidden_trace", 1, 16),
        ("philips_dwi_many_b", 5, 17),
        ("enhanced_siemens_xa30_dwi", 1, 3),
    ],
)
def test_diffusion_volumes_are_kept_apart_with_their_b_values(
    shared_data, folder, n_zero, n_volumes
):
    exam = read_dicom_exam(shared_data / "dicom_odd" / folder)
    assert exam.dynamic is None
    assert n_volumes == len(exam.diffusion.b_values)
    assert n_zero == np.count_nonzero(exam.diffusion.b_values < 1)


def test_the_duke_exam_is_one_fat_suppressed_pre_phase(shared_data):
    exam = read_dicom_exam(shared_data / "duke_001_pre_dicom")
    assert exam.dynamic.array.shape == (1, 160, 448, 448)
    assert exam.dynamic.array.dtype == np.uint16
    assert exam.acquisition.fat_suppressed is True
    assert exam.timing is None
    assert [SeriesRole.T1_PRE] == [record.role for record in exam.series]

"""Mistakes that would go unnoticed: each must be refused, or said."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from mamri.io.dicom_reader import read_dicom_exam
from mamri.io.dicom_reader.roles import SeriesFeatures, classify
from mamri.records import DicomError, GeometryError, SeriesRole, TimingError

from .dicom_factory import Phase, write_series


def write_two(folder: Path, pre: Phase, post: Phase, **overrides: object) -> None:
    write_series(folder / "1", [pre], number=1, description="ax dyn pre", **overrides)
    write_series(
        folder / "2", [post], number=2, description="ax dyn 1st pass", first_phase=1, **overrides
    )


def codes(exam) -> set[str]:
    return {caveat.code for caveat in exam.caveats}


def test_the_pause_before_contrast_is_not_the_length_of_a_phase(tmp_path):
    write_two(tmp_path, Phase("100000"), Phase("102000"))
    exam = read_dicom_exam(tmp_path)
    np.testing.assert_allclose((-1155, 45), exam.dynamic.times_s)
    assert "phase_duration_unknown" in codes(exam)


@pytest.mark.parametrize("folder", ["1", "2"])
def test_a_slice_missing_at_the_end_of_one_phase_is_refused(tmp_path, folder):
    write_two(tmp_path, Phase("100000"), Phase("100300"))
    last = max(
        (tmp_path / folder).iterdir(),
        key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]),
    )
    last.unlink()
    with pytest.raises(GeometryError, match="1 are missing at an end"):
        read_dicom_exam(tmp_path)


def test_a_lone_post_contrast_volume_does_not_count_as_pre(tmp_path):
    write_series(tmp_path, [Phase("100000")], ContrastBolusAgent="agent")
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic.n_pre == 0
    assert exam.series[0].role is SeriesRole.T1_POST
    assert "no_pre_contrast_phase_found" in codes(exam)


@pytest.mark.parametrize("dates", [("AcquisitionDate", "ContentDate", "SeriesDate")])
def test_midnight_without_dates_is_refused(tmp_path, dates):
    write_two(tmp_path, Phase("235800"), Phase("000300"), **dict.fromkeys(dates))
    with pytest.raises(TimingError, match="midnight"):
        read_dicom_exam(tmp_path)


@pytest.mark.parametrize("identifier", ["INVENTED-1", ""])
def test_another_name_is_another_patient(tmp_path, identifier):
    write_series(tmp_path / "1", [Phase("100000")], number=1)
    write_series(
        tmp_path / "2", [Phase("100300")], number=2, PatientID=identifier,
        PatientName="Other^Secret",
    )  # fmt: skip
    with pytest.raises(DicomError, match="one patient") as caught:
        read_dicom_exam(tmp_path)
    assert "Secret" not in str(caught.value)


def test_one_name_written_two_ways_is_one_patient(tmp_path):
    write_series(tmp_path / "1", [Phase("100000")], number=1, description="ax dyn pre")
    write_series(
        tmp_path / "2", [Phase("100300")], number=2, description="ax dyn 1st pass",
        first_phase=1, PatientName="INVENTED^PERSON^^",
    )  # fmt: skip
    assert read_dicom_exam(tmp_path).dynamic.n_phases == 2


def test_copies_that_differ_in_time_are_not_copies(tmp_path):
    write_series(tmp_path / "a", [Phase("100000")])
    write_series(tmp_path / "b", [Phase("101000")])
    with pytest.raises(DicomError, match="share one but differ"):
        read_dicom_exam(tmp_path)


def test_derived_dixon_water_images_are_a_dynamic(tmp_path):
    for k, time in enumerate(("100000", "100300", "100430")):
        for part in ("WATER", "FAT"):
            write_series(
                tmp_path / f"{part}{k}", [Phase(time)], number=k + 1 + 10 * (part == "FAT"),
                first_phase=k, description="dyn dixon" + " pre" * (k == 0),
                ImageType=["DERIVED", "PRIMARY", "DIXON", part],
            )  # fmt: skip
    exam = read_dicom_exam(tmp_path)
    assert exam.dynamic.n_phases == 3
    roles = [record.role for record in exam.series]
    assert roles.count(SeriesRole.DIXON) == 3


def test_a_two_dimensional_flash_dynamic_is_read(tmp_path):
    write_series(
        tmp_path, [Phase("100000"), Phase("100200"), Phase("100400")],
        RepetitionTime=120, EchoTime=5, MRAcquisitionType="2D",
    )  # fmt: skip
    assert read_dicom_exam(tmp_path).dynamic.n_phases == 3


@pytest.mark.parametrize(
    "name", ["SUBT CA(R) 1ST PASS", "2ND SUBT LEFT", "LSGT1CE1SU1", "(3490/105/1)-(3490/103/1)"]
)
def test_real_names_of_subtractions_are_known(name):
    features = SeriesFeatures(name, scanning_sequence=("GR",), tr_ms=5.0, te_ms=2.0)
    assert classify(features)[0] is SeriesRole.SUBTRACTION


@pytest.mark.parametrize(
    "case", ["odd_mr/rgb_mr.dcm", "ge_epi_no_time_key", "enhanced_philips_fieldmap"]
)
def test_an_input_of_which_nothing_is_read_is_refused(shared_data, case):
    with pytest.raises(DicomError, match="none of the 1 series"):
        read_dicom_exam(shared_data / "dicom_odd" / case)


def test_a_missing_acquisition_time_is_said_with_the_clock_used(shared_data):
    exam = read_dicom_exam(shared_data / "dicom_odd" / "odd_mr" / "missing_AcquisitionTime.dcm")
    (caveat,) = [c for c in exam.caveats if c.code == "acquisition_time_missing"]
    assert "ContentTime" in caveat.message


def test_philips_marks_of_repeated_images_are_b_zero(shared_data):
    exam = read_dicom_exam(shared_data / "dicom_odd" / "philips_dwi_many_b")
    assert np.count_nonzero(exam.diffusion.b_values == 0) == 5

"""Every kind of study, written with the habits of every scanner, is read back as it was made.

Where the reader could not, the reader was mended: the data are as scanners make them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from mamri.io.dicom_reader import Catalogue
from mamri.io.dicom_writer import write_dicom_study
from mamri.io.read_exam import inspect_dicom, read_exam
from mamri.io.scanner_habits import (
    GE_HABITS,
    GE_SLICE_TRIGGER_HABITS,
    PHILIPS_ENHANCED_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    SIEMENS_XA_HABITS,
    ScannerHabits,
)
from mamri.records import AcquiredSeries, Exam, SeriesRole, TimingError

from .study_factory import (
    AXIAL_SHAPE,
    DYNAMIC_SCAN,
    STUDIES,
    Study,
    abbreviated,
    axial_affine,
    dynamic,
    ultrafast_and_conventional,
)

HABITS = {
    "siemens": SIEMENS_HABITS,
    "ge": GE_HABITS,
    "ge-slice-trigger": GE_SLICE_TRIGGER_HABITS,
    "philips": PHILIPS_HABITS,
    "siemens-xa": SIEMENS_XA_HABITS,
    "philips-enhanced": PHILIPS_ENHANCED_HABITS,
}
EVERY_SCANNER = pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS.keys())
EVERY_STUDY = pytest.mark.parametrize("kind", STUDIES.keys())


@dataclass(frozen=True)
class Reading:
    """One kind of study, as one scanner wrote it and as it was read."""

    study: Study
    exam: Exam
    found: Catalogue


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ScannerHabits, str], Reading]:
    """Write and read each combination once."""
    known: dict[tuple[str, str], Reading] = {}

    def read_once(habits: ScannerHabits, kind: str) -> Reading:
        key = (repr(habits), kind)
        if key not in known:
            study = STUDIES[kind]()
            folder = _write(study, tmp_path_factory.mktemp("study") / "in", habits)
            known[key] = Reading(study, read_exam(folder), inspect_dicom(folder))
        return known[key]

    return read_once


def _write(study: Study, folder: Path, habits: ScannerHabits) -> Path:
    write_dicom_study(study, folder, habits, study_instance_uid="2.25.4711", patient_number=8)
    return folder


def _of(study: Study, *roles: SeriesRole) -> AcquiredSeries | None:
    fitting = [s for s in study if s.role in roles and s.contrast != "ultrafast"]
    return fitting[0] if fitting else None


def _assert_in_place(truth: AcquiredSeries, array: np.ndarray, affine: np.ndarray) -> None:
    """Same signal at the same place: the reader counts slices along the normal of their plane.

    Where signal was rescaled it is equal after rounding to the whole numbers that it came from.
    """
    expected, grid = truth.array, np.array(truth.affine)
    if grid[:3, 0] @ affine[:3, 0] < 0:
        expected = expected[:, ::-1]
        grid[:3, 3] += (expected.shape[1] - 1) * grid[:3, 0]
        grid[:3, 0] *= -1
    np.testing.assert_allclose(affine, grid, atol=1e-5)
    np.testing.assert_array_equal(expected, np.rint(array).reshape(expected.shape))


@EVERY_SCANNER
@EVERY_STUDY
def test_phases_times_and_grid_come_back(
    read: Callable[[ScannerHabits, str], Reading], habits: ScannerHabits, kind: str
) -> None:
    exam = read(habits, kind).exam
    truth = _of(read(habits, kind).study, SeriesRole.DYNAMIC)
    assert truth is not None
    assert truth.times_s is not None
    assert exam.dynamic is not None
    assert exam.timing is not None
    np.testing.assert_allclose(exam.dynamic.times_s, truth.times_s, atol=1e-3)
    _assert_in_place(truth, exam.dynamic.array, exam.dynamic.affine)
    assert exam.timing.injection_source == "ContrastBolusStartTime (0018,1042)"
    assert exam.acquisition.phase_duration_s == truth.acquisition.phase_duration_s


@EVERY_SCANNER
@EVERY_STUDY
def test_t2_and_diffusion_come_back(
    read: Callable[[ScannerHabits, str], Reading], habits: ScannerHabits, kind: str
) -> None:
    study, exam = read(habits, kind).study, read(habits, kind).exam
    # STIR goes before a T2 that may not be fat suppressed.
    t2 = _of(study, SeriesRole.STIR) or _of(study, SeriesRole.T2)
    dwi = _of(study, SeriesRole.DWI)
    assert t2 is not None
    assert exam.t2 is not None
    _assert_in_place(t2, exam.t2.array, exam.t2.affine)
    assert (dwi is None) == (exam.diffusion is None)
    if dwi is not None and exam.diffusion is not None:
        assert dwi.b_values is not None
        np.testing.assert_array_equal(dwi.b_values, exam.diffusion.b_values)
        _assert_in_place(dwi, exam.diffusion.array, exam.diffusion.affine)


def _expected_roles(study: Study, habits: ScannerHabits) -> Counter[SeriesRole]:
    roles = Counter([SeriesRole.LOCALIZER, SeriesRole.SUBTRACTION, SeriesRole.MIP])
    for series in study:
        is_phases = series.role in (SeriesRole.DYNAMIC, SeriesRole.DIXON)
        alone = habits.one_series_a_phase and is_phases and series.contrast != "ultrafast"
        shared = series.role is SeriesRole.DIXON and habits.dixon_in_one_series
        roles[series.role] += len(series.array) if alone else int(not shared)
    return +roles


@EVERY_SCANNER
@EVERY_STUDY
def test_every_series_has_its_role(
    read: Callable[[ScannerHabits, str], Reading], habits: ScannerHabits, kind: str
) -> None:
    found = read(habits, kind).found
    assert _expected_roles(read(habits, kind).study, habits) == Counter(
        record.role for record in found.series
    )
    assert found.refusal is None
    assert found.skipped == ()


@EVERY_SCANNER
def test_fat_suppression_is_known_where_the_scanner_says(
    read: Callable[[ScannerHabits, str], Reading], habits: ScannerHabits
) -> None:
    found = {
        kind: read(habits, kind).exam.acquisition
        for kind in ("axial-fs", "dixon", "non-suppressed")
    }
    assert found["axial-fs"].fat_suppressed is True
    assert found["dixon"].fat_suppressed is True
    # A classic Philips image without saturation has an empty ScanOptions: the images decide later.
    expected = None if habits is PHILIPS_HABITS else False
    assert found["non-suppressed"].fat_suppressed is expected


@EVERY_SCANNER
def test_the_conventional_dynamic_is_read_beside_an_ultrafast_one(
    read: Callable[[ScannerHabits, str], Reading], habits: ScannerHabits
) -> None:
    exam = read(habits, "ultrafast").exam
    assert exam.dynamic is not None
    assert exam.dynamic.n_phases == 4
    assert "ultrafast_not_read" in [caveat.code for caveat in exam.caveats]
    unused = [r for r in exam.series if r.role is SeriesRole.DYNAMIC and not r.used]
    assert [14 * 5] == [record.n_images for record in unused]
    assert "14 volumes 5.0 s apart" in unused[0].reason


@EVERY_SCANNER
def test_an_ultrafast_dynamic_is_read_where_the_conventional_has_no_pre_phase(
    tmp_path: Path, habits: ScannerHabits
) -> None:
    t2, conventional, fast = ultrafast_and_conventional()
    assert conventional.times_s is not None
    late = replace(
        conventional,
        array=conventional.array[1:],
        times_s=conventional.times_s[1:],
        start_s=float(conventional.times_s[1]) - 37.5,
    )
    exam = read_exam(_write((t2, late, fast), tmp_path / "in", habits))
    assert exam.dynamic is not None
    assert fast.times_s is not None
    np.testing.assert_allclose(exam.dynamic.times_s, fast.times_s, atol=1e-3)


@EVERY_SCANNER
def test_an_ultrafast_dynamic_alone_is_read(tmp_path: Path, habits: ScannerHabits) -> None:
    t2, _, fast = ultrafast_and_conventional()
    exam = read_exam(_write((t2, fast), tmp_path / "in", habits))
    assert exam.dynamic is not None
    _assert_in_place(fast, exam.dynamic.array, exam.dynamic.affine)


@EVERY_SCANNER
def test_an_injection_before_midnight_is_no_trap(tmp_path: Path, habits: ScannerHabits) -> None:
    late = replace(habits, start=datetime(2025, 3, 14, 23, 59, 31))
    study = abbreviated()
    exam = read_exam(_write(study, tmp_path / "in", late))
    truth = _of(study, SeriesRole.DYNAMIC)
    assert exam.dynamic is not None
    assert truth is not None
    np.testing.assert_allclose(exam.dynamic.times_s, truth.times_s, atol=1e-3)


@EVERY_SCANNER
def test_without_an_injection_time_the_first_bright_phase_is_taken(
    tmp_path: Path, habits: ScannerHabits
) -> None:
    silent = replace(habits, injection_time=False)
    study = abbreviated()
    exam = read_exam(_write(study, tmp_path / "in", silent))
    truth = _of(study, SeriesRole.DYNAMIC)
    assert exam.dynamic is not None
    assert truth is not None
    assert 1 == exam.dynamic.n_pre
    assert truth.times_s is not None
    np.testing.assert_allclose(np.diff(exam.dynamic.times_s), np.diff(truth.times_s), atol=1e-3)
    assert "injection_time_assumed" in [caveat.code for caveat in exam.caveats]
    assert exam.timing is not None
    told_by = "the images brighten" if habits.contrast_agent_on_all_phases else "ContrastBolusAgent"
    assert told_by in exam.timing.injection_source


@EVERY_SCANNER
def test_a_pause_between_two_phases_does_not_lengthen_them(
    tmp_path: Path, habits: ScannerHabits
) -> None:
    # One multi-frame object lasts as long as both phases, less than the time from one to the next.
    scan = replace(DYNAMIC_SCAN, phase_duration_s=60.0)
    times = (-60.0, 75.0)
    study = (dynamic(axial_affine(), AXIAL_SHAPE, scan=scan, times=times),)

    exam = read_exam(_write(study, tmp_path / "in", habits))

    assert exam.dynamic is not None
    np.testing.assert_allclose(times, exam.dynamic.times_s, atol=0.01)
    assert exam.acquisition.phase_duration_s == 60.0


def test_phases_that_only_slice_triggers_tell_apart_are_refused(tmp_path: Path) -> None:
    # Every slice of every phase has a trigger time of its own and all other times are equal: no
    # attribute says which slices belong together, and the order of instances proves nothing.
    habits = replace(GE_SLICE_TRIGGER_HABITS, temporal_position=False)
    folder = _write(abbreviated(), tmp_path / "in", habits)
    with pytest.raises(TimingError, match="give --times with 2 values"):
        read_exam(folder)
    times = (-62.0, 47.0)
    exam = read_exam(folder, times_s=times)
    assert exam.dynamic is not None
    assert times == tuple(exam.dynamic.times_s)


def test_isotropic_images_alone_are_the_diffusion_series(
    read: Callable[[ScannerHabits, str], Reading],
) -> None:
    exam = read(PHILIPS_HABITS, "axial-fs").exam
    assert exam.diffusion is not None
    assert [0, 400, 800] == exam.diffusion.b_values.tolist()
    assert "computed_trace_set_apart" not in [caveat.code for caveat in exam.caveats]

"""Acquisition against the ACR limits: each limit met, broken and not known."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import example_result

from mamri.geometry import affine_from_axes
from mamri.records import (
    Acquisition,
    CheckStatus,
    Coverage,
    DynamicSeries,
    Exam,
    FatSuppressionSeen,
    Plane,
    SeriesRecord,
    SeriesRole,
    Volume,
)
from mamri.report.acquisition_checks import acquisition_checks

PASSED, FAILED, UNKNOWN = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.UNKNOWN


def exam(
    times: tuple[float, ...] = (-30.0, 90.0, 400.0),
    *,
    spacing: tuple[float, float, float] = (2.0, 0.8, 0.8),
    **acquisition: object,
) -> Exam:
    dz, dy, dx = spacing
    affine = affine_from_axes(
        np.zeros(3), np.array([0, 0, dz]), np.array([0, dy, 0]), np.array([dx, 0, 0])
    )
    return replace(
        example_result().exam,
        dynamic=DynamicSeries(np.zeros((len(times), 2, 2, 2)), affine, np.array(times)),
        acquisition=Acquisition(**acquisition),
    )


def outcome(
    name: str,
    exam: Exam,
    plane: Plane | None = Plane.AXIAL,
    coverage: Coverage = Coverage.BILATERAL,
) -> CheckStatus:
    return {c.name: c.status for c in acquisition_checks(exam, plane, coverage)}[name]


def test_every_check_states_value_limit_and_source():
    *acr, own = acquisition_checks(exam(), Plane.AXIAL, Coverage.BILATERAL)
    for check in (*acr, own):
        assert check.value
        assert check.limit
    assert all("American College of Radiology" in check.source for check in acr)
    assert "mamri" in own.source


@pytest.mark.parametrize("role", [SeriesRole.T2, SeriesRole.STIR])
def test_a_bright_fluid_series_passes(role: SeriesRole):
    found = replace(exam(), series=(SeriesRecord("1", "t2", role, "its name"),))
    assert outcome("t2_bright_fluid", found) is PASSED


def test_a_bright_fluid_volume_passes():
    found = replace(exam(), t2=Volume(np.zeros((1, 1, 1)), np.eye(4)))
    assert outcome("t2_bright_fluid", found) is PASSED


def test_a_study_without_bright_fluid_fails():
    assert outcome("t2_bright_fluid", exam()) is FAILED


def test_files_that_are_no_study_cannot_say():
    assert outcome("t2_bright_fluid", replace(exam(), study_instance_uid=None)) is UNKNOWN


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((-30.0, 90.0, 400.0), PASSED),
        ((-30.0, 90.0), FAILED),
        ((60.0, 90.0, 400.0), FAILED),
        ((-30.0,), FAILED),
    ],
)
def test_phases_before_early_and_late_are_needed(times: tuple[float, ...], expected: CheckStatus):
    assert outcome("multiphase_t1", exam(times)) is expected


@pytest.mark.parametrize(
    ("centre", "duration", "expected"),
    [
        (200.0, 80.0, PASSED),  # complete at 240 s
        (200.0, 82.0, FAILED),  # complete at 241 s
        (200.0, None, UNKNOWN),
        (250.0, None, FAILED),
    ],
)
def test_the_early_phase_must_be_complete_in_four_minutes(
    centre: float, duration: float | None, expected: CheckStatus
):
    late = exam((-30.0, centre, 500.0), phase_duration_s=duration)
    assert outcome("early_post_contrast", late) is expected


def test_without_contrast_there_is_no_early_phase():
    assert outcome("early_post_contrast", exam((-30.0,))) is UNKNOWN


@pytest.mark.parametrize(
    ("thickness", "step", "thick", "gap"),
    [
        (3.0, 3.0, PASSED, PASSED),
        (3.2, 3.2, FAILED, PASSED),
        (2.0, 2.4, PASSED, FAILED),
        (2.0, 1.0, PASSED, PASSED),  # overlapping slices have no gap
        (None, 2.0, UNKNOWN, UNKNOWN),
    ],
)
def test_slices_are_thin_and_without_gap(
    thickness: float | None, step: float, thick: CheckStatus, gap: CheckStatus
):
    found = exam(spacing=(step, 0.8, 0.8), slice_thickness_mm=thickness)
    assert outcome("slice_thickness", found) is thick
    assert outcome("slice_gap", found) is gap


@pytest.mark.parametrize(
    ("plane", "spacing"),
    [
        (Plane.AXIAL, (3.0, 0.9, 0.9)),
        (Plane.CORONAL, (0.9, 3.0, 0.9)),
        (Plane.SAGITTAL, (0.9, 0.9, 3.0)),
    ],
)
def test_spacing_counts_by_the_plane_of_acquisition(plane: Plane, spacing: tuple):
    found = exam(spacing=spacing, slice_thickness_mm=3.0)
    for name in ("slice_thickness", "slice_gap", "in_plane_resolution"):
        assert outcome(name, found, plane) is PASSED


def test_coarse_pixels_fail():
    assert outcome("in_plane_resolution", exam(spacing=(2.0, 0.8, 1.2))) is FAILED


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [(Coverage.BILATERAL, PASSED), (Coverage.RIGHT, FAILED), (Coverage.UNKNOWN, UNKNOWN)],
)
def test_both_breasts_are_needed(coverage: Coverage, expected: CheckStatus):
    assert outcome("bilateral_coverage", exam(), coverage=coverage) is expected


@pytest.mark.parametrize(
    ("fat_suppressed", "times", "expected"),
    [
        (True, (-30.0,), PASSED),
        (False, (-30.0, 90.0), PASSED),
        (False, (-30.0,), FAILED),
        (None, (-30.0,), UNKNOWN),
        (None, (-30.0, 90.0), PASSED),
    ],
)
def test_without_fat_suppression_subtraction_is_needed(
    fat_suppressed: bool | None, times: tuple[float, ...], expected: CheckStatus
):
    found = exam(times, fat_suppressed=fat_suppressed)
    assert outcome("fat_suppression_or_subtraction", found) is expected


def seen(shown: bool | None, **acquisition: object) -> Exam:
    score = {True: 0.8, False: -0.8, None: 0.05}[shown]
    found = FatSuppressionSeen(shown, score)
    return replace(exam((-30.0,), **acquisition), fat_suppression_seen=found)


@pytest.mark.parametrize(
    ("told", "shown", "expected"),
    [
        (True, True, PASSED),
        (False, False, PASSED),
        (True, False, FAILED),
        (False, True, FAILED),
        (None, True, UNKNOWN),
        (True, None, UNKNOWN),
    ],
)
def test_fat_suppression_as_recorded_is_compared_with_the_image(
    told: bool | None, shown: bool | None, expected: CheckStatus
):
    assert outcome("fat_suppression_agreement", seen(shown, fat_suppressed=told)) is expected


def test_both_words_and_the_score_of_the_image_are_given():
    checks = acquisition_checks(seen(False, fat_suppressed=True), Plane.AXIAL, Coverage.BILATERAL)
    assert checks[-1].value == "input: fat-suppressed; image: not fat-suppressed (score -0.80)"


def test_the_image_answers_where_the_input_does_not_say():
    by_image = seen(True)
    checks = {c.name: c for c in acquisition_checks(by_image, Plane.AXIAL, Coverage.BILATERAL)}
    assert checks["fat_suppression_or_subtraction"].status is PASSED
    assert "fat-suppressed by the image" in checks["fat_suppression_or_subtraction"].value
    assert outcome("fat_suppression_or_subtraction", seen(False)) is FAILED
    assert outcome("fat_suppression_or_subtraction", seen(False, fat_suppressed=True)) is PASSED


def test_an_exam_without_dynamic_series_is_still_checked():
    bare = replace(exam(), dynamic=None)
    checks = acquisition_checks(bare, None, Coverage.UNKNOWN)
    assert {FAILED, UNKNOWN} >= {check.status for check in checks}
    assert len(acquisition_checks(exam(), Plane.AXIAL, Coverage.BILATERAL)) == len(checks)

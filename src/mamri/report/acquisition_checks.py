"""Acquisition against the limits of the ACR breast MRI accreditation programme.

A check passes, fails, or is unknown where the exam does not say; it never guesses.
"""

import math

from mamri.geometry import spacing_mm
from mamri.records import (
    CheckStatus,
    Coverage,
    DynamicSeries,
    Exam,
    Plane,
    QualityCheck,
    SeriesRole,
)

ACR = (
    "American College of Radiology, Breast MRI Accreditation Program: clinical image "
    "requirements, accreditationsupport.acr.org"
)

AGREEMENT = "mamri: what the input says against what the image shows"

# Limits of the programme named above.
MAX_SLICE_THICKNESS_MM = 3.0
MAX_PIXEL_MM = 1.0
MAX_EARLY_POST_S = 240.0  # whole phase acquired within 4 min of the end of injection

# Assumption: lengths are written in files with rounding; 0.01 mm is no real difference.
_ROUNDING_MM = 0.01

# Anatomical index that runs across the slices of each plane.
_SLICE_INDEX = {Plane.AXIAL: 0, Plane.CORONAL: 1, Plane.SAGITTAL: 2}

_NOT_RECORDED = "not recorded"
_FAT = {True: "fat-suppressed", False: "not fat-suppressed"}


def acquisition_checks(
    exam: Exam, plane: Plane | None, coverage: Coverage
) -> tuple[QualityCheck, ...]:
    """Check how an exam was acquired against the ACR limits.

    Parameters
    ----------
    exam : Exam
        In anatomical order.
    plane : Plane or None
        Acquisition plane of the dynamic series; None where there is none.
    coverage : Coverage
        Breasts in the field of view.

    Returns
    -------
    tuple of QualityCheck
        Always the same checks in the same order: bright-fluid series, pre, early and delayed
        phases, early post-contrast time, slice thickness, slice gap, pixel size, coverage,
        fat suppression or subtraction, and whether the image shows the fat suppression that the
        input tells of.

    Notes
    -----
    Phase times count from the injection as the exam gives it, which is its start or its end
    depending on the source; a hand injection of 10 s makes little of the 240 s limit. Pixel
    spacing is that of the reconstructed image, which may be finer than what was acquired.
    """
    return (
        _bright_fluid(exam),
        _phases(exam.dynamic),
        _early_post(exam),
        *_slices(exam, plane),
        _pixels(exam.dynamic, plane),
        _bilateral(coverage),
        _subtraction(exam),
        _fat_agreement(exam),
    )


def _check(
    name: str, passed: bool | None, *, value: str, limit: str, source: str = ACR
) -> QualityCheck:
    status = {True: CheckStatus.PASSED, False: CheckStatus.FAILED, None: CheckStatus.UNKNOWN}
    return QualityCheck(name, status[passed], value, limit, source)


def _bright_fluid(exam: Exam) -> QualityCheck:
    limit = "a T2-weighted or STIR series"
    name = "t2_bright_fluid"
    roles = {series.role for series in exam.series}
    if exam.t2 is not None or roles & {SeriesRole.T2, SeriesRole.STIR}:
        word = "STIR" if SeriesRole.STIR in roles and SeriesRole.T2 not in roles else "T2-weighted"
        return _check(name, True, value=f"{word} series present", limit=limit)
    if exam.study_instance_uid is None:
        # Files without a DICOM study say nothing about what else was acquired.
        return _check(name, None, value="not among the files given", limit=limit)
    value = f"none among {len(exam.series)} series"
    return _check(name, False, value=value, limit=limit)


def _phases(dynamic: DynamicSeries | None) -> QualityCheck:
    limit = "a pre-contrast, an early and a delayed phase"
    name = "multiphase_t1"
    if dynamic is None:
        return _check(name, False, value="no dynamic series", limit=limit)
    n_post = dynamic.n_phases - dynamic.n_pre
    value = f"{dynamic.n_pre} pre-contrast, {n_post} post-contrast"
    return _check(name, dynamic.n_pre >= 1 and n_post >= 2, value=value, limit=limit)


def _early_post(exam: Exam) -> QualityCheck:
    limit = f"complete within {MAX_EARLY_POST_S:.0f} s of injection"
    name = "early_post_contrast"
    dynamic = exam.dynamic
    post = [] if dynamic is None else [float(t) for t in dynamic.times_s if t > 0]
    if not post:
        return _check(name, None, value="no post-contrast phase", limit=limit)
    duration = exam.acquisition.phase_duration_s
    if duration is None:
        centre = f"centre of first post-contrast phase at {post[0]:.0f} s, duration {_NOT_RECORDED}"
        # The centre alone can prove the phase late, never in time.
        return _check(
            name, False if post[0] > MAX_EARLY_POST_S else None, value=centre, limit=limit
        )
    end = post[0] + duration / 2.0
    value = f"first post-contrast phase complete at {end:.0f} s"
    return _check(name, end <= MAX_EARLY_POST_S, value=value, limit=limit)


def _slices(exam: Exam, plane: Plane | None) -> tuple[QualityCheck, QualityCheck]:
    names = ("slice_thickness", "slice_gap")
    limits = (f"at most {MAX_SLICE_THICKNESS_MM:g} mm", "0 mm")
    if exam.dynamic is None or plane is None:
        first, second = (
            _check(name, None, value="no dynamic series", limit=limit)
            for name, limit in zip(names, limits, strict=True)
        )
        return first, second
    step = spacing_mm(exam.dynamic.affine)[_SLICE_INDEX[plane]]
    thickness = exam.acquisition.slice_thickness_mm
    if thickness is None:
        value = f"{_NOT_RECORDED}; slices {step:.2f} mm apart"
        return (
            _check(names[0], None, value=value, limit=limits[0]),
            _check(names[1], None, value=value, limit=limits[1]),
        )
    gap = max(step - thickness, 0.0)
    return (
        _check(
            names[0],
            thickness <= MAX_SLICE_THICKNESS_MM + _ROUNDING_MM,
            value=f"{thickness:.2f} mm",
            limit=limits[0],
        ),
        _check(
            names[1],
            gap <= _ROUNDING_MM,
            value=f"{0.0 if gap <= _ROUNDING_MM else gap:.2f} mm (slices {step:.2f} mm apart)",
            limit=limits[1],
        ),
    )


def _pixels(dynamic: DynamicSeries | None, plane: Plane | None) -> QualityCheck:
    limit = f"at most {MAX_PIXEL_MM:g} mm in both directions"
    name = "in_plane_resolution"
    if dynamic is None or plane is None:
        return _check(name, None, value="no dynamic series", limit=limit)
    spacing = spacing_mm(dynamic.affine)
    row, column = (spacing[index] for index in range(3) if index != _SLICE_INDEX[plane])
    value = f"{row:.2f} × {column:.2f} mm"
    return _check(name, max(row, column) <= MAX_PIXEL_MM + _ROUNDING_MM, value=value, limit=limit)


def _bilateral(coverage: Coverage) -> QualityCheck:
    words = {
        Coverage.BILATERAL: "both breasts",
        Coverage.RIGHT: "right breast only",
        Coverage.LEFT: "left breast only",
        Coverage.UNKNOWN: "not determined",
    }
    passed = None if coverage is Coverage.UNKNOWN else coverage is Coverage.BILATERAL
    return _check(
        "bilateral_coverage", passed, value=words[coverage], limit="both breasts in one exam"
    )


def _subtraction(exam: Exam) -> QualityCheck:
    limit = "fat suppression, or subtraction images"
    name = "fat_suppression_or_subtraction"
    fat_suppressed = exam.fat_suppressed
    dynamic = exam.dynamic
    subtracted = dynamic is not None and 1 <= dynamic.n_pre < dynamic.n_phases
    fat = f"fat suppression {_NOT_RECORDED}"
    if fat_suppressed is not None:
        seen = " by the image" if exam.acquisition.fat_suppressed is None else ""
        fat = f"{_FAT[fat_suppressed]}{seen}"
    value = f"{fat}; {'subtraction computed here' if subtracted else 'no subtraction possible'}"
    if fat_suppressed or subtracted:
        return _check(name, True, value=value, limit=limit)
    return _check(name, None if fat_suppressed is None else False, value=value, limit=limit)


def _fat_agreement(exam: Exam) -> QualityCheck:
    said, seen = exam.acquisition.fat_suppressed, exam.fat_suppression_seen
    shown = "cannot tell" if seen.suppressed is None else _FAT[seen.suppressed]
    score = "" if math.isnan(seen.score) else f" (score {seen.score:+.2f})"
    told = _NOT_RECORDED if said is None else _FAT[said]
    unknown = said is None or seen.suppressed is None
    return _check(
        "fat_suppression_agreement",
        None if unknown else said is seen.suppressed,
        value=f"input: {told}; image: {shown}{score}",
        limit="input and image agree",
        source=AGREEMENT,
    )

"""A small analysed exam, made up, for the tests of everything that writes results.

Use it as ``from example_result import example_result``. The body is a dark box; each breast is a
brighter block in its front half; each finding is a bright block inside a breast. Anatomical order:
index 0 from feet to head, 1 from front to back, 2 from the patient's right to left.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mamri.geometry import affine_from_axes, to_lps, voxel_volume_ml
from mamri.records import (
    Acquisition,
    AlignmentQuality,
    Anatomy,
    Assessment,
    BreastMeasurement,
    BreastSymmetry,
    Caveat,
    CheckStatus,
    Coverage,
    DelayedPhase,
    Description,
    DiffusionSeries,
    DynamicSeries,
    Exam,
    ExamResult,
    Finding,
    FindingDiffusion,
    FindingKinetics,
    FindingPerfusion,
    FindingRadiomics,
    FindingRelation,
    InitialPhase,
    LabelMap,
    Laterality,
    Measure,
    Plane,
    Provenance,
    QualityCheck,
    RegionFeatures,
    SeriesRecord,
    SeriesRole,
    Status,
    Timing,
    Volume,
)

SHAPE = (24, 28, 40)
SPACING = (2.5, 1.0, 2.0)
TIMES = (-30.0, 90.0, 180.0, 420.0)
FULL_CURVE = (100.0, 260.0, 240.0, 200.0)

# Blocks of voxels (first and last index along each axis): the first in the patient's right breast,
# in front and at the top; the second in the left one, further back and lower.
BLOCKS = (((17, 19), (5, 7), (6, 9)), ((6, 9), (10, 13), (28, 31)))

AFFINE = affine_from_axes(
    np.array([-40.0, -60.0, -30.0]),
    np.array([0.0, 0.0, SPACING[0]]),
    np.array([0.0, SPACING[1], 0.0]),
    np.array([SPACING[2], 0.0, 0.0]),
)


def example_result(
    times: Sequence[float] = TIMES,
    *,
    n_findings: int = 2,
    sides: Sequence[Laterality] = tuple(Laterality),
    description: str = "ax dyn T1",
    study_instance_uid: str | None = "1.2.826.0.1.3680043.8.498.1234567890",
) -> ExamResult:
    """Analysed exam with as many phases as there are times, and up to two findings."""
    breast = _breasts(sides)
    lesions = np.zeros(SHAPE, np.uint16)
    for number, block in enumerate(BLOCKS[:n_findings], start=1):
        lesions[_box(block)] = number
    dynamic = _dynamic(np.asarray(times, float), breast, lesions)
    has_early = 0 < dynamic.n_pre < dynamic.n_phases
    early = dynamic.array[min(dynamic.n_pre, len(times) - 1)] - dynamic.array[0]
    maps = {}
    if has_early:
        maps["percent_enhancement"] = Volume(early.astype(np.float32), AFFINE)
    if dynamic.n_phases - dynamic.n_pre > 1 and has_early:
        maps["curve_type"] = Volume(np.where(lesions > 0, 3, 0).astype(np.uint8), AFFINE)
    return ExamResult(
        exam=Exam(
            series=(
                SeriesRecord(
                    uid="1.2.3",
                    description=description,
                    role=SeriesRole.DYNAMIC,
                    reason="short gradient echo with several phases",
                    used=True,
                    n_images=SHAPE[0] * len(times),
                    shape=SHAPE,
                    spacing_mm=SPACING,
                    plane=Plane.AXIAL,
                ),
            ),
            dynamic=dynamic,
            timing=Timing("AcquisitionTime", "ContrastBolusStartTime") if len(times) > 1 else None,
            acquisition=Acquisition(
                manufacturer="Maker", field_strength_t=3.0, fat_suppressed=True
            ),
            study_instance_uid=study_instance_uid,
        ),
        plane=Plane.AXIAL,
        coverage=Coverage.BILATERAL if len(sides) == 2 else Coverage[sides[0].name],
        anatomy=_anatomy(breast, sides),
        vessels=LabelMap(np.zeros(SHAPE, bool), AFFINE),
        lesions=LabelMap(lesions, AFFINE),
        maps=maps,
        mips=_projections(early * (breast > 0), sides) if has_early else {},
        breasts=tuple(_breast(side) for side in sides),
        symmetry=BreastSymmetry(Status.OK, "", 3.25, -12.0, -1.5, float("nan"))
        if len(sides) == 2
        else BreastSymmetry(Status.NOT_COMPUTED, f"Only the {sides[0].word} breast was found."),
        findings=tuple(_finding(number, lesions, dynamic) for number in range(1, n_findings + 1)),
        checks=(
            QualityCheck("slice_thickness", CheckStatus.PASSED, "2.50 mm", "at most 3 mm", "ACR"),
            QualityCheck("t2_bright_fluid", CheckStatus.FAILED, "none", "a T2 series", "ACR"),
        ),
        caveats=(Caveat("injection_time_assumed", "The injection time was assumed."),),
        provenance=(
            Provenance(
                "kinetics",
                "Enhancement was read at 90 s.",
                settings={"early_s": 90.0, "late_s": None, "name": "x", "n": 3, "on": True},
                references=("Doe J. A title. J Imaging 2001;1:2-3. doi:10.1000/ab.1",),
            ),
        ),
        timings_s={"kinetics": 1.25},
        peak_memory_mb=512.5,
    )


def _box(block: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple(slice(first, last + 1) for first, last in block)


def _breasts(sides: Sequence[Laterality]) -> np.ndarray:
    breast = np.zeros(SHAPE, np.uint8)
    middle = SHAPE[2] // 2
    for side in sides:
        columns = slice(2, middle - 1) if side is Laterality.RIGHT else slice(middle + 1, -2)
        breast[3:-3, 3:17, columns] = side
    return breast


def _dynamic(times: np.ndarray, breast: np.ndarray, lesions: np.ndarray) -> DynamicSeries:
    """Lesions follow `FULL_CURVE` over time; everything else stays as it is."""
    still = np.where(breast > 0, 60, 10).astype(np.int16)
    still[:, :2] = 0
    curve = np.interp(times, TIMES, FULL_CURVE)
    phases = [np.where(lesions > 0, round(signal), still).astype(np.int16) for signal in curve]
    return DynamicSeries(np.stack(phases), AFFINE, times)


def _anatomy(breast: np.ndarray, sides: Sequence[Laterality]) -> Anatomy:
    fibroglandular = np.zeros(SHAPE, bool)
    fibroglandular[8:14, 8:12] = True
    tip = {Laterality.RIGHT: (11.0, 3.0, 10.0), Laterality.LEFT: (11.0, 3.0, 29.0)}
    nipples = {side: tuple(to_lps(AFFINE, np.array(tip[side]))) for side in sides}
    return Anatomy(
        breast=breast,
        fibroglandular=fibroglandular & (breast > 0),
        skin=np.zeros(SHAPE, bool),
        body=np.ones(SHAPE, bool),
        affine=AFFINE,
        nipples_mm_lps=nipples,
        method="made up",
    )


def _projections(early: np.ndarray, sides: Sequence[Laterality]) -> dict[str, np.ndarray]:
    middle = SHAPE[2] // 2
    half = {Laterality.RIGHT: early[..., :middle], Laterality.LEFT: early[..., middle:]}
    return {
        "axial": early.max(axis=0),
        "coronal": early.max(axis=1),
        **{f"sagittal_{side.word}": half[side].max(axis=2) for side in sides},
    }


def _breast(side: Laterality) -> BreastMeasurement:
    return BreastMeasurement(side, 700.0, 105.0, 15.0, "b", float("nan"), "undetermined")


def _finding(number: int, lesions: np.ndarray, dynamic: DynamicSeries) -> Finding:
    voxels = np.argwhere(lesions == number)
    points = to_lps(AFFINE, voxels)
    x, y, z = points.mean(axis=0)
    signal = np.array([phase[lesions == number].mean() for phase in dynamic.array])
    is_worst = dynamic.n_phases > 2
    return Finding(
        id=number,
        side=Laterality.RIGHT if number == 1 else Laterality.LEFT,
        quadrant="upper outer",
        clock_face="10",
        centroid_mm_lps=(float(x), float(y), float(z)),
        bounding_box_mm_lps=(tuple(points.min(axis=0)), tuple(points.max(axis=0))),
        volume_ml=len(voxels) * voxel_volume_ml(AFFINE),
        diameters_mm=(9.0, 8.0, 7.0),
        confidence=None,
        distance_mm={"skin": 4.0, "nipple": 22.5, "chest_wall": float("nan")},
        kinetics=FindingKinetics(
            times_s=dynamic.times_s,
            mean_signal=signal,
            sd_signal=0.1 * signal,
            initial=InitialPhase.FAST,
            delayed=DelayedPhase.WASHOUT if is_worst else None,
            worst_signal=1.1 * signal if is_worst else np.full(signal.shape, np.nan),
            worst_centre_mm_lps=(float(x), float(y), float(z)) if is_worst else None,
            peak_enhancement_percent=160.0,
            ser_mean=1.6 if is_worst else float("nan"),
            washout_fraction=0.75 if is_worst else float("nan"),
            ftv_ml=float("nan"),
        ),
        assessments=(
            Assessment("kaiser_score", None, "", (4.0, 8.0), "rule", "no T2", Status.UNDEFINED),
        ),
    )


def quantified_result() -> ExamResult:
    """The example with perfusion and diffusion: whole in one finding, refused in the other."""
    result = example_result()
    first, second = result.findings
    shape, affine = result.lesions.array.shape, result.lesions.affine
    maps = {
        "ktrans": Volume(np.where(result.lesions.array > 0, 0.25, np.nan), affine),
        "adc": Volume(np.full(shape, 1.25, np.float32), affine),
    }
    perfusion = FindingPerfusion(
        Status.OK,
        model="extended_tofts",
        assumed_vp=0.04,
        ktrans_per_min=0.2345,
        kep_per_min=0.61,
        ve=0.385,
        vp=0.04,
        standard_errors={"ktrans_per_min": 0.0213, "kep_per_min": 0.05},
        ktrans_median_per_min=0.22,
        ktrans_p90_per_min=0.41,
        fitted_percent=97.0,
    )
    diffusion = FindingDiffusion(
        Status.OK, n_voxels=31, adc_mean=1.12, adc_sd=0.2, adc_median=1.1, adc_p10=0.9,
        adc_darkest=0.95, level="low", residual_percent=3.0, kurtosis=0.8,
    )  # fmt: skip
    findings = (
        replace(first, perfusion=perfusion, diffusion=diffusion),
        replace(
            second,
            perfusion=FindingPerfusion(Status.NOT_COMPUTED, "too few images"),
            diffusion=FindingDiffusion(Status.UNDEFINED, "it fills 2 voxels", 2),
        ),
    )
    exam = replace(
        result.exam,
        diffusion=DiffusionSeries(np.ones((2, *shape)), affine, np.array([0.0, 800.0])),
    )
    alignment = AlignmentQuality(
        Status.OK, "rigid", "Moved by 2 mm.", (1.1, 1.2), (0.7, 0.8), 2.0, 2.5, 0.9
    )
    return replace(
        result,
        exam=exam,
        findings=findings,
        maps={**result.maps, **maps},
        alignment=alignment,
    )


def radiomics_result() -> ExamResult:
    """The example with a few features of the first finding."""
    result = example_result()
    first, second = result.findings
    parts = (
        RegionFeatures("lesion", "mask", Status.OK, "", 90, {"shape_volume_RNU0": 310.5}),
        RegionFeatures(
            "ring",
            "first_post",
            Status.UNDEFINED,
            "its voxels leave 1 features undefined",
            88,
            {"stat_mean_Q4LE": 60.0, "stat_skewness_KE2A": None},
        ),
    )
    return replace(result, findings=(replace(first, radiomics=FindingRadiomics(parts)), second))


def described_result() -> ExamResult:
    """The example with both findings described: a spiculated mass, and one hardly decided."""
    result = example_result()
    first, second = result.findings
    protrusions = Measure(
        "margin", "thin protrusions", 4.26, "mm", "2 mm or more: spiculated", "Doe 2001"
    )
    mass = Description(
        type="mass",
        shape="irregular",
        margin="spiculated",
        internal_enhancement="rim",
        oedema="perifocal",
        reasons={"t2_signal": "the exam has no T2 series", "distribution": "not of a mass"},
        measures=(
            Measure("shape", "solidity", 0.8123, "", "below 0.85: irregular", "assumption"),
            protrusions,
            Measure("margin", "spicules", 3.0, "", "3 or more: spiculated", "Doe 2001"),
            Measure("internal_enhancement", "rim", 62.0, "%", "50 % or more: rim", "assumption"),
        ),
        lexicon="BI-RADS MRI, 5th edition",
    )
    open_ = Description(
        reasons={"type": "it is cut by the field of view"},
        measures=(
            replace(protrusions, value=float("nan")),
            Measure("oedema", "bright fluid", 1.5, "%", "", "assumption"),
        ),
        lexicon="BI-RADS MRI, 5th edition",
    )
    described = replace(
        first,
        diameters_mm=(23.0, 18.0, 15.0),
        depth="posterior",
        description=mass,
        relation=FindingRelation("multicentric", 2, 12.34, (2, 3)),
    )
    return replace(result, findings=(described, replace(second, description=open_)))

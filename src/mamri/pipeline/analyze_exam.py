"""One exam, from signal to findings: the method section of mamri.

Each step takes records and returns records. What a step cannot do it says in a caveat, and the
rest goes on.
"""

from dataclasses import replace

from mamri.findings import MeasureSettings, measure_findings
from mamri.geometry import slice_plane, to_anatomical
from mamri.kinetics import background_parenchymal_enhancement, can_compute, kinetic_maps
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.breast_symmetry import breast_symmetry
from mamri.pipeline.enhancing_regions import find_enhancing_regions
from mamri.pipeline.fat_suppression_caveats import fat_suppression_caveats
from mamri.pipeline.find_anatomy import find_anatomy
from mamri.pipeline.lesion_crops import make_crops
from mamri.pipeline.measure_breasts import find_coverage, measure_breasts
from mamri.pipeline.quantify import quantify
from mamri.pipeline.step_clock import StepClock, peak_memory_mb
from mamri.records import DynamicSeries, Exam, ExamResult, InputError, LabelMap, LesionCrop
from mamri.registration import correct_motion
from mamri.report.acquisition_checks import acquisition_checks
from mamri.segmentation import density_provenance, find_fat_suppression

ANALYSIS_STEPS = 12


def analyze_exam(
    exam: Exam,
    settings: AnalysisSettings | None = None,
    *,
    lesions: LabelMap | None = None,
    clock: StepClock | None = None,
) -> ExamResult:
    """Analyse one breast MRI exam.

    Parameters
    ----------
    exam : Exam
        As read, in any storage order.
    settings : AnalysisSettings, optional
    lesions : LabelMap, optional
        Outlines of a person in patient coordinates, on any grid; they replace detection.
    clock : StepClock, optional
        Times the steps and tells a listener as each begins.

    Returns
    -------
    ExamResult
        In anatomical order.

    Raises
    ------
    InputError
        If the exam has no T1-weighted phase to analyse.
    GeometryError
        If an outline does not lie within the exam.
    """
    settings = settings or AnalysisSettings()
    step = clock or StepClock()
    if exam.dynamic is None:
        raise InputError(
            "a T1-weighted dynamic series or pre-contrast image was needed, the exam has none; "
            "see which series it holds with mamri inspect"
        )
    plane = slice_plane(exam.dynamic.affine)

    with step("orientation"):
        exam = to_anatomical(exam)
        series = _dynamic(exam)
    before = series.phase(max(series.n_pre - 1, 0))
    anatomy, provenance, models = find_anatomy(before, settings, step)
    exam = replace(exam, fat_suppression_seen=find_fat_suppression(before, anatomy))
    caveats = [*exam.caveats, *anatomy.caveats]

    with step("motion"):
        series, motion, motion_provenance = correct_motion(
            series, anatomy.breast > 0, settings.motion
        )
        exam = replace(exam, dynamic=series)
    with step("kinetics"):
        maps, kinetic_caveats, kinetic_provenance = kinetic_maps(
            series, settings.kinetics, mask=anatomy.breast > 0 if anatomy.sides else None
        )
    provenance += [motion_provenance, kinetic_provenance]
    caveats += motion.caveats

    if can_compute(series):
        caveats += kinetic_caveats
    found = find_enhancing_regions(series, maps, anatomy, settings, step, outlines=lesions)
    provenance += found.provenance
    caveats += found.caveats
    with step("measurement"):
        findings = measure_findings(
            found.lesions, series, maps, anatomy, MeasureSettings(kinetics=settings.kinetics)
        )
        findings = tuple(replace(f, confidence=found.confidence.get(f.id)) for f in findings)
        parenchyma, parenchyma_caveats, parenchyma_provenance = background_parenchymal_enhancement(
            series,
            anatomy,
            settings.parenchyma,
            exclude=found.vessels | (found.lesions.array > 0),
        )
        breasts = measure_breasts(anatomy, parenchyma, settings.density)
        symmetry, symmetry_provenance = breast_symmetry(breasts, anatomy.cut_sides)
        coverage = find_coverage(anatomy)
    extra = quantify(exam, series, anatomy, found, findings, settings, step)
    crops: tuple[LesionCrop, ...] = ()
    if settings.crops is not None:
        with step("crops"):
            crops = make_crops(exam, series, anatomy, found, extra, settings.crops)
    provenance += extra.provenance
    provenance += [density_provenance(settings.density), parenchyma_provenance]
    provenance.append(symmetry_provenance)
    caveats += [*parenchyma_caveats, *extra.caveats]
    caveats += fat_suppression_caveats(exam, has_findings=bool(extra.findings))

    return ExamResult(
        exam=exam,
        plane=plane,
        coverage=coverage,
        anatomy=anatomy,
        vessels=LabelMap(found.vessels, anatomy.affine, {1: "vessels"}),
        lesions=found.lesions,
        maps={**found.maps, **extra.maps},
        mips=found.mips,
        breasts=breasts,
        symmetry=symmetry,
        findings=extra.findings,
        checks=acquisition_checks(exam, plane, coverage),
        caveats=tuple(dict.fromkeys(caveats)),
        alignment=extra.alignment,
        crops=crops,
        provenance=tuple(provenance),
        models=(*models, *found.models),
        timings_s=dict(step.timings_s),
        peak_memory_mb=peak_memory_mb(),
    )


def _dynamic(exam: Exam) -> DynamicSeries:
    assert exam.dynamic is not None  # checked by the caller
    return exam.dynamic

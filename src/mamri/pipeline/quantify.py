"""Numbers of an exam and its findings beyond curves, each as far as the protocol bears it.

Perfusion, diffusion, the description, the score that follows from it, and radiomics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mamri.diffusion import ExamDiffusion, exam_diffusion, finding_diffusion
from mamri.findings import (
    assess_finding,
    describe_findings,
    description_provenance,
    relate_findings,
)
from mamri.perfusion import exam_perfusion
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.enhancing_regions import EnhancingRegions
from mamri.pipeline.finding_radiomics import measure_radiomics
from mamri.pipeline.step_clock import StepClock
from mamri.radiomics import RadiomicsSettings
from mamri.records import (
    AlignmentQuality,
    Anatomy,
    Caveat,
    DiffusionSeries,
    DynamicSeries,
    Exam,
    Finding,
    LabelMap,
    MamriError,
    Provenance,
    Volume,
)
from mamri.registration import DiffusionAlignment, align_diffusion, carry_mask, resample_aligned


@dataclass(frozen=True, slots=True, eq=False)
class Quantified:
    """What is added to an analysis.

    Parameters
    ----------
    findings : tuple of Finding
        With their perfusion, diffusion, assessments and radiomics.
    maps : mapping of str to Volume
        On the grid of the dynamic series.
    alignment : AlignmentQuality or None
        None without a diffusion series.
    caveats : tuple of Caveat
    provenance : tuple of Provenance
    """

    findings: tuple[Finding, ...]
    maps: Mapping[str, Volume]
    alignment: AlignmentQuality | None
    caveats: tuple[Caveat, ...]
    provenance: tuple[Provenance, ...]


def quantify(
    exam: Exam,
    series: DynamicSeries,
    anatomy: Anatomy,
    regions: EnhancingRegions,
    findings: tuple[Finding, ...],
    settings: AnalysisSettings,
    step: StepClock,
) -> Quantified:
    """Measure perfusion, diffusion where the exam has it, looks, and radiomics if asked for.

    Parameters
    ----------
    exam : Exam
    series : DynamicSeries
        Motion corrected, in anatomical order.
    anatomy : Anatomy
    regions : EnhancingRegions
        On the grid of the series.
    findings : tuple of Finding
    settings : AnalysisSettings
    step : StepClock

    Returns
    -------
    Quantified
    """
    lesions = regions.lesions
    with step("perfusion"):
        perfusion = exam_perfusion(
            series, exam.acquisition, anatomy.breast > 0, lesions, settings.perfusion
        )
        findings = tuple(replace(f, perfusion=perfusion.findings.get(f.id)) for f in findings)
    found = Quantified(findings, perfusion.maps, None, perfusion.caveats, (perfusion.provenance,))
    if exam.diffusion is not None:
        with step("diffusion"):
            try:
                found = _with_diffusion(found, exam.diffusion, series, anatomy, lesions, settings)
            except MamriError as error:
                # Images beside the dynamic series must not cost the rest of the answer.
                found = replace(found, caveats=(*found.caveats, _not_measured(str(error))))
    with step("description"):
        related = relate_findings(found.findings, lesions, settings.description.relations)
        found = replace(found, findings=related)
        if regions.phases:
            found = _described(found, exam, series, anatomy, regions, settings)
    words = settings.description.lexicon
    assessed = tuple(
        replace(f, assessments=(*f.assessments, *assess_finding(f, words))) for f in found.findings
    )
    found = replace(found, findings=assessed)
    if settings.radiomics is None:
        return found
    with step("radiomics"):
        return _with_radiomics(found, series, anatomy, regions, settings.radiomics)


def _with_diffusion(
    found: Quantified,
    diffusion: DiffusionSeries,
    series: DynamicSeries,
    anatomy: Anatomy,
    lesions: LabelMap,
    settings: AnalysisSettings,
) -> Quantified:
    before = series.phase(max(series.n_pre - 1, 0))
    grid = Volume(diffusion.array[0], diffusion.affine)
    breasts = anatomy.breast > 0
    alignment, alignment_step = align_diffusion(
        diffusion, before, breasts if breasts.any() else None, settings.alignment
    )
    region = carry_mask(breasts, before, alignment, grid, min_share=0.1).mask
    measured = exam_diffusion(diffusion, settings.diffusion, mask=region if region.any() else None)
    maps = {
        name: resample_aligned(Volume(array, diffusion.affine), alignment, before)
        for name, array in measured.maps.items()
    }
    findings = tuple(
        replace(
            f,
            diffusion=finding_diffusion(
                measured,
                carry_mask(lesions.array == f.id, before, alignment, grid).mask,
                settings.diffusion,
            ),
        )
        for f in found.findings
    )
    return Quantified(
        findings,
        {**found.maps, **maps},
        _quality(alignment),
        (*found.caveats, *alignment.caveats, *_caveats(measured, diffusion.b_values)),
        (*found.provenance, alignment_step, measured.provenance),
    )


def _described(
    found: Quantified,
    exam: Exam,
    series: DynamicSeries,
    anatomy: Anatomy,
    regions: EnhancingRegions,
    settings: AnalysisSettings,
) -> Quantified:
    described = describe_findings(
        found.findings,
        regions.lesions,
        series,
        regions.phases[0],
        anatomy,
        vessels=regions.vessels,
        t2=exam.t2,
        settings=settings.description,
    )
    said = description_provenance(settings.description)
    return replace(found, findings=described, provenance=(*found.provenance, said))


def _with_radiomics(
    found: Quantified,
    series: DynamicSeries,
    anatomy: Anatomy,
    regions: EnhancingRegions,
    settings: RadiomicsSettings,
) -> Quantified:
    findings, provenance, caveats = measure_radiomics(
        series,
        regions.phases,
        {**regions.maps, **found.maps},
        anatomy,
        regions.lesions,
        found.findings,
        settings,
    )
    return replace(
        found,
        findings=findings,
        caveats=(*found.caveats, *caveats),
        provenance=(*found.provenance, provenance),
    )


def _quality(found: DiffusionAlignment) -> AlignmentQuality:
    pair = (found.before, found.after)
    return AlignmentQuality(
        status=found.status,
        kind=found.kind.value,
        sentence=found.sentence,
        mutual_information=(pair[0].mutual_information, pair[1].mutual_information),
        gland_dice=(pair[0].gland_dice, pair[1].gland_dice),
        displacement_mean_mm=found.displacement_mean_mm,
        displacement_max_mm=found.displacement_max_mm,
        overlap=found.overlap,
    )


def _not_measured(reason: str) -> Caveat:
    return Caveat("diffusion_not_measured", f"Diffusion was not measured: {reason.rstrip('.')}.")


def _caveats(measured: ExamDiffusion, b_values: np.ndarray) -> tuple[Caveat, ...]:
    if measured.reason:
        return (
            Caveat("diffusion_not_measured", f"Diffusion was not measured: {measured.reason}."),
        )
    if b_values.max() < _CONSENSUS_B:
        text = (
            f"The highest b-value is {b_values.max():g} s/mm2, the consensus asks for "
            f"{_CONSENSUS_B:g}: coefficients come out higher than its levels suppose."
        )
        return (Caveat("low_highest_b", text),)
    return ()


# s/mm2; EUSOBI consensus, cited in `diffusion.exam_diffusion`.
_CONSENSUS_B = 800.0

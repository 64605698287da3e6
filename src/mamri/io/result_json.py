"""The whole answer of an analysis as one JSON document, schema ``mamri-result/1``.

The document holds plain values only: words for enumerations, null for what is undefined or
unknown, millimetres in LPS. The JSON Schema in ``schemas/`` ships with the package; keys that it
does not name are allowed under ``extra`` alone.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from mamri.records import (
    AlignmentQuality,
    Assessment,
    BreastMeasurement,
    BreastSymmetry,
    Description,
    DiffusionSeries,
    Exam,
    ExamResult,
    Finding,
    FindingDiffusion,
    FindingKinetics,
    FindingPerfusion,
    FindingRadiomics,
    FindingRelation,
    MamriError,
    Provenance,
    SeriesRecord,
    Status,
)
from mamri.records.provenance import SettingValue
from mamri.records.version import __version__

SCHEMA = "mamri-result/1"
INTENDED_USE = (
    "Research use only. Not a medical device: not for diagnosis, treatment or any other clinical "
    "decision."
)

Json = dict[str, Any]

# Digits kept of every measured number. More would be noise, and would make two runs on different
# processors differ in the last place.
_SIGNIFICANT_DIGITS = 7


def result_to_json(result: ExamResult, *, created: str) -> Json:
    """Write an analysis as a document of the schema ``mamri-result/1``.

    Parameters
    ----------
    result : ExamResult
    created : str
        Moment of the analysis, ISO 8601 with time zone; given by the caller, so that the same
        result always makes the same document.

    Returns
    -------
    dict
        Plain values that ``json.dumps(..., allow_nan=False)`` accepts, always in the same order.
        NaN and infinities are null; numbers keep seven significant digits.
    """
    return {
        "schema": SCHEMA,
        "software": {"name": "mamri", "version": __version__},
        "created": created,
        "intended_use": INTENDED_USE,
        "exam": _exam(result),
        "quality": {
            "checks": [
                {
                    "name": check.name,
                    "status": check.status.value,
                    "value": check.value,
                    "limit": check.limit,
                    "source": check.source,
                }
                for check in result.checks
            ],
            "caveats": [{"code": c.code, "message": c.message} for c in result.caveats],
        },
        "breasts": [_breast(breast) for breast in result.breasts],
        "symmetry": _symmetry(result.symmetry),
        "findings": [_finding(finding) for finding in result.findings],
        "assessments": [_assessment(assessment) for assessment in result.assessments],
        "models": [asdict(model) for model in result.models],
        "provenance": [_provenance(step) for step in result.provenance],
        "timings_s": {step: _number(seconds) for step, seconds in result.timings_s.items()},
        "peak_memory_mb": _number(result.peak_memory_mb),
    }


def result_schema() -> Json:
    """JSON Schema (draft 2020-12) of the documents that `result_to_json` writes."""
    text = files("mamri.io").joinpath("schemas", f"{SCHEMA.replace('/', '-')}.schema.json")
    schema: Json = json.loads(text.read_text(encoding="utf-8"))
    return schema


def validate_result(document: Mapping[str, Any]) -> list[str]:
    """Ways in which a document departs from the published schema; empty when it holds.

    Parameters
    ----------
    document : mapping
        As read from ``result.json``.

    Returns
    -------
    list of str
        One sentence each, opening with the place in the document.

    Raises
    ------
    MamriError
        If the optional package ``jsonschema`` is not installed.
    """
    try:
        from jsonschema import Draft202012Validator
    except ImportError as error:
        raise MamriError(
            "checking a result document needs the package jsonschema, which is not installed; "
            "install it with: pip install jsonschema"
        ) from error
    errors = Draft202012Validator(result_schema()).iter_errors(document)
    return sorted(f"{error.json_path}: {error.message}" for error in errors)


def _exam(result: ExamResult) -> Json:
    exam = result.exam
    diffusion = exam.diffusion
    return {
        "study_instance_uid": exam.study_instance_uid,
        "series": [_series(series) for series in exam.series],
        "dynamic": _dynamic(result),
        "diffusion": None if diffusion is None else _diffusion_series(diffusion, result.alignment),
        "extra": {"acquisition": _acquisition(exam), "timing": _timing(exam)},
    }


def _series(series: SeriesRecord) -> Json:
    return {
        "uid": series.uid,
        "description": series.description,
        "role": series.role.value,
        "reason": series.reason,
        "extra": {
            "used": series.used,
            "n_images": series.n_images,
            "shape": None if series.shape is None else [int(n) for n in series.shape],
            "spacing_mm": None if series.spacing_mm is None else _numbers(series.spacing_mm),
            "plane": None if series.plane is None else series.plane.value,
        },
    }


def _diffusion_series(series: DiffusionSeries, alignment: AlignmentQuality | None) -> Json:
    document: Json = {"b_values": _numbers(series.b_values)}
    if alignment is not None:
        document["extra"] = {
            "alignment": {
                "status": alignment.status.value,
                "kind": alignment.kind,
                "sentence": alignment.sentence,
                "mutual_information": _numbers(alignment.mutual_information),
                "gland_dice": _numbers(alignment.gland_dice),
                "displacement_mean_mm": _number(alignment.displacement_mean_mm),
                "displacement_max_mm": _number(alignment.displacement_max_mm),
                "overlap": _number(alignment.overlap),
            }
        }
    return document


def _dynamic(result: ExamResult) -> Json | None:
    dynamic, timing = result.exam.dynamic, result.exam.timing
    if dynamic is None:
        return None
    return {
        "n_phases": dynamic.n_phases,
        "times_s": _numbers(dynamic.times_s),
        "time_source": None if timing is None else timing.time_source,
        "pre_phases": dynamic.n_pre,
        "fat_suppressed": result.exam.fat_suppressed,
        "plane": result.plane.value,
        "coverage": result.coverage.value,
    }


def _acquisition(exam: Exam) -> Json:
    acquisition = exam.acquisition
    return {
        "manufacturer": acquisition.manufacturer,
        "model": acquisition.model,
        "field_strength_t": _number(acquisition.field_strength_t),
        "tr_ms": _number(acquisition.tr_ms),
        "te_ms": _number(acquisition.te_ms),
        "flip_angle_deg": _number(acquisition.flip_angle_deg),
        "slice_thickness_mm": _number(acquisition.slice_thickness_mm),
        "phase_duration_s": _number(acquisition.phase_duration_s),
        "fat_suppression_source": exam.fat_suppression_source,
        "fat_suppression_seen": exam.fat_suppression_seen.suppressed,
        "fat_suppression_score": _number(exam.fat_suppression_seen.score),
        "contrast_agent": acquisition.contrast_agent,
    }


def _timing(exam: Exam) -> Json | None:
    if exam.timing is None:
        return None
    return {
        "injection_source": exam.timing.injection_source,
        "order_source": exam.timing.order_source,
    }


def _breast(breast: BreastMeasurement) -> Json:
    return {
        "side": breast.side.word,
        "volume_ml": _number(breast.volume_ml),
        "fgt_ml": _number(breast.fgt_ml),
        "density_percent": _number(breast.density_percent),
        "density_category": breast.density_category,
        "bpe_percent": _number(breast.bpe_percent),
        "bpe_category": breast.bpe_category,
    }


def _symmetry(symmetry: BreastSymmetry) -> Json:
    return {
        "status": symmetry.status.value,
        "reason": symmetry.reason,
        "volume_index_percent": _number(symmetry.volume_index_percent),
        "fgt_index_percent": _number(symmetry.fgt_index_percent),
        "density_difference_points": _number(symmetry.density_difference_points),
        "bpe_difference_points": _number(symmetry.bpe_difference_points),
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": int(finding.id),
        "side": finding.side.word,
        "quadrant": finding.quadrant,
        "clock_face": finding.clock_face,
        "centroid_mm_lps": _numbers(finding.centroid_mm_lps),
        "bounding_box_mm_lps": [_numbers(corner) for corner in finding.bounding_box_mm_lps],
        "volume_ml": _number(finding.volume_ml),
        "diameters_mm": _numbers(finding.diameters_mm),
        "confidence": _number(finding.confidence),
        "distance_mm": {
            place: _number(finding.distance_mm.get(place))
            for place in ("skin", "nipple", "chest_wall")
        },
        "kinetics": _kinetics(finding.kinetics),
        "perfusion": _perfusion(finding.perfusion or _NO_PERFUSION),
        "diffusion": None if finding.diffusion is None else _diffusion(finding.diffusion),
        "description": _description(finding.description),
        "assessments": [_assessment(assessment) for assessment in finding.assessments],
        "radiomics": None if finding.radiomics is None else _radiomics(finding.radiomics),
        "extra": {"depth": finding.depth, "relation": _relation(finding.relation)},
    }


def _kinetics(kinetics: FindingKinetics) -> Json:
    worst = kinetics.worst_centre_mm_lps
    return {
        "times_s": _numbers(kinetics.times_s),
        "mean_signal": _numbers(kinetics.mean_signal),
        "initial": None if kinetics.initial is None else kinetics.initial.value,
        "delayed": None if kinetics.delayed is None else kinetics.delayed.value,
        "peak_enhancement_percent": _number(kinetics.peak_enhancement_percent),
        "ser_mean": _number(kinetics.ser_mean),
        "washout_fraction": _number(kinetics.washout_fraction),
        "ftv_ml": _number(kinetics.ftv_ml),
        "extra": {
            "sd_signal": _numbers(kinetics.sd_signal),
            "worst_signal": _numbers(kinetics.worst_signal),
            "worst_centre_mm_lps": None if worst is None else _numbers(worst),
        },
    }


_NO_PERFUSION = FindingPerfusion(Status.NOT_COMPUTED)


def _perfusion(perfusion: FindingPerfusion) -> Json:
    errors = perfusion.standard_errors
    return {
        "model": perfusion.model,
        "ktrans_per_min": _number(perfusion.ktrans_per_min),
        "kep_per_min": _number(perfusion.kep_per_min),
        "ve": _number(perfusion.ve),
        "standard_errors": {name: _number(e) for name, e in errors.items()} or None,
        "status": perfusion.status.value,
        "extra": {
            "reason": perfusion.reason,
            "assumed_vp": _number(perfusion.assumed_vp),
            "vp": _number(perfusion.vp),
            "ktrans_median_per_min": _number(perfusion.ktrans_median_per_min),
            "ktrans_p90_per_min": _number(perfusion.ktrans_p90_per_min),
            "fitted_percent": _number(perfusion.fitted_percent),
        },
    }


def _diffusion(diffusion: FindingDiffusion) -> Json:
    values = asdict(diffusion)
    words = {name: values.pop(name) for name in ("reason", "level")}
    status = values.pop("status")
    numbers: Json = {name: _number(value) for name, value in values.items()}
    return numbers | {"extra": {"status": status.value, **words}}


def _description(description: Description) -> Json:
    return {
        "type": description.type,
        "shape": description.shape,
        "margin": description.margin,
        "internal_enhancement": description.internal_enhancement,
        "distribution": description.distribution,
        "extra": {
            "t2_signal": description.t2_signal,
            "oedema": description.oedema,
            "lexicon": description.lexicon,
            "reasons": dict(description.reasons),
            "measures": [
                asdict(measure) | {"value": _number(measure.value)}
                for measure in description.measures
            ],
        },
    }


def _relation(relation: FindingRelation) -> Json:
    nearest = relation.nearest_id
    return {
        "multiplicity": relation.multiplicity,
        "nearest_id": None if nearest is None else int(nearest),
        "nearest_mm": _number(relation.nearest_mm),
        "satellites": [int(number) for number in relation.satellites],
    }


def _radiomics(radiomics: FindingRadiomics) -> list[Json]:
    return [
        {
            "region": part.region,
            "image": part.image,
            "status": part.status.value,
            "reason": part.reason,
            "n_voxels": int(part.n_voxels),
            "values": {name: _number(value) for name, value in part.values.items()},
        }
        for part in radiomics.regions
    ]


def _assessment(assessment: Assessment) -> Json:
    return {
        "target": assessment.target,
        "value": _plain(assessment.value),
        "unit": assessment.unit,
        "interval": None if assessment.interval is None else _numbers(assessment.interval),
        "model": assessment.model,
        "evidence": assessment.evidence,
        "status": assessment.status.value,
    }


def _provenance(step: Provenance) -> Json:
    return {
        "step": step.step,
        "method": step.method,
        "settings": {name: _plain(value) for name, value in step.settings.items()},
        "references": list(step.references),
    }


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.{_SIGNIFICANT_DIGITS}g}")


def _plain(value: SettingValue) -> SettingValue:
    return _number(value) if isinstance(value, float) else value


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [_number(float(value)) for value in values]

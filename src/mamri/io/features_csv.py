"""One row of numbers per finding, for a spreadsheet or a statistics package.

Comma-separated, UTF-8, one header row, always the same columns in the same order; units are part
of the column names; an empty cell is a value that is undefined or unknown. Two kinds of columns
come only with findings that have them: what was measured to describe a finding, and at the end
radiomics, the same columns for the same settings.
"""

import csv
import io
import math
import re
from collections.abc import Iterable

from mamri.records import (
    Description,
    ExamResult,
    Finding,
    FindingDiffusion,
    FindingPerfusion,
    Status,
)

Cell = str | float | int | None

COLUMNS = (
    "study_instance_uid",
    "finding_id",
    "side",
    "quadrant",
    "clock_face",
    "depth",
    "centroid_x_mm_lps",
    "centroid_y_mm_lps",
    "centroid_z_mm_lps",
    "box_low_x_mm_lps",
    "box_low_y_mm_lps",
    "box_low_z_mm_lps",
    "box_high_x_mm_lps",
    "box_high_y_mm_lps",
    "box_high_z_mm_lps",
    "volume_ml",
    "diameter_longest_mm",
    "diameter_second_mm",
    "diameter_third_mm",
    "confidence",
    "distance_skin_mm",
    "distance_nipple_mm",
    "distance_chest_wall_mm",
    "initial_phase",
    "delayed_phase",
    "peak_enhancement_percent",
    "ser_mean",
    "washout_fraction",
    "ftv_ml",
    "perfusion_model",
    "ktrans_per_min",
    "ktrans_standard_error_per_min",
    "kep_per_min",
    "ve",
    "vp",
    "ktrans_median_per_min",
    "ktrans_p90_per_min",
    "adc_mean_1e-3_mm2_per_s",
    "adc_sd_1e-3_mm2_per_s",
    "adc_median_1e-3_mm2_per_s",
    "adc_p5_1e-3_mm2_per_s",
    "adc_p10_1e-3_mm2_per_s",
    "adc_p25_1e-3_mm2_per_s",
    "adc_p75_1e-3_mm2_per_s",
    "adc_p90_1e-3_mm2_per_s",
    "adc_p95_1e-3_mm2_per_s",
    "adc_darkest_1e-3_mm2_per_s",
    "adc_skewness",
    "adc_excess_kurtosis",
    "adc_entropy_bits",
    "diffusion_voxels",
    "ivim_diffusion_1e-3_mm2_per_s",
    "perfusion_fraction",
    "kurtosis",
    "type",
    "shape",
    "margin",
    "internal_enhancement",
    "distribution",
    "t2_signal",
    "oedema",
    "multiplicity",
    "nearest_mm",
    "satellites",
)

MEASURE = "measure_"  # begins columns that come only with findings that have them

# A spreadsheet runs a cell that opens with one of these as a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def features_csv(result: ExamResult) -> str:
    """Write the findings of an analysis as a comma-separated table.

    Parameters
    ----------
    result : ExamResult

    Returns
    -------
    str
        Header and one row per finding, in the order of the findings, lines ended by CR LF
        (RFC 4180). Text that a spreadsheet would run as a formula has an apostrophe in front.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    measures = [_measures(finding.description) for finding in result.findings]
    radiomics = [f.radiomics.columns() if f.radiomics is not None else {} for f in result.findings]
    columns = (*COLUMNS, *_union(measures), *_union(radiomics))
    writer.writerow(columns)
    for finding, measured, features in zip(result.findings, measures, radiomics, strict=True):
        row = _row(finding, result.exam.study_instance_uid) | measured | features
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def finding_cells(finding: Finding) -> dict[str, str | float | None]:
    """Cells of a finding's row by their columns, unrounded; None where a value is undefined.

    Parameters
    ----------
    finding : Finding

    Returns
    -------
    dict of column to cell
    """
    radiomics = finding.radiomics.columns() if finding.radiomics is not None else {}
    cells = _row(finding, None) | _measures(finding.description) | radiomics
    return {
        name: None if isinstance(cell, float) and not math.isfinite(cell) else cell
        for name, cell in cells.items()
    }


def _union(tables: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Columns of all tables, in the order of their first appearance."""
    return tuple(dict.fromkeys(column for table in tables for column in table))


def _row(finding: Finding, study_instance_uid: str | None) -> dict[str, Cell]:
    kinetics, description, relation = finding.kinetics, finding.description, finding.relation
    low, high = finding.bounding_box_mm_lps
    points = {"centroid": finding.centroid_mm_lps, "box_low": low, "box_high": high}
    diameters = zip(("longest", "second", "third"), finding.diameters_mm, strict=True)
    return {
        "study_instance_uid": study_instance_uid,
        "finding_id": int(finding.id),
        "side": finding.side.word,
        "quadrant": finding.quadrant,
        "clock_face": finding.clock_face,
        "depth": finding.depth,
        **{
            f"{name}_{axis}_mm_lps": float(value)
            for name, point in points.items()
            for axis, value in zip("xyz", point, strict=True)
        },
        "volume_ml": finding.volume_ml,
        **{f"diameter_{rank}_mm": diameter for rank, diameter in diameters},
        "confidence": finding.confidence,
        **{
            f"distance_{place}_mm": finding.distance_mm.get(place)
            for place in ("skin", "nipple", "chest_wall")
        },
        "initial_phase": None if kinetics.initial is None else kinetics.initial.value,
        "delayed_phase": None if kinetics.delayed is None else kinetics.delayed.value,
        "peak_enhancement_percent": kinetics.peak_enhancement_percent,
        "ser_mean": kinetics.ser_mean,
        "washout_fraction": kinetics.washout_fraction,
        "ftv_ml": kinetics.ftv_ml,
        **_perfusion(finding.perfusion),
        **_diffusion(finding.diffusion),
        "type": description.type,
        "shape": description.shape,
        "margin": description.margin,
        "internal_enhancement": description.internal_enhancement,
        "distribution": description.distribution,
        "t2_signal": description.t2_signal,
        "oedema": description.oedema,
        "multiplicity": relation.multiplicity,
        "nearest_mm": relation.nearest_mm,
        "satellites": len(relation.satellites),
    }


def _measures(description: Description) -> dict[str, Cell]:
    """Value of each measure by its column, such as ``measure_thin_protrusions_mm``."""
    return {_measure_column(m.name, m.unit): m.value for m in description.measures}


def _measure_column(name: str, unit: str) -> str:
    words = f"{name} {unit}".replace("%", "percent").replace("/", " per ")
    return MEASURE + re.sub(r"\W+", "_", words).strip("_")


def _perfusion(perfusion: FindingPerfusion | None) -> dict[str, Cell]:
    p = perfusion or FindingPerfusion(Status.NOT_COMPUTED)
    return {
        "perfusion_model": p.model,
        "ktrans_per_min": p.ktrans_per_min,
        "ktrans_standard_error_per_min": p.standard_errors.get("ktrans_per_min"),
        "kep_per_min": p.kep_per_min,
        "ve": p.ve,
        "vp": p.vp,
        "ktrans_median_per_min": p.ktrans_median_per_min,
        "ktrans_p90_per_min": p.ktrans_p90_per_min,
    }


_COEFFICIENTS = ("mean", "sd", "median", "p5", "p10", "p25", "p75", "p90", "p95", "darkest")


def _diffusion(diffusion: FindingDiffusion | None) -> dict[str, Cell]:
    d = diffusion or FindingDiffusion(Status.NOT_COMPUTED)
    return {
        **{f"adc_{name}_1e-3_mm2_per_s": getattr(d, f"adc_{name}") for name in _COEFFICIENTS},
        "adc_skewness": d.adc_skewness,
        "adc_excess_kurtosis": d.adc_excess_kurtosis,
        "adc_entropy_bits": d.adc_entropy_bits,
        "diffusion_voxels": None if diffusion is None else d.n_voxels,
        "ivim_diffusion_1e-3_mm2_per_s": d.ivim_diffusion,
        "perfusion_fraction": d.perfusion_fraction,
        "kurtosis": d.kurtosis,
    }


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return f"{value:.7g}" if math.isfinite(value) else ""

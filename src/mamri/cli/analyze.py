"""``mamri analyze``: one exam to masks, maps, findings and a report."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mamri.cli.options import (
    JsonOption,
    PhaseOption,
    SideOption,
    TimesOption,
    parse_times,
)
from mamri.cli.progress import step_progress
from mamri.records import AnatomyMethod, DetectionMethod, ExamResult
from mamri.registration import MotionMethod, MotionSettings

_DEFAULT_MOTION = MotionSettings().method


def analyze(
    exam: Annotated[
        Path | None,
        typer.Argument(help="DICOM folder, zip or file; folder with exam.json; 4D NIfTI file."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; must be new or empty.")
    ] = Path("mamri-output"),
    phase: PhaseOption = None,
    times: TimesOption = None,
    side: SideOption = None,
    lesions: Annotated[
        Path | None,
        typer.Option("--lesions", help="Outlines of a person, NIfTI or DICOM SEG."),
    ] = None,
    registration: Annotated[
        MotionMethod, typer.Option("--registration", help="Motion correction between phases.")
    ] = _DEFAULT_MOTION,
    anatomy: Annotated[
        AnatomyMethod, typer.Option("--anatomy", help="How breasts and tissues are found.")
    ] = AnatomyMethod.MODEL,
    detection: Annotated[
        DetectionMethod, typer.Option("--detection", help="How lesions are found.")
    ] = DetectionMethod.MODEL,
    radiomics: Annotated[
        bool, typer.Option("--radiomics", help="Also compute IBSI features of every finding.")
    ] = False,
    models: Annotated[
        list[Path] | None,
        typer.Option("--models", help="Your trained predictors, or the run of an experiment."),
    ] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="Also cut images of every finding out, to learn from.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier result in the output folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Analyse one breast MRI exam and write report, masks, maps and result.json."""
    if exam is None and not phase:
        raise typer.BadParameter("give an exam, or --phase FILE:SECONDS for each NIfTI phase")
    from mamri.findings import CropSettings
    from mamri.io.read_exam import parse_phase  # imported late: --help stays quick
    from mamri.pipeline.analysis_settings import AnalysisSettings
    from mamri.pipeline.analyze_to_folder import N_STEPS, analyze_to_folder
    from mamri.radiomics import RadiomicsSettings

    with step_progress(N_STEPS + radiomics + crops) as begin:
        result, document = analyze_to_folder(
            exam,
            output,
            phases=[parse_phase(text) for text in phase or ()],
            times_s=parse_times(times),
            side=side.value if side else None,
            lesions=lesions,
            settings=AnalysisSettings(
                anatomy_method=anatomy,
                detection_method=detection,
                motion=MotionSettings(method=registration),
                radiomics=RadiomicsSettings() if radiomics else None,
                crops=CropSettings() if crops else None,
            ),
            models=models or (),
            overwrite=overwrite,
            begin_step=begin,
        )
    if as_json:
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    typer.echo(summary(result, output))


def summary(result: ExamResult, output: Path) -> str:
    """Findings and doubts of an analysis, one a line, and where its report lies."""
    from mamri.report.wording import morphology

    lines = []
    for finding in result.findings:
        delayed = finding.kinetics.delayed
        curve = delayed.value if delayed is not None else "curve undefined"
        looks = morphology(finding.description)
        lines.append(
            f"finding {finding.id}: {finding.side.word} breast, {finding.quadrant}, "
            f"{looks + ', ' if looks else ''}"
            f"{finding.diameters_mm[0]:.0f} mm, {finding.volume_ml:.2f} ml, {curve}"
        )
    if not lines:
        lines.append("no enhancing finding")
    lines += [f"caveat: {caveat.message}" for caveat in result.caveats]
    lines.append(f"report: {output / 'report.html'}")
    lines.append("Research software: not a medical device, not for diagnosis.")
    return "\n".join(lines)

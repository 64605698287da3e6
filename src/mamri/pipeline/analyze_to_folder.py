"""From an input on disk to a folder of results."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mamri.io.lesion_outlines import read_lesion_outlines
from mamri.io.read_exam import read_exam
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.analyze_exam import ANALYSIS_STEPS, analyze_exam
from mamri.pipeline.extras import check_predict_extra
from mamri.pipeline.output_folder import check_output, whole_folder
from mamri.pipeline.step_clock import StepClock, peak_memory_mb, silent
from mamri.pipeline.write_result import write_document, write_images, write_report
from mamri.records import ExamResult

N_STEPS = ANALYSIS_STEPS + 3
_MARKER = "result.json"


def analyze_to_folder(
    source: str | Path | None,
    output: Path,
    *,
    phases: Sequence[tuple[str, float]] = (),
    times_s: Sequence[float] | None = None,
    side: str | None = None,
    lesions: Path | None = None,
    settings: AnalysisSettings = AnalysisSettings(),  # noqa: B008 frozen, so safe to share
    models: Sequence[Path] = (),
    overwrite: bool = False,
    begin_step: Callable[[str], None] = silent,
) -> tuple[ExamResult, dict[str, Any]]:
    """Read an exam, analyse it and write everything into a folder, whole or not at all.

    Parameters
    ----------
    source, phases, times_s, side
        As in `mamri.io.read_exam.read_exam`.
    lesions : Path, optional
        Outlines of a person, NIfTI label image or DICOM SEG, which replace detection.
    output : Path
        New or empty folder; an earlier result only with ``overwrite``.
    settings : AnalysisSettings
    models : sequence of Path
        Trained predictors, or runs of experiments that hold some; radiomics is computed if one of
        them needs it.
    overwrite : bool
    begin_step : callable of str
        Told the name of each step as it begins.

    Returns
    -------
    result : ExamResult
    document : dict
        The content of result.json.

    Raises
    ------
    InputError, DicomError, TimingError, GeometryError
        If the input is refused; nothing is written then.
    ModelError
        If a predictor is missing or was changed.
    """
    check_output(output, overwrite=overwrite, marker=_MARKER)
    predictors = None
    if models:
        check_predict_extra()
        # Late: scikit-learn is an extra, and takes a second.
        from mamri.pipeline.predict_findings import read_predictors, settings_for, with_predictions

        predictors = read_predictors(models)
        settings = settings_for(predictors, settings)
    clock = StepClock(begin_step)
    with clock("reading"):
        exam = read_exam(source, phases=phases, times_s=times_s, side=side)
        outlines = None if lesions is None else read_lesion_outlines(lesions)
    result = analyze_exam(exam, settings, lesions=outlines, clock=clock)
    if predictors is not None:
        result = with_predictions(result, predictors)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    with whole_folder(output, overwrite=overwrite, marker=_MARKER) as folder:
        with clock("writing_images"):
            write_images(result, folder)
        with clock("report"):
            write_report(result, folder, created=created)
        result = replace(result, timings_s=dict(clock.timings_s), peak_memory_mb=peak_memory_mb())
        document = write_document(result, folder, created=created)
    return result, document

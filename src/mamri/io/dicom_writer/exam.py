"""An exam as it is known after reading, written as a study of one dynamic series."""

from dataclasses import replace
from pathlib import Path

from mamri.io.dicom_writer.study import write_dicom_study
from mamri.io.dicom_writer.values import unique_identifier
from mamri.io.scanner_habits import SIEMENS_HABITS, ScannerHabits
from mamri.records import AcquiredSeries, DicomError, Exam, SeriesRole

# Duration of a phase where the exam does not say, s (assumption).
_USUAL_PHASE_S = 60.0


def write_dicom_exam(
    exam: Exam,
    folder: Path,
    habits: ScannerHabits = SIEMENS_HABITS,
    *,
    seed: int | None = None,
) -> list[Path]:
    """Write the dynamic series of an exam as DICOM files.

    Signal is stored as it is, without rescaling: in an exam any slope was applied already.

    Parameters
    ----------
    exam : Exam
        With integer phases from 0 to 65535 and, for the clock times, the phase duration in
        ``exam.acquisition``.
    folder : Path
        New or empty; one folder a series is made in it.
    habits : ScannerHabits
    seed : int or None
        Stands in the patient ID ``SIM-<seed>``; None takes a number from the study identifier.

    Returns
    -------
    list of Path
        The files, in order of series and instance.

    Raises
    ------
    DicomError
        If the folder is not empty, or the exam has no dynamic series or no integer phases.
    GeometryError
        If the slices are not at right angles to rows and columns.
    """
    dynamic = exam.dynamic
    if dynamic is None:
        raise DicomError(
            "an exam with a dynamic series was needed, got one without; simulate or read one first"
        )
    study = exam.study_instance_uid or unique_identifier("study", dynamic.times_s.tobytes().hex())
    duration = exam.acquisition.phase_duration_s or _USUAL_PHASE_S
    series = AcquiredSeries(
        SeriesRole.DYNAMIC,
        dynamic.array,
        dynamic.affine,
        replace(exam.acquisition, phase_duration_s=duration),
        start_s=float(dynamic.times_s[0]) - duration / 2,
        times_s=dynamic.times_s,
    )
    number = seed if seed is not None else int(unique_identifier(study)[-6:])
    return write_dicom_study(
        [series],
        folder,
        replace(habits, rescaled=False),
        study_instance_uid=study,
        patient_number=number,
    )

"""One door to every kind of input: DICOM folder, zip or file, NIfTI phases, exam.json."""

import re
from collections.abc import Sequence
from pathlib import Path

from mamri.io.dicom_reader import Catalogue, DicomOptions, catalogue, read_dicom_exam
from mamri.io.nifti_exam import (
    TimedFile,
    is_nifti,
    read_exam_json,
    read_nifti_4d,
    read_nifti_exam,
)
from mamri.records import Exam, InputError, Laterality

_PHASE = re.compile(r"(?P<source>.+):(?P<seconds>[+-]?\d+(\.\d+)?)")


def parse_phase(text: str) -> tuple[str, float]:
    """Split ``SOURCE:SECONDS`` at its last colon.

    Raises
    ------
    InputError
        If there is no number of seconds after the last colon.

    Examples
    --------
    >>> parse_phase("pre.nii.gz:-20")
    ('pre.nii.gz', -20.0)
    """
    match = _PHASE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            "a phase is written SOURCE:SECONDS, for example post1.nii.gz:90; "
            "one of those given is not; add the seconds from injection after a colon"
        )
    return match["source"], float(match["seconds"])


def read_exam(
    source: str | Path | None = None,
    *,
    phases: Sequence[tuple[str, float]] = (),
    times_s: Sequence[float] | None = None,
    side: str | None = None,
) -> Exam:
    """Read an examination.

    Parameters
    ----------
    source : path or None
        DICOM folder, zip or file; folder with ``exam.json``; NIfTI file. None when the phases
        are NIfTI files.
    phases : sequence of (source, seconds)
        NIfTI files, or DICOM sub-folders, series numbers or UIDs, each with the seconds from
        injection to the middle of its acquisition; 0 or below is pre-contrast.
    times_s : sequence of float, s
        Times of the phases of one series, in order.
    side : ``right``, ``left`` or None
        Which breast to read where a DICOM exam has a dynamic series for each.

    Returns
    -------
    Exam
        In the order in which it is stored; see `mamri.geometry.to_anatomical`.

    Raises
    ------
    InputError, DicomError, TimingError, GeometryError
        If the input cannot be read, ordered or timed with certainty; the message says what was
        needed, what came and what to do.
    """
    if phases and source is None:
        source = Path(phases[0][0]).parent if _all_nifti(phases) else source
    if source is None:
        raise InputError("an exam was needed, none came; give a folder, a zip or a file")
    path = Path(source)
    if _all_nifti(phases):
        return read_nifti_exam([TimedFile(_existing(name, path), t) for name, t in phases])
    if not path.exists():
        raise InputError(
            "an existing folder, zip or file was needed, this path does not exist; check it"
        )
    if is_nifti(path):
        return read_nifti_4d(path, times_s)
    exam_json = path / "exam.json" if path.is_dir() else path
    if exam_json.name == "exam.json" and exam_json.is_file():
        return read_exam_json(exam_json)
    _refuse_untimed_nifti(path)
    return read_dicom_exam(path, _dicom_options(phases, times_s, side))


def inspect_dicom(
    source: str | Path,
    *,
    phases: Sequence[tuple[str, float]] = (),
    times_s: Sequence[float] | None = None,
    side: str | None = None,
) -> Catalogue:
    """What a DICOM input holds and what each series is for, from headers alone."""
    path = Path(source)
    if not path.exists():
        raise InputError(
            "an existing folder, zip or file was needed, this path does not exist; check it"
        )
    _refuse_untimed_nifti(path)
    return catalogue(path, _dicom_options(phases, times_s, side))


def is_dicom_source(source: str | Path, phases: Sequence[tuple[str, float]]) -> bool:
    """Whether an input will be read as DICOM."""
    path = Path(source)
    return not (is_nifti(path) or (path / "exam.json").is_file() or _all_nifti(phases))


def _dicom_options(
    phases: Sequence[tuple[str, float]], times_s: Sequence[float] | None, side: str | None
) -> DicomOptions:
    return DicomOptions(
        times_s=None if times_s is None else tuple(times_s),
        phase_sources=tuple(phases) or None,
        side=None if side is None else Laterality[side.upper()],
    )


def _all_nifti(phases: Sequence[tuple[str, float]]) -> bool:
    return bool(phases) and all(is_nifti(Path(name)) for name, _ in phases)


def _existing(name: str, folder: Path) -> Path:
    for candidate in (Path(name), folder / name):
        if candidate.is_file():
            return candidate
    raise InputError(
        f"every phase must be an existing file, {Path(name).name} is not; check the path"
    )


def _refuse_untimed_nifti(path: Path) -> None:
    """NIfTI files without times cannot be ordered: say how to give them."""
    if not path.is_dir():
        return
    files = [entry for entry in path.iterdir() if entry.is_file()]
    names = sorted(entry.name for entry in files if is_nifti(entry))
    if names and len(names) == len(files):
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise InputError(
            f"NIfTI phases need times, this folder holds {len(names)} files without ({shown}); "
            "give --phase FILE:SECONDS for each phase, or write an exam.json beside them"
        )

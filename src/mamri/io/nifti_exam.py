"""An exam from NIfTI files, whose times only a person can give.

NIfTI keeps no acquisition times that can be trusted (converters write one average spacing for
irregular phases), so every phase comes with its time: from ``--phase FILE:SECONDS``, from an
``exam.json`` beside the files, or as ``--times`` for one 4D file.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.geometry import slice_plane, spacing_mm
from mamri.io.nifti import NiftiImage, read_nifti
from mamri.records import (
    Acquisition,
    Caveat,
    DynamicSeries,
    Exam,
    GeometryError,
    InputError,
    SeriesRecord,
    SeriesRole,
    Timing,
    TimingError,
    Volume,
)

EXAM_JSON_SCHEMA = "mamri-nifti-exam/1"
# Phases of one exam come from one grid; headers round to about this.
_SAME_GRID_MM = 1e-2
_ACQUISITION_KEYS = {
    "manufacturer": str,
    "model": str,
    "field_strength_t": float,
    "tr_ms": float,
    "te_ms": float,
    "flip_angle_deg": float,
    "slice_thickness_mm": float,
    "phase_duration_s": float,
    "fat_suppressed": bool,
    "contrast_agent": str,
}


@dataclass(frozen=True, slots=True)
class TimedFile:
    """One phase: a file and the centre of its acquisition, in seconds from injection."""

    path: Path
    time_s: float


def is_nifti(path: Path) -> bool:
    """Whether a path is named like a NIfTI file."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def read_nifti_exam(
    phases: Sequence[TimedFile],
    *,
    acquisition: Acquisition = Acquisition(),  # noqa: B008 frozen, so safe to share
    t2: Path | None = None,
    time_source: str = "given by the user for each phase",
) -> Exam:
    """Exam from one NIfTI file a phase.

    Parameters
    ----------
    phases : sequence of TimedFile
        In any order; sorted by time. A single phase is allowed.
    acquisition : Acquisition
        What is known of the protocol.
    t2 : Path or None
        A T2-weighted or STIR volume.
    time_source : str
        Words for the report.

    Raises
    ------
    TimingError
        If two phases share a time, or several phases hold no pre-contrast one (time 0 or below).
    GeometryError
        If the phases do not share one grid.
    InputError
        If a file cannot be read.
    """
    if not phases:
        raise InputError(
            "at least one phase was needed, none came; give --phase FILE:SECONDS for each"
        )
    ordered = sorted(phases, key=lambda phase: phase.time_s)
    times = np.array([phase.time_s for phase in ordered])
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) == 0):
        raise TimingError(
            f"every phase needs its own time, got {times.tolist()} s; "
            "give the seconds from injection to the middle of each phase"
        )
    if len(ordered) > 1 and times[0] > 0:
        raise TimingError(
            f"one phase must be pre-contrast (time 0 or below), the earliest is at {times[0]:g} s; "
            "give the pre-contrast phase a time of 0 or below"
        )
    images = [read_nifti(phase.path) for phase in ordered]
    names = [phase.path.name for phase in ordered]
    array = _stacked(images, names)
    first = images[0]
    caveats = [
        Caveat(
            "nifti_forms_disagree",
            f"{name}: sform and qform place the image differently; the sform was used.",
        )
        for name, image in zip(names, images, strict=True)
        if image.forms_disagree
    ]
    records = tuple(
        _series_record(name, image, float(time), pre=bool(time <= 0), alone=len(ordered) == 1)
        for name, image, time in zip(names, images, times, strict=True)
    )
    t2_volume = None
    if t2 is not None:
        t2_image = read_nifti(t2)
        t2_volume = Volume(t2_image.array, t2_image.affine)
        records += (
            SeriesRecord(
                t2.name, t2.name, SeriesRole.T2, "named as T2 by the user", True,
                t2_image.array.shape[0], _shape(t2_image.array), spacing_mm(t2_image.affine),
                slice_plane(t2_image.affine),
            ),
        )  # fmt: skip
    return Exam(
        series=records,
        dynamic=DynamicSeries(array, first.affine, times if len(times) > 1 else np.zeros(1)),
        timing=Timing(time_source, "given by the user: times count from injection", time_source)
        if len(ordered) > 1
        else None,
        acquisition=acquisition,
        t2=t2_volume,
        storage_axes=first.storage_axes,
        caveats=tuple(caveats),
    )


def read_nifti_4d(path: Path, times_s: Sequence[float] | None) -> Exam:
    """Exam from one NIfTI file that holds one phase, or all phases along its fourth axis.

    Raises
    ------
    TimingError
        If the file has several phases and not one time for each.
    """
    image = read_nifti(path)
    if image.array.ndim == 3:
        return read_nifti_exam([TimedFile(path, 0.0)])
    n = image.array.shape[0]
    if times_s is None or len(times_s) != n:
        came = "none" if times_s is None else str(len(times_s))
        raise TimingError(
            f"{path.name} holds {n} phases and needs {n} times, got {came}; give --times with the "
            "seconds from injection of each phase, the pre-contrast ones at 0 or below"
        )
    times = np.asarray(times_s, float)
    if np.any(np.diff(times) <= 0) or times[0] > 0:
        raise TimingError(
            f"phase times must increase and start at or below 0 (pre-contrast), got "
            f"{times.tolist()} s; correct --times"
        )
    volume = NiftiImage(image.array[0], image.affine, image.storage_axes, image.forms_disagree)
    record = _series_record(path.name, volume, 0.0, pre=False, alone=False)
    return Exam(
        series=(record,),
        dynamic=DynamicSeries(image.array, image.affine, times),
        timing=Timing(
            "given by the user for each phase",
            "given by the user: times count from injection",
            "order of the file's fourth axis",
        ),
        storage_axes=image.storage_axes,
    )


def read_exam_json(path: Path) -> Exam:
    """Exam from a folder's ``exam.json``: phases with times, and what is known of the protocol.

    Raises
    ------
    InputError
        If the document is not valid, names a file outside its folder, or a file is missing.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise InputError(
            f"exam.json must be a JSON document, it cannot be parsed ({type(e).__name__}); "
            "see docs/reference/inputs.md"
        ) from e
    if not isinstance(document, dict) or not isinstance(document.get("phases"), list):
        raise InputError(
            'exam.json must hold a list "phases" of {"file", "time_s"}, it does not; '
            "see docs/reference/inputs.md"
        )
    unknown = set(document) - {"schema", "phases", "acquisition", "t2"}
    if unknown:
        raise InputError(
            f"exam.json may hold schema, phases, acquisition and t2, got also "
            f"{', '.join(sorted(map(str, unknown)))}; remove or correct these keys"
        )
    phases = [_timed_file(path.parent, entry) for entry in document["phases"]]
    t2 = document.get("t2")
    return read_nifti_exam(
        phases,
        acquisition=_acquisition(document.get("acquisition", {})),
        t2=None if t2 is None else _inside(path.parent, t2),
        time_source="exam.json",
    )


def _timed_file(folder: Path, entry: Any) -> TimedFile:
    if not isinstance(entry, dict) or set(entry) != {"file", "time_s"}:
        raise InputError(
            'each phase of exam.json is {"file": name, "time_s": seconds}, one is not; correct it'
        )
    if isinstance(entry["time_s"], bool) or not isinstance(entry["time_s"], int | float):
        raise InputError("time_s in exam.json must be a number of seconds, one is not; correct it")
    return TimedFile(_inside(folder, entry["file"]), float(entry["time_s"]))


def _inside(folder: Path, name: Any) -> Path:
    path = (folder / str(name)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise InputError(
            "exam.json must name files of its own folder, one is missing or lies elsewhere; "
            "put all phases beside exam.json"
        )
    return path


def _acquisition(values: Any) -> Acquisition:
    if not isinstance(values, dict) or not set(values) <= set(_ACQUISITION_KEYS):
        raise InputError(
            f"acquisition in exam.json may hold {', '.join(_ACQUISITION_KEYS)}; "
            "remove or correct the other keys"
        )
    for key, value in values.items():
        kind = _ACQUISITION_KEYS[key]
        fits = isinstance(value, bool) if kind is bool else not isinstance(value, bool)
        if not fits or not isinstance(value, (int, float) if kind is float else kind):
            raise InputError(
                f"acquisition.{key} in exam.json must be a {kind.__name__}; correct it"
            )
    source = "exam.json" if "fat_suppressed" in values else "not recorded"
    return Acquisition(**values, fat_suppression_source=source)


def _stacked(images: Sequence[NiftiImage], names: Sequence[str]) -> np.ndarray:
    first = images[0]
    for name, image in zip(names, images, strict=True):
        if image.array.ndim != 3:
            raise GeometryError(
                f"--phase takes one phase a file, {name} holds {image.array.shape[0]}; "
                "give the 4D file alone with --times"
            )
        far = np.array([*first.array.shape, 1.0])
        same = image.array.shape == first.array.shape and np.all(
            np.abs((image.affine - first.affine) @ far) < _SAME_GRID_MM
        )
        if not same or image.storage_axes != first.storage_axes:
            raise GeometryError(
                f"all phases must lie on one grid, {name} has shape {image.array.shape} or "
                f"another position than {names[0]} with {first.array.shape}; give phases of one "
                "series, or resample them to one grid first"
            )
    dtypes = {image.array.dtype for image in images}
    dtype = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float32)
    array = np.empty((len(images), *first.array.shape), dtype)
    for index, image in enumerate(images):
        array[index] = image.array
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise InputError(
            "the signal of a phase must be finite, NaN or infinity came; repair the file"
        )
    return array


def _shape(array: np.ndarray) -> tuple[int, int, int]:
    s, r, c = array.shape[-3:]
    return s, r, c


def _series_record(
    name: str, image: NiftiImage, time_s: float, *, pre: bool, alone: bool
) -> SeriesRecord:
    role = SeriesRole.T1_PRE if pre or alone else SeriesRole.DYNAMIC
    reason = (
        "the only phase given"
        if alone
        else f"phase at {time_s:g} s from injection, as given by the user"
    )
    return SeriesRecord(
        name, name, role, reason, True, image.array.shape[0], _shape(image.array),
        spacing_mm(image.affine), slice_plane(image.affine),
    )  # fmt: skip

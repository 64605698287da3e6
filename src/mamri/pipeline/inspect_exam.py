"""What an input holds, as a plain document for a person or a program."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mamri.io.dicom_reader import Catalogue
from mamri.io.read_exam import inspect_dicom, is_dicom_source, read_exam
from mamri.records import Exam, SeriesRecord


def inspect_exam(
    source: str | Path | None,
    *,
    phases: Sequence[tuple[str, float]] = (),
    times_s: Sequence[float] | None = None,
    side: str | None = None,
) -> dict[str, Any]:
    """Series with roles and reasons, phases with times, and why; nothing is analysed.

    Parameters
    ----------
    source, phases, times_s, side
        As in `mamri.io.read_exam.read_exam`.

    Returns
    -------
    dict
        ``series``, ``phases``, ``order_source``, ``time_source``, ``injection_source``,
        ``refusal``, ``caveats``, ``skipped``.

    Raises
    ------
    InputError
        If nothing can be listed.
    """
    if source is not None and is_dicom_source(source, phases):
        return _from_catalogue(inspect_dicom(source, phases=phases, times_s=times_s, side=side))
    return _from_exam(read_exam(source, phases=phases, times_s=times_s))


def _from_catalogue(found: Catalogue) -> dict[str, Any]:
    plan = found.dynamic
    volumes = found.volumes or (None,) * len(found.series)
    rows = []
    for index, phase in enumerate(plan.phases if plan else ()):
        starts, times = plan.starts_s if plan else None, plan.times_s if plan else None
        rows.append(
            {
                "phase": index,
                "series_number": phase.series.number,
                "series": phase.series.description,
                "slices": len(phase.volume.frames),
                "start_s": None if starts is None else round(starts[index], 3),
                "time_s": None if times is None else round(times[index], 3),
            }
        )
    return {
        "series": [
            _series_row(record, note) for record, note in zip(found.series, volumes, strict=True)
        ],
        "phases": rows,
        "order_source": plan.order_source if plan else None,
        "time_source": plan.time_source if plan else None,
        "injection_source": plan.injection_source if plan else None,
        "refusal": found.refusal,
        "caveats": [caveat.message for caveat in found.caveats],
        "skipped": [f"{name} {why}" for name, why in found.skipped],
    }


def _from_exam(exam: Exam) -> dict[str, Any]:
    times = [] if exam.dynamic is None else exam.dynamic.times_s.tolist()
    timing = exam.timing
    return {
        "series": [_series_row(record, None) for record in exam.series],
        "phases": [{"phase": index, "time_s": time} for index, time in enumerate(times)],
        "order_source": timing.order_source if timing else None,
        "time_source": timing.time_source if timing else None,
        "injection_source": timing.injection_source if timing else None,
        "refusal": None,
        "caveats": [caveat.message for caveat in exam.caveats],
        "skipped": [],
    }


def _series_row(record: SeriesRecord, volumes: str | None) -> dict[str, Any]:
    return {
        "description": record.description,
        "role": record.role.value,
        "used": record.used,
        "reason": record.reason,
        "volumes": volumes,
        "shape": None if record.shape is None else list(record.shape),
        "spacing_mm": None
        if record.spacing_mm is None
        else [round(step, 3) for step in record.spacing_mm],
        "plane": None if record.plane is None else record.plane.value,
        "images": record.n_images,
    }

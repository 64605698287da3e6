"""A DICOM exam with its pixels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.b_value import b_value, gradient, measured_frames
from mamri.io.dicom_reader.catalogue import Catalogue, Series, open_catalogue
from mamri.io.dicom_reader.dynamic_plan import DynamicPlan, with_pre_phases
from mamri.io.dicom_reader.frames import Frame
from mamri.io.dicom_reader.options import DicomOptions
from mamri.io.dicom_reader.pixels import read_volumes
from mamri.io.dicom_reader.stacks import make_stacks, stack_fault
from mamri.records import (
    Caveat,
    DicomError,
    DiffusionSeries,
    DynamicSeries,
    Exam,
    InputError,
    SeriesRecord,
    SeriesRole,
    Timing,
    TimingError,
    Volume,
)

# A phase is post-contrast when its brightest tissue rose by this much over the first phase, and by
# this part of the largest rise of any phase (assumptions: vessels and heart more than double;
# motion and noise move the same statistic by a few percent).
_RISE = 0.15
_RISE_OF_LARGEST = 0.3
_SAMPLE_STEP = 4
# Philips numbers repeated b=0 images 0.001, 0.002 and so on; no protocol uses b between 0 and 5.
_NO_DIFFUSION_B = 5.0


def read_dicom_exam(path: Path, options: DicomOptions = DicomOptions()) -> Exam:  # noqa: B008
    """Read a DICOM folder, zip archive or file.

    Parameters
    ----------
    path : Path
    options : DicomOptions

    Returns
    -------
    Exam
        Dynamic series (one phase where there is only one), T2 or STIR, diffusion with b-values;
        in the order in which it is stored.

    Raises
    ------
    DicomError, GeometryError, TimingError
        If the exam cannot be read, ordered or timed with certainty.
    """
    with open_catalogue(path, options) as found:
        if found.refusal_error is not None:
            raise found.refusal_error
        caveats = list(found.caveats)
        dynamic, timing, series = None, None, found.series
        if found.dynamic is not None:
            dynamic, timing, series, more = _read_dynamic(found.dynamic, found)
            caveats += more
        t2 = None if found.t2 is None else _read_t2(found.t2, caveats)
        diffusion = None if found.diffusion is None else _read_diffusion(found.diffusion, caveats)
        if dynamic is None and t2 is None and diffusion is None:
            raise _nothing_read(found)
        return Exam(
            series=series,
            dynamic=dynamic,
            timing=timing,
            acquisition=found.acquisition,
            study_instance_uid=found.study_instance_uid,
            diffusion=diffusion,
            t2=t2,
            caveats=tuple(caveats),
        )


def _nothing_read(found: Catalogue) -> DicomError:
    """Refusal that says what was found instead of an image series that is read."""
    reasons = []
    for record, volumes in zip(found.series, found.volumes, strict=True):
        reasons.append(record.reason if volumes is None else f"{record.reason}; {volumes}")
    shown = " | ".join(dict.fromkeys(reasons[:4]))
    return DicomError(
        "a T1-weighted dynamic, T2-weighted or diffusion series was needed, none of the "
        f"{len(found.series)} series is one that can be read ({shown}); give the folder of a "
        "breast MRI examination"
    )


def _read_dynamic(
    plan: DynamicPlan, found: Catalogue
) -> tuple[DynamicSeries, Timing | None, tuple[SeriesRecord, ...], list[Caveat]]:
    array = read_volumes([phase.volume.frames for phase in plan.phases])
    caveats: tuple[Caveat, ...] = ()
    if plan.times_s is None:
        n_pre = count_pre_phases(array)
        if n_pre is None:
            raise TimingError(
                f"the pre-contrast phases among {len(plan.phases)} were needed, neither tags nor "
                "images tell them (no phase is brighter than the first); give --times with the "
                "seconds from injection of each phase, pre-contrast ones at 0 or below"
            )
        plan, caveats = with_pre_phases(
            plan, n_pre, "the images brighten after it; tags do not say"
        )
    times = np.array(plan.times_s)
    dynamic = DynamicSeries(array, plan.affine, times)
    pre = {phase.series.uid for phase, t in zip(plan.phases, times, strict=True) if t <= 0}
    post = {phase.series.uid for phase, t in zip(plan.phases, times, strict=True) if t > 0}
    series = tuple(
        replace(record, role=SeriesRole.T1_PRE, reason=f"{record.reason}; before the injection")
        if record.uid in pre - post and record.role is SeriesRole.DYNAMIC
        else record
        for record in found.series
    )
    if dynamic.n_phases == 1:
        return dynamic, None, series, list(caveats)
    timing = Timing(plan.time_source, plan.injection_source, plan.order_source)
    return dynamic, timing, series, list(caveats)


def count_pre_phases(array: np.ndarray) -> int | None:
    """Number of leading phases before the brightest tissue rises.

    Parameters
    ----------
    array : (T, S, R, C) real, a.u.

    Returns
    -------
    int or None
        None where no phase is brighter than the first by more than the images' own changes.
    """
    some = array[:, ::2, ::_SAMPLE_STEP, ::_SAMPLE_STEP].astype(np.float32)
    first = some[0]
    tissue = (first >= np.percentile(first, 60)) & (first > 0)
    if not tissue.any():
        return None
    scale = float(np.mean(first[tissue]))
    rise = np.array([np.percentile((phase - first)[tissue], 98) / scale for phase in some])
    risen = np.flatnonzero(rise > max(_RISE, _RISE_OF_LARGEST * float(rise.max())))
    return int(risen[0]) if rise.max() > _RISE and len(risen) and risen[0] > 0 else None


def _read_t2(series: Series, caveats: list[Caveat]) -> Volume | None:
    stack = series.stacks[0]
    fault = stack_fault(stack)
    if fault is not None or stack.n_volumes != 1 or len(stack.slices) < 2:
        caveats.append(
            Caveat("t2_not_read", "The T2-weighted or STIR series is not one whole volume.")
        )
        return None
    try:
        array = read_volumes([[group[0] for group in stack.slices]])
    except InputError as error:
        caveats.append(Caveat("t2_not_read", f"The T2-weighted series was not read: {error}"))
        return None
    return Volume(array[0], stack.affine)


def _read_diffusion(series: Series, caveats: list[Caveat]) -> DiffusionSeries | None:
    stack = make_stacks(measured_frames(series.frames))[0]
    fault = stack_fault(stack)
    values = [b_value(frame.values) for frame in stack.frames]
    if fault is not None or any(b is None for b in values):
        why = "its volumes are not whole" if fault else "its b-values are not recorded"
        caveats.append(Caveat("diffusion_not_read", f"The diffusion series was not read: {why}."))
        return None
    groups = [sorted(group, key=_diffusion_key) for group in stack.slices]
    volumes = [[group[k] for group in groups] for k in range(len(groups[0]))]
    b_values = [_common_b(volume) for volume in volumes]
    if any(b is None for b in b_values):
        caveats.append(
            Caveat(
                "diffusion_not_read",
                "The diffusion series was not read: slices of one volume differ in b-value.",
            )
        )
        return None
    try:
        array = read_volumes(volumes)
    except InputError as error:
        caveats.append(Caveat("diffusion_not_read", f"The diffusion series was not read: {error}"))
        return None
    found = np.array(b_values, float)
    found[found < _NO_DIFFUSION_B] = 0.0
    return DiffusionSeries(array, stack.affine, found)


def _diffusion_key(frame: Frame) -> tuple[float, float, tuple[float, ...], float]:
    values = frame.values
    index = values.private_number(tags.PHILIPS_DIFFUSION_INDEX) or 0.0
    instance = values.number(tags.INSTANCE_NUMBER) or 0.0
    return (b_value(values) or 0.0, index, gradient(values), instance)


def _common_b(frames: Sequence[Frame]) -> float | None:
    found = {round(b_value(frame.values) or 0.0, 3) for frame in frames}
    return found.pop() if len(found) == 1 else None

"""Turn acquired series into DICOM series: what shares a series, names, numbers, order.

A scanner decides three things that readers have to undo: whether phases share a series, whether the
parts of a Dixon acquisition do, and how series are numbered. All follow from the habits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from mamri.geometry import slice_plane
from mamri.io._scanner_label_table import SeriesKind
from mamri.io.dicom_writer.derived_series import localizer, subtraction_and_projection
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.scanner_habits import ScannerHabits
from mamri.records import AcquiredSeries, Plane, SeriesRole

ULTRAFAST = "ultrafast"
_FIRST_NUMBER = 3  # 1 is the localizer, 2 a calibration that is not stored
_FIRST_DERIVED_NUMBER = 101
_KINDS = {
    SeriesRole.DYNAMIC: SeriesKind.DYNAMIC,
    SeriesRole.DIXON: SeriesKind.DYNAMIC,
    SeriesRole.T1_PRE: SeriesKind.T1_PRE,
    SeriesRole.T1_POST: SeriesKind.T1_POST,
    SeriesRole.T2: SeriesKind.T2,
    SeriesRole.STIR: SeriesKind.STIR,
    SeriesRole.DWI: SeriesKind.DWI,
    SeriesRole.ADC: SeriesKind.ADC,
}
WRITABLE_ROLES = frozenset(_KINDS)
_PLANES = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)


def plan_study(series: Sequence[AcquiredSeries], habits: ScannerHabits) -> list[PlannedSeries]:
    """Series of a study in the order of their numbers.

    Parameters
    ----------
    series : sequence of AcquiredSeries
        All of a role in `WRITABLE_ROLES`.
    habits : ScannerHabits
    """
    planned: list[PlannedSeries] = []
    for n, together in enumerate(_scans(series, habits)):
        planned += _series_of_scan(together, habits, key=f"scan {n}")
    planned.sort(key=lambda entry: entry.start)
    main = main_dynamic(series)
    derived: list[PlannedSeries] = []
    if habits.derived_series and main is not None:
        derived = subtraction_and_projection(
            _volumes(main, habits), _dynamic_names(main, habits), habits, main.acquisition
        )
    if habits.derived_series and planned:
        largest = max(series, key=lambda entry: entry.array[0].size)
        begin = planned[0].start - timedelta(minutes=4)
        planned.insert(0, localizer(largest if main is None else main, begin, habits))
    return _numbered(planned, derived, habits)


def main_dynamic(series: Sequence[AcquiredSeries]) -> AcquiredSeries | None:
    """Conventional dynamic of a study; the water images of a Dixon one."""
    fitting = [
        entry
        for entry in series
        if kind_of(entry) is SeriesKind.DYNAMIC and entry.contrast in ("", "water")
    ]
    return max(fitting, key=lambda entry: len(entry.array), default=None)


def kind_of(series: AcquiredSeries) -> SeriesKind:
    """What a series is, finer than its role."""
    kind = _KINDS[series.role]
    if kind is SeriesKind.DYNAMIC and series.contrast == ULTRAFAST:
        return SeriesKind.ULTRAFAST
    return kind


def _scans(
    series: Sequence[AcquiredSeries], habits: ScannerHabits
) -> list[tuple[AcquiredSeries, ...]]:
    """Series that share one DICOM series: the parts of one Dixon acquisition, where they do."""
    scans: dict[object, list[AcquiredSeries]] = {}
    for n, entry in enumerate(series):
        key: object = n
        if habits.dixon_in_one_series and entry.contrast in habits.dixon_labels:
            key = (kind_of(entry), entry.start_s, entry.array.shape)
        scans.setdefault(key, []).append(entry)
    return [tuple(together) for together in scans.values()]


def _series_of_scan(
    together: Sequence[AcquiredSeries], habits: ScannerHabits, key: str
) -> Iterator[PlannedSeries]:
    first = together[0]
    kind = kind_of(first)
    volumes = tuple(volume for entry in together for volume in _volumes(entry, habits))
    is_timed = kind in (SeriesKind.DYNAMIC, SeriesKind.ULTRAFAST) and first.times_s is not None
    whole = PlannedSeries(
        kind=kind,
        key=key,
        description=_description(first, habits),
        volumes=volumes,
        acquisition=first.acquisition,
        is_dynamic=is_timed and len(first.array) > 1,
        is_timed=is_timed,
        echo_train_length=first.echo_train_length,
        inversion_time_ms=first.inversion_time_ms,
        derivation="apparent diffusion coefficient" if kind is SeriesKind.ADC else "",
    )
    if not (habits.one_series_a_phase and kind is SeriesKind.DYNAMIC):
        yield whole
        return
    for volume, name in zip(volumes, _dynamic_names(first, habits), strict=True):
        description = _with_part(name, first, habits)
        key_of_phase = f"{key} phase {volume.temporal_position}"
        # A series of its own does not know of the others.
        alone = replace(volume, temporal_position=1)
        yield replace(
            whole, key=key_of_phase, description=description, volumes=(alone,), is_dynamic=False
        )


def _volumes(series: AcquiredSeries, habits: ScannerHabits) -> list[PlannedVolume]:
    kind = kind_of(series)
    part = series.contrast if series.contrast in habits.dixon_labels else ""
    image_type = habits.labels[kind].image_type
    if part:
        image_type = habits.dixon_labels[part].image_type
    times = series.times_s
    is_timed = times is not None
    volumes = []
    for v, images in enumerate(series.array):
        start_s = series.start_s
        if times is not None:
            start_s += float(times[v] - times[0])
        volumes.append(
            PlannedVolume(
                images=images,
                affine=series.affine,
                image_type=image_type,
                start=habits.start + timedelta(seconds=start_s),
                duration_s=_duration_s(series),
                temporal_position=v + 1 if is_timed else 1,
                after_contrast=bool(times[v] > 0) if times is not None else start_s > 0,
                b_value=None if series.b_values is None else float(series.b_values[v]),
                part=part,
            )
        )
    return volumes


def _duration_s(series: AcquiredSeries) -> float | None:
    """Recorded phase duration, else twice the time from the start to the centre of the first."""
    recorded = series.acquisition.phase_duration_s
    if recorded is not None or series.times_s is None:
        return recorded
    half = float(series.times_s[0]) - series.start_s
    return 2 * half if half > 0 else None


def _plane_word(affine: np.ndarray, habits: ScannerHabits) -> str:
    return habits.plane_words[_PLANES.index(slice_plane(affine))]


def _description(series: AcquiredSeries, habits: ScannerHabits) -> str:
    kind = kind_of(series)
    name = habits.series_names[2] if kind is SeriesKind.DYNAMIC else habits.labels[kind].name
    return _with_part(name.format(plane=_plane_word(series.affine, habits)), series, habits)


def _with_part(name: str, series: AcquiredSeries, habits: ScannerHabits) -> str:
    if series.contrast not in habits.dixon_labels:
        return name
    return habits.dixon_labels[series.contrast].name.format(name=name)


def _dynamic_names(series: AcquiredSeries, habits: ScannerHabits) -> list[str]:
    """Name of each phase as a series of its own."""
    first, following, _ = habits.series_names
    plane = _plane_word(series.affine, habits)
    times = np.array([series.start_s]) if series.times_s is None else series.times_s
    nth = np.arange(len(series.array)) - int(np.count_nonzero(times <= 0)) + 1
    ordinals = {1: "1st", 2: "2nd", 3: "3rd"}
    return [
        (first if n < 1 else following).format(plane=plane, n=ordinals.get(n, f"{n}th"))
        for n in map(int, nth)
    ]


def _numbered(
    planned: Sequence[PlannedSeries], derived: Sequence[PlannedSeries], habits: ScannerHabits
) -> list[PlannedSeries]:
    step = habits.series_number_step
    numbered, count = [], _FIRST_NUMBER
    for entry in planned:
        rank = 1 if entry.kind is SeriesKind.LOCALIZER else count
        count += entry.kind is not SeriesKind.LOCALIZER
        numbered.append(replace(entry, number=rank if step == 1 else rank * step + 1))
    first = _FIRST_DERIVED_NUMBER if step == 1 else count * step + 2
    numbered += [replace(entry, number=first + n) for n, entry in enumerate(derived)]
    return numbered

"""Volumes of a stack in order of time, by the first key that separates them completely.

A key counts only if every value of it holds each slice exactly once. What no key separates is
refused, never ordered by instance number, unless the user gives as many times as volumes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.frames import Frame
from mamri.io.dicom_reader.stacks import Stack
from mamri.io.dicom_reader.values import HeaderValues, parse_time_s
from mamri.records import Caveat, TimingError

_DAY_S = 86_400.0
# Times of one volume may spread by less than this; volumes exactly this far apart exist.
_MERGE_S = 2.0
_MIN_CONTENT_SPAN_S = 59.0
_MIN_CONTENT_VALUES = 3


@dataclass(frozen=True, slots=True, eq=False)
class PhaseVolume:
    """One volume of a series.

    Parameters
    ----------
    frames : tuple of Frame
        One for each slice, in order of position.
    stack : Stack
        Where it comes from.
    start_s : float or None, s
        Start of its acquisition, seconds on the calendar; None where unknown.
    time_source : str
        Attribute that gave the start.
    """

    frames: tuple[Frame, ...]
    stack: Stack
    start_s: float | None
    time_source: str


def split_volumes(
    stack: Stack, *, n_times: int | None
) -> tuple[list[PhaseVolume], str, tuple[Caveat, ...]]:
    """Volumes of a whole stack in order of time, what ordered them, and caveats.

    Parameters
    ----------
    stack : Stack
        Without fault.
    n_times : int or None
        Number of times that the user gave.

    Raises
    ------
    TimingError
        If nothing in the headers separates the volumes.
    """
    n = stack.n_volumes
    if n == 1:
        frames = tuple(group[0] for group in stack.slices)
        start, source = start_time(frames)
        return [PhaseVolume(frames, stack, start, source)], "one volume", ()
    tried = []
    for name, key, merge in _keys(stack):
        volumes = _separate(stack, key, merge=merge)
        if volumes is not None and len(volumes) == n:
            return _timed(volumes, stack, name), name, ()
        tried.append(name)
    if n_times == n:
        volumes = _by_instance(stack)
        caveat = Caveat(
            "ordered_by_instance_number",
            "Nothing in the headers separates the phases: they were put in order of instance "
            "number because as many times as volumes were given. Check the order.",
        )
        timed = [PhaseVolume(v, stack, None, "given by the user") for v in volumes]
        return timed, "InstanceNumber, at the user's word", (caveat,)
    raise TimingError(
        f"an attribute that separates the {n} volumes of the series of {stack.frames[0].name} was "
        f"needed, none does ({', '.join(tried)} were tried); give --times with {n} values to take "
        "them in order of instance number"
    )


def start_time(frames: Sequence[Frame]) -> tuple[float | None, str]:
    """Earliest acquisition start of frames on the calendar, in seconds, and its attribute."""
    for name, read in _CLOCKS:
        times = [read(frame.values) for frame in frames]
        known = [time for time in times if time is not None]
        if len(known) == len(times):
            return min(known), name
    return None, "not recorded"


def _stamp(date: int, time: int) -> Callable[[HeaderValues], float | None]:
    def read(values: HeaderValues) -> float | None:
        seconds = values.time_of_day_s(time)
        if seconds is None:
            return None
        for candidate in (date, tags.ACQUISITION_DATE, tags.SERIES_DATE, tags.STUDY_DATE):
            day = values.date_ordinal(candidate)
            if day is not None:
                return day * _DAY_S + seconds
        return seconds

    return read


def _datetime(values: HeaderValues) -> float | None:
    text = values.text(tags.ACQUISITION_DATETIME)
    seconds = parse_time_s(text[8:].split("+")[0].split("-")[0]) if len(text) >= 10 else None
    day = values.date_ordinal(tags.ACQUISITION_DATETIME)
    return None if seconds is None or day is None else day * _DAY_S + seconds


_CLOCKS: tuple[tuple[str, Callable[[HeaderValues], float | None]], ...] = (
    ("AcquisitionDateTime (0008,002A)", _datetime),
    ("AcquisitionTime (0008,0032)", _stamp(tags.ACQUISITION_DATE, tags.ACQUISITION_TIME)),
    ("ContentTime (0008,0033)", _stamp(tags.CONTENT_DATE, tags.CONTENT_TIME)),
    ("SeriesTime (0008,0031)", _stamp(tags.SERIES_DATE, tags.SERIES_TIME)),
)


def _keys(stack: Stack) -> list[tuple[str, Callable[[HeaderValues], float | None], bool]]:
    """Keys in order of trust for the manufacturer: name, reader, whether near values merge."""
    maker = stack.frames[0].values.text(tags.MANUFACTURER).casefold()
    temporal = [
        ("TemporalPositionIdentifier (0020,0100)", _number(tags.TEMPORAL_POSITION), False),
        ("TemporalPositionIndex (0020,9128)", _number(tags.TEMPORAL_POSITION_INDEX), False),
    ]
    content = ("ContentTime (0008,0033)", _CLOCKS[2][1], True)
    trigger = ("TriggerTime (0018,1060)", _trigger_s, True)
    acquired = ("AcquisitionTime (0008,0032)", _CLOCKS[1][1], True)
    stamped = ("AcquisitionDateTime (0008,002A)", _datetime, True)
    if "philips" in maker:
        return [*temporal, trigger, content, acquired, stamped]
    if "siemens" in maker or maker.startswith("ge"):
        first = [content] if _content_time_counts(stack) else []
        return [*temporal, *first, trigger, acquired, stamped]
    return [*temporal, trigger, acquired, stamped]


def _number(tag: int) -> Callable[[HeaderValues], float | None]:
    return lambda values: values.number(tag)


def _trigger_s(values: HeaderValues) -> float | None:
    trigger = values.number(tags.TRIGGER_TIME)
    return None if trigger is None else trigger / 1000


def _content_time_counts(stack: Stack) -> bool:
    times = {_CLOCKS[2][1](frame.values) for frame in stack.frames}
    known = sorted(time for time in times if time is not None)
    return len(known) >= _MIN_CONTENT_VALUES and known[-1] - known[0] >= _MIN_CONTENT_SPAN_S


def _separate(
    stack: Stack, key: Callable[[HeaderValues], float | None], *, merge: bool
) -> list[tuple[Frame, ...]] | None:
    """Volumes by a key, or None where a value of it does not hold each slice exactly once."""
    read = [[(key(frame.values), frame) for frame in group] for group in stack.slices]
    if any(value is None for group in read for value, _ in group):
        return None
    values = sorted({float(value or 0) for group in read for value, _ in group})
    whole = _whole_volumes(read, {value: value for value in values})
    if whole is not None or not merge:
        return whole
    bins: dict[float, float] = {}
    for value in values:
        start = bins[max(bins)] if bins and value - max(bins) < _MERGE_S else value
        bins[value] = start
    return _whole_volumes(read, bins)


def _whole_volumes(
    read: list[list[tuple[float | None, Frame]]], bins: dict[float, float]
) -> list[tuple[Frame, ...]] | None:
    volumes: dict[float, list[Frame]] = {}
    for group in read:
        seen = [bins[float(value or 0)] for value, _ in group]
        if len(set(seen)) != len(seen):
            return None
        for start, (_, frame) in zip(seen, group, strict=True):
            volumes.setdefault(start, []).append(frame)
    if any(len(frames) != len(read) for frames in volumes.values()):
        return None
    return [tuple(volumes[start]) for start in sorted(volumes)]


def _by_instance(stack: Stack) -> list[tuple[Frame, ...]]:
    groups = [
        sorted(group, key=lambda frame: frame.values.number(tags.INSTANCE_NUMBER) or 0)
        for group in stack.slices
    ]
    return [tuple(group[k] for group in groups) for k in range(len(groups[0]))]


def _timed(volumes: list[tuple[Frame, ...]], stack: Stack, key: str) -> list[PhaseVolume]:
    """Give each volume its start from the first clock that agrees with their order."""
    triggers = [[_trigger_s(frame.values) for frame in frames] for frames in volumes]
    clocks = []
    for name, read in _CLOCKS[:3]:
        times = [[read(frame.values) for frame in frames] for frames in volumes]
        clocks.append((name, [_least(group) for group in times]))
    origin, _ = start_time(stack.frames)
    since = [_least(group) for group in triggers]
    if origin is not None:
        shifted = [None if s is None else origin + s for s in since]
        after = 2 if "TriggerTime" not in key else 0
        clocks.insert(after, ("TriggerTime (0018,1060)", shifted))
    spacing = stack.frames[0].values.number(tags.TEMPORAL_RESOLUTION)
    if origin is not None and spacing and "Temporal" in key:
        steps: list[float | None] = [origin + k * spacing / 1000 for k in range(len(volumes))]
        clocks.append(("TemporalResolution (0020,0110)", steps))
    for name, starts in clocks:
        known = [start for start in starts if start is not None]
        rising = all(b - a > 0 for a, b in pairwise(known))
        if len(known) == len(volumes) and rising:
            return [
                PhaseVolume(frames, stack, start, name)
                for frames, start in zip(volumes, known, strict=True)
            ]
    return [PhaseVolume(frames, stack, None, "not recorded") for frames in volumes]


def _least(times: Sequence[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return min(known) if known and len(known) == len(times) else None

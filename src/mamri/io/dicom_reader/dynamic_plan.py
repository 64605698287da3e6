"""Which volumes are the phases of the dynamic series, in which order, at which times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.clusters import (
    CandidateSeries,
    PlannedPhase,
    best_cluster,
    clusters_of,
    interval_s,
    is_ultrafast,
    same_frame_of_reference,
    same_grid,
    same_protocol,
    tag_suppression,
    values_of,
    worth,
)
from mamri.io.dicom_reader.options import DicomOptions
from mamri.io.dicom_reader.phases import split_volumes, start_time
from mamri.io.dicom_reader.roles import OTHER_DIXON_PARTS, WATER_PARTS, named_pre
from mamri.io.dicom_reader.stacks import Stack, stack_fault
from mamri.io.dicom_reader.values import HeaderValues
from mamri.records import (
    Acquisition,
    Caveat,
    DicomError,
    GeometryError,
    InputError,
    Laterality,
    SeriesRole,
    TimingError,
)

# A phase lasts longer and shorter than these, s (assumption: ultrafast to high-resolution).
_PHASE_LIMITS_S = (0.5, 600.0)
_SUPPRESSION_WORDS = ("fatsat", "fat sat", "fat-sat", "fs", "spair", "spir", "sfs", "stir", "fat/s")
# All phases of one examination lie within this, s (assumption).
_LONGEST_EXAM_S = 12 * 3600.0
# Length of a phase where neither tags nor the interval between post-contrast phases tell it, s
# (assumption: protocols ask for 60 to 120 s a phase).
_USUAL_PHASE_S = 90.0


@dataclass(frozen=True, slots=True, eq=False)
class DynamicPlan:
    """The dynamic series, ready to be read.

    Parameters
    ----------
    phases : tuple of PlannedPhase
        In order of time.
    times_s : (T,) float or None, s
        Centre of each phase from the injection; None until the images decide which are pre.
    starts_s : (T,) float or None, s
        Start of each phase, counted from the first.
    duration_s : float or None, s
        Time to acquire one phase.
    n_pre : int or None
        Pre-contrast phases; None where only the images can tell.
    order_source, time_source, injection_source : str
    acquisition : Acquisition
    roles : mapping of series UID to (role, reason, used)
    """

    phases: tuple[PlannedPhase, ...]
    times_s: tuple[float, ...] | None
    starts_s: tuple[float, ...] | None
    duration_s: float | None
    n_pre: int | None
    order_source: str
    time_source: str
    injection_source: str
    acquisition: Acquisition
    roles: Mapping[str, tuple[SeriesRole, str, bool]]

    @property
    def affine(self) -> np.ndarray:
        """(slice, row, column) to LPS in mm."""
        return self.phases[0].volume.stack.affine

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.phases[0].volume.stack.shape


@dataclass(slots=True)
class _Split:
    """Volumes of all candidates, and what went wrong with some."""

    volumes: list[PlannedPhase]
    errors: list[tuple[CandidateSeries, InputError]]
    order: dict[str, str]
    caveats: list[Caveat]


def plan_dynamic(
    candidates: Sequence[CandidateSeries], options: DicomOptions
) -> tuple[DynamicPlan | None, InputError | None, tuple[Caveat, ...]]:
    """Choose, order and time the phases among the T1-weighted gradient-echo series.

    Returns
    -------
    plan : DynamicPlan or None
    error : InputError or None
        Why there is no plan.
    caveats : tuple of Caveat
    """
    plan: DynamicPlan | None
    try:
        if options.phase_sources is not None:
            plan, caveats = _plan_given(candidates, options)
        else:
            plan, caveats = _plan_found(candidates, options)
    except InputError as error:
        return None, error, ()
    return plan, None, tuple(caveats)


def _plan_given(
    candidates: Sequence[CandidateSeries], options: DicomOptions
) -> tuple[DynamicPlan, list[Caveat]]:
    """Phases that the user named, each with its time."""
    split = _split(candidates, options)
    given = options.phase_sources or ()
    chosen: list[tuple[float, PlannedPhase]] = []
    for source, seconds in given:
        fitting = [phase for phase in split.volumes if _is_named(phase, source)]
        if len(fitting) != 1:
            numbers = ", ".join(str(entry.number) for entry in candidates)
            raise TimingError(
                f"--phase {source} must name one T1-weighted volume, it names {len(fitting)}; "
                f"use a sub-folder, a series UID or a series number ({numbers})"
            )
        chosen.append((seconds, fitting[0]))
    chosen.sort(key=lambda pair: pair[0])
    times = tuple(seconds for seconds, _ in chosen)
    _check_times(times, len(chosen))
    phases = [phase for _, phase in chosen]
    for phase in phases[1:]:
        if not same_grid(phases[0].volume.stack, phase.volume.stack):
            raise GeometryError(
                "all phases must lie on one grid, those given do not; give phases of one breast "
                "and one protocol"
            )
    plan = _plan(phases, candidates, "given by the user", options)
    return (
        replace(
            plan,
            times_s=times,
            n_pre=sum(t <= 0 for t in times),
            time_source="given by the user",
            injection_source="given by the user: times count from injection",
        ),
        split.caveats,
    )


def _is_named(phase: PlannedPhase, source: str) -> bool:
    wanted = source.strip().strip("/")
    if wanted in (phase.series.uid, str(phase.series.number)):
        return True
    names = [frame.name for frame in phase.volume.frames]
    folders = tuple(f"/{name}".rsplit("/", 1)[0].strip("/") for name in names)
    return bool(wanted) and all(
        f"/{wanted}/" in f"/{folder}/" or (folder and wanted.endswith(f"/{folder}"))
        for folder in folders
    )


def _plan_found(
    candidates: Sequence[CandidateSeries], options: DicomOptions
) -> tuple[DynamicPlan | None, list[Caveat]]:
    if not candidates:
        return None, []
    split = _split(candidates, options)
    clusters = clusters_of(split.volumes)
    if options.side is not None:
        clusters = [c for c in clusters if _side(c) in (options.side, None)]
    best = best_cluster(clusters)
    for entry, error in split.errors:
        if best is None or len(best) < 2 or _would_belong(entry, best):
            raise error
    if best is None:
        raise TimingError(
            "a T1-weighted volume was needed, none could be assembled; see mamri inspect"
        )
    _refuse_other_side(best, clusters, candidates)
    _refuse_split_frame_of_reference(best, split.volumes)
    _refuse_incomplete_phase(best, split.volumes)
    caveats = list(split.caveats)
    if len(best) == 1:
        plan, more = _single(clusters, candidates, options)
        return plan, caveats + more
    ordered, order_source = _ordered(best, split, options)
    plan = _plan(ordered, candidates, order_source, options)
    plan, beside = _with_ultrafast_beside(plan, clusters)
    plan, timed = _with_times(plan, options)
    return plan, caveats + beside + timed


def _split(candidates: Sequence[CandidateSeries], options: DicomOptions) -> _Split:
    split = _Split([], [], {}, [])
    n_times = None if options.times_s is None else len(options.times_s)
    for entry in candidates:
        if entry.faults:
            name, why = entry.faults[0]
            split.errors.append(
                (
                    entry,
                    DicomError(
                        f"every image of the dynamic series was needed, but {name} {why}; "
                        "export the exam again from its source"
                    ),
                )
            )
        if not entry.stacks:
            continue
        whole = [stack for stack in entry.stacks if len(stack.slices) > 1]
        strays = [stack for stack in entry.stacks if len(stack.slices) == 1] if whole else []
        whole = _water_alone(whole) or list(entry.stacks[:1])
        if whole and strays:
            split.errors.append(
                (
                    entry,
                    GeometryError(
                        "all images of a series must share one matrix, spacing and orientation, "
                        f"{strays[-1].frames[0].name} does not (mixed geometry); remove it or "
                        "export the exam again"
                    ),
                )
            )
        for stack in whole:
            fault = stack_fault(stack)
            if fault is not None:
                split.errors.append(
                    (
                        entry,
                        GeometryError(
                            "a whole stack of evenly spaced slices was needed, but series "
                            f"{entry.number} {fault}; export the exam again from its source"
                        ),
                    )
                )
                continue
            try:
                volumes, order, caveats = split_volumes(stack, n_times=n_times)
            except TimingError as error:
                split.errors.append((entry, error))
                continue
            split.order[entry.uid] = order
            split.caveats += caveats
            split.volumes += [PlannedPhase(volume, entry) for volume in volumes]
    return split


def _water_alone(stacks: Sequence[Stack]) -> list[Stack]:
    """Stacks without the other parts of a Dixon series that holds water images too."""
    kinds = [{kind.upper() for kind in stack.key.kind} for stack in stacks]
    if not any(kind & WATER_PARTS for kind in kinds):
        return list(stacks)
    return [
        stack
        for stack, kind in zip(stacks, kinds, strict=True)
        if kind & WATER_PARTS or not kind & OTHER_DIXON_PARTS
    ]


def _with_ultrafast_beside(
    plan: DynamicPlan, clusters: Sequence[Sequence[PlannedPhase]]
) -> tuple[DynamicPlan, list[Caveat]]:
    """Plan whose roles say which series are an ultrafast dynamic that is not read."""
    chosen = {id(phase) for phase in plan.phases}
    fast = [c for c in clusters if is_ultrafast(c) and id(c[0]) not in chosen]
    if not fast:
        return plan, []
    roles, caveats = dict(plan.roles), []
    for cluster in fast:
        what = f"{len(cluster)} volumes {interval_s(cluster):.1f} s apart"
        for phase in cluster:
            why = f"{phase.series.reason}; ultrafast ({what}), the conventional dynamic is read"
            roles[phase.series.uid] = (SeriesRole.DYNAMIC, why, False)
        caveats.append(
            Caveat(
                "ultrafast_not_read",
                f"An ultrafast dynamic series ({what}) lies beside the conventional one and was "
                "not used; to analyse it, give a folder that holds it without the other.",
            )
        )
    return replace(plan, roles=roles), caveats


def _would_belong(entry: CandidateSeries, best: Sequence[PlannedPhase]) -> bool:
    """Whether a faulty series looks like part of the dynamic: same matrix, plane and protocol."""
    key = best[0].volume.stack.key
    return any(
        (stack.key.rows, stack.key.columns, stack.key.cosines, stack.key.echo)
        == (key.rows, key.columns, key.cosines, key.echo)
        for stack in entry.stacks
    ) or (not entry.stacks and bool(entry.faults))


def _side(cluster: Sequence[PlannedPhase]) -> Laterality | None:
    """Breast of a one-breast volume, from patient coordinates; None where it holds the midline."""
    stack = cluster[0].volume.stack
    corners = np.array(
        [
            stack.affine @ [s, r, c, 1.0]
            for s in (0, stack.shape[0] - 1)
            for r in (0, stack.shape[1] - 1)
            for c in (0, stack.shape[2] - 1)
        ]
    )[:, 0]
    if corners.min() > -20:
        return Laterality.LEFT
    return Laterality.RIGHT if corners.max() < 20 else None


def _refuse_other_side(
    best: Sequence[PlannedPhase],
    clusters: Sequence[Sequence[PlannedPhase]],
    candidates: Sequence[CandidateSeries],
) -> None:
    side = _side(best)
    rivals = [
        cluster
        for cluster in clusters
        if cluster is not best and len(cluster) > 1 and _side(cluster) not in (None, side)
    ]
    if side is None or not rivals:
        return
    raise GeometryError(
        "one dynamic series was needed, the two breasts were acquired as separate ones; "
        "analyse each with --side right and --side left"
    )


def _refuse_split_frame_of_reference(
    best: Sequence[PlannedPhase], volumes: Sequence[PlannedPhase]
) -> None:
    alike = [
        phase
        for phase in volumes
        if same_protocol(best[0], phase) and not same_frame_of_reference(best[0], phase)
    ]
    if alike:
        raise GeometryError(
            "all phases must share one frame of reference (0020,0052), "
            f"{len(alike)} volumes of the same protocol have another; if the patient did not move "
            "between them, name the phases with --phase"
        )


def _refuse_incomplete_phase(best: Sequence[PlannedPhase], volumes: Sequence[PlannedPhase]) -> None:
    """Refuse when a volume of the same protocol lies on part of the grid: slices are missing."""
    inside = {id(phase) for phase in best}
    for phase in volumes:
        if id(phase) in inside or not same_frame_of_reference(best[0], phase):
            continue
        first, other = best[0].volume.stack, phase.volume.stack
        if first.shape[0] == other.shape[0] or not same_protocol(best[0], phase, part=True):
            continue
        few, many = sorted((first.shape[0], other.shape[0]))
        raise GeometryError(
            f"every phase needs the same slices, series {phase.series.number} has "
            f"{other.shape[0]} and series {best[0].series.number} has {first.shape[0]} of the same "
            f"protocol: {many - few} are missing at an end; export the exam again from its source, "
            "or name the phases with --phase"
        )


def _ordered(
    cluster: Sequence[PlannedPhase], split: _Split, options: DicomOptions
) -> tuple[list[PlannedPhase], str]:
    series = {phase.series.uid for phase in cluster}
    if len(series) == 1:
        return list(cluster), split.order[next(iter(series))]
    starts = [phase.volume.start_s for phase in cluster]
    if all(start is not None for start in starts):
        order = sorted(range(len(cluster)), key=lambda i: starts[i] or 0.0)
        distinct = len({round(start or 0.0, 3) for start in starts}) == len(starts)
        known = [start or 0.0 for start in starts]
        if max(known) - min(known) > _LONGEST_EXAM_S:
            raise TimingError(
                f"the phases needed times within {_LONGEST_EXAM_S / 3600:.0f} hours, theirs are "
                f"{(max(known) - min(known)) / 3600:.0f} hours apart (midnight without "
                "AcquisitionDate (0008,0022)?); give --phase SERIES:SECONDS for each"
            )
        if distinct:
            source = cluster[0].volume.time_source
            return [cluster[i] for i in order], f"{source} of {len(series)} series"
    raise TimingError(
        f"the phases of {len(series)} series needed distinct acquisition times, they have none; "
        "give --phase SERIES:SECONDS for each"
    )


def _plan(
    phases: Sequence[PlannedPhase],
    candidates: Sequence[CandidateSeries],
    order_source: str,
    options: DicomOptions,
) -> DynamicPlan:
    starts = [phase.volume.start_s for phase in phases]
    known = [start for start in starts if start is not None]
    relative = tuple(start - known[0] for start in known) if len(known) == len(phases) else None
    duration = _duration(phases, relative)
    acquisition = _acquisition(phases, duration)
    roles = {
        entry.uid: (SeriesRole.OTHER, f"{entry.reason}, another grid or protocol than the dynamic",
                    False)
        for entry in candidates
    }  # fmt: skip
    for entry in candidates:
        values = _values_of(entry)
        if values is not None and values.text(tags.CONTRAST_AGENT):
            roles[entry.uid] = (
                SeriesRole.T1_POST,
                f"{entry.reason} after contrast, another grid or protocol than the dynamic",
                False,
            )
        elif values is not None and _ended_before(entry, phases):
            roles[entry.uid] = (
                SeriesRole.T1_PRE,
                f"{entry.reason} before the dynamic, on another grid or protocol",
                False,
            )
    for phase in phases:
        roles[phase.series.uid] = (
            SeriesRole.DYNAMIC,
            f"{phase.series.reason}; its volumes share one grid and protocol",
            True,
        )
    return DynamicPlan(
        tuple(phases), None, relative, duration, None, order_source,
        phases[0].volume.time_source, "unknown", acquisition, roles,
    )  # fmt: skip


def _ended_before(entry: CandidateSeries, phases: Sequence[PlannedPhase]) -> bool:
    """Whether a series of one volume was acquired before the first phase."""
    first = phases[0].volume.start_s
    if entry.stacks[0].n_volumes != 1 or first is None:
        return False
    start, _ = start_time(entry.stacks[0].frames)
    return start is not None and start < first


def _values_of(entry: CandidateSeries) -> HeaderValues | None:
    return entry.stacks[0].frames[0].values if entry.stacks else None


def _single(
    clusters: Sequence[Sequence[PlannedPhase]],
    candidates: Sequence[CandidateSeries],
    options: DicomOptions,
) -> tuple[DynamicPlan, list[Caveat]]:
    """A plan with one phase: the pre-contrast volume where one is named so."""
    singles = [cluster[0] for cluster in clusters]

    def fitness(phase: PlannedPhase) -> tuple[int, int, int, int]:
        named = named_pre(phase.series.description) is True
        agent = bool(values_of(phase).text(tags.CONTRAST_AGENT))
        return (int(named), int(not agent), *worth([phase])[1:])

    chosen = max(singles, key=fitness)
    plan = _plan([chosen], candidates, "one volume", options)
    agent = bool(values_of(chosen).text(tags.CONTRAST_AGENT))
    named = named_pre(chosen.series.description)
    is_post = named is not True and (agent or named is False)
    role = SeriesRole.T1_POST if is_post else SeriesRole.T1_PRE
    why = "its name says pre-contrast" if named else "the only T1-weighted volume"
    if is_post:
        why = "contrast agent is recorded" if agent else "its name says post-contrast"
    roles = dict(plan.roles)
    roles[chosen.series.uid] = (role, f"{chosen.series.reason}; {why}", True)
    single = replace(
        plan, times_s=(0.0,), n_pre=1, roles=roles, time_source="one phase: no times needed",
        injection_source="none",
    )  # fmt: skip
    if not is_post:
        return single, []
    centre = (plan.duration_s or _USUAL_PHASE_S) / 2
    return replace(single, times_s=(centre,), n_pre=0), [
        Caveat(
            "no_pre_contrast_phase_found",
            f"The only T1-weighted volume is post-contrast ({why}): enhancement cannot be "
            "computed.",
        )
    ]


def _check_times(times: Sequence[float], n_phases: int) -> None:
    if len(times) != n_phases:
        raise TimingError(
            f"one time for each of {n_phases} phases was needed, {len(times)} came; correct --times"
        )
    if any(b - a <= 0 for a, b in pairwise(times)):
        raise TimingError(
            f"phase times must increase, got {list(times)} s; correct --times or --phase"
        )
    if len(times) > 1 and times[0] > 0:
        raise TimingError(
            f"one phase must be pre-contrast (time 0 or below), the earliest is at {times[0]:g} s; "
            "give the pre-contrast phase a time of 0 or below"
        )


def _with_times(plan: DynamicPlan, options: DicomOptions) -> tuple[DynamicPlan, list[Caveat]]:
    if options.times_s is not None:
        _check_times(options.times_s, len(plan.phases))
        return replace(
            plan,
            times_s=options.times_s,
            n_pre=sum(t <= 0 for t in options.times_s),
            time_source="given by the user",
            injection_source="given by the user: times count from injection",
        ), []
    if plan.starts_s is None:
        raise TimingError(
            f"the times of {len(plan.phases)} phases were needed, the headers do not give them; "
            f"give --times with {len(plan.phases)} values in seconds from injection"
        )
    caveats = []
    if plan.duration_s is None:
        caveats.append(
            Caveat(
                "phase_duration_unknown",
                "The duration of a phase is not recorded: the centre of each was taken "
                f"{_assumed_duration(plan.starts_s) / 2:.0f} s after its start, from the shortest "
                "interval between phases or, of two phases, at most a usual duration.",
            )
        )
    if options.injection_s is not None:
        return timed_from(
            plan, options.injection_s, "given by the user, from the start of the first phase"
        ), caveats
    injection = _recorded_injection(plan)
    if injection is not None:
        return timed_from(plan, injection, "ContrastBolusStartTime (0018,1042)"), caveats
    n_pre, why = _named_pre_phases(plan)
    if n_pre is None:
        return replace(plan, n_pre=None, injection_source="to be decided from the images"), caveats
    planned, more = with_pre_phases(plan, n_pre, why)
    return planned, caveats + list(more)


def centres_s(plan: DynamicPlan) -> np.ndarray:
    """Centre of each phase, seconds from the start of the first."""
    starts = np.array(plan.starts_s)
    duration = plan.duration_s
    if duration is None:
        duration = _assumed_duration(tuple(starts))
    return np.asarray(starts + duration / 2)


def _assumed_duration(starts: Sequence[float]) -> float:
    """Duration of a phase from the intervals; the one interval of two phases holds a pause."""
    shortest = float(np.diff(starts).min())
    return shortest if len(starts) > 2 else min(shortest, _USUAL_PHASE_S)


def timed_from(plan: DynamicPlan, injection_s: float, source: str) -> DynamicPlan:
    """Plan with times counted from an injection, in seconds from the start of the first phase."""
    times = centres_s(plan) - injection_s
    return replace(
        plan,
        times_s=tuple(float(t) for t in times),
        n_pre=int(np.count_nonzero(times <= 0)),
        injection_source=source,
    )


def with_pre_phases(
    plan: DynamicPlan, n_pre: int, why: str
) -> tuple[DynamicPlan, tuple[Caveat, ...]]:
    """Plan timed from an assumed injection: the start of the first post-contrast phase."""
    starts = plan.starts_s or ()
    if n_pre == 0:
        planned = timed_from(plan, 0.0, f"assumed at the start of the first phase ({why})")
        return planned, (
            Caveat(
                "no_pre_contrast_phase_found",
                f"No pre-contrast phase was found ({why}): enhancement cannot be computed. Name "
                "the phases with --phase if there is one.",
            ),
        )
    source = f"assumed at the start of the first post-contrast phase; pre-contrast: {why}"
    injection = starts[n_pre] if n_pre < len(starts) else starts[-1] + 600.0
    return timed_from(plan, float(injection), source), (
        Caveat(
            "injection_time_assumed",
            "The time of injection is not recorded: it was taken as the start of the first "
            f"post-contrast phase ({n_pre} pre-contrast: {why}). Times may be early by the delay "
            "between injection and scan.",
        ),
    )


def _recorded_injection(plan: DynamicPlan) -> float | None:
    """Injection in seconds from the start of the first phase, if the tag is plausible."""
    starts = plan.starts_s or ()
    origin, _ = start_time(plan.phases[0].volume.frames)
    if origin is None:
        return None
    found = set()
    for phase in plan.phases:
        seconds = values_of(phase).time_of_day_s(tags.CONTRAST_START_TIME)
        if seconds is not None:
            offset = seconds - origin % 86_400.0
            found.add(round(offset + (86_400.0 if offset < -43_200.0 else 0.0), 1))
    if len(found) != 1:
        return None
    injection = found.pop()
    centres = centres_s(plan)
    n_pre = int(np.count_nonzero(centres <= injection))
    plausible = 0 < n_pre < len(starts) and injection <= 2 * centres[n_pre] - starts[n_pre]
    return injection if plausible else None


def _named_pre_phases(plan: DynamicPlan) -> tuple[int | None, str]:
    """Number of leading pre-contrast phases by contrast agent, then by name; None if untold."""
    agents = [bool(values_of(phase).text(tags.CONTRAST_AGENT)) for phase in plan.phases]
    n_without = agents.index(True) if True in agents else len(agents)
    if 0 < n_without < len(agents) and all(agents[n_without:]):
        return n_without, "ContrastBolusAgent (0018,0010) is absent"
    names = [named_pre(phase.series.description) for phase in plan.phases]
    n_named = next((i for i, name in enumerate(names) if name is not True), len(names))
    separate = len({phase.series.uid for phase in plan.phases}) > 1
    if separate and 0 < n_named < len(names) and True not in names[n_named:]:
        return n_named, "named as pre-contrast"
    return None, ""


def _duration(phases: Sequence[PlannedPhase], starts: tuple[float, ...] | None) -> float | None:
    """Time to acquire one phase, where a plausible one is recorded."""
    values = values_of(phases[-1])
    maker = values.text(tags.MANUFACTURER).casefold()
    siemens = values.private_number(tags.SIEMENS_SLICE_DURATION)
    resolution = values.number(tags.TEMPORAL_RESOLUTION)
    frame = values.number(tags.FRAME_ACQUISITION_DURATION)
    by_maker = {
        "ge": [resolution and resolution / 1000],
        "si": [siemens and siemens / 1000],
        "ph": [
            values.number(tags.ACQUISITION_DURATION),
            values.private_number(tags.PHILIPS_DURATION),
        ],
    }
    # The duration of a frame comes first: that of a multi-frame object covers all its phases.
    tried = [
        frame and frame / 1000,
        *by_maker.get(maker[:2], []),
        resolution and resolution / 1000,
        values.number(tags.ACQUISITION_DURATION),
    ]
    shortest = min(np.diff(starts)) if starts is not None and len(starts) > 1 else np.inf
    for seconds in tried:
        if seconds and _PHASE_LIMITS_S[0] <= seconds <= min(_PHASE_LIMITS_S[1], 1.1 * shortest):
            return float(seconds)
    return None


def _acquisition(phases: Sequence[PlannedPhase], duration: float | None) -> Acquisition:
    values = values_of(phases[0])
    suppressed = tag_suppression(values)
    source = "ScanOptions (0018,0022) and its vendor forms" if suppressed is not None else ""
    if suppressed is not True:
        words = " ".join(
            (values.text(tags.SERIES_DESCRIPTION), values.text(tags.PROTOCOL_NAME))
        ).casefold()
        split = set(words.replace("_", " ").replace("/", " ").replace("-", " ").split())
        if split & set(_SUPPRESSION_WORDS) or any(w in words for w in ("fat sat", "fatsat")):
            suppressed, source = True, "the name of the series"
        elif "water" in words or {"W", "WATER"} & {
            t.upper() for t in values.texts(tags.IMAGE_TYPE)
        }:
            suppressed, source = True, "a Dixon water image"
    agents = [values_of(phase).text(tags.CONTRAST_AGENT) for phase in phases]
    return Acquisition(
        manufacturer=values.text(tags.MANUFACTURER) or None,
        model=values.text(tags.MODEL_NAME) or None,
        field_strength_t=values.number(tags.FIELD_STRENGTH),
        tr_ms=values.number(tags.REPETITION_TIME),
        te_ms=values.number(tags.ECHO_TIME),
        flip_angle_deg=values.number(tags.FLIP_ANGLE),
        slice_thickness_mm=values.number(tags.SLICE_THICKNESS),
        phase_duration_s=duration,
        fat_suppressed=suppressed,
        fat_suppression_source=source or "not recorded",
        contrast_agent=next((agent for agent in agents if agent), None),
    )

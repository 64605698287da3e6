"""Volumes that could be phases of one dynamic series, and which of them to read.

Volumes belong together by grid, protocol and frame of reference; among several dynamic series the
conventional one is read before an ultrafast one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.phases import PhaseVolume
from mamri.io.dicom_reader.stacks import Stack
from mamri.io.dicom_reader.values import HeaderValues

_SAME_GRID_MM = 0.5
_SAME_TIMING = 0.02
_FAT_SUPPRESSED = frozenset({"FS", "SFS", "SPECTRAL", "FAT_SAT"})
# Phases follow each other faster than this only in ultrafast imaging, s: below 10 s a phase, while
# conventional imaging takes 60 to 120 s (Mann RM et al., doi:10.1148/radiol.2019182947; the limit
# between them is assumed).
_ULTRAFAST_S = 20.0
# A volume that covers this much of the grid of the dynamic, slice on slice, is a phase of it.
_PART_OF_GRID = 0.5


class CandidateSeries(Protocol):
    """What the plan needs of a series."""

    @property
    def uid(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def number(self) -> int | None: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def stacks(self) -> tuple[Stack, ...]: ...  # noqa: D102
    @property
    def faults(self) -> tuple[tuple[str, str], ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class PlannedPhase:
    """One phase: its frames by slice and the series it comes from."""

    volume: PhaseVolume
    series: CandidateSeries


def clusters_of(volumes: Sequence[PlannedPhase]) -> list[list[PlannedPhase]]:
    """Volumes that could be phases of one dynamic: same grid and same protocol."""
    clusters: list[list[PlannedPhase]] = []
    for phase in volumes:
        for cluster in clusters:
            if same_protocol(cluster[0], phase) and same_frame_of_reference(cluster[0], phase):
                cluster.append(phase)
                break
        else:
            clusters.append([phase])
    return clusters


def same_protocol(a: PlannedPhase, b: PlannedPhase, *, part: bool = False) -> bool:
    """Whether two volumes were acquired alike; `part`: one grid may hold part of the other."""
    first, second = values_of(a), values_of(b)
    for tag in (tags.REPETITION_TIME, tags.ECHO_TIME, tags.FLIP_ANGLE):
        x, y = first.number(tag), second.number(tag)
        if (x is None) != (y is None):
            return False
        if x is not None and y is not None and abs(x - y) > _SAME_TIMING * max(abs(x), abs(y)):
            return False
    same_kind = a.volume.stack.key.kind == b.volume.stack.key.kind
    suppressed = tag_suppression(first), tag_suppression(second)
    alike = _overlapping_grid if part else same_grid
    return same_kind and suppressed[0] == suppressed[1] and alike(a.volume.stack, b.volume.stack)


def same_grid(a: Stack, b: Stack) -> bool:
    """Whether two stacks lie on one grid."""
    if a.shape != b.shape:
        return False
    corner = np.array([*a.shape, 1.0])
    start = np.array([0.0, 0.0, 0.0, 1.0])
    difference = a.affine - b.affine
    return bool(
        np.linalg.norm(difference @ corner) < _SAME_GRID_MM
        and np.linalg.norm(difference @ start) < _SAME_GRID_MM
    )


def _overlapping_grid(a: Stack, b: Stack) -> bool:
    """Whether most slices of the smaller stack fall on slices of the other."""
    if (a.key.rows, a.key.columns, a.key.spacing, a.key.cosines) != (
        b.key.rows, b.key.columns, b.key.spacing, b.key.cosines
    ):  # fmt: skip
        return False
    small, large = sorted(([f[0].position for f in s.slices] for s in (a, b)), key=len)
    near = [min(np.linalg.norm(p - q) for q in large) < _SAME_GRID_MM / 5 for p in small]
    return bool(sum(near) > _PART_OF_GRID * len(large))


def same_frame_of_reference(a: PlannedPhase, b: PlannedPhase) -> bool:
    """Whether two volumes share one frame of reference."""
    return values_of(a).text(tags.FRAME_OF_REFERENCE_UID) == values_of(b).text(
        tags.FRAME_OF_REFERENCE_UID
    )


def worth(cluster: Sequence[PlannedPhase]) -> tuple[int, int, int]:
    """Most phases, then fat suppressed before not, then most voxels."""
    shape = cluster[0].volume.stack.shape
    suppressed = tag_suppression(values_of(cluster[0])) is True
    return len(cluster), int(suppressed), int(np.prod(shape))


def best_cluster(clusters: Sequence[list[PlannedPhase]]) -> list[PlannedPhase] | None:
    """The dynamic to read: an ultrafast one only where no whole conventional one was acquired.

    Kinetic curves need phases up to minutes after the injection, which an ultrafast series, for
    all its phases, does not have. A conventional one that began after it has no pre-contrast phase.
    """
    best = max(clusters, key=worth, default=None)
    if best is None or not is_ultrafast(best):
        return best
    begun = _first_start(best)
    slower = [
        cluster
        for cluster in clusters
        if len(cluster) > 1 and not is_ultrafast(cluster) and _first_start(cluster) <= begun
    ]
    return max(slower, key=worth, default=best)


def _first_start(cluster: Sequence[PlannedPhase]) -> float:
    return min((p.volume.start_s for p in cluster if p.volume.start_s is not None), default=np.inf)


def interval_s(cluster: Sequence[PlannedPhase]) -> float:
    """Median time from phase to phase; infinite where it is not known."""
    starts = sorted(p.volume.start_s for p in cluster if p.volume.start_s is not None)
    return float(np.median(np.diff(starts))) if len(starts) == len(cluster) > 1 else np.inf


def is_ultrafast(cluster: Sequence[PlannedPhase]) -> bool:
    """Whether phases follow each other as only ultrafast ones do."""
    return interval_s(cluster) < _ULTRAFAST_S


def values_of(phase: PlannedPhase) -> HeaderValues:
    """Header values that stand for a volume: those of its first slice."""
    return phase.volume.frames[0].values


def tag_suppression(values: HeaderValues) -> bool | None:
    """Whether the attributes say that fat is suppressed; None where they do not."""
    options = {part.upper() for part in values.texts(tags.SCAN_OPTIONS)}
    standard = values.text(tags.FAT_SUPPRESSION).upper()
    if options & _FAT_SUPPRESSED or any("FAT" in o and "SAT" in o for o in options):
        return True
    if standard and standard != "NONE":
        return True
    if values.owns(tags.PHILIPS_SPIR) and values.text(tags.PHILIPS_SPIR) in ("Y", "YES", "1"):
        return True
    return False if options or standard == "NONE" else None

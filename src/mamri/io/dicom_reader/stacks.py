"""Slices in order of position: the grid of a series, and what is wrong with it.

Order comes from the projection of each position on the normal of its plane, never from instance
numbers, slice locations or file names.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.geometry import affine_from_axes
from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.frames import Frame

# Positions within this are one slice (tables move in tenths of a millimetre).
_SAME_POSITION_MM = 0.02
# Largest departure of a slice distance from the median, as a fraction of it.
_UNEQUAL = 0.01


@dataclass(frozen=True, slots=True)
class GridKey:
    """What all frames of one stack share."""

    rows: int
    columns: int
    spacing: tuple[float, float]
    cosines: tuple[float, ...]
    echo: tuple[float, ...]
    kind: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Frames on one grid, by slice.

    Parameters
    ----------
    key : GridKey
    offsets_mm : (S,) float
        Distance of each slice along the normal, increasing.
    slices : tuple of tuple of Frame
        Frames at each slice, one for each phase or volume.
    """

    key: GridKey
    offsets_mm: np.ndarray
    slices: tuple[tuple[Frame, ...], ...]

    @property
    def frames(self) -> list[Frame]:
        """All frames."""
        return [frame for group in self.slices for frame in group]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return len(self.slices), self.key.rows, self.key.columns

    @property
    def n_volumes(self) -> int | None:
        """Frames at each slice, or None where they differ."""
        counts = {len(group) for group in self.slices}
        return counts.pop() if len(counts) == 1 else None

    @property
    def step_mm(self) -> float:
        """Median distance of neighbouring slices; the nominal one for a single slice."""
        if len(self.offsets_mm) > 1:
            return float(np.median(np.diff(self.offsets_mm)))
        values = self.slices[0][0].values
        nominal = values.number(tags.SPACING_BETWEEN_SLICES) or values.number(tags.SLICE_THICKNESS)
        return float(nominal or 1.0)

    @property
    def affine(self) -> np.ndarray:
        """(slice, row, column) to LPS in mm."""
        first, last = self.slices[0][0], self.slices[-1][0]
        if len(self.slices) > 1:
            step = (last.position - first.position) / (len(self.slices) - 1)
        else:
            step = first.normal * self.step_mm
        return affine_from_axes(
            first.position, step, first.column_cosines * first.spacing[0],
            first.row_cosines * first.spacing[1],
        )  # fmt: skip


def grid_key(frame: Frame) -> GridKey:
    """Key of the stack that a frame belongs to."""
    values = frame.values
    cosines = np.round([*frame.row_cosines, *frame.column_cosines], 4) + 0.0
    echo = values.number(tags.ECHO_TIME)
    numbers = values.number(tags.ECHO_NUMBERS)
    kind = (*sorted(set(values.texts(tags.IMAGE_TYPE)[2:])), values.text(tags.COMPLEX_COMPONENT))
    return GridKey(
        values.integer(tags.ROWS) or 0,
        values.integer(tags.COLUMNS) or 0,
        (round(frame.spacing[0], 4), round(frame.spacing[1], 4)),
        tuple(float(c) for c in cosines),
        (round(echo, 2) if echo is not None else -1.0, numbers or 0.0),
        kind,
    )


def make_stacks(frames: Sequence[Frame]) -> list[Stack]:
    """Stacks of a series, largest first."""
    groups: dict[GridKey, list[Frame]] = {}
    for frame in frames:
        groups.setdefault(grid_key(frame), []).append(frame)
    return sorted((_stack(key, group) for key, group in groups.items()), key=_size, reverse=True)


def _size(stack: Stack) -> int:
    return len(stack.frames)


def _stack(key: GridKey, frames: list[Frame]) -> Stack:
    normal = frames[0].normal
    offsets = np.array([float(frame.position @ normal) for frame in frames])
    order = np.argsort(offsets, kind="stable")
    starts = np.flatnonzero(np.diff(offsets[order], prepend=-np.inf) > _SAME_POSITION_MM)
    groups = np.split(order, starts[1:])
    return Stack(
        key,
        np.array([offsets[group].mean() for group in groups]),
        tuple(tuple(frames[i] for i in group) for group in groups),
    )


def stack_fault(stack: Stack) -> str | None:
    """What keeps a stack from being a whole volume or whole volumes, or None.

    The text follows "series ...": it names the file beside the fault.
    """
    gaps = np.diff(stack.offsets_mm)
    if len(gaps):
        middle = float(np.median(gaps))
        odd = int(np.argmax(np.abs(gaps - middle)))
        if abs(gaps[odd] - middle) > _UNEQUAL * middle:
            what = (
                "a slice is missing" if gaps[odd] > 1.5 * middle else "slices are unevenly spaced"
            )
            return (
                f"has slices {middle:.2f} mm apart but {gaps[odd]:.2f} mm after "
                f"{stack.slices[odd][0].name}: {what}"
            )
    if stack.n_volumes is None:
        counts = Counter(len(group) for group in stack.slices)
        usual = counts.most_common(1)[0][0]
        odd_group = next(group for group in stack.slices if len(group) != usual)
        return (
            f"has {usual} images at most slices but {len(odd_group)} at that of "
            f"{odd_group[0].name}: a slice is missing or doubled"
        )
    lateral = [group[0].position for group in stack.slices]
    line = np.array(lateral) - np.outer(stack.offsets_mm, stack.slices[0][0].normal)
    drift = line - line[0]
    if len(lateral) > 2:
        expected = np.outer(np.linspace(0, 1, len(lateral)), drift[-1])
        if np.abs(drift - expected).max() > 0.5:
            return "has slices that do not lie in one row"
    return None

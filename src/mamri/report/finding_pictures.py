"""Pictures of one finding: three planes, before and after contrast, subtracted, in colour."""

from dataclasses import dataclass

import numpy as np

from mamri.geometry import spacing_mm, to_index
from mamri.records import ExamResult, Finding, Plane
from mamri.report.curve_colours import paint_curve_types
from mamri.report.exam_windows import ExamWindows
from mamri.report.picture import Outline, Picture, make_picture, svg_path
from mamri.report.tiles import Frame, outlines, to_grey

# Assumptions: at least 70 mm shows the finding with its surroundings; larger findings get three
# quarters of their size around them, up to a whole breast.
_MIN_SIDE_MM = 70.0
_MAX_SIDE_MM = 180.0
_SIDE_PER_EXTENT = 1.75
_FONT_PX = 15.0
_SIDE_PX = 320  # twice the printed size on screens of high density would need 520


@dataclass(frozen=True, slots=True)
class PlaneRow:
    """The pictures of one plane, left to right."""

    plane: Plane
    pictures: tuple[Picture, ...]


def finding_pictures(
    result: ExamResult, finding: Finding, windows: ExamWindows
) -> tuple[PlaneRow, ...]:
    """Pictures of a finding in three planes through one of its voxels.

    Columns are the phase before contrast, the early phase, their subtraction, and the curve types
    over the early phase; those that cannot be made are left out.

    Parameters
    ----------
    result : ExamResult
    finding : Finding
    windows : ExamWindows
    """
    frames = [
        finding_frame(result, finding, plane)
        for plane in (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
    ]
    return tuple(
        PlaneRow(frame.plane, _pictures(result, finding, windows, frame=frame)) for frame in frames
    )


def finding_frame(result: ExamResult, finding: Finding, plane: Plane = Plane.AXIAL) -> Frame:
    """Square around a finding in a plane through one of its voxels.

    Parameters
    ----------
    result : ExamResult
    finding : Finding
    plane : Plane
    """
    centre = voxel_nearest_centroid(result, finding)
    side = _side_mm(finding)
    spacing = spacing_mm(result.anatomy.affine)
    return Frame(plane, centre, spacing, side, side, side / _SIDE_PX)


def voxel_nearest_centroid(result: ExamResult, finding: Finding) -> tuple[float, float, float]:
    """Voxel of a finding nearest to its centroid, which may lie outside a crescent.

    Returns
    -------
    (s, r, c) float
        The centroid itself, unrounded, where the finding has no voxel in the mask.
    """
    affine = result.anatomy.affine
    centroid = to_index(affine, np.asarray(finding.centroid_mm_lps))
    corners = to_index(affine, np.asarray(finding.bounding_box_mm_lps))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + 3
    box = result.lesions.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    voxels = np.argwhere(box == finding.id) + low
    if voxels.size == 0:
        s, r, c = (float(value) for value in centroid)
        return s, r, c
    distance = np.linalg.norm((voxels - centroid) * spacing_mm(affine), axis=1)
    s, r, c = (float(value) for value in voxels[np.argmin(distance)])
    return s, r, c


def _side_mm(finding: Finding) -> float:
    low, high = np.asarray(finding.bounding_box_mm_lps, float)
    extent = float(np.max(high - low))
    return float(np.clip(_SIDE_PER_EXTENT * extent, _MIN_SIDE_MM, _MAX_SIDE_MM))


def _pictures(
    result: ExamResult, finding: Finding, windows: ExamWindows, *, frame: Frame
) -> tuple[Picture, ...]:
    layers = _layers(result, windows, frame)
    drawn = finding_outlines(result, finding, frame)
    cross = frame.pixel_of(frame.centre)
    return tuple(
        make_picture(
            pixels,
            frame,
            alt=f"Finding {finding.id}, {frame.plane.value} plane, {heading.lower()}",
            heading=heading,
            font=_FONT_PX,
            outlines=drawn,
            cross=(cross[0] + 0.5, cross[1] + 0.5),
        )
        for heading, pixels in layers
    )


def _layers(result: ExamResult, windows: ExamWindows, frame: Frame) -> list[tuple[str, np.ndarray]]:
    """Heading and pixels of each column."""
    dynamic = result.exam.dynamic
    if dynamic is None:
        return []

    def signal_at(phase: int) -> np.ndarray:
        # Linear: cubic interpolation overshoots at edges, which can look like rim enhancement.
        return frame.resample(frame.slice_of(dynamic.array[phase]))

    layers = []
    pre = np.mean([signal_at(i) for i in windows.pre], axis=0) if windows.pre else None
    if pre is not None:
        layers.append(("Before contrast", to_grey(pre, *windows.signal)))
    if windows.early is None:
        return layers
    early = signal_at(windows.early)
    grey = to_grey(early, *windows.signal)
    layers.append((f"Early phase, {dynamic.times_s[windows.early]:.0f} s", grey))
    if pre is not None:
        layers.append(("Subtraction", to_grey(early - pre, *windows.subtraction)))
    types = result.maps.get("curve_type")
    if types is not None:
        nearest = frame.resample(np.nan_to_num(frame.slice_of(types.array)), order=0)
        inside = frame.resample(frame.slice_of(result.lesions.array), order=0) > 0
        layers.append(("Curve type", paint_curve_types(grey, nearest, inside)))
    return layers


def finding_outlines(result: ExamResult, finding: Finding, frame: Frame) -> list[Outline]:
    """Outlines of this and other findings in a frame.

    Parameters
    ----------
    result : ExamResult
    finding : Finding
    frame : Frame
    """
    labels = frame.slice_of(result.lesions.array)
    near = frame.resample(labels, order=0)
    drawn = []
    for label in np.unique(near[near > 0]).astype(int):
        # Linear interpolation of the mask gives a smooth outline at the true edge.
        path = svg_path(outlines(frame.resample(labels == label)))
        drawn.append(Outline(path, "finding" if label == finding.id else "other"))
    return drawn

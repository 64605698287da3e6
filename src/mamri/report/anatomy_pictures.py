"""Pictures of the breasts as they were found, so that a reader can judge the measurements."""

import numpy as np

from mamri.records import ExamResult, Laterality, Plane
from mamri.report.breast_frames import breast_frame
from mamri.report.exam_windows import ExamWindows
from mamri.report.picture import Outline, Picture, make_picture, row_font, svg_path
from mamri.report.tiles import Frame, outlines, to_grey


def anatomy_pictures(result: ExamResult, windows: ExamWindows) -> tuple[Picture, ...]:
    """Axial picture of the breasts and a sagittal one of each, before contrast, with outlines.

    A single breast is shown in the coronal plane too.

    Parameters
    ----------
    result : ExamResult
    windows : ExamWindows

    Returns
    -------
    tuple of Picture
        Empty where no breast was found.
    """
    sides = result.anatomy.sides
    if result.exam.dynamic is None or not sides:
        return ()
    views: list[tuple[Plane, Laterality | None, str]] = [(Plane.AXIAL, None, "Axial")]
    if len(sides) == 1:
        views.append((Plane.CORONAL, None, "Coronal"))
    views += [(Plane.SAGITTAL, side, f"Sagittal, {side.word} breast") for side in sides]
    framed = [(breast_frame(result.anatomy, plane, side), title) for plane, side, title in views]
    font = row_font([frame for frame, _ in framed])
    return tuple(
        _picture(result, windows, frame, title=title, font=font * frame.shape[0])
        for frame, title in framed
    )


def _picture(
    result: ExamResult, windows: ExamWindows, frame: Frame, *, title: str, font: float
) -> Picture:
    dynamic, anatomy = result.exam.dynamic, result.anatomy
    assert dynamic is not None  # checked by the caller
    phases = windows.pre or (0,)
    signal = np.mean(
        [frame.resample(frame.slice_of(dynamic.array[i]), order=1) for i in phases], axis=0
    )
    drawn = []
    for kind, mask in (("tissue", anatomy.fibroglandular), ("breast", anatomy.breast)):
        inside = frame.resample(frame.slice_of(mask) > 0)
        drawn.append(Outline(svg_path(outlines(inside)), kind))
    return make_picture(
        to_grey(signal, *windows.before),
        frame,
        alt=f"{title} slice before contrast with the outlines of breast and fibroglandular tissue",
        heading=title,
        font=font,
        outlines=[outline for outline in drawn if outline.path],
    )

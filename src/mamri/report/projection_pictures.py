"""Maximum intensity projections of the subtraction, with the findings ringed and numbered."""

from collections.abc import Iterable

import numpy as np

from mamri.geometry import spacing_mm, to_index
from mamri.records import ExamResult, Finding, Laterality, Plane
from mamri.report.picture import Picture, Ring, make_picture
from mamri.report.tiles import Frame, plane_frame, to_grey

# Key of each projection, its plane, its title and the side it is limited to.
_PROJECTIONS = (
    ("axial", Plane.AXIAL, "Axial", None),
    ("sagittal_right", Plane.SAGITTAL, "Sagittal, right breast", Laterality.RIGHT),
    ("coronal", Plane.CORONAL, "Coronal", None),
    ("sagittal_left", Plane.SAGITTAL, "Sagittal, left breast", Laterality.LEFT),
)

_MARGIN_MM = 10.0  # around the breasts; assumption: room for the numbers
_RING_MM = 4.0  # from the finding to its ring; assumption
_WHITE_PERCENTILE = 99.7  # judged by eye on real exams: lesions and vessels stay apart; assumption
_MOST_RINGS = 12  # more would hide the picture; assumption


def projection_pictures(result: ExamResult) -> dict[str, Picture]:
    """Pictures of the projections that the result holds, by key, axial first.

    Parameters
    ----------
    result : ExamResult
        Its projections are in anatomical order, feet first (see ``kinetics.projections``).
    """
    pictures = {}
    for key, plane, title, side in _PROJECTIONS:
        projection = result.mips.get(key)
        if projection is None or not np.any(np.asarray(projection) > 0):
            continue
        findings = [f for f in result.findings[:_MOST_RINGS] if side in (None, f.side)]
        frame = _frame(result, plane, side)
        values = frame.resample(np.nan_to_num(projection), order=1)
        numbers = ", ".join(str(finding.id) for finding in findings)
        pictures[key] = make_picture(
            to_grey(values, *_window(projection)),
            frame,
            alt=f"Maximum intensity projection, {title.lower()}; "
            + (f"findings {numbers} ringed" if findings else "no finding"),
            heading=title,
            rings=_rings(result, findings, frame),
        )
    return pictures


def _window(projection: np.ndarray) -> tuple[float, float]:
    """Black and white of a projection: what lies under its brightest voxels keeps its contrast."""
    bright = projection[projection > 0]
    return 0.0, float(np.percentile(bright, _WHITE_PERCENTILE))


def _frame(result: ExamResult, plane: Plane, side: Laterality | None) -> Frame:
    """Whole slice, cut down to the breasts (or one of them) and a margin."""
    breast = result.anatomy.breast
    spacing = spacing_mm(result.anatomy.affine)
    whole = plane_frame(plane, result.anatomy.breast.shape, spacing)
    inside = breast > 0 if side is None else breast == side
    if not inside.any():
        return whole
    low, high = zip(*(_extent(inside, axis) for axis in range(3)), strict=True)
    middle = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
    size = [(b - a + 1) * d + 2 * _MARGIN_MM for a, b, d in zip(low, high, spacing, strict=True)]
    down, across = {
        Plane.AXIAL: (1, 2),
        Plane.SAGITTAL: (0, 1),
        Plane.CORONAL: (0, 2),
    }[plane]
    return Frame(
        plane,
        (middle[0], middle[1], middle[2]),
        whole.spacing,
        size[across],
        size[down],
        whole.pixel_mm,
    )


def _extent(inside: np.ndarray, axis: int) -> tuple[int, int]:
    others = tuple(a for a in range(3) if a != axis)
    where = np.flatnonzero(inside.any(axis=others))
    return int(where[0]), int(where[-1])


def _rings(result: ExamResult, findings: Iterable[Finding], frame: Frame) -> tuple[Ring, ...]:
    rings = []
    height, width = frame.shape
    font = max(width, height) / 26  # same as in the style sheet
    for finding in findings:
        corners = to_index(result.anatomy.affine, np.asarray(finding.bounding_box_mm_lps))
        first, second = (frame.pixel_of((s, r, c)) for s, r, c in corners)
        x, y = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
        extent = max(abs(first[0] - second[0]), abs(first[1] - second[1]))
        radius = extent / 2 + _RING_MM / frame.pixel_mm
        # The number stands to the upper right, or to the left where there is no room.
        reach = 0.72 * radius + font * 0.45
        label_x = x + reach if x + reach + font < width else x - reach
        label_y = y - reach if y - reach - font > 0 else y + reach
        rings.append(Ring(finding.id, x + 0.5, y + 0.5, radius, label_x, label_y))
    return tuple(rings)

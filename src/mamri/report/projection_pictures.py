"""Maximum intensity projections of the subtraction, with the findings ringed and numbered."""

from collections.abc import Iterable

import numpy as np

from mamri.geometry import to_index
from mamri.records import ExamResult, Finding, Laterality, Plane
from mamri.report.breast_frames import breast_frame
from mamri.report.picture import Picture, Ring, make_picture, row_font
from mamri.report.tiles import Frame, to_grey

# Key of each projection, its plane, its title and the side it is limited to.
_PROJECTIONS = (
    ("axial", Plane.AXIAL, "Axial", None),
    ("sagittal_right", Plane.SAGITTAL, "Sagittal, right breast", Laterality.RIGHT),
    ("coronal", Plane.CORONAL, "Coronal", None),
    ("sagittal_left", Plane.SAGITTAL, "Sagittal, left breast", Laterality.LEFT),
)

_RING_MM = 4.0  # from the finding to its ring; assumption
_WHITE_PERCENTILE = 99.7  # judged by eye on real exams: lesions and vessels stay apart; assumption
_MOST_RINGS = 12  # more would hide the picture; assumption


def projection_pictures(result: ExamResult) -> tuple[tuple[Picture, ...], ...]:
    """Pictures of the projections that the result holds, as rows of the page.

    With both breasts the axial projection has the first row for itself, and the coronal one
    stands below between the sagittal ones of the right and the left breast. Otherwise all share a
    row.

    Parameters
    ----------
    result : ExamResult
        Its projections are in anatomical order, feet first (see ``kinetics.projections``).
    """
    shown = [
        (key, breast_frame(result.anatomy, plane, side), title, side)
        for key, plane, title, side in _PROJECTIONS
        if key in result.mips and np.any(np.asarray(result.mips[key]) > 0)
    ]
    both = {"sagittal_right", "sagittal_left"} <= {key for key, *_ in shown}
    rows = [shown[:1], shown[1:]] if both and shown[0][0] == "axial" else [shown]
    pictures = []
    for row in rows:
        share = row_font([frame for _, frame, *_ in row])
        pictures.append(
            tuple(
                _picture(result, key, frame, title=title, side=side, font=share * frame.shape[0])
                for key, frame, title, side in row
            )
        )
    return tuple(row for row in pictures if row)


def _picture(
    result: ExamResult,
    key: str,
    frame: Frame,
    *,
    title: str,
    side: Laterality | None,
    font: float,
) -> Picture:
    projection = np.asarray(result.mips[key])
    findings = [f for f in result.findings[:_MOST_RINGS] if side in (None, f.side)]
    numbers = ", ".join(str(finding.id) for finding in findings)
    return make_picture(
        to_grey(frame.resample(np.nan_to_num(projection), order=1), *_window(projection)),
        frame,
        alt=f"Maximum intensity projection, {title.lower()}; "
        + (f"findings {numbers} ringed" if findings else "no finding"),
        heading=title,
        font=font,
        rings=_rings(result, findings, frame, font=font),
    )


def _window(projection: np.ndarray) -> tuple[float, float]:
    """Black and white of a projection: what lies under its brightest voxels keeps its contrast."""
    bright = projection[projection > 0]
    return 0.0, float(np.percentile(bright, _WHITE_PERCENTILE))


def _rings(
    result: ExamResult, findings: Iterable[Finding], frame: Frame, *, font: float
) -> tuple[Ring, ...]:
    rings = []
    width = frame.shape[1]
    for finding in findings:
        corners = to_index(result.anatomy.affine, np.asarray(finding.bounding_box_mm_lps))
        first, second = (frame.pixel_of((s, r, c)) for s, r, c in corners)
        x, y = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
        margin = _RING_MM / frame.pixel_mm
        # An ellipse through the corners of the box would be sqrt(2) wider; findings are rounder.
        rx = abs(first[0] - second[0]) / 2 + margin
        ry = abs(first[1] - second[1]) / 2 + margin
        # The number stands to the upper right, or to the left or below where there is no room.
        across, up = 0.72 * rx + font * 0.5, 0.72 * ry + font * 0.5
        label_x = x + across if x + across + font < width else x - across
        label_y = y - up if y - up - font > 0 else y + up
        rings.append(Ring(finding.id, x + 0.5, y + 0.5, rx, ry, label_x, label_y))
    return tuple(rings)

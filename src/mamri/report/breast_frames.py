"""Frames that hold a breast or both, with a margin."""

import numpy as np

from mamri.geometry import spacing_mm, to_index
from mamri.records import Anatomy, Laterality, Plane
from mamri.report.tiles import Frame, plane_frame

_MARGIN_MM = 10.0  # around the breasts; assumption: room for letters and numbers

# Anatomical indices across, down and along each plane.
_ALONG = {Plane.AXIAL: (0, 1, 2), Plane.SAGITTAL: (2, 0, 1), Plane.CORONAL: (1, 0, 2)}


def breast_frame(anatomy: Anatomy, plane: Plane, side: Laterality | None = None) -> Frame:
    """Frame around a breast, or both, in the plane through the nipple.

    Parameters
    ----------
    anatomy : Anatomy
    plane : Plane
    side : Laterality, optional
        Both breasts where not given.

    Returns
    -------
    Frame
        The slice goes through the nipple (the middle of two), or through the middle of the breast
        where no nipple was found, and always for the coronal plane; the whole slice where there is
        no breast.
    """
    spacing = spacing_mm(anatomy.affine)
    whole = plane_frame(plane, anatomy.breast.shape, spacing)
    inside = anatomy.breast > 0 if side is None else anatomy.breast == side
    extents = [_extent(inside, axis) for axis in range(3)]
    if any(extent is None for extent in extents):
        return whole
    low, high = zip(*(extent for extent in extents if extent is not None), strict=True)
    centre = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    size = [(b - a + 1) * d + 2 * _MARGIN_MM for a, b, d in zip(low, high, spacing, strict=True)]
    across, down, along = _ALONG[plane]
    nipples = [
        to_index(anatomy.affine, np.asarray(point))
        for of_side, point in anatomy.nipples_mm_lps.items()
        if side in (None, of_side)
    ]
    if nipples and plane is not Plane.CORONAL:
        middle = float(np.mean([nipple[across] for nipple in nipples]))
        centre[across] = float(np.clip(middle, low[across], high[across]))
    return Frame(
        plane,
        (centre[0], centre[1], centre[2]),
        whole.spacing,
        width_mm=size[along],
        height_mm=size[down],
        pixel_mm=whole.pixel_mm,
    )


def _extent(inside: np.ndarray, axis: int) -> tuple[int, int] | None:
    others = tuple(a for a in range(3) if a != axis)
    where = np.flatnonzero(inside.any(axis=others))
    return (int(where[0]), int(where[-1])) if where.size else None

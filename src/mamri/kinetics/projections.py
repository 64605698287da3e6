"""Maximum intensity projections of a subtraction, without the chest.

All arrays are in anatomical order: index 0 from feet to head, 1 from front to back, 2 from the
patient's right to left. A projection keeps the two indices that it does not run along:

==================  ==================  ======================
key                 rows                columns
==================  ==================  ======================
``axial``           front to back       patient's right to left
``coronal``         feet to head        patient's right to left
``sagittal_right``  feet to head        front to back
``sagittal_left``   feet to head        front to back
==================  ==================  ======================

Whoever shows them puts the head on top.
"""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm
from mamri.records import GeometryError, Laterality, Volume

_VIEW_AXIS = {"axial": 0, "coronal": 1, "sagittal_right": 2, "sagittal_left": 2}


def subtraction_projections(
    subtraction: Volume, breast: np.ndarray, *, margin_mm: float = 5.0
) -> dict[str, np.ndarray]:
    """Maximum intensity projections of what enhances in and just around the breasts.

    Parameters
    ----------
    subtraction : Volume
        Early phase minus baseline, in anatomical order.
    breast : (S, R, C) int
        0 outside, 1 right, 2 left breast, on the same grid.
    margin_mm : float, mm
        The breasts are widened by this, so that skin and the edge of a segmentation do not clip a
        lesion (assumption: 5 mm, less than the thickness of the pectoral muscle over the ribs).

    Returns
    -------
    dict of str to (rows, columns) float32, a.u.
        ``axial`` and ``coronal`` of both breasts, ``sagittal_right`` and ``sagittal_left`` of the
        breasts that exist (see the module for the order). 0 where a ray meets no breast or
        nothing enhances.

    Raises
    ------
    GeometryError
        If the labels are on another grid.
    """
    if breast.shape != subtraction.shape:
        raise GeometryError(
            f"breast labels must be on the grid of the subtraction, {subtraction.shape}, got "
            f"{breast.shape}; resample them first with geometry.resample_like()"
        )
    sides = {side: _widened(breast == side, subtraction.affine, margin_mm) for side in Laterality}
    both = sides[Laterality.RIGHT] | sides[Laterality.LEFT]
    pictures = {
        "axial": _projection(subtraction.array, both, axis=0),
        "coronal": _projection(subtraction.array, both, axis=1),
    }
    for side, mask in sides.items():
        if mask.any():
            pictures[f"sagittal_{side.word}"] = _projection(subtraction.array, mask, axis=2)
    return {name: np.ascontiguousarray(picture) for name, picture in pictures.items()}


def projection_volumes(
    projections: Mapping[str, np.ndarray], affine: np.ndarray, shape: tuple[int, int, int]
) -> dict[str, Volume]:
    """Projections as volumes of one slice, in place in patient space.

    Parameters
    ----------
    projections : mapping of str to (rows, columns) array
        As made by `subtraction_projections`.
    affine : (4, 4) float, mm
        Of the volume that was projected, in anatomical order.
    shape : (S, R, C)
        Of that volume.

    Returns
    -------
    dict of str to Volume
        In anatomical order; the slice lies in the middle of the projected volume.
    """
    volumes = {}
    for name, picture in projections.items():
        axis = _VIEW_AXIS[name]
        moved = np.array(affine, np.float64)
        moved[:3, 3] += moved[:3, axis] * (shape[axis] - 1) / 2
        volumes[name] = Volume(np.ascontiguousarray(np.expand_dims(picture, axis)), moved)
    return volumes


def _projection(array: np.ndarray, mask: np.ndarray, *, axis: int) -> np.ndarray:
    """Largest positive value inside the mask along an axis, one slice at a time."""
    n_slices, rows, columns = array.shape
    out = np.zeros(
        {0: (rows, columns), 1: (n_slices, columns), 2: (n_slices, rows)}[axis], np.float32
    )
    for s in range(n_slices):
        if not mask[s].any():
            continue
        inside = np.where(mask[s], np.nan_to_num(array[s], nan=0), 0)
        if axis == 0:
            np.maximum(out, inside, out=out)
        else:
            np.maximum(out[s], inside.max(axis=axis - 1), out=out[s])
    return out


def _widened(mask: np.ndarray, affine: np.ndarray, margin_mm: float) -> np.ndarray:
    """Mask grown by an ellipsoid of the margin, computed inside its bounding box."""
    reach = [int(np.floor(margin_mm / step)) for step in spacing_mm(affine)]
    boxes = ndimage.find_objects(np.asarray(mask, np.uint8))
    if not boxes or not any(reach):
        return np.asarray(mask, bool)
    box = tuple(
        slice(max(0, s.start - r), s.stop + r) for s, r in zip(boxes[0], reach, strict=True)
    )
    grown = np.zeros(mask.shape, bool)
    distance = ndimage.distance_transform_edt(~mask[box], sampling=spacing_mm(affine))
    grown[box] = distance <= margin_mm
    return grown

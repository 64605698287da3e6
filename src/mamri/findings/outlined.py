"""Lesions that a person outlined, brought onto the grid of the exam; they replace detection."""

import numpy as np
from scipy import ndimage

from mamri.geometry import voxel_volume_ml
from mamri.geometry.resample import HasGrid, Interpolation, resample_like
from mamri.records import GeometryError, LabelMap, Provenance, Volume

# Volume of each outline that must lie in the exam (assumption: rounding to voxels may cost some).
_MIN_KEPT = 0.8


def outlined_lesions(outlines: LabelMap, grid: HasGrid) -> tuple[LabelMap, Provenance]:
    """Lesions of a person on another grid, as they are but for rounding to its voxels.

    Each label is a lesion and keeps its number. Where there is one label alone its separate parts
    are lesions of their own, the largest first.

    Parameters
    ----------
    outlines : LabelMap
        On any grid in patient space.
    grid : HasGrid
        Of the dynamic series.

    Returns
    -------
    LabelMap, Provenance

    Raises
    ------
    GeometryError
        If an outline does not lie within the exam, or is lost between its voxels.
    """
    source = Volume(np.asarray(outlines.array), outlines.affine)
    on_grid = resample_like(source, grid, interpolation=Interpolation.NEAREST).array
    labels = np.asarray(on_grid).astype(np.uint16)
    for number in np.unique(source.array[source.array > 0]):
        drawn = np.count_nonzero(source.array == number) * voxel_volume_ml(source.affine)
        kept = np.count_nonzero(labels == number) * voxel_volume_ml(grid.affine)
        if kept < _MIN_KEPT * drawn:
            raise GeometryError(
                f"outline {number} must lie within the exam and be larger than its voxels, "
                f"{kept:.2f} of {drawn:.2f} ml remain on its grid; give outlines drawn on this "
                "exam, in its patient coordinates"
            )
    if np.unique(labels).size == 2:  # background and one label
        labels = _parts(labels > 0)
    method = (
        "Lesions were outlined by a person; no lesion was searched for, and the outlines were "
        "taken as they are but for rounding to the voxels of the exam."
    )
    return LabelMap(labels, grid.affine), Provenance("detection", method)


def _parts(mask: np.ndarray) -> np.ndarray:
    """Separate parts of a mask, touching voxels together, numbered by size from 1."""
    parts, n = ndimage.label(mask, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=n + 1)[1:]
    number = np.zeros(n + 1, np.uint16)
    number[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, n + 1)
    return number[parts]

"""The part of an image that holds anything, as nnU-Net cuts it out."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.records import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Where an image is not empty.

    Parameters
    ----------
    box : tuple of 3 slice
        Smallest box around the voxels that are not zero.
    mask : (Z, Y, X) bool
        These voxels and the holes that they enclose, inside the box.
    """

    box: tuple[slice, slice, slice]
    mask: np.ndarray


def find_content(image: np.ndarray) -> Content:
    """Voxels that are not zero in some channel, with the holes that they enclose.

    A hole is closed when no path of face neighbours leads out of it.

    Parameters
    ----------
    image : (C, Z, Y, X) float

    Returns
    -------
    Content

    Raises
    ------
    InputError
        If all voxels are zero, or one is not finite.
    """
    if not np.isfinite(image).all():
        raise InputError(
            "a model needs finite values, the image holds NaN or infinite ones; repair the image"
        )
    filled = ndimage.binary_fill_holes((image != 0).any(axis=0))
    box = next(iter(ndimage.find_objects(filled.astype(np.uint8))), None)
    if box is None:
        raise InputError("a model needs an image, all voxels are zero; check the files")
    return Content(box, filled[box])

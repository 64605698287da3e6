"""A person's outlines of lesions, read from a file."""

from pathlib import Path

import numpy as np

from mamri.io.nifti import read_nifti
from mamri.records import InputError, LabelMap

_SUFFIXES = (".nii", ".nii.gz")


def read_lesion_outlines(path: Path) -> LabelMap:
    """Read outlines from a NIfTI label image, on its own grid.

    Parameters
    ----------
    path : Path
        Three-dimensional; 0 is background, each other whole number a lesion.

    Returns
    -------
    LabelMap

    Raises
    ------
    InputError
        If the file is no NIfTI label image, or holds no lesion.
    GeometryError
        If it does not say how it lies in the patient.
    """
    if not path.name.lower().endswith(_SUFFIXES):
        raise InputError(
            f"outlines of lesions are read from NIfTI (.nii, .nii.gz), got {path.name}; DICOM SEG "
            "is not read yet: convert it, for example with dcmqi"
        )
    image = read_nifti(path)
    array = np.squeeze(image.array, axis=0) if image.array.shape[:1] == (1,) else image.array
    if array.ndim != 3:
        raise InputError(
            f"outlines need one three-dimensional image, {path.name} has shape {array.shape}; "
            "give one mask"
        )
    finite = np.isfinite(array).all()
    if not finite or array.min() < 0 or array.max() > np.iinfo(np.uint16).max:
        raise InputError(
            f"labels must be whole numbers from 0 to 65535, {path.name} holds others; "
            "give a label image, not a probability map or an image"
        )
    labels = array.astype(np.uint16)
    if not np.array_equal(labels, array):
        raise InputError(
            f"labels must be whole numbers, {path.name} holds fractions; "
            "threshold the mask before giving it"
        )
    if not labels.any():
        raise InputError(
            f"{path.name} outlines no lesion, every voxel is 0; "
            "leave it out to have lesions searched for"
        )
    return LabelMap(labels, image.affine)

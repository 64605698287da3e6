"""A person's outlines of lesions, read from a file."""

from pathlib import Path

import numpy as np

from mamri.io.dicom_segmentation import read_dicom_segmentation
from mamri.io.nifti import read_nifti
from mamri.records import InputError, LabelMap

_SUFFIXES = (".nii", ".nii.gz")


def read_lesion_outlines(path: Path) -> LabelMap:
    """Read outlines from a NIfTI label image or a DICOM Segmentation object, on their own grid.

    Parameters
    ----------
    path : Path
        NIfTI: three-dimensional; 0 is background, each other whole number a lesion. Any other name
        is taken for DICOM, each segment a lesion.

    Returns
    -------
    LabelMap

    Raises
    ------
    InputError
        If the file is neither, or holds no lesion.
    GeometryError
        If it does not say how it lies in the patient.
    """
    labels = read_label_image(path)
    if not labels.array.any():
        raise InputError(
            f"{path.name} outlines no lesion, every voxel is 0; "
            "leave it out to have lesions searched for"
        )
    return labels


def read_label_image(path: Path) -> LabelMap:
    """Read a NIfTI label image or a DICOM Segmentation object, on its own grid; it may be empty.

    Parameters
    ----------
    path : Path
        As in `read_lesion_outlines`.

    Returns
    -------
    LabelMap

    Raises
    ------
    InputError
        If the file is neither.
    GeometryError
        If it does not say how it lies in the patient.
    """
    if not path.is_file():
        raise InputError(f"a file with outlines was needed, {path.name} is none; check its name")
    if path.name.lower().endswith(_SUFFIXES):
        return _read_nifti_labels(path)
    return read_dicom_segmentation(path)


def _read_nifti_labels(path: Path) -> LabelMap:
    image = read_nifti(path)
    array = image.array
    if array.ndim == 4 and len(array) == 1:  # one volume, stored as a series
        array = array[0]
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
    return LabelMap(labels, image.affine)

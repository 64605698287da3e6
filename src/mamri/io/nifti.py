"""NIfTI in and out, without a change of grid.

mamri works in LPS, NIfTI in RAS: the first two world axes change sign at this border and nowhere
else. Arrays are written in the axis order of the input, so that a mask can be compared with the
image it came from voxel by voxel, in any reader.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
from isal import igzip

from mamri.geometry import spacing_mm
from mamri.records import GeometryError, InputError

_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Isal's level 1 packs masks about as small as level 3 and is twice as fast (measured).
_COMPRESSION_LEVEL = 1
# Disagreement of sform and qform that is worth a word, in mm at the far corner of the grid.
_FORM_TOLERANCE_MM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class NiftiImage:
    """One NIfTI file in mamri's order.

    Parameters
    ----------
    array : (S, R, C) or (T, S, R, C) real
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    storage_axes : permutation of (0, 1, 2)
        File axis of slices, rows and columns.
    forms_disagree : bool
        Whether sform and qform place the far corner differently; the sform is used.
    """

    array: np.ndarray
    affine: np.ndarray
    storage_axes: tuple[int, int, int]
    forms_disagree: bool


def read_nifti(path: Path) -> NiftiImage:
    """Read a NIfTI file; integers stay integers where the file scales nothing.

    The axis with the largest spacing is taken for the slice axis (the last one when equal).

    Raises
    ------
    InputError
        If the file cannot be read as NIfTI or is cut short.
    GeometryError
        If it states no orientation (sform and qform codes both 0), or is not 3D or 4D.
    """
    try:
        image = cast(nib.nifti1.Nifti1Image, nib.load(path))
        header = image.header
        sform, sform_code = header.get_sform(coded=True)
        qform, qform_code = header.get_qform(coded=True)
        proxy = cast(nib.arrayproxy.ArrayProxy, image.dataobj)
        slope, intercept = float(proxy.slope), float(proxy.inter)
        plain = (slope, intercept) == (1.0, 0.0)
        data = (
            np.asanyarray(proxy.get_unscaled())
            if plain
            else np.asanyarray(image.get_fdata(dtype=np.float32, caching="unchanged"))
        )
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, ValueError, AttributeError) as e:
        raise InputError(
            f"a whole NIfTI file was needed, {path.name} cannot be read ({type(e).__name__}); "
            "copy it again from its source"
        ) from e
    if int(sform_code) == 0 and int(qform_code) == 0:
        raise GeometryError(
            f"a NIfTI file must say how it lies in the patient, {path.name} has sform and qform "
            "codes 0, so left and right are unknown; convert it again from DICOM"
        )
    if data.ndim not in (3, 4):
        raise GeometryError(
            f"a NIfTI phase has three axes (four for all phases), {path.name} has shape "
            f"{data.shape}; split it into phases"
        )
    ras = sform if int(sform_code) > 0 else qform
    corner = np.array([*data.shape[:3], 1.0])
    disagree = (
        int(sform_code) > 0
        and int(qform_code) > 0
        and bool(np.linalg.norm((sform - qform) @ corner) > _FORM_TOLERANCE_MM)
    )
    lps = _RAS_FROM_LPS @ np.asarray(ras, dtype=np.float64)
    sizes = spacing_mm(lps)
    slice_axis = max(range(3), key=lambda axis: (round(sizes[axis], 3), axis))
    column_axis, row_axis = (axis for axis in range(3) if axis != slice_axis)
    axes = (slice_axis, row_axis, column_axis)
    affine = lps.copy()
    affine[:, :3] = lps[:, list(axes)]
    array = data.transpose((3, *axes) if data.ndim == 4 else axes)
    return NiftiImage(array, affine, axes, disagree)


def write_nifti(
    path: Path,
    array: np.ndarray,
    affine: np.ndarray,
    *,
    storage_axes: tuple[int, int, int] = (2, 1, 0),
    storage_flips: tuple[bool, bool, bool] = (False, False, False),
) -> None:
    """Write a volume as NIfTI (``.nii`` or ``.nii.gz``) in the storage order of its exam.

    Parameters
    ----------
    path : Path
    array : (S, R, C) real
        Booleans are written as 8-bit integers.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    storage_axes, storage_flips
        As in `mamri.records.Exam`; by default columns run fastest and slices slowest.
    """
    flips = tuple(slice(None, None, -1 if flip else 1) for flip in storage_flips)
    data = array[flips]
    if data.dtype == bool:
        data = data.view(np.uint8)
    lps = np.array(affine, dtype=np.float64)
    for axis, flip in enumerate(storage_flips):
        if flip:
            lps[:3, 3] += lps[:3, axis] * (array.shape[axis] - 1)
            lps[:3, axis] = -lps[:3, axis]
    order = [storage_axes.index(axis) for axis in range(3)]
    data = data.transpose(order)
    lps[:, :3] = lps[:, order]
    ras = _RAS_FROM_LPS @ lps
    header = nib.nifti1.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_sform(ras, code="scanner")
    header.set_qform(ras, code="scanner", strip_shears=True)
    header.set_xyzt_units("mm", "sec")
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    partial = path.with_name(path.name + ".part")
    opened = (
        # No time in the header: same image, same bytes.
        igzip.IGzipFile(partial, "wb", compresslevel=_COMPRESSION_LEVEL, mtime=0)
        if path.name.endswith(".gz")
        else partial.open("wb")
    )
    with opened as stream:
        stream.write(header.binaryblock + bytes(4))
        for k in range(data.shape[2]):
            stream.write(np.ascontiguousarray(data[:, :, k].T).tobytes())
    os.replace(partial, path)

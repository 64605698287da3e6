"""Images to the voxels of an nnU-Net model and logits back, by number of voxels.

Volumes keep their outer faces: a voxel more or less changes the voxel size a little. Thick slices
are resampled one by one, and then the nearest slice is taken: splines through thick slices ring.
"""

import numpy as np
from scipy import ndimage
from skimage.transform import resize

from mamri.segmentation.nnunet.recipe import ResamplingRule

# Ratio of voxel sizes above which slices count as thick (nnU-Net's ANISO_THRESHOLD).
_THICK = 3.0


def resampled_shape(
    shape: tuple[int, ...], spacing_mm: tuple[float, ...], wanted_mm: tuple[float, ...]
) -> tuple[int, ...]:
    """Number of voxels that covers the same box at another voxel size, halves to even.

    Parameters
    ----------
    shape : tuple of int
    spacing_mm, wanted_mm : tuple of float, mm

    Returns
    -------
    tuple of int
    """
    return tuple(
        round(have / want * n) for n, have, want in zip(shape, spacing_mm, wanted_mm, strict=True)
    )


def slice_axis(
    spacing_mm: tuple[float, ...], new_mm: tuple[float, ...], rule: ResamplingRule
) -> int | None:
    """Axis across thick slices, that are to be resampled one by one.

    Parameters
    ----------
    spacing_mm, new_mm : tuple of 3 float, mm
        Voxel size before and after; slices may be thick in either, and those before count first.
    rule : ResamplingRule

    Returns
    -------
    int or None
        None where no slices are thick, or two axes are coarse alike.
    """
    if rule.is_by_slice is None:
        thick = [size for size in (spacing_mm, new_mm) if max(size) / min(size) > _THICK]
    else:
        thick = [spacing_mm] if rule.is_by_slice else []
    if not thick:
        return None
    coarse = [axis for axis, size in enumerate(thick[0]) if size == max(thick[0])]
    return coarse[0] if len(coarse) == 1 else None


def resample_volume(
    volume: np.ndarray, shape: tuple[int, ...], *, axis: int | None, rule: ResamplingRule
) -> np.ndarray:
    """One channel on another number of voxels.

    Parameters
    ----------
    volume : (Z, Y, X) float
    shape : tuple of 3 int
    axis : int or None
        As `slice_axis` found it.
    rule : ResamplingRule

    Returns
    -------
    (Z', Y', X') float
        In the precision of the volume.
    """
    if volume.shape == tuple(shape):
        return volume
    if axis is None:
        return _resized(volume, tuple(shape), rule.order).astype(volume.dtype)
    slices = np.moveaxis(volume, axis, 0)
    across, *within = (shape[axis], *(n for k, n in enumerate(shape) if k != axis))
    stack = np.stack([_resized(one, tuple(within), rule.order) for one in slices])
    if across != len(stack):
        stack = _other_slices(stack, across, rule.order_between_slices)
    return np.moveaxis(stack, 0, axis).astype(volume.dtype)


def _resized(image: np.ndarray, shape: tuple[int, ...], order: int) -> np.ndarray:
    return resize(image.astype(float), shape, order, mode="edge", anti_aliasing=False)


def _other_slices(stack: np.ndarray, count: int, order: int) -> np.ndarray:
    """Slices at other places along the first axis; the outer faces stay."""
    step = len(stack) / count
    if order == 0:
        places = step * (np.arange(count) + 0.5) - 0.5
        return stack[np.clip(np.floor(places + 0.5).astype(int), 0, len(stack) - 1)]
    factors = (count / len(stack), 1, 1)
    return ndimage.zoom(stack, factors, order=order, mode="nearest", grid_mode=True)

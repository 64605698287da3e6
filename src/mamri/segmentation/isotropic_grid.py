"""A near-isotropic working grid over part of an image, and the ways to it and back.

Breast exams come with voxels from 0.3 mm to 3 mm along their axes. Shape analysis (tubes, balls,
thickness) wants the same step along all three, and no finer than the structures it looks for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm


@dataclass(frozen=True, slots=True, eq=False)
class IsotropicGrid:
    """Box of an image grid, sampled with one step along all axes.

    Parameters
    ----------
    box : (3,) of slice
        Part of the image that is covered.
    shape : (3,) of int
        Samples along slice, row and column.
    step : (3,) of float, voxels
        Distance between samples in voxels of the image.
    step_mm : float, mm
        The same in mm: equal along the three axes.
    """

    box: tuple[slice, slice, slice]
    shape: tuple[int, int, int]
    step: tuple[float, float, float]
    step_mm: float

    def sample(self, array: np.ndarray, *, smoothing_mm: float = 0.0) -> np.ndarray:
        """Smooth an image by a Gaussian and interpolate it linearly onto this grid.

        Parameters
        ----------
        array : (S, R, C) real
        smoothing_mm : float, mm
            Standard deviation; an axis whose voxels are wider than 4 times this is left as it is.

        Returns
        -------
        float32 array of `shape`
        """
        out = np.asarray(array[self.box], np.float32)
        for axis, step in enumerate(self.step):
            sigma = smoothing_mm / self.step_mm * step  # voxels
            if sigma > 0.25:
                out = ndimage.gaussian_filter1d(out, sigma, axis=axis, mode="nearest", truncate=3.0)
            out = _interpolate(out, np.arange(self.shape[axis]) * step, axis)
        return np.ascontiguousarray(out)

    def sample_mask(self, mask: np.ndarray) -> np.ndarray:
        """Nearest-voxel sample of a mask or label array, of its own dtype."""
        part = np.asarray(mask[self.box])
        rows = [
            np.minimum(np.rint(np.arange(n) * step).astype(int), size - 1)
            for n, step, size in zip(self.shape, self.step, part.shape, strict=True)
        ]
        return np.ascontiguousarray(part[np.ix_(*rows)])

    def spread_mask(self, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Bring a mask on this grid back to the image grid: linear, cut at one half.

        Parameters
        ----------
        mask : bool array of `self.shape`
        shape : (3,) of int
            Shape of the image grid.

        Returns
        -------
        (S, R, C) bool
        """
        out = np.zeros(shape, bool)
        box, part = self.spread_box(mask)
        out[box] = part
        return out

    def spread_box(self, mask: np.ndarray) -> tuple[tuple[slice, ...], np.ndarray]:
        """Part of the image grid that holds a mask of this grid, and the mask there.

        Parameters
        ----------
        mask : bool array of `self.shape`

        Returns
        -------
        (3,) of slice
            Empty where the mask is.
        bool array
        """
        found = ndimage.find_objects(mask.view(np.uint8))
        if not found:
            return (slice(0, 0),) * 3, np.zeros((0, 0, 0), bool)
        part = np.asarray(mask, np.float32)
        target = []
        for axis, step in enumerate(self.step):
            low = max(found[0][axis].start - 1, 0)
            high = min(found[0][axis].stop + 1, self.shape[axis])
            size = self.box[axis].stop - self.box[axis].start
            first = int(np.ceil(low * step))
            stop = min(int(np.floor((high - 1) * step)) + 1, size)
            if high == self.shape[axis]:  # image voxels past the last sample take its value
                stop = size
            part = np.take(part, np.arange(low, high), axis=axis)
            part = _interpolate(part, np.arange(first, stop) / step - low, axis)
            target.append(slice(self.box[axis].start + first, self.box[axis].start + stop))
        return tuple(target), part >= 0.5


def isotropic_grid(
    mask: np.ndarray, affine: np.ndarray, *, step_mm: float, margin_mm: float
) -> IsotropicGrid:
    """Working grid over the bounding box of a mask.

    Parameters
    ----------
    mask : (S, R, C) bool or int
        Not empty.
    affine : (4, 4) float, mm
    step_mm : float, mm
        Distance between samples.
    margin_mm : float, mm
        Added on every side, as far as the image reaches.

    Returns
    -------
    IsotropicGrid
    """
    spacing = spacing_mm(affine)
    found = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(np.any(mask, axis=others))
        margin = int(np.ceil(margin_mm / spacing[axis]))
        low = max(int(filled[0]) - margin, 0)
        found.append(slice(low, min(int(filled[-1]) + margin + 1, mask.shape[axis])))
    steps = [step_mm / width for width in spacing]
    sizes = [part.stop - part.start for part in found]
    shape = [
        int(np.floor((size - 1) / step + 1e-6)) + 1 for size, step in zip(sizes, steps, strict=True)
    ]
    box, step = tuple(found), tuple(steps)
    return IsotropicGrid(box, (shape[0], shape[1], shape[2]), step, step_mm)  # type: ignore[arg-type]


def _interpolate(array: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    """Linear interpolation along one axis; positions past the ends take the end value."""
    n = array.shape[axis]
    positions = np.clip(positions, 0, n - 1)
    lower = np.minimum(positions.astype(int), max(n - 2, 0))
    weight = (positions - lower).astype(np.float32)
    if n == 1 or not weight.any():
        return np.asarray(np.take(array, np.rint(positions).astype(int), axis=axis))
    shape = [1, 1, 1]
    shape[axis] = -1
    weight = weight.reshape(shape)
    out: np.ndarray = np.take(array, lower, axis=axis)
    upper = np.take(array, lower + 1, axis=axis)
    upper -= out
    upper *= weight
    out += upper
    return out

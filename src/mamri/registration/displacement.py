"""Displacement fields as cubic B-splines, and images seen through them.

A field says where to look: the corrected image at x is the moving image at x + u(x). Everything
here lives in the index frame of one (S, R, C) grid; displacements are in voxels of that grid.
A field is kept as B-spline coefficients on a coarse lattice (a few megabytes) and is evaluated a
few slices at a time, so no dense field of the whole volume ever exists.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from scipy import ndimage

from mamri.registration.bspline import bspline_taps
from mamri.registration.cubic import cubic_value

# Lattice points beyond each face of the grid, so that every voxel sees four along each axis.
_PADDING = 2


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """A smooth displacement field over one grid.

    Parameters
    ----------
    coefficients : (3, s, r, c) float64, voxels
        Cubic B-spline coefficients of the displacement along slice, row and column. Lattice point
        (p, q, t) sits at index ((p, q, t) - 2) * step.
    step : (3,) float, voxels
        Distance between lattice points.
    shape : (3,) int
        The grid the field covers.
    """

    coefficients: np.ndarray
    step: tuple[float, float, float]
    shape: tuple[int, int, int]

    def at(self, positions: Sequence[np.ndarray]) -> np.ndarray:
        """Displacement on the lattice spanned by positions along each axis.

        Parameters
        ----------
        positions : three (n_s,), (n_r,), (n_c,) float
            Slice, row and column indices, fractional allowed.

        Returns
        -------
        (3, n_s, n_r, n_c) float32, voxels
        """
        taps = [
            bspline_taps(np.asarray(x, float) / step + _PADDING, size)
            for x, step, size in zip(positions, self.step, self.coefficients.shape[1:], strict=True)
        ]
        out = np.empty((3, *(len(x) for x in positions)), np.float32)
        (first_s, w_s), (first_r, w_r), (first_c, w_c) = taps
        _evaluate(self.coefficients, first_s, w_s, first_r, w_r, first_c, w_c, out)
        return out


def sampled_displacement(
    shape: tuple[int, int, int],
    step: tuple[float, float, float],
    displacement_at: Callable[[list[np.ndarray]], np.ndarray],
) -> Displacement:
    """Displacement that interpolates a function sampled on a coarse lattice.

    Parameters
    ----------
    shape : (3,) int
    step : (3,) float, voxels
    displacement_at : function
        From three vectors of slice, row and column indices to the (3, s, r, c) displacement,
        voxels, on the lattice they span.

    Returns
    -------
    Displacement
    """
    axes = [
        (np.arange(np.ceil((n - 1) / h) + 1 + 2 * _PADDING) - _PADDING) * h
        for n, h in zip(shape, step, strict=True)
    ]
    coefficients = np.stack(
        [ndimage.spline_filter(values, order=3, mode="mirror") for values in displacement_at(axes)]
    )
    return Displacement(coefficients, step, shape)


def warp(
    moving: np.ndarray,
    displacement: Displacement,
    *,
    out: np.ndarray,
    threads: int = 1,
    slab: int = 8,
) -> None:
    """Write the moving image seen through a displacement into ``out``.

    Values come from Keys' cubic convolution [1]_, which reproduces quadratics and keeps small
    lesions sharper than linear interpolation; outside the volume the border repeats. Results are
    rounded and clipped to the range of an integer output.

    Parameters
    ----------
    moving : (S, R, C) real
    displacement : Displacement
    out : (S, R, C) real
        Overwritten; must not share memory with ``moving``.
    threads : int
        Slabs worked on at once; the result does not depend on it.
    slab : int
        Slices whose displacement is held at once, for each thread.

    References
    ----------
    .. [1] Keys RG. Cubic convolution interpolation for digital image processing. IEEE Trans
       Acoust 1981;29:1153-1160. doi:10.1109/TASSP.1981.1163711
    """
    n_s, n_r, n_c = displacement.shape
    low, high = -np.inf, np.inf
    is_integer = out.dtype.kind in "iu"
    if is_integer:
        low, high = float(np.iinfo(out.dtype).min), float(np.iinfo(out.dtype).max)

    def fill(start: int) -> None:
        slices = np.arange(start, min(start + slab, n_s))
        field = displacement.at([slices, np.arange(n_r), np.arange(n_c)])
        _sample_cubic(moving, field, start, is_integer, low, high, out)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(fill, range(0, n_s, slab)):
            pass


def jacobian_determinant(field: np.ndarray) -> np.ndarray:
    """Local volume ratio of a displacement field; at or below 0 where it folds.

    Parameters
    ----------
    field : (3, S, R, C) float, voxels

    Returns
    -------
    (S, R, C) float, dimensionless
    """
    (a, b, c), (d, e, f), (g, h, i) = (
        [
            np.gradient(component, axis=axis) if component.shape[axis] > 1 else 0.0
            for axis in range(3)
        ]
        for component in field
    )
    a, e, i = 1 + a, 1 + e, 1 + i
    return np.asarray(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))


@numba.njit(cache=True, nogil=True)
def _evaluate(
    coefficients: np.ndarray,
    first_s: np.ndarray,
    w_s: np.ndarray,
    first_r: np.ndarray,
    w_r: np.ndarray,
    first_c: np.ndarray,
    w_c: np.ndarray,
    out: np.ndarray,
) -> None:
    """Sum the four by four by four coefficients around each position, one axis at a time."""
    n_r, n_c = coefficients.shape[2], coefficients.shape[3]
    plane, line = np.empty((n_r, n_c)), np.empty(n_c)
    for d in range(3):
        for s in range(out.shape[1]):
            plane[:] = 0.0
            for a in range(4):
                plane += w_s[s, a] * coefficients[d, first_s[s] + a]
            for r in range(out.shape[2]):
                line[:] = 0.0
                for b in range(4):
                    line += w_r[r, b] * plane[first_r[r] + b]
                for c in range(out.shape[3]):
                    k = first_c[c]
                    out[d, s, r, c] = (
                        w_c[c, 0] * line[k]
                        + w_c[c, 1] * line[k + 1]
                        + w_c[c, 2] * line[k + 2]
                        + w_c[c, 3] * line[k + 3]
                    )


@numba.njit(cache=True, nogil=True)
def _sample_cubic(
    moving: np.ndarray,
    field: np.ndarray,
    start: int,
    is_integer: bool,
    low: float,
    high: float,
    out: np.ndarray,
) -> None:
    """Fill the slices from ``start`` on; where the displacement is exactly 0, copy."""
    n_s, n_r, n_c = moving.shape
    for s in range(field.shape[1]):
        for r in range(n_r):
            for c in range(n_c):
                ds, dr, dc = field[0, s, r, c], field[1, s, r, c], field[2, s, r, c]
                if ds == 0.0 and dr == 0.0 and dc == 0.0:
                    out[start + s, r, c] = moving[start + s, r, c]
                    continue
                x = min(max(start + s + ds, 0.0), n_s - 1.0)
                y = min(max(r + dr, 0.0), n_r - 1.0)
                z = min(max(c + dc, 0.0), n_c - 1.0)
                value = cubic_value(moving, x, y, z)
                if is_integer:
                    value = min(max(np.rint(value), low), high)
                out[start + s, r, c] = value

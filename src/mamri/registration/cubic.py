"""Values between voxels by Keys' cubic convolution, for compiled loops.

The kernel (a = -1/2) reproduces polynomials up to second degree and needs no prefilter, so it
reads integer images as they are. Keys RG. Cubic convolution interpolation for digital image
processing. IEEE Trans Acoust Speech Signal Process 1981;29:1153-1160.
doi:10.1109/TASSP.1981.1163711
"""

import numba
import numpy as np


@numba.njit(cache=True, inline="always")
def _four_weights(t: float) -> tuple[float, float, float, float]:
    """Weights of the neighbours at -1, 0, 1, 2 of a point at fraction t of the way from 0 to 1."""
    t2 = t * t
    t3 = t2 * t
    return (
        -0.5 * t + t2 - 0.5 * t3,
        1.0 - 2.5 * t2 + 1.5 * t3,
        0.5 * t + 2.0 * t2 - 1.5 * t3,
        -0.5 * t2 + 0.5 * t3,
    )


@numba.njit(cache=True)
def cubic_value(array: np.ndarray, x: float, y: float, z: float) -> float:
    """Interpolated value at fractional indices inside the grid; beyond its faces voxels repeat."""
    n_s, n_r, n_c = array.shape
    i, j, k = int(x), int(y), int(z)
    ws, wr, wc = _four_weights(x - i), _four_weights(y - j), _four_weights(z - k)
    total = 0.0
    if i >= 1 and j >= 1 and k >= 1 and i < n_s - 2 and j < n_r - 2 and k < n_c - 2:
        for a in range(4):
            plane = 0.0
            for b in range(4):
                line = array[i + a - 1, j + b - 1, k - 1 : k + 3]
                plane += wr[b] * (
                    wc[0] * line[0] + wc[1] * line[1] + wc[2] * line[2] + wc[3] * line[3]
                )
            total += ws[a] * plane
        return total
    for a in range(4):
        p = min(max(i + a - 1, 0), n_s - 1)
        for b in range(4):
            q = min(max(j + b - 1, 0), n_r - 1)
            for d in range(4):
                t = min(max(k + d - 1, 0), n_c - 1)
                total += ws[a] * wr[b] * wc[d] * array[p, q, t]
    return total

"""Gradient noise in space: the same tissue texture on any grid.

The value at a point depends on its position in mm and a seed only, so one woman can be rendered at
any voxel size and orientation.

References
----------
.. [1] Perlin K. Improving noise. ACM Trans Graph 2002;21:681-682. doi:10.1145/566654.566636
"""

import numba
import numpy as np


@numba.njit(cache=True, inline="always")  # type: ignore[misc, unused-ignore]
def _corner(ix: int, iy: int, iz: int, seed: int, x: float, y: float, z: float) -> float:
    """Dot product of the pseudo-random gradient of a lattice corner with the way to it."""
    h = (ix * 374761393 + iy * 668265263 + iz * 974634777 + seed * 362437) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = (h ^ (h >> 16)) & 15
    u = x if h < 8 else y
    v = y if h < 4 else (x if h in (12, 14) else z)
    return (u if h & 1 == 0 else -u) + (v if h & 2 == 0 else -v)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def gradient_noise(x: float, y: float, z: float, seed: int) -> float:
    """Gradient noise with a lattice of unit cells.

    Parameters
    ----------
    x, y, z : float, cells
    seed : int

    Returns
    -------
    float
        About -1 to 1, zero on lattice points, mean 0.
    """
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    ix, iy, iz = int(fx), int(fy), int(fz)
    x, y, z = x - fx, y - fy, z - fz
    u = x * x * x * (x * (x * 6 - 15) + 10)
    v = y * y * y * (y * (y * 6 - 15) + 10)
    w = z * z * z * (z * (z * 6 - 15) + 10)
    total = 0.0
    for k in range(2):
        wk = w if k == 1 else 1 - w
        for j in range(2):
            wj = wk * (v if j == 1 else 1 - v)
            a = _corner(ix, iy + j, iz + k, seed, x, y - j, z - k)
            b = _corner(ix + 1, iy + j, iz + k, seed, x - 1, y - j, z - k)
            total += wj * (a + u * (b - a))
    return total

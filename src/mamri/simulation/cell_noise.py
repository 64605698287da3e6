"""Cellular noise in space: distance to the walls between the cells of random points.

Fat lobules are cells, and the sheets of stroma between them are their walls: the same point always
lies in the same cell, on any grid.

References
----------
.. [1] Worley S. A cellular texture basis function. SIGGRAPH 1996:291-294.
   doi:10.1145/237170.237267
"""

import numba
import numpy as np


@numba.njit(cache=True, inline="always")  # type: ignore[misc, unused-ignore]
def _hash(ix: int, iy: int, iz: int, seed: int) -> int:
    """32 pseudo-random bits of a lattice cell."""
    h = (ix * 374761393 + iy * 668265263 + iz * 974634777 + seed * 362437) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return h ^ (h >> 13)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def cell_noise(x: float, y: float, z: float, seed: int) -> tuple[float, float, float]:
    """Distances to the nearest and to the second nearest random point, and the cell's own number.

    One random point lies in each unit cell, in its inner 80 percent, so that the 27 cells around
    hold both neighbours: no error in 3 million points against a search of 125 cells.

    Parameters
    ----------
    x, y, z : float, cells
    seed : int

    Returns
    -------
    nearest, second : float, cells
    number : float, 0 to 1
        Random value of the cell of the nearest point.
    """
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    first, second, owner = 9.0, 9.0, 0
    for k in range(-1, 2):
        for j in range(-1, 2):
            for i in range(-1, 2):
                h = _hash(ix + i, iy + j, iz + k, seed)
                dx = ix + i + 0.1 + 0.8 * (h & 1023) / 1023.0 - x
                dy = iy + j + 0.1 + 0.8 * ((h >> 10) & 1023) / 1023.0 - y
                dz = iz + k + 0.1 + 0.8 * ((h >> 20) & 1023) / 1023.0 - z
                d = dx * dx + dy * dy + dz * dz
                if d < first:
                    second, first, owner = first, d, h
                elif d < second:
                    second = d
    return np.sqrt(first), np.sqrt(second), ((owner >> 5) & 4095) / 4095.0

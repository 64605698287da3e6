"""Mean intensity about the brightest place of a region."""

import numba
import numpy as np

# Radius of a sphere of 1 ml, mm: IBSI reference manual, arXiv:1612.07003, section 3.2.
PEAK_RADIUS_MM = 10.0 * (3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)


def local_intensity(
    image: np.ndarray, inside: np.ndarray, spacing_mm: tuple[float, float, float]
) -> dict[str, float]:
    """Local and global intensity peak.

    Parameters
    ----------
    image : (S, R, C) float
        The region and at least `PEAK_RADIUS_MM` around it, as far as the image goes; NaN where
        there is no image.
    inside : (S, R, C) bool
        The region; not empty.
    spacing_mm : (slice, row, column), mm

    Returns
    -------
    dict of str to float
        ``local_peak``: mean over the voxels within the sphere about the brightest voxel, the
        highest such mean where several are as bright; ``global_peak``: highest mean about any
        voxel of the region.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.2 (VJGA, 0F91).
    """
    reach = [int(PEAK_RADIUS_MM / step) for step in spacing_mm]
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), axis=-1)
    away = np.sqrt(np.sum((grid * np.array(spacing_mm)) ** 2, axis=-1))
    offsets = grid[away <= PEAK_RADIUS_MM]
    voxels = np.argwhere(inside)
    means = _means(image, voxels, offsets)
    values = image[inside]
    return {
        "local_peak": float(means[values == values.max()].max()),
        "global_peak": float(means.max()),
    }


@numba.njit(cache=True)
def _means(image: np.ndarray, voxels: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    found = np.empty(voxels.shape[0])
    n_s, n_r, n_c = image.shape
    for v in range(voxels.shape[0]):
        total, count = 0.0, 0
        for k in range(offsets.shape[0]):
            s = voxels[v, 0] + offsets[k, 0]
            r = voxels[v, 1] + offsets[k, 1]
            c = voxels[v, 2] + offsets[k, 2]
            if s < 0 or r < 0 or c < 0 or s >= n_s or r >= n_r or c >= n_c:
                continue
            value = image[s, r, c]
            if np.isfinite(value):
                total += value
                count += 1
        found[v] = total / count
    return found

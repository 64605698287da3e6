"""Measured shifts between two phases, block by block.

Each block of tissue is moved until the moving phase, times a gain plus an offset of the block's
own, fits the fixed phase best in the least-squares sense. Enhancement that is uniform over a block
is taken up by gain and offset; blocks with a poor fit or too little structure to tell a shift
are left out, and so are shifts that run off.
"""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.registration.cubic import cubic_value

# Gauss-Newton steps; the shift settles within four or five from a start within one voxel.
_STEPS = 8


@dataclass(frozen=True, slots=True)
class LocalShiftSettings:
    """Settings of the measurement. All are assumptions, checked against known shifts in tests.

    Parameters
    ----------
    block_mm : float, mm
        Edge of a block: a few times the thickness of a gland strand.
    stride_mm : float, mm
        Distance between block centres.
    search_mm : float, mm
        Largest whole-voxel shift that is tried along each axis before refinement.
    min_tissue : float
        Part of a block that must lie in the mask.
    min_correlation : float
        Correlation after the shift below which a block is not believed.
    max_error_mm : float, mm
        Largest standard error of a shift, along its worst direction, that is believed.
    """

    block_mm: float = 16.0
    stride_mm: float = 16.0
    search_mm: float = 6.0
    min_tissue: float = 0.6
    min_correlation: float = 0.7
    max_error_mm: float = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class LocalShifts:
    """Shifts of the blocks that could be measured.

    Parameters
    ----------
    centres : (B, 3) float
        (slice, row, column) index of each block on the working grid.
    shifts_mm : (B, 3) float, mm
        Where the block's content lies in the moving image, relative to the fixed one, along
        slice, row and column.
    """

    centres: np.ndarray
    shifts_mm: np.ndarray

    @property
    def lengths_mm(self) -> np.ndarray:
        """Length of each shift, (B,) mm."""
        return np.linalg.norm(self.shifts_mm, axis=1)


def measure_local_shifts(
    fixed: np.ndarray,
    moving: np.ndarray,
    mask: np.ndarray,
    *,
    spacing: tuple[float, float, float],
    settings: LocalShiftSettings | None = None,
) -> LocalShifts:
    """Shift of the moving image against the fixed one in blocks inside a mask.

    Parameters
    ----------
    fixed, moving : (S, R, C) float32, a.u.
    mask : (S, R, C) bool
        Tissue whose motion is asked for.
    spacing : (slice, row, column) float, mm
    settings : LocalShiftSettings, optional

    Returns
    -------
    LocalShifts
        Possibly without a single block.
    """
    settings = settings or LocalShiftSettings()
    size = np.array(spacing)
    half = np.maximum(np.rint(settings.block_mm / size / 2), 2).astype(np.int64)
    stride = np.maximum(np.rint(settings.stride_mm / size), 1).astype(np.int64)
    reach = np.ceil(settings.search_mm / size).astype(np.int64)
    centres = _block_centres(mask, half, stride, settings.min_tissue)
    gradient = np.stack(np.gradient(moving)).astype(np.float32)
    shifts, covariances, correlations = _fit_blocks(fixed, moving, gradient, centres, half, reach)
    covariances *= size[:, None] * size  # voxels squared to mm squared
    errors = np.sqrt(np.linalg.eigvalsh(covariances)[:, -1])
    believed = (correlations >= settings.min_correlation) & (errors <= settings.max_error_mm)
    return LocalShifts(centres[believed], shifts[believed] * size)


def _block_centres(
    mask: np.ndarray, half: np.ndarray, stride: np.ndarray, min_tissue: float
) -> np.ndarray:
    """Centres of the blocks that hold enough tissue, (B, 3) int."""
    axes = [np.arange(h, n - h, d) for h, n, d in zip(half, mask.shape, stride, strict=True)]
    candidates = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    share = [
        mask[tuple(slice(x - h, x + h + 1) for x, h in zip(centre, half, strict=True))].mean()
        for centre in candidates
    ]
    return candidates[np.array(share, float).reshape(-1) >= min_tissue].astype(np.int64)


@numba.njit(cache=True)
def _fit_blocks(
    fixed: np.ndarray,
    moving: np.ndarray,
    gradient: np.ndarray,
    centres: np.ndarray,
    half: np.ndarray,
    reach: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shift (voxels), its covariance (voxels squared) and correlation of every block.

    A block whose refinement leaves its start by more than two voxels gets correlation -1.
    """
    n_blocks = centres.shape[0]
    shifts = np.zeros((n_blocks, 3))
    covariances = np.zeros((n_blocks, 3, 3))
    correlations = np.full(n_blocks, -1.0)
    for block in range(n_blocks):
        start = _best_whole_shift(fixed, moving, centres[block], half, reach)
        shift = start.astype(np.float64)
        for _ in range(_STEPS):
            normal, right, sums = _normal_equations(
                fixed, moving, gradient, centres[block], half, shift
            )
            for diagonal in range(5):
                normal[diagonal, diagonal] *= 1.0 + 1e-6
            if normal[1, 1] < 6 or np.linalg.det(normal) <= 0:
                break
            solution = np.linalg.solve(normal, right)
            if solution[0] <= 0:  # contrast turned round: no structure in common
                break
            step = solution[2:] / solution[0]
            shift += np.minimum(np.maximum(step, -0.5), 0.5)
            if np.max(np.abs(shift - start)) > 2:
                break
            n, sum_f, sum_ff = normal[1, 1], sums[0], sums[1]
            unexplained = max(sum_ff - np.dot(solution, right), 0.0)
            total = max(sum_ff - sum_f * sum_f / n, 1e-12)
            if np.max(np.abs(step)) < 1e-2:
                correlations[block] = np.sqrt(max(1.0 - unexplained / total, 0.0))
                inverse = np.linalg.inv(normal)
                covariances[block] = inverse[2:, 2:] * (unexplained / (n - 5) / solution[0] ** 2)
                break
        shifts[block] = shift
    return shifts, covariances, correlations


@numba.njit(cache=True)
def _best_whole_shift(
    fixed: np.ndarray, moving: np.ndarray, centre: np.ndarray, half: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """Whole-voxel shift of best correlation, by climbing from 0 through the 26 neighbours."""
    best = np.zeros(3, np.int64)
    best_value = _correlation(fixed, moving, centre, half, best)
    while True:
        around = best.copy()
        for a in range(-1, 2):
            for b in range(-1, 2):
                for c in range(-1, 2):
                    trial = around + np.array((a, b, c))
                    if np.any(np.abs(trial) > reach):
                        continue
                    value = _correlation(fixed, moving, centre, half, trial)
                    if value > best_value:
                        best, best_value = trial, value
        if np.all(best == around):
            return best


@numba.njit(cache=True)
def _correlation(
    fixed: np.ndarray, moving: np.ndarray, centre: np.ndarray, half: np.ndarray, shift: np.ndarray
) -> float:
    """Correlation of a block with the moving block a whole shift away; -2 where undefined."""
    n_s, n_r, n_c = fixed.shape
    n = sum_f = sum_m = sum_ff = sum_mm = sum_fm = 0.0
    for i in range(centre[0] - half[0], centre[0] + half[0] + 1):
        for j in range(centre[1] - half[1], centre[1] + half[1] + 1):
            for k in range(centre[2] - half[2], centre[2] + half[2] + 1):
                p, q, t = i + shift[0], j + shift[1], k + shift[2]
                if p < 0 or q < 0 or t < 0 or p >= n_s or q >= n_r or t >= n_c:
                    continue
                f, m = fixed[i, j, k], moving[p, q, t]
                n += 1.0
                sum_f += f
                sum_m += m
                sum_ff += f * f
                sum_mm += m * m
                sum_fm += f * m
    if n < 2:
        return -2.0
    spread_f, spread_m = sum_ff - sum_f * sum_f / n, sum_mm - sum_m * sum_m / n
    if spread_f <= 0 or spread_m <= 0:
        return -2.0
    return (sum_fm - sum_f * sum_m / n) / np.sqrt(spread_f * spread_m)


@numba.njit(cache=True)
def _normal_equations(
    fixed: np.ndarray,
    moving: np.ndarray,
    gradient: np.ndarray,
    centre: np.ndarray,
    half: np.ndarray,
    shift: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least squares of fixed on (moving, 1, moving's gradient) over one block.

    Returns the (5, 5) matrix, the right side, and (sum, sum of squares) of the fixed values.
    """
    n_s, n_r, n_c = fixed.shape
    normal, right, sums = np.zeros((5, 5)), np.zeros(5), np.zeros(2)
    row = np.empty(5)
    row[1] = 1.0
    for i in range(centre[0] - half[0], centre[0] + half[0] + 1):
        for j in range(centre[1] - half[1], centre[1] + half[1] + 1):
            for k in range(centre[2] - half[2], centre[2] + half[2] + 1):
                x, y, z = i + shift[0], j + shift[1], k + shift[2]
                if x < 1 or y < 1 or z < 1 or x >= n_s - 2 or y >= n_r - 2 or z >= n_c - 2:
                    continue
                row[0] = cubic_value(moving, x, y, z)
                for axis in range(3):
                    row[2 + axis] = _linear_value(gradient[axis], x, y, z)
                value = fixed[i, j, k]
                sums[0] += value
                sums[1] += value * value
                for a in range(5):
                    right[a] += row[a] * value
                    for b in range(a + 1):
                        normal[a, b] += row[a] * row[b]
    for a in range(5):
        for b in range(a):
            normal[b, a] = normal[a, b]
    return normal, right, sums


@numba.njit(cache=True)
def _linear_value(array: np.ndarray, x: float, y: float, z: float) -> float:
    i, j, k = int(x), int(y), int(z)
    u, v, w = x - i, y - j, z - k
    near = (1 - v) * ((1 - w) * array[i, j, k] + w * array[i, j, k + 1]) + v * (
        (1 - w) * array[i, j + 1, k] + w * array[i, j + 1, k + 1]
    )
    far = (1 - v) * ((1 - w) * array[i + 1, j, k] + w * array[i + 1, j, k + 1]) + v * (
        (1 - w) * array[i + 1, j + 1, k] + w * array[i + 1, j + 1, k + 1]
    )
    return (1 - u) * near + u * far

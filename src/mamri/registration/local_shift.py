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

# Gauss-Newton steps in all; a start within one voxel settles within four or five.
_STEPS = 10
_PLAIN_STEPS = 3  # before weights come in
_SETTLED = 0.02  # voxels
# Misses beyond this many usual (root mean square) misses count for nothing; the constant of
# Tukey's biweight for 95 % efficiency under Gaussian noise.
_TUKEY = 4.685


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
    max_blocks : int
        Blocks beyond this number are thinned out evenly: quantiles need no more.
    """

    block_mm: float = 16.0
    stride_mm: float = 16.0
    search_mm: float = 6.0
    min_tissue: float = 0.6
    min_correlation: float = 0.7
    max_error_mm: float = 0.25
    max_blocks: int = 300


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
    if len(centres) > settings.max_blocks:
        kept = np.linspace(0, len(centres) - 1, settings.max_blocks)
        centres = centres[np.rint(kept).astype(int)]
    if len(centres) == 0:
        return LocalShifts(np.zeros((0, 3)), np.zeros((0, 3)))
    starts = np.zeros_like(centres)
    _best_whole_shifts(fixed, moving, centres, half, reach, starts)
    shifts, covariances, correlations = _refined_shifts(fixed, moving, centres, half, starts)
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


def _refined_shifts(
    fixed: np.ndarray, moving: np.ndarray, centres: np.ndarray, half: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shift (voxels), its covariance (voxels squared) and correlation of every block.

    Gauss-Newton on fixed = gain * moving(x + shift) + offset. After the first steps voxels that
    the model misses by far more than is usual in this pair (a lesion or vessel that enhances)
    lose their weight. A block that does not settle within a voxel and a half of its start, wants
    a negative gain, or keeps less than half of its voxels, gets correlation -1.
    """
    gradient = np.stack(np.gradient(moving)).astype(np.float32)
    n_blocks = len(centres)
    sums = _Sums(n_blocks)
    step, shifts = np.zeros((n_blocks, 3)), starts.astype(np.float64)
    model, cut = np.ones((n_blocks, 2)), np.inf
    for number in range(_STEPS):
        shifts += step
        images = (fixed, moving, gradient, centres, half)
        _normal_equations(*images, shifts, model, cut, sums.normal, sums.right, sums.values)
        solution = sums.solution()
        gain = np.where(solution[:, 0] > 0, solution[:, 0], np.inf)
        step = np.clip(solution[:, 2:] / gain[:, None], -0.5, 0.5)
        step[np.abs(shifts - starts).max(axis=1) > 1.5] = 0
        if number >= _PLAIN_STEPS and np.abs(step).max() < _SETTLED:
            break
        model = solution[:, :2]
        if number == _PLAIN_STEPS - 1:
            usual = np.sqrt(np.median(sums.unexplained(solution) / np.maximum(sums.n, 1)))
            cut = max(_TUKEY * float(usual), float(np.finfo(np.float32).tiny))
    left = sums.unexplained(solution)
    correlations = np.sqrt(np.clip(1 - left / sums.spread, 0, 1))
    settled = (
        (np.abs(step).max(axis=1) < _SETTLED)
        & (np.abs(shifts - starts).max(axis=1) <= 1.5)
        & (solution[:, 0] > 0)
        & (sums.n > 0.5 * np.prod(2 * half + 1))
    )
    variance = left / np.maximum(sums.n - 5, 1) / gain**2
    covariances = np.linalg.inv(sums.normal)[:, 2:, 2:] * variance[:, None, None]
    return shifts, covariances, np.where(settled, correlations, -1.0)


class _Sums:
    """Weighted sums of every block: the normal equations and the spread of the fixed values."""

    def __init__(self, n_blocks: int) -> None:
        self.normal = np.empty((n_blocks, 5, 5))
        self.right = np.empty((n_blocks, 5))
        self.values = np.empty((n_blocks, 2))  # sum and sum of squares of the fixed values

    def solution(self) -> np.ndarray:
        """(gain, offset, gain * shift), (B, 5)."""
        # A touch on the diagonal keeps blocks without structure solvable; they are left out later.
        ridge = 1e-6 * np.diagonal(self.normal, axis1=1, axis2=2) + 1e-12
        self.normal += np.eye(5) * ridge[:, None]
        return np.asarray(np.linalg.solve(self.normal, self.right[..., None])[..., 0])

    def unexplained(self, solution: np.ndarray) -> np.ndarray:
        """Sum of squares that the model leaves, (B,)."""
        explained = np.einsum("bi,bi->b", solution, self.right)
        return np.maximum(self.values[:, 1] - explained, 0)

    @property
    def n(self) -> np.ndarray:
        """Sum of weights, (B,)."""
        return self.normal[:, 1, 1]

    @property
    def spread(self) -> np.ndarray:
        """Sum of squares of the fixed values about their mean, (B,), above 0."""
        squares = self.values[:, 1] - self.values[:, 0] ** 2 / np.maximum(self.n, 1)
        return np.maximum(squares, 1e-12)


@numba.njit(cache=True)
def _best_whole_shifts(
    fixed: np.ndarray,
    moving: np.ndarray,
    centres: np.ndarray,
    half: np.ndarray,
    reach: np.ndarray,
    best: np.ndarray,
) -> None:
    """Whole-voxel shift of best correlation, by climbing from 0 through the 26 neighbours."""
    for block in range(centres.shape[0]):
        centre, found = centres[block], best[block]
        value = _correlation(fixed, moving, centre, half, 0, 0, 0)
        climbing = True
        while climbing:
            climbing = False
            s, r, c = found[0], found[1], found[2]
            for a in range(max(s - 1, -reach[0]), min(s + 1, reach[0]) + 1):
                for b in range(max(r - 1, -reach[1]), min(r + 1, reach[1]) + 1):
                    for d in range(max(c - 1, -reach[2]), min(c + 1, reach[2]) + 1):
                        trial = _correlation(fixed, moving, centre, half, a, b, d)
                        if trial > value:
                            value, climbing = trial, True
                            found[0], found[1], found[2] = a, b, d


@numba.njit(cache=True)
def _correlation(
    fixed: np.ndarray,
    moving: np.ndarray,
    centre: np.ndarray,
    half: np.ndarray,
    ds: int,
    dr: int,
    dc: int,
) -> float:
    """Correlation of a block with the moving block a whole shift away; -2 where undefined."""
    n_s, n_r, n_c = fixed.shape
    n = sum_f = sum_m = sum_ff = sum_mm = sum_fm = 0.0
    for i in range(centre[0] - half[0], centre[0] + half[0] + 1):
        for j in range(centre[1] - half[1], centre[1] + half[1] + 1):
            for k in range(centre[2] - half[2], centre[2] + half[2] + 1):
                p, q, t = i + ds, j + dr, k + dc
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
    centres: np.ndarray,
    half: np.ndarray,
    shifts: np.ndarray,
    model: np.ndarray,
    cut: float,
    normal: np.ndarray,
    right: np.ndarray,
    values: np.ndarray,
) -> None:
    """Weighted least squares of fixed on (moving, 1, moving's gradient) over every block.

    A voxel that ``model`` (gain, offset) misses by ``cut`` or more has weight 0 (Tukey). Fills
    the (B, 5, 5) matrices, the (B, 5) right sides, and (sum, sum of squares) of the fixed values,
    (B, 2).
    """
    n_s, n_r, n_c = fixed.shape
    normal[:], right[:], values[:] = 0.0, 0.0, 0.0
    row = np.ones(5)
    for n in range(centres.shape[0]):
        for i in range(centres[n, 0] - half[0], centres[n, 0] + half[0] + 1):
            for j in range(centres[n, 1] - half[1], centres[n, 1] + half[1] + 1):
                for k in range(centres[n, 2] - half[2], centres[n, 2] + half[2] + 1):
                    x, y, z = i + shifts[n, 0], j + shifts[n, 1], k + shifts[n, 2]
                    if x < 0 or y < 0 or z < 0 or x >= n_s - 1 or y >= n_r - 1 or z >= n_c - 1:
                        continue
                    row[0] = cubic_value(moving, x, y, z)
                    value = fixed[i, j, k]
                    miss = (value - model[n, 0] * row[0] - model[n, 1]) / cut
                    if abs(miss) >= 1.0:
                        continue
                    weight = (1.0 - miss * miss) ** 2
                    for axis in range(3):
                        row[2 + axis] = _linear_value(gradient[axis], x, y, z)
                    values[n, 0] += weight * value
                    values[n, 1] += weight * value * value
                    for a in range(5):
                        right[n, a] += weight * row[a] * value
                        for b in range(a + 1):
                            normal[n, a, b] += weight * row[a] * row[b]
        for a in range(5):
            for b in range(a):
                normal[n, b, a] = normal[n, a, b]


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

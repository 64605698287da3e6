"""Two exponentials fitted to every voxel: all pairs of a grid first, then Levenberg-Marquardt.

As in `one_exponential`, curves are met through their inner products alone.
"""

import numba
import numpy as np

from mamri.perfusion.lagrange import NODES, weights_at
from mamri.perfusion.one_exponential import FITTED, NO_UPTAKE, NOT_FINITE, RATE_AT_END

# Rows of the answer: slow amplitude and rate, fast amplitude and rate, sum of squares, and the
# upper triangle of the covariance of the four.
SLOW, SLOW_RATE, FAST, FAST_RATE, SUM_OF_SQUARES, COVARIANCE = 0, 1, 2, 3, 4, 5
N_ROWS = 15
_CHUNK = 64
_MAX_STEPS, _CONVERGED = 60, 1e-10
# Rates nearer than so many grid steps are one rate.
_MIN_APART = 0.05


def fit_two_exponentials(
    curves: np.ndarray, rows: np.ndarray, rates_per_min: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit ``a E(t; k) + b E(t; l)`` with ``a, b >= 0`` and ``k < l`` to every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    rows : (K, T) float, mM min
        Exponential convolutions.
    rates_per_min : (K,) float, per minute
        Evenly spaced in logarithm.

    Returns
    -------
    (N_ROWS, V) float32
        a, k, b, l, sum of squared residuals, and the covariance of (a, k, b, l) for a residual
        variance of 1; NaN where undefined.
    (V,) uint8
        How the fit ended, in the words of `one_exponential`; ``RATE_AT_END`` also where one
        exponential is as good as two.
    """
    answer = np.empty((N_ROWS, curves.shape[1]), np.float32)
    status = np.empty(curves.shape[1], np.uint8)
    logs = np.log(rates_per_min)
    log_rates = np.array([logs[0], (logs[-1] - logs[0]) / (len(logs) - 1)])
    by_time = np.ascontiguousarray(rows.T, np.float64)
    _fit(curves, by_time, rows @ rows.T, log_rates, answer, status)
    return answer, status


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def _fit(
    curves: np.ndarray,
    rows: np.ndarray,
    gram: np.ndarray,
    log_rates: np.ndarray,
    answer: np.ndarray,
    status: np.ndarray,
) -> None:
    n_times, n_voxels = curves.shape
    n_chunks = (n_voxels + _CHUNK - 1) // _CHUNK
    for chunk in numba.prange(n_chunks):
        yb = np.empty(rows.shape[1])
        curve = np.empty(n_times)
        for v in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, n_voxels)):
            for t in range(n_times):
                curve[t] = curves[t, v]
            status[v] = _fit_curve(curve, rows, gram, log_rates, yb, answer[:, v])


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _fit_curve(
    y: np.ndarray,
    rows: np.ndarray,
    gram: np.ndarray,
    log_rates: np.ndarray,
    yb: np.ndarray,
    out: np.ndarray,
) -> int:
    n_times, n_rates = rows.shape
    for n in range(N_ROWS):
        out[n] = np.nan
    yb[:] = 0.0
    yy, low, high = 0.0, np.inf, -np.inf
    for t in range(n_times):
        value = y[t]
        if not np.isfinite(value):
            return NOT_FINITE
        low, high = min(low, value), max(high, value)
        yy += value * value
        for k in range(n_rates):
            yb[k] += value * rows[t, k]
    if not high > low:
        return NO_UPTAKE

    # a, place, b, place
    found = np.zeros(4)
    score = _best_pair(yb, gram, found)
    if not score > 0:
        return NO_UPTAKE
    if not (found[0] > 0 and found[2] > 0):
        out[SUM_OF_SQUARES] = max(yy - score, 0.0)
        return RATE_AT_END
    normal, slope = np.empty((4, 4)), np.empty(4)
    fall = _refine(found, yb, gram, normal, slope)
    if found[1] > found[3]:
        found[0], found[2] = found[2], found[0]
        found[1], found[3] = found[3], found[1]
    out[SUM_OF_SQUARES] = max(yy - fall, 0.0)
    top = n_rates - 1.0
    if found[1] <= 0 or found[3] >= top or found[3] - found[1] < _MIN_APART:
        return RATE_AT_END
    out[SLOW], out[FAST] = found[0], found[2]
    out[SLOW_RATE] = np.exp(log_rates[0] + found[1] * log_rates[1])
    out[FAST_RATE] = np.exp(log_rates[0] + found[3] * log_rates[1])
    _products(found, yb, gram, normal, slope)
    # From (log a, place) to (a, rate): the Jacobian is diagonal.
    scale = np.array([
        found[0], out[SLOW_RATE] * log_rates[1], found[2], out[FAST_RATE] * log_rates[1],
    ])  # fmt: skip
    n = COVARIANCE
    for i in range(4):
        slope[:] = 0.0
        slope[i] = 1.0
        if not _solve_in_place(normal.copy(), slope):
            break
        for j in range(i, 4):
            out[n] = slope[j] * scale[i] * scale[j]
            n += 1
    return FITTED


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _best_pair(yb: np.ndarray, gram: np.ndarray, found: np.ndarray) -> float:
    """Amplitudes and rows of the best pair; gives its fall of the sum of squares."""
    best = 0.0
    for i in range(yb.size):
        single = max(yb[i], 0.0) ** 2 / gram[i, i] if gram[i, i] > 0 else 0.0
        if single > best:
            best = single
            found[0], found[1], found[2], found[3] = yb[i] / gram[i, i], i, 0.0, i
        for j in range(i + 1, yb.size):
            den = gram[i, i] * gram[j, j] - gram[i, j] * gram[i, j]
            if not den > 1e-12 * gram[i, i] * gram[j, j]:
                continue
            a = (yb[i] * gram[j, j] - yb[j] * gram[i, j]) / den
            b = (yb[j] * gram[i, i] - yb[i] * gram[i, j]) / den
            if a > 0 and b > 0:
                score = a * yb[i] + b * yb[j]
                if score > best:
                    best = score
                    found[0], found[1], found[2], found[3] = a, i, b, j
    return best


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _products(
    found: np.ndarray, yb: np.ndarray, gram: np.ndarray, normal: np.ndarray, slope: np.ndarray
) -> float:
    """Normal matrix and gradient by (log a, place, log b, place); gives the fall reached."""
    n = yb.size
    columns = np.empty((4, NODES))
    first = np.empty(4, np.int64)
    for pair in range(2):
        weight, change = columns[2 * pair], columns[2 * pair + 1]
        base = weights_at(found[2 * pair + 1], n, weight, change)
        first[2 * pair] = first[2 * pair + 1] = base
        for i in range(NODES):
            weight[i] *= found[2 * pair]
            change[i] *= found[2 * pair]
    with_data = np.zeros(4)
    for i in range(4):
        for k in range(NODES):
            with_data[i] += columns[i, k] * yb[first[i] + k]
        for j in range(i, 4):
            total = 0.0
            for k in range(NODES):
                inner = 0.0
                for m in range(NODES):
                    inner += columns[j, m] * gram[first[i] + k, first[j] + m]
                total += columns[i, k] * inner
            normal[i, j] = normal[j, i] = total
    # Columns 0 and 2 are the two parts of the curve itself.
    for i in range(4):
        slope[i] = with_data[i] - normal[i, 0] - normal[i, 2]
    model = normal[0, 0] + 2 * normal[0, 2] + normal[2, 2]
    return 2 * (with_data[0] + with_data[2]) - model


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _solve_in_place(matrix: np.ndarray, right: np.ndarray) -> bool:
    """Solve a positive definite system by Cholesky's method; False where it is not one.

    Both arguments are used up; the answer stands in ``right``. In place of a library's, for the
    sake of seconds of compilation.
    """
    size = right.size
    for i in range(size):
        whole = matrix[i, i]
        for k in range(i):
            matrix[i, i] -= matrix[i, k] * matrix[i, k]
        if not matrix[i, i] > 1e-13 * whole:
            return False
        matrix[i, i] = np.sqrt(matrix[i, i])
        for j in range(i + 1, size):
            for k in range(i):
                matrix[j, i] -= matrix[j, k] * matrix[i, k]
            matrix[j, i] /= matrix[i, i]
    for i in range(size):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]
    return True


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _refine(
    found: np.ndarray, yb: np.ndarray, gram: np.ndarray, normal: np.ndarray, slope: np.ndarray
) -> float:
    """Levenberg-Marquardt; changes ``found`` and gives the fall of the sum of squares."""
    top = yb.size - 1.0
    fall = _products(found, yb, gram, normal, slope)
    damping = 1e-3
    trial, matrix, step = found.copy(), normal.copy(), slope.copy()
    other_normal, other_slope = normal.copy(), slope.copy()
    for _ in range(_MAX_STEPS):
        matrix[:] = normal
        for i in range(4):
            matrix[i, i] += damping * normal[i, i]
        step[:] = slope
        if not _solve_in_place(matrix, step):
            damping *= 4
            continue
        for i in (0, 2):
            trial[i] = found[i] * np.exp(min(max(step[i], -2.0), 2.0))
            trial[i + 1] = min(max(found[i + 1] + min(max(step[i + 1], -3.0), 3.0), 0.0), top)
        reached = _products(trial, yb, gram, other_normal, other_slope)
        if reached > fall:
            gain = reached - fall
            found[:], normal[:], slope[:] = trial, other_normal, other_slope
            fall = reached
            damping = max(damping / 5, 1e-12)
            if gain < _CONVERGED * abs(fall):
                break
        else:
            damping *= 4
            if damping > 1e8:
                break
    return fall

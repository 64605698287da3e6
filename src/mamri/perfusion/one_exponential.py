"""One exponential and one fixed curve fitted to every voxel by variable projection.

``C(t) = a E(t; k) + b c(t)`` with ``a, b >= 0`` is linear but for the rate k, so a fit is a search
along one line [1]_. All curves are met through their inner products: those of a voxel with the rows
of a grid of rates, once, and those of the rows with each other, once an examination. Between rows a
curve is interpolated, and with it every inner product, so that the search, the derivative and the
standard errors cost the same whatever the number of images.

References
----------
.. [1] Golub GH, Pereyra V. The differentiation of pseudo-inverses and nonlinear least squares
   problems whose variables separate. SIAM J Numer Anal 1973;10:413-432. doi:10.1137/0710036
"""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.perfusion.lagrange import NODES, weights_at
from mamri.perfusion.perfusion_fit import FitStatus

# How a voxel's fit ended, as plain numbers for compiled code.
FITTED, NOT_FINITE, NO_UPTAKE, COLUMN_AT_ZERO, RATE_AT_END = (
    int(status)
    for status in (
        FitStatus.FITTED,
        FitStatus.NOT_FINITE,
        FitStatus.NO_UPTAKE,
        FitStatus.VALUE_AT_ZERO,
        FitStatus.RATE_AT_END,
    )
)
# Rows of the answer.
AMPLITUDE, COLUMN, RATE, SUM_OF_SQUARES = 0, 1, 2, 3
COVARIANCE = 4  # and five more: aa, ak, ab, kk, kb, bb
N_ROWS = 10
_CHUNK = 256
# Steps of the search along the rate, in grid steps.
_TOLERANCE, _MAX_STEPS = 3e-4, 40
_GOLDEN = 0.381966011250105


@dataclass(frozen=True, slots=True, eq=False)
class InnerProducts:
    """Curves of a fit and their products.

    Parameters
    ----------
    rows : (T, K) float64
        Exponential convolutions, times first.
    column : (T,) float64
        The fixed curve.
    gram : (K, K) float64
        Products of rows.
    cross : (K,) float64
        Products of rows and column.
    log_rates : (first, step) of float
        Natural logarithm of the first rate, and the step to the next.
    """

    rows: np.ndarray
    column: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    log_rates: tuple[float, float]


def inner_products(
    rows: np.ndarray, column: np.ndarray, rates_per_min: np.ndarray
) -> InnerProducts:
    """Prepare a fit from rows (K, T), column (T,) and rates (K,) evenly spaced in logarithm."""
    logs = np.log(rates_per_min)
    return InnerProducts(
        np.ascontiguousarray(rows.T, np.float64),
        np.ascontiguousarray(column, np.float64),
        rows @ rows.T,
        rows @ column,
        (float(logs[0]), float((logs[-1] - logs[0]) / (len(logs) - 1))),
    )


def fit_one_exponential(
    curves: np.ndarray, products: InnerProducts, *, fixed_column: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fit every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    products : InnerProducts
    fixed_column : float or None
        Amplitude b where it is known, 0 to do without the column; fitted by default.

    Returns
    -------
    (N_ROWS, V) float32
        a, b, k (per minute), sum of squared residuals, and the covariance of (a, k, b) for a
        residual variance of 1: aa, ak, ab, kk, kb, bb. NaN where undefined; the covariance also
        where a bound is active.
    (V,) uint8
        How the fit ended.
    """
    n = curves.shape[1]
    answer = np.empty((N_ROWS, n), np.float32)
    status = np.empty(n, np.uint8)
    _fit(
        curves,
        products.rows,
        products.column,
        products.gram,
        products.cross,
        np.array(products.log_rates),
        fixed_column is None,
        0.0 if fixed_column is None else float(fixed_column),
        answer,
        status,
    )
    return answer, status


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def _fit(
    curves: np.ndarray,
    rows: np.ndarray,
    column: np.ndarray,
    gram: np.ndarray,
    cross: np.ndarray,
    log_rates: np.ndarray,
    is_free: bool,
    fixed: float,
    answer: np.ndarray,
    status: np.ndarray,
) -> None:
    n_times, n_voxels = curves.shape
    n_rates = rows.shape[1]
    cc = 0.0
    for t in range(n_times):
        cc += column[t] * column[t]
    n_chunks = (n_voxels + _CHUNK - 1) // _CHUNK
    for chunk in numba.prange(n_chunks):
        first = chunk * _CHUNK
        last = min(first + _CHUNK, n_voxels)
        curve = np.empty((last - first, n_times))
        for t in range(n_times):
            for v in range(last - first):
                curve[v, t] = curves[t, first + v]
        yb, scores = np.empty(n_rates), np.empty(n_rates)
        weight = np.empty(NODES)
        slope = np.empty(NODES)
        for v in range(last - first):
            out = answer[:, first + v]
            status[first + v] = _fit_curve(
                curve[v], rows, column, gram, cross, cc, log_rates, is_free, fixed,
                yb, scores, weight, slope, out,
            )  # fmt: skip


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _fit_curve(
    y: np.ndarray,
    rows: np.ndarray,
    column: np.ndarray,
    gram: np.ndarray,
    cross: np.ndarray,
    cc: float,
    log_rates: np.ndarray,
    is_free: bool,
    fixed: float,
    yb: np.ndarray,
    scores: np.ndarray,
    weight: np.ndarray,
    slope: np.ndarray,
    out: np.ndarray,
) -> int:
    """Fit one voxel into a row of the answer; gives its status."""
    n_times, n_rates = rows.shape
    for n in range(N_ROWS):
        out[n] = np.nan
    yb[:] = 0.0
    yc, yy, low, high = 0.0, 0.0, np.inf, -np.inf
    for t in range(n_times):
        value = y[t]
        if not np.isfinite(value):
            return NOT_FINITE
        low, high = min(low, value), max(high, value)
        value -= fixed * column[t]
        yy += value * value
        yc += value * column[t]
        for k in range(n_rates):
            yb[k] += value * rows[t, k]
    if not high > low:
        return NO_UPTAKE

    for k in range(n_rates):
        scores[k] = _solve(yb[k], gram[k, k], cross[k], yc, cc, is_free)[2]
    # Few images leave several valleys, and the deepest may be narrow: look into each.
    place, best_score = -1.0, 0.0
    for k in range(n_rates):
        here = scores[k]
        if (
            here > 0
            and (k == 0 or here > scores[k - 1])
            and (k == n_rates - 1 or here >= scores[k + 1])
        ):
            there = _best_place(k, scores, yb, gram, cross, yc, cc, is_free, weight)
            score = _score_at(there, yb, gram, cross, yc, cc, is_free, weight)
            if score > best_score:
                place, best_score = there, score
    if place < 0:
        return NO_UPTAKE
    base = weights_at(place, n_rates, weight, slope)
    by, bb, bc, dd, db, dc = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(NODES):
        by += weight[i] * yb[base + i]
        bc += weight[i] * cross[base + i]
        dc += slope[i] * cross[base + i]
        for j in range(NODES):
            product = gram[base + i, base + j]
            bb += weight[i] * weight[j] * product
            db += slope[i] * weight[j] * product
            dd += slope[i] * slope[j] * product
    a, b, score = _solve(by, bb, bc, yc, cc, is_free)
    if not a > 0:
        return NO_UPTAKE
    rate = np.exp(log_rates[0] + place * log_rates[1])
    out[AMPLITUDE], out[COLUMN], out[RATE] = a, b + fixed, rate
    out[SUM_OF_SQUARES] = max(yy - score, 0.0)
    if place <= 0.0 or place >= n_rates - 1.0:
        return RATE_AT_END
    if is_free and b <= 0:
        return COLUMN_AT_ZERO
    # Derivatives by rate from those by grid step.
    step = rate * log_rates[1]
    db, dc, dd = a * db / step, a * dc / step, a * a * dd / (step * step)
    if is_free:
        _invert(bb, db, bc, dd, dc, cc, out)
    else:
        determinant = bb * dd - db * db
        if determinant > 1e-14 * bb * dd:
            out[COVARIANCE] = dd / determinant
            out[COVARIANCE + 1] = -db / determinant
            out[COVARIANCE + 3] = bb / determinant
    return FITTED


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _invert(
    bb: float, db: float, bc: float, dd: float, dc: float, cc: float, out: np.ndarray
) -> None:
    """Inverse of the symmetric matrix of products of (a, k, b)."""
    m_bb = dd * cc - dc * dc
    m_db = dc * bc - db * cc
    m_bc = db * dc - dd * bc
    determinant = bb * m_bb + db * m_db + bc * m_bc
    if not determinant > 1e-14 * bb * dd * cc:
        return
    out[COVARIANCE] = m_bb / determinant
    out[COVARIANCE + 1] = m_db / determinant
    out[COVARIANCE + 2] = m_bc / determinant
    out[COVARIANCE + 3] = (bb * cc - bc * bc) / determinant
    out[COVARIANCE + 4] = (db * bc - bb * dc) / determinant
    out[COVARIANCE + 5] = (bb * dd - db * db) / determinant


@numba.njit(cache=True, inline="always")  # type: ignore[misc, unused-ignore]
def _solve(
    by: float, bb: float, bc: float, yc: float, cc: float, is_free: bool
) -> tuple[float, float, float]:
    """Best amplitudes that are not negative, and the fall of the sum of squares they bring."""
    if not is_free:
        a = max(by / bb, 0.0) if bb > 0 else 0.0
        return a, 0.0, a * by
    den = max(bb * cc - bc * bc, 1e-12 * bb * cc)
    if not den > 0:
        return 0.0, 0.0, 0.0
    a, b = (by * cc - yc * bc) / den, (yc * bb - by * bc) / den
    if b < 0:
        a, b = by / bb, 0.0
    if a < 0:
        a, b = 0.0, max(yc / cc, 0.0)
    return a, b, 2 * (a * by + b * yc) - (a * a * bb + 2 * a * b * bc + b * b * cc)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _score_at(
    place: float,
    yb: np.ndarray,
    gram: np.ndarray,
    cross: np.ndarray,
    yc: float,
    cc: float,
    is_free: bool,
    weight: np.ndarray,
) -> float:
    base = weights_at(place, yb.size, weight, weight[:0])
    by, bb, bc = 0.0, 0.0, 0.0
    for i in range(NODES):
        by += weight[i] * yb[base + i]
        bc += weight[i] * cross[base + i]
        inner = 0.0
        for j in range(NODES):
            inner += weight[j] * gram[base + i, base + j]
        bb += weight[i] * inner
    return _solve(by, bb, bc, yc, cc, is_free)[2]


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _best_place(
    best: int,
    scores: np.ndarray,
    yb: np.ndarray,
    gram: np.ndarray,
    cross: np.ndarray,
    yc: float,
    cc: float,
    is_free: bool,
    weight: np.ndarray,
) -> float:
    """Place of the highest score between the neighbours of a row, by Brent's method."""
    low, high = max(best - 1.0, 0.0), min(best + 1.0, yb.size - 1.0)
    x, w, v = float(best), low, high
    fx, fw, fv = -scores[best], -scores[int(low)], -scores[int(high)]
    if fv < fw:
        w, v, fw, fv = v, w, fv, fw
    before, step = 1.0, 1.0
    for _ in range(_MAX_STEPS):
        middle = 0.5 * (low + high)
        if abs(x - middle) <= 2 * _TOLERANCE - 0.5 * (high - low):
            break
        golden = True
        if abs(before) > _TOLERANCE:
            r, q = (x - w) * (fx - fv), (x - v) * (fx - fw)
            p = (x - v) * q - (x - w) * r
            q = 2 * (q - r)
            if q > 0:
                p = -p
            q = abs(q)
            last, before = before, step
            if abs(p) < abs(0.5 * q * last) and q * (low - x) < p < q * (high - x):
                step, golden = p / q, False
        if golden:
            before = low - x if x >= middle else high - x
            step = _GOLDEN * before
        u = x + step if abs(step) >= _TOLERANCE else x + (_TOLERANCE if step > 0 else -_TOLERANCE)
        u = min(max(u, low), high)
        fu = -_score_at(u, yb, gram, cross, yc, cc, is_free, weight)
        if fu <= fx:
            low, high = (x, high) if u >= x else (low, x)
            v, w, x = w, x, u
            fv, fw, fx = fw, fx, fu
        else:
            low, high = (u, high) if u < x else (low, u)
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
    # The ends of the grid are ends of the search.
    if best in (0, yb.size - 1) and abs(x - best) < 3 * _TOLERANCE:
        return float(best)
    return x

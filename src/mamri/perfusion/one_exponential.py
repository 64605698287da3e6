"""One exponential and one fixed curve fitted to every voxel by variable projection.

``C(t) = a E(t; k) + b c(t)`` with ``a, b >= 0`` is linear but for the rate k, so a fit is a search
along one line [1]_. All curves are met through their inner products: those of a voxel with the rows
of a grid of rates, once, and those of the rows with each other, once an examination. Between rows a
curve is interpolated, and with it every inner product, which makes each a polynomial of the place
between two rows. So the search, its derivative and the standard errors cost the same whatever the
number of images.

References
----------
.. [1] Golub GH, Pereyra V. The differentiation of pseudo-inverses and nonlinear least squares
   problems whose variables separate. SIAM J Numer Anal 1973;10:413-432. doi:10.1137/0710036
"""

from typing import NamedTuple

import numba
import numpy as np

from mamri.perfusion.lagrange import NODES, cell_weights
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
# Multiplication and addition may become one instruction, and divisions are not checked.
_compiled = numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")
_inlined = numba.njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
# Of the search between two rows, in parts of the step from one to the next.
_TOLERANCE, _MAX_STEPS = 3e-4, 40
# So much of a row is taken to lie aside of the column at least, to divide by.
_LEAST_ASIDE = 1e-12
# What a row adds to what the column explains alone is rounding up to this part of it.
_LEAST_GAIN = 1e-14
# Columns of ``InnerProducts.cells`` where the polynomials begin, and their coefficients.
_SHORT, _LONG = NODES, 2 * NODES - 1
_CROSS, _NORM, _FULL_NORM, _SLOPES = 0, _SHORT, _SHORT + _LONG, _SHORT + 2 * _LONG


class InnerProducts(NamedTuple):
    """Curves of a fit and their products; a tuple, as compiled code takes it whole.

    What of a row is orthogonal to the column lies aside of it. A cell reaches from a row to the
    next; a product there is a polynomial of the place within it, 0 to 1.

    Parameters
    ----------
    aside : (T, 2 K) float64
        Exponential convolutions as far as they lie aside, and their derivatives by the place; times
        first.
    unit, known : (T,) float64
        The column with norm 1, and what of every curve is known beforehand.
    is_free : bool
        Whether the amplitude of the column is fitted. Where it is not, the unit is 0.
    column_norm, fixed : float
        Norm of the column (1 where it is 0), and its amplitude where it is known, else 0.
    log_rates : (2,) float64
        Natural logarithm of the first rate, and the step to the next.
    first, weights : (K - 1,) int and (K - 1, 6, 6) float64
        The first of the six rows that a cell is interpolated from, and weights by power and row.
    cells : (K - 1, 37) float64
        Coefficients, by rising power, of the products of the interpolated curve with the unit (6),
        of what lies aside with itself (11), of the curve with itself (11), and of the derivative of
        what lies aside with itself (9).
    at_rows : (6, K) float64
        The first three of these at the rows, each followed by its derivative.
    """

    aside: np.ndarray
    unit: np.ndarray
    known: np.ndarray
    is_free: bool
    column_norm: float
    fixed: float
    log_rates: np.ndarray
    first: np.ndarray
    weights: np.ndarray
    cells: np.ndarray
    at_rows: np.ndarray


def inner_products(
    rows: np.ndarray,
    column: np.ndarray,
    rates_per_min: np.ndarray,
    *,
    fixed_column: float | None = None,
) -> InnerProducts:
    """Prepare a fit.

    Parameters
    ----------
    rows : (K, T) float
        Exponential convolutions.
    column : (T,) float
        The fixed curve.
    rates_per_min : (K,) float, per minute
        Evenly spaced in logarithm.
    fixed_column : float or None
        Amplitude b where it is known, 0 to do without the column; fitted by default.

    Returns
    -------
    InnerProducts
    """
    logs = np.log(rates_per_min)
    is_free = fixed_column is None
    norm = float(np.linalg.norm(column)) or 1.0
    unit = column / norm if is_free else np.zeros(len(column))
    cross = rows @ unit
    aside = rows - cross[:, None] * unit
    first, weights = cell_weights(len(rows))
    near = first[:, None] + np.arange(NODES)
    curves = weights @ aside[near]  # (K - 1, power, T)
    cell_cross = (weights @ cross[near][:, :, None])[:, :, 0]
    full_norms = _squares(weights @ rows[near])
    norms = _squares(curves) + _LEAST_ASIDE * full_norms
    slopes = curves[:, 1:] * np.arange(1.0, NODES)[:, None]
    slopes_at_rows = np.vstack([slopes[:, 0], slopes[-1].sum(0)])
    return InnerProducts(
        aside=np.vstack([aside, slopes_at_rows]).T.astype(np.float64, "C"),
        unit=unit,
        known=np.zeros(len(column)) if fixed_column is None else fixed_column * column,
        is_free=is_free,
        column_norm=norm,
        fixed=float(fixed_column or 0.0),
        log_rates=np.array([logs[0], (logs[-1] - logs[0]) / (len(logs) - 1)]),
        first=first,
        weights=weights,
        cells=np.hstack([cell_cross, norms, full_norms, _squares(slopes)]),
        at_rows=np.vstack([_at_rows(product) for product in (cell_cross, norms, full_norms)]),
    )


def _at_rows(cells: np.ndarray) -> np.ndarray:
    """Values and derivatives (2, K) at the rows of what has coefficients (K - 1, power)."""
    end = cells[-1]
    value, slope = np.append(cells[:, 0], end.sum()), np.append(cells[:, 1], end @ range(len(end)))
    return np.vstack([value, slope])


def _squares(cells: np.ndarray) -> np.ndarray:
    """Coefficients of the product with itself of a curve with coefficients (K - 1, power, T)."""
    n = cells.shape[1]
    products = cells @ cells.transpose(0, 2, 1)
    squares = np.zeros((len(cells), 2 * n - 1))
    for power in range(n):
        squares[:, power : power + n] += products[:, power]
    return squares


def fit_one_exponential(
    curves: np.ndarray, products: InnerProducts
) -> tuple[np.ndarray, np.ndarray]:
    """Fit every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    products : InnerProducts

    Returns
    -------
    (N_ROWS, V) float32
        a, b, k (per minute), sum of squared residuals, and the covariance of (a, k, b) for a
        residual variance of 1: aa, ak, ab, kk, kb, bb; those of a known b mean nothing.
        NaN where undefined; the covariance also where a bound is active.
    (V,) uint8
        How the fit ended.
    """
    answer = np.empty((N_ROWS, curves.shape[1]), np.float32)
    status = np.empty(curves.shape[1], np.uint8)
    _fit(curves, products, answer, status)
    return answer, status


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def _fit(
    curves: np.ndarray, products: InnerProducts, answer: np.ndarray, status: np.ndarray
) -> None:
    n_times, n_voxels = curves.shape
    n_chunks = (n_voxels + _CHUNK - 1) // _CHUNK
    for chunk in numba.prange(n_chunks):
        first = chunk * _CHUNK
        last = min(first + _CHUNK, n_voxels)
        chunk_curves = np.empty((last - first, n_times))
        for t in range(n_times):
            for v in range(last - first):
                chunk_curves[v, t] = curves[t, first + v]
        _fit_chunk(chunk_curves, products, answer[:, first:last], status[first:last])


@_compiled  # type: ignore[misc, unused-ignore]
def _fit_chunk(
    curves: np.ndarray, products: InnerProducts, answer: np.ndarray, status: np.ndarray
) -> None:
    n_rates = products.at_rows.shape[1]
    with_rows, polynomial = np.empty(2 * n_rates), np.empty(NODES)
    scores, rises = np.empty(n_rates), np.empty(n_rates)
    answer[:] = np.nan
    for v in range(len(curves)):
        status[v] = _fit_curve(
            curves[v], products, with_rows, scores, rises, polynomial, answer[:, v]
        )


@_inlined  # type: ignore[misc, unused-ignore]
def _fit_curve(
    y: np.ndarray,
    products: InnerProducts,
    with_rows: np.ndarray,
    scores: np.ndarray,
    rises: np.ndarray,
    polynomial: np.ndarray,
    out: np.ndarray,
) -> int:
    """Fit one voxel into a row of the answer; gives its status."""
    with_rows[:] = 0.0
    with_unit, square, low, high = 0.0, 0.0, np.inf, -np.inf
    for t in range(y.size):
        value = y[t]
        if not np.isfinite(value):
            return NOT_FINITE
        low, high = min(low, value), max(high, value)
        value -= products.known[t]
        square += value * value
        with_unit += value * products.unit[t]
        for k in range(with_rows.size):
            with_rows[k] += value * products.aside[t, k]
    if not high > low:
        return NO_UPTAKE

    cell, place = _find_summit(with_rows, with_unit, products, scores, rises, polynomial)
    if cell < 0:
        return NO_UPTAKE
    _interpolate(with_rows, products.first[cell], products.weights[cell], polynomial)
    a, b, score = _solve(place, products.cells[cell], polynomial, with_unit)
    rate = np.exp(products.log_rates[0] + (cell + place) * products.log_rates[1])
    out[AMPLITUDE], out[COLUMN], out[RATE] = a, products.fixed + b / products.column_norm, rate
    out[SUM_OF_SQUARES] = max(square - score, 0.0)
    if cell + place <= 0.0 or cell + place >= scores.size - 1.0:
        return RATE_AT_END
    if products.is_free and b <= 0:
        return COLUMN_AT_ZERO
    step = rate * products.log_rates[1]
    _write_covariance(place, products.cells[cell], a / step, products.column_norm, out)
    return FITTED


@_inlined  # type: ignore[misc, unused-ignore]
def _find_summit(
    with_rows: np.ndarray,
    with_unit: float,
    products: InnerProducts,
    scores: np.ndarray,
    rises: np.ndarray,
    polynomial: np.ndarray,
) -> tuple[int, float]:
    """Cell and place of the highest score; cell -1 where no row explains more than the column."""
    _look_at_rows(with_rows, with_unit, products.at_rows, scores, rises)
    top = scores.size - 2
    least = max(with_unit, 0.0) * with_unit * (1 + _LEAST_GAIN)
    best_cell, best_place, best_score = -1, 0.0, least
    if not rises[0] > 0 and scores[0] > best_score:
        best_cell, best_place, best_score = 0, 0.0, scores[0]
    if rises[top + 1] > 0 and scores[top + 1] > best_score:
        best_cell, best_place, best_score = top, 1.0, scores[top + 1]
    # Few images leave several summits, and the highest may be narrow: climb each. A cell holds one
    # if the score rises inwards from its higher end.
    for cell in range(top + 1):
        low, high = scores[cell], scores[cell + 1]
        is_up, is_down = rises[cell] > 0, rises[cell + 1] < 0
        end = 0.0 if low > high else 1.0
        if not (is_up if low > high else is_down) or not max(low, high) > least:
            continue
        _interpolate(with_rows, products.first[cell], products.weights[cell], polynomial)
        place, score = _highest(end, is_up and is_down, products.cells[cell], polynomial, with_unit)
        if score > best_score:
            best_cell, best_place, best_score = cell, place, score
    return best_cell, best_place


@_compiled  # type: ignore[misc, unused-ignore]
def _look_at_rows(
    with_rows: np.ndarray,
    with_unit: float,
    at_rows: np.ndarray,
    scores: np.ndarray,
    rises: np.ndarray,
) -> None:
    """The fall of the sum of squares of `_solve`, and the slope of `_slope`, at all rows."""
    n = scores.size
    column_alone = max(with_unit, 0.0) * with_unit
    for k in range(n):
        p, p1, c, c1 = with_rows[k], with_rows[n + k], at_rows[0, k], at_rows[1, k]
        q, q1 = at_rows[2, k], at_rows[3, k]
        is_column_out = with_unit * q < p * c
        if is_column_out:
            p, p1 = p + with_unit * c, p1 + with_unit * c1
            q, q1 = at_rows[4, k], at_rows[5, k]
        explained = p * p / q + (0.0 if is_column_out else with_unit * with_unit)
        scores[k] = explained if p > 0 else column_alone
        rises[k] = 2 * p1 * q - p * q1


@_inlined  # type: ignore[misc, unused-ignore]
def _value(coefficients: np.ndarray, n: int, place: float) -> float:
    """Polynomial of the first n coefficients."""
    value = 0.0
    for i in range(n - 1, -1, -1):
        value = value * place + coefficients[i]
    return value


@_inlined  # type: ignore[misc, unused-ignore]
def _derivatives(coefficients: np.ndarray, n: int, place: float) -> tuple[float, float, float]:
    """Polynomial of the first n coefficients, its slope, and its second derivative."""
    value, slope, bend = 0.0, 0.0, 0.0
    for i in range(n - 1, -1, -1):
        bend = bend * place + slope
        slope = slope * place + value
        value = value * place + coefficients[i]
    return value, slope, 2 * bend


@_compiled  # type: ignore[misc, unused-ignore]
def _interpolate(
    with_rows: np.ndarray, first: int, weights: np.ndarray, polynomial: np.ndarray
) -> None:
    """Product of a voxel with what lies aside in a cell, as a polynomial."""
    for n in range(NODES):
        total = 0.0
        for i in range(NODES):
            total += weights[n, i] * with_rows[first + i]
        polynomial[n] = total


@_compiled  # type: ignore[misc, unused-ignore]
def _solve(
    place: float, cell: np.ndarray, polynomial: np.ndarray, with_unit: float
) -> tuple[float, float, float]:
    """Best amplitudes that are not negative, and the fall of the sum of squares they bring."""
    aside = _value(polynomial, _SHORT, place)
    cross = _value(cell[_CROSS:], _SHORT, place)
    norm = _value(cell[_NORM:], _LONG, place)
    if with_unit * norm >= aside * cross:
        if aside > 0:
            a = aside / norm
            return a, max(with_unit - a * cross, 0.0), with_unit * with_unit + a * aside
    else:
        whole = aside + with_unit * cross
        if whole > 0:
            a = whole / _value(cell[_FULL_NORM:], _LONG, place)
            return a, 0.0, a * whole
    b = max(with_unit, 0.0)
    return 0.0, b, b * b


@_compiled  # type: ignore[misc, unused-ignore]
def _slope(
    place: float, cell: np.ndarray, polynomial: np.ndarray, with_unit: float
) -> tuple[float, float]:
    """Slope by the place of the root of the score, but for a positive factor, and its own slope.

    The root is that of what row and column explain together less what the column does, or of what
    the row explains alone: p / sqrt(q), with the sign of the amplitude.
    """
    p, p1, p2 = _derivatives(polynomial, _SHORT, place)
    c, c1, c2 = _derivatives(cell[_CROSS:], _SHORT, place)
    q, q1, q2 = _derivatives(cell[_NORM:], _LONG, place)
    if with_unit * q < p * c:  # the column is better left out
        p, p1, p2 = p + with_unit * c, p1 + with_unit * c1, p2 + with_unit * c2
        q, q1, q2 = _derivatives(cell[_FULL_NORM:], _LONG, place)
    return 2 * p1 * q - p * q1, 2 * p2 * q + p1 * q1 - p * q2


@_compiled  # type: ignore[misc, unused-ignore]
def _highest(
    end: float, is_between: bool, cell: np.ndarray, polynomial: np.ndarray, with_unit: float
) -> tuple[float, float]:
    """Place of the highest score in a cell that it rises into from an end, and the score.

    Where it rises inwards from both ends there may be two summits.
    """
    place = _climb(end, cell, polynomial, with_unit)
    score = _solve(place, cell, polynomial, with_unit)[2]
    if is_between:
        other = 1.0 - end
        rise = _slope(0.5 * (place + other), cell, polynomial, with_unit)[0]
        if rise * (other - place) > 0:
            second = _climb(other, cell, polynomial, with_unit)
            second_score = _solve(second, cell, polynomial, with_unit)[2]
            if second_score > score:
                return second, second_score
    return place, score


@_compiled  # type: ignore[misc, unused-ignore]
def _climb(place: float, cell: np.ndarray, polynomial: np.ndarray, with_unit: float) -> float:
    """Place of a summit of the score in a cell, from an end where it rises inwards.

    A zero of the slope by Newton's steps, and by halves where they leave what is left.
    """
    low, high = 0.0, 1.0
    for _ in range(_MAX_STEPS):
        slope, bend = _slope(place, cell, polynomial, with_unit)
        if slope > 0:
            low = place
        else:
            high = place
        last = place
        place = last - slope / bend if bend < 0 else low
        if not low < place < high:
            place = 0.5 * (low + high)
        if abs(place - last) < _TOLERANCE:
            break
    return place


@_compiled  # type: ignore[misc, unused-ignore]
def _write_covariance(
    place: float, cell: np.ndarray, by_rate: float, column_norm: float, out: np.ndarray
) -> None:
    """Covariance of (a, k, b), from the derivatives by (a, k) as far as they lie aside."""
    norm, norm_slope, _ = _derivatives(cell[_NORM:], _LONG, place)
    cross, cross_slope, _ = _derivatives(cell[_CROSS:], _SHORT, place)
    bend = by_rate * by_rate * _value(cell[_SLOPES:], _LONG - 2, place)
    # The slope of a norm is twice the product with the derivative.
    norm_slope *= 0.5 * by_rate
    determinant = norm * bend - norm_slope * norm_slope
    if not determinant > 1e-14 * norm * bend:
        return
    aa, ak, kk = bend / determinant, -norm_slope / determinant, norm / determinant
    # The column gives way to both.
    per_a, per_k = cross / column_norm, cross_slope * by_rate / column_norm
    ab, kb = -per_a * aa - per_k * ak, -per_a * ak - per_k * kk
    out[COVARIANCE], out[COVARIANCE + 1], out[COVARIANCE + 2] = aa, ak, ab
    out[COVARIANCE + 3], out[COVARIANCE + 4] = kk, kb
    out[COVARIANCE + 5] = 1 / (column_norm * column_norm) - per_a * ab - per_k * kb

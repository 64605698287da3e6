"""Compiled variable projection of two exponentials, voxel by voxel.

For a pair (D, D*) write ``u = exp(-b D)`` and ``v = exp(-b D*)`` over the usable samples. The
signal is ``a u + c v`` with a and c not below 0; the score of a pair is the fall in the sum of
squares.
"""

from typing import NamedTuple

import numba
import numpy as np

_CHUNK = 256  # voxels a thread takes at a time
_MAX_STEPS = 60  # of Levenberg-Marquardt; some ten are the rule
_TOLERANCE = 1e-7  # of D in 1e-3 mm2/s and of ln D*, where the search stops


class SearchGrid(NamedTuple):
    """Values whose pairs are tried: D (P,) and D* (Q,), 1e-3 mm2/s, increasing."""

    diffusion: np.ndarray
    pseudo_diffusion: np.ndarray


@numba.njit(cache=True, parallel=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def fit_by_projection(
    signal: np.ndarray,
    b: np.ndarray,
    floor: float,
    diffusion: np.ndarray,
    pseudo_diffusion: np.ndarray,
    fit: np.ndarray,
    enough: np.ndarray,
) -> None:
    """Fit one slab of voxels.

    signal (B, n) float32, b (B,) increasing in ms/um2; the grids in 1e-3 mm2/s; fit (5, n) receives
    D, f, D*, S0 and relative residual, NaN where there are too few samples or no decay; ``enough``
    (n,) bool tells the two apart.
    """
    n_b, n = signal.shape
    n_p, n_q = diffusion.size, pseudo_diffusion.size
    everything = np.ones(n_b)
    shared_u, shared_v = np.empty((n_p, n_b)), np.empty((n_q, n_b))
    shared_pairs, shared_squares = np.empty((2, n_p, n_q)), np.empty(n_p + n_q)
    _tabulate(
        b, everything, diffusion, pseudo_diffusion, shared_u, shared_v, shared_pairs, shared_squares
    )
    for chunk in numba.prange((n + _CHUNK - 1) // _CHUNK):
        used, y = np.empty(n_b), np.empty(n_b)
        own_u, own_v = np.empty((n_p, n_b)), np.empty((n_q, n_b))
        own_pairs, own_squares = np.empty((2, n_p, n_q)), np.empty(n_p + n_q)
        along = np.empty(n_q)
        found = np.empty(6)
        for i in range(chunk * _CHUNK, min(n, (chunk + 1) * _CHUNK)):
            fit[:, i] = np.nan
            n_used, distinct, top = _take(signal, i, b, floor, used, y)
            enough[i] = distinct >= 4
            if distinct < 4 or not _falls(b, used, y, n_used):
                continue
            if n_used == n_b:
                p, q = _best_pair(y, shared_u, shared_v, shared_pairs, shared_squares, along)
            else:
                _tabulate(
                    b, used, diffusion, pseudo_diffusion, own_u, own_v, own_pairs, own_squares
                )
                p, q = _best_pair(y, own_u, own_v, own_pairs, own_squares, along)
            _refine(b, used, y, diffusion, pseudo_diffusion, p, q, found)
            total = found[2] + found[3]
            fit[0, i] = found[0]
            fit[1, i] = found[3] / total
            fit[2, i] = found[1]
            fit[3, i] = total * top
            fit[4, i] = np.sqrt(max(found[4], 0.0) / n_used) / total


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _take(
    signal: np.ndarray, i: int, b: np.ndarray, floor: float, used: np.ndarray, y: np.ndarray
) -> tuple[int, int, float]:
    """Usable samples of a voxel relative to the highest: their number, different b's, highest."""
    n_used, distinct, top, last = 0, 0, 0.0, -1.0
    for k in range(b.size):
        s = signal[k, i]
        used[k], y[k] = 0.0, 0.0
        if floor < s < np.inf:
            used[k], y[k] = 1.0, s
            n_used += 1
            distinct += b[k] > last
            last = b[k]
            top = max(top, s)
    if n_used > 0:
        for k in range(b.size):
            y[k] /= top
    return n_used, distinct, top


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _falls(b: np.ndarray, used: np.ndarray, y: np.ndarray, n_used: int) -> bool:
    """Whether the straight line through the samples falls; a constant signal does not."""
    mean_b = np.sum(used * b) / n_used
    mean_y = np.sum(used * y) / n_used
    return np.sum(used * (b - mean_b) * (y - mean_y)) < 0


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _tabulate(
    b: np.ndarray,
    used: np.ndarray,
    diffusion: np.ndarray,
    pseudo_diffusion: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    pairs: np.ndarray,
    squares: np.ndarray,
) -> None:
    """Fill what depends on b-values alone.

    u (P, B), v (Q, B), squares (P + Q,) = u.u and v.v; pairs (2, P, Q): u.v / u.u, and the inverse
    of the square of that part of v which u does not explain, 0 where there is hardly any.
    """
    n_p, n_q = diffusion.size, pseudo_diffusion.size
    for p in range(n_p):
        for k in range(b.size):
            u[p, k] = used[k] * np.exp(-b[k] * diffusion[p])
        squares[p] = np.sum(u[p] * u[p])
    for q in range(n_q):
        for k in range(b.size):
            v[q, k] = used[k] * np.exp(-b[k] * pseudo_diffusion[q])
        squares[n_p + q] = np.sum(v[q] * v[q])
    for p in range(n_p):
        for q in range(n_q):
            share = np.sum(u[p] * v[q]) / squares[p]
            own = squares[n_p + q] - share * share * squares[p]
            pairs[0, p, q] = share
            pairs[1, p, q] = 1.0 / own if own > 1e-9 * squares[n_p + q] else 0.0


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _best_pair(
    y: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    pairs: np.ndarray,
    squares: np.ndarray,
    along: np.ndarray,
) -> tuple[int, int]:
    """Grid pair with the highest score."""
    n_p, n_q = u.shape[0], v.shape[0]
    n_b = y.size
    for q in range(n_q):
        dot = 0.0
        for k in range(n_b):
            dot += y[k] * v[q, k]
        along[q] = dot
    best, best_p, best_q = -1.0, 0, 0
    for p in range(n_p):
        dot = 0.0
        for k in range(n_b):
            dot += y[k] * u[p, k]
        alone = dot * dot / squares[p]
        slow = dot / squares[p]
        for q in range(n_q):
            rest = max(along[q] - pairs[0, p, q] * dot, 0.0)  # at 0: amplitude of v is 0
            score = alone + rest * rest * pairs[1, p, q]
            if score > best:
                if slow < pairs[0, p, q] * rest * pairs[1, p, q]:  # amplitude of u is 0
                    score = along[q] * along[q] / squares[n_p + q]
                    if score <= best:
                        continue
                best, best_p, best_q = score, p, q
    return best_p, best_q


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _refine(
    b: np.ndarray,
    used: np.ndarray,
    y: np.ndarray,
    diffusion: np.ndarray,
    pseudo_diffusion: np.ndarray,
    p: int,
    q: int,
    found: np.ndarray,
) -> None:
    """Levenberg-Marquardt over D and ln D* from a grid pair, within the bounds of the grid.

    found receives D, D*, a, c and the sum of squares.
    """
    fastest = diffusion[-1]
    low, high = np.log(pseudo_diffusion[0]), np.log(pseudo_diffusion[-1])
    slow, fast = diffusion[p], np.log(pseudo_diffusion[q])
    normal = np.empty(5)
    trial = np.empty(5)
    a, c, misfit = _project(b, used, y, slow, np.exp(fast), normal)
    damping = 1e-3
    for _ in range(_MAX_STEPS):
        h11, h12, h22 = normal[0] * (1 + damping), normal[1], normal[2] * (1 + damping)
        g1, g2 = normal[3], normal[4]
        # A coefficient held by its bound, or without amplitude, does not move.
        if h11 <= 0 or (slow <= 0 and g1 < 0) or (slow >= fastest and g1 > 0):
            h11, h12, g1 = 1.0, 0.0, 0.0
        if h22 <= 0 or (fast <= low and g2 < 0) or (fast >= high and g2 > 0):
            h22, h12, g2 = 1.0, 0.0, 0.0
        if g1 == 0 and g2 == 0:
            break
        det = h11 * h22 - h12 * h12
        if det <= 1e-14 * h11 * h22:
            damping *= 10
            if damping > 1e10:
                break
            continue
        new_slow = min(max(slow + (h22 * g1 - h12 * g2) / det, 0.0), fastest)
        new_fast = min(max(fast + (h11 * g2 - h12 * g1) / det, low), high)
        moved = max(abs(new_slow - slow), abs(new_fast - fast))
        new_a, new_c, new_misfit = _project(b, used, y, new_slow, np.exp(new_fast), trial)
        if new_misfit <= misfit:
            slow, fast, a, c, misfit = new_slow, new_fast, new_a, new_c, new_misfit
            normal[:] = trial
            damping = max(damping * 0.1, 1e-12)
        else:
            damping *= 10
        if moved < _TOLERANCE or damping > 1e10:
            break
    found[0], found[1], found[2], found[3], found[4] = slow, np.exp(fast), a, c, misfit


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _project(
    b: np.ndarray, used: np.ndarray, y: np.ndarray, slow: float, fast: float, normal: np.ndarray
) -> tuple[float, float, float]:
    """Amplitudes a, c and sum of squares of a pair; normal equations of a step from it.

    ``normal`` receives J.J (three numbers) and J.r (two) for D and ln D*, with J the derivatives
    at fixed amplitudes made free of u and v (Kaufman).
    """
    uu = uv = vv = yu = yv = 0.0
    uub = uvb = vvb = uubb = uvbb = vvbb = yub = yvb = yy = 0.0
    for k in range(b.size):
        u = used[k] * np.exp(-b[k] * slow)
        v = used[k] * np.exp(-b[k] * fast)
        ub, vb = b[k] * u, b[k] * v
        yy += y[k] * y[k]
        yu += y[k] * u
        yv += y[k] * v
        yub += y[k] * ub
        yvb += y[k] * vb
        uu += u * u
        uv += u * v
        vv += v * v
        uub += u * ub
        uvb += u * vb
        vvb += v * vb
        uubb += ub * ub
        uvbb += ub * vb
        vvbb += vb * vb
    det = uu * vv - uv * uv
    both = det > 1e-12 * uu * vv
    a, c = (yu * vv - yv * uv) / det, (yv * uu - yu * uv) / det
    if not both or c <= 0:
        a, c, both = yu / uu, 0.0, False
    elif a <= 0:
        a, c, both = 0.0, yv / vv, False
    misfit = yy - 2 * (a * yu + c * yv) + a * a * uu + 2 * a * c * uv + c * c * vv
    # Derivatives of the fit: -a b u for D, -c D* b v for ln D*.
    e, g = -a, -c * fast
    normal[3] = e * (yub - a * uub - c * uvb)
    normal[4] = g * (yvb - a * uvb - c * vvb)
    if both:
        s11 = (vv * uub * uub - 2 * uv * uub * uvb + uu * uvb * uvb) / det
        s12 = (vv * uub * uvb - uv * (uub * vvb + uvb * uvb) + uu * uvb * vvb) / det
        s22 = (vv * uvb * uvb - 2 * uv * uvb * vvb + uu * vvb * vvb) / det
    else:  # one exponential: only its own coefficient counts
        s11, s12, s22 = uub * uub / uu, uvbb, vvb * vvb / vv
    normal[0] = e * e * (uubb - s11)
    normal[1] = e * g * (uvbb - s12)
    normal[2] = g * g * (vvbb - s22)
    return a, c, misfit

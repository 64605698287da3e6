"""Compiled second step of the segmented fit: the decay that the tissue leaves unexplained."""

import numba
import numpy as np

_MAX_STEPS = 12  # of Gauss-Newton, from a grid value a few per cent away
_TOLERANCE = 1e-5  # of ln D*


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def fit_pseudo_diffusion(
    signal: np.ndarray,
    b: np.ndarray,
    tissue_min_b: float,
    floor: float,
    diffusion: np.ndarray,
    tissue_s0: np.ndarray,
    pseudo_diffusion: np.ndarray,
    fit: np.ndarray,
    enough: np.ndarray,
) -> None:
    """Fit A exp(-b D*) to what is left of the samples below ``tissue_min_b``.

    signal (B, n) float32, b (B,) increasing in ms/um2; diffusion and tissue_s0 (n,) of the tissue,
    NaN where unknown; pseudo_diffusion (Q,) the grid; fit (5, n) receives D, f, D*, S0 and relative
    residual, NaN where undefined; ``enough`` (n,) bool whether the tissue had two different
    b-values.
    """
    n_b, n = signal.shape
    n_low = int(np.searchsorted(b, tissue_min_b))
    v = np.exp(-np.outer(pseudo_diffusion, b[:n_low]))
    used, rest = np.empty(n_low), np.empty(n_low)
    for i in range(n):
        fit[:, i] = np.nan
        d, s0 = diffusion[i], tissue_s0[i]
        enough[i] = _distinct(signal, i, b, floor, n_low, n_b) > 1
        if not (s0 > 0 and d > 0):
            continue
        for k in range(n_low):
            s = signal[k, i]
            used[k] = 1.0 if floor < s < np.inf else 0.0
            rest[k] = s / s0 - np.exp(-b[k] * d) if used[k] > 0 else 0.0
        distinct = _distinct(signal, i, b, floor, 0, n_low)
        amplitude, pseudo = np.nan, np.nan
        if distinct > 1:
            amplitude, pseudo = _fit_rest(b, used, rest, pseudo_diffusion, v)
        elif distinct == 1 and b[0] == 0 and used[0] > 0:
            amplitude = max(np.sum(rest) / np.sum(used), 0.0)
        squares, count = 0.0, 0
        for k in range(n_b):
            s = signal[k, i]
            if floor < s < np.inf:
                fast = amplitude * np.exp(-b[k] * pseudo) if amplitude > 0 and pseudo > 0 else 0.0
                squares += (s / s0 - np.exp(-b[k] * d) - fast) ** 2
                count += 1
        fit[0, i] = d
        fit[1, i] = amplitude / (1.0 + amplitude)
        fit[2, i] = pseudo
        fit[3, i] = s0 * (1.0 + amplitude)
        if distinct > 1:
            fit[4, i] = np.sqrt(squares / count) / (1.0 + amplitude)


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _distinct(
    signal: np.ndarray, i: int, b: np.ndarray, floor: float, start: int, stop: int
) -> int:
    """Different b-values among the usable samples of some images of a voxel."""
    found, last = 0, -1.0
    for k in range(start, stop):
        if floor < signal[k, i] < np.inf:
            found += b[k] > last
            last = b[k]
    return found


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _fit_rest(
    b: np.ndarray, used: np.ndarray, rest: np.ndarray, pseudo_diffusion: np.ndarray, v: np.ndarray
) -> tuple[float, float]:
    """Amplitude and D* of the rest; 0 and NaN where no positive amplitude fits.

    The best grid value is refined by Gauss-Newton steps in ln D*, the amplitude projected out.
    """
    best, best_q = 0.0, -1
    for q in range(pseudo_diffusion.size):
        dot, square = 0.0, 0.0
        for k in range(rest.size):
            dot += rest[k] * v[q, k]
            square += used[k] * v[q, k] * v[q, k]
        if dot > 0 and dot * dot > best * square:
            best, best_q = dot * dot / square, q
    if best_q < 0:
        return 0.0, np.nan
    low, high = np.log(pseudo_diffusion[0]), np.log(pseudo_diffusion[-1])
    x = np.log(pseudo_diffusion[best_q])
    reach = (high - low) / (pseudo_diffusion.size - 1)  # the peak lies within one grid step
    low, high = max(low, x - reach), min(high, x + reach)
    amplitude = 0.0
    for _ in range(_MAX_STEPS):
        pseudo = np.exp(x)
        yv = yvb = vv = vvb = vvbb = 0.0
        for k in range(rest.size):
            value = used[k] * np.exp(-b[k] * pseudo)
            yv += rest[k] * value
            yvb += rest[k] * value * b[k]
            vv += value * value
            vvb += value * value * b[k]
            vvbb += value * value * b[k] * b[k]
        amplitude = max(yv / vv, 0.0)
        slope = -(yvb - amplitude * vvb)
        bend = amplitude * pseudo * (vvbb - vvb * vvb / vv)
        if not bend > 0:
            break
        step = min(max(x + slope / bend, low), high) - x
        if abs(step) < _TOLERANCE:
            break
        x += step
    return amplitude, min(max(np.exp(x), pseudo_diffusion[0]), pseudo_diffusion[-1])

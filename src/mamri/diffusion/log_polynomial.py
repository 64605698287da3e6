"""Least-squares line or parabola in b through the logarithm of the signal, voxel by voxel.

The apparent diffusion coefficient is the slope of the line, kurtosis the bend of the parabola.
Sums run over short rows of voxels, so that a compiler turns them into vector instructions.
"""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.diffusion.samples import FitWeights, VoxelSamples

_TILE = 512  # voxels whose sums stay within the first-level cache
_MAX_EXPONENT = 25.0  # keeps relative weights within 1e-11 and 1e11, and single precision finite


@dataclass(frozen=True, slots=True, eq=False)
class LogPolynomial:
    """Coefficients of ln S = c0 + c1 b + c2 b^2, with b in ms/um2.

    Parameters
    ----------
    c0, c1, c2 : (V,) float32
        NaN where fewer different b-values were usable than the polynomial has coefficients; c2 is
        0 for a line.
    residual : (V,) float32
        Root mean square of the differences of ln S; NaN where the polynomial passes through all
        samples by construction.
    slope_error : (V,) float32
        Standard error of c1 of a line; NaN for a parabola and where ``residual`` is.
    n_used : (V,) uint8
        Samples used.
    highest_b : (V,) float32, ms/um2
        Highest b-value among them; 0 where there are none.
    """

    c0: np.ndarray
    c1: np.ndarray
    c2: np.ndarray
    residual: np.ndarray
    slope_error: np.ndarray
    n_used: np.ndarray
    highest_b: np.ndarray


def fit_log_polynomial(samples: VoxelSamples, *, degree: int, weights: FitWeights) -> LogPolynomial:
    """Fit a polynomial of degree 1 or 2 to the logarithm of every voxel's usable samples.

    Weights are the square of the signal that the unweighted fit predicts. The measured signal
    would weight up what noise has raised and so lower the slope [1]_.

    The standard error of the slope assumes noise of one variance in all images of a voxel, for
    either kind of weights, so that the variance of ln S_i is ``sigma^2 / S_i^2``. With ``w`` the
    weights, ``d`` the b-values from their weighted mean, ``h_i = w_i (1 / sum(w) + d_i^2 /
    sum(w d^2))`` and r the differences of ln S: ``sigma^2 = sum(w r^2) / sum(w (1 - h) / S^2)``
    and ``var = sigma^2 sum(w^2 d^2 / S^2) / sum(w d^2)^2``; for weights S^2 these are the textbook
    ones.

    Parameters
    ----------
    samples : VoxelSamples
    degree : int
        1 or 2.
    weights : FitWeights

    Returns
    -------
    LogPolynomial

    References
    ----------
    .. [1] Veraart J, Sijbers J, Sunaert S, Leemans A, Jeurissen B. Weighted linear least squares
       estimation of diffusion MRI parameters: strengths, limitations, and pitfalls. NeuroImage
       2013;81:335-346. doi:10.1016/j.neuroimage.2013.05.028
    """
    found = np.stack([samples.empty_map() for _ in range(6)])
    n_used = samples.empty_map(0, np.uint8)
    b = samples.b.astype(np.float32)
    floor = samples.noise_floor
    uniform = np.empty((0, 0), np.float32)
    for where, signal in samples.slabs():
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(signal)
        line = np.empty((6, signal.shape[1]), np.float32)
        used = np.empty(signal.shape[1], np.uint8)
        if weights is FitWeights.UNIFORM:
            _fit(signal, logs, b, floor, degree, uniform, True, line, used)
        else:
            _fit(signal, logs, b, floor, degree, uniform, False, line, used)
            squares = _predicted_squares(b, line[1], line[2])
            _fit(signal, logs, b, floor, degree, squares, True, line, used)
        found[:, where], n_used[where] = line, used
    c0, c1, c2, residual, slope_error, highest_b = found
    return LogPolynomial(c0, c1, c2, residual, slope_error, n_used, np.nan_to_num(highest_b))


def _predicted_squares(b: np.ndarray, c1: np.ndarray, c2: np.ndarray) -> np.ndarray:
    """Square of the fitted signal over that at the lowest b-value, (B, n)."""
    exponent = (b - b[0])[:, None] * (2 * c1)
    if c2.any():
        exponent += (b * b - b[0] * b[0])[:, None] * (2 * c2)
    np.clip(exponent, -_MAX_EXPONENT, _MAX_EXPONENT, out=exponent)
    return np.exp(exponent, out=exponent)


# Rows of the sums of one tile of voxels, in the order in which they are filled.
(
    _TOP,  # highest usable signal
    _PEAK,  # its logarithm
    _COUNT,  # usable samples
    _DISTINCT,  # different b-values among them
    _LAST,  # the highest of these
    _SW,  # sum of the weights
    _MEAN_B,
    _MEAN_Y,
    _SBB,  # sum of w d^2, with d = b - mean
    _SLOPE,
    _SHIFT,  # sum of w d^3 over sum of w d^2
    _SEE,  # sum of w e^2, with e the part of d^2 that no line explains
    _BEND,
    _SQUARES,  # sum of r^2, with r the differences from the fit
    _MISFIT,  # sum of w r^2
    _EXPECTED,  # what noise of variance 1 would make of it
    _SPREAD,  # sum of w^2 d^2 times the variance of ln S
    _ROWS,
) = range(18)


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _fit(
    signal: np.ndarray,
    logs: np.ndarray,
    b: np.ndarray,
    floor: float,
    degree: int,
    weights: np.ndarray,
    judge: bool,
    line: np.ndarray,
    n_used: np.ndarray,
) -> None:
    """Fit one slab, a tile of voxels at a time.

    signal, logs and weights (B, n) float32, weights of shape (0, 0) for uniform ones; b (B,)
    increasing; ``judge`` asks for residuals and errors; line (6, n) receives c0, c1, c2, residual,
    slope error and highest b-value; n_used (n,).
    """
    n_b, n_voxels = signal.shape
    w = np.empty((n_b, _TILE), np.float32)
    y = np.empty((n_b, _TILE), np.float32)
    noise = np.empty((n_b, _TILE), np.float32)  # variance of ln S, up to one factor a voxel
    sums = np.empty((_ROWS, _TILE), np.float32)
    for start in range(0, n_voxels, _TILE):
        m = min(_TILE, n_voxels - start)
        sums[:] = np.float32(0)
        _read(signal, logs, start, m, b, floor, w, y, sums)
        _weigh(weights, start, m, w, y, noise, sums)
        _solve(b, degree, m, w, y, sums)
        if judge:
            _judge(b, m, w, y, noise, sums)
        _write(degree, judge, start, m, sums, line, n_used)


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _read(
    signal: np.ndarray,
    logs: np.ndarray,
    start: int,
    m: int,
    b: np.ndarray,
    floor: float,
    w: np.ndarray,
    y: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Take the usable samples: w holds their signal, y its logarithm, both 0 elsewhere."""
    zero, one = np.float32(0), np.float32(1)
    largest = np.float32(3.4e38)  # infinite signals are above it
    top, peak, count = sums[_TOP], sums[_PEAK], sums[_COUNT]
    distinct, last = sums[_DISTINCT], sums[_LAST]
    peak[:] = -largest
    last[:] = -one
    for k in range(signal.shape[0]):
        at = b[k]
        signals, logarithms = signal[k, start : start + m], logs[k, start : start + m]
        row, high = w[k], y[k]
        for i in range(m):
            s = signals[i]
            usable = (s > floor) & (s < largest)
            row[i] = s if usable else zero
            high[i] = logarithms[i] if usable else zero
        for i in range(m):
            top[i] = max(top[i], row[i])
            peak[i] = max(peak[i], high[i]) if row[i] > zero else peak[i]
        for i in range(m):
            usable = row[i] > zero
            count[i] += one if usable else zero
            distinct[i] += one if usable & (at > last[i]) else zero
            last[i] = at if usable else last[i]


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _weigh(
    weights: np.ndarray,
    start: int,
    m: int,
    w: np.ndarray,
    y: np.ndarray,
    noise: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Replace the signals in w by weights and count y from its highest value."""
    zero, one = np.float32(0), np.float32(1)
    top, peak = sums[_TOP], sums[_PEAK]
    weighted = weights.shape[0] > 0
    for k in range(w.shape[0]):
        for i in range(m):
            relative = w[k, i] / top[i]
            usable = relative > zero
            y[k, i] = y[k, i] - peak[i] if usable else zero  # a constant signal gives exactly 0
            if weighted:
                w[k, i] = weights[k, start + i] if usable else zero
                noise[k, i] = one / w[k, i] if usable else zero
            else:
                w[k, i] = one if usable else zero
                noise[k, i] = one / (relative * relative) if usable else zero


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _solve(
    b: np.ndarray, degree: int, m: int, w: np.ndarray, y: np.ndarray, sums: np.ndarray
) -> None:
    """Weighted least squares with regressors 1, d and e, each free of those before it."""
    sw, mean_b, mean_y = sums[_SW], sums[_MEAN_B], sums[_MEAN_Y]
    sbb, slope, shift = sums[_SBB], sums[_SLOPE], sums[_SHIFT]
    see, bend = sums[_SEE], sums[_BEND]
    n_b = w.shape[0]
    for k in range(n_b):
        for i in range(m):
            sw[i] += w[k, i]
            mean_b[i] += w[k, i] * b[k]
            mean_y[i] += w[k, i] * y[k, i]
    for i in range(m):
        mean_b[i] /= sw[i]
        mean_y[i] /= sw[i]
    for k in range(n_b):
        for i in range(m):
            d = b[k] - mean_b[i]
            sbb[i] += w[k, i] * d * d
            slope[i] += w[k, i] * d * (y[k, i] - mean_y[i])
            shift[i] += w[k, i] * d * d * d
    for i in range(m):
        slope[i] /= sbb[i]
        shift[i] /= sbb[i]
    if degree == 2:
        for k in range(n_b):
            for i in range(m):
                d = b[k] - mean_b[i]
                e = d * d - sbb[i] / sw[i] - shift[i] * d
                see[i] += w[k, i] * e * e
                bend[i] += w[k, i] * e * (y[k, i] - mean_y[i])
        for i in range(m):
            bend[i] /= see[i]


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _judge(
    b: np.ndarray, m: int, w: np.ndarray, y: np.ndarray, noise: np.ndarray, sums: np.ndarray
) -> None:
    """Differences from the fit, and the sums that the standard error of a slope needs."""
    zero, one = np.float32(0), np.float32(1)
    sw, mean_b, mean_y = sums[_SW], sums[_MEAN_B], sums[_MEAN_Y]
    sbb, slope, shift, bend = sums[_SBB], sums[_SLOPE], sums[_SHIFT], sums[_BEND]
    squares, misfit = sums[_SQUARES], sums[_MISFIT]
    expected, spread = sums[_EXPECTED], sums[_SPREAD]
    for k in range(w.shape[0]):
        for i in range(m):
            d = b[k] - mean_b[i]
            e = d * d - sbb[i] / sw[i] - shift[i] * d
            r = y[k, i] - mean_y[i] - slope[i] * d - bend[i] * e
            r = r if w[k, i] > zero else zero
            leverage = w[k, i] * (one / sw[i] + d * d / sbb[i])
            squares[i] += r * r
            misfit[i] += w[k, i] * r * r
            expected[i] += w[k, i] * (one - leverage) * noise[k, i]
            spread[i] += w[k, i] * w[k, i] * d * d * noise[k, i]


@numba.njit(cache=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _write(
    degree: int,
    judge: bool,
    start: int,
    m: int,
    sums: np.ndarray,
    line: np.ndarray,
    n_used: np.ndarray,
) -> None:
    """Coefficients in powers of b, and NaN where the samples do not define them."""
    zero, two, nan = np.float32(0), np.float32(2), np.float32(np.nan)
    order, enough = np.float32(degree), np.float32(degree + 1)
    stop = start + m
    c0, c1, c2 = line[0, start:stop], line[1, start:stop], line[2, start:stop]
    for i in range(m):
        bend, mean_b = sums[_BEND, i], sums[_MEAN_B, i]
        slope = sums[_SLOPE, i] - bend * sums[_SHIFT, i]  # of the powers of d
        constant = sums[_MEAN_Y, i] + sums[_PEAK, i] - bend * sums[_SBB, i] / sums[_SW, i]
        defined = sums[_DISTINCT, i] > order
        c0[i] = constant - mean_b * (slope - bend * mean_b) if defined else nan
        c1[i] = slope - two * bend * mean_b if defined else nan
        c2[i] = bend if defined else nan
    is_line = degree == 1
    residual, error = line[3, start:stop], line[4, start:stop]
    for i in range(m):
        count = sums[_COUNT, i]
        tested = judge & (sums[_DISTINCT, i] > order) & (count > enough)
        variance = sums[_MISFIT, i] / sums[_EXPECTED, i] * sums[_SPREAD, i]
        residual[i] = np.sqrt(sums[_SQUARES, i] / count) if tested else nan
        error[i] = np.sqrt(variance) / sums[_SBB, i] if tested & is_line else nan
    highest_b, used = line[5, start:stop], n_used[start:stop]
    for i in range(m):
        highest_b[i] = max(sums[_LAST, i], zero)
        used[i] = np.uint8(sums[_COUNT, i])

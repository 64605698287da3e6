"""The compiled fit against a plain one: one voxel at a time, in double precision, by matrices."""

import numpy as np
import pytest

from mamri.diffusion.log_polynomial import fit_log_polynomial
from mamri.diffusion.samples import FitWeights, voxel_samples

B_VALUES = np.array([800.0, 0.0, 0.0, 100.0, 1500.0, 600.0])


def slow_fit(signal, b, *, degree, weights, floor):
    """Coefficients, root mean square residual and standard error of the slope of one voxel."""
    usable = np.isfinite(signal) & (signal > floor)
    s, x = signal[usable], b[usable] / 1000
    powers = np.vander(x, degree + 1, increasing=True)
    if np.unique(x).size <= degree:
        return np.full(degree + 3, np.nan)
    y = np.log(s)

    def solve(w):
        return np.linalg.solve(powers.T @ np.diag(w) @ powers, powers.T @ (w * y))

    w = np.ones(s.size)
    variance = 1 / s**2
    if weights is FitWeights.SIGNAL_SQUARED:
        w = np.exp(2 * powers @ solve(w))
        variance = 1 / w
    c = solve(w)
    r = y - powers @ c
    if s.size == degree + 1:
        return np.array([*c, np.nan, np.nan])
    to_c = np.linalg.inv(powers.T @ np.diag(w) @ powers) @ powers.T @ np.diag(w)
    kept = np.eye(s.size) - powers @ to_c
    noise = np.sum(w * r * r) / np.sum(w * np.diag(kept) * variance)
    error = np.sqrt(noise * np.sum(to_c[1] ** 2 * variance)) if degree == 1 else np.nan
    return np.array([*c, np.sqrt(np.mean(r * r)), error])


@pytest.mark.parametrize("weights", FitWeights)
@pytest.mark.parametrize("degree", [1, 2])
def test_the_fast_fit_equals_the_plain_one(degree, weights):
    random = np.random.default_rng(4)
    diffusion = random.uniform(0.3, 2.5, 1300)  # more than two tiles of voxels
    signals = 500 * np.exp(-B_VALUES[:, None] / 1000 * diffusion)
    signals += random.normal(0, 12, signals.shape)
    signals[2, :50] = np.nan
    signals[:, 50:60] = 3.0  # nothing usable
    signals[1:, 60:70] = 0.0  # one sample
    signals[3:, 70:80] = 0.0  # two different b-values
    samples = voxel_samples(signals, B_VALUES, noise_floor=8.0, min_distinct=degree + 1)
    fast = fit_log_polynomial(samples, degree=degree, weights=weights)
    slow = np.array(
        [
            slow_fit(column, B_VALUES, degree=degree, weights=weights, floor=8.0)
            for column in signals.astype(np.float32).T.astype(np.float64)
        ]
    ).T
    coefficients = [fast.c0, fast.c1, fast.c2][: degree + 1]
    found = np.array([*coefficients, fast.residual, fast.slope_error])
    # Single precision, worst where samples hardly fix the parabola.
    np.testing.assert_allclose(slow, found, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(
        np.median(slow[:, 100:], axis=1), np.median(found[:, 100:], axis=1), rtol=1e-5, atol=1e-5
    )
    usable = np.nan_to_num(signals) > 8.0
    np.testing.assert_array_equal(usable.sum(axis=0), fast.n_used)
    np.testing.assert_allclose(
        np.max(np.where(usable, B_VALUES[:, None], 0), axis=0) / 1000, fast.highest_b, rtol=1e-6
    )

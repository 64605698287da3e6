"""Linear interpolation along an axis as a matrix."""

import numpy as np
import pytest

from mamri.geometry.linear_weights import linear_weights


@pytest.mark.parametrize("size", [1, 2, 7])
def test_weights_interpolate_as_numpy_does(size: int):
    rng = np.random.default_rng(size)
    samples = rng.normal(size=size)
    position = np.concatenate([rng.uniform(-2, size + 1, 30), np.arange(size)])
    expected = np.interp(position, np.arange(size), samples)
    found = linear_weights(position, size) @ samples
    np.testing.assert_allclose(expected, found, rtol=0, atol=1e-6)  # weights are 32-bit floats


def test_rows_sum_to_one():
    weights = linear_weights(np.linspace(-3, 9, 50), 5)
    np.testing.assert_allclose(1, weights.sum(1), rtol=0, atol=1e-6)

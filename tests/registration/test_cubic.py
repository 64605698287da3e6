import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.registration.cubic import cubic_value

inner = st.floats(1.0, 6.0)


@given(inner, inner, inner)
def test_quadratics_are_reproduced(x, y, z):
    def quadratic(s, r, c):
        return 3 + s - 2 * r + 0.5 * c + s * r + 0.3 * c * c - 0.2 * s * s

    grid = quadratic(*np.indices((9, 9, 9)).astype(float))
    assert cubic_value(grid, x, y, z) == pytest.approx(quadratic(x, y, z), abs=1e-9)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_voxel_centres_keep_their_value(s, r, c):
    image = np.random.default_rng(0).integers(-500, 500, (5, 5, 5)).astype(np.int16)
    assert cubic_value(image, float(s), float(r), float(c)) == image[s, r, c]


def test_the_border_repeats():
    line = np.full((5, 5, 5), 4.0)
    for position in (0.2, 3.7, 4.0):
        assert cubic_value(line, position, 0.1, 3.9) == pytest.approx(4.0)


def test_error_falls_with_the_third_power_of_the_step():
    def error(n):
        x = np.linspace(0, 1, n + 1)
        wave = np.broadcast_to(np.sin(5 * x), (4, 4, n + 1)).copy()
        places = np.linspace(0.3, 0.7, 41)
        return max(abs(cubic_value(wave, 1.0, 1.0, p * n) - np.sin(5 * p)) for p in places)

    assert error(40) / error(80) > 2**2.8

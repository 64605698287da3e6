import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from mamri.registration.bspline import bspline_taps

# A cubic spline on four points is supported by positions between the two in the middle.
positions = st.lists(st.floats(1.0, 7.0), min_size=1, max_size=20).map(np.array)


@given(positions)
def test_weights_are_those_of_the_cardinal_cubic_spline(x):
    first, weights = bspline_taps(x, 9)
    kernel = BSpline.basis_element([-2, -1, 0, 1, 2], extrapolate=False)
    for tap in range(4):
        expected = np.nan_to_num(kernel(x - (first + tap)))
        assert weights[:, tap] == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.floats(-20.0, 20.0), min_size=1).map(np.array), st.integers(4, 12))
def test_taps_stay_on_the_lattice_and_weights_sum_to_one(x, n_points):
    first, weights = bspline_taps(x, n_points)
    assert first.min() >= 0
    assert first.max() + 3 < n_points
    assert weights.sum(1) == pytest.approx(1.0)
    assert weights.min() >= -1e-12

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mamri.kinetics import delayed_change, percent_enhancement


def test_a_doubled_signal_enhances_by_one_hundred_percent():
    np.testing.assert_array_equal([100.0], percent_enhancement(np.array([8.0]), np.array([4.0])))


def test_enhancement_is_undefined_at_and_below_the_noise_floor():
    values = percent_enhancement(
        np.array([30, 30, 30]), np.array([9, 10, 15], np.int16), noise_floor=10
    )
    np.testing.assert_array_equal([np.nan, np.nan, 100], values)


def test_enhancement_is_undefined_without_signal_even_with_no_floor():
    assert np.isnan(percent_enhancement(np.array([5.0]), np.array([0.0])))[0]


def test_unsigned_signal_that_falls_gives_negative_enhancement():
    values = percent_enhancement(np.array([1], np.uint16), np.array([4], np.uint16))
    np.testing.assert_array_equal([-75.0], values)


def test_one_baseline_serves_many_phases():
    assert (3, 2) == percent_enhancement(np.ones((3, 2)), np.ones(2)).shape


def test_delayed_change_counts_from_the_peak():
    np.testing.assert_array_equal([-50.0], delayed_change(np.array([5.0]), np.array([10.0])))


@given(scale=st.floats(1e-3, 1e3), signal=st.floats(1, 1e4), baseline=st.floats(1, 1e4))
def test_enhancement_does_not_depend_on_the_intensity_scale(scale, signal, baseline):
    one = percent_enhancement(np.array([signal]), np.array([baseline]))
    other = percent_enhancement(np.array([scale * signal]), np.array([scale * baseline]))
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-6)

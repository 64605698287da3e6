import numpy as np

from mamri.kinetics import time_to_peak_s

TIMES = np.array([55.0, 160, 500])


def test_time_to_peak_is_the_time_of_the_highest_phase():
    post = np.array([[5, 9, 7], [9, 5, 6], [3, 4, 8]]).T
    np.testing.assert_array_equal([160, 55, 500], time_to_peak_s(post, TIMES, np.ones(3)))


def test_the_earliest_of_equal_peaks_counts():
    assert 55 == time_to_peak_s(np.full((3, 1), 4.0), TIMES, np.ones(1))[0]


def test_a_curve_that_never_rises_has_no_time_to_peak():
    assert np.isnan(time_to_peak_s(np.ones((3, 1)), TIMES, np.ones(1)))[0]

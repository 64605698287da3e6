import numpy as np

from mamri.kinetics import wash_in_slope, wash_out_slope


def test_wash_in_slope_is_per_minute_from_injection():
    assert 60.0 == wash_in_slope(np.array(120.0), np.array(120.0))


def test_wash_out_slope_of_a_falling_curve_is_negative():
    slope = wash_out_slope(np.array(80.0), np.array(120.0), late_s=450.0, time_s=np.array(150.0))
    assert -8.0 == slope


def test_wash_out_slope_of_a_rising_curve_is_positive():
    slope = wash_out_slope(np.array(90.0), np.array(80.0), late_s=450.0, time_s=np.array(150.0))
    assert 2.0 == slope

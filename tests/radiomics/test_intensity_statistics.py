"""Statistics of intensities against scipy and plain formulas."""

import numpy as np
import pytest
from scipy import stats

from mamri.radiomics.intensity_statistics import histogram_statistics, intensity_statistics


def test_moments_are_those_of_scipy():
    values = np.random.default_rng(1).gamma(2.0, 3.0, 500)
    found = intensity_statistics(values)

    assert stats.skew(values) == pytest.approx(found["skewness"])
    assert stats.kurtosis(values) == pytest.approx(found["excess_kurtosis"])
    assert values.var() == pytest.approx(found["variance"])
    assert stats.iqr(values) == pytest.approx(found["interquartile_range"])


def test_equal_values_have_no_skewness():
    found = intensity_statistics(np.full(9, 5.0))

    assert 0 == found["variance"] == found["range"]
    assert np.isnan(found["skewness"])
    assert np.isnan(found["excess_kurtosis"])


def test_a_mean_of_zero_has_no_coefficient_of_variation():
    assert not np.isfinite(intensity_statistics(np.array([-1.0, 1.0]))["coefficient_of_variation"])


def test_a_flat_histogram_has_the_highest_entropy():
    found = histogram_statistics(np.repeat(np.arange(1, 9), 5))

    assert 3.0 == pytest.approx(found["entropy"])
    assert 1 / 8 == pytest.approx(found["uniformity"])
    assert 0 == found["maximum_gradient"] == found["minimum_gradient"]


def test_the_mode_nearest_to_the_mean_is_taken():
    assert 3 == histogram_statistics(np.array([1, 1, 3, 3, 5]))["mode"]


def test_one_level_has_no_gradient():
    assert np.isnan(histogram_statistics(np.array([1, 1]))["maximum_gradient_level"])

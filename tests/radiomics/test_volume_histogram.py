"""The intensity-volume histogram on intensities that can be read off."""

import numpy as np
import pytest

from mamri.radiomics import ExtractionSettings
from mamri.radiomics.discretise import discretise
from mamri.radiomics.volume_histogram import volume_histogram


def test_a_flat_distribution_is_a_straight_line():
    values = np.linspace(0, 100, 100_001)
    found = volume_histogram(values, ExtractionSettings(histogram_bins=1000))

    assert 0.9 == pytest.approx(found["volume_at_intensity_10"], abs=0.002)
    assert 0.1 == pytest.approx(found["volume_at_intensity_90"], abs=0.002)
    assert 900 == pytest.approx(found["intensity_at_volume_10"], abs=2)
    assert 0.8 == pytest.approx(found["volume_difference"], abs=0.004)


def test_equal_values_have_a_histogram_too():
    found = volume_histogram(np.full(5, 3.0), ExtractionSettings())

    assert 1 == found["volume_at_intensity_10"] == found["volume_at_intensity_90"]


def test_bins_of_a_fixed_width_start_at_the_lowest_of_the_settings():
    settings = ExtractionSettings(n_bins=None, bin_width=10.0, lowest=0.0, highest=100.0)

    assert [3, 3, 4] == discretise(np.array([25.0, 29.9, 30.0]), settings).tolist()


def test_equal_values_are_all_of_the_first_level():
    assert [1, 1] == discretise(np.array([7.0, 7.0]), ExtractionSettings()).tolist()

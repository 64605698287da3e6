"""Truth: the model itself. Single precision leaves about 1e-5 of the kurtosis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.diffusion import FitWeights, KurtosisSettings, adc_maps, kurtosis_maps
from mamri.records import InputError

B_VALUES = np.array([0.0, 250, 500, 750, 1000, 1500, 2000])  # Wu 2014
MAPS = ("diffusion", "kurtosis", "s0", "residual")


def decay(diffusion, kurtosis, b_values=B_VALUES):
    x = b_values[:, None] * np.atleast_1d(diffusion) * 1e-3
    return 1000 * np.exp(-x + x**2 * np.atleast_1d(kurtosis) / 6)


@pytest.mark.parametrize("weights", FitWeights)
def test_without_noise_the_fit_is_exact(weights):
    # Malignant, benign and free water: the curve must fall up to the highest b-value.
    diffusion, kurtosis = np.array([1.2, 1.97, 2.2, 0.8]), np.array([0.88, 0.47, 0.0, 1.4])
    maps = kurtosis_maps(decay(diffusion, kurtosis), B_VALUES, KurtosisSettings(weights=weights))
    np.testing.assert_allclose(diffusion, maps.diffusion, rtol=2e-5)
    np.testing.assert_allclose(kurtosis, maps.kurtosis, atol=1e-4)
    np.testing.assert_allclose(1000.0, maps.s0, rtol=1e-5)
    np.testing.assert_allclose(0.0, maps.residual, atol=2e-6)


def test_three_b_values_are_enough_and_leave_no_residual():
    b_values = np.array([0.0, 800, 1500])
    maps = kurtosis_maps(decay(1.1, 0.7, b_values), b_values)
    assert 0.7 == pytest.approx(maps.kurtosis[0], abs=1e-4)
    assert np.isnan(maps.residual[0])


def test_noise_moves_diffusion_and_kurtosis_by_a_few_per_cent():
    """sd 0.5 % of S0, b up to 2000. Measured elsewhere: 1.6 % of D, 2.5 % of K, ranges unknown."""
    random = np.random.default_rng(2)
    diffusion, kurtosis = random.uniform(0.8, 1.6, 20_000), random.uniform(0.5, 0.9, 20_000)
    signals = decay(diffusion, kurtosis) + random.normal(0, 5, (7, 20_000))
    maps = kurtosis_maps(signals, B_VALUES)
    assert np.nanmedian(np.abs(maps.diffusion / diffusion - 1)) < 0.02
    assert np.nanmedian(np.abs(maps.kurtosis / kurtosis - 1)) < 0.035


@pytest.mark.parametrize(
    "signal",
    [
        [np.nan] * 7,
        [0] * 7,
        [-1] * 7,
        [50] * 7,
        list(range(100, 800, 100)),
        [900, 300, 0, 0, 0, 0, 0],
        [1000, 600, 400, 300, 260, 300, 400],
    ],
    ids=[
        "nan",
        "zero",
        "negative",
        "constant",
        "rising",
        "two samples",
        "rising at the end",
    ],
)
def test_where_no_kurtosis_is_defined_none_is_given(signal):
    signals = np.column_stack([np.array(signal, float), decay(1.2, 0.8)[:, 0]])
    maps = kurtosis_maps(signals, B_VALUES)
    for name in MAPS:
        assert np.isnan(getattr(maps, name)[0])
    assert 0.8 == pytest.approx(maps.kurtosis[1], abs=1e-3)


def test_voxels_whose_usable_b_values_end_too_low_are_undefined():
    signals = decay([1.2, 1.2], 0.8)
    signals[5:, 0] = 0.0  # b up to 1000 is left
    signals[6:, 1] = 0.0  # b up to 1500
    maps = kurtosis_maps(signals, B_VALUES)
    assert np.isnan(maps.kurtosis[0])
    assert 0.8 == pytest.approx(maps.kurtosis[1], abs=1e-3)


def test_a_kurtosis_that_no_distribution_has_is_undefined():
    maps = kurtosis_maps(decay([0.8, 0.8], [-2.5, -1.5]), B_VALUES)
    assert np.isnan(maps.diffusion[0])
    assert -1.5 == pytest.approx(maps.kurtosis[1], abs=1e-3)


def test_a_curve_that_turns_within_the_b_values_is_undefined():
    # 3 / (D K) is 1.5 ms/um2 for the first, 2.5 for the second.
    maps = kurtosis_maps(decay([2.0, 1.2], [1.0, 1.0]), B_VALUES)
    assert np.isnan(maps.kurtosis[0])
    assert 1.0 == pytest.approx(maps.kurtosis[1], abs=1e-4)


def test_the_noise_floor_is_kept_from_looking_like_kurtosis():
    b_values = np.array([0.0, 500, 1000, 1500, 2000])
    signals = np.maximum(decay(1.8, 0.2, b_values), 60.0)
    seen = kurtosis_maps(signals, b_values)
    kept = kurtosis_maps(signals, b_values, KurtosisSettings(noise_floor=60.0))
    assert seen.kurtosis[0] > 0.25
    assert 0.2 == pytest.approx(kept.kurtosis[0], abs=1e-3)
    assert 4 == kept.n_used[0]


def test_diffusion_exceeds_the_adc_where_kurtosis_is_positive():
    signals = decay(1.2, 0.8)
    assert kurtosis_maps(signals, B_VALUES).diffusion[0] > adc_maps(signals, B_VALUES).adc[0] + 0.2


@given(scale=st.floats(1e-3, 1e6), seed=st.integers(0, 2**31))
def test_kurtosis_does_not_depend_on_the_intensity_scale(scale, seed):
    random = np.random.default_rng(seed)
    signals = decay(random.uniform(0.8, 1.6, 20), random.uniform(0.3, 0.9, 20))
    before = signals.copy()
    one, other = kurtosis_maps(signals, B_VALUES), kurtosis_maps(scale * signals, B_VALUES)
    np.testing.assert_allclose(one.kurtosis, other.kurtosis, atol=2e-4)
    np.testing.assert_array_equal(before, signals)


@pytest.mark.parametrize(
    ("b_values", "message"),
    [
        ([0, 800, 800, 0], "3 different b-values"),
        ([0, 400, 800, 1000], "at least 1500 s/mm2, got at most 1000"),
    ],
)
def test_b_values_that_cannot_support_kurtosis_are_refused(b_values, message):
    with pytest.raises(InputError, match=message):
        kurtosis_maps(np.ones((4, 2)), np.array(b_values, float))


def test_a_mask_limits_what_is_computed():
    signals = decay(np.full(6, 1.2), 0.8)
    mask = np.array([True, False] * 3)
    np.testing.assert_array_equal(
        ~mask, np.isnan(kurtosis_maps(signals, B_VALUES, mask=mask).kurtosis)
    )

"""Truth: one exponential. Tolerances are those of single precision unless stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mamri.diffusion import PERFUSION_FREE_MIN_B, AdcSettings, FitWeights, adc_maps
from mamri.records import GeometryError, InputError

B_VALUES = np.array([0.0, 100.0, 600.0, 800.0])
MAPS = ("adc", "s0", "residual", "standard_error")


def decay(adc, b_values=B_VALUES, s0=1000.0):
    """Signals (B, V) of tissues with the given coefficients in 1e-3 mm2/s."""
    return s0 * np.exp(-b_values[:, None] * np.atleast_1d(adc) * 1e-3)


@pytest.mark.parametrize("weights", FitWeights)
def test_without_noise_the_fit_is_exact(weights):
    adc = np.linspace(0.0, 3.0, 31)
    maps = adc_maps(decay(adc), B_VALUES, AdcSettings(weights=weights))
    np.testing.assert_allclose(adc, maps.adc, atol=2e-6)
    np.testing.assert_allclose(1000.0, maps.s0, rtol=2e-6)
    np.testing.assert_allclose(0.0, maps.residual, atol=1e-6)
    np.testing.assert_allclose(0.0, maps.standard_error, atol=5e-6)
    assert (4 == maps.n_used).all()


def test_maps_have_the_shape_of_one_image_and_are_read_only():
    maps = adc_maps(np.full((4, 2, 3, 5), 7, np.int16), B_VALUES)
    for name in (*MAPS, "n_used"):
        assert (2, 3, 5) == getattr(maps, name).shape
        assert not getattr(maps, name).flags.writeable
    assert () == adc_maps(decay(1.0)[:, 0], B_VALUES).adc.shape


def test_a_constant_signal_does_not_diffuse():
    maps = adc_maps(np.full((4, 1), 123.4), B_VALUES)
    assert 0.0 == maps.adc[0]
    assert not np.signbit(maps.adc[0])


@pytest.mark.parametrize(
    "signal",
    [
        [np.nan] * 4,
        [0, 0, 0, 0],
        [-5, -3, -2, -1],
        [100, 110, 160, 190],
        [100, 0, -3, np.nan],
        [np.inf] * 4,
        [100, np.inf, np.nan, 0],
    ],
    ids=["nan", "zero", "negative", "rising", "one sample", "infinite", "one finite"],
)
@pytest.mark.parametrize("weights", FitWeights)
def test_where_no_coefficient_is_defined_none_is_given(signal, weights):
    signals = np.column_stack([np.array(signal, float), decay(1.0)[:, 0]])
    maps = adc_maps(signals, B_VALUES, AdcSettings(weights=weights))
    for name in MAPS:
        assert np.isnan(getattr(maps, name)[0])
    assert 1.0 == pytest.approx(maps.adc[1], rel=1e-5)


def test_two_samples_give_a_coefficient_but_no_measure_of_fit():
    maps = adc_maps(decay(1.3, B_VALUES[[0, 3]]), B_VALUES[[0, 3]])
    assert 1.3 == pytest.approx(maps.adc[0], rel=1e-5)
    assert np.isnan(maps.residual[0])
    assert np.isnan(maps.standard_error[0])


@pytest.mark.parametrize("repeats", [2, 3, 7])
def test_samples_of_one_b_value_give_nothing(repeats):
    # In single precision the mean of some repeated b-values is not quite that b-value.
    b_values = np.array([*np.arange(50.0, 1000, 50).repeat(repeats), 1000.0])
    signals = np.zeros((b_values.size, 19))
    for i, b_value in enumerate(np.unique(b_values)[:-1]):
        signals[b_values == b_value, i] = np.arange(repeats, 0, -1)
    maps = adc_maps(signals, b_values)
    assert np.isnan(maps.adc).all()
    assert (repeats == maps.n_used).all()


def test_samples_at_the_noise_floor_are_left_out():
    signals = np.maximum(decay(2.0), 250.0)  # 301 at b 600, floor at b 800 (202)
    flat = adc_maps(signals, B_VALUES)
    clean = adc_maps(signals, B_VALUES, AdcSettings(noise_floor=250.0))
    assert 2.0 == pytest.approx(clean.adc[0], rel=1e-5)
    assert flat.adc[0] < 1.9
    assert (3, 4) == (clean.n_used[0], flat.n_used[0])


def test_leaving_out_low_b_values_keeps_perfusion_out():
    b_values = np.array([0.0, 50, 100, 400, 800])
    signals = 0.9 * decay(1.0, b_values) + 0.1 * decay(60.0, b_values)
    everything = adc_maps(signals, b_values)
    high = adc_maps(signals, b_values, AdcSettings(min_b=PERFUSION_FREE_MIN_B))
    assert everything.adc[0] > 1.1
    assert 1.0 == pytest.approx(high.adc[0], abs=2e-3)
    assert 900.0 == pytest.approx(high.s0[0], rel=2e-3)


@pytest.mark.parametrize("weights", FitWeights)
@pytest.mark.parametrize("adc", [0.7, 1.2, 2.0])
def test_the_standard_error_covers_the_truth_as_often_as_it_says(weights, adc):
    """Gaussian noise, signal to noise 50, 20,000 voxels, 95 % by Student's t with 2 degrees.

    Expected 95 %; binomial standard error 0.15 %. Uniform weights fall short by up to 2 %, for
    their sum of squares is not quite a chi-square (the textbook formula falls to 91.4 %).
    """
    random = np.random.default_rng(7)
    signals = decay(np.full(20_000, adc)) + random.normal(0, 20, (4, 20_000))
    maps = adc_maps(signals, B_VALUES, AdcSettings(weights=weights))
    t = stats.t.ppf(0.975, df=2)
    covered = np.mean(np.abs(maps.adc - adc) < t * maps.standard_error)
    short = 0.02 if weights is FitWeights.UNIFORM else 0.005
    assert 0.95 - short <= covered <= 0.955
    # The mean square of the error is the variance.
    ratio = np.sqrt(np.mean(maps.standard_error.astype(float) ** 2)) / np.std(maps.adc)
    assert 1.0 == pytest.approx(ratio, abs=0.02)


def test_weights_make_the_fit_more_precise_and_no_more_biased():
    """Gaussian noise, signal to noise 50, ADC 2.0; 15 % less spread, as the settings say."""
    signals = decay(np.full(40_000, 2.0)) + np.random.default_rng(8).normal(0, 20, (4, 40_000))
    spread, bias = {}, {}
    for weights in FitWeights:
        found = adc_maps(signals, B_VALUES, AdcSettings(weights=weights)).adc.astype(float)
        spread[weights], bias[weights] = found.std(), found.mean() - 2.0
    assert 0.85 == pytest.approx(
        spread[FitWeights.SIGNAL_SQUARED] / spread[FitWeights.UNIFORM], abs=0.02
    )
    # Standard error 0.0005; the measured signal as weight would give -0.010.
    assert 0.0 == pytest.approx(bias[FitWeights.SIGNAL_SQUARED], abs=0.003)


@given(scale=st.floats(1e-6, 1e12), seed=st.integers(0, 2**31))
def test_the_coefficient_does_not_depend_on_the_intensity_scale(scale, seed):
    signals = np.random.default_rng(seed).uniform(20, 1000, (4, 30))
    one, other = adc_maps(signals, B_VALUES), adc_maps(scale * signals, B_VALUES)
    # Single precision of the logarithm of the scale, over a difference in b of 0.1 ms/um2.
    np.testing.assert_allclose(one.adc, other.adc, atol=2e-4)
    np.testing.assert_allclose(scale * one.s0.astype(float), other.s0, rtol=3e-4)


@given(factor=st.floats(0.5, 4.0), seed=st.integers(0, 2**31))
def test_larger_b_values_mean_a_smaller_coefficient_in_proportion(factor, seed):
    signals = np.random.default_rng(seed).uniform(20, 1000, (4, 30))
    one, other = adc_maps(signals, B_VALUES), adc_maps(signals, factor * B_VALUES)
    np.testing.assert_allclose(one.adc, factor * other.adc.astype(float), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        one.standard_error, factor * other.standard_error.astype(float), rtol=1e-3, atol=1e-4
    )


@given(order=st.permutations(range(4)), seed=st.integers(0, 2**31))
def test_the_order_of_the_images_does_not_matter(order, seed):
    signals = np.random.default_rng(seed).uniform(20, 1000, (4, 10))
    one, other = adc_maps(signals, B_VALUES), adc_maps(signals[order], B_VALUES[order])
    np.testing.assert_array_equal(one.adc, other.adc)


def test_storage_types_agree():
    whole = np.random.default_rng(0).integers(100, 500, (4, 2, 3, 4))
    reference = adc_maps(whole.astype(np.int16), B_VALUES)
    for dtype in (">i2", np.uint16, np.float32, np.float64):
        np.testing.assert_array_equal(reference.adc, adc_maps(whole.astype(dtype), B_VALUES).adc)


def test_a_mask_limits_what_is_computed_and_nothing_else():
    signals = decay(np.linspace(0.5, 2, 24)).reshape(4, 2, 3, 4)
    mask = np.zeros((2, 3, 4), bool)
    mask[1, 1:, 2] = True
    everywhere, inside = adc_maps(signals, B_VALUES), adc_maps(signals, B_VALUES, mask=mask)
    for name in MAPS:
        expected = np.where(mask, getattr(everywhere, name), np.nan)
        np.testing.assert_array_equal(expected, getattr(inside, name))
    np.testing.assert_array_equal(np.where(mask, 4, 0), inside.n_used)


def test_input_is_left_alone():
    signals, b_values = decay(np.linspace(0, 2, 9)), B_VALUES.copy()
    before = signals.copy()
    adc_maps(signals, b_values)
    np.testing.assert_array_equal(before, signals)
    np.testing.assert_array_equal(B_VALUES, b_values)


def test_one_b_value_is_refused():
    with pytest.raises(InputError, match="2 different b-values"):
        adc_maps(np.ones((2, 3)), np.array([800.0, 800.0]))


def test_b_values_for_other_images_are_refused():
    with pytest.raises(GeometryError, match="one b-value"):
        adc_maps(np.ones((3, 3)), B_VALUES)

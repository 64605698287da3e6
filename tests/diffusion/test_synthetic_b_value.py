import numpy as np
import pytest

from mamri.diffusion import (
    adc_maps,
    kurtosis_maps,
    synthetic_b_value,
    variable_projection_ivim,
)
from mamri.records import GeometryError, InputError

S0 = np.array([1000.0, 500.0])
DIFFUSION = np.array([1.2, 0.8])


def test_an_acquired_b_value_is_predicted_from_the_others():
    b_values = np.array([0.0, 100, 400, 800, 1500])
    signals = 1000 * np.exp(-b_values[:, None] * np.array([0.7, 1.9]) * 1e-3)
    maps = adc_maps(signals[:4], b_values[:4])
    np.testing.assert_allclose(signals[4], synthetic_b_value(1500.0, maps.s0, maps.adc), rtol=1e-5)


def test_at_b_0_the_signal_is_s0_in_every_model():
    some = np.array([0.5, 0.2])
    for options in ({}, {"kurtosis": some}, {"perfusion_fraction": some, "pseudo_diffusion": some}):
        np.testing.assert_allclose(S0, synthetic_b_value(0.0, S0, DIFFUSION, **options))


def test_kurtosis_parameters_give_back_their_curve():
    b_values = np.array([0.0, 500, 1000, 1500, 2000])
    x = b_values * 1.1e-3
    signals = 800 * np.exp(-x + x**2 * 0.7 / 6)[:, None]
    maps = kurtosis_maps(signals, b_values)
    predicted = synthetic_b_value(1250.0, maps.s0, maps.diffusion, kurtosis=maps.kurtosis)
    x = 1.25 * 1.1
    np.testing.assert_allclose(800 * np.exp(-x + x**2 * 0.7 / 6), predicted, rtol=1e-4)


def test_ivim_parameters_give_back_their_curve():
    b_values = np.array([0.0, 10, 30, 60, 100, 200, 400, 800])
    signals = (850 * np.exp(-b_values * 1e-3) + 150 * np.exp(-b_values * 30e-3))[:, None]
    maps = variable_projection_ivim(signals, b_values)
    predicted = synthetic_b_value(
        45.0,
        maps.s0,
        maps.diffusion,
        perfusion_fraction=maps.perfusion_fraction,
        pseudo_diffusion=maps.pseudo_diffusion,
    )
    np.testing.assert_allclose(850 * np.exp(-0.045) + 150 * np.exp(-1.35), predicted, rtol=1e-4)


def test_beyond_its_lowest_point_the_kurtosis_curve_is_undefined():
    # 3 / (D K) = 2.5 ms/um2
    assert np.isfinite(
        synthetic_b_value(2499.0, S0, DIFFUSION, kurtosis=np.array([1.0, 1.5]))
    ).all()
    assert np.isnan(synthetic_b_value(2501.0, S0, DIFFUSION, kurtosis=np.array([1.0, 1.5]))).all()


def test_unknown_parameters_give_unknown_signal():
    unknown = np.array([np.nan, 0.8])
    assert np.isnan(synthetic_b_value(800.0, S0, unknown)[0])
    assert np.isnan(synthetic_b_value(800.0, unknown, DIFFUSION)[0])
    assert np.isnan(synthetic_b_value(800.0, S0, DIFFUSION, kurtosis=unknown)[0])


def test_perfusion_without_a_known_decay_counts_as_gone():
    predicted = synthetic_b_value(
        900.0,
        S0,
        DIFFUSION,
        perfusion_fraction=np.array([0.03, np.nan]),
        pseudo_diffusion=np.array([np.nan, np.nan]),
    )
    assert 970 * np.exp(-0.9 * 1.2) == pytest.approx(predicted[0])
    assert np.isnan(predicted[1])


def test_inputs_are_left_alone():
    before = S0.copy(), DIFFUSION.copy()
    synthetic_b_value(1500.0, S0, DIFFUSION, kurtosis=np.array([0.5, 0.5]))
    np.testing.assert_array_equal(before, (S0, DIFFUSION))


@pytest.mark.parametrize("b_value", [-1.0, np.nan, np.inf])
def test_an_impossible_b_value_is_refused(b_value):
    with pytest.raises(InputError, match="finite b-value of at least 0"):
        synthetic_b_value(b_value, S0, DIFFUSION)


def test_half_a_perfusion_model_is_refused():
    with pytest.raises(InputError, match="both or neither"):
        synthetic_b_value(800.0, S0, DIFFUSION, perfusion_fraction=S0)


def test_maps_of_different_grids_are_refused():
    with pytest.raises(GeometryError, match="share one grid"):
        synthetic_b_value(800.0, S0, DIFFUSION[:1])

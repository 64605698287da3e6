import numpy as np
import pytest
from scipy.integrate import quad

from mamri.simulation.physics import (
    extended_tofts,
    parker_blood_concentration,
    spoiled_gradient_echo,
)


def test_spoiled_gradient_echo_follows_its_closed_form_at_the_ernst_angle() -> None:
    # At the Ernst angle, cos(FA) = E1, the signal is sqrt((1 - E1) / (1 + E1)).
    e1 = np.exp(-5.0 / 1000.0)
    angle = np.rad2deg(np.arccos(e1))
    signal = spoiled_gradient_echo(np.array([1.0]), tr_ms=5.0, flip_angle_deg=angle)
    assert signal[0] == pytest.approx(np.sqrt((1 - e1) / (1 + e1)), rel=1e-12)


def test_spoiled_gradient_echo_is_fully_relaxed_after_a_long_repetition_time() -> None:
    signal = spoiled_gradient_echo(np.array([1.0]), tr_ms=1e6, flip_angle_deg=30.0)
    assert signal[0] == pytest.approx(0.5, rel=1e-12)


def test_extended_tofts_of_a_step_rises_to_ve_and_vp() -> None:
    times = np.arange(0.0, 601.0, 2.0)
    found = extended_tofts(times, np.full(times.size, 1.5), ktrans_per_min=0.3, ve=0.4, vp=0.05)
    kep = 0.3 / 0.4
    expected = 1.5 * (0.05 + 0.4 * (1 - np.exp(-kep * times / 60)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_extended_tofts_of_an_exponential_matches_the_analytic_convolution() -> None:
    times = np.arange(0.0, 601.0, 0.25)
    decay = 0.2  # per minute
    found = extended_tofts(times, np.exp(-decay * times / 60), ktrans_per_min=0.25, ve=0.3, vp=0.0)
    t, kep = times / 60, 0.25 / 0.3
    expected = 0.25 * (np.exp(-decay * t) - np.exp(-kep * t)) / (kep - decay)
    # Linear interpolation of the input: error below (decay * step)^2 / 12 of the value.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_parker_input_starts_after_its_delay_and_keeps_the_published_bolus() -> None:
    times = np.arange(0.0, 400.0, 0.05)
    blood = parker_blood_concentration(times, delay_s=20.0)
    assert np.all(blood[times < 20.0] == 0)
    # The first pass peaks 0.17 min after arrival at about 6 mM (figure 4 of the paper).
    assert times[np.argmax(blood)] - 20.0 == pytest.approx(0.17046 * 60, abs=0.2)
    assert blood.max() == pytest.approx(6.07, abs=0.01)


def test_both_gaussians_of_the_parker_input_have_their_published_areas() -> None:
    def gaussians(t: float) -> float:
        tail = 1.050 * np.exp(-0.1685 * t) / (1 + np.exp(-38.078 * (t - 0.483)))
        return float(parker_blood_concentration(np.array([60 * t]))[0]) - tail

    area, _ = quad(gaussians, 0.0, 2.0, points=[0.17, 0.365])
    assert area == pytest.approx(0.809 + 0.330, rel=3e-3)  # the tails before zero are cut

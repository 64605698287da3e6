from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from mamri.simulation.physics import (
    diffusion_weighting,
    extended_tofts,
    inversion_recovery_spin_echo,
    spin_echo,
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


def test_spin_echo_halves_with_each_ln_2_of_t2_and_saturates_with_t1() -> None:
    t1, t2 = 1000.0, 80.0
    # Half recovered after T1 ln 2, half decayed after T2 ln 2.
    signal = spin_echo(t1, t2, tr_ms=t1 * np.log(2), te_ms=t2 * np.log(2))
    assert signal == pytest.approx(0.25, rel=1e-12)
    assert spin_echo(t1, t2, tr_ms=1e6, te_ms=0.0) == pytest.approx(1.0, rel=1e-12)


def test_inversion_nulls_a_tissue_at_t1_ln_2_when_the_repetition_is_long() -> None:
    fat = 296.0
    null = inversion_recovery_spin_echo(
        fat, 50.0, tr_ms=1e5, te_ms=10.0, inversion_time_ms=fat * np.log(2)
    )
    assert null == pytest.approx(0.0, abs=1e-12)


def test_a_short_repetition_moves_the_null_of_an_inversion_earlier() -> None:
    t1, tr = 296.0, 600.0
    # 1 - 2 exp(-TI / T1) + exp(-TR / T1) = 0.
    null_ms = t1 * np.log(2 / (1 + np.exp(-tr / t1)))
    assert null_ms < t1 * np.log(2)
    found = inversion_recovery_spin_echo(t1, 50.0, tr_ms=tr, te_ms=10.0, inversion_time_ms=null_ms)
    assert found == pytest.approx(0.0, abs=1e-12)


def test_inversion_recovery_is_a_magnitude_before_its_null_and_a_spin_echo_long_after() -> None:
    at_once = inversion_recovery_spin_echo(
        900.0, 70.0, tr_ms=1e6, te_ms=70.0 * np.log(2), inversion_time_ms=0.0
    )
    assert at_once == pytest.approx(0.5, rel=1e-12)  # -1, halved by T2, without its sign
    late = inversion_recovery_spin_echo(900.0, 70.0, tr_ms=1e6, te_ms=85.0, inversion_time_ms=5e4)
    assert late == pytest.approx(spin_echo(900.0, 70.0, tr_ms=1e6, te_ms=85.0), rel=1e-12)


def test_diffusion_weighting_leaves_one_part_in_e_at_b_of_one_over_adc() -> None:
    assert diffusion_weighting(0.0, 1.3) == 1.0
    assert diffusion_weighting(1000.0, 1.0) == pytest.approx(np.exp(-1), rel=1e-12)
    # b of 800 s/mm2 and 1.25e-3 mm2/s make 1 as well.
    assert diffusion_weighting(800.0, 1.25) == pytest.approx(np.exp(-1), rel=1e-12)


def test_spoiled_gradient_echo_is_proportional_to_r1_where_it_is_far_from_saturation() -> None:
    # S = sin(FA) TR R1 / (1 - cos(FA)) to first order in TR R1.
    signal = spoiled_gradient_echo(np.array([1e-4]), tr_ms=5.0, flip_angle_deg=40.0)
    angle = np.deg2rad(40.0)
    expected = np.sin(angle) * 5e-3 * 1e-4 / (1 - np.cos(angle))
    # First order is off by TR R1 (1 / 2 + cos / (1 - cos)), 2e-6.
    assert signal[0] == pytest.approx(expected, rel=5e-6)


def test_extended_tofts_takes_uneven_samples_and_keeps_its_inputs() -> None:
    times = np.array([0.0, 1.0, 7.0, 8.5, 60.0, 300.0])
    plasma = np.array([0.0, 2.0, 5.0, 1.0, 1.5, 0.5])
    kept = plasma.copy()
    found = extended_tofts(times, plasma, ktrans_per_min=0.4, ve=0.3, vp=0.07)

    def integrand(u: float, end: float) -> float:
        return float(np.interp(u, times / 60, plasma)) * np.exp(-(0.4 / 0.3) * (end - u))

    for n in range(1, times.size):
        end = times[n] / 60
        area = sum(
            quad(integrand, a / 60, b / 60, args=(end,))[0] for a, b in pairwise(times[: n + 1])
        )
        assert found[n] == pytest.approx(0.4 * area + 0.07 * plasma[n], rel=1e-9)
    np.testing.assert_array_equal(kept, plasma)


def test_extended_tofts_without_return_is_the_running_area() -> None:
    times = np.linspace(0.0, 300.0, 31)
    plasma = np.sin(times / 40.0) ** 2
    found = extended_tofts(times, plasma, ktrans_per_min=1e-9, ve=0.5, vp=0.0)
    area = np.concatenate([[0], np.cumsum(0.5 * (plasma[1:] + plasma[:-1]) * 10.0 / 60)])
    # What returns in 5 minutes: kep t = 1e-8.
    np.testing.assert_allclose(found, 1e-9 * area, rtol=2e-8)

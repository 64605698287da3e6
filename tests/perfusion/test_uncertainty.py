"""Intervals hold the truth as often as they say once what all images share is in them."""

import numpy as np
import pytest

from mamri.perfusion import (
    ArterialInput,
    SpoiledGradientEcho,
    combined_errors,
    concentration_from_shifted_baseline,
    concentration_to_signal,
    fit,
    population_input,
    signal_to_concentration,
    tissue_curve,
)
from mamri.records import InputError

SECONDS = np.arange(0.0, 400.0)
AIF = ArterialInput(SECONDS, population_input(SECONDS, delay_s=15.0))
TIMES = np.concatenate([[-20.0], np.linspace(10.0, 380.0, 20)])
SEQUENCE = SpoiledGradientEcho(5.0, 12.0)
TRUTH = {"ktrans_per_min": 0.2, "ve": 0.4, "vp": 0.04}
PHYSICS = {"t1_ms": 1400.0, "r1": 4.5, "baseline": [0]}
NOISE = 3.0


def _signals(n: int, seed: int) -> np.ndarray:
    curve = tissue_curve("extended_tofts", TRUTH, TIMES, AIF)
    signal = concentration_to_signal(curve, SEQUENCE, t1_ms=1400.0, r1=4.5, baseline_signal=100.0)
    return signal[:, None] + np.random.default_rng(seed).normal(0, NOISE, (TIMES.size, n))


def test_intervals_hold_the_truth_only_with_the_noise_of_the_baseline() -> None:
    signals = _signals(3000, 0)
    plain = signal_to_concentration(signals, SEQUENCE, **PHYSICS)
    shifted = concentration_from_shifted_baseline(
        signals, SEQUENCE, NOISE / signals[0], **PHYSICS
    )  # fmt: skip
    found = fit(plain[1:], TIMES[1:], AIF)
    moved = fit(shifted[1:], TIMES[1:], AIF)

    whole = combined_errors(found, [moved])["ktrans_per_min"]
    error = np.abs(found.parameters["ktrans_per_min"] - 0.2)
    is_known = np.isfinite(whole)
    alone = found.standard_errors["ktrans_per_min"][is_known]

    assert is_known.mean() > 0.9
    assert 0.92 < np.mean(error[is_known] < 2.0 * whole[is_known]) < 0.98
    assert np.mean(error[is_known] < 2.0 * alone) < 0.85


def test_sources_add_as_squares() -> None:
    signals = _signals(1, 1)[:, 0]
    curve = signal_to_concentration(signals, SEQUENCE, **PHYSICS)[1:]
    found, moved = fit(curve, TIMES[1:], AIF), fit(1.1 * curve, TIMES[1:], AIF)
    name = "ktrans_per_min"
    own = float(found.standard_errors[name])
    step = float(moved.parameters[name] - found.parameters[name])

    assert combined_errors(found, [])[name] == pytest.approx(own)
    once, twice = (combined_errors(found, [moved] * n)[name] for n in (1, 2))
    assert step == pytest.approx(0.1 * float(found.parameters[name]), rel=0.05)
    assert once == pytest.approx(np.hypot(own, step), rel=1e-5)
    assert twice == pytest.approx(np.sqrt(own**2 + 2 * step**2), rel=1e-5)
    with pytest.raises(InputError, match="fits of one model"):
        combined_errors(found, [fit(curve, TIMES[1:], AIF, "tofts")])


def test_a_higher_baseline_means_less_contrast_and_leaves_baseline_points() -> None:
    signals = _signals(1, 2)[:, 0]
    plain = signal_to_concentration(signals, SEQUENCE, **PHYSICS)
    shifted = concentration_from_shifted_baseline(signals, SEQUENCE, 0.05, **PHYSICS)
    exact = signal_to_concentration(
        np.concatenate([[1.05 * signals[0]], signals[1:]]), SEQUENCE, **PHYSICS
    )

    assert shifted[0] == plain[0] == pytest.approx(0, abs=1e-12)
    assert np.all(shifted[1:] < plain[1:])
    np.testing.assert_allclose(shifted[1:], exact[1:], rtol=1e-9)

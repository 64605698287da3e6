import numpy as np

from mamri.perfusion.arterial_input import parker_blood
from mamri.simulation.physics import (
    extended_tofts,
    spoiled_gradient_echo,
)
from mamri.simulation.reference_curve import reference_curve_change


def _slow(ktrans: float, kep: float, vp: float) -> float:
    """The reference protocol one lesion at a time, on a grid of 0.25 s."""
    times = np.arange(0.0, 370.1, 0.25)
    plasma = parker_blood(times, delay_s=18.0) / 0.58
    curve = extended_tofts(times, plasma, ktrans_per_min=ktrans, ve=ktrans / kep, vp=vp)
    r1 = 1000 / 1370 + 4.78 * np.array([curve[times == 135.0][0], curve[times == 370.0][0]])
    early, late = spoiled_gradient_echo(r1, tr_ms=4.5, flip_angle_deg=12.0)
    return float(100 * (late / early - 1))


def test_change_of_the_reference_curve_is_that_of_model_and_signal_equation() -> None:
    rng = np.random.default_rng(3)
    ktrans = rng.uniform(0.02, 1.0, 40)
    kep = rng.uniform(0.05, 2.0, 40)
    vp = rng.uniform(0.0, 0.12, 40)
    expected = [_slow(*p) for p in zip(ktrans, kep, vp, strict=True)]
    # Steps of 1 s against 0.25 s on a bolus 3 s wide: 0.1 points of percent.
    np.testing.assert_allclose(expected, reference_curve_change(ktrans, kep, vp), atol=0.1)


def test_fast_return_washes_out_and_slow_return_persists() -> None:
    one = np.ones(2)
    change = reference_curve_change(0.25 * one, np.array([1.2, 0.06]), 0.02 * one)
    assert change[0] < -10
    assert change[1] > 10


def test_change_falls_as_the_rate_of_return_rises() -> None:
    kep = np.linspace(0.05, 1.0, 30)  # beyond, the early phase falls as well
    change = reference_curve_change(np.full(30, 0.2), kep, np.full(30, 0.02))
    assert np.all(np.diff(change) < 0)

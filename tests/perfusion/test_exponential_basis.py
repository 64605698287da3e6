"""The basis against closed forms, a fine numerical integral, and its own symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.perfusion import ArterialInput, exponential_convolution
from mamri.perfusion.exponential_basis import exponential_basis
from mamri.records import InputError

_TIMES = np.arange(0.0, 400.0, 7.0)


def _bolus(step_s: float = 1.0) -> ArterialInput:
    times = np.arange(0.0, 401.0, step_s)
    rise = np.clip((times - 20) / 10, 0, None)
    return ArterialInput(times, rise * np.exp(-rise) * 8 + 0.5 * (times > 20))


def test_a_step_gives_the_closed_form() -> None:
    step = ArterialInput(np.array([0.0, 1000.0]), np.array([3.0, 3.0]))
    rates = np.array([0.01, 0.5, 4.0, 30.0])

    rows = exponential_convolution(step, _TIMES, rates)

    minutes = _TIMES / 60
    expected = 3 * (1 - np.exp(-rates[:, None] * minutes)) / rates[:, None]
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-13)


def test_a_ramp_gives_the_closed_form() -> None:
    ramp = ArterialInput(np.array([0.0, 600.0]), np.array([0.0, 10.0]))

    row = exponential_convolution(ramp, _TIMES, np.array([0.8]))[0]

    t, k = _TIMES / 60, 0.8
    np.testing.assert_allclose(row, t / k - (1 - np.exp(-k * t)) / k**2, rtol=1e-9, atol=1e-12)


def test_a_rate_of_zero_gives_the_integral() -> None:
    aif = _bolus()

    row = exponential_convolution(aif, aif.times_s, np.array([0.0]))[0]

    steps = np.diff(aif.times_s) / 60 * (aif.plasma[1:] + aif.plasma[:-1]) / 2
    np.testing.assert_allclose(row, np.append(0, np.cumsum(steps)), rtol=1e-12)


def test_small_and_large_steps_meet() -> None:
    """The series and the exact weights agree where one takes over from the other."""
    aif = _bolus()
    rates = np.array([0.0599, 0.0601])  # a rate times step of 0.001 lies between

    below, above = exponential_convolution(aif, _TIMES, rates)

    between = exponential_convolution(aif, _TIMES, np.array([0.06]))[0]
    np.testing.assert_allclose((below + above) / 2, between, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("rate", [0.05, 1.0, 15.0])
def test_a_fine_sum_comes_to_the_same(rate: float) -> None:
    """The slow obvious way: a midpoint sum over 0.01 s of the same piecewise linear input."""
    aif = _bolus(5.0)
    fine = np.arange(0.005, 400.0, 0.01)
    plasma = aif.at(fine)

    row = exponential_convolution(aif, _TIMES, np.array([rate]))[0]

    for t, value in zip(_TIMES, row, strict=True):
        before = fine < t
        slow = (plasma[before] * np.exp(-rate * (t - fine[before]) / 60)).sum() * 0.01 / 60
        assert abs(slow - value) < 2e-5 * row.max()


@given(st.floats(-15, 15), st.floats(0.01, 20))
def test_a_delay_moves_the_curve(delay: float, rate: float) -> None:
    aif, rates = _bolus(), np.array([rate])
    inside = _TIMES[(_TIMES > 30) & (_TIMES < 380)]

    late = exponential_convolution(aif, inside, rates, delay_s=delay)
    moved = exponential_convolution(aif, inside - delay, rates)

    np.testing.assert_allclose(late, moved, rtol=1e-9, atol=1e-12)


@given(st.floats(0.01, 100))
def test_a_scaled_input_gives_scaled_rows(factor: float) -> None:
    aif = _bolus()
    scaled = ArterialInput(aif.times_s, factor * aif.plasma)
    rates = np.array([0.1, 3.0])

    np.testing.assert_allclose(
        exponential_convolution(scaled, _TIMES, rates),
        factor * exponential_convolution(aif, _TIMES, rates),
        rtol=1e-10,
    )


def test_images_before_the_input_see_nothing() -> None:
    aif = ArterialInput(np.array([10.0, 20.0]), np.array([1.0, 1.0]))

    rows = exponential_convolution(aif, np.array([-5.0, 5.0, 10.0, 15.0]), np.array([1.0]))

    assert [0.0, 0.0, 0.0] == rows[0, :3].tolist()
    assert rows[0, 3] > 0


@pytest.mark.parametrize(
    ("times", "plasma", "word"),
    [
        ([0.0, 1.0], [1.0], "shapes"),
        ([0.0], [1.0], "two or more"),
        ([0.0, 1.0], [1.0, np.nan], "finite"),
        ([1.0, 0.0], [1.0, 1.0], "rise"),
        ([0.0, 1.0], [0.0, -1.0], "above zero"),
    ],
)
def test_an_input_that_is_none_is_refused(
    times: list[float], plasma: list[float], word: str
) -> None:
    with pytest.raises(InputError, match=word):
        ArterialInput(np.array(times), np.array(plasma))


def test_images_that_see_nothing_are_refused() -> None:
    late = ArterialInput(np.array([500.0, 600.0]), np.array([1.0, 1.0]))

    with pytest.raises(InputError, match="same zero"):
        exponential_basis(late, _TIMES, rates_per_min=(0.01, 1.0), n_rates=8)
    with pytest.raises(InputError, match="sort the phases"):
        exponential_basis(_bolus(), _TIMES[::-1], rates_per_min=(0.01, 1.0), n_rates=8)

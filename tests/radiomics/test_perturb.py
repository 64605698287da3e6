"""Perturbed outlines and noise."""

import numpy as np
import pytest
from radiomics.test_shape import ball

from mamri.radiomics import (
    PerturbationSettings,
    add_gaussian_noise,
    add_rician_noise,
    grow_mask,
    perturb_region,
    randomise_contour,
    shift_mask,
)
from mamri.records import InputError

SPACING = (2.0, 1.0, 1.0)
BALL = np.pad(ball(10.0, SPACING), 6)


def volume(mask: np.ndarray) -> float:
    return 2.0 * np.count_nonzero(mask)


@pytest.mark.parametrize("grow", [-3.0, 3.0])
def test_a_ball_grows_by_what_was_asked_for(grow: float):
    # Within 10 %: slices of 2 mm are coarse beside 3 mm.
    expected = 4 / 3 * np.pi * (10 + grow) ** 3

    assert expected == pytest.approx(volume(grow_mask(BALL, SPACING, grow)), rel=0.1)


def test_growing_by_nothing_changes_nothing():
    assert (grow_mask(BALL, SPACING, 0.0) == BALL).all()


def test_a_shift_moves_the_centre():
    moved = shift_mask(BALL, SPACING, (2.0, -1.0, 0.0))
    by = (np.argwhere(moved).mean(axis=0) - np.argwhere(BALL).mean(axis=0)) * SPACING

    assert [2.0, -1.0, 0.0] == pytest.approx(by.tolist())


def test_a_random_contour_keeps_the_volume_and_depends_on_the_seed():
    one, other = (
        randomise_contour(BALL, SPACING, sd_mm=1.0, wavelength_mm=5.0, seed=seed) for seed in (1, 2)
    )

    assert volume(BALL) == pytest.approx(volume(one), rel=0.1)
    assert (one != BALL).any()
    assert (one != other).any()
    again = randomise_contour(BALL, SPACING, sd_mm=1.0, wavelength_mm=5.0, seed=1)
    assert (one == again).all()


def test_rician_noise_has_its_known_moments():
    # E[m^2] = A^2 + 2 sd^2 exactly; 1e5 samples leave 0.5 %.
    noisy = add_rician_noise(np.full(100_000, 3.0), 2.0, seed=5)

    assert 9 + 8 == pytest.approx(np.mean(noisy**2), rel=0.02)
    assert 2.0 == pytest.approx(add_gaussian_noise(np.zeros(100_000), 2.0, seed=5).std(), rel=0.01)


def test_a_draw_is_repeatable_and_leaves_the_input_alone():
    image = np.random.default_rng(0).random(BALL.shape) * 100
    image.flags.writeable = False
    draws = [
        perturb_region(image, BALL, SPACING, PerturbationSettings(), seed=seed)
        for seed in (7, 7, 8)
    ]

    assert (draws[0][1] == draws[1][1]).all()
    assert (draws[0][0] == draws[1][0]).all()
    assert (draws[0][0] != draws[2][0]).any()


def test_without_spread_only_rounding_is_left():
    still = PerturbationSettings(grow_mm=0, shift_mm=0, contour_mm=0, noise=0)
    image = np.full(BALL.shape, 5.0)
    found, mask = perturb_region(image, BALL, SPACING, still, seed=1)

    assert (mask == BALL).all()
    assert np.allclose(image, found)


def test_negative_spreads_are_refused():
    with pytest.raises(InputError, match="at least 0"):
        PerturbationSettings(noise=-0.1)

"""Vessels on painted volumes: long tubes yes, masses and spicules no."""

import numpy as np
import pytest

from mamri.segmentation.vessels import VesselSettings, background_level, segment_vessels

SHAPE = (60, 60, 60)


def volume(seed: int = 0, noise: float = 5.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, noise, SHAPE)


def grid() -> np.ndarray:
    return np.indices(SHAPE).astype(float)


def breast() -> np.ndarray:
    out = np.zeros(SHAPE, np.uint8)
    out[2:-2, 2:-2, 2:-2] = 1
    return out


def tube(radius: float, row: float = 30, column: float = 30) -> np.ndarray:
    """A tube along the slices, tilted a little."""
    s, r, c = grid()
    inside = np.hypot(r - row, c - column - 0.2 * (s - 30)) <= radius
    return inside & (s > 5) & (s < 55)


def ball(radius: float, centre: tuple[float, float, float] = (30, 30, 30)) -> np.ndarray:
    return np.sqrt(((grid() - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(axis=0)) <= radius


@pytest.mark.parametrize("radius", [1.2, 2.0])
def test_a_long_tube_is_a_vessel(radius):
    vessel = tube(radius)

    found = segment_vessels(volume() + 100 * vessel, breast(), np.eye(4))

    assert np.mean(found[vessel]) > 0.8
    assert np.count_nonzero(found & ~ball(0)) < 3 * np.count_nonzero(vessel)


@pytest.mark.parametrize("radius", [2.0, 3.0, 5.0, 9.0])
def test_a_ball_of_any_size_is_no_vessel(radius):
    mass = ball(radius)

    found = segment_vessels(volume() + 100 * mass, breast(), np.eye(4))

    assert np.mean(found[mass]) < 0.02


@pytest.mark.parametrize("inner", [4.0, 6.5])
def test_the_rim_of_a_mass_with_a_dead_centre_is_no_vessel(inner):
    rim = ball(10.0) & ~ball(inner)

    found = segment_vessels(volume() + 100 * rim, breast(), np.eye(4))

    assert np.mean(found[rim]) < 0.02


def test_spicules_stay_with_their_mass():
    mass = ball(7.0)
    s, r, c = grid()
    spicules = (np.hypot(r - 30, c - 30) <= 1.2) & (np.abs(s - 30) < 20)
    spicules |= (np.hypot(s - 30, c - 30) <= 1.2) & (np.abs(r - 30) < 20)

    found = segment_vessels(volume() + 100 * (mass | spicules), breast(), np.eye(4))

    assert not found[mass | spicules].any()


def test_a_feeding_vessel_is_cut_at_the_mass():
    mass, vessel = ball(7.0), tube(1.5)
    away = vessel & ~ball(13.0)

    found = segment_vessels(volume() + 100 * (mass | vessel), breast(), np.eye(4))

    assert np.mean(found[away]) > 0.7
    assert not found[mass].any()


def test_noise_holds_no_vessel():
    assert not segment_vessels(volume(seed=3), breast(), np.eye(4)).any()


def test_a_vessel_outside_the_breast_is_left_alone():
    mask = breast()
    mask[:, :, 30:] = 0

    found = segment_vessels(volume() + 100 * tube(1.5, column=45), mask, np.eye(4))

    assert not found.any()


def test_an_empty_breast_gives_an_empty_mask():
    found = segment_vessels(volume(), np.zeros(SHAPE, bool), np.eye(4), VesselSettings())

    assert found.shape == SHAPE
    assert not found.any()


def test_the_scale_of_the_signal_does_not_matter_and_the_input_stays():
    signal = volume() + 100 * tube(1.5)
    before = signal.copy()

    one = segment_vessels(signal, breast(), np.eye(4))
    other = segment_vessels(0.01 * signal, breast(), np.eye(4))

    assert np.mean(one == other) > 0.999
    assert np.array_equal(before, signal)


def test_thick_slices_keep_the_vessel():
    vessel = tube(2.0)
    thick = (volume() + 100 * vessel).reshape(60, 60, 20, 3).mean(axis=3)
    mask = breast()[:, :, 1::3]

    found = segment_vessels(thick, mask, np.diag([1.0, 1.0, 3.0, 1.0]))

    assert np.mean(found[vessel[:, :, 1::3]]) > 0.6


def test_the_background_level_ignores_enhancing_tissue():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(10, 2, 7000), random.uniform(20, 200, 3000)])

    centre, deviation = background_level(values)

    assert centre == pytest.approx(10, abs=0.7)
    assert deviation == pytest.approx(2, abs=0.5)

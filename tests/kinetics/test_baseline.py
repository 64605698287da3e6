import numpy as np
import pytest

from mamri.kinetics import choose_phases
from mamri.kinetics.baseline import baseline_signal, mean_of_phases, noise_floor, slabs


def rician(signal, sigma, seed=0):
    random = np.random.default_rng(seed)
    return np.hypot(
        signal + random.normal(0, sigma, signal.shape), random.normal(0, sigma, signal.shape)
    )


def prone_exam(sigma, *, air=0.4, tissue=400.0):
    signal = np.zeros((20, 50, 40))
    signal[:, int(50 * air) :] = tissue
    return rician(signal, sigma)[None]


CHOICE, _ = choose_phases(np.array([0.0, 150, 450]))


def test_baseline_is_the_mean_of_the_pre_contrast_phases():
    array = np.stack([np.full((2, 3, 4), value, np.int16) for value in (1, 2, 9)])
    choice, _ = choose_phases(np.array([-60.0, 0, 90]))
    np.testing.assert_array_equal(1.5, baseline_signal(array, choice))


def test_mean_of_phases_does_not_overflow_integers():
    array = np.full((2, 1, 1, 1), 32000, np.int16)
    assert 32000 == mean_of_phases(array, (0, 1))[0, 0, 0]


def test_noise_floor_finds_the_sigma_of_rician_air():
    # 4,000 air voxels: the median of a Rayleigh distribution has a relative error of about 2 %.
    assert 5 * 7.0 == pytest.approx(noise_floor(prone_exam(7.0), CHOICE, sigmas=5), rel=0.05)


def test_noise_floor_is_found_behind_air_that_the_scanner_set_to_zero():
    array = prone_exam(7.0)
    array[:, :, :10] = 0
    assert 35 == pytest.approx(noise_floor(array, CHOICE, sigmas=5), rel=0.05)


def test_noise_floor_spares_a_volume_without_air():
    array = np.full((1, 4, 5, 6), 300.0)
    assert noise_floor(array, CHOICE, sigmas=5) < 300


def test_noise_floor_grows_with_the_intensity_scale():
    array = prone_exam(7.0)
    expected = 3.5 * noise_floor(array, CHOICE, sigmas=5)
    assert expected == pytest.approx(noise_floor(3.5 * array, CHOICE, sigmas=5), rel=1e-5)


def test_noise_floor_of_nothing_is_zero():
    assert 0 == noise_floor(np.zeros((1, 3, 3, 3)), CHOICE, sigmas=5)


def test_noise_floor_ignores_missing_voxels():
    array = prone_exam(7.0)
    array[:, :5] = np.nan
    assert 35 == pytest.approx(noise_floor(array, CHOICE, sigmas=5), rel=0.05)


def test_slabs_cover_every_slice_once():
    assert [0, 1, 2, 3, 4, 5, 6] == [s for part in slabs(7, 3) for s in range(7)[part]]

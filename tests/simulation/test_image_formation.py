import numpy as np
import pytest

from mamri.simulation.image_formation import (
    add_ghosts,
    blur,
    digitize,
    distort,
    fold_in,
    magnitude,
    noise_field,
    point_spread,
)

WHOLE = (1.0, 1.0, 1.0)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("encoded", [0.4, 0.5, 0.7, 0.85, 0.95, 1.0])
def test_point_spread_sums_to_1_and_is_symmetric(encoded: float) -> None:
    kernel = point_spread(encoded)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(kernel, kernel[::-1], atol=1e-7)
    assert kernel.argmax() == 6


def test_point_spread_is_a_single_1_when_all_is_encoded() -> None:
    expected = np.zeros(13)
    expected[6] = 1
    np.testing.assert_array_equal(expected, point_spread(1.0))


def test_point_spread_widens_as_less_is_encoded() -> None:
    # The height of a kernel that sums to 1 is the inverse of its width; for a hard edge of k-space
    # it is the encoded part. The soft edge and the cut at six voxels cost up to 4 %.
    parts = np.array([0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    heights = np.array([point_spread(p)[6] for p in parts])
    np.testing.assert_allclose(parts, heights, rtol=0.04)
    assert np.all(np.diff(heights) > 0)


def test_a_thin_line_blurs_to_the_point_spread_along_each_encoded_axis() -> None:
    for axis in range(3):
        image = np.zeros((21, 21, 21), np.float32)
        image[10, 10, 10] = 1
        encoded = [1.0, 1.0, 1.0]
        encoded[axis] = 0.6
        blurred = blur(image, (encoded[0], encoded[1], encoded[2]))
        line = np.moveaxis(blurred, axis, 0)[:, 10, 10]
        np.testing.assert_allclose(point_spread(0.6), line[4:17], atol=1e-7)
        assert blurred.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_grating_beyond_the_encoded_part_vanishes_and_one_within_stays() -> None:
    x = np.arange(120)
    for cycles_per_voxel, left, within in ((0.42, 0.0, 0.05), (0.2, 1.0, 0.05)):
        image = np.cos(2 * np.pi * cycles_per_voxel * x).astype(np.float32).reshape(1, 1, -1)
        middle = blur(image, (1.0, 1.0, 0.65))[0, 0, 20:-20]
        # k-space is encoded to 0.325 cycles a voxel; the cut at six voxels lets 5 % through.
        assert np.abs(middle).max() == pytest.approx(left, abs=within)


@pytest.mark.parametrize("encoded", [WHOLE, (0.7, 0.85, 0.85), (1.0, 0.5, 1.0)])
def test_noise_has_a_standard_deviation_of_1(encoded: tuple[float, float, float]) -> None:
    noise = noise_field((60, 80, 90), encoded, _rng())
    # 432 000 samples, some three times fewer free ones: four standard errors.
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert noise.mean() == pytest.approx(0.0, abs=0.015)


def test_noise_is_correlated_as_the_point_spread_says() -> None:
    noise = noise_field((40, 100, 100), (1.0, 0.6, 0.85), _rng(1)).astype(float)
    for axis, part in ((0, 1.0), (1, 0.6), (2, 0.85)):
        kernel = point_spread(part).astype(float)
        for lag in (1, 2, 3):
            expected = (kernel[lag:] * kernel[:-lag]).sum() / (kernel**2).sum()
            found = np.mean(noise * np.roll(noise, lag, axis))
            assert found == pytest.approx(expected, abs=0.012), (axis, lag)  # 400 000 samples


def test_air_has_the_mean_and_spread_of_a_rayleigh_distribution() -> None:
    sigma = 13.0
    found = magnitude(np.zeros((40, 60, 60), np.float32), sigma, WHOLE, _rng(2))
    # 144 000 samples: four standard errors are 0.5 %.
    assert found.mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=5e-3)
    assert found.std() == pytest.approx(sigma * np.sqrt(2 - np.pi / 2), rel=8e-3)


def test_bright_voxels_are_raised_by_half_the_variance_over_the_signal() -> None:
    sigma, signal = 10.0, 200.0
    image = np.full((40, 80, 80), signal, np.float32)
    found = magnitude(image, sigma, WHOLE, _rng(3)).astype(float)
    # Gudbjartsson 1995: the mean is close to sqrt(A^2 + s^2); standard error 0.02.
    assert found.mean() == pytest.approx(np.hypot(signal, sigma), abs=0.08)
    assert found.std() == pytest.approx(sigma, rel=8e-3)


def test_mean_square_of_a_magnitude_is_signal_squared_and_twice_the_variance() -> None:
    for signal in (0.0, 5.0, 20.0, 60.0):
        image = np.full((30, 60, 60), signal, np.float32)
        found = magnitude(image, 10.0, WHOLE, _rng(4)).astype(float)
        assert np.mean(found**2) == pytest.approx(signal**2 + 200.0, rel=0.012)


def test_noise_may_vary_in_space_and_the_image_is_kept_without_it() -> None:
    image = np.full((20, 40, 50), 300.0, np.float32)
    sigma = np.linspace(0, 20, 50, dtype=np.float32).reshape(1, 1, -1)
    kept = image.copy()
    found = magnitude(image, sigma, WHOLE, _rng(5))
    np.testing.assert_array_equal(image[..., 0], found[..., 0])
    spread = found.std(axis=(0, 1))
    np.testing.assert_allclose(np.linspace(0, 20, 50), spread, atol=1.5)
    np.testing.assert_array_equal(kept, image)


def test_numbers_are_rounded_and_clipped_to_12_bits() -> None:
    image = np.array([[[-3.0, 0.4, 0.6, 1234.5678, 4095.4, 9999.0]]], np.float32)
    found = digitize(image)
    assert found.dtype == np.int16
    np.testing.assert_array_equal([0, 0, 1, 1235, 4095, 4095], found[0, 0])


def test_folding_adds_each_margin_at_the_opposite_end() -> None:
    image = np.arange(12.0, dtype=np.float32).reshape(1, 1, 12)
    found = fold_in(image, 2, 3)
    # Kept are 3 to 8; 0 1 2 fold onto 6 7 8, and 9 10 11 onto 3 4 5.
    np.testing.assert_array_equal([12, 14, 16, 6, 8, 10], found[0, 0])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_folding_keeps_the_total_and_is_periodic(axis: int) -> None:
    image = _rng(6).random((14, 16, 18)).astype(np.float32)
    kept = image.copy()
    found = fold_in(image, axis, 4)
    assert found.shape[axis] == image.shape[axis] - 8
    assert found.sum() == pytest.approx(image.sum(), rel=1e-6)
    # What wraps lies where it is a whole field of view away.
    swapped, folded = np.moveaxis(image, axis, 0), np.moveaxis(found, axis, 0)
    n = len(folded)
    for k in range(n):
        expected = sum(swapped[m] for m in range(len(swapped)) if (m - 4 - k) % n == 0)
        np.testing.assert_allclose(expected, folded[k], rtol=1e-6)
    np.testing.assert_array_equal(kept, image)


def test_no_margin_folds_nothing() -> None:
    image = np.ones((2, 3, 4), np.float32)
    np.testing.assert_array_equal(image, fold_in(image, 2, 0))


def _blob() -> np.ndarray:
    image = np.zeros((2, 60, 3), np.float32)
    image[:, 22:38] = _rng(7).random((2, 16, 3)) + 0.5
    return image


@pytest.mark.parametrize("voxels", [0, 5, -7])
def test_an_even_shift_by_whole_voxels_is_exact(voxels: int) -> None:
    image = _blob()
    found = distort(image, np.full(image.shape, voxels, np.float32))
    np.testing.assert_allclose(np.roll(image, voxels, 1), found, atol=1e-6)


def test_an_even_shift_by_part_of_a_voxel_shares_it_between_two() -> None:
    image = _blob()
    found = distort(image, np.full(image.shape, 2.25, np.float32))
    expected = 0.75 * np.roll(image, 2, 1) + 0.25 * np.roll(image, 3, 1)
    np.testing.assert_allclose(expected, found, atol=1e-5)


def test_distortion_keeps_the_total_also_where_the_image_folds_over() -> None:
    image = _blob()
    r = np.arange(60.0)
    for shift in (3 * np.sin(r / 5), 6 * np.sin(r / 3), -r + 30.0, 0.2 * (r - 30)):
        field = np.broadcast_to(shift[None, :, None], image.shape).astype(np.float32)
        found = distort(image, field)
        # Overlaps of 32-bit numbers.
        np.testing.assert_allclose(image.sum(axis=1), found.sum(axis=1), rtol=2e-3)


@pytest.mark.parametrize("slope", [-0.5, -0.2, 0.0, 0.4, 1.0])
def test_signal_piles_up_where_shifts_converge_and_thins_where_they_spread(slope: float) -> None:
    """An even object has its signal divided by the Jacobian, 1 + slope."""
    image = np.zeros((1, 200, 1), np.float32)
    image[0, 60:140] = 1
    shift = slope * (np.arange(200.0) - 100)
    found = distort(image, shift.astype(np.float32).reshape(1, 200, 1))[0, :, 0]
    np.testing.assert_allclose(1 / (1 + slope), found[90:110], rtol=1e-4)
    assert found.sum() == pytest.approx(80.0, rel=1e-4)


def test_what_is_shifted_out_of_the_field_is_lost() -> None:
    image = np.ones((1, 20, 1), np.float32)
    found = distort(image, np.full((1, 20, 1), 5, np.float32))[0, :, 0]
    np.testing.assert_allclose(np.repeat([0.0, 1.0], [5, 15]), found, atol=1e-6)


@pytest.mark.parametrize("axis", [1, 2])
def test_ghosts_are_copies_along_phase_encoding_only_and_leave_the_object(axis: int) -> None:
    moving = np.zeros((4, 50, 60), np.float32)
    moving[2, 20:24, 30:34] = 100
    image = moving + 7
    before = image.copy()
    add_ghosts(image, moving, axis, 0.1, _rng(8))
    added = image - before
    assert np.abs(added).max() > 4
    assert np.abs(added).max() < 10.001  # the strongest is as strong as asked
    # Nothing leaves the slice, nor the lines of phase encoding that hold the object.
    lines = np.zeros(added.shape, bool)
    lines[2, 20:24] = axis == 2
    lines[2, :, 30:34] |= axis == 1
    assert np.all(added[~lines] == 0)
    np.testing.assert_array_equal(before[moving > 0], image[moving > 0])
    # Three on each side.
    profile = np.abs(added[2]).max(axis=1 if axis == 1 else 0) > 0
    assert np.count_nonzero(np.diff(profile.astype(int)) == 1) == 6


def test_no_strength_makes_no_ghosts() -> None:
    image = _rng(9).random((2, 20, 20)).astype(np.float32)
    before = image.copy()
    add_ghosts(image, before, 2, 0.0, _rng(9))
    np.testing.assert_array_equal(before, image)

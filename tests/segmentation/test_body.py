import numpy as np
import pytest

from mamri.segmentation.body import air_level, filled_from_behind, find_body, large_parts


def block(noise: float = 0.0, haze: float = 0.0) -> np.ndarray:
    """Tissue behind row 30, with a veil of the given share in the six rows before it."""
    image = np.zeros((30, 60, 40))
    image[:, 30:] = 100.0
    image[:, 24:30] = 100.0 * haze
    parts = np.random.default_rng(1).normal(0, noise, (2, *image.shape))
    return np.hypot(image + parts[0], parts[1]).astype(np.float32)


def test_air_level_is_the_mean_of_rayleigh_noise() -> None:
    # mean of a Rayleigh distribution: sigma * sqrt(pi / 2); the peak lies within its width
    level = air_level(block(noise=4.0))
    assert level.mean == pytest.approx(4.0 * np.sqrt(np.pi / 2), rel=0.35)
    assert level.limit > level.mean


def test_an_image_without_signal_is_all_air() -> None:
    assert air_level(np.zeros((4, 4, 4))).limit == np.inf
    assert not find_body(np.zeros((8, 8, 8)), spacing=2.0).any()


def test_the_border_of_the_body_is_right_to_one_voxel() -> None:
    body = find_body(block(noise=4.0), spacing=2.0)
    first = np.argmax(body[5:-5, :, 5:-5], axis=1)
    assert np.abs(first - 30).max() <= 1


def test_a_veil_before_the_skin_is_air() -> None:
    body = find_body(block(noise=2.0, haze=0.1), spacing=2.0)
    first = np.argmax(body[5:-5, :, 5:-5], axis=1)
    assert np.abs(first - 30).max() <= 1


def test_a_dark_space_open_to_the_back_is_filled_and_one_open_to_the_front_is_not() -> None:
    body = np.ones((5, 20, 20), bool)
    body[:, 10:, 8:12] = False  # a lung cut by the back edge
    body[:, :6, 2:4] = False  # air between the breasts
    filled = filled_from_behind(body)
    assert filled[:, 10:, 8:12].all()
    assert not filled[:, :6, 2:4].any()


def test_large_parts_drop_specks() -> None:
    mask = np.zeros((10, 10, 10), bool)
    mask[:5] = True
    mask[8, 8, 8] = True
    kept = large_parts(mask, 0.1)
    assert kept[:5].all()
    assert not kept[8, 8, 8]

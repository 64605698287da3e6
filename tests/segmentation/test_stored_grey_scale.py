"""Inverted grey scales are turned, others are not; masked air is told from dark tissue."""

from dataclasses import replace

import numpy as np
import pytest

from fake_networks import balls, fake_networks
from mamri.records import Volume
from mamri.segmentation.learned_anatomy import segment_with_networks
from mamri.segmentation.stored_grey_scale import blank_air, upright_grey_scale


def _noisy() -> Volume:
    image, _ = balls(-90.0, 90.0)
    noise = np.random.default_rng(0).rayleigh(0.02 * image.array.max(), image.shape)
    return replace(image, array=(image.array + noise).astype(np.float32))


def test_an_inverted_image_gives_the_breasts_of_the_upright_one() -> None:
    image = _noisy()
    turned = replace(image, array=image.array.max() - image.array)

    plain, _ = segment_with_networks(image, fake_networks())
    found, _ = segment_with_networks(turned, fake_networks())

    assert np.count_nonzero(plain.breast != found.breast) < 0.002 * np.count_nonzero(plain.breast)
    assert "grey_scale_inverted" in {c.code for c in found.caveats}
    assert "grey_scale_inverted" not in {c.code for c in plain.caveats}


@pytest.mark.parametrize("fill", ["noise", "zero", "flat", "tissue at the front"])
def test_other_images_stay_as_they_are(fill: str) -> None:
    image = _noisy()
    array = image.array.copy()
    if fill == "zero":
        array[array < 0.1 * array.max()] = 0
    if fill == "flat":
        array[:] = 7
    if fill == "tissue at the front":
        array = array[:, array.shape[1] // 3 :]
    same = replace(image, array=array)

    found, was_inverted = upright_grey_scale(same)

    assert found is same
    assert not was_inverted


def test_masked_air_is_blank_and_specks_are_not() -> None:
    array = np.ones((30, 40, 50))
    array[:, :10] = 0
    array[15, 25:27, 25] = 0

    blank = blank_air(array, (1.0, 1.0, 1.0))

    np.testing.assert_array_equal(blank[:, :10], True)
    assert not blank[:, 10:].any()
    assert not blank_air(np.maximum(array, 0.1), (1.0, 1.0, 1.0)).any()


def test_no_breast_is_where_air_was_masked() -> None:
    image = _noisy()
    array = image.array.copy()
    array[:, : array.shape[1] // 2] = 0
    cut = replace(image, array=array)

    found, _ = segment_with_networks(cut, fake_networks())

    assert found.breast.any()
    assert not found.breast[array == 0].any()

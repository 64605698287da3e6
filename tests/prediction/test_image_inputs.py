"""Crops as inputs of networks: the right place, the right side, the right differences."""

from dataclasses import replace

import numpy as np
import pytest

from mamri.normalization.standard_scale import fit_nyul, nyul_standard
from mamri.prediction.experiment import IntensityStandard
from mamri.prediction.image_inputs import (
    CHANNELS,
    SIZE,
    fit_standard,
    image_set,
    network_inputs,
)
from mamri.records import InputError, IntensityLandmarks, Laterality, LesionCrop

Z = IntensityStandard.Z_SCORE
N = 64
LEVELS = IntensityLandmarks(tuple(np.linspace(50, 150, 11)), 100.0, 50.0, 80.0, 200.0)
T2_LEVELS = IntensityLandmarks(tuple(np.linspace(0, 1000, 11)), 500.0, 100.0, 400.0, 600.0)
FLAT = {"pre": 100.0, "first_post": 200.0, "late": 150.0, "t2": 700.0, "adc": 0.8}


def _crop(side=Laterality.RIGHT, n=N, spacing_mm=1.0, **images: np.ndarray) -> LesionCrop:
    shape = (n, n, n)
    filled = {name: np.full(shape, value, np.float32) for name, value in FLAT.items()}
    mask = np.zeros(shape, bool)
    mask[n // 2 - 5 : n // 2 + 5, n // 2 - 5 : n // 2 + 5, n // 2 - 5 : n // 2 + 5] = True
    landmarks = {"dynamic": LEVELS, "t2": T2_LEVELS}
    return LesionCrop(1, side, spacing_mm, filled | images, mask, landmarks)


def _inputs(crop: LesionCrop, *channels: str, standard=Z, scale=None) -> np.ndarray:
    return network_inputs(image_set([crop], channels), np.array([0]), channels, standard, scale)[0]


def _mm(n: int, spacing_mm: float) -> tuple[np.ndarray, ...]:
    """Place of every voxel along slice, row and column, 0 at the centre of the cube."""
    return np.meshgrid(*(((np.arange(n) - (n - 1) / 2) * spacing_mm,) * 3), indexing="ij")


def test_channels_are_what_their_names_say():
    found = _inputs(_crop(), *CHANNELS)

    assert (6, SIZE, SIZE, SIZE) == found.shape
    assert np.float32 == found.dtype
    # z-scores of the phases: 0, 2 and 1; of T2: 2; ADC: (0.8 - 1.3) / 0.5.
    for channel, expected in zip(found, (0.0, 2.0, -1.0, 2.0, -1.0), strict=False):
        np.testing.assert_allclose(channel, expected, atol=2e-3)
    assert {0.0, 1.0} == set(np.unique(found[-1]))


def test_channels_come_in_the_order_that_was_asked_for():
    plain = dict(zip(CHANNELS, _inputs(_crop(), *CHANNELS), strict=True))

    mask, late = _inputs(_crop(), "mask", "late")

    np.testing.assert_array_equal(plain["mask"], mask)
    np.testing.assert_array_equal(plain["late"], late)


@pytest.mark.parametrize(
    ("standard", "early", "pre"),
    [
        (IntensityStandard.FIBROGLANDULAR, 100 / 80, 100 / 80 - 1),
        (IntensityStandard.FAT, 100 / 200, 100 / 200 - 1),
    ],
)
def test_intensities_may_be_referred_to_a_tissue(standard, early, pre):
    found = _inputs(_crop(), "early", "pre", standard=standard)

    np.testing.assert_allclose(found[0], early, atol=5e-3)
    np.testing.assert_allclose(found[1], pre, atol=5e-3)


def test_intensities_may_be_brought_to_a_learned_scale():
    crop = _crop()
    images = image_set([crop, crop], ("pre", "early"))

    scale = fit_standard(images, np.array([0, 1]), IntensityStandard.NYUL)

    np.testing.assert_allclose(fit_nyul([LEVELS]).levels, scale.levels)
    found = _inputs(crop, "pre", "early", standard=IntensityStandard.NYUL, scale=scale)
    pre, post = nyul_standard(np.array([100.0, 200.0]), LEVELS, scale)
    np.testing.assert_allclose(found[0], pre, atol=5e-3)
    np.testing.assert_allclose(found[1], post - pre, atol=1e-2)


@pytest.mark.parametrize("standard", [s for s in IntensityStandard if s != "nyul"])
def test_other_scales_need_nothing_learned(standard):
    assert fit_standard(image_set([_crop()], ("pre",)), np.array([0]), standard) is None


def test_a_scale_is_learned_from_the_cases_named_alone():
    other = replace(LEVELS, percentiles=tuple(np.linspace(0, 10, 11) ** 3))
    crops = [_crop(), replace(_crop(), landmarks={"dynamic": other, "t2": T2_LEVELS})]

    scale = fit_standard(image_set(crops, ("pre",)), np.array([1]), IntensityStandard.NYUL)

    np.testing.assert_allclose(fit_nyul([other]).levels, scale.levels)


@pytest.mark.parametrize(("n", "spacing_mm"), [(64, 1.0), (33, 2.0), (80, 0.8), (40, 1.5)])
def test_the_centre_stays_and_voxels_have_a_millimetre_and_a_half(n, spacing_mm):
    own, wanted = _mm(n, spacing_mm), _mm(SIZE, 1.5)
    reach = (n - 1) / 2 * spacing_mm
    for along in range(3):
        image = (100 + own[along]).astype(np.float32)

        (found,) = _inputs(_crop(n=n, spacing_mm=spacing_mm, pre=image), "pre")

        inside = np.abs(wanted[along]) <= reach
        np.testing.assert_allclose(found[inside] * 50, wanted[along][inside], atol=0.1)


def test_left_breasts_are_mirrored_to_look_like_right_ones():
    rng = np.random.default_rng(1)
    image = rng.normal(100, 50, (N, N, N)).astype(np.float32)
    right = _crop(pre=image, t2=image[::-1].copy())
    flipped = {name: i[:, :, ::-1].copy() for name, i in right.images.items()}
    left = replace(right, side=Laterality.LEFT, images=flipped, mask=right.mask[:, :, ::-1].copy())

    names = ("pre", "early", "t2", "mask")
    np.testing.assert_allclose(_inputs(right, *names), _inputs(left, *names), atol=1e-5)
    unflipped = replace(right, side=Laterality.LEFT)
    assert np.abs(_inputs(unflipped, "pre") - _inputs(right, "pre")).max() > 0.5


def test_the_nipple_side_of_a_right_breast_is_left_as_it_is():
    """Columns run from right to left; only their order is changed, and of left breasts alone."""
    slices, rows, columns = _mm(N, 1.0)
    for side, sign in ((Laterality.RIGHT, 1), (Laterality.LEFT, -1)):
        found = [
            np.gradient(_inputs(_crop(side, pre=(100 + axis).astype(np.float32)), "pre")[0], axis=k)
            for k, axis in enumerate((slices, rows, columns))
        ]
        assert [1, 1, sign] == [np.sign(np.median(g)) for g in found]


def test_the_mask_keeps_its_volume():
    slices, rows, columns = _mm(N, 1.0)
    ball = slices**2 + rows**2 + columns**2 <= 12**2

    found = _inputs(replace(_crop(), mask=ball), "mask")[0]

    # 4/3 pi 12**3 = 7238; voxels of 1.5 mm place its surface to a tenth of a voxel in the mean.
    assert ball.sum() == pytest.approx(found.sum() * 1.5**3, rel=0.03)
    assert found[SIZE // 2, SIZE // 2, SIZE // 2] == 1


def test_what_is_far_from_usual_is_cut():
    far = np.full((N, N, N), 1e5, np.float32)

    assert 20 == _inputs(_crop(pre=far), "pre").max()
    assert -20 == _inputs(_crop(pre=far), "early").min()


def test_inputs_are_those_of_the_rows_asked_for():
    bright = _crop(pre=np.full((N, N, N), 200.0, np.float32))
    images = image_set([_crop(), bright, _crop()], ("pre",))

    found = network_inputs(images, np.array([1, 0]), ("pre",), Z, None)

    assert 3 == len(images)
    np.testing.assert_allclose([2, 0], found.mean(axis=(1, 2, 3, 4)), atol=1e-3)


@pytest.mark.parametrize("name", ["t2", "adc"])
def test_images_that_no_channel_needs_may_be_missing(name):
    crop = _crop()
    without = replace(crop, images={k: v for k, v in crop.images.items() if k != name})
    others = tuple(channel for channel in CHANNELS if channel != name)

    np.testing.assert_array_equal(_inputs(crop, *others), _inputs(without, *others))
    with pytest.raises(InputError, match=f"1 of 2 crops lack the image {name}; leave the channel"):
        image_set([crop, without], (name,))


def test_unknown_channels_are_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"channels are pre, early, .*, got flair"):
        image_set([_crop()], ("pre", "flair"))

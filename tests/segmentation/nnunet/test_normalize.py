"""Against the formulas, written out."""

import numpy as np
import pytest

from mamri.records import InputError, ModelError
from mamri.segmentation.nnunet.normalize import normalized
from mamri.segmentation.nnunet.recipe import ChannelRule, IntensityScheme

IMAGE = np.random.default_rng(0).uniform(10, 250, (3, 4, 5)).astype(np.float32)
MASK = IMAGE > 100


def one(rule: ChannelRule, image: np.ndarray = IMAGE) -> np.ndarray:
    return normalized(image[None], MASK, (rule,))[0]


def test_z_score_has_mean_0_and_spread_1():
    found = one(ChannelRule("t1", IntensityScheme.Z_SCORE))

    assert np.allclose((IMAGE - IMAGE.mean()) / IMAGE.std(), found, atol=1e-5)


def test_masked_z_score_counts_and_changes_the_mask_alone():
    found = one(ChannelRule("t1", IntensityScheme.Z_SCORE, is_masked=True))

    inside = IMAGE[MASK]
    assert np.allclose((inside - inside.mean()) / inside.std(), found[MASK], atol=1e-5)
    assert np.array_equal(IMAGE[~MASK], found[~MASK])


def test_ct_takes_the_numbers_of_the_training_data():
    found = one(ChannelRule("ct", IntensityScheme.CT, mean=90, spread=20, lower=50, upper=200))

    assert np.allclose((np.clip(IMAGE, 50, 200) - 90) / 20, found, atol=1e-5)


def test_rescaling_ends_at_0_and_1():
    found = one(ChannelRule("t1", IntensityScheme.RESCALE_01))

    assert (0, 1) == (found.min(), found.max())
    assert np.allclose((IMAGE - IMAGE.min()) / np.ptp(IMAGE), found, atol=1e-6)


def test_colours_are_parts_of_255():
    assert np.allclose(IMAGE / 255, one(ChannelRule("red", IntensityScheme.RGB_01)))
    with pytest.raises(InputError, match="0 to 255"):
        one(ChannelRule("red", IntensityScheme.RGB_01), 2 * IMAGE)


def test_nothing_is_done_where_nothing_is_asked():
    assert np.array_equal(IMAGE, one(ChannelRule("t1", IntensityScheme.NONE)))


@pytest.mark.parametrize("scheme", [IntensityScheme.Z_SCORE, IntensityScheme.RESCALE_01])
def test_an_image_of_one_value_becomes_zero(scheme):
    assert not one(ChannelRule("t1", scheme), np.full_like(IMAGE, 7)).any()


@pytest.mark.parametrize("scheme", list(IntensityScheme))
def test_the_image_is_left_as_it_is(scheme):
    image = IMAGE.copy()
    one(ChannelRule("t1", scheme, mean=1, spread=1, lower=0, upper=9), image)

    assert np.array_equal(IMAGE, image)


def test_ct_without_its_numbers_is_refused():
    with pytest.raises(ModelError, match="mean, spread and limits"):
        ChannelRule("ct", IntensityScheme.CT, mean=1)

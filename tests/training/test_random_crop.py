from dataclasses import replace

import numpy as np
import pytest
import torch
from training.chest import LEFT, RIGHT

from mamri.training import CachedAnatomy, LabelCoding, SpatialSettings, cached_anatomy
from mamri.training.draws import Draws, seeded_draws
from mamri.training.random_crop import random_crop, sample_image

STILL = SpatialSettings(
    shape=(24, 28, 32), spacing_mm=3.0, focus_probability=1.0, centre_jitter=0.0, rotation_deg=0,
    scaling=0, shear=0, elastic_sd_mm=0, mirror_probability=0,
)  # fmt: skip
MOVING = replace(STILL, centre_jitter=0.35, rotation_deg=15, scaling=0.15, elastic_sd_mm=3)


def _draws(index: int = 0) -> Draws:
    return seeded_draws(3, index, 0, torch.device("cpu"))


def _two_sides(affine: np.ndarray) -> CachedAnatomy:
    """Right half 1, left half 2, by patient coordinates, in a field of 20 cubed."""
    index = np.stack(np.meshgrid(*[np.arange(20)] * 3, indexing="ij"), axis=-1)
    x = index @ affine[0, :3] + affine[0, 3]
    empty = np.full((20, 20, 20), 100, np.uint8)
    maps = {
        "tissues": np.ones((2, 20, 20, 20), np.uint8), "share": empty, "uptake": empty,
        "grain": empty, "target": np.where(x < 0, RIGHT, LEFT).astype(np.uint8),
    }  # fmt: skip
    return cached_anatomy(maps, affine, LabelCoding(mirrored_labels=((RIGHT, LEFT),)))


def test_an_unmoved_crop_is_a_part_of_the_anatomy(chest: CachedAnatomy) -> None:
    # Odd sizes, so that the voxels of the crop are voxels of the anatomy.
    shape = (25, 29, 33)

    crop = random_crop(chest, replace(STILL, shape=shape), _draws())

    middle = crop.placement.control.flatten(1).mean(1).round().int().tolist()
    padded = torch.nn.functional.pad(chest.target, (40, 40, 40, 40, 40, 40))
    s, r, c = (slice(m + 40 - n // 2, m + 41 + n // 2) for m, n in zip(middle, shape, strict=True))
    assert torch.equal(padded[s, r, c].long(), crop.target)


def test_a_unique_brightness_stays_on_its_label(chest: CachedAnatomy) -> None:
    # Where the sampled mask is clearly in or out, the label says the same.
    for index in range(8):
        crop = random_crop(chest, MOVING, _draws(index))
        for label in (3, 5, 6):
            mask = (chest.target[crop.box] == label).float()[None]
            painted = sample_image(mask, crop)[0]
            assert torch.all(crop.target[painted > 0.875] == label)
            assert torch.all(crop.target[painted < 0.125] != label)


def test_what_lies_beyond_the_field_is_background(chest: CachedAnatomy) -> None:
    large = replace(STILL, shape=(80, 90, 120))

    crop = random_crop(chest, large, _draws())

    image = sample_image(torch.ones(1, *[b.stop - b.start for b in crop.box]), crop)[0]
    assert 0 == image[0].max()
    assert 0 == image[:, :, -1].max()
    assert torch.all(crop.target[image == 0] == 0)
    assert 1 == image.max()


@pytest.mark.parametrize("order", [(2, 1, 0), (0, 1, 2), (1, 2, 0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_mirrored_breasts_keep_their_side_of_the_patient(
    order: tuple[int, int, int], sign: int
) -> None:
    affine = np.zeros((4, 4))
    affine[[*order], [0, 1, 2]] = 3.0 * sign
    affine[:3, 3] = -3.0 * sign * 9.5
    affine[3, 3] = 1
    anatomy = _two_sides(affine)
    field = replace(STILL, shape=(20, 20, 20))

    plain = random_crop(anatomy, field, _draws())
    mirrored = random_crop(anatomy, replace(field, mirror_probability=1.0), _draws())

    # A field that is its own mirror image: what was right is now left, and says so.
    assert not plain.placement.mirrored
    assert mirrored.placement.mirrored
    assert torch.equal(anatomy.target.long(), plain.target)
    assert torch.equal(plain.target, mirrored.target)
    axis = anatomy.left_right_axis
    whole = sample_image(torch.arange(8000.0).reshape(1, 20, 20, 20), mirrored)[0]
    unturned = torch.arange(8000.0).reshape(20, 20, 20).flip(axis)
    torch.testing.assert_close(unturned, whole, atol=0.05, rtol=0)


def test_other_flips_do_not_exchange_sides() -> None:
    anatomy = _two_sides(np.array([[0, 0, 3, -28.5], [0, 3, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1.0]]))
    field = replace(STILL, shape=(20, 20, 20), flip_probability=1.0)

    crop = random_crop(anatomy, field, _draws())

    assert torch.equal(anatomy.target.long(), crop.target)
    volume = torch.arange(8000.0).reshape(1, 20, 20, 20)
    torch.testing.assert_close(
        volume.flip(1, 2)[0], sample_image(volume, crop)[0], atol=0.05, rtol=0
    )


def test_crops_in_focus_hold_their_label(chest: CachedAnatomy) -> None:
    lesion_only = replace(chest, centres=chest.centres[-1:])

    shares = [
        bool((random_crop(lesion_only, MOVING, _draws(index)).target == 7).any())
        for index in range(20)
    ]
    assert 19 <= sum(shares)  # a deformation may push it just out


def test_the_front_turns_with_the_crop(chest: CachedAnatomy) -> None:
    placement = random_crop(chest, STILL, _draws()).placement
    torch.testing.assert_close(torch.tensor([0.0, -1.0, 0.0]), placement.anterior)

    turning = replace(STILL, rotation_deg=40, scaling=0.15)
    for index in range(5):
        turned = random_crop(chest, turning, _draws(index)).placement
        at = turned.control[:, 1, 1, 1]
        steps = [turned.control[:, 2, 1, 1], turned.control[:, 1, 2, 1], turned.control[:, 1, 1, 2]]
        # Control points are unevenly far apart along the axes; their directions count.
        spans = [(n - 1) / (k - 3) for n, k in zip(STILL.shape, turned.control.shape[1:],
                                                   strict=True)]  # fmt: skip
        linear = torch.stack([(s - at) / d for s, d in zip(steps, spans, strict=True)], dim=1)
        ahead = linear @ turned.anterior
        torch.testing.assert_close(
            torch.tensor([0.0, -1.0, 0.0]), ahead / ahead.norm(), atol=1e-4, rtol=0
        )


def test_coarse_crops_are_averages(chest: CachedAnatomy) -> None:
    coarse = replace(STILL, spacing_mm=6.0, shape=(12, 14, 16))
    crop = random_crop(chest, coarse, _draws())
    assert 2 == crop.pool
    stripes = torch.arange(crop.box[2].stop - crop.box[2].start) % 2
    image = stripes.float().expand(1, *[b.stop - b.start for b in crop.box])

    sampled = sample_image(image.contiguous(), crop)

    inside = sampled[sampled > 0.3]
    torch.testing.assert_close(inside, torch.full_like(inside, 0.5), atol=0.2, rtol=0)
    assert 0.49 < float(inside.median()) < 0.51

"""What the lesion network learns from, on a phantom of a chest."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from training.chest import HEART, LESION, VESSEL

from mamri.segmentation.lesion_model import LESION_SHAPE
from mamri.segmentation.lesion_stage import prepared
from mamri.training import (
    CachedAnatomy,
    RandomisationSettings,
    SpatialSettings,
    code_lookup,
    lesion_example,
    lesion_settings,
)

# Labels 7 and 4 of the phantom.
_LOOKUP = code_lookup([{7: 1, 4: 2}.get(code, 0) for code in range(256)])


@pytest.fixture(scope="module")
def woman(chest: CachedAnatomy) -> CachedAnatomy:
    """The phantom, its blood and lesion enhancing."""
    return replace(chest, coding=replace(chest.coding, enhancing_tissues=(LESION, VESSEL, HEART)))


@pytest.fixture(scope="module")
def settings() -> RandomisationSettings:
    """As the network is trained, in small crops."""
    return replace(lesion_settings(), spatial=SpatialSettings(shape=(24, 28, 32), spacing_mm=3.0))


def _changed(settings: RandomisationSettings, **groups: dict) -> RandomisationSettings:
    return replace(
        settings, **{name: replace(getattr(settings, name), **new) for name, new in groups.items()}
    )


def test_an_example_has_four_channels_and_a_class_for_each_voxel(
    woman: CachedAnatomy, settings: RandomisationSettings
) -> None:
    seen: set[int] = set()
    for index in range(12):
        image, target = lesion_example([woman], _LOOKUP, settings, 3, index)
        assert (4, 24, 28, 32) == tuple(image.shape)
        assert (24, 28, 32) == tuple(target.shape)
        assert (torch.float32, torch.int64) == (image.dtype, target.dtype)
        assert bool(torch.isfinite(image).all())
        assert float(image.abs().max()) <= 20
        seen |= set(target.unique().tolist())
    assert {0, 1, 2} == seen


def test_crops_have_the_size_of_the_network(woman: CachedAnatomy) -> None:
    image, target = lesion_example([woman], _LOOKUP, lesion_settings(), 3, 0)

    assert (4, *LESION_SHAPE) == tuple(image.shape)
    assert LESION_SHAPE == tuple(target.shape)


@pytest.mark.parametrize("is_one_phase", [True, False])
def test_the_last_channel_is_what_follows_the_first_phase(
    woman: CachedAnatomy, settings: RandomisationSettings, is_one_phase: bool
) -> None:
    quiet = _changed(
        settings,
        contrast={"one_phase_probability": float(is_one_phase)},
        scan={"noise_range": (1e-6, 1e-6), "phase_shift_mm": 0.0},
    )
    for index in range(6):
        image, _ = lesion_example([woman], _LOOKUP, quiet, 3, index)
        before, first, rise, late = image
        kept = image.abs().amax(0) < 20
        torch.testing.assert_close((first - before)[kept], rise[kept], atol=1e-4, rtol=1e-4)
        assert float(rise.abs().max()) > 0.1
        assert (float(late[kept].abs().max()) < 1e-3) == is_one_phase


def test_what_is_called_lesion_enhances(
    woman: CachedAnatomy, settings: RandomisationSettings
) -> None:
    focused = _changed(settings, spatial={"focus_probability": 1.0})
    more = []
    for index in range(12):
        image, target = lesion_example([woman], _LOOKUP, focused, 3, index)
        if bool((target == 1).any()):
            more.append(float(image[2][target == 1].mean() - image[2][target == 0].mean()))
    assert len(more) > 3
    assert min(more) > 0


def test_outside_the_woman_and_the_scan_there_is_background(
    woman: CachedAnatomy, settings: RandomisationSettings
) -> None:
    full = replace(woman, target=torch.full_like(woman.target, 7))  # lesion everywhere
    # A third larger than the field along each axis.
    spatial = SpatialSettings(shape=(32, 42, 54), spacing_mm=6.0)
    wide = _changed(replace(settings, spatial=spatial), scan={"cut_probability": 0.0})
    cut = _changed(wide, scan={"cut_probability": 1.0})
    for index in range(6):
        _, target = lesion_example([full], _LOOKUP, wide, 3, index)
        _, less = lesion_example([full], _LOOKUP, cut, 3, index)
        assert {0, 1} == set(target.unique().tolist())
        assert 0.25 < float((target == 1).float().mean()) < 0.75
        assert bool((less <= target).all())
    counts = [
        sum(int(lesion_example([full], _LOOKUP, s, 3, index)[1].sum()) for index in range(6))
        for s in (wide, cut)
    ]
    assert counts[1] < 0.95 * counts[0]


def test_an_example_depends_on_seed_and_number_alone(
    woman: CachedAnatomy, settings: RandomisationSettings
) -> None:
    first = lesion_example([woman], _LOOKUP, settings, 3, 4)
    others = [lesion_example([woman], _LOOKUP, settings, *at) for at in ((3, 5), (4, 4))]
    again = lesion_example([woman], _LOOKUP, settings, 3, 4)

    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not any(torch.equal(first[0], image) for image, _ in others)


def test_training_and_use_prepare_phases_alike(
    woman: CachedAnatomy, settings: RandomisationSettings
) -> None:
    exact = _changed(settings, scan={"level_jitter": 0.0})
    compared = 0
    for index in range(12):
        image = lesion_example([woman], _LOOKUP, exact, 3, index)[0].numpy()
        if np.abs(image).max() == 20:  # what was cut is lost
            continue
        before, first, _, late = 37 * image.astype(float) + 500
        tile = np.stack([before, first, first + late - 500, np.ones(before.shape)])
        np.testing.assert_allclose(prepared(tile), image, atol=1e-3)
        compared += 1
    assert compared > 3

"""What the two networks of the anatomy model learn from, on a phantom of a chest."""

from dataclasses import replace

import pytest
import torch

from mamri.training import (
    CachedAnatomy,
    PriorSettings,
    RandomisationSettings,
    SpatialSettings,
    ViewSettings,
    code_lookup,
    detail_example,
    field_example,
)
from mamri.training.anatomy_examples import filled_up, random_view, simulated_prior
from mamri.training.draws import seeded_draws

# Codes of a target: 16 in the right breast, 32 in the left.
_LOOKUP = code_lookup([min(code // 16, 2) for code in range(256)])


def _draws(index: int, seed: int = 5):
    return seeded_draws(seed, index, 99, torch.device("cpu"))


def _coded(chest: CachedAnatomy) -> CachedAnatomy:
    """The phantom, its labels 1 and 2 (right and left) as sides."""
    target = torch.where((chest.target == 1) | (chest.target == 2), 16 * chest.target, 0)
    coding = replace(chest.coding, mirrored_labels=((16, 32),), focus_labels=())
    return replace(chest, target=target.to(torch.uint8), coding=coding)


@pytest.fixture(scope="module")
def field() -> RandomisationSettings:
    spatial = SpatialSettings(shape=(32, 40, 48), spacing_mm=6.0, focus_probability=0.0)
    return RandomisationSettings(spatial=spatial)


@pytest.mark.parametrize("divisor", [8, 16])
def test_field_examples_have_sizes_of_multiples_and_hold_a_breast(
    chest: CachedAnatomy, field: RandomisationSettings, divisor: int
) -> None:
    for index in range(8):
        image, target = field_example(
            [_coded(chest)], _LOOKUP, field, ViewSettings(), 3, index, divisor=divisor
        )
        assert image.shape == (1, *target.shape)
        assert all(size % divisor == 0 for size in target.shape)
        assert bool((target > 0).any())
        assert set(target.unique().tolist()) <= {0, 1, 2}


def test_the_same_numbers_give_the_same_example(
    chest: CachedAnatomy, field: RandomisationSettings
) -> None:
    one, same, other = (
        field_example([_coded(chest)], _LOOKUP, field, ViewSettings(), 3, k) for k in (4, 4, 5)
    )
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])
    assert one[0].shape != other[0].shape or not torch.equal(one[0], other[0])


def test_mirrored_women_keep_their_right_breast_on_the_right(
    chest: CachedAnatomy, field: RandomisationSettings
) -> None:
    view = ViewSettings(one_breast_probability=0.0, cut_probability=0.0)
    for probability in (0.0, 1.0):
        spatial = replace(
            field.spatial, mirror_probability=probability, rotation_deg=0.0, elastic_sd_mm=0.0
        )
        settings = replace(field, spatial=spatial)
        _, target = field_example([_coded(chest)], _LOOKUP, settings, view, 2, 0)
        right, left = (float((target == k).nonzero()[:, 2].float().mean()) for k in (1, 2))
        assert right < left


def test_views_hold_both_breasts_or_mostly_one() -> None:
    sides = torch.zeros(40, 40, 60, dtype=torch.int64)
    sides[10:30, 5:20, 5:25] = 1
    sides[10:30, 5:20, 35:55] = 2
    both = ViewSettings(one_breast_probability=0.0, cut_probability=0.0)
    one = ViewSettings(one_breast_probability=1.0, cut_probability=0.0, max_margin_mm=20.0)
    for index in range(20):
        box = random_view(sides, 4.0, both, _draws(index))
        assert 20 * 15 * 20 * 2 == int((sides[box] > 0).sum())
        counts = sorted(
            int((sides[random_view(sides, 4.0, one, _draws(index))] == k).sum()) for k in (1, 2)
        )
        assert 20 * 15 * 20 == counts[1]
        assert counts[0] < counts[1] / 2


def test_cut_views_lose_a_part_and_are_never_tiny() -> None:
    sides = torch.zeros(40, 40, 60, dtype=torch.int64)
    sides[18:22, 18:22, 20:24] = 1
    cut = ViewSettings(one_breast_probability=0.0, cut_probability=1.0, max_cut_mm=30.0)
    for index in range(20):
        box = random_view(sides, 4.8, cut, _draws(index))
        assert all(len(range(n)[part]) >= 12 for part, n in zip(box, sides.shape, strict=True))


def test_a_view_without_a_breast_is_a_view() -> None:
    sides = torch.zeros(30, 30, 30, dtype=torch.int64)
    box = random_view(sides, 4.8, ViewSettings(), _draws(0))
    assert all(len(range(30)[part]) >= 12 for part in box)


def test_the_prior_is_near_the_truth_but_not_equal() -> None:
    s, r, c = torch.meshgrid(*(torch.arange(64.0),) * 3, indexing="ij")
    breast = (s - 32) ** 2 + (r - 32) ** 2 + (c - 20) ** 2 < 24**2
    scores = []
    for index in range(12):
        prior = simulated_prior(breast, 1.2, PriorSettings(), _draws(index))
        assert breast.shape == prior.shape
        assert 0 <= float(prior.min()) <= float(prior.max()) <= 1
        found = prior > 0.5
        both = float((found & breast).sum())
        scores.append(2 * both / float(found.sum() + breast.sum()))
    assert all(0.5 < score < 0.999 for score in scores)
    assert sum(scores) / len(scores) > 0.75
    assert max(scores) - min(scores) > 0.02

    # Neither growth nor shift nor ball: coarse voxels alone. With either, its border moves.
    exact = PriorSettings(shift_mm=0.0, growth_mm=(0.0, 0.0), blob_probability=0.0)
    shifted = replace(exact, shift_mm=10.0)
    balls = replace(exact, blob_probability=1.0)
    agreement = [
        [
            float(
                ((simulated_prior(breast, 1.2, settings, _draws(k)) > 0.5) == breast).float().mean()
            )
            for k in range(6)
        ]
        for settings in (exact, shifted, balls)
    ]
    assert min(agreement[0]) > 0.98
    assert min(agreement[1]) < min(agreement[0]) - 0.02
    assert min(agreement[2]) < min(agreement[0]) - 0.02


@pytest.mark.parametrize("growth_mm", [-6.0, -2.0, 3.0, 7.0])
def test_a_grown_prior_is_larger_all_around_by_about_so_much(growth_mm: float) -> None:
    s, r, c = torch.meshgrid(*(torch.arange(64.0) - 31.5,) * 3, indexing="ij")
    # A cube's faces move as told; a ball would also show the corners of the neighbourhood.
    breast = torch.maximum(s.abs(), torch.maximum(r.abs(), c.abs())) < 18
    settings = PriorSettings(shift_mm=0.0, growth_mm=(growth_mm,) * 2, blob_probability=0.0)
    found = simulated_prior(breast, 1.2, settings, _draws(3)) > 0.5

    middle = found[32, 32]
    assert abs(float(middle.sum()) * 1.2 / 2 - (18 * 1.2 + growth_mm)) < 2.4


def test_detail_examples_hold_image_and_prior(chest: CachedAnatomy) -> None:
    spatial = SpatialSettings(shape=(32, 32, 32), spacing_mm=1.2)
    settings = RandomisationSettings(spatial=spatial)
    image, target = detail_example([_coded(chest)], _LOOKUP, settings, PriorSettings(), 1, 2)
    assert (2, 32, 32, 32) == tuple(image.shape)
    assert (32, 32, 32) == tuple(target.shape)
    assert float(image[1].abs().max()) <= 1
    assert bool(image.isfinite().all())


def test_filling_up_keeps_what_is_there_in_the_middle() -> None:
    array = torch.arange(2 * 3 * 5.0).reshape(1, 2, 3, 5)
    filled = filled_up(array, 4, -9.0)
    assert (1, 4, 4, 8) == tuple(filled.shape)
    assert torch.equal(array, filled[:, 1:3, 0:3, 1:6])
    assert 4 * 4 * 8 - 30 == int((filled == -9).sum())

"""The classifier of cubes: its size, its seed, and plans that do not fit."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from mamri.networks.lesion_classifier import (
    ClassifierPlan,
    build_classifier,
    n_weights,
    pooled,
)
from mamri.records import ModelError

CHANNELS = ("pre", "early", "late", "t2", "mask")
PLAN = ClassifierPlan(CHANNELS, n_classes=3, size=16, width=8)


def test_the_default_network_has_the_weights_of_its_layers():
    plan = ClassifierPlan(CHANNELS, n_classes=3)

    widths = [16, 16, 32, 64, 128]
    expected = 5 * 16 * 27 + 2 * 16  # first convolution and its norm
    expected += 3 * (2 * sum(widths[1:]) + 1)  # last layer
    for first, out in pairwise(widths):
        expected += 27 * (first + out) * out + 4 * out + first * out * (first != out)

    assert expected == n_weights(build_classifier(plan))
    assert 300_000 < expected < 1_500_000


@pytest.mark.parametrize("size", [16, 17, 24, 40])
def test_logits_and_features_have_their_sizes(size: int):
    network = build_classifier(replace(PLAN, size=size), seed=0).eval()
    cubes = torch.randn(2, 5, size, size, size, generator=torch.Generator().manual_seed(0))

    assert (2, 3) == network(cubes).shape
    assert (2, PLAN.n_features) == network.features(cubes).shape
    assert 4 == len(network.maps(cubes))


def test_features_are_means_then_maxima():
    maps = torch.arange(16.0).view(1, 2, 2, 2, 2)

    assert [[3.5, 11.5, 7.0, 15.0]] == pooled(maps, torch.ones(1, 1, 4, 4, 4)).tolist()


def test_features_are_of_the_outline_by_the_share_of_each_voxel_that_it_covers():
    maps = torch.arange(16.0).view(1, 2, 2, 2, 2)
    outline = torch.zeros(1, 1, 4, 4, 4)
    outline[..., :2, :2, :2] = 1  # all of the first voxel of the maps
    outline[..., 0, 0, 2] = 0.8  # a tenth of the second

    means = [(0 + 0.1 * 1) / 1.1, (8 + 0.1 * 9) / 1.1]
    assert [*means, 1, 9] == pytest.approx(pooled(maps, outline)[0].tolist())


def test_features_of_a_lesion_are_of_its_outline_and_of_a_cube_without_one_of_all_of_it():
    network = build_classifier(PLAN, seed=0).eval()
    cubes = torch.randn(2, 5, 16, 16, 16, generator=torch.Generator().manual_seed(0))
    cubes[:, -1] = 0
    cubes[0, -1, 4:9, 4:9, 4:9] = 1

    outline = network.outline(cubes)

    assert torch.equal(outline[0], cubes[0, -1:])
    assert torch.equal(outline[1], torch.ones(1, 16, 16, 16))
    assert not torch.equal(network(cubes), network(cubes, torch.ones_like(outline)))


def test_a_second_lesion_in_the_cube_changes_fine_features_of_the_first_little():
    network = build_classifier(replace(PLAN, size=40), seed=0).eval()
    cubes = 0.1 * torch.randn(1, 5, 40, 40, 40, generator=torch.Generator().manual_seed(0))
    cubes[:, -1] = 0
    cubes[:, :, 4:10, 4:10, 4:10] += 1
    with_another = cubes.clone()
    with_another[:, :-1, 28:36, 28:36, 28:36] += 3

    change = (network.features(with_another) - network.features(cubes)).abs()[0]
    maps = pooled(
        network.maps(with_another)[0] - network.maps(cubes)[0], torch.ones(1, 1, 40, 40, 40)
    )

    first_stage = 2 * PLAN.width
    assert change[:first_stage].max() < 0.1 * maps.abs().max()


def test_logits_are_the_last_layer_of_the_features():
    network = build_classifier(PLAN, seed=0).eval()
    cubes = torch.randn(2, 5, 16, 16, 16, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(network.head(network.features(cubes)), network(cubes))


def test_a_lesion_is_told_alike_whatever_lies_beside_it_in_the_batch():
    network = build_classifier(PLAN, seed=0)
    network.dropout.eval()
    cubes = torch.randn(3, 5, 16, 16, 16, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(network(cubes)[:1], network(cubes[:1]), rtol=1e-4, atol=1e-5)


def test_the_seed_makes_the_weights_and_leaves_torch_alone():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, again, other = (build_classifier(PLAN, seed=s).state_dict() for s in (1, 1, 2))

    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.weight"], other["stem.weight"])


def test_first_probabilities_are_nearly_equal():
    network = build_classifier(PLAN, seed=0).eval()
    cubes = torch.randn(2, 5, 16, 16, 16, generator=torch.Generator().manual_seed(0))

    np.testing.assert_allclose(1 / 3, network(cubes).softmax(1).detach().numpy(), atol=0.15)


def test_a_plan_comes_back_from_plain_values():
    assert PLAN == ClassifierPlan.from_json(PLAN.to_json())


def test_plain_values_that_are_no_plan_are_refused():
    with pytest.raises(ModelError, match="use a plan that mamri wrote"):
        ClassifierPlan.from_json({"channels": ["pre"]})
    with pytest.raises(ModelError, match="use a plan that mamri wrote"):
        ClassifierPlan.from_json({**PLAN.to_json(), "depth": 3})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": ()}, "different names"),
        ({"channels": ("pre", "pre")}, "different names"),
        ({"n_classes": 1}, "two classes"),
        ({"size": 4}, "8 voxels"),
        ({"dropout": 1.0}, "dropout"),
        ({"strides": (2, 2)}, "strides"),
        ({"strides": (2, 1, 2, 2, 0)}, "strides"),
        ({"width": 12}, "multiple of its group size"),
        ({"group_size": 0}, "multiple of its group size"),
    ],
)
def test_plans_that_make_no_network_are_refused(changed: dict[str, Any], message: str):
    with pytest.raises(ModelError, match=message):
        replace(PLAN, **changed)

"""The loss against a slow obvious version and known values."""

import math

import numpy as np
import pytest
import torch

from mamri.training.loss import cross_entropy, segmentation_loss, soft_dice_loss


def _slow(logits: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Cross-entropy and Dice loss, voxel by voxel."""
    n, k = logits.shape[:2]
    entropies: list[float] = []
    both, found, true = (np.zeros(k) for _ in range(3))
    for example in range(n):
        for place in np.ndindex(target.shape[1:]):
            wanted = int(target[(example, *place)])
            if wanted < 0:
                continue
            values = [math.exp(float(logits[(example, c, *place)])) for c in range(k)]
            shares = [value / sum(values) for value in values]
            entropies.append(-math.log(shares[wanted]))
            for c in range(k):
                found[c] += shares[c]
                true[c] += c == wanted
                both[c] += shares[c] * (c == wanted)
    dice = [(2 * both[c] + 1e-5) / (found[c] + true[c] + 1e-5) for c in range(1, k) if true[c] > 0]
    return float(np.mean(entropies)), 1 - float(np.mean(dice))


def _random(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, 4, 3, 4, 5, generator=generator)
    return logits, torch.randint(-1, 3, (2, 3, 4, 5), generator=generator)  # class 3 is absent


@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_the_slow_one(seed: int) -> None:
    logits, target = _random(seed)
    entropy, dice = _slow(logits.numpy(), target.numpy())

    assert entropy == pytest.approx(float(cross_entropy(logits, target)), rel=1e-5)
    assert dice == pytest.approx(float(soft_dice_loss(logits, target)), rel=1e-5)
    assert entropy + dice == pytest.approx(float(segmentation_loss(logits, target)), rel=1e-5)


def test_values_that_can_be_told_beforehand() -> None:
    target = torch.tensor([[[0, 1], [2, 1]]])
    even = torch.zeros(1, 3, 2, 2)
    assert math.log(3) == pytest.approx(float(cross_entropy(even, target)))
    # Each class has 4/3 of probability: 2 * 2/3 / (4/3 + 2) and 2 * 1/3 / (4/3 + 1).
    expected = 1 - (4 / 3 / (10 / 3) + 2 / 3 / (7 / 3)) / 2
    assert expected == pytest.approx(float(soft_dice_loss(even, target)), rel=1e-4)

    sure = 50.0 * torch.nn.functional.one_hot(target, 3).movedim(-1, 1).float()
    assert 0 == pytest.approx(float(segmentation_loss(sure, target)), abs=1e-5)


def test_unknown_voxels_have_neither_loss_nor_gradient() -> None:
    logits, target = _random()
    logits.requires_grad_()
    loss = segmentation_loss(logits, target)
    loss.backward()
    value = loss.item()
    assert logits.grad is not None
    unknown = (target < 0)[:, None].expand_as(logits)
    assert not logits.grad[unknown].any()
    assert logits.grad[~unknown].any()

    other = torch.where(unknown, torch.full_like(logits, 30.0), logits).detach()
    other[:, 0][target < 0] = -30.0
    assert value == pytest.approx(float(segmentation_loss(other, target)), rel=1e-6)
    # Any number below 0 means the same.
    far = torch.where(target < 0, -7, target)
    assert value == pytest.approx(float(segmentation_loss(logits.detach(), far)), rel=1e-6)


def test_nothing_known_costs_nothing() -> None:
    logits, target = _random()
    logits.requires_grad_()
    loss = segmentation_loss(logits, torch.full_like(target, -1))
    loss.backward()
    assert 0 == loss.item()
    assert logits.grad is not None
    assert not logits.grad.any()


def test_predicting_what_is_not_there_costs() -> None:
    target = torch.zeros(1, 2, 2, dtype=torch.int64)
    wrong = torch.zeros(1, 3, 2, 2)
    wrong[:, 1] = 5.0
    assert float(soft_dice_loss(wrong, target)) > float(soft_dice_loss(-wrong, target)) > 0


def test_coarser_stages_count_half_as_much_each() -> None:
    generator = torch.Generator().manual_seed(4)
    sizes = (8, 4, 2)
    logits = [torch.randn(1, 3, n, n, n, generator=generator) for n in sizes]
    target = torch.randint(0, 3, (1, 8, 8, 8), generator=generator)
    nearest = [target, target[:, ::2, ::2, ::2], target[:, ::4, ::4, ::4]]
    parts = [float(segmentation_loss(x, t)) for x, t in zip(logits, nearest, strict=True)]

    expected = (4 * parts[0] + 2 * parts[1] + parts[2]) / 7
    assert expected == pytest.approx(float(segmentation_loss(logits, target)), rel=1e-5)


def test_a_region_costs_as_its_two_classes_would() -> None:
    logits, target = _random()
    region = (1, 3)
    shares = torch.softmax(logits, 1)
    inside = shares[:, list(region)].sum(1)
    two = torch.stack([1 - inside, inside], 1).log()
    is_in = torch.where(target < 0, target, ((target == 1) | (target == 3)).long())

    more = segmentation_loss(logits, target, [region]) - segmentation_loss(logits, target)

    expected = cross_entropy(two, is_in) + soft_dice_loss(two, is_in)
    torch.testing.assert_close(more, expected)


def test_confusing_classes_of_a_region_costs_the_region_nothing() -> None:
    target = torch.tensor([[[[1, 2], [0, 0]]]])
    swapped = torch.tensor([[[[2, 1], [0, 0]]]])
    logits = 40 * torch.nn.functional.one_hot(swapped, 3).movedim(-1, 1).float()

    alone = segmentation_loss(logits, target)
    with_region = segmentation_loss(logits, target, [(1, 2)])

    assert float(alone) > 1
    assert abs(float(with_region - alone)) < 1e-4


def test_a_heavier_class_costs_its_weight_in_the_cross_entropy_alone() -> None:
    logits, target = _random()
    weights = torch.tensor([1.0, 1.0, 5.0, 1.0])
    entropies = torch.nn.functional.cross_entropy(logits, target.clamp(min=0), reduction="none")
    extra = 4 * entropies[target == 2].sum() / (target >= 0).sum()

    more = segmentation_loss(logits, target, (), weights) - segmentation_loss(logits, target)

    torch.testing.assert_close(more, extra)

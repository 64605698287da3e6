"""Loss of a segmentation: cross-entropy plus Dice, over every decoder stage that answers.

The examples of all processes count as one batch: gradients, averaged over the processes, are those
of one process that had them all.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812  torch's usual name

from mamri.training.processes import n_processes, summed

# Added above and below so that an empty class costs nothing; nnU-Net's value.
_SMOOTH = 1e-5


def segmentation_loss(
    logits: torch.Tensor | Sequence[torch.Tensor],
    target: torch.Tensor,
    regions: Sequence[Sequence[int]] = (),
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy plus soft Dice loss [1]_, summed over stages with halving weights [2]_.

    Parameters
    ----------
    logits : (N, K, ...) float tensor, or a list of them
        With deep supervision finest first; the target of a coarser stage is its nearest voxels.
    target : (N, ...) int64 tensor
        Classes 0 to K - 1; below 0 where the loss shall not look.
    regions : sequence of sequence of int
        Classes that together are a region whose border matters; each region adds its own
        cross-entropy and Dice loss, their mean over regions.
    weights : (K,) float32 tensor or None
        Of each class in the cross-entropy, regions apart; 1 for all where None.

    Returns
    -------
    () float32 tensor

    References
    ----------
    .. [1] Milletari F, Navab N, Ahmadi SA. V-Net: fully convolutional neural networks for
       volumetric medical image segmentation. 3DV 2016:565-571. doi:10.1109/3DV.2016.79
    .. [2] Isensee F, Jaeger PF, Kohl SAA, et al. nnU-Net: a self-configuring method for deep
       learning-based biomedical image segmentation. Nat Methods 2021;18:203-211.
       doi:10.1038/s41592-020-01008-z
    """
    answers = [logits] if isinstance(logits, torch.Tensor) else list(logits)
    # The coarsest answer of nnU-Net has weight 0 too where there are several.
    shares = [0.5**n for n in range(len(answers))]
    total = sum(shares)
    parts = [
        share
        / total
        * _stage_loss(answer.float(), _shrunk(target, answer.shape[2:]), regions, weights)
        for share, answer in zip(shares, answers, strict=True)
    ]
    return torch.stack(parts).sum()


def _stage_loss(
    logits: torch.Tensor,
    target: torch.Tensor,
    regions: Sequence[Sequence[int]],
    weights: torch.Tensor | None,
) -> torch.Tensor:
    loss = cross_entropy(logits, target, weights) + soft_dice_loss(logits, target)
    for region in regions:
        two = _of_region(logits, region)
        inside = torch.isin(target, torch.tensor(region, device=target.device)).long()
        is_in = torch.where(target < 0, target, inside)
        loss = loss + (cross_entropy(two, is_in) + soft_dice_loss(two, is_in)) / len(regions)
    return loss


def _of_region(logits: torch.Tensor, region: Sequence[int]) -> torch.Tensor:
    """Logits (N, 2, ...) of outside and inside a region of classes."""
    others = [k for k in range(logits.shape[1]) if k not in region]
    parts = (logits[:, others], logits[:, list(region)])
    return torch.stack([part.logsumexp(1) for part in parts], 1)


def cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean cross-entropy of the voxels whose class is known; 0 where there are none.

    Voxels of a heavier class cost more; the mean is over their number, not their weights, so that
    the other classes keep theirs.

    Parameters
    ----------
    logits : (N, K, ...) float32 tensor
    target : (N, ...) int64 tensor
    weights : (K,) float32 tensor or None

    Returns
    -------
    () float32 tensor
    """
    target = target.clamp(min=-1)
    total = F.cross_entropy(logits, target, weights, ignore_index=-1, reduction="sum")
    known = summed((target >= 0).sum().float())
    return n_processes() * total / known.clamp(min=1)


def soft_dice_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One less the soft Dice coefficient, mean over the classes but background that occur.

    Classes that occur nowhere in the batch count by what is predicted of them.

    Parameters
    ----------
    logits : (N, K, ...) float32 tensor
    target : (N, ...) int64 tensor

    Returns
    -------
    () float32 tensor
    """
    known = (target >= 0).unsqueeze(1)
    probability = torch.softmax(logits, 1) * known
    truth = F.one_hot(target.clamp(min=0), logits.shape[1]).movedim(-1, 1) * known
    axes = (0, *range(2, logits.dim()))
    parts = ((probability * truth).sum(axes), probability.sum(axes), truth.sum(axes).float())
    both, found, true = summed(torch.stack(parts))
    # A class that is absent and not predicted gives 1, as it should; a stray voxel gives 0.
    dice = (2 * both + _SMOOTH) / (found + true + _SMOOTH)
    dice = dice[1:][true[1:] > 0]
    return 1 - dice.mean() if dice.numel() else probability[:, 1:].mean()


def _shrunk(target: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Nearest voxels of a target at the size of a coarser stage."""
    if target.shape[1:] == shape:
        return target
    return F.interpolate(target[:, None].float(), size=tuple(shape), mode="nearest")[:, 0].long()

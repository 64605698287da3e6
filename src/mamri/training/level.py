"""Brightness levels of images and their normalisation.

Levels are read from a few thousand evenly spread voxels: fast, and the same on any number of
threads, since no long sum is split between them.
"""

import torch

_SAMPLES = 16384
# Normalised values beyond this are cut: a crop of air with a sliver of tissue would have hundreds.
MAX_LEVEL = 20.0


def spread_sample(image: torch.Tensor) -> torch.Tensor:
    """At most about 16 thousand evenly spread values of an image, (N,)."""
    flat = image.reshape(-1)
    step = max(1, flat.numel() // _SAMPLES)
    # Odd steps do not run along columns of common sizes.
    return flat[:: step + 1 - step % 2]


def bright_level(image: torch.Tensor, percentile: float = 90.0) -> torch.Tensor:
    """Percentile of the voxels that are not air, as a tensor without axes, above 0.

    Parameters
    ----------
    image : float32 tensor of any shape
    percentile : float, %

    Returns
    -------
    () float32
        Of voxels above 1 % of the largest; 1 where there is nothing but zeros.
    """
    values, _ = spread_sample(image).sort()
    top = values[-1]
    dark = (values <= 0.01 * top).sum()
    n = values.numel()
    index = dark + ((n - 1 - dark) * (percentile / 100)).long()
    level = values[index.clamp(max=n - 1)]
    return torch.where(level > 0, level, torch.ones_like(level))


def normalised(image: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Subtract the mean and divide by the standard deviation of a reference image.

    The darkest and brightest half percent of the reference do not count; values beyond 20 are cut.
    The training stream and
    whoever uses a network trained on it must normalise alike.

    Parameters
    ----------
    image, reference : float32 tensor of any shape, a.u.
        Usually the same; for dynamic images the reference is all phases.

    Returns
    -------
    float32 tensor
        Of the shape of ``image``.
    """
    mean, sd = level_and_spread(reference)
    return ((image - mean) / sd).clamp_(-MAX_LEVEL, MAX_LEVEL)


def level_and_spread(reference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation without the extreme half percents, as tensors without axes."""
    values, _ = spread_sample(reference).sort()
    cut = values.numel() // 200
    inner = values[cut : values.numel() - cut]
    sd = inner.std(correction=0)
    return inner.mean(), torch.where(sd > 0, sd, torch.ones_like(sd))

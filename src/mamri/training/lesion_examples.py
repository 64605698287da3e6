"""What the lesion network learns from."""

from collections.abc import Sequence

import torch

from mamri.segmentation.lesion_model import LESION_SHAPE, LESION_SPACING_MM
from mamri.training.cached_anatomy import CachedAnatomy
from mamri.training.settings import RandomisationSettings, ScanSettings, SpatialSettings
from mamri.training.stream import training_pair


def lesion_example(
    cache: Sequence[CachedAnatomy],
    lookup: torch.Tensor,
    settings: RandomisationSettings,
    seed: int,
    index: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One example for the lesion network.

    Parameters
    ----------
    cache : sequence of CachedAnatomy
        With dynamic signals.
    lookup : (256,) int64 tensor
        Class of each target code.
    settings : RandomisationSettings
        Dynamic.
    seed, index : int

    Returns
    -------
    image : (4, S, R, C) float32
        Before contrast, first phase after it, their difference, last phase less the first.
    target : (S, R, C) int64
    """
    image, codes = training_pair(cache, settings, seed, index)
    return image, lookup[codes]


def lesion_settings() -> RandomisationSettings:
    """Randomisation of the lesion network: crops of 96 mm of three phases.

    Phases are shifted against each other by up to 1 mm (standard deviation), for registration
    leaves something, and the grey scale is never inverted.
    """
    spatial = SpatialSettings(shape=LESION_SHAPE, spacing_mm=LESION_SPACING_MM)
    scan = ScanSettings(phase_shift_mm=1.0, inverted_probability=0.0)
    return RandomisationSettings(spatial=spatial, scan=scan, dynamic=True)

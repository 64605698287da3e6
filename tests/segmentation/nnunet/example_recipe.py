"""Recipes, and engines that are plain functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mamri.networks import NetworkKind, NetworkPlan
from mamri.segmentation.nnunet import ChannelRule, IntensityScheme, NnunetRecipe, ResamplingRule


def recipe(**changes: object) -> NnunetRecipe:
    """One channel without normalisation, voxels of 1 mm, two labels."""
    plain: dict[str, object] = {
        "channels": (ChannelRule("one", IntensityScheme.NONE),),
        "is_reoriented": False,
        "axes": (0, 1, 2),
        "spacing_mm": (1.0, 1.0, 1.0),
        "patch": (4, 8, 8),
        "mirror_axes": (),
        "image_resampling": ResamplingRule(3, 0, None),
        "logit_resampling": ResamplingRule(1, 0, None),
        "labels": ((1, "breast"), (2, "lesion")),
        "region_values": None,
    }
    return NnunetRecipe(**{**plain, **changes})


@dataclass(frozen=True)
class FunctionEngine:
    """An engine whose answer is a function of its batch (N, C, ...)."""

    answer: Callable[[np.ndarray], np.ndarray]
    channels: int = 1
    classes: int = 3
    dimensions: int = 3

    @property
    def plan(self) -> NetworkPlan:
        ones = (1,) * self.dimensions
        return NetworkPlan(
            NetworkKind.PLAIN,
            in_channels=self.channels,
            classes=self.classes,
            features=(1, 1),
            strides=(ones, ones),
            kernels=(ones, ones),
            blocks=(1, 1),
            decoder_blocks=(1,),
        )

    def __call__(self, image: np.ndarray) -> np.ndarray:
        is_one = image.ndim == self.dimensions + 1
        return self.answer(image[None])[0] if is_one else self.answer(image)


def bands(batch: np.ndarray) -> np.ndarray:
    """Logits that call values around 0, 1 and 2 background, breast and lesion."""
    return np.concatenate([-((batch - value) ** 2) for value in range(3)], axis=1)

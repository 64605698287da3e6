"""Segmentation with imported nnU-Net v2 models, step by step as nnU-Net does it.

Arrays here keep the axis order of the model's plans, not mamri's: see `recipe.NnunetRecipe`.
"""

from mamri.segmentation.nnunet.predict import predict_labels
from mamri.segmentation.nnunet.recipe import (
    ChannelRule,
    IntensityScheme,
    NnunetRecipe,
    ResamplingRule,
)

__all__ = [
    "ChannelRule",
    "IntensityScheme",
    "NnunetRecipe",
    "ResamplingRule",
    "predict_labels",
]

"""Settings of classifiers refuse numbers out of range."""

from typing import Any

import pytest

from mamri.records import InputError
from mamri.training.classifier_settings import (
    ClassifierSettings,
    CropAugmentationSettings,
    TransferSettings,
)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (CropAugmentationSettings, {"flip_probability": 1.1}),
        (CropAugmentationSettings, {"rotation_deg": -1.0}),
        (CropAugmentationSettings, {"scaling": 0.6}),
        (CropAugmentationSettings, {"noise_sd": float("nan")}),
        (ClassifierSettings, {"epochs": 0}),
        (ClassifierSettings, {"patience": -1}),
        (ClassifierSettings, {"learning_rate": 0.0}),
        (ClassifierSettings, {"balance": 2.0}),
        (ClassifierSettings, {"held_out_share": 0.0}),
        (ClassifierSettings, {"average_decay": 1.0}),
        (TransferSettings, {"head_rate_factor": 0.0}),
        (TransferSettings, {"versions": 0}),
    ],
)
def test_numbers_out_of_range_are_refused(kind: type, changed: dict[str, Any]):
    with pytest.raises(InputError, match=f"{next(iter(changed))} must lie within"):
        kind(**changed)

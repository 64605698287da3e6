"""A small model of two networks."""

from typing import Any

import numpy as np
from networks.example_networks import SLICES, VOLUMES, example_weights

from mamri.io.model_card import (
    ModelCard,
    ModelInput,
    ModelLabel,
    ModelMeasurement,
    ModelNetwork,
    Preparation,
    TrainingRecord,
)

WEIGHTS: dict[str, dict[str, np.ndarray]] = {
    "coarse": example_weights(SLICES),
    "fine": example_weights(VOLUMES),
}


def example_card(**changes: Any) -> ModelCard:
    """A card that uses every field."""
    values: dict[str, Any] = {
        "name": "two-networks",
        "version": "1.2",
        "task": "breast anatomy",
        "licence": "Apache-2.0",
        "trained_on": "Simulated exams only.",
        "intended_use": "Tests.",
        "networks": {
            "coarse": ModelNetwork(
                SLICES, "coarse.safetensors", None, ("image",), ("air", "breast", "chest")
            ),
            "fine": ModelNetwork(
                VOLUMES,
                "fine.safetensors",
                "fine.xml",
                ("image", "coarse"),
                ("air", "fat", "gland", "muscle"),
                settings={"spacing_mm": [1.2, 1.2, 1.2]},
                extra={"note": None},
            ),
        },
        "inputs": (ModelInput("image", "T1-weighted, any contrast"),),
        "preprocessing": Preparation("field_and_detail", {"order": 1, "clip": [0.0, 4.5]}),
        "labels": (ModelLabel(0, "air"), ModelLabel(1, "gland", "tissue between fat")),
        "performance": (
            ModelMeasurement("dice gland", 0.81, "simulated", cases=40, interval=(0.79, 0.83)),
        ),
        "limits": ("Not tried after surgery.",),
        "training": TrainingRecord("mamri 0.1", "2026-01-02T03:04:05+00:00", {"steps": 9}),
        "extra": {"anything": [1, {"deep": None}]},
    }
    return ModelCard(**{**values, **changes})

"""Cubes with a lesion that is bright at its rim (class 1) or all alike (class 0)."""

import numpy as np

CHANNELS = ("pre", "early", "late", "mask")
SIZE = 16


def planted_lesions(
    n_patients: int, seed: int, *, noise: float = 0.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cubes, classes and patients; two lesions each, of any class.

    The mean of the lesion is 2 for both classes, so that only its shape tells.
    """
    draws = np.random.default_rng(seed)
    n = 2 * n_patients
    y = draws.permutation(np.arange(n) % 2)
    crops = noise * draws.normal(size=(n, len(CHANNELS), SIZE, SIZE, SIZE))
    at = np.indices((SIZE, SIZE, SIZE)) - (SIZE - 1) / 2
    for crop, label in zip(crops, y, strict=True):
        centre = draws.uniform(-1, 1, 3)
        distance = np.sqrt(np.square(at - centre[:, None, None, None]).sum(0))
        radius = draws.uniform(4, 6)
        lesion = distance < radius
        bright = lesion & (distance > radius - 1.5) if label else lesion
        crop[1] += bright * (2 * lesion.sum() / bright.sum())
        crop[3] = lesion
    return crops.astype(np.float32), y, np.repeat(np.arange(n_patients), 2)


def area_under_curve(y: np.ndarray, score: np.ndarray) -> float:
    """Share of pairs of the two classes that are in order; ties count half."""
    difference = score[y == 1][:, None] - score[y == 0][None]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)

"""Inputs and tissues for the tests of the fits."""

import numpy as np

from mamri.perfusion import ArterialInput, TissueModel, tissue_curve

DENSE_S = np.arange(60) * 6.0
SIX_S = np.array([0.0, 105, 180, 255, 330, 405])


def blood(step_s: float = 1.0, last_s: float = 500.0) -> ArterialInput:
    """A bolus that rises within 10 s, passes again, and is cleared slowly."""
    t = np.arange(0.0, last_s, step_s)
    rise = np.clip((t - 15) / 8, 0, None)
    again = np.clip((t - 35) / 15, 0, None)
    plasma = 16 * rise * np.exp(1 - rise) * 0.4 + 2.0 * again * np.exp(1 - again)
    return ArterialInput(t, plasma + 1.2 * (t > 20) * np.exp(-np.clip(t - 20, 0, None) / 700))


def curves(
    model: TissueModel, tissues: list[dict[str, float]], times_s: np.ndarray, aif: ArterialInput
) -> np.ndarray:
    """One curve a tissue, (T, V)."""
    return np.stack([tissue_curve(model, t, times_s, aif) for t in tissues], axis=1)


def tissues(n: int, seed: int = 0) -> list[dict[str, float]]:
    """Random tissues with every parameter."""
    random = np.random.default_rng(seed)
    bounds = {
        "ktrans_per_min": (0.03, 0.5),
        "ve": (0.1, 0.6),
        "vp": (0.02, 0.1),
        "ps_per_min": (0.03, 0.3),
        "fp_per_min": (0.3, 1.5),
    }
    return [{k: float(random.uniform(*b)) for k, b in bounds.items()} for _ in range(n)]

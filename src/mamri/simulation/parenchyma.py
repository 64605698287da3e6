"""Fibroglandular tissue as a function of place: lobes, strands, sheets between fat lobules.

A score says how much a point wants to be fibroglandular; a threshold on it gives the density. Its
terms are the walls between fat lobules of two sizes, ridged noise for ducts and strands, a smooth
patchiness, and the cone from the chest to the nipple. All are evaluated in coordinates that shrink
towards the nipple and stretch along the way to it, so that structures converge there as the lobes
do. Weights, sizes and softness differ from woman to woman: see `draw_pattern`.
"""

from enum import IntEnum

import numba
import numpy as np

from mamri.simulation.cell_noise import cell_noise
from mamri.simulation.gradient_noise import gradient_noise


class Pattern(IntEnum):
    """Columns of a parenchymal pattern."""

    LOBULE_WALL = 0  # weight of the sheets between large fat lobules
    SMALL_WALL = 1  # weight of the sheets between small ones
    DUCT = 2  # weight of coarse strands
    STRAND = 3  # weight of fine strands
    PATCH = 4  # weight of smooth patches
    CORE = 5  # weight of the cone
    LOBULE_MM = 6  # size of a large fat lobule
    SOFTNESS = 7  # width of the score over which fat turns into fibroglandular tissue
    BACK = 8  # how far the tissue stays from the chest wall, mm
    RIM = 9  # thickness of the subcutaneous fat in front of it, mm
    OUTER = 10  # preference for the upper outer part


N_PATTERN = len(Pattern)

# Weights of four textbook patterns (assumptions, set by eye against real exams): sheets around fat
# lobules, strands to the nipple, an even block, a mixture.
_KINDS = np.array(
    [
        [0.80, 0.35, 0.10, 0.15, 0.50, 0.45],
        [0.35, 0.30, 0.45, 0.40, 0.40, 0.45],
        [0.25, 0.22, 0.15, 0.20, 0.45, 0.75],
        [0.50, 0.40, 0.30, 0.30, 0.50, 0.50],
    ]
)


def draw_pattern(rng: np.random.Generator, density: float) -> np.ndarray:
    """Parenchymal pattern of a random woman, (11,) in the order of `Pattern`.

    The denser the breast, the more often it holds an even, scalloped block (assumption).
    """
    even = 0.3 + 3.0 * density
    weights = rng.dirichlet([0.5, 0.5, even, 0.5]) @ _KINDS
    weights *= rng.uniform(0.75, 1.25, weights.size)
    sizes = [
        rng.uniform(10.0, 17.0),
        rng.uniform(0.16, 0.40),
        rng.uniform(2.0, 14.0),
        rng.uniform(4.0, 11.0),
        rng.uniform(0.0, 0.25),
    ]
    return np.concatenate([weights, sizes])


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def smooth_step(value: float, low: float, high: float) -> float:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def parenchyma_score(
    x: float,
    y: float,
    z: float,
    nipple: np.ndarray,
    field: np.ndarray,
    pattern: np.ndarray,
    seed: int,
) -> float:
    """How much a point of the breast wants to be fibroglandular.

    Parameters
    ----------
    x, y, z : float, mm LPS
    nipple : (3,) float, mm LPS
    field : (F,) float
        Body fields at the point, in the order of `Field`.
    pattern : (11,) float
    seed : int

    Returns
    -------
    float
        About -1 to 2.
    """
    side = -1.0 if nipple[0] < 0 else 1.0
    wx = x - nipple[0] + 6 * gradient_noise(x / 24, y / 24, z / 24, seed + 1)
    wz = z - nipple[2] + 6 * gradient_noise(x / 24, y / 24, z / 24, seed + 2)
    wy = y - nipple[1] + 5 * gradient_noise(x / 26, y / 26, z / 26, seed + 3)
    wx += 2 * gradient_noise(x / 9, y / 9, z / 9, seed + 4)
    wz += 2 * gradient_noise(x / 9, y / 9, z / 9, seed + 5)
    away = np.sqrt(wx * wx + wy * wy + wz * wz) + 1e-3
    scale = 32.0 * ((away + 6) / 32.0) ** 0.6 / away
    qx, qy, qz = wx * scale, wy * scale, wz * scale
    size = pattern[6]
    near, second, tone = cell_noise(qx / size, qy / (1.3 * size), qz / size, seed + 6)
    wall = np.exp(-(second - near) * 0.5 * size / scale / 1.3)
    small = 0.42 * size
    near, second, _ = cell_noise(qx / small, qy / (1.3 * small), qz / small, seed + 7)
    small_wall = np.exp(-(second - near) * 0.5 * small / scale / 0.8)
    duct = 1 - 2.2 * abs(gradient_noise(qx / 9.5, qy / 14, qz / 9.5, seed + 8))
    strand = 1 - 2.2 * abs(gradient_noise(qx / 4.7, qy / 8, qz / 4.7, seed + 9))
    # Patches mirror each other on the two sides, as the distribution of tissue does.
    mirrored = side * x
    patch = gradient_noise(mirrored / 38, y / 38, z / 38, seed + 10)
    patch += 0.5 * gradient_noise(x / 17, y / 17, z / 17, seed + 11)
    radius = 20 + 0.55 * max(0.0, y - nipple[1])
    cone = 1 - ((x - nipple[0]) ** 2 + (z - nipple[2]) ** 2) / (radius * radius)
    outer = (side * (x - nipple[0]) + 0.7 * (z - nipple[2])) / 60.0
    core = min(1.0, max(-1.2, cone)) - 0.7 * (1 - smooth_step(field[1], pattern[8], 45.0))
    core += pattern[10] * min(1.0, max(-1.0, outer)) - 2.5 * max(0.0, field[7] - 0.85)
    score = pattern[0] * wall + pattern[1] * small_wall + pattern[2] * duct + pattern[3] * strand
    score += pattern[4] * patch + pattern[5] * core + 0.12 * (tone - 0.5)
    depth = -field[0] + 12 * np.exp(-((away / 16) ** 2))
    depth += 2.5 * gradient_noise(x / 11, y / 11, z / 11, seed + 12)
    gate = smooth_step(depth, 0.45 * pattern[9], 1.4 * pattern[9])
    gate *= smooth_step(field[1], 0.5, 3.0 + 0.5 * pattern[8])
    return float(score * gate - 1.2 * (1 - gate))

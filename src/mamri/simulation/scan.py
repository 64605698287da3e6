"""From noise-free signal to the phases a scanner stores."""

import numpy as np

from mamri.geometry import to_lps
from mamri.records import Plane
from mamri.simulation.acquisition import (
    FULL_SCALE,
    add_ghost,
    digitize_with_noise,
    move,
    rigid_transform,
    sensitivity_map,
)
from mamri.simulation.body import Body, Field
from mamri.simulation.settings import SimulationSettings
from mamri.simulation.tissue_signal import glandular_signal

GLANDULAR_LEVEL = 420.0  # a.u. of fibroglandular tissue before contrast, mid-breast (assumption)


def scan(
    signal: np.ndarray, body: Body, settings: SimulationSettings, affine: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scan the rendered woman: motion, coils, ghosts, noise, 12 bits.

    Parameters
    ----------
    signal : (T, S, R, C) float32, a.u.
        Noise-free, in the position of the first phase.
    body : Body
    settings : SimulationSettings
    affine : (4, 4) float, mm

    Returns
    -------
    phases : (T, S, R, C) int16, a.u.
    shifts : (T, 3) float, mm
        Rigid shift of each phase.
    """
    rng = np.random.default_rng([settings.seed, 5])
    shifts, transforms, breathing = _movements(settings, affine, rng)
    shape = signal.shape[1:]
    sensitivity = sensitivity_map(body, affine, shape)
    back = _depth_in_chest(body, affine, shape)
    reference = glandular_signal(settings)
    gain = np.float32(GLANDULAR_LEVEL / reference)
    # Phase encoding left-right in axial, head-feet in sagittal exams.
    ghost_axis = 2 if settings.plane is Plane.AXIAL else 1
    phases = np.empty(signal.shape, np.int16)
    for t in range(len(signal)):
        image = signal[t]
        if settings.motion_mm > 0 and t > 0:
            image = move(image, transforms[t], breathing[t], back)
        image = image * (sensitivity * gain)
        np.minimum(image, FULL_SCALE, out=image)
        image = add_ghost(image, ghost_axis, 0.006 * (1 + rng.random()))
        phases[t] = digitize_with_noise(image, GLANDULAR_LEVEL * settings.noise, rng)
    return phases, shifts


def _movements(
    settings: SimulationSettings, affine: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Shift (mm), index transform and breathing (voxels) of each phase; the first stays."""
    n = len(settings.times_s)
    direction = rng.standard_normal((n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    size = settings.motion_mm * np.sqrt(np.linspace(0, 1, n)) * rng.uniform(0.5, 1, n)
    shifts = direction * size[:, None]
    shifts[0] = 0
    turns = rng.normal(0, 0.002, (n, 3)) * settings.motion_mm
    turns[0] = 0
    pivot = np.array([0.0, 40.0, 0.0])
    transforms = [
        rigid_transform(affine, shift_mm=shift, turn_rad=turn, pivot_mm=pivot)
        for shift, turn in zip(shifts, turns, strict=True)
    ]
    inverse = np.linalg.inv(affine[:3, :3])
    breaths = rng.normal(0, 1.2, n) * settings.motion_mm
    breathing = [inverse @ np.array([0.0, b, 0.6 * b]) for b in (0.0, *breaths[1:])]
    return shifts, transforms, breathing


def _depth_in_chest(body: Body, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """0 in the breasts, rising to 1 behind the chest wall; -1 far from the body."""
    counts = [max(2, n // 4) for n in shape]
    ticks = [np.linspace(0, n - 1, m) for n, m in zip(shape, counts, strict=True)]
    index = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    points = to_lps(affine, index)
    depth = np.clip((8.0 - body.sample(Field.MUSCLE, points)) / 25.0, 0, 1)
    depth[body.sample(Field.SKIN, points) > 12] = -1
    coarse = depth.reshape(counts).astype(np.float32)
    nearest = [
        np.minimum(np.rint(np.arange(n) * (m - 1) / max(n - 1, 1)).astype(int), m - 1)
        for n, m in zip(shape, counts, strict=True)
    ]
    return np.ascontiguousarray(coarse[np.ix_(*nearest)])

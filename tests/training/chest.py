"""A synthetic chest: ellipsoid breasts with strands, on muscle, ribs, lungs and a heart.

Made by formulas, with shares of voxels at every border, in LPS: slices run to the head, rows to
the back, columns to the left.
"""

import numpy as np
from scipy import ndimage

from mamri.training import LabelCoding, signal_table
from mamri.training.cached_anatomy import CachedAnatomy, cached_anatomy
from mamri.training.signal_table import SignalTable

AIR, SKIN, FAT, GLAND, VESSEL, MUSCLE, LUNG, HEART, RIB, LESION = 0, 1, 2, 3, 4, 5, 6, 7, 8, 64
RIGHT, LEFT = 1, 2
CODING = LabelCoding(mirrored_labels=((RIGHT, LEFT),), fat_tissues=(FAT,))
FULL_SHAPE = (120, 200, 260)


def phantom_tables() -> tuple[SignalTable, ...]:
    """Fat-suppressed and plain T1 with three phases, and T2; brightness by eye."""
    uptake = np.linspace(0, 2.55, 18)
    plain = {SKIN: 0.4, FAT: 1, GLAND: 0.45, VESSEL: 0.35, MUSCLE: 0.4, LUNG: 0.08, HEART: 0.4,
             RIB: 0.25, LESION: 0.4}  # fmt: skip
    suppressed = plain | {FAT: 0.15, GLAND: 0.5, RIB: 0.15}
    water = {SKIN: 0.3, FAT: 0.8, GLAND: 0.7, VESSEL: 0.2, MUSCLE: 0.2, LUNG: 0.05, HEART: 0.2,
             RIB: 0.3, LESION: 0.6}  # fmt: skip
    first = {SKIN: 0.2, GLAND: 0.15, VESSEL: 1.5, MUSCLE: 0.1, LUNG: 0.05, HEART: 1.5, LESION: 1}
    last = {SKIN: 0.3, GLAND: 0.3, VESSEL: 0.9, MUSCLE: 0.15, LUNG: 0.04, HEART: 0.9, LESION: 0.8}
    tables = []
    for base in (plain, suppressed):
        signal = np.zeros((65, len(uptake), 3))
        for code, value in base.items():
            for phase, rise in enumerate(({}, first, last)):
                signal[code, :, phase] = value + 0.6 * rise.get(code, 0) * uptake
        tables.append(signal_table(signal))
    signal = np.zeros((65, 2))
    for code, value in water.items():
        signal[code] = value
    return (*tables, signal_table(signal))


def phantom_maps(
    shape: tuple[int, int, int] = FULL_SHAPE, spacing_mm: float = 1.5, seed: int = 0
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Maps and affine of one chest."""
    random = np.random.default_rng(seed)
    z, y, x = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * spacing_mm for n in shape], indexing="ij"
    )
    half = np.array(shape) * spacing_mm / 2
    # Signed distances in mm, above 0 inside; ellipsoids by their smallest axis.
    chest = _ellipsoid(z, y - 0.75 * half[1], x, (9 * half[0], 0.75 * half[1], 0.8 * half[2]))
    size = random.uniform(0.85, 1.1)
    axes = (0.65 * half[0] * size, 0.72 * half[1] * size, 0.4 * half[2] * size)
    breast = np.maximum(
        *[_ellipsoid(z, y + 0.02 * half[1], x - side * 0.42 * half[2], axes) for side in (-1, 1)]
    )
    body = np.maximum(chest, breast)
    noise = lambda mm: _smooth_noise(random, shape, mm / spacing_mm)  # noqa: E731
    wavy = breast + 3 * noise(25)
    strands = np.maximum(*[1.6 - 6 * np.abs(noise(mm)) for mm in (9, 14)])
    core = np.clip((wavy - 18) / 8, -1, 1.5)
    gland = np.minimum(np.minimum(strands + core, wavy - 7), 30)
    wall = chest - 6
    lungs = np.maximum(
        *[
            _ellipsoid(z, y - half[1] * 0.8, x - side * 0.42 * half[2],
                       (1.5 * half[0], 0.42 * half[1], 0.3 * half[2]))
            for side in (-1, 1)
        ]
    )  # fmt: skip
    heart = _ellipsoid(
        z, y - 0.55 * half[1], x - 0.12 * half[2], (0.6 * half[0], 0.3 * half[1], 0.22 * half[2])
    )
    ribs = np.minimum(2.5 - np.abs(chest - 16), 14 * np.cos(z / 5) - 8)
    vessels = _vessels(z, y, x, breast, random)
    centre = [0.05 * half[0], -0.35 * half[1], 0.42 * half[2]]
    lesion = _ellipsoid(*(a - b for a, b in zip((z, y, x), centre, strict=True)), (7, 6, 8))
    lesion = lesion + 1.5 * noise(6)

    layers = [(SKIN, body), (FAT, body - 2), (GLAND, np.minimum(gland, body - 2)),
              (VESSEL, np.minimum(vessels, breast - 4)), (MUSCLE, wall), (RIB, ribs),
              (LUNG, lungs), (HEART, heart), (LESION, lesion)]  # fmt: skip
    tissues, share = _largest_two(layers, shape, spacing_mm)
    target = np.zeros(shape, np.uint8)
    in_breast = (breast > 0) & (wall < 0)
    target[in_breast] = np.where(x < 0, RIGHT, LEFT)[in_breast]
    for code, label in ((GLAND, 3), (VESSEL, 4), (MUSCLE, 5), (HEART, 6), (LESION, 7)):
        target[tissues[0] == code] = label
    uptake = np.clip(100 + 40 * noise(12), 0, 255).astype(np.uint8)
    grain = np.clip(100 + 20 * noise(5), 0, 255).astype(np.uint8)
    affine = np.diag([spacing_mm] * 3 + [1.0])[[2, 1, 0, 3]]
    affine[:3, 3] = -half[::-1]
    maps = {"tissues": tissues, "share": share, "uptake": uptake, "grain": grain, "target": target}
    return maps, affine


def phantom(
    shape: tuple[int, int, int] = FULL_SHAPE, spacing_mm: float = 1.5, seed: int = 0
) -> CachedAnatomy:
    """The chest as the stream reads it, with signals."""
    maps, affine = phantom_maps(shape, spacing_mm, seed)
    return cached_anatomy(maps, affine, CODING, phantom_tables())


def _ellipsoid(
    z: np.ndarray, y: np.ndarray, x: np.ndarray, axes: tuple[float, float, float]
) -> np.ndarray:
    radius = np.sqrt((z / axes[0]) ** 2 + (y / axes[1]) ** 2 + (x / axes[2]) ** 2)
    return (1 - radius) * min(axes)


def _smooth_noise(
    random: np.random.Generator, shape: tuple[int, int, int], sigma: float
) -> np.ndarray:
    coarse = [max(4, round(3 * n / sigma)) for n in shape]
    field = ndimage.gaussian_filter(random.normal(size=coarse), 1.2, mode="nearest")
    field = ndimage.zoom(field, [n / c for n, c in zip(shape, coarse, strict=True)], order=1)
    field = field[: shape[0], : shape[1], : shape[2]]
    return field / field.std()


def _vessels(
    z: np.ndarray, y: np.ndarray, x: np.ndarray, breast: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Tubes of 1.5 mm radius that wind through the breasts."""
    inside = np.full(z.shape, -10.0)
    for _ in range(4):
        phase = random.uniform(0, 6, size=3)
        across = random.uniform(-0.6, 0.6) * np.abs(x).max()
        path_x = across + 12 * np.sin(y / 17 + phase[0]) + 5 * np.sin(y / 7 + phase[2])
        path_z = random.uniform(-20, 20) + 15 * np.sin(y / 23 + phase[1])
        inside = np.maximum(inside, 1.5 - np.hypot(x - path_x, z - path_z))
    return inside


def _largest_two(
    layers: list[tuple[int, np.ndarray]], shape: tuple[int, int, int], spacing_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Each layer covers those before it; borders are one voxel wide."""
    first, second = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    share = np.ones(shape, np.float32)
    for code, inside in layers:
        cover = np.clip(inside / spacing_mm + 0.5, 0, 1).astype(np.float32)
        wins = cover > 0.5
        touched = cover > 0
        second = np.where(wins, first, np.where(touched, code, second)).astype(np.uint8)
        first = np.where(wins, code, first).astype(np.uint8)
        share = np.where(touched, np.maximum(cover, 1 - cover), share)
    return np.stack([first, second]), np.round(255 * share).astype(np.uint8)

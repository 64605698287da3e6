"""A small textured breast and the motion it is given."""

import numpy as np
from scipy import ndimage

from mamri.records import DynamicSeries
from mamri.registration.displacement import Displacement, sampled_displacement, warp

SHAPE = (40, 48, 52)
SPACING = (2.0, 1.6, 1.6)
# index 0 to the head (+z), 1 to the back (+y), 2 to the patient's left (+x)
AFFINE = np.array([[0, 0, 1.6, -40], [0, 1.6, 0, -60], [2.0, 0, 0, 10], [0, 0, 0, 1]], float)


def breast(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Image (float32) and breast mask."""
    rng = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    mask = (z / 0.9) ** 2 + (y / 0.9) ** 2 + (x / 0.9) ** 2 < 1
    texture = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.8)
    gland = ndimage.gaussian_filter((texture > 0.5 * texture.std()).astype(float), 0.6)
    image = mask * (150 + 250 * gland)
    return ndimage.gaussian_filter(image, 0.5).astype(np.float32), mask


def shifted(image: np.ndarray, shift_mm: tuple[float, float, float]) -> np.ndarray:
    """What the scanner sees after the tissue moved by (slice, row, column) mm."""
    voxels = [-s / h for s, h in zip(shift_mm, SPACING, strict=True)]
    return moved(image, lambda axes: np.array(voxels).reshape(3, 1, 1, 1) + zeros(axes))


def moved(image: np.ndarray, displacement_at) -> np.ndarray:
    """The image seen through a displacement in voxels."""
    out = np.empty_like(image)
    warp(image, field(displacement_at), out=out)
    return out


def field(displacement_at) -> Displacement:
    return sampled_displacement(SHAPE, (4.0, 4.0, 4.0), displacement_at)


def zeros(axes: list[np.ndarray]) -> np.ndarray:
    return np.zeros((3, *(len(axis) for axis in axes)))


def noisy(image: np.ndarray, seed: int, dtype: type = np.int16) -> np.ndarray:
    """The image with noise of its own, in the dtype of a scanner."""
    values = image + np.random.default_rng(seed).normal(0, 5, image.shape)
    return np.clip(np.rint(values), 0, None).astype(dtype)


def series(*phases: np.ndarray) -> DynamicSeries:
    """First phase before contrast, the others a minute apart."""
    return DynamicSeries(np.stack(phases), AFFINE, 60.0 * np.arange(len(phases)))

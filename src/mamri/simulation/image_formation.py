"""What acquisition does to an image: point spread, ghosts, noise, distortion, twelve bits."""

import numba
import numpy as np
from scipy import ndimage

FULL_SCALE = 3900.0  # a.u.; scanners keep 12 bits, so that 4095 is the highest value
_TAPS = 6  # half width of the point spread, voxels


def point_spread(encoded: float) -> np.ndarray:
    """Point spread along one axis where part of k-space is encoded and the rest filled with zeros.

    A mild Fermi-like apodization is assumed, as scanners apply; some ringing stays.

    Parameters
    ----------
    encoded : float, 0 to 1
        Part of k-space that is encoded.

    Returns
    -------
    (13,) float32
        Sums to 1; a single 1 in the middle where all is encoded.
    """
    x = np.arange(-_TAPS, _TAPS + 1)
    if encoded >= 1:
        return np.asarray(x == 0, np.float32)
    # Transform of the encoded part of k-space with a smooth edge.
    k = np.linspace(-0.5, 0.5, 4001)
    window = 1 / (1 + np.exp((np.abs(k) - 0.5 * encoded) / (0.03 * encoded)))
    kernel = (window * np.cos(2 * np.pi * np.outer(x, k))).sum(axis=1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def blur(image: np.ndarray, encoded: tuple[float, float, float]) -> np.ndarray:
    """Image as it comes from partly encoded k-space, (S, R, C) float32."""
    for axis, part in enumerate(encoded):
        if part < 1 and image.shape[axis] > 1:
            image = ndimage.convolve1d(image, point_spread(part), axis=axis, mode="nearest")
    return image


def noise_field(
    shape: tuple[int, ...], encoded: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    """White noise that went through the same point spread, of standard deviation 1, float32."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    for axis, part in enumerate(encoded):
        if part < 1 and shape[axis] > 1:
            kernel = point_spread(part)
            kernel = kernel / np.sqrt((kernel.astype(float) ** 2).sum())
            noise = ndimage.convolve1d(noise, kernel.astype(np.float32), axis=axis, mode="wrap")
    return noise


def magnitude(
    image: np.ndarray,
    sigma: np.ndarray | float,
    encoded: tuple[float, float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Magnitude of an image with complex Gaussian noise: Rician.

    Parameters
    ----------
    image : (S, R, C) float32, a.u.
    sigma : float or (S, R, C) float32, a.u.
        Standard deviation of the real and of the imaginary part.
    encoded : (S, R, C) of float
        See `point_spread`; the noise is coloured by it.
    rng : numpy Generator

    Returns
    -------
    (S, R, C) float32

    References
    ----------
    .. [1] Gudbjartsson H, Patz S. The Rician distribution of noisy MRI data.
       Magn Reson Med 1995;34:910-914. doi:10.1002/mrm.1910340618
    """
    real = noise_field(image.shape, encoded, rng)
    real *= sigma
    real += image
    imaginary = noise_field(image.shape, encoded, rng)
    imaginary *= sigma
    return np.asarray(np.hypot(real, imaginary, out=real))


def digitize(image: np.ndarray) -> np.ndarray:
    """Whole numbers of 12 bits, (S, R, C) int16."""
    return np.asarray(np.clip(np.rint(image), 0, 4095), np.int16)


def add_ghosts(
    image: np.ndarray,
    moving: np.ndarray,
    axis: int,
    strength: float,
    rng: np.random.Generator,
) -> None:
    """Add faint copies of what moves, spread along phase encoding, in place.

    Parameters
    ----------
    image, moving : (S, R, C) float32
        The image, and the part of it that pulsates or breathes.
    axis : int
        Of phase encoding.
    strength : float
        Of the strongest copy.
    rng : numpy Generator
    """
    if strength <= 0:
        return
    n = image.shape[axis]
    for k in range(1, 4):
        step = int(n * k * rng.uniform(0.11, 0.16))
        for sign in (-1, 1):
            factor = np.float32(strength * rng.uniform(0.4, 1.0) / k * (1 if k % 2 else -1))
            image += factor * np.roll(moving, sign * step, axis)


def fold_in(image: np.ndarray, axis: int, margin: int) -> np.ndarray:
    """Cut a margin at both ends of an axis and add it at the opposite end, as wrap-around does."""
    if margin <= 0:
        return image
    swapped = np.moveaxis(image, axis, -1)
    core = swapped[..., margin:-margin].copy()
    core[..., -margin:] += swapped[..., :margin]
    core[..., :margin] += swapped[..., -margin:]
    return np.ascontiguousarray(np.moveaxis(core, -1, axis))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def distort(image: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Move signal along axis 1 by a number of voxels, piling it up where it converges.

    Parameters
    ----------
    image : (S, R, C) float32
    shift : (S, R, C) float32, voxels

    Returns
    -------
    (S, R, C) float32
        The total signal is kept, but for what leaves the field.

    References
    ----------
    .. [1] Jezzard P, Balaban RS. Correction for geometric distortion in echo planar images from B0
       field variations. Magn Reson Med 1995;34:65-73. doi:10.1002/mrm.1910340111 (equation 5)
    """
    n_s, n_r, n_c = image.shape
    out = np.zeros_like(image)
    for s in range(n_s):
        for r in range(n_r):
            before, after = max(r - 1, 0), min(r + 1, n_r - 1)
            for c in range(n_c):
                # A voxel lands between the shifted places of its two faces.
                low = r - 0.5 + 0.5 * (shift[s, before, c] + shift[s, r, c])
                high = r + 0.5 + 0.5 * (shift[s, r, c] + shift[s, after, c])
                if high < low:
                    low, high = high, low
                high = max(high, low + 1e-3)
                first, last = int(np.floor(low + 0.5)), int(np.floor(high + 0.5))
                for k in range(max(first, 0), min(last, n_r - 1) + 1):
                    overlap = min(high, k + 0.5) - max(low, k - 0.5)
                    if overlap > 0:
                        out[s, k, c] += image[s, r, c] * overlap / (high - low)
    return out

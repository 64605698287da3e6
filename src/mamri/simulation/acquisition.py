"""What the scanner adds: motion between phases, coil sensitivity, ghosts, noise."""

from collections.abc import Sequence

import numba
import numpy as np
from scipy import ndimage

from mamri.simulation.body import Body

FULL_SCALE = 3600.0  # a.u.; scanners keep 12 bits, so that 4095 is the highest value


def coil_sensitivity(body: Body, points_mm: np.ndarray) -> np.ndarray:
    """Root sum of squares of loop coils around each breast.

    Parameters
    ----------
    body : Body
    points_mm : (..., 3) float, mm LPS

    Returns
    -------
    (...) float
        1 in the middle of the right breast.
    """
    elements = []
    for breast in body.breasts:
        x, y, z = breast.centre_mm
        ahead = y - 0.55 * breast.length_mm
        elements += [(x - 78, ahead, z), (x + 78, ahead, z), (x, y - breast.length_mm - 55, z)]
        elements += [(x, ahead + 20, z - 85), (x, ahead + 10, z + 100)]
    middle = np.array(body.breasts[0].centre_mm) - (0, 0.45 * body.breasts[0].length_mm, 0)

    def response(points: np.ndarray) -> np.ndarray:
        total = np.zeros(points.shape[:-1])
        for element in elements:
            away2 = ((points - np.array(element)) ** 2).sum(axis=-1)
            # On-axis field of a loop of 55 mm radius falls as (1 + d2/r2)^(-3/2).
            total += (1 + away2 / 55.0**2) ** -3
        return np.sqrt(total)

    return np.asarray(response(points_mm) / response(middle))


def sensitivity_map(body: Body, affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Coil sensitivity on a grid, (S, R, C) float32, made at a sixth of its resolution."""
    counts = [max(2, n // 6) for n in shape]
    ticks = [np.linspace(0, n - 1, m) for n, m in zip(shape, counts, strict=True)]
    index = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1)
    coarse = coil_sensitivity(body, index @ affine[:3, :3].T + affine[:3, 3])
    factors = [n / m for n, m in zip(shape, counts, strict=True)]
    return np.asarray(
        ndimage.zoom(coarse.astype(np.float32), factors, order=1, grid_mode=False), np.float32
    )


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _cubic(p: float, weights: np.ndarray) -> None:
    """Catmull-Rom weights for a fractional position 0 to 1."""
    weights[0] = p * (-0.5 + p * (1 - 0.5 * p))
    weights[1] = 1 + p * p * (-2.5 + 1.5 * p)
    weights[2] = p * (0.5 + p * (2 - 1.5 * p))
    weights[3] = p * p * (-0.5 + 0.5 * p)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def move(
    image: np.ndarray, transform: np.ndarray, breathing: np.ndarray, back: np.ndarray
) -> np.ndarray:
    """Image after a rigid movement and breathing, by cubic interpolation.

    Parameters
    ----------
    image : (S, R, C) float32
    transform : (3, 4) float
        (s, r, c, 1) of the new image to (s, r, c) of the old one.
    breathing : (3,) float, voxels
        Extra shift where ``back`` is 1.
    back : (S, R, C) float32
        0 in the breasts, 1 deep in the chest.

    Returns
    -------
    (S, R, C) float32
    """
    n_s, n_r, n_c = image.shape
    out = np.zeros_like(image)
    ws, wr, wc = np.empty(4), np.empty(4), np.empty(4)
    for s in range(n_s):
        for r in range(n_r):
            for c in range(n_c):
                b = back[s, r, c]
                if b < 0:
                    continue
                t = transform
                ps = t[0, 0] * s + t[0, 1] * r + t[0, 2] * c + t[0, 3] + b * breathing[0]
                pr = t[1, 0] * s + t[1, 1] * r + t[1, 2] * c + t[1, 3] + b * breathing[1]
                pc = t[2, 0] * s + t[2, 1] * r + t[2, 2] * c + t[2, 3] + b * breathing[2]
                fs, fr, fc = int(np.floor(ps)), int(np.floor(pr)), int(np.floor(pc))
                _cubic(ps - fs, ws)
                _cubic(pr - fr, wr)
                _cubic(pc - fc, wc)
                total = 0.0
                for i in range(4):
                    ii = min(max(fs - 1 + i, 0), n_s - 1)
                    for j in range(4):
                        jj = min(max(fr - 1 + j, 0), n_r - 1)
                        line = 0.0
                        for k in range(4):
                            kk = min(max(fc - 1 + k, 0), n_c - 1)
                            line += wc[k] * image[ii, jj, kk]
                        total += ws[i] * wr[j] * line
                out[s, r, c] = max(total, 0.0)
    return out


def rigid_transform(
    affine: np.ndarray,
    *,
    shift_mm: Sequence[float],
    turn_rad: Sequence[float],
    pivot_mm: np.ndarray,
) -> np.ndarray:
    """Index transform of `move` for a small movement of the patient, (3, 4)."""
    a, b, c = turn_rad
    turn = np.array([[1, -c, b], [c, 1, -a], [-b, a, 1]])
    turn, _ = np.linalg.qr(turn)
    turn *= np.sign(np.diag(turn))
    whole = np.eye(4)
    whole[:3, :3] = turn.T
    whole[:3, 3] = pivot_mm - turn.T @ (pivot_mm + np.asarray(shift_mm))
    return np.asarray((np.linalg.inv(affine) @ whole @ affine)[:3])


def add_ghost(image: np.ndarray, axis: int, strength: float) -> np.ndarray:
    """Image with a faint shifted copy of itself along the phase-encoding axis."""
    if strength <= 0:
        return image
    distance = image.shape[axis] // 3
    return np.asarray(image + strength * np.roll(image, distance, axis), image.dtype)


def digitize_with_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Magnitude of the image with complex Gaussian noise, rounded to 12 bits.

    Parameters
    ----------
    image : (S, R, C) float32, a.u.
    sigma : float, a.u.
        Of the real and the imaginary part.
    rng : numpy Generator

    Returns
    -------
    (S, R, C) int16
    """
    out = np.empty(image.shape, np.int16)
    scale = np.float32(sigma)
    for s in range(image.shape[0]):
        noise = rng.standard_normal((2, *image.shape[1:]), dtype=np.float32) * scale
        noise[0] += image[s]
        out[s] = np.minimum(np.rint(np.hypot(noise[0], noise[1])), 4095)
    return out

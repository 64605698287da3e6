"""Small changes of outlines and images that a trustworthy feature should survive.

Every function takes an explicit seed or none of chance at all, and changes nothing in place.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.records import InputError


@dataclass(frozen=True, slots=True)
class PerturbationSettings:
    """How far a drawn outline and image depart from the given ones.

    Parameters
    ----------
    grow_mm : float, mm
        The outline is moved outwards or inwards by a normally distributed amount of this standard
        deviation. Assumption.
    shift_mm : float, mm
        It is shifted along each axis by such an amount. Assumption.
    contour_mm : float, mm
        It waves by such an amount. Assumption.
    wavelength_mm : float, mm
        About so long are the waves. Assumption.
    noise : float
        Standard deviation of Rician noise over the standard deviation of the image in the region.
        Assumption: 0.1.
    """

    grow_mm: float = 0.5
    shift_mm: float = 0.5
    contour_mm: float = 0.5
    wavelength_mm: float = 5.0
    noise: float = 0.1

    def __post_init__(self) -> None:
        spreads = (self.grow_mm, self.shift_mm, self.contour_mm, self.noise)
        if min(spreads) < 0 or not self.wavelength_mm > 0:
            raise InputError(
                f"spreads of at least 0 and a wavelength above 0 were needed, got {spreads} and "
                f"{self.wavelength_mm}"
            )


def grow_mask(
    mask: np.ndarray, spacing_mm: tuple[float, float, float], distance_mm: float
) -> np.ndarray:
    """Move an outline outwards, or inwards where the distance is negative.

    Parameters
    ----------
    mask : (S, R, C) bool
    spacing_mm : (slice, row, column), mm
    distance_mm : float, mm

    Returns
    -------
    (S, R, C) bool
        Empty where nothing is left.

    Examples
    --------
    >>> row = np.array([[[False, False, True, True, True, False, False]]])
    >>> grow_mask(row, (1.0, 1.0, 1.0), 1.0).astype(int)[0, 0].tolist()
    [0, 1, 1, 1, 1, 1, 0]
    """
    return np.asarray(signed_distance(mask, spacing_mm) < distance_mm)


def shift_mask(
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    shift_mm: tuple[float, float, float],
) -> np.ndarray:
    """Shift a region, interpolated linearly and cut at one half.

    Parameters
    ----------
    mask : (S, R, C) bool
    spacing_mm, shift_mm : (slice, row, column), mm

    Returns
    -------
    (S, R, C) bool
    """
    by = np.array(shift_mm) / np.array(spacing_mm)
    return np.asarray(ndimage.shift(mask.astype(np.float32), by, order=1) >= 0.5)


def randomise_contour(
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    *,
    sd_mm: float,
    wavelength_mm: float,
    seed: int,
) -> np.ndarray:
    """Let an outline wave in and out at random.

    A smooth random field of mean 0 is added to the signed distance from the outline.

    Parameters
    ----------
    mask : (S, R, C) bool
    spacing_mm : (slice, row, column), mm
    sd_mm : float, mm
        Standard deviation of the displacement.
    wavelength_mm : float, mm
        Width at half maximum of the Gaussian that the field is smoothed with.
    seed : int

    Returns
    -------
    (S, R, C) bool
    """
    noise = np.random.default_rng(seed).standard_normal(mask.shape)
    sigma = wavelength_mm / np.sqrt(8 * np.log(2)) / np.array(spacing_mm)
    smooth = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    smooth *= sd_mm / max(float(smooth.std()), np.finfo(float).tiny)
    return np.asarray(signed_distance(mask, spacing_mm) + smooth < 0)


def add_gaussian_noise(image: np.ndarray, sd: float, *, seed: int) -> np.ndarray:
    """Image with normally distributed noise of one standard deviation, unit of the image."""
    return np.asarray(image + np.random.default_rng(seed).normal(0.0, sd, image.shape))


def add_rician_noise(image: np.ndarray, sd: float, *, seed: int) -> np.ndarray:
    """Magnitude of an image with complex noise.

    Parameters
    ----------
    image : (...) real, at least 0, a.u.
    sd : float, a.u.
        Of the real and of the imaginary part.
    seed : int

    Returns
    -------
    (...) float64, a.u.

    References
    ----------
    .. [1] Gudbjartsson H, Patz S. The Rician distribution of noisy MRI data. Magn Reson Med
       1995;34:910-914. doi:10.1002/mrm.1910340618 (equation 1)
    """
    real, imaginary = np.random.default_rng(seed).normal(0.0, sd, (2, *image.shape))
    return np.hypot(image + real, imaginary)


def perturb_region(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    settings: PerturbationSettings,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """One draw of a perturbed image and outline.

    Parameters
    ----------
    image : (S, R, C) real, at least 0, a.u.
    mask : (S, R, C) bool
    spacing_mm : (slice, row, column), mm
    settings : PerturbationSettings
    seed : int

    Returns
    -------
    image : (S, R, C) float64
    mask : (S, R, C) bool
        May be empty where the region is small.

    References
    ----------
    .. [1] Zwanenburg A, Leger S, Agolli L et al. Assessing robustness of radiomic features by image
       perturbation. Sci Rep 2019;9:614. doi:10.1038/s41598-018-36938-4. It chains noise, shift,
       growth and contour randomisation likewise; its contours follow superpixels.
    """
    chance = np.random.default_rng(seed)
    grow, *shift = chance.normal(0.0, [settings.grow_mm, *[settings.shift_mm] * 3])
    seeds = chance.integers(0, 2**31, 2)
    changed = shift_mask(mask, spacing_mm, (shift[0], shift[1], shift[2]))
    if changed.any():
        changed = grow_mask(changed, spacing_mm, grow)
    if changed.any():
        changed = randomise_contour(
            changed,
            spacing_mm,
            sd_mm=settings.contour_mm,
            wavelength_mm=settings.wavelength_mm,
            seed=int(seeds[0]),
        )
    sd = settings.noise * float(np.std(image[mask])) if mask.any() else 0.0
    return add_rician_noise(image, sd, seed=int(seeds[1])), changed


def signed_distance(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance from the outline of a region, mm, negative inside.

    The outline lies half a voxel, of the smallest side, outside the centres of its edge.
    """
    half = min(spacing_mm) / 2
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    return np.where(mask, half - inside, outside - half)

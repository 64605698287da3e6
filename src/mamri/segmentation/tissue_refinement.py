"""Sharper fibroglandular tissue: the network's answer as prior, the image as evidence.

The network says roughly where glandular tissue is and which of the two tissues is the brighter one;
strands that it smooths over are in the image. As in atlas-based tissue classification [1]_, two
Gaussian classes (fat and gland) with slowly varying means are fitted by expectation maximisation,
and the network's probability, softened, is the prior of every voxel.

References
----------
.. [1] Van Leemput K, Maes F, Vandermeulen D, Suetens P. Automated model-based tissue
   classification of MR images of the brain. IEEE Trans Med Imaging 1999;18:897-908.
   doi:10.1109/42.811270
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry.linear_weights import interpolate_at

# Means are held on blocks of so many voxels along each axis.
_BLOCK = 4
# Probability from which on the network calls a voxel glandular (assumption).
_SEED = 0.3


@dataclass(frozen=True, slots=True)
class RefinementSettings:
    """Settings of `refined_fibroglandular`; all chosen on simulated women.

    Parameters
    ----------
    prior_weight : float
        Power of the network's odds: 1 trusts them as they are, 0 not at all. Assumption.
    prior_blur_mm, mean_blur_mm : float, mm
        Width of the prior's softening, and of the slow change of the means. Assumption.
    reach_mm : float, mm
        Glandular tissue is looked for so near to what the network calls glandular, so that a strip
        of muscle at the back border does not become it. Assumption.
    min_prior : float
        No voxel is held to be certain by the network alone. Assumption.
    min_separation : float
        Distance of the means in standard deviations below which the network's answer stays as it
        is. Assumption.
    iterations : int
    """

    prior_weight: float = 0.8
    prior_blur_mm: float = 2.0
    mean_blur_mm: float = 15.0
    reach_mm: float = 8.0
    min_prior: float = 0.02
    min_separation: float = 1.5
    iterations: int = 4


def refined_fibroglandular(
    image: np.ndarray,
    fibroglandular: np.ndarray,
    fat: np.ndarray,
    inside: np.ndarray,
    *,
    spacing_mm: float,
    settings: RefinementSettings | None = None,
) -> np.ndarray:
    """Probability of fibroglandular tissue from the network's answer and the image.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        Equal spacings.
    fibroglandular, fat : (S, R, C) float
        The network's probabilities of the two tissues.
    inside : (S, R, C) bool
        Breast without skin and nipple.
    spacing_mm : float, mm
    settings : RefinementSettings or None

    Returns
    -------
    (S, R, C) float32
        0 outside; the network's own share where the image does not tell the tissues apart.
    """
    settings = settings or RefinementSettings()
    share = np.where(inside, fibroglandular / np.maximum(fibroglandular + fat, 1e-6), 0)
    share = share.astype(np.float32)
    if not 0 < float(share.sum()) < np.count_nonzero(inside):
        return share
    prior = _softened_odds(share, inside, spacing_mm, settings)
    seeds = (share > _SEED) & inside
    near = ndimage.distance_transform_edt(~seeds) * spacing_mm <= settings.reach_mm
    near &= inside
    values = image.astype(np.float32)
    blur = settings.mean_blur_mm / spacing_mm / _BLOCK
    gland, apart = share, 0.0
    for _ in range(settings.iterations):
        means, spreads = zip(
            *(_class(values, w, inside, blur) for w in (gland, inside - gland)), strict=True
        )
        gap = means[0] - means[1]
        apart = float(np.abs(gap[inside]).mean()) / (0.5 * (spreads[0] + spreads[1]))
        evidence = [
            -0.5 * ((values - mean) / spread) ** 2 - np.log(spread)
            for mean, spread in zip(means, spreads, strict=True)
        ]
        odds = np.clip(evidence[0] - evidence[1] + prior, -30, 30)
        gland = 1 / (1 + np.exp(-odds))
        # Beyond a mean, away from the other, the wider class would win back what is certain.
        gland[(values - means[0]) * np.sign(gap) > 0] = 0.95
        gland[(means[1] - values) * np.sign(gap) > 0] = 0.05
        gland = np.where(inside, gland, 0).astype(np.float32)
    return np.where(near, gland, 0) if apart > settings.min_separation else share


def _softened_odds(
    share: np.ndarray, inside: np.ndarray, spacing_mm: float, settings: RefinementSettings
) -> np.ndarray:
    sigma = settings.prior_blur_mm / spacing_mm
    weight = ndimage.gaussian_filter(inside.astype(np.float32), sigma)
    soft = ndimage.gaussian_filter(share, sigma) / np.maximum(weight, 1e-3)
    soft = np.clip(soft, settings.min_prior, 1 - settings.min_prior)
    return np.asarray(settings.prior_weight * np.log(soft / (1 - soft)))


def _class(
    values: np.ndarray, weight: np.ndarray, inside: np.ndarray, blur: float
) -> tuple[np.ndarray, float]:
    """Slowly varying mean (S, R, C) and standard deviation of a tissue with soft membership."""
    total = float(weight.sum())
    overall = float((weight * values).sum()) / max(total, 1e-6)
    mass, sums, room = (
        ndimage.gaussian_filter(_blocks(part), blur, mode="constant")
        for part in (weight, weight * values, inside.astype(np.float32))
    )
    # Where the tissue hardly occurs its mean leans on the overall one.
    lean = 0.02 * room + 1e-4
    coarse = (sums + lean * overall) / (mass + lean)
    mean = _spread(coarse, values.shape)
    spread = float(np.sqrt((weight * (values - mean) ** 2).sum() / max(total, 1e-6)))
    return mean, max(spread, 1e-6 * (abs(overall) + 1e-6))


def _blocks(array: np.ndarray) -> np.ndarray:
    """Means over blocks; the last block repeats the border."""
    pad = [(0, -size % _BLOCK) for size in array.shape]
    full = np.pad(array.astype(np.float32), pad, mode="edge")
    s, r, c = (size // _BLOCK for size in full.shape)
    return np.asarray(full.reshape(s, _BLOCK, r, _BLOCK, c, _BLOCK).mean(axis=(1, 3, 5)))


def _spread(coarse: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values of blocks at voxels, linearly interpolated."""
    s, r, c = ((np.arange(n) + 0.5) / _BLOCK - 0.5 for n in shape)
    return interpolate_at(coarse, (s, r, c))

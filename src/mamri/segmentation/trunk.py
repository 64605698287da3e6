"""The trunk without its breasts: a smooth surface through the skin around them.

A prone patient's breasts stand out in front of a trunk whose front is close to an elliptic
cylinder. Seen as a height map (depth of the first tissue behind the front edge of the image), the
trunk is the smooth lower envelope of the skin: asymmetric least squares lets breasts stand out at
little cost, while the skin of sternum, flanks and upper abdomen has to lie on the surface.
"""

import numpy as np

# Half width and depth of the ellipse that the front of an adult chest resembles, mm (assumption:
# from chest breadths of about 30 cm and depths of about 20 cm in anthropometric tables).
CHEST_HALF_WIDTH_MM = 165.0
CHEST_HALF_DEPTH_MM = 100.0


def front_depth(body: np.ndarray) -> np.ndarray:
    """Index along the second axis of the first body voxel of each column.

    NaN where there is none, and everywhere when most columns begin with tissue, so that no skin
    can be seen.

    Parameters
    ----------
    body : (S, R, C) bool

    Returns
    -------
    (S, C) float, voxels
    """
    depth = np.argmax(body, axis=1).astype(float)
    depth[~body.any(axis=1)] = np.nan
    # tissue at the front edge nearly everywhere: no skin is in the image
    if np.count_nonzero(depth == 0) > 0.5 * depth.size:
        depth[:] = np.nan
    return depth


def trunk_depth(front_mm: np.ndarray, x_mm: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
    """Depth of the skin of the trunk as it would be without breasts.

    Parameters
    ----------
    front_mm : (S, C) float, mm
        Depth of the skin; NaN outside the body.
    x_mm : (C,) float, mm
        Distance from the midline, left positive.
    z_mm : (S,) float, mm
        Height, from the middle of the image.

    Returns
    -------
    (S, C) float, mm
    """
    z, x = np.meshgrid(z_mm / 100.0, x_mm, indexing="ij")
    ratio = np.clip(np.abs(x) / CHEST_HALF_WIDTH_MM, 0, 0.95)
    arc = CHEST_HALF_DEPTH_MM * (1 - np.sqrt(1 - ratio**2))
    terms = np.stack([np.ones_like(z), z, z**2, arc, x / 100.0], axis=-1)
    # Prior: a level trunk with the usual arc; scale of the deviations in the same units.
    centre = np.array([np.nan, 0.0, 0.0, 1.0, 0.0])
    scale = np.array([1e3, 40.0, 10.0, 0.25, 5.0])
    known = np.isfinite(front_mm) & (np.abs(x) < 0.95 * CHEST_HALF_WIDTH_MM)
    if not known.any():
        return np.full(front_mm.shape, np.nan)
    a, b = terms[known], front_mm[known]
    centre[0] = np.quantile(b, 0.8)
    weights = np.ones(b.size)
    coefficients = centre
    prior = np.diag(b.size * 0.02 * 8.0**2 / scale**2)
    for _ in range(40):
        aw = a * weights[:, None]
        new = np.linalg.solve(a.T @ aw + prior, aw.T @ b + prior @ centre)
        residual = b - a @ new  # positive: skin behind the surface
        # skin in front (a breast) pulls with a tenth of the force and less the farther it is
        weights = np.where(residual > 0, 1.0, 0.1) / (1 + (residual / 12.0) ** 2)
        if np.max(np.abs(new - coefficients)) < 1e-3:
            break
        coefficients = new
    return terms @ new

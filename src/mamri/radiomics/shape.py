"""Size and form of a region, from its mask alone, and how intensities lie in it."""

import numpy as np
from scipy import fft
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.special import legendre
from skimage.measure import marching_cubes

# Terms of the series of the area of an ellipsoid: IBSI reference manual, section 3.1 (RDD2).
_ELLIPSOID_TERMS = 20


def shape_features(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> dict[str, float]:
    """Twenty-one features of size and form.

    Surface and volume are those of the mesh at one half of the mask (marching cubes).

    Parameters
    ----------
    mask : (S, R, C) bool
        Not empty.
    spacing_mm : (slice, row, column), mm

    Returns
    -------
    dict of str to float
        In mm, mm2, mm3; NaN where the region is too thin to have an ellipsoid.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.1 (HCUG). Densities in oriented boxes
       and in minimum ellipsoids, for which it has no reference values, are left out.
    """
    step = np.array(spacing_mm)
    corners, faces = _mesh(mask, spacing_mm)
    volume, area = mesh_volume(corners, faces), mesh_area(corners, faces)
    hull = ConvexHull(corners)
    widest = float(pdist(corners[hull.vertices]).max())
    box = np.ptp(corners, axis=0)
    found = {
        "volume": volume,
        "approximate_volume": float(mask.sum() * step.prod()),
        "surface_area": area,
        "surface_to_volume_ratio": area / volume,
        "compactness_1": volume / (np.sqrt(np.pi) * area**1.5),
        "compactness_2": 36 * np.pi * volume**2 / area**3,
        "spherical_disproportion": area / (36 * np.pi * volume**2) ** (1 / 3),
        "sphericity": (36 * np.pi * volume**2) ** (1 / 3) / area,
        "asphericity": (area**3 / (36 * np.pi * volume**2)) ** (1 / 3) - 1,
        "maximum_diameter": widest,
        "volume_density_bounding_box": volume / box.prod(),
        "area_density_bounding_box": area
        / (2 * (box[0] * box[1] + box[0] * box[2] + box[1] * box[2])),
        "volume_density_convex_hull": volume / hull.volume,
        "area_density_convex_hull": area / hull.area,
    }
    found |= _ellipsoid_features(np.argwhere(mask) * step, volume, area)
    return {name: float(value) for name, value in found.items()}


def spatial_features(
    image: np.ndarray, inside: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, float, float]
) -> dict[str, float]:
    """Shift of the centre of mass, integrated intensity, and spatial autocorrelation.

    Moran's I and Geary's C weight two voxels with the inverse of their distance. Their sums over
    all pairs are convolutions, computed with fast Fourier transforms.

    Parameters
    ----------
    image : (S, R, C) float
    inside : (S, R, C) bool
        Voxels of the region whose intensity counts.
    mask : (S, R, C) bool
        The region itself.
    spacing_mm : (slice, row, column), mm

    Returns
    -------
    dict of str to float
        NaN where all intensities are equal or sum up to nothing.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.1 (KLMA, 99N0, N365, NPT7).
    """
    step = np.array(spacing_mm)
    values = image[inside]
    mean = values.mean()
    moran, geary = _autocorrelation(np.where(inside, image - mean, 0.0), inside, step)
    total = values.sum()
    shift = float("nan")
    if abs(total) > 0:
        weighted = (np.argwhere(inside) * step * values[:, None]).sum(axis=0) / total
        shift = float(np.linalg.norm(weighted - (np.argwhere(mask) * step).mean(axis=0)))
    return {
        "centre_of_mass_shift": shift,
        "integrated_intensity": float(mean * mesh_volume(*_mesh(mask, spacing_mm))),
        "moran_i": moran,
        "geary_c": geary,
    }


def mesh_volume(corners: np.ndarray, faces: np.ndarray) -> float:
    """Volume that a closed mesh encloses, by the divergence theorem (RNU0)."""
    a, b, c = (corners[faces[:, k]] for k in range(3))
    return float(abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6)


def mesh_area(corners: np.ndarray, faces: np.ndarray) -> float:
    """Area of a mesh (C0JK)."""
    a, b, c = (corners[faces[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _mesh(
    mask: np.ndarray, spacing_mm: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    padded = np.pad(mask, 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(padded, 0.5, spacing=spacing_mm)
    return corners.astype(np.float64), faces


def _ellipsoid_features(points: np.ndarray, volume: float, area: float) -> dict[str, float]:
    """Lengths of the principal axes, and densities in the ellipsoid that they span."""
    names = ("major_axis_length", "minor_axis_length", "least_axis_length")
    spread = np.zeros(3)
    if len(points) > 1:
        # Divided by one less than their number: so the reference values of IBSI come out.
        spread = np.clip(np.linalg.eigvalsh(np.cov(points.T))[::-1], 0, None)
    lengths = 4 * np.sqrt(spread)
    found = dict(zip(names, lengths, strict=True))
    if not lengths[0] > 0:
        return found | dict.fromkeys(
            ("elongation", "flatness", "volume_density_ellipsoid", "area_density_ellipsoid"), np.nan
        )
    found["elongation"] = lengths[1] / lengths[0]
    found["flatness"] = lengths[2] / lengths[0]
    solid = lengths[2] > 1e-6 * lengths[0]
    half = lengths / 2
    found["volume_density_ellipsoid"] = volume / (4 * np.pi * half.prod() / 3) if solid else np.nan
    found["area_density_ellipsoid"] = area / ellipsoid_area(half) if solid else np.nan
    return found


def ellipsoid_area(half: np.ndarray) -> float:
    """Area of an ellipsoid as a series of Legendre polynomials, as IBSI defines it (RDD2).

    With these ``alpha`` and ``beta`` the series is 1 % from the area of a rather round ellipsoid
    and further from that of a long one. The published reference values come of it all the same.
    """
    a, b, c = half
    alpha, beta = np.sqrt(1 - (b / a) ** 2), np.sqrt(1 - (c / a) ** 2)
    product, total = alpha * beta, 0.0
    if product == 0:
        # A ball or a body of revolution: the limit of the series, term by term.
        return float(4 * np.pi * a * b * _series_without_alpha(alpha, beta))
    argument = (alpha**2 + beta**2) / (2 * product)
    for order in range(_ELLIPSOID_TERMS + 1):
        value = legendre(order)(argument)
        total += product**order / (1 - 4 * order**2) * value
    return float(4 * np.pi * a * b * total)


def _series_without_alpha(alpha: float, beta: float) -> float:
    """The same series where one of the two is 0: only the highest power of each order is left."""
    larger = max(alpha, beta)
    total = 0.0
    for order in range(_ELLIPSOID_TERMS + 1):
        leading = legendre(order).coef[0]
        total += leading * (larger**2 / 2) ** order / (1 - 4 * order**2)
    return total


def _autocorrelation(
    centred: np.ndarray, inside: np.ndarray, step: np.ndarray
) -> tuple[float, float]:
    """Moran's I and Geary's C of intensities about their mean, 0 outside the region."""
    n = int(inside.sum())
    square = float((centred**2).sum())
    if n < 2 or not square > 0:
        return float("nan"), float("nan")
    shape = [fft.next_fast_len(2 * k - 1, real=True) for k in inside.shape]
    away = np.meshgrid(
        *[s * np.minimum(np.arange(k), k - np.arange(k)) for k, s in zip(shape, step, strict=True)],
        indexing="ij",
    )
    distance = np.sqrt(np.sum(np.square(away), axis=0))
    distance[0, 0, 0] = np.inf  # a voxel is no neighbour of its own
    kernel = fft.rfftn(1 / distance)
    box = tuple(slice(0, k) for k in inside.shape)

    def weighted(array: np.ndarray) -> np.ndarray:
        around = fft.irfftn(fft.rfftn(array, shape) * kernel, shape)
        return np.asarray(around[box])

    weights = weighted(inside.astype(float))
    total = float((weights * inside).sum())
    products = float((centred * weighted(centred)).sum())
    squares = float((centred**2 * weights).sum())
    moran = n / total * products / square
    # sum of w (x_i - x_j)^2 = 2 (sum of w x_i^2 - sum of w x_i x_j)
    geary = (n - 1) / (2 * total) * 2 * (squares - products) / square
    return moran, geary

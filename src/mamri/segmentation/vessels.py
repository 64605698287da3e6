"""Enhancing vessels of the breast: bright tubes in the early subtraction image.

A vessel is long and thin at every place; a mass is as thick as it is long somewhere. So tubes are
found by the curvature of the image at the scale of vessels, and whatever holds a ball too thick
for a vessel is protected, with its spicules.
"""

from dataclasses import dataclass

import numba
import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from mamri.segmentation.capped_distance import capped_distance
from mamri.segmentation.enclosed_holes import enclosed_holes
from mamri.segmentation.isotropic_grid import isotropic_grid

_TOUCHING = np.ones((3, 3, 3), bool)  # voxels that share a corner are connected
_LEAST_HOLE = 8  # samples, after closing; smaller holes are noise (assumption)
_DEPTH_CAP = 6  # samples; deeper is as deep, as every vessel is thinner


@dataclass(frozen=True, slots=True)
class VesselSettings:
    """How vessels are told from other enhancing tissue.

    Parameters
    ----------
    grid_step_mm : float, mm
        Step of the working grid. Assumption: 1.0, half the width of the thinnest vessel kept.
    smoothing_mm : float, mm
        Gaussian before anything else. Assumption: 0.6.
    scales_mm : tuple of float, mm
        Gaussian scales of the curvature; a tube of radius r answers most at a scale near
        r / sqrt(2) to r [1]_. Assumption: 0.8, 1.3 and 2.0 for vessels 2 to 5 mm wide.
    noise_floor : float, standard deviations of the subtraction noise
        Enhancement a vessel voxel needs. Assumption: 4.
    contrast_floor, contrast_seed : float, multiples of the texture
        How far a tube must stand out, in curvature across it over the usual (1.4826 x median
        absolute) curvature of the breast at that scale, so that background enhancement raises the
        bar with noise; everywhere, and somewhere along it. Assumption: 2 and 4.
    roundness : float
        Smaller over larger curvature across a tube must be above this; 1 is a round section, 0 a
        sheet. Assumption: 0.3.
    straightness : float
        Curvature along over curvature across must be below this; 0 is a straight tube, 1 a ball.
        Assumption: 0.5.
    mass_radius_mm : float, mm
        Radius of the smallest ball that no vessel holds: breast vessels rarely exceed 4 mm, and
        blur and partial volume add about 1 mm. Assumption: 3.0.
    spicule_mm : float, mm
        Tubes on a mass that reach no further than this beyond it belong to the mass. Assumption.
    min_length_mm, min_elongation : float, mm and dimensionless
        Extent of a vessel, and extent over its largest width. Assumption: 12 mm and 3.

    References
    ----------
    .. [1] Sato Y et al. Three-dimensional multi-scale line filter for segmentation and
       visualization of curvilinear structures in medical images. Med Image Anal 1998;2:143-168.
       doi:10.1016/S1361-8415(98)80009-1
    """

    grid_step_mm: float = 1.0
    smoothing_mm: float = 0.6
    scales_mm: tuple[float, ...] = (0.8, 1.3, 2.0)
    noise_floor: float = 4.0
    contrast_floor: float = 2.0
    contrast_seed: float = 4.0
    roundness: float = 0.3
    straightness: float = 0.5
    mass_radius_mm: float = 3.0
    spicule_mm: float = 15.0
    min_length_mm: float = 12.0
    min_elongation: float = 3.0


def segment_vessels(
    enhancement: np.ndarray,
    breast: np.ndarray,
    affine: np.ndarray,
    settings: VesselSettings | None = None,
) -> np.ndarray:
    """Find enhancing vessels inside the breasts.

    Parameters
    ----------
    enhancement : (S, R, C) real, a.u.
        Early subtraction: first post-contrast phase near the peak of masses minus pre-contrast.
        Any scale; the thresholds follow from its own noise.
    breast : (S, R, C) bool or int
        Breast mask, all sides.
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    settings : VesselSettings, optional

    Returns
    -------
    (S, R, C) bool
        Vessels; empty where the breast mask is empty.
    """
    settings = settings or VesselSettings()
    inside = np.asarray(breast) > 0
    if not inside.any():
        return np.zeros(inside.shape, bool)
    grid = isotropic_grid(inside, affine, step_mm=settings.grid_step_mm, margin_mm=5.0)
    signal = grid.sample(enhancement, smoothing_mm=settings.smoothing_mm)
    allowed = grid.sample_mask(inside)
    centre, noise = background_level(signal[allowed])
    enhancing = allowed & (signal > centre + settings.noise_floor * noise)
    contrast = _tube_contrast(signal - centre, allowed, enhancing, settings)
    tubes = _hysteresis(contrast, settings.contrast_floor, settings.contrast_seed)
    depth = capped_distance(_solid(enhancing), _DEPTH_CAP) * np.float32(grid.step_mm)
    core = depth > settings.mass_radius_mm
    vessels = _keep_vessels(tubes, depth, core, grid.step_mm, settings)
    vessels = _grow_to_full_width(vessels, signal - centre, enhancing)
    vessels &= _distance_to(core, vessels, grid.step_mm) > settings.mass_radius_mm
    return grid.spread_mask(vessels, inside.shape) & inside


def background_level(values: np.ndarray) -> tuple[float, float]:
    """Centre and standard deviation of the unenhanced bulk of a set of values.

    The centre is the half-sample mode, which enhancing tissue on the upper side does not move;
    the deviation comes from the values below the centre only, for the same reason.

    Parameters
    ----------
    values : (N,) real

    Returns
    -------
    centre, deviation : float

    References
    ----------
    .. [1] Bickel DR, Fruehwirth R. On a fast, robust estimator of the mode. Comput Stat Data Anal
       2006;50:3500-3530. doi:10.1016/j.csda.2005.07.011
    """
    ordered = np.sort(np.asarray(values, np.float64).ravel())
    bulk = ordered
    while bulk.size > max(ordered.size // 16, 3):
        half = (bulk.size + 1) // 2
        start = int(np.argmin(bulk[half - 1 :] - bulk[: bulk.size - half + 1]))
        bulk = bulk[start : start + half]
    centre = float(np.median(bulk))
    below = centre - ordered[ordered <= centre]
    # 1.4826 makes the median absolute deviation of a Gaussian its standard deviation.
    return centre, float(1.4826 * np.median(below))


def _tube_contrast(
    signal: np.ndarray, breast: np.ndarray, enhancing: np.ndarray, settings: VesselSettings
) -> np.ndarray:
    """How far each enhancing voxel stands out as a tube, in multiples of the texture (best scale).

    Zero where the voxel is not on a tube.
    """
    where = np.argwhere(enhancing)
    usual = np.argwhere(breast)[:: max(1, np.count_nonzero(breast) // 50_000)]
    best = np.zeros(len(where), np.float32)
    for scale in settings.scales_mm:
        sigma = scale / settings.grid_step_mm
        smooth = ndimage.gaussian_filter(signal, sigma, mode="nearest", truncate=3.0)
        texture = 1.4826 * float(np.median(np.abs(_curvatures(smooth, usual)[:, 0])))
        curvature = _curvatures(smooth, where)
        largest, middle, least = curvature[:, 0], curvature[:, 1], curvature[:, 2]
        tube = (middle < 0) & (largest < 0) & (middle <= settings.roundness * largest)
        tube &= np.abs(least) < settings.straightness * -middle
        across = np.sqrt(np.maximum(largest * middle, 0))
        np.maximum(best, np.where(tube, across / max(texture, 1e-12), 0), out=best)
    contrast = np.zeros(signal.shape, np.float32)
    contrast[tuple(where.T)] = best
    return contrast


def _hysteresis(values: np.ndarray, floor: float, seed: float) -> np.ndarray:
    """Connected voxels above `floor` that hold one above `seed`."""
    labels, count = ndimage.label(values > floor, _TOUCHING)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[values > seed])] = True
    keep[0] = False
    return keep[labels]


def _solid(enhancing: np.ndarray) -> np.ndarray:
    """Enhancing tissue with what it encloses: the dead centre of a mass with rim enhancement."""
    holes = enclosed_holes(ndimage.binary_dilation(enhancing, _TOUCHING))
    labels, count = ndimage.label(holes)
    is_large = np.bincount(labels.ravel(), minlength=count + 1) >= _LEAST_HOLE
    is_large[0] = False
    # The dilation narrowed the hole by one sample; one more joins it to the rim.
    return enhancing | ndimage.binary_dilation(is_large[labels], _TOUCHING, iterations=2)


def _distance_to(target: np.ndarray, where: np.ndarray, step_mm: float) -> np.ndarray:
    """Distance in mm from the voxels of `where` to the nearest voxel of `target`, else infinity."""
    distance = np.full(where.shape, np.inf, np.float32)
    surface = np.argwhere(target & ~ndimage.binary_erosion(target))
    if len(surface) and where.any():
        nearest, _ = KDTree(surface).query(np.argwhere(where))
        distance[where] = nearest * step_mm
        distance[where & target] = 0
    return distance


def _keep_vessels(
    tubes: np.ndarray,
    depth: np.ndarray,
    core: np.ndarray,
    step_mm: float,
    settings: VesselSettings,
) -> np.ndarray:
    """Tubes that are long and thin, without those inside or sticking out of a mass."""
    away = _distance_to(core, tubes, step_mm) - np.float32(settings.mass_radius_mm)
    labels, _ = ndimage.label(tubes & (away > step_mm), _TOUCHING)
    vessels = np.zeros(tubes.shape, bool)
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == index
        width = 2 * float(depth[box][part].max())
        extent = _extent(np.argwhere(part)) * step_mm
        outside = away[box][part]
        is_spicule = outside.min() < 3 * step_mm and outside.max() < settings.spicule_mm
        is_long = extent >= max(settings.min_length_mm, settings.min_elongation * width)
        if is_long and not is_spicule:
            vessels[box] |= part
    return vessels


def _grow_to_full_width(
    vessels: np.ndarray, signal: np.ndarray, enhancing: np.ndarray
) -> np.ndarray:
    """Vessels with the neighbours that enhance at least half as much as they do."""
    nearby = ndimage.grey_dilation(np.where(vessels, signal, 0), size=(5, 5, 5))
    return vessels | (enhancing & (nearby > 0) & (signal > 0.5 * nearby))


def _extent(indices: np.ndarray) -> float:
    """Length of (N, 3) voxels along their principal axis, in voxels."""
    centred = indices - indices.mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return float(np.ptp(centred @ axis)) + 1


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _curvatures(smooth: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Principal curvatures of a volume at (N, 3) voxels, largest magnitude first, (N, 3)."""
    top = (smooth.shape[0] - 2, smooth.shape[1] - 2, smooth.shape[2] - 2)
    out = np.empty((len(where), 3), np.float32)
    for n in range(len(where)):
        # Voxels on the border use the curvature one voxel further in.
        i = min(max(where[n, 0], 1), top[0])
        j = min(max(where[n, 1], 1), top[1])
        k = min(max(where[n, 2], 1), top[2])
        v = smooth[i, j, k]
        ss = smooth[i + 1, j, k] + smooth[i - 1, j, k] - 2 * v
        rr = smooth[i, j + 1, k] + smooth[i, j - 1, k] - 2 * v
        cc = smooth[i, j, k + 1] + smooth[i, j, k - 1] - 2 * v
        sr = 0.25 * (
            (smooth[i + 1, j + 1, k] - smooth[i + 1, j - 1, k])
            - (smooth[i - 1, j + 1, k] - smooth[i - 1, j - 1, k])
        )
        sc = 0.25 * (
            (smooth[i + 1, j, k + 1] - smooth[i + 1, j, k - 1])
            - (smooth[i - 1, j, k + 1] - smooth[i - 1, j, k - 1])
        )
        rc = 0.25 * (
            (smooth[i, j + 1, k + 1] - smooth[i, j + 1, k - 1])
            - (smooth[i, j - 1, k + 1] - smooth[i, j - 1, k - 1])
        )
        out[n, 0], out[n, 1], out[n, 2] = _eigenvalues(ss, rr, cc, sr, sc, rc)
    return out


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _eigenvalues(
    ss: float, rr: float, cc: float, sr: float, sc: float, rc: float
) -> tuple[float, float, float]:
    """Eigenvalues of a symmetric 3x3 matrix in closed form, largest magnitude first."""
    mean = (ss + rr + cc) / 3
    a, b, c = ss - mean, rr - mean, cc - mean
    spread = np.sqrt((a * a + b * b + c * c + 2 * (sr * sr + sc * sc + rc * rc)) / 6)
    if spread < 1e-12 * (abs(mean) + 1e-12):
        return mean, mean, mean
    half = (a * (b * c - rc * rc) - sr * (sr * c - rc * sc) + sc * (sr * rc - b * sc)) / (
        2 * spread**3
    )
    angle = np.arccos(min(1.0, max(-1.0, half))) / 3
    x = mean + 2 * spread * np.cos(angle)
    z = mean + 2 * spread * np.cos(angle + 2 * np.pi / 3)
    y = 3 * mean - x - z
    if abs(x) < abs(y):
        x, y = y, x
    if abs(y) < abs(z):
        y, z = z, y
    if abs(x) < abs(y):
        x, y = y, x
    return x, y, z

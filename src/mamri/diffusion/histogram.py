"""Statistics of a map in a region, and the region where a lesion's map is darkest."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm
from mamri.records import GeometryError, InputError

_PERCENTILES = (5, 10, 15, 25, 50, 75, 90, 95)  # %
_ROUNDING = 1e-6  # of the largest value: a smaller spread is rounding, and has no shape


@dataclass(frozen=True, slots=True)
class MapStatistics:
    """How the values of a map are distributed in a region; NaN throughout where it is empty.

    Parameters
    ----------
    n : int
        Defined values.
    n_undefined : int
        Voxels of the region where the map is not finite.
    mean, sd : float
        In the unit of the map; the standard deviation of the values themselves (divisor n).
    median, p5, p10, p15, p25, p75, p90, p95 : float
        Percentiles, linear between neighbouring values.
    skewness : float
        Third central moment over sd^3; NaN where all values agree.
    excess_kurtosis : float
        Fourth central moment over sd^4, less 3: 0 for a normal distribution; NaN where all agree.
    entropy_bits : float
        Of the histogram, to base 2; depends on ``bin_width``.
    bin_width : float
        In the unit of the map; bins begin at multiples of it.
    """

    n: int
    n_undefined: int
    mean: float
    sd: float
    median: float
    p5: float
    p10: float
    p15: float
    p25: float
    p75: float
    p90: float
    p95: float
    skewness: float
    excess_kurtosis: float
    entropy_bits: float
    bin_width: float


@dataclass(frozen=True, slots=True)
class HistogramSettings:
    """How a histogram is made.

    Parameters
    ----------
    bin_width : float
        In the unit of the map. The default of 0.1 for an ADC in 1e-3 mm2/s is about a fifteenth of
        the range of breast tissue and below the repeatability of a lesion's mean, so that bins hold
        enough voxels of a small lesion (assumption).
    """

    bin_width: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.bin_width < math.inf:
            raise InputError(
                f"a histogram needs bins of finite width above 0, got {self.bin_width}; give it in "
                "the unit of the map"
            )


DEFAULT_HISTOGRAM = HistogramSettings()


def map_statistics(
    values: np.ndarray, mask: np.ndarray, settings: HistogramSettings = DEFAULT_HISTOGRAM
) -> MapStatistics:
    """Statistics of the defined values of a map in a region.

    Mean, standard deviation, skewness, excess kurtosis and entropy are those of the Image Biomarker
    Standardisation Initiative [1]_ (intensity-based statistics; entropy of the intensity
    histogram). Departure: bins begin at multiples of their width instead of at the lowest value of
    the region, so that histograms of several lesions share their bins.

    Parameters
    ----------
    values : (...) float
        A map, of any unit.
    mask : (...) bool
    settings : HistogramSettings

    Returns
    -------
    MapStatistics

    Raises
    ------
    GeometryError
        If map and mask differ in shape.

    References
    ----------
    .. [1] Zwanenburg A, Vallières M, Abdalah MA et al. The Image Biomarker Standardization
       Initiative: standardized quantitative radiomics for high-throughput image-based phenotyping.
       Radiology 2020;295:328-338. doi:10.1148/radiol.2020191145

    Examples
    --------
    >>> adc = np.array([1.0, 1.2, np.nan, 5.0])
    >>> found = map_statistics(adc, np.array([True, True, True, False]))
    >>> found.n, found.n_undefined, round(found.mean, 2)
    (2, 1, 1.1)
    """
    inside = _inside(values, mask)
    x = np.asarray(values)[inside].astype(np.float64)
    n_all = x.size
    x = x[np.isfinite(x)]
    nan = float("nan")
    if x.size == 0:
        p5 = p10 = p15 = p25 = median = p75 = p90 = p95 = mean = sd = entropy = nan
    else:
        p5, p10, p15, p25, median, p75, p90, p95 = np.percentile(x, _PERCENTILES).tolist()
        mean, sd = float(x.mean()), float(x.std())
        share = np.unique(np.floor(x / settings.bin_width), return_counts=True)[1] / x.size
        entropy = float(np.sum(share * np.log2(1 / share)))
    has_shape = x.size > 0 and sd > _ROUNDING * float(np.abs(x).max())
    return MapStatistics(
        n=x.size,
        n_undefined=n_all - x.size,
        mean=mean,
        sd=sd,
        median=median,
        p5=p5,
        p10=p10,
        p15=p15,
        p25=p25,
        p75=p75,
        p90=p90,
        p95=p95,
        skewness=float(np.mean(((x - mean) / sd) ** 3)) if has_shape else nan,
        excess_kurtosis=float(np.mean(((x - mean) / sd) ** 4)) - 3 if has_shape else nan,
        entropy_bits=entropy,
        bin_width=settings.bin_width,
    )


@dataclass(frozen=True, slots=True)
class DarkestSettings:
    """What counts as a region.

    Parameters
    ----------
    volume_mm3 : float, mm3
        The ball is the smallest that holds this much: about the small region of 3 to 5 mm across
        that is drawn by hand on one slice of 4 mm (assumption).
    min_voxels : int
        And at least this many voxels, so that one noisy one never decides (assumption).
    min_share : float
        Share of the ball that must be lesion, so that its edge, mixed with other tissue, does not
        decide (assumption). In a lesion without such a ball the fullest ones count.
    """

    volume_mm3: float = 60.0
    min_voxels: int = 3
    min_share: float = 0.9

    def __post_init__(self) -> None:
        if not (0 < self.volume_mm3 < math.inf and self.min_voxels >= 1 and self.min_share <= 1):
            raise InputError(
                "the darkest region needs a finite volume above 0, at least 1 voxel and a share of "
                f"at most 1, got {self.volume_mm3}, {self.min_voxels} and {self.min_share}; "
                "give the volume in mm3"
            )


DEFAULT_DARKEST = DarkestSettings()


@dataclass(frozen=True, slots=True)
class DarkestRegion:
    """The compact part of a lesion whose mean is lowest.

    Parameters
    ----------
    mean : float
        In the unit of the map; NaN where the lesion has no defined voxel.
    centre : (slice, row, column) or None
        Middle voxel of the ball; it belongs to the lesion.
    n_voxels : int
        Voxels averaged.
    volume_mm3 : float, mm3
        Their volume.
    ball_mm3 : float, mm3
        Volume of the whole ball.
    """

    mean: float
    centre: tuple[int, int, int] | None
    n_voxels: int
    volume_mm3: float
    ball_mm3: float


def darkest_region(
    values: np.ndarray,
    lesion: np.ndarray,
    affine: np.ndarray,
    settings: DarkestSettings = DEFAULT_DARKEST,
) -> DarkestRegion:
    """Lowest mean of a map over a ball of stated volume inside a lesion.

    The consensus of breast diffusion imaging measures a small region on the darkest part of the
    lesion [1]_, drawn by hand. Here a ball is put on every voxel of the lesion and the lowest of
    the means is taken. The ball consists of all voxels whose middle lies within a radius in mm, the
    smallest radius that gives the volume, so it is round on anisotropic voxels, lies in one plane
    where slices are thick, and does not depend on how the image is stored. Only defined voxels of
    the lesion are averaged, and they must be a share of the ball (`DarkestSettings`).

    A mean over a fixed volume was preferred to a low percentile, whose voxels may lie anywhere, and
    to the minimum, which is noise. The lowest of many means still lies below the true lowest; more
    so in larger lesions and noisier maps.

    Necrosis, fat and voxels without enhancement are the caller's to leave out of the mask; fat is
    dark too.

    Parameters
    ----------
    values : (S, R, C) float
        A map, as a rule the ADC in 1e-3 mm2/s.
    lesion : (S, R, C) bool
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    settings : DarkestSettings

    Returns
    -------
    DarkestRegion

    Raises
    ------
    GeometryError
        If map and mask differ in shape or are not three-dimensional.

    References
    ----------
    .. [1] Baltzer P, Mann RM, Iima M et al. Diffusion-weighted imaging of the breast: a consensus
       and mission statement from the EUSOBI International Breast Diffusion-Weighted Imaging working
       group. Eur Radiol 2020;30:1436-1450. doi:10.1007/s00330-019-06510-3

    Examples
    --------
    >>> adc = np.full((3, 9, 9), 1.5)
    >>> adc[1, 2:5, 2:5] = 0.9
    >>> affine = np.diag([4.0, 2.0, 2.0, 1.0])
    >>> found = darkest_region(adc, np.ones(adc.shape, bool), affine)
    >>> round(found.mean, 2), found.centre, found.n_voxels
    (0.9, (1, 3, 3), 5)
    """
    inside = _inside(values, lesion)
    if inside.ndim != 3:
        raise GeometryError(
            f"the darkest region needs axes (slice, row, column), got shape {inside.shape}; "
            "give one map"
        )
    spacing = spacing_mm(affine)
    voxel_mm3 = float(abs(np.linalg.det(np.asarray(affine, np.float64)[:3, :3])))
    ball = _ball(spacing, voxel_mm3, settings)
    ball_mm3 = float(ball.sum()) * voxel_mm3
    defined = inside & np.isfinite(values)
    boxes = ndimage.find_objects(defined.astype(np.uint8))
    if not boxes:
        return DarkestRegion(float("nan"), None, 0, 0.0, ball_mm3)
    box = boxes[0]
    chosen = defined[box]
    level = float(np.mean(values[box][chosen], dtype=np.float64))
    # From the mean, so that sums round off the same whatever the unit.
    centred = np.where(chosen, values[box] - level, 0.0)
    counts = ndimage.correlate(chosen.astype(np.float64), ball.astype(np.float64), mode="constant")
    sums = ndimage.correlate(centred, ball.astype(np.float64), mode="constant")
    counts = np.where(chosen, np.rint(counts), 0.0)
    needed = min(max(settings.min_share * ball.sum(), 1.0), float(counts.max()))
    means = np.full(counts.shape, np.inf)
    np.divide(sums, counts, out=means, where=counts >= needed)
    at = np.unravel_index(int(np.argmin(means)), means.shape)
    n_voxels = int(counts[at])
    return DarkestRegion(
        mean=level + float(means[at]),
        centre=(
            int(at[0] + box[0].start),
            int(at[1] + box[1].start),
            int(at[2] + box[2].start),
        ),
        n_voxels=n_voxels,
        volume_mm3=n_voxels * voxel_mm3,
        ball_mm3=ball_mm3,
    )


def _ball(
    spacing: tuple[float, float, float], voxel_mm3: float, settings: DarkestSettings
) -> np.ndarray:
    """Voxels within the smallest radius that gives the volume; bool, odd in every axis."""
    wanted = max(settings.min_voxels, math.ceil(settings.volume_mm3 / voxel_mm3 - 1e-9))
    farthest = 2 * ((wanted * voxel_mm3) ** (1 / 3) + max(spacing))  # more than the radius
    reach = [min(wanted, math.ceil(farthest / step)) for step in spacing]
    axes = np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")
    distance = np.sqrt(sum((axis * step) ** 2 for axis, step in zip(axes, spacing, strict=True)))
    radius = np.sort(distance, axis=None)[min(wanted, distance.size) - 1]
    ball = distance <= radius * (1 + 1e-6)  # whole shells: no direction is preferred
    return ball[ndimage.find_objects(ball.astype(np.uint8))[0]]


def _inside(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    inside = np.asarray(mask, bool)
    if np.shape(values) != inside.shape:
        raise GeometryError(
            f"a mask must be on the grid of its map, {np.shape(values)}, got {inside.shape}; "
            "resample it first with geometry.resample_like()"
        )
    return inside

"""Enhancement inside the breasts on a working grid, with the levels it is judged by."""

from dataclasses import dataclass

import numpy as np

from mamri.findings.settings import DetectionSettings
from mamri.geometry import to_index
from mamri.records import Anatomy, DynamicSeries
from mamri.segmentation.capped_distance import capped_distance
from mamri.segmentation.enclosed_holes import enclosed_holes
from mamri.segmentation.isotropic_grid import IsotropicGrid, isotropic_grid
from mamri.segmentation.vessels import background_level

# Around the breasts, so that what enhances behind them can be told from what is in them; mm.
_MARGIN_MM = 12.0
# Baselines below this share of the median baseline of fibroglandular tissue are raised to it, so
# that percent enhancement of suppressed fat is not a quotient of two noises. Assumption, after the
# 60 % baseline limit of the functional tumor volume.
_BASELINE_SHARE = 0.6
# Fibroglandular tissue below this share of the breast says nothing about the background, and all
# of the breast is used instead. Assumption.
_LEAST_GLAND = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class SearchRegion:
    """What does not change between phases, on one working grid.

    Parameters
    ----------
    grid : IsotropicGrid
    baseline : float32, a.u.
        Mean of the pre-contrast phases, smoothed.
    breast, body, vessels : bool
    inside : bool
        Breast without skin and vessels.
    gland : bool
        Tissue that stands for the background.
    air_mm : float32, mm
        Distance to the nearest air, a little more than the thickness of the skin at most.
    nipples : (N, 3) float, samples
        Tips on the working grid.
    """

    grid: IsotropicGrid
    baseline: np.ndarray
    breast: np.ndarray
    body: np.ndarray
    vessels: np.ndarray
    inside: np.ndarray
    gland: np.ndarray
    air_mm: np.ndarray
    nipples: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class EnhancementLevels:
    """Enhancement at one phase, and its thresholds.

    Parameters
    ----------
    region : SearchRegion
    signal : float32, a.u.
        Subtraction above that of unenhanced tissue.
    percent : float32, %
        The same over the baseline, where that is not too low.
    edge, seed : bool
        Whether a voxel may belong to a finding, and whether it may start one; everywhere in the
        body, not only in the breasts.
    noise : float, a.u.
        Standard deviation of the subtraction in unenhanced tissue.
    background, background_sd : float, %
        Enhancement of fibroglandular tissue and its spread.
    seed_percent : float, %
        Enhancement that a seed needs.
    """

    region: SearchRegion
    signal: np.ndarray
    percent: np.ndarray
    edge: np.ndarray
    seed: np.ndarray
    noise: float
    background: float
    background_sd: float
    seed_percent: float


def search_region(
    series: DynamicSeries, anatomy: Anatomy, *, vessels: np.ndarray, settings: DetectionSettings
) -> SearchRegion:
    """Sample masks and baseline onto the working grid.

    Parameters
    ----------
    series : DynamicSeries
        With at least one phase before contrast.
    anatomy : Anatomy
        With a breast, on the grid of the series.
    vessels : (S, R, C) bool
    settings : DetectionSettings

    Returns
    -------
    SearchRegion
    """
    grid = isotropic_grid(
        anatomy.breast, anatomy.affine, step_mm=settings.grid_step_mm, margin_mm=_MARGIN_MM
    )
    baseline = grid.sample(series.array[0], smoothing_mm=settings.smoothing_mm)
    for index in range(1, series.n_pre):
        baseline += grid.sample(series.array[index], smoothing_mm=settings.smoothing_mm)
    baseline /= np.float32(series.n_pre)
    breast = grid.sample_mask(anatomy.breast) > 0
    body = grid.sample_mask(anatomy.body) | breast
    body |= enclosed_holes(body)  # dark tissue in the body has no skin around it
    vessel = grid.sample_mask(vessels)
    cap = int(np.ceil(settings.skin_mm / grid.step_mm)) + 3
    air_mm = capped_distance(body, cap) * np.float32(grid.step_mm)
    inside = breast & (air_mm > settings.skin_mm) & ~vessel & ~grid.sample_mask(anatomy.skin)
    if not inside.any():
        inside = breast
    gland = grid.sample_mask(anatomy.fibroglandular) & inside
    if np.count_nonzero(gland) < _LEAST_GLAND * np.count_nonzero(inside):
        gland = inside
    corner = np.array([part.start for part in grid.box])
    tips = [to_index(anatomy.affine, np.array(p)) for p in anatomy.nipples_mm_lps.values()]
    nipples = (np.array(tips, float).reshape(-1, 3) - corner) / np.array(grid.step)
    return SearchRegion(grid, baseline, breast, body, vessel, inside, gland, air_mm, nipples)


def enhancement_levels(
    series: DynamicSeries,
    phase: int,
    region: SearchRegion,
    *,
    settings: DetectionSettings,
    already_searched: np.ndarray | None = None,
) -> EnhancementLevels:
    """Enhancement at one phase with the thresholds of this exam.

    Each threshold is the strictest of three: a fixed percent enhancement, the exam's own
    background enhancement plus its spread, and the noise of the subtraction.

    Parameters
    ----------
    series : DynamicSeries
    phase : int
        Phase that is subtracted.
    region : SearchRegion
    settings : DetectionSettings
    already_searched : bool, optional
        Given in the late search: candidates of the first one, which say nothing about the
        background. Late thresholds are stricter.

    Returns
    -------
    EnhancementLevels
    """
    signal = region.grid.sample(series.array[phase], smoothing_mm=settings.smoothing_mm)
    signal -= region.baseline
    centre, noise = background_level(signal[region.inside])
    signal -= np.float32(centre)
    floor = max(_BASELINE_SHARE * float(np.median(region.baseline[region.gland])), 1e-6)
    percent = 100 * signal / np.maximum(region.baseline, np.float32(floor))
    gland = region.gland if already_searched is None else region.gland & ~already_searched
    values = percent[gland if gland.any() else region.gland]
    background, sd = _background(values)
    edge_percent = max(
        settings.edge_enhancement_percent, background + settings.edge_background * sd
    )
    seed_percent = max(settings.min_enhancement_percent, background + settings.seed_background * sd)
    if already_searched is not None:
        usual = float(np.percentile(values, settings.late_percentile))
        seed_percent = max(seed_percent, settings.late_enhancement_percent, usual)
    edge = region.body & (percent > edge_percent) & (signal > settings.edge_noise * noise)
    seed = edge & (percent > seed_percent) & (signal > settings.seed_noise * noise)
    return EnhancementLevels(
        region, signal, percent, edge, seed, noise, background, sd, seed_percent
    )


def _background(percent: np.ndarray) -> tuple[float, float]:
    """Enhancement of tissue that is mostly background: its mode, and a spread.

    A lesion may fill a third of the gland and lie above the mode; fat that was taken for gland
    lies below it. So the spread is the least of the median absolute deviation about the mode over
    all values, that of the values above it, and twice that of those below it.
    """
    centre, below = background_level(percent)
    away = np.abs(percent - centre)
    around = 1.4826 * float(np.median(away))
    above = 1.4826 * float(np.median(away[percent >= centre]))
    return centre, min(around, above, 2 * below)

"""Features of one image in one region: the door that the reference values are reached through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mamri.radiomics.cooccurrence import cooccurrence_features
from mamri.radiomics.discretise import discretise
from mamri.radiomics.extraction_settings import ExtractionSettings
from mamri.radiomics.feature_registry import (
    FEATURES,
    TEXTURE_FAMILIES,
    FeatureFamily,
    feature_keys,
)
from mamri.radiomics.intensity_statistics import histogram_statistics, intensity_statistics
from mamri.radiomics.local_intensity import PEAK_RADIUS_MM, local_intensity
from mamri.radiomics.neighbourhood import neighbourhood_features
from mamri.radiomics.region_grid import RegionGrid, region_grid, sample_image
from mamri.radiomics.run_lengths import run_length_features
from mamri.radiomics.shape import shape_features, spatial_features
from mamri.radiomics.volume_histogram import volume_histogram
from mamri.radiomics.zones import zone_features
from mamri.records import Status


@dataclass(frozen=True, slots=True)
class ExtractedFeatures:
    """Features of one image in one region.

    Parameters
    ----------
    status : Status
        ``undefined`` where a family could not be computed.
    reason : str
        Why features are missing, in words that go on after the region is named; empty where none.
    n_voxels : int
        Voxels that the intensities came from.
    values : mapping of str to float or None
        By the keys of the registry, all of the families asked for; None where undefined.
    """

    status: Status
    reason: str
    n_voxels: int
    values: Mapping[str, float | None]


def extract_features(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    settings: ExtractionSettings,
    families: tuple[FeatureFamily, ...] = tuple(FeatureFamily),
) -> ExtractedFeatures:
    """IBSI features of one image in one region.

    Parameters
    ----------
    image : (S, R, C) real
        Values that are not finite are unknown.
    mask : (S, R, C) bool
        The region, at least one voxel.
    spacing_mm : (slice, row, column), mm
    settings : ExtractionSettings
    families : tuple of FeatureFamily

    Returns
    -------
    ExtractedFeatures

    Raises
    ------
    GeometryError
        If image and mask differ in shape, or the mask is empty.

    References
    ----------
    .. [1] Zwanenburg A, Vallières M, Abdalah MA et al. The Image Biomarker Standardization
       Initiative: standardized quantitative radiomics for high-throughput image-based phenotyping.
       Radiology 2020;295:328-338. doi:10.1148/radiol.2020191145
    """
    margin = PEAK_RADIUS_MM if FeatureFamily.LOCAL in families else 0.0
    grid = region_grid(mask, spacing_mm, settings.spacing_mm, margin_mm=margin)
    return features_on_grid(image, grid, settings, families)


def features_on_grid(
    image: np.ndarray,
    grid: RegionGrid,
    settings: ExtractionSettings,
    families: tuple[FeatureFamily, ...],
) -> ExtractedFeatures:
    """The same on a grid that serves several images; see `extract_features`.

    For ``local`` features the grid needs a margin of `PEAK_RADIUS_MM`.
    """
    where = np.ones_like(grid.mask) if FeatureFamily.LOCAL in families else grid.mask
    sampled = sample_image(grid, image, where)
    if settings.round_to_integer:
        sampled = np.rint(sampled)
    with np.errstate(invalid="ignore"):
        inside = grid.mask & (sampled >= settings.lowest) & (sampled <= settings.highest)
    values = sampled[inside]
    needed = set(families) - {FeatureFamily.SHAPE}
    found: dict[FeatureFamily, dict[str, float]] = {}
    reason = ""
    if FeatureFamily.SHAPE in families:
        found[FeatureFamily.SHAPE] = shape_features(grid.mask, grid.spacing_mm)
    if needed and values.size == 0:
        reason = "no voxel of it has a value within the range"
        needed.clear()
    n = min(values.size, grid.n_acquired)
    if needed.intersection(TEXTURE_FAMILIES) and n < settings.min_texture_voxels:
        reason = f"{n} voxels are too few for texture, which needs {settings.min_texture_voxels}"
        needed.difference_update(TEXTURE_FAMILIES)
    if needed:
        levels = np.zeros(grid.mask.shape, np.int32)
        levels[inside] = discretise(values, settings)
        found |= _compute(needed, sampled, inside, levels, grid, settings)
    return _collect(found, families, reason, int(values.size))


def _compute(
    needed: set[FeatureFamily],
    sampled: np.ndarray,
    inside: np.ndarray,
    levels: np.ndarray,
    grid: RegionGrid,
    settings: ExtractionSettings,
) -> dict[FeatureFamily, dict[str, float]]:
    """Features of the families needed, by the names of the registry."""
    f, way, step = FeatureFamily, settings.aggregation, grid.spacing_mm
    values, level_values = sampled[inside], levels[inside]
    one: dict[FeatureFamily, Callable[[], dict[str, float]]] = {
        f.SPATIAL: lambda: spatial_features(sampled, inside, grid.mask, step),
        f.LOCAL: lambda: local_intensity(sampled, inside, step),
        f.STATISTICS: lambda: intensity_statistics(values),
        f.HISTOGRAM: lambda: histogram_statistics(level_values),
        f.VOLUME_HISTOGRAM: lambda: volume_histogram(values, settings),
        f.COOCCURRENCE: lambda: cooccurrence_features(levels, way),
        f.RUN_LENGTH: lambda: run_length_features(levels, way),
    }
    found = {family: compute() for family, compute in one.items() if family in needed}
    # One pass over the zones, and one over the neighbours, serves two families each.
    if needed & {f.SIZE_ZONE, f.DISTANCE_ZONE}:
        found[f.SIZE_ZONE], found[f.DISTANCE_ZONE] = zone_features(levels, grid.mask, way)
    if needed & {f.TONE_DIFFERENCE, f.DEPENDENCE}:
        found[f.TONE_DIFFERENCE], found[f.DEPENDENCE] = neighbourhood_features(levels, way)
    return found


def _collect(
    found: Mapping[FeatureFamily, Mapping[str, float]],
    families: tuple[FeatureFamily, ...],
    reason: str,
    n_voxels: int,
) -> ExtractedFeatures:
    values: dict[str, float | None] = dict.fromkeys(feature_keys(families))
    n_undefined = 0
    for family, features in found.items():
        for feature in FEATURES[family]:
            value = features[feature.name]
            if feature.key not in values:
                continue
            if np.isfinite(value):
                values[feature.key] = float(value)
            else:
                n_undefined += 1
    if n_undefined and not reason:
        reason = f"its voxels leave {n_undefined} features undefined"
    status = Status.UNDEFINED if reason else Status.OK
    return ExtractedFeatures(status, reason, n_voxels, values)

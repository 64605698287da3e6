"""Features of all images of an exam in one region."""

from collections.abc import Mapping

import numpy as np

from mamri.radiomics.extract_features import features_on_grid
from mamri.radiomics.extraction_settings import ExtractionSettings
from mamri.radiomics.feature_registry import FeatureFamily, feature_keys
from mamri.radiomics.local_intensity import PEAK_RADIUS_MM
from mamri.radiomics.radiomics_settings import RadiomicsSettings
from mamri.radiomics.region_grid import RegionGrid, region_grid
from mamri.records import GeometryError, RegionFeatures, Status


def region_features(
    region: str,
    mask: np.ndarray,
    images: Mapping[str, np.ndarray],
    spacing_mm: tuple[float, float, float],
    settings: RadiomicsSettings,
    families: tuple[FeatureFamily, ...],
) -> tuple[RegionFeatures, ...]:
    """Features of every image of the settings in one region.

    Parameters
    ----------
    region : str
        Its name in the result.
    mask : (S, R, C) bool
        May be empty: then nothing has a value, and the reason says so.
    images : mapping of str to (S, R, C) real
        Those that the exam has, on the grid of the mask.
    spacing_mm : (slice, row, column), mm
    settings : RadiomicsSettings
    families : tuple of FeatureFamily

    Returns
    -------
    tuple of RegionFeatures
        The form of the region first, as the image ``mask``, then the images in the order of the
        settings, whether the exam has them or not.
    """
    grids: dict[float | None, RegionGrid | None] = {}
    margin = PEAK_RADIUS_MM if FeatureFamily.LOCAL in families else 0.0

    def measure(
        name: str,
        image: np.ndarray | None,
        how: ExtractionSettings,
        what: tuple[FeatureFamily, ...],
    ) -> RegionFeatures:
        nothing = dict.fromkeys(feature_keys(what))
        if image is None:
            reason = "the exam has no such image"
            return RegionFeatures(region, name, Status.NOT_COMPUTED, reason, 0, nothing)
        if how.spacing_mm not in grids:
            grids[how.spacing_mm] = _grid(mask, spacing_mm, how.spacing_mm, margin)
        grid = grids[how.spacing_mm]
        if grid is None:
            reason = "no voxel lies in it" if not mask.any() else "it is smaller than a voxel"
            return RegionFeatures(region, name, Status.UNDEFINED, reason, 0, nothing)
        found = features_on_grid(image, grid, how, what)
        return RegionFeatures(
            region, name, found.status, found.reason, found.n_voxels, found.values
        )

    parts = []
    if FeatureFamily.SHAPE in families and settings.images:
        first = next(iter(settings.images.values()))
        parts.append(measure("mask", mask, first, (FeatureFamily.SHAPE,)))
    rest = tuple(family for family in families if family is not FeatureFamily.SHAPE)
    parts += [measure(name, images.get(name), how, rest) for name, how in settings.images.items()]
    return tuple(parts)


def _grid(
    mask: np.ndarray, spacing_mm: tuple[float, float, float], new: float | None, margin_mm: float
) -> RegionGrid | None:
    """None where the region holds no voxel of the grid."""
    try:
        return region_grid(mask, spacing_mm, new, margin_mm=margin_mm)
    except GeometryError:
        return None

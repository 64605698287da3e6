"""The intensity-volume histogram: which share of a region is at least so bright."""

import numpy as np

from mamri.radiomics.discretise import fixed_number, fixed_width
from mamri.radiomics.extraction_settings import ExtractionSettings


def volume_histogram(values: np.ndarray, settings: ExtractionSettings) -> dict[str, float]:
    """Volume at 10 and 90 % of the intensities, intensity at 10 and 90 % of the volume.

    Parameters
    ----------
    values : (V,) float
        Intensities of the region.
    settings : ExtractionSettings

    Returns
    -------
    dict of str to float
        Volumes as fractions of the region. Intensities in the unit of the image, as levels where
        the histogram has a fixed number of bins.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.5 (P88C). With bins of a fixed width
       an intensity is that of the middle of its bin.
    """
    level, first, step = _levels(values, settings)
    n_levels = int(level.max())
    if settings.histogram_bins is None and np.isfinite(settings.highest):
        n_levels = max(n_levels, round((settings.highest - first) / step) + 1)
    counts = np.bincount(level, minlength=n_levels + 1)[1 : n_levels + 1]
    # Share of the region at or above each level.
    share = counts[::-1].cumsum()[::-1] / level.size
    intensity = first + step * np.arange(n_levels)
    place = np.linspace(0, 1, n_levels) if n_levels > 1 else np.ones(1)

    def volume_at(percent: int) -> float:
        return float(share[place >= percent / 100].max())

    def intensity_at(percent: int) -> float:
        bright = share <= percent / 100
        if bright.any():
            return float(intensity[bright].min())
        return float(intensity[-1] + step)  # all of the region is brighter

    v10, v90, i10, i90 = volume_at(10), volume_at(90), intensity_at(10), intensity_at(90)
    return {
        "volume_at_intensity_10": v10,
        "volume_at_intensity_90": v90,
        "intensity_at_volume_10": i10,
        "intensity_at_volume_90": i90,
        "volume_difference": v10 - v90,
        "intensity_difference": i10 - i90,
    }


def _levels(values: np.ndarray, settings: ExtractionSettings) -> tuple[np.ndarray, float, float]:
    """Levels from 1, the intensity of the first and the step between two."""
    lowest = settings.lowest if np.isfinite(settings.lowest) else float(values.min())
    if settings.histogram_bins is not None:
        return fixed_number(values, settings.histogram_bins), 1.0, 1.0
    if settings.histogram_width is not None:
        width = settings.histogram_width
        return fixed_width(values, lowest, width), lowest + width / 2, width
    return fixed_width(values, lowest, 1.0), lowest, 1.0

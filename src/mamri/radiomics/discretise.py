"""Grey levels of a region from its intensities."""

import numpy as np

from mamri.radiomics.extraction_settings import ExtractionSettings


def discretise(values: np.ndarray, settings: ExtractionSettings) -> np.ndarray:
    """Grey level of every voxel of a region.

    A fixed number of bins is ``floor(N (x - min) / (max - min)) + 1``, the highest value in the
    last bin; a fixed width is ``floor((x - lowest) / width) + 1`` [1]_.

    Parameters
    ----------
    values : (V,) float
        Intensities of the region, all finite and within the range of the settings.
    settings : ExtractionSettings

    Returns
    -------
    (V,) int32, from 1

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 2.7 (K15C fixed bin number, Q3RU fixed
       bin size).

    Examples
    --------
    >>> discretise(np.array([0.0, 0.4, 1.0]), ExtractionSettings(n_bins=2)).tolist()
    [1, 1, 2]
    """
    if settings.bin_width is not None:
        return fixed_width(values, settings.lowest, settings.bin_width)
    assert settings.n_bins is not None  # checked by the settings
    return fixed_number(values, settings.n_bins)


def fixed_number(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Grey levels between the lowest and the highest value, ``n_bins`` of them; all 1 if equal."""
    low, high = values.min(), values.max()
    if not high > low:
        return np.ones(values.shape, np.int32)
    level = np.floor(n_bins * ((values - low) / (high - low))).astype(np.int32) + 1
    return np.minimum(level, np.int32(n_bins))


def fixed_width(values: np.ndarray, lowest: float, width: float) -> np.ndarray:
    """Grey levels of bins of one width, the first of which starts at ``lowest``."""
    return np.asarray(np.floor((values - lowest) / width).astype(np.int32) + 1)

"""Which features are computed of which images, where, and how."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mamri.radiomics.extraction_settings import ExtractionSettings
from mamri.radiomics.feature_registry import TEXTURE_FAMILIES, FeatureFamily
from mamri.records import InputError

# Phases in arbitrary units: a fixed number of bins. Maps in physical units: bins of a fixed width
# from a fixed start, so that one grey level is the same enhancement in every woman. All widths are
# assumptions, chosen for 16 to 64 levels in a usual lesion: (lowest, highest, width).
PHASES = ("pre", "first_post", "late")
_MAP_BINS = {
    "percent_enhancement": (-50.0, 1000.0, 5.0),  # %
    "peak_enhancement": (-50.0, 1000.0, 5.0),  # %
    "signal_enhancement_ratio": (0.0, 4.0, 0.025),
    "washout": (-60.0, 120.0, 2.0),  # %
    "time_to_peak": (0.0, 3000.0, 15.0),  # s
    "wash_in_slope": (-50.0, 1000.0, 5.0),  # %/min
    "wash_out_slope": (-30.0, 60.0, 0.5),  # %/min
    "ktrans": (0.0, 3.0, 0.02),  # per minute
    "kep": (0.0, 10.0, 0.05),  # per minute
    "ve": (0.0, 1.0, 0.02),
    "vp": (0.0, 1.0, 0.01),
    "adc": (0.0, 4.0, 0.05),  # 1e-3 mm2/s
}


def default_images() -> dict[str, ExtractionSettings]:
    """Settings of every image that features are computed of."""
    phases = {name: ExtractionSettings() for name in PHASES}
    maps = {
        name: ExtractionSettings(lowest=low, highest=high, n_bins=None, bin_width=width)
        for name, (low, high, width) in _MAP_BINS.items()
    }
    return phases | maps


def _lesion_families() -> tuple[FeatureFamily, ...]:
    return (
        FeatureFamily.SHAPE,
        FeatureFamily.SPATIAL,
        FeatureFamily.STATISTICS,
        *TEXTURE_FAMILIES,
    )


def _surrounding_families() -> tuple[FeatureFamily, ...]:
    return (FeatureFamily.STATISTICS, FeatureFamily.COOCCURRENCE)


@dataclass(frozen=True, slots=True)
class RadiomicsSettings:
    """Which features are computed of which images, where, and how.

    Parameters
    ----------
    images : mapping of str to ExtractionSettings
        Phases ``pre`` (the last one before contrast), ``first_post`` (the one in which lesions are
        looked for, nearest to 90 s after the injection) and ``late``, in 32 bins; maps by their
        names in ``OUT/maps``, in bins of a fixed width and within a fixed range, see
        `default_images`. Those that an exam lacks have no values.
    lesion_families : tuple of FeatureFamily
        ``shape``, ``spatial``, ``stat`` and the six of texture. ``local``, ``hist`` and ``ivh`` say
        little more and are left out.
    surrounding_families : tuple of FeatureFamily
        Of the ring and of the tissue: ``stat`` and ``glcm``.
    ring_mm : float, mm
        Thickness of the ring around a lesion, inside the breast without its skin and outside other
        lesions. Assumption: 5, the middle of the 1 to 9 mm that are tried for breast MRI [1]_.

    References
    ----------
    .. [1] Chen Y, You L, Huang Y et al. MRI-based peritumoral radiomics for predicting recurrence
       risk in ER+/HER2- breast cancer. BMC Med Imaging 2026;26:83.
       doi:10.1186/s12880-026-02153-1
    """

    images: Mapping[str, ExtractionSettings] = field(default_factory=default_images)
    lesion_families: tuple[FeatureFamily, ...] = field(default_factory=_lesion_families)
    surrounding_families: tuple[FeatureFamily, ...] = field(default_factory=_surrounding_families)
    ring_mm: float = 5.0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.images) - {*PHASES, *_MAP_BINS})
        if unknown:
            raise InputError(
                f"images named {', '.join((*PHASES, *_MAP_BINS))} were needed, got "
                f"{', '.join(unknown)}; take these out of the settings"
            )
        if not (self.ring_mm > 0 and math.isfinite(self.ring_mm)):
            raise InputError(f"a ring of more than 0 mm was needed, got {self.ring_mm}")

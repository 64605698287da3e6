"""Diffusion of water: ADC, intravoxel incoherent motion, kurtosis, and their statistics.

Every function takes signals with the b-values first and b-values in s/mm2; coefficients are in 1e-3
mm2/s throughout.
"""

from mamri.diffusion.adc import PERFUSION_FREE_MIN_B, AdcMaps, AdcSettings, adc_maps
from mamri.diffusion.consensus_levels import CONSENSUS_LEVELS, DiffusionLevel, diffusion_level
from mamri.diffusion.exam_diffusion import (
    DiffusionSettings,
    ExamDiffusion,
    exam_diffusion,
    finding_diffusion,
)
from mamri.diffusion.histogram import (
    DarkestRegion,
    DarkestSettings,
    HistogramSettings,
    MapStatistics,
    darkest_region,
    map_statistics,
)
from mamri.diffusion.ivim import (
    IvimMaps,
    IvimSettings,
    IvimStatus,
    segmented_ivim,
    variable_projection_ivim,
)
from mamri.diffusion.kurtosis import KurtosisMaps, KurtosisSettings, kurtosis_maps
from mamri.diffusion.samples import FitWeights
from mamri.diffusion.synthetic_b_value import synthetic_b_value

__all__ = [
    "CONSENSUS_LEVELS",
    "PERFUSION_FREE_MIN_B",
    "AdcMaps",
    "AdcSettings",
    "DarkestRegion",
    "DarkestSettings",
    "DiffusionLevel",
    "DiffusionSettings",
    "ExamDiffusion",
    "FitWeights",
    "HistogramSettings",
    "IvimMaps",
    "IvimSettings",
    "IvimStatus",
    "KurtosisMaps",
    "KurtosisSettings",
    "MapStatistics",
    "adc_maps",
    "darkest_region",
    "diffusion_level",
    "exam_diffusion",
    "finding_diffusion",
    "kurtosis_maps",
    "map_statistics",
    "segmented_ivim",
    "synthetic_b_value",
    "variable_projection_ivim",
]

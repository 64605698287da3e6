"""Where the breasts, their tissues and their vessels are."""

from mamri.segmentation.anatomy import AnatomySettings, segment_anatomy
from mamri.segmentation.density import (
    DensityCutOffs,
    density_category,
    density_percent,
    density_provenance,
)
from mamri.segmentation.fat_suppression import find_fat_suppression, is_fat_suppressed
from mamri.segmentation.vessels import VesselSettings, segment_vessels

__all__ = [
    "AnatomySettings",
    "DensityCutOffs",
    "VesselSettings",
    "density_category",
    "density_percent",
    "density_provenance",
    "find_fat_suppression",
    "is_fat_suppressed",
    "segment_anatomy",
    "segment_vessels",
]

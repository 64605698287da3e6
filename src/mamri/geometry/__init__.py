"""Grids in patient space: affines, anatomical order, resampling."""

from mamri.geometry.affines import (
    affine_from_axes,
    slice_plane,
    spacing_mm,
    to_index,
    to_lps,
    voxel_volume_ml,
)
from mamri.geometry.exam_order import to_anatomical
from mamri.geometry.orientation import Orientation, anatomical_orientation

__all__ = [
    "Orientation",
    "affine_from_axes",
    "anatomical_orientation",
    "slice_plane",
    "spacing_mm",
    "to_anatomical",
    "to_index",
    "to_lps",
    "voxel_volume_ml",
]

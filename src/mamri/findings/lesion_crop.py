"""Cubes around findings, for networks that learn from images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mamri.geometry.resample import Grid, Interpolation, resample_like
from mamri.records import (
    Finding,
    InputError,
    IntensityLandmarks,
    LabelMap,
    LesionCrop,
    Volume,
)


@dataclass(frozen=True, slots=True)
class CropSettings:
    """Size of the cubes.

    Parameters
    ----------
    side_mm : float, mm
        Assumption: 64, which holds nine cancers in ten with some surroundings.
    spacing_mm : float, mm
        Assumption: 1.
    """

    side_mm: float = 64.0
    spacing_mm: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.spacing_mm <= self.side_mm:
            raise InputError(
                "a crop needs a side of at least one voxel, got "
                f"{self.side_mm:g} mm in voxels of {self.spacing_mm:g} mm; give sizes in mm"
            )


def cut_crops(
    findings: Sequence[Finding],
    lesions: LabelMap,
    images: Mapping[str, Volume],
    landmarks: Mapping[str, IntensityLandmarks],
    settings: CropSettings | None = None,
) -> tuple[LesionCrop, ...]:
    """Cut a cube around every finding out of the images of an exam.

    Parameters
    ----------
    findings : sequence of Finding
    lesions : LabelMap
        Value = finding id, in anatomical order.
    images : mapping of str to Volume
        As in `LesionCrop`; each on its own grid.
    landmarks : mapping of str to IntensityLandmarks
    settings : CropSettings, optional

    Returns
    -------
    tuple of LesionCrop
        Slices run from feet to head, rows from front to back, columns from right to left. Values
        between voxel centres are interpolated linearly, and nothing is averaged: noise is kept.
    """
    settings = settings or CropSettings()
    n = max(1, round(settings.side_mm / settings.spacing_mm))
    crops = []
    for finding in findings:
        grid = _cube(np.array(finding.centroid_mm_lps), n, settings.spacing_mm)
        own = Volume((lesions.array == finding.id).astype(np.uint8), lesions.affine)
        mask = resample_like(own, grid, interpolation=Interpolation.NEAREST).array > 0
        cut = {
            name: resample_like(image, grid).array.astype(np.float32)
            for name, image in images.items()
        }
        cut = {name: np.nan_to_num(array) for name, array in cut.items()}
        crops.append(
            LesionCrop(finding.id, finding.side, settings.spacing_mm, cut, mask, dict(landmarks))
        )
    return tuple(crops)


def _cube(centre_mm: np.ndarray, n: int, spacing_mm: float) -> Grid:
    """Grid of n voxels a side around a point: slices to the head, rows back, columns left."""
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = spacing_mm
    affine[3, 3] = 1
    affine[:3, 3] = centre_mm - spacing_mm * (n - 1) / 2
    return Grid((n, n, n), affine)

"""What is said of each breast as a whole."""

from collections.abc import Mapping

import numpy as np

from mamri.geometry import voxel_volume_ml
from mamri.kinetics import ParenchymalEnhancement
from mamri.records import Anatomy, BreastMeasurement, Coverage, Laterality
from mamri.segmentation import DensityCutOffs, density_category, density_percent


def measure_breasts(
    anatomy: Anatomy,
    parenchyma: Mapping[Laterality, ParenchymalEnhancement],
    cut_offs: DensityCutOffs,
) -> tuple[BreastMeasurement, ...]:
    """Volume, fibroglandular tissue, density and background enhancement of each breast found.

    Returns
    -------
    tuple of BreastMeasurement
        Right first.
    """
    voxel_ml = voxel_volume_ml(anatomy.affine)
    measured = []
    for side in anatomy.sides:
        breast = anatomy.breast == side
        breast_ml = float(np.count_nonzero(breast)) * voxel_ml
        fgt_ml = float(np.count_nonzero(anatomy.fibroglandular & breast)) * voxel_ml
        percent = density_percent(fgt_ml, breast_ml)
        measured.append(
            BreastMeasurement(
                side=side,
                volume_ml=breast_ml,
                fgt_ml=fgt_ml,
                density_percent=percent,
                density_category=density_category(percent, cut_offs),
                bpe_percent=parenchyma[side].median_percent,
                bpe_category=parenchyma[side].category,
            )
        )
    return tuple(measured)


def find_coverage(anatomy: Anatomy) -> Coverage:
    """Which breasts were found in the field of view."""
    if not anatomy.sides:
        return Coverage.UNKNOWN
    if len(anatomy.sides) == len(Laterality):
        return Coverage.BILATERAL
    return Coverage(anatomy.sides[0].word)

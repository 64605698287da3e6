"""The phantoms and reference values of IBSI-1, read from the shared data, and our values for them.

The digital phantom is CC BY 4.0, the CT phantom CC BY-NC 3.0; neither is part of mamri. Values:
Zwanenburg A et al. Radiology 2020;295:328-338, doi:10.1148/radiol.2020191145, in the tables of the
reference manual. They are given to three digits with a tolerance: ours pass where they lie within
it after rounding to three digits.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from mamri.radiomics import (
    FEATURES,
    TEXTURE_FAMILIES,
    Aggregation,
    ExtractionSettings,
    FeatureFamily,
    extract_features,
)

PLANAR = tuple(way for way in Aggregation if way.is_planar)
SPATIAL = tuple(way for way in Aggregation if not way.is_planar)
# Endings of the tags: of matrices with directions, and of those without.
_ENDINGS = {
    Aggregation.SLICES_AVERAGED: ("_2D_avg", "_2D"),
    Aggregation.SLICES_MERGED: ("_2D_comb", "_2D"),
    Aggregation.STACK_AVERAGED: ("_2_5D_avg", "_2_5D"),
    Aggregation.STACK_MERGED: ("_2_5D_comb", "_2_5D"),
    Aggregation.SPACE_AVERAGED: ("_3D_avg", "_3D"),
    Aggregation.SPACE_MERGED: ("_3D_comb", "_3D"),
}
_WITH_DIRECTIONS = (FeatureFamily.COOCCURRENCE, FeatureFamily.RUN_LENGTH)
# What is counted besides features: sizes and intensities of images and masks on the way.
_DIAGNOSTIC = ("img_", "vox_", "mean_int", "min_int", "max_int", "int_mask", "morph_mask")


def digital(way: Aggregation) -> ExtractionSettings:
    """Six grey levels as they are."""
    return ExtractionSettings(
        spacing_mm=None,
        lowest=1,
        highest=6,
        n_bins=None,
        bin_width=1,
        histogram_bins=None,
        aggregation=way,
    )


def configuration_a(way: Aggregation) -> ExtractionSettings:
    """CT as acquired, slice by slice, -500 to 400 HU in bins of 25."""
    return ExtractionSettings(
        spacing_mm=None,
        lowest=-500,
        highest=400,
        n_bins=None,
        bin_width=25,
        histogram_bins=None,
        aggregation=way,
    )


def configuration_c(way: Aggregation) -> ExtractionSettings:
    """CT in voxels of 2 mm, in space, -1000 to 400 HU in bins of 25, of 2.5 in the IVH."""
    return ExtractionSettings(
        spacing_mm=2.0,
        round_to_integer=True,
        lowest=-1000,
        highest=400,
        n_bins=None,
        bin_width=25,
        histogram_bins=None,
        histogram_width=2.5,
        aggregation=way,
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """One table of reference values and how to reach it."""

    phantom: str
    table: str
    ways: tuple[Aggregation, ...]
    settings: Callable[[Aggregation], ExtractionSettings]
    n_values: int


CONFIGURATIONS = {
    "digital phantom": Configuration(
        "digital_phantom", "ibsi_1_dig_phantom.csv", tuple(Aggregation), digital, 482
    ),
    "CT, A": Configuration("ct_phantom", "ibsi_1_chest_config_a.csv", PLANAR, configuration_a, 346),
    "CT, C": Configuration(
        "ct_phantom", "ibsi_1_chest_config_c.csv", SPATIAL, configuration_c, 210
    ),
}


def read_phantom(ibsi: Path, name: str) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Image and mask on axes (slice, row, column), and the spacing along them."""
    image = nib.load(ibsi / name / "image" / "phantom.nii.gz")
    mask = nib.load(ibsi / name / "mask" / "mask.nii.gz")
    spacing = tuple(float(step) for step in image.header.get_zooms()[::-1])
    return np.asarray(image.dataobj).T, np.asarray(mask.dataobj).T > 0, spacing


def read_table(ibsi: Path, name: str) -> dict[str, tuple[float, float]]:
    """Tag to reference value and tolerance, of features that have one."""
    with (ibsi / "reference_values" / name).open() as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    return {
        tag: (float(value), float(tolerance))
        for value, tolerance, tag in rows
        if value and not tag.startswith(_DIAGNOSTIC)
    }


def computed(ibsi: Path, configuration: Configuration) -> dict[str, float | None]:
    """Our values by the tags of the tables."""
    image, mask, spacing = read_phantom(ibsi, configuration.phantom)
    found = {}
    for way in configuration.ways:
        values = extract_features(image, mask, spacing, configuration.settings(way)).values
        for family, features in FEATURES.items():
            ending = ""
            if family in TEXTURE_FAMILIES:
                ending = _ENDINGS[way][0 if family in _WITH_DIRECTIONS else 1]
            found |= {feature.tag + ending: values[feature.key] for feature in features}
    return found


def misses(
    ours: dict[str, float | None], table: dict[str, tuple[float, float]]
) -> dict[str, tuple[float | None, float, float]]:
    """Tag to our value, reference and tolerance of those that do not pass."""
    return {
        tag: (ours.get(tag), value, tolerance)
        for tag, (value, tolerance) in table.items()
        if not _passes(ours.get(tag), value, tolerance)
    }


def _passes(ours: float | None, value: float, tolerance: float) -> bool:
    rounding = 1e-9 * abs(value)
    return ours is not None and abs(float(f"{ours:.3g}") - value) <= tolerance + rounding

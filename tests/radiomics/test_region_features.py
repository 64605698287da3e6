"""All images of an exam in one region."""

from dataclasses import replace

import numpy as np
import pytest
from radiomics.test_extract_features import SPACING, lesion

from mamri.radiomics import RadiomicsSettings, feature_keys, region_features
from mamri.records import InputError, Status

SETTINGS = RadiomicsSettings()


def test_the_same_parts_come_whatever_the_exam_has():
    image, mask = lesion()
    families = SETTINGS.lesion_families
    full = region_features("lesion", mask, {"pre": image}, SPACING, SETTINGS, families)
    bare = region_features("lesion", mask, {}, SPACING, SETTINGS, families)
    none = region_features("lesion", mask & False, {"pre": image}, SPACING, SETTINGS, families)

    assert ["mask", *SETTINGS.images] == [part.image for part in full]
    assert 1 == len({tuple(tuple(part.values) for part in each) for each in (full, bare, none)})
    assert [Status.OK, Status.OK, Status.NOT_COMPUTED] == [part.status for part in full[:3]]
    assert {None} == {value for part in none for value in part.values.values()}
    assert "no voxel lies in it" == none[0].reason == none[1].reason


def test_shape_is_measured_once():
    image, mask = lesion()
    first, second, *_ = region_features(
        "lesion", mask, {"pre": image}, SPACING, SETTINGS, SETTINGS.lesion_families
    )

    assert any(key.startswith("shape_") for key in first.values)
    assert not any(key.startswith("shape_") for key in second.values)


def test_a_finding_has_far_more_than_a_hundred_features():
    n_images = len(SETTINGS.images)
    lesion_keys, other = (
        feature_keys(f) for f in (SETTINGS.lesion_families, SETTINGS.surrounding_families)
    )

    assert 21 + n_images * (len(lesion_keys) - 21) + 2 * n_images * len(other) > 2000


def test_a_region_smaller_than_the_new_voxels_says_so():
    mask = np.zeros((1, 1, 30), bool)
    mask[0, 0, 2] = True
    how = {"pre": replace(SETTINGS.images["pre"], spacing_mm=20.0)}
    settings = replace(SETTINGS, images=how)
    (part,) = region_features(
        "ring", mask, {"pre": np.ones(mask.shape)}, (1.0, 1.0, 1.0), settings,
        settings.surrounding_families,
    )  # fmt: skip

    assert "it is smaller than a voxel" == part.reason


def test_unknown_images_and_thin_rings_are_refused():
    with pytest.raises(InputError, match="got t2"):
        replace(SETTINGS, images={"t2": SETTINGS.images["pre"]})
    with pytest.raises(InputError, match="ring"):
        replace(SETTINGS, ring_mm=0.0)

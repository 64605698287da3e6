"""One image in one region, and what is said where a feature has no value."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.radiomics import (
    TEXTURE_FAMILIES,
    ExtractionSettings,
    FeatureFamily,
    extract_features,
    feature_keys,
)
from mamri.records import GeometryError, InputError, Status

SPACING = (2.0, 1.0, 1.0)
TEXTURE = feature_keys(TEXTURE_FAMILIES)


def lesion(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    s, r, c = np.indices((9, 15, 15)) - np.array([4, 7, 7])[:, None, None, None]
    mask = (2 * s) ** 2 + r**2 + c**2 <= 36
    return 100 + 50 * mask + rng.normal(0, 10, mask.shape), mask


def test_all_features_of_a_lesion_have_values():
    image, mask = lesion()
    found = extract_features(image, mask, SPACING, ExtractionSettings())

    assert Status.OK is found.status
    assert feature_keys(tuple(FeatureFamily)) == tuple(found.values)
    assert len(set(found.values)) == len(found.values) > 150
    assert all(value is not None and np.isfinite(value) for value in found.values.values())


def test_small_lesions_have_no_texture_and_say_so():
    image, _ = lesion()
    mask = np.zeros(image.shape, bool)
    mask[4, 5:10, 5:10] = True
    found = extract_features(image, mask, SPACING, ExtractionSettings())

    assert Status.UNDEFINED is found.status
    assert "25 voxels are too few for texture, which needs 64" == found.reason
    assert {None} == {found.values[key] for key in TEXTURE}
    assert found.values["stat_mean_Q4LE"] == pytest.approx(150, abs=15)


def test_resampling_makes_no_small_lesion_large():
    image, _ = lesion()
    mask = np.zeros(image.shape, bool)
    mask[3:6, 5:9, 5:9] = True  # 48 voxels, and 96 of 1 mm
    found = extract_features(image, mask, SPACING, ExtractionSettings())

    assert found.n_voxels > 64
    assert "48 voxels are too few" in found.reason


def test_unknown_and_excluded_voxels_do_not_count():
    image, mask = lesion()
    image[mask & (image > 160)] = np.nan
    settings = ExtractionSettings(spacing_mm=None, lowest=140.0, highest=1000.0)
    found = extract_features(image, mask, SPACING, settings, (FeatureFamily.STATISTICS,))

    inside = mask & (image >= 140)
    assert np.count_nonzero(inside) == found.n_voxels
    assert image[inside].mean() == pytest.approx(found.values["stat_mean_Q4LE"])


def test_a_region_without_values_says_so():
    image, mask = lesion()
    found = extract_features(np.full_like(image, np.nan), mask, SPACING, ExtractionSettings())

    assert Status.UNDEFINED is found.status
    assert "no voxel of it has a value within the range" == found.reason
    assert found.values["shape_volume_RNU0"] is not None
    assert found.values["stat_mean_Q4LE"] is None


def test_undefined_features_are_none_and_counted():
    image, mask = lesion()
    families = (FeatureFamily.STATISTICS,)
    found = extract_features(
        np.full_like(image, 7.0), mask, SPACING, ExtractionSettings(), families
    )

    assert found.values["stat_skewness_KE2A"] is None
    assert "its voxels leave 2 features undefined" == found.reason


@given(st.floats(0.1, 50.0), st.floats(-100.0, 100.0))
def test_a_fixed_number_of_bins_knows_no_scale(factor: float, offset: float):
    image, mask = lesion()
    settings = ExtractionSettings(spacing_mm=None)
    one, other = (
        extract_features(each, mask, SPACING, settings, (FeatureFamily.COOCCURRENCE,)).values
        for each in (image, factor * image + offset)
    )

    # Values on the border of two bins may change sides by rounding.
    assert one["glcm_joint_entropy_TU9B"] == pytest.approx(
        other["glcm_joint_entropy_TU9B"], rel=1e-2
    )


def test_more_image_around_the_lesion_changes_nothing():
    image, mask = lesion()
    wide = [(4, 4), (6, 6), (2, 2)]
    settings = ExtractionSettings()
    one = extract_features(image, mask, SPACING, settings)
    other = extract_features(np.pad(image, wide), np.pad(mask, wide), SPACING, settings)
    for key in TEXTURE + feature_keys((FeatureFamily.SHAPE, FeatureFamily.STATISTICS)):
        assert one.values[key] == pytest.approx(other.values[key]), key


def test_inputs_stay_as_they_are():
    image, mask = lesion()
    before = image.copy(), mask.copy()
    extract_features(image, mask, SPACING, ExtractionSettings())
    np.testing.assert_array_equal(before[0], image)
    np.testing.assert_array_equal(before[1], mask)


def test_image_and_mask_must_share_a_grid():
    image, mask = lesion()
    with pytest.raises(GeometryError, match="resample it first"):
        extract_features(image[1:], mask, SPACING, ExtractionSettings())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spacing_mm": 0.0}, "more than 0 mm"),
        ({"n_bins": None}, "either a number of bins or their width"),
        ({"bin_width": 5.0}, "either a number of bins or their width"),
        ({"n_bins": 0}, "grey levels"),
        ({"n_bins": None, "bin_width": 5.0}, "give both ends"),
        ({"n_bins": None, "bin_width": -1.0, "lowest": 0.0, "highest": 9.0}, "grey levels"),
        ({"lowest": 3.0, "highest": 3.0}, "below highest"),
        ({"histogram_width": 1.0}, "set one of them to None"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict, message: str):
    with pytest.raises(InputError, match=message):
        replace(ExtractionSettings(), **change)

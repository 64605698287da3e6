"""Overlap and volume of masks: boxes counted by hand, and SimpleITK's LabelOverlapMeasures."""

import math

import numpy as np
import pytest
import SimpleITK as sitk

from mamri.evaluation.overlap import (
    Overlap,
    checked_spacing,
    mask_volume_ml,
    overlap,
    volume_error,
)
from mamri.records import GeometryError, InputError


def _boxes() -> tuple[np.ndarray, np.ndarray]:
    """Boxes of 4 x 6 x 8 and 4 x 6 x 4 voxels with 2 x 6 x 4 in common."""
    truth, found = np.zeros((2, 10, 12, 14), bool)
    truth[2:6, 3:9, 2:10] = True
    found[4:8, 3:9, 6:10] = True
    return truth, found


def test_two_boxes_counted_by_hand():
    common = overlap(*_boxes())
    assert (192, 96, 48) == (common.n_truth, common.n_predicted, common.n_both)
    assert 96 / 288 == pytest.approx(common.dice)
    assert 48 / 240 == pytest.approx(common.iou)
    assert 48 / 192 == pytest.approx(common.sensitivity)
    assert 48 / 96 == pytest.approx(common.precision)


@pytest.mark.parametrize("seed", range(5))
def test_ratios_are_those_of_simpleitk(seed):
    rng = np.random.default_rng(seed)
    truth, found = rng.random((2, 6, 7, 8)) < rng.uniform(0.1, 0.9, (2, 1, 1, 1))
    peer = sitk.LabelOverlapMeasuresImageFilter()
    peer.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (found, truth)))
    common = overlap(truth, found)
    assert peer.GetDiceCoefficient() == pytest.approx(common.dice)
    assert peer.GetJaccardCoefficient() == pytest.approx(common.iou)
    assert 1 - peer.GetFalseNegativeError() == pytest.approx(common.sensitivity)


def test_dice_and_iou_follow_from_each_other():
    common = overlap(*_boxes())
    assert common.iou == pytest.approx(common.dice / (2 - common.dice))


def test_two_empty_masks_agree():
    common = Overlap(0, 0, 0)
    assert (1.0, 1.0) == (common.dice, common.iou)
    assert math.isnan(common.sensitivity)
    assert math.isnan(common.precision)


def test_one_empty_mask_has_no_overlap():
    missed, invented = Overlap(5, 0, 0), Overlap(0, 5, 0)
    assert (0.0, 0.0, 0.0) == (missed.dice, missed.iou, missed.sensitivity)
    assert math.isnan(missed.precision)
    assert (0.0, 0.0, 0.0) == (invented.dice, invented.iou, invented.precision)
    assert math.isnan(invented.sensitivity)


def test_a_volume_is_its_voxels():
    truth, _ = _boxes()
    assert 192 * 3 * 0.7 * 0.7 / 1000 == pytest.approx(mask_volume_ml(truth, (3, 0.7, 0.7)))


def test_volume_errors_have_signs_and_percentages():
    more, less = volume_error(8, 10), volume_error(8, 6)
    assert (2, 2, 25, 25) == (
        more.signed_ml,
        more.absolute_ml,
        more.signed_percent,
        more.absolute_percent,
    )
    assert (-2, 2, -25, 25) == (
        less.signed_ml,
        less.absolute_ml,
        less.signed_percent,
        less.absolute_percent,
    )


def test_a_percentage_of_nothing_is_undefined():
    found = volume_error(0, 3)
    assert found.signed_ml == 3
    assert math.isnan(found.signed_percent)
    assert math.isnan(found.absolute_percent)


def test_wrong_input_is_refused():
    truth, found = _boxes()
    with pytest.raises(InputError, match="compare a label map with its label"):
        overlap(truth.astype(np.uint8), found)
    with pytest.raises(InputError, match="got shape"):
        overlap(truth[0], found[0])
    with pytest.raises(GeometryError, match="resample one like the other"):
        overlap(truth, found[1:])
    with pytest.raises(InputError, match="above 0 mm"):
        mask_volume_ml(truth, (3, 0, 1))
    with pytest.raises(InputError, match="above 0 mm"):
        checked_spacing((1.0, 1.0))
    with pytest.raises(InputError, match="0 or more"):
        volume_error(-1, 2)
    with pytest.raises(InputError, match="overlap\\(\\)"):
        Overlap(3, 2, 4)

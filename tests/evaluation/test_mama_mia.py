"""Scores of the MAMA-MIA challenge: its contours by SimpleITK, and examples worked by hand."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.distance import cdist

from mamri.evaluation.mama_mia import (
    age_groups,
    challenge_case,
    challenge_hausdorff95_voxels,
    challenge_response_score,
    challenge_segmentation_score,
    menopausal_groups,
)
from mamri.records import InputError

DENSITY = {"breast_density": np.array(["a", "a", "b", "b"])}


def _as_the_scorer_defines_it(truth, found):
    """Larger 95th percentile of the distances, in voxels, between ITK's contours of both masks."""
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (truth, found)]
    contours = [np.argwhere(sitk.GetArrayFromImage(sitk.LabelContour(i)) > 0) for i in images]
    if not len(contours[0]) or not len(contours[1]):
        return 0.0 if len(contours[0]) == len(contours[1]) else math.inf
    pairs = cdist(*contours)
    return max(np.percentile(pairs.min(axis=axis), 95) for axis in (0, 1))


@pytest.mark.parametrize("seed", range(12))
def test_the_distance_is_that_of_the_contours_of_itk(seed):
    rng = np.random.default_rng(seed)
    truth, found = np.zeros((2, 8, 14, 15), bool)
    for mask in (truth, found):
        for _ in range(3):  # boxes, some of them cut off at the edge of the image
            low = rng.integers(0, (6, 11, 12))
            high = low + rng.integers(1, (5, 9, 9))
            mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    expected = _as_the_scorer_defines_it(truth, found)
    assert expected == pytest.approx(challenge_hausdorff95_voxels(truth, found))


def test_voxels_are_not_millimetres():
    truth, found = np.zeros((2, 9, 9, 9), bool)
    truth[2, 4, 4], found[5, 4, 4] = True, True
    case = challenge_case(truth, found, (2.5, 0.7, 0.7))
    assert 3 == case.hausdorff95_voxels
    assert 7.5 == pytest.approx(case.hausdorff95_mm)
    assert 3 / 150 == pytest.approx(case.normalised_hausdorff)
    assert 0 == case.dice


def test_a_missing_mask_is_as_bad_as_150_voxels():
    truth, empty = np.zeros((2, 5, 6, 7), bool)
    truth[2, 3, 3] = True
    for masks in ((truth, empty), (empty, truth)):
        case = challenge_case(*masks, (1, 1, 1))
        assert (0, math.inf, 1) == (case.dice, case.hausdorff95_voxels, case.normalised_hausdorff)
        assert math.isnan(case.hausdorff95_mm)


def test_two_empty_masks_have_neither_overlap_nor_distance():
    case = challenge_case(*np.zeros((2, 5, 6, 7), bool), (1, 1, 1))
    assert (0, 0, 0) == (case.dice, case.hausdorff95_voxels, case.normalised_hausdorff)


def test_far_masks_are_worse_than_missing_ones():
    truth, found = np.zeros((2, 3, 3, 303), bool)
    truth[1, 1, 1], found[1, 1, 301] = True, True
    assert 2 == pytest.approx(challenge_case(truth, found, (1, 1, 1)).normalised_hausdorff)


def test_a_mask_that_fills_the_array_has_no_contour():
    full, core = np.ones((3, 3, 3), bool), np.zeros((3, 3, 3), bool)
    core[1, 1, 1] = True
    assert math.inf == challenge_hausdorff95_voxels(full, core)


def test_segmentation_score_by_hand():
    variables = {
        **DENSITY,
        "age": np.array(["0-40", "41-50", "41-50", ""]),  # the last patient's age is unknown
    }
    found = challenge_segmentation_score(
        np.array([0.9, 0.7, 0.6, 0.2]), np.array([0.0, 0.1, 0.2, 0.5]), variables
    )
    assert 0.5 * (0.6 + 1 - 0.2) == pytest.approx(found.performance)
    # Density: means of Dice 0.8 and 0.4, of distance 0.05 and 0.35. Age: 0.9 and 0.65, 0 and 0.15.
    assert 1 - 0.5 * (0.4 + 0.3) == pytest.approx(found.fairness_by_variable["breast_density"])
    assert 1 - 0.5 * (0.25 + 0.15) == pytest.approx(found.fairness_by_variable["age"])
    assert (0.65 + 0.8) / 2 == pytest.approx(found.fairness)
    assert (0.7 + 0.725) / 2 == pytest.approx(found.rank)


def test_response_score_by_hand():
    labels = np.array([1, 0, 1, 0, 1, 1])
    predicted = np.array([1, 0, 0, 1, 1, 0])
    density = {"breast_density": np.array(["a", "a", "b", "b", "c", "c"])}
    found = challenge_response_score(labels, predicted, density)
    assert (2 / 4 + 1 / 2) / 2 == pytest.approx(found.performance)
    # True positive rates 1, 0 and 1/2, false positive rates 0, 1 and none, which counts 0.
    assert 1 - (1 + 1) == pytest.approx(found.fairness_by_variable["breast_density"])
    assert 0 == found.fairness
    assert 0.25 == pytest.approx(found.rank)


def test_a_group_of_one_class_and_one_prediction_counts_nothing():
    labels, predicted = np.array([1, 0, 1, 1]), np.array([1, 0, 1, 1])
    found = challenge_response_score(labels, predicted, DENSITY)
    assert 1 == found.performance
    # Group b, all positive and all found, gets a true positive rate of 0: the scorer's rule.
    assert 0 == pytest.approx(found.fairness)


def test_one_group_is_fair_to_itself():
    alike = {"density": np.array(["a", "a", "a", "a"])}
    assert 1 == challenge_segmentation_score(np.arange(4) / 4, np.arange(4) / 4, alike).fairness
    assert 1 == challenge_response_score([1, 0, 1, 0], [1, 1, 0, 0], alike).fairness


def test_age_groups_include_their_upper_limits():
    ages = np.array([1, 40, 40.5, 50, 51, 60, 70, 71, 100, 101, 0, -3, np.nan])
    expected = [
        *["0-40"] * 2,
        *["41-50"] * 2,
        *["51-60"] * 2,
        "61-70",
        *["71+"] * 2,
        *[""] * 4,
    ]
    assert expected == age_groups(ages).tolist()


def test_menopausal_groups_follow_the_words():
    status = np.array(
        ["Premenopausal", "peri", "postmenopausal", None, np.nan, "", " Pre ", "other"], object
    )
    expected = ["pre", "pre", "post", "unknown", "unknown", "unknown", "pre", "other"]
    assert expected == menopausal_groups(status).tolist()


def test_wrong_input_is_refused():
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    with pytest.raises(InputError, match="challenge takes three"):
        challenge_segmentation_score(scores, scores, {})
    for groups in (["a"] * 3, [1, 2, 3, 4], [""] * 4):
        with pytest.raises(InputError, match="write '' where"):
            challenge_segmentation_score(scores, scores, {"age": np.array(groups)})
    with pytest.raises(InputError, match="same cases"):
        challenge_segmentation_score(scores, scores[:3], DENSITY)
    with pytest.raises(InputError, match="finite"):
        challenge_segmentation_score(scores, np.array([1, 2, 3, np.inf]), DENSITY)
    with pytest.raises(InputError, match="predictions must be 0 or 1"):
        challenge_response_score([1, 0, 1, 0], scores, DENSITY)
    with pytest.raises(InputError, match="cases of both classes"):
        challenge_response_score([1, 1, 1, 1], [1, 1, 0, 0], DENSITY)

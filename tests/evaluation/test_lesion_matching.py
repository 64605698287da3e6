"""Pairs of lesions: boxes by hand, all assignments by brute force, panoptic quality."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamri.evaluation.lesion_matching import (
    LesionMatching,
    MatchingSettings,
    label_lesions,
    lesion_centres,
    match_lesions,
)
from mamri.records import GeometryError, InputError

ANY_OVERLAP = MatchingSettings(min_iou=0.0)
CENTRE = MatchingSettings(criterion="centre")


def _line(*runs: tuple[int, int, int], length: int = 40) -> np.ndarray:
    """Labels along one row: (first, last + 1, label)."""
    labels = np.zeros((1, 1, length), np.int16)
    for first, end, label in runs:
        labels[0, 0, first:end] = label
    return labels


def test_pairs_misses_and_false_findings_by_hand():
    truth = _line((0, 10, 5), (20, 24, 7), (30, 32, 9))
    found = _line((1, 10, 2), (20, 26, 3), (35, 38, 4))
    matching = match_lesions(truth, found)
    assert [(5, 2), (7, 3)] == [(p.truth_label, p.predicted_label) for p in matching.pairs]
    assert [9 / 10, 4 / 6] == pytest.approx([pair.iou for pair in matching.pairs])
    assert [18 / 19, 8 / 10] == pytest.approx([pair.dice for pair in matching.pairs])
    assert ((9,), (4,)) == (matching.missed, matching.false_positives)
    assert 2 / 3 == pytest.approx(matching.sensitivity)
    assert 2 / 3 == pytest.approx(matching.precision)
    assert 2 / 3 == pytest.approx(matching.f1)
    assert (18 / 19 + 0.8) / 2 == pytest.approx(matching.mean_dice)
    assert (9 / 10 + 4 / 6) / 3 == pytest.approx(matching.panoptic_quality)


def test_panoptic_quality_is_recognition_times_segmentation():
    truth, found = _line((0, 10, 1), (20, 24, 2)), _line((1, 10, 1), (30, 35, 2), (37, 39, 3))
    matching = match_lesions(truth, found)
    assert matching.f1 * matching.mean_iou == pytest.approx(matching.panoptic_quality)


def test_an_iou_of_one_half_is_not_above_it():
    truth, found = _line((0, 4, 1)), _line((0, 2, 1))
    assert () == match_lesions(truth, found).pairs
    assert 1 == len(match_lesions(truth, found, MatchingSettings(min_iou=0.49)).pairs)


def test_one_finding_over_two_lesions_counts_for_one():
    truth, found = _line((0, 4, 1), (6, 14, 2)), _line((0, 14, 1))
    matching = match_lesions(truth, found, ANY_OVERLAP)
    assert [(2, 1)] == [(p.truth_label, p.predicted_label) for p in matching.pairs]
    assert ((1,), ()) == (matching.missed, matching.false_positives)


def test_the_sum_of_iou_decides_and_not_the_largest_first():
    # IoU of (1, 1) is 5/9, of (1, 2) 4/10, of (2, 1) 2/7. The best alone leaves nothing for 2.
    truth = _line((0, 9, 1), (9, 11, 2))
    found = _line((0, 4, 2), (4, 11, 1))
    matching = match_lesions(truth, found, ANY_OVERLAP)
    pairs = {(p.truth_label, p.predicted_label) for p in matching.pairs}
    assert {(1, 2), (2, 1)} == pairs


def test_a_centre_inside_is_enough_for_the_criterion():
    truth, found = _line((0, 3, 1), (30, 40, 2)), _line((0, 2, 1), (26, 33, 2))
    # IoU 2/3 and 3/14; centres 0.5, rounded to 0, and 29, one column outside of lesion 2.
    matching = match_lesions(truth, found, CENTRE)
    assert [(1, 1)] == [(p.truth_label, p.predicted_label) for p in matching.pairs]
    matching = match_lesions(truth, _line((0, 2, 1), (28, 33, 2)), CENTRE)
    assert [(1, 1), (2, 2)] == [(p.truth_label, p.predicted_label) for p in matching.pairs]


def test_a_ring_around_a_lesion_matches_by_its_centre_without_overlap():
    truth, found = np.zeros((2, 1, 5, 5), int)
    found[0, 1:4, 1:4] = 1
    found[0, 2, 2] = 0
    truth[0, 2, 2] = 2
    truth[0, 0, 0] = 1
    (pair,) = match_lesions(truth, found, CENTRE).pairs
    assert (2, 1, 0) == (pair.truth_label, pair.predicted_label, pair.dice)


def test_masks_are_split_where_not_even_corners_touch():
    mask = np.zeros((4, 6, 6), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True  # a corner in common: one lesion
    mask[3, 4, 4] = True
    assert [1, 2] == np.unique(label_lesions(mask))[1:].tolist()
    assert 2 == len(match_lesions(mask, mask).pairs)


def test_no_lesions_at_all_leave_every_share_undefined():
    matching = match_lesions(*np.zeros((2, 2, 3, 4), bool))
    assert LesionMatching((), (), ()) == matching
    for name in ("sensitivity", "precision", "f1", "mean_dice", "mean_iou", "panoptic_quality"):
        assert math.isnan(getattr(matching, name))


def test_lesions_all_missed():
    matching = match_lesions(_line((0, 4, 3), (6, 9, 8)), _line())
    assert ((3, 8), 0, 0) == (matching.missed, matching.sensitivity, matching.panoptic_quality)
    assert math.isnan(matching.precision)
    assert math.isnan(matching.mean_dice)


@pytest.mark.parametrize("seed", range(20))
def test_the_assignment_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(0, 5, (2, 3, 4, 5))
    iou = np.zeros((4, 4))
    for i, j in itertools.product(range(4), range(4)):
        one, other = truth == i + 1, found == j + 1
        iou[i, j] = np.count_nonzero(one & other) / np.count_nonzero(one | other)
    best = max(sum(iou[range(4), order]) for order in itertools.permutations(range(4)))
    matching = match_lesions(truth, found, ANY_OVERLAP)
    assert best == pytest.approx(sum(pair.iou for pair in matching.pairs))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(3)), min_iou=st.floats(0, 0.6))
def test_axes_and_names_of_labels_change_nothing(seed, order, min_iou):
    truth, found = np.random.default_rng(seed).integers(0, 4, (2, 4, 5, 6))
    setting = MatchingSettings(min_iou=min_iou)
    plain = match_lesions(truth, found, setting)
    names = np.array([0, 30, 1000, 7])
    turned = match_lesions(
        names[truth].transpose(order), found.transpose(order)[::-1][::-1], setting
    )
    assert plain.panoptic_quality == pytest.approx(turned.panoptic_quality)
    assert len(plain.missed) == len(turned.missed)


def test_unsigned_labels_of_any_width_are_accepted():
    truth = _line((0, 4, 1)).astype(np.uint64)
    assert 1 == len(match_lesions(truth, truth).pairs)


def test_centres_are_means_of_voxels():
    names, centres = lesion_centres(_line((0, 4, 9), (10, 13, 2)))
    assert [2, 9] == names.tolist()
    assert np.array_equal([[0, 0, 11], [0, 0, 1.5]], centres)
    assert (0, 3) == lesion_centres(_line())[1].shape


def test_wrong_input_is_refused():
    with pytest.raises(GeometryError, match="one grid"):
        match_lesions(_line(), _line(length=3))
    with pytest.raises(InputError, match="map of labels"):
        match_lesions(_line().astype(float), _line())
    with pytest.raises(InputError, match="map of labels"):
        match_lesions(_line((0, 2, -1)), _line())
    with pytest.raises(InputError, match="needs no numbering"):
        label_lesions(_line())
    with pytest.raises(InputError, match="any common voxel"):
        MatchingSettings(min_iou=1.0)
    with pytest.raises(InputError, match="any common voxel"):
        MatchingSettings(criterion="nearest")

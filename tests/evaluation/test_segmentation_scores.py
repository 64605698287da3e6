"""All measures of a segmentation: a shifted box by hand, empty masks, and summaries."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from mamri.evaluation.bootstrap import bootstrap_interval
from mamri.evaluation.segmentation_scores import (
    grid_diagonal_mm,
    penalise_undefined,
    score_segmentation,
    summarise_segmentations,
)
from mamri.records import InputError

SPACING = (3.0, 0.7, 0.7)


def _score(truth, found):
    return score_segmentation(truth, found, SPACING, tolerance_mm=1.0)


def _box(start: int) -> np.ndarray:
    mask = np.zeros((6, 20, 20), bool)
    mask[2:4, 5:10, start : start + 4] = True
    return mask


def test_a_shifted_box_by_hand():
    found = _score(_box(5), _box(7))
    assert 0.5 == pytest.approx(found.dice)
    assert 1 / 3 == pytest.approx(found.iou)
    assert (0.5, 0.5) == (found.sensitivity, found.precision)
    assert 40 * 3 * 0.49 / 1000 == pytest.approx(found.volume_truth_ml)
    assert (0, 0) == (found.volume_error_ml, found.volume_error_percent)
    # All voxels of boxes two slices thick are surface. Of four columns two coincide, one is a
    # column away and one two.
    assert 1.4 == pytest.approx(found.hausdorff_mm)
    assert 1.4 == pytest.approx(found.hausdorff95_mm)
    assert (0.7 + 1.4) / 4 == pytest.approx(found.mean_surface_distance_mm)
    assert 0.75 == pytest.approx(found.nsd)
    assert not found.is_empty
    assert not found.is_empty_truth


def test_two_empty_masks_agree():
    found = _score(np.zeros((2, 3, 4), bool), np.zeros((2, 3, 4), bool))
    assert (1, 1, 1) == (found.dice, found.iou, found.nsd)
    assert (0, 0, 0) == (found.hausdorff_mm, found.hausdorff95_mm, found.mean_surface_distance_mm)
    assert (0, 0, 0) == (found.volume_truth_ml, found.volume_ml, found.volume_error_ml)
    assert math.isnan(found.volume_error_percent)
    assert found.is_empty
    assert found.is_empty_truth


def test_a_missed_lesion_has_no_distance():
    found = _score(_box(5), np.zeros((6, 20, 20), bool))
    assert (0, 0, 0, 0) == (found.dice, found.iou, found.nsd, found.sensitivity)
    assert math.isnan(found.precision)
    assert math.isnan(found.hausdorff95_mm)
    assert -100 == pytest.approx(found.volume_error_percent)
    assert (True, False) == (found.is_empty, found.is_empty_truth)


def test_an_invented_lesion_has_no_error_in_percent():
    found = _score(np.zeros((6, 20, 20), bool), _box(5))
    assert (0, 0, 0, 0) == (found.dice, found.iou, found.nsd, found.precision)
    assert math.isnan(found.sensitivity)
    assert math.isnan(found.hausdorff_mm)
    assert math.isnan(found.volume_error_percent)
    assert (False, True) == (found.is_empty, found.is_empty_truth)


def test_a_penalty_stands_where_there_is_no_distance():
    missed, met = _score(_box(5), np.zeros((6, 20, 20), bool)), _score(_box(5), _box(7))
    diagonal = grid_diagonal_mm((6, 20, 20), SPACING)
    assert math.sqrt(15**2 + 2 * 13.3**2) == pytest.approx(diagonal)
    paid = penalise_undefined(missed, diagonal)
    assert [diagonal] * 3 == [
        paid.hausdorff_mm,
        paid.hausdorff95_mm,
        paid.mean_surface_distance_mm,
    ]
    assert math.isnan(paid.precision)
    assert met == penalise_undefined(met, diagonal)


def test_a_summary_counts_what_is_undefined():
    empty = np.zeros((6, 20, 20), bool)
    scores = [_score(_box(5), _box(5 + shift)) for shift in (0, 1, 2)]
    scores.append(_score(_box(5), empty))
    found = summarise_segmentations(scores, n=200)
    assert (4, 0) == (found["dice"].n_cases, found["dice"].n_undefined)
    assert (1 + 0.75 + 0.5 + 0) / 4 == pytest.approx(found["dice"].mean.value)
    assert np.std([1, 0.75, 0.5, 0], ddof=1) == pytest.approx(found["dice"].standard_deviation)
    assert 0.625 == pytest.approx(found["dice"].median)
    assert (4, 1) == (found["hausdorff_mm"].n_cases, found["hausdorff_mm"].n_undefined)
    assert (0 + 0.7 + 1.4) / 3 == pytest.approx(found["hausdorff_mm"].mean.value)
    assert 0.35 == pytest.approx(found["hausdorff_mm"].lower_quartile)
    assert 1.05 == pytest.approx(found["hausdorff_mm"].upper_quartile)
    assert 25 == pytest.approx(found["absolute_volume_error_percent"].mean.value)
    assert -25 == pytest.approx(found["volume_error_percent"].mean.value)
    assert found["dice"].mean.lower < found["dice"].mean.value < found["dice"].mean.upper


def test_the_interval_is_that_of_the_bootstrap():
    scores = [_score(_box(5), _box(5 + shift)) for shift in (0, 1, 2, 3, 1)]
    scores.append(_score(_box(5), np.zeros((6, 20, 20), bool)))
    patients = np.array([0, 0, 1, 1, 2, 2])
    found = summarise_segmentations(scores, groups=patients, n=50, seed=3, level=0.9)
    for name in ("dice", "hausdorff95_mm", "precision"):
        values = np.array([getattr(score, name) for score in scores])
        expected = bootstrap_interval(
            np.nanmean, [values], groups=patients, n=50, seed=3, level=0.9
        )
        for field in fields(expected):
            mean = getattr(found[name].mean, field.name)
            assert getattr(expected, field.name) == pytest.approx(mean), field.name


def test_every_measure_is_in_the_summary():
    score = _score(_box(5), _box(6))
    expected = {field.name for field in fields(score)} - {
        "tolerance_mm",
        "is_empty",
        "is_empty_truth",
    }
    expected |= {"absolute_volume_error_ml", "absolute_volume_error_percent"}
    assert expected == set(summarise_segmentations([score, score], n=10))


def test_a_measure_without_any_case_is_undefined():
    missed = _score(_box(5), np.zeros((6, 20, 20), bool))
    found = summarise_segmentations([missed, missed], n=10)["hausdorff_mm"]
    assert (2, 2, 10) == (found.n_cases, found.n_undefined, found.mean.n_undefined)
    assert math.isnan(found.mean.value)
    assert math.isnan(found.median)
    assert math.isnan(found.standard_deviation)


def test_one_case_has_no_spread():
    found = summarise_segmentations([_score(_box(5), _box(6))], n=10)["dice"]
    assert 0.75 == pytest.approx(found.median)
    assert math.isnan(found.standard_deviation)


def test_patients_with_several_cases_widen_the_interval():
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(10), 10)
    values = rng.normal(0.7, 0.1, 10)[patients]
    base = _score(_box(5), _box(6))
    scores = [replace(base, dice=float(value)) for value in values]
    alone = summarise_segmentations(scores, n=300)["dice"].mean
    together = summarise_segmentations(scores, groups=patients, n=300)["dice"].mean
    assert alone.value == together.value
    # All cases of a patient are alike: sqrt(10) times as wide, with some 10 % of chance.
    ratio = (together.upper - together.lower) / (alone.upper - alone.lower)
    assert math.sqrt(10) == pytest.approx(ratio, rel=0.25)


def test_wrong_input_is_refused():
    one = _score(_box(5), _box(6))
    with pytest.raises(InputError, match="one tolerance"):
        summarise_segmentations([one, replace(one, tolerance_mm=2.0)])
    with pytest.raises(InputError, match="one tolerance"):
        summarise_segmentations([])
    for penalty in (-1, math.nan, math.inf):
        with pytest.raises(InputError, match="grid_diagonal_mm"):
            penalise_undefined(one, penalty)

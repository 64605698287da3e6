import json

import numpy as np
import pytest

from mamri.geometry import to_index
from mamri.records import DelayedPhase, Laterality
from mamri.simulation import SimulatedExam, delayed_phase, truth_to_json


def test_each_lesion_lies_in_the_breast_of_its_side(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    assert len(truth.lesion_list) == 4
    for lesion in truth.lesion_list:
        index = np.rint(to_index(truth.affine, lesion.centroid_mm_lps)).astype(int)
        assert truth.breast[tuple(index)] == lesion.side


def test_left_is_where_x_is_positive(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    for lesion in truth.lesion_list:
        assert (lesion.centroid_mm_lps[0] > 0) == (lesion.side is Laterality.LEFT)
    columns = np.argwhere(truth.breast == Laterality.LEFT)
    x = columns @ truth.affine[0, :3] + truth.affine[0, 3]
    assert x.min() > 0


def test_all_curve_types_occur_and_both_sides_have_lesions(small_exam: SimulatedExam) -> None:
    lesions = small_exam.truth.lesion_list
    assert {lesion.curve for lesion in lesions} == set(DelayedPhase)
    assert {lesion.side for lesion in lesions} == set(Laterality)


def test_curve_types_are_the_wanted_ones_and_unambiguous(small_exam: SimulatedExam) -> None:
    for plan, lesion in zip(small_exam.woman.lesions, small_exam.truth.lesion_list, strict=True):
        assert lesion.curve is plan.curve
        assert lesion.delayed_change_percent is not None
        assert abs(abs(lesion.delayed_change_percent) - 10) > 5


def test_curve_type_follows_from_the_noise_free_curve(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    for lesion in truth.lesion_list:
        early = lesion.signal[2]  # 142.5 s, nearest to 135 s
        change = 100 * (lesion.signal[-1] - early) / early
        assert lesion.delayed_change_percent == pytest.approx(change)


def test_a_change_inside_ten_percent_is_a_plateau() -> None:
    times = np.array([-60.0, 60.0, 140.0, 400.0])
    assert delayed_phase(times, np.array([1.0, 1.5, 2.0, 2.15]))[0] is DelayedPhase.PLATEAU
    assert delayed_phase(times, np.array([1.0, 1.5, 2.0, 2.25]))[0] is DelayedPhase.PERSISTENT
    assert delayed_phase(times, np.array([1.0, 1.5, 2.0, 1.75]))[0] is DelayedPhase.WASHOUT


def test_masks_nest_as_anatomy_does(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    assert np.all(truth.breast[truth.fibroglandular] > 0)
    assert np.all(truth.breast[truth.lesions > 0] > 0)
    assert not np.any(truth.fibroglandular & (truth.lesions > 0))
    assert not np.any(truth.chest_wall & (truth.breast > 0) & truth.fibroglandular)


def test_density_is_near_the_wanted_one(small_exam: SimulatedExam) -> None:
    for side, found in small_exam.truth.density_percent.items():
        wanted = 100 * small_exam.woman.density_of(side)
        # Random sampling of the score and the edge voxels: a fifth of the value.
        assert found == pytest.approx(wanted, rel=0.2)


def test_nipples_are_the_frontmost_parts_of_the_breasts(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    spacing = 3.6
    for side, nipple in truth.nipples_mm_lps.items():
        index = np.argwhere(truth.breast == side)
        y = index @ truth.affine[1, :3] + truth.affine[1, 3]
        assert nipple[1] == pytest.approx(y.min(), abs=2 * spacing)


def test_truth_survives_json(small_exam: SimulatedExam) -> None:
    document = json.loads(json.dumps(truth_to_json(small_exam.truth), allow_nan=False))
    assert [lesion["curve"] for lesion in document["lesions"]] == [
        lesion.curve.value for lesion in small_exam.truth.lesion_list
    ]
    assert document["times_s"] == list(small_exam.protocol.dynamic.times_s)


def test_outer_lesions_lie_further_from_the_midline_than_the_nipple(
    small_exam: SimulatedExam,
) -> None:
    truth = small_exam.truth
    for plan, lesion in zip(small_exam.woman.lesions, truth.lesion_list, strict=True):
        nipple = truth.nipples_mm_lps[lesion.side]
        is_outer = abs(lesion.centroid_mm_lps[0]) > abs(nipple[0])
        assert is_outer == (plan.lateral > 0)
        assert (lesion.centroid_mm_lps[2] > nipple[2]) == (plan.up > 0)

"""Free-response analysis: an example of RJafroc, pairs by brute force, coverage of intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamri.evaluation.bootstrap import bootstrap_interval
from mamri.evaluation.detection import (
    FreeResponse,
    ImageMarks,
    afroc_area,
    afroc_curve,
    bootstrap_free_response,
    competition_performance_metric,
    draw_images,
    false_mark_ratings,
    free_response,
    froc_curve,
    highest_marks,
    lesion_ratings,
    lroc_area,
    lroc_curve,
    marks_of_image,
    sensitivity_at_false_marks,
)
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError


def _published() -> FreeResponse:
    """Example of Chakraborty, The RJafroc FROC Book, "AFROC vs. wAFROC" in "Empirical plots".

    https://github.com/dpc10ster/RJafrocFrocBook, 03-empirical.md, commit 0001882. Images 0 to 3 are
    normal, 4 to 8 have 1, 1, 2, 2 and 3 lesions, two of them unmarked.
    """
    return FreeResponse(
        n_images=9,
        lesion_image=np.array([4, 5, 6, 6, 7, 7, 8, 8, 8]),
        scores=np.array([0.5, 0.7, 0.6, -0.3, 1.5, 0.9, -0.2, 1.6, 3, 2, 1, 2.5, 1]),
        mark_image=np.array([1, 2, 2, 3, 4, 4, 5, 6, 7, 7, 8, 8, 8]),
        mark_lesion=np.array([-1, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 7, 8]),
        lesion_weight=np.array([1, 1, 0.1, 0.9, 0.9, 0.1, 0.3, 0.4, 0.3]),
    )


def _random(seed: int, *, n_images: int = 12, levels: int = 6) -> FreeResponse:
    """Marks with many ties, some lesions hit twice, some images without marks."""
    rng = np.random.default_rng(seed)
    images = []
    for index in range(n_images):
        n_lesions = int(index % 2) * int(rng.integers(1, 4))
        n_marks = int(rng.integers(0, 5))
        images.append(
            ImageMarks(
                rng.integers(0, levels, n_marks).astype(float),
                rng.integers(-1, n_lesions, n_marks),
                n_lesions,
            )
        )
    return free_response(images)


def _psi(x: float, y: float) -> float:
    return 1.0 if y > x else 0.5 if y == x else 0.0


def _theta(data: FreeResponse, weighting: str, false_marks_on: str) -> float:
    """Figure of merit from its definition, pair by pair."""
    own = np.ones(len(data.lesion_image)) if data.lesion_weight is None else data.lesion_weight
    abnormal = set(data.lesion_image.tolist())
    images = [i for i in range(data.n_images) if false_marks_on == "all" or i not in abnormal]
    total = 0.0
    for image in images:
        x = max(
            (
                s
                for s, i, lesion in zip(data.scores, data.mark_image, data.mark_lesion, strict=True)
                if i == image and lesion < 0
            ),
            default=-math.inf,
        )
        for j, at in enumerate(data.lesion_image):
            hits = data.scores[data.mark_lesion == j]
            y = max(hits, default=-math.inf)
            weight = 1 / len(data.lesion_image)
            if weighting == "image":
                weight = own[j] / own[data.lesion_image == at].sum() / len(abnormal)
            total += weight * _psi(x, y)
    return total / len(images)


def test_the_areas_published_for_rjafroc():
    # UtilFigureOfMerit(frocData, "AFROC") and "wAFROC", as printed: 7 and 4 digits.
    assert 0.8472222 == pytest.approx(afroc_area(_published()), abs=5e-8)
    assert 0.7425 == pytest.approx(afroc_area(_published(), weighting="image"), abs=1e-9)


def test_the_curves_published_for_rjafroc():
    # Table of FPF, LLF and wLLF in the same place: at scores of lesions and of normal images, where
    # this curve also has those of other false marks (1.5 and 0.6).
    table = [
        (0, 0, 0),
        (0, 1 / 9, 0.18),
        (0, 2 / 9, 0.26),
        (0, 3 / 9, 0.28),
        (0, 4 / 9, 0.30),
        (0, 6 / 9, 0.42),
        (0, 7 / 9, 0.62),
        (0.25, 7 / 9, 0.62),
        (0.5, 7 / 9, 0.62),
        (0.5, 8 / 9, 0.82),
        (0.75, 8 / 9, 0.82),
        (1, 1, 1),
    ]
    plain, weighted = afroc_curve(_published()), afroc_curve(_published(), weighting="image")
    kept = ~np.isin(plain.thresholds, (1.5, 0.6))
    expected = np.array(table)
    assert expected[:, 0] == pytest.approx(plain.false_positive_fraction[kept])
    assert expected[:, 1] == pytest.approx(plain.localisation_fraction[kept])
    assert expected[:, 2] == pytest.approx(weighted.localisation_fraction[kept], abs=1e-9)


def test_the_froc_curve_by_hand():
    # Two images; a lesion hit twice, one missed, false marks at 3 and 1.
    data = FreeResponse(2, [0, 0], [4, 2, 3, 1], [0, 0, 1, 0], [0, 0, -1, -1])
    curve = froc_curve(data)
    assert [np.inf, 4, 3, 2, 1] == curve.thresholds.tolist()
    assert [0, 0, 0.5, 0.5, 1] == curve.false_marks_per_image.tolist()
    assert [0, 0.5, 0.5, 0.5, 0.5] == curve.sensitivity.tolist()


@pytest.mark.parametrize("weighting", ["lesion", "image"])
@pytest.mark.parametrize("false_marks_on", ["normal", "all"])
@pytest.mark.parametrize("seed", range(6))
def test_the_area_is_the_share_of_pairs(seed, weighting, false_marks_on):
    data = _random(seed)
    expected = _theta(data, weighting, false_marks_on)
    found = afroc_area(data, weighting=weighting, false_marks_on=false_marks_on)
    assert expected == pytest.approx(found)
    curve = afroc_curve(data, weighting=weighting, false_marks_on=false_marks_on)
    area = np.trapezoid(curve.localisation_fraction, curve.false_positive_fraction)
    assert expected == pytest.approx(area)


def test_given_weights_count_within_their_image_only():
    data = _published()
    assert _theta(data, "image", "all") == pytest.approx(
        afroc_area(data, weighting="image", false_marks_on="all")
    )
    doubled = FreeResponse(
        data.n_images,
        data.lesion_image,
        data.scores,
        data.mark_image,
        data.mark_lesion,
        2 * data.lesion_weight,
    )
    assert afroc_area(data, weighting="image") == pytest.approx(
        afroc_area(doubled, weighting="image")
    )


def test_extremes_of_the_afroc_area():
    lesions = [0, 0, 1]
    perfect = FreeResponse(3, lesions, [1, 1, 1, 0.5], [0, 0, 1, 2], [0, 1, 2, -1])
    silent = FreeResponse(3, lesions, [], [], [])
    wrong = FreeResponse(3, lesions, [1.0], [2], [-1])
    assert (1, 0.5, 0) == (afroc_area(perfect), afroc_area(silent), afroc_area(wrong))


def test_sensitivity_keeps_the_rate_of_false_marks():
    # Eight images, a lesion in each; false marks at 7 and 3, so 1/8 and 2/8 an image.
    scores = [9, 8, 6, 5, 4, 2, 7, 3]
    data = FreeResponse(8, np.arange(8), scores, range(8), [0, 1, 2, 3, 4, 5, -1, -1])
    assert 2 / 8 == sensitivity_at_false_marks(data, 0)
    assert 5 / 8 == sensitivity_at_false_marks(data, 1 / 8)
    assert 6 / 8 == sensitivity_at_false_marks(data, 1 / 4)
    assert 6 / 8 == sensitivity_at_false_marks(data, math.inf)
    expected = (5 / 8 + 6 * 6 / 8) / 7
    assert expected == pytest.approx(competition_performance_metric(data))


def test_the_froc_curve_counts_every_false_mark_and_only_the_best_hit():
    for seed in range(5):
        data = _random(seed)
        curve = froc_curve(data)
        for threshold, rate, found in zip(
            curve.thresholds, curve.false_marks_per_image, curve.sensitivity, strict=True
        ):
            kept = data.scores >= threshold
            hit = set(data.mark_lesion[kept & (data.mark_lesion >= 0)].tolist())
            assert np.sum(kept & (data.mark_lesion < 0)) / 12 == pytest.approx(rate)
            assert len(hit) / len(data.lesion_image) == pytest.approx(found)


def test_lroc_by_hand():
    has_lesion = np.array([True, True, True, False, False])
    ratings = np.array([5.0, 4.0, 3.0, 4.0, -np.inf])
    is_correct = np.array([True, True, False, False, False])
    # Pairs: 5 beats both, 4 ties and beats, 3 is at the wrong place.
    assert (2 + 1.5) / 6 == pytest.approx(lroc_area(has_lesion, ratings, is_correct))
    curve = lroc_curve(has_lesion, ratings, is_correct)
    assert [np.inf, 5, 4, 3, -np.inf] == curve.thresholds.tolist()
    assert [0, 0, 0.5, 0.5, 1] == curve.false_positive_fraction.tolist()
    assert [0, 1 / 3, 2 / 3, 2 / 3, 2 / 3] == pytest.approx(curve.localisation_fraction.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_the_lroc_area_lies_under_its_curve(seed):
    cases = highest_marks(_random(seed, n_images=20))
    curve = lroc_curve(*cases)
    area = np.trapezoid(curve.localisation_fraction, curve.false_positive_fraction)
    assert area == pytest.approx(lroc_area(*cases))


def test_lroc_with_every_place_right_is_roc():
    rng = np.random.default_rng(1)
    has_lesion = np.arange(30) % 3 == 0
    ratings = rng.integers(0, 9, 30) + 2.0 * has_lesion
    assert roc_auc(has_lesion, ratings) == pytest.approx(lroc_area(has_lesion, ratings, has_lesion))


def test_the_highest_mark_of_an_image_is_taken():
    # A hit above a false mark, a tie, an unmarked image, a normal one.
    data = FreeResponse(4, [0, 1, 2], [3, 2, 4, 4, 1], [0, 0, 1, 1, 3], [0, -1, 1, -1, -1])
    has_lesion, ratings, is_correct = highest_marks(data)
    assert [True, True, True, False] == has_lesion.tolist()
    assert [3, 4, -np.inf, 1] == ratings.tolist()
    assert [True, False, False, False] == is_correct.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), steepness=st.floats(0.1, 3))
def test_only_the_order_of_scores_counts(seed, shift, steepness):
    data = _random(seed)
    other = FreeResponse(
        data.n_images,
        data.lesion_image,
        np.exp(steepness * data.scores + shift),
        data.mark_image,
        data.mark_lesion,
    )
    assert afroc_area(data) == pytest.approx(afroc_area(other))
    assert competition_performance_metric(data) == pytest.approx(
        competition_performance_metric(other)
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_images_changes_nothing(seed):
    data = _random(seed)
    order = np.random.default_rng(seed).permutation(data.n_images)
    drawn = draw_images(data, order)
    for weighting in ("lesion", "image"):
        assert afroc_area(data, weighting=weighting) == pytest.approx(
            afroc_area(drawn, weighting=weighting)
        )
    assert np.array_equal(froc_curve(data).sensitivity, froc_curve(drawn).sensitivity)
    assert np.array_equal(false_mark_ratings(data)[order], false_mark_ratings(drawn))


def test_images_drawn_twice_are_two_images():
    data = _published()
    drawn = draw_images(data, np.array([8, 1, 8, 0]))
    assert 4 == drawn.n_images
    assert [0, 0, 0, 2, 2, 2] == drawn.lesion_image.tolist()
    assert [1, 2.5, 1, 1, 2.5, 1] == lesion_ratings(drawn).tolist()
    assert [-np.inf, 0.5, -np.inf, -np.inf] == false_mark_ratings(drawn).tolist()
    assert [0.3, 0.4, 0.3, 0.3, 0.4, 0.3] == drawn.lesion_weight.tolist()


def test_lesions_listed_in_any_order_are_drawn_with_their_marks():
    data = FreeResponse(3, [2, 0, 2, 0], [1, 2, 3, 4], [0, 2, 0, 2], [3, 0, 1, 2])
    drawn = draw_images(data, np.array([2, 0]))
    assert [0, 0, 1, 1] == drawn.lesion_image.tolist()
    assert [2, 4, 3, 1] == lesion_ratings(drawn).tolist()


def test_the_interval_is_that_of_the_bootstrap():
    data = _random(3)
    patients = np.arange(12) // 2
    found = bootstrap_free_response(afroc_area, data, groups=patients, n=100, seed=4)

    def slow(images):
        rebuilt = []
        for image in images:
            own = np.flatnonzero(data.lesion_image == image)
            marks = data.mark_image == image
            hits = data.mark_lesion[marks]
            moved = [np.flatnonzero(own == hit)[0] if hit >= 0 else -1 for hit in hits]
            rebuilt.append(ImageMarks(data.scores[marks], np.array(moved, int), len(own)))
        return _theta(free_response(rebuilt), "lesion", "normal")

    expected = bootstrap_interval(slow, [np.arange(12)], groups=patients, n=100, seed=4)
    assert expected.lower == pytest.approx(found.lower)
    assert expected.upper == pytest.approx(found.upper)


def test_samples_without_a_normal_image_are_counted():
    data = FreeResponse(2, [0], [1.0], [0], [0])
    found = bootstrap_free_response(afroc_area, data, n=200)
    # Of four equally likely samples two have one kind of image only.
    assert 100 == pytest.approx(found.n_undefined, abs=25)


def _simulated(rng: np.random.Generator, n_patients: int) -> tuple[FreeResponse, np.ndarray]:
    """Two breasts a patient, alike in how hard they are; a lesion in the first of every other."""
    images = []
    for patient in range(n_patients):
        ease = rng.normal(0, 0.5)
        for side in range(2):
            n_lesions = int(side == 0 and patient % 2 == 0)
            false = rng.normal(0, 1, rng.poisson(0.7)) + ease
            hits = rng.normal(1.2, 1, n_lesions)[: int(rng.random() < 0.85)] + ease
            lesion = np.append(np.full(len(false), -1), np.zeros(len(hits), int))
            images.append(ImageMarks(np.append(false, hits), lesion, n_lesions))
    return free_response(images), np.repeat(np.arange(n_patients), 2)


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(0)
    truth = afroc_area(_simulated(rng, 20_000)[0])
    covered = []
    for _ in range(120):
        data, patients = _simulated(rng, 60)
        found = bootstrap_free_response(afroc_area, data, groups=patients, n=120)
        covered.append(found.lower <= truth <= found.upper)
    # 95 % less what a percentile interval of 60 patients lacks; three standard errors are 6 %.
    assert 0.94 == pytest.approx(np.mean(covered), abs=0.06)


def test_marks_hit_the_lesion_they_lie_in_or_near():
    lesions = np.zeros((5, 20, 20), np.int32)
    lesions[2, 4:8, 4:8] = 7
    lesions[2, 4:8, 12:16] = 9
    centres = np.array([[2, 5.4, 5.4], [2, 5, 9], [2, 5, 10.5], [4, 5, 13], [2.4, 7.45, 12.0]])
    scores = np.arange(5.0)
    spacing = (3.0, 0.7, 0.7)
    exact = marks_of_image(centres, scores, lesions, spacing)
    assert [0, -1, -1, -1, 1] == exact.lesion.tolist()
    assert 2 == exact.n_lesions
    near = marks_of_image(centres, scores, lesions, spacing, within_mm=1.5)
    # The second is 2 columns or 1.4 mm from lesion 7, the third 1.05 mm from 9, the fourth 6 mm.
    assert [0, 0, 1, -1, 1] == near.lesion.tolist()


def test_marks_on_an_image_without_lesions_are_false():
    found = marks_of_image(np.zeros((2, 3)), np.ones(2), np.zeros((2, 2, 2), int), (1, 1, 1))
    assert ([-1, -1], 0) == (found.lesion.tolist(), found.n_lesions)


def test_images_are_put_together_in_their_order():
    images = [
        ImageMarks(np.array([0.3]), np.array([-1]), 0),
        ImageMarks(np.array([0.9, 0.8]), np.array([1, -1]), 2),
        ImageMarks(np.array([]), np.array([], int), 1),
    ]
    data = free_response(images)
    assert [1, 1, 2] == data.lesion_image.tolist()
    assert [0, 1, 1] == data.mark_image.tolist()
    assert [-1, 1, -1] == data.mark_lesion.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, [0], [1.0], [0], [0, 0]), "same marks"),
        ((2, [0], [1.0], [0], [0], [1.0, 1.0]), "weights of the"),
        ((2, [0], [[1.0]], [0], [0]), "same marks"),
        ((2, [2], [1.0], [0], [-1]), "number both from 0"),
        ((2, [0], [1.0], [0], [-2]), "number both from 0"),
        ((2, [0], [math.nan], [0], [0]), "finite scores"),
        ((2, [0], [1.0], [0], [0], [0.0]), "above 0"),
        ((2, [0], [1.0], [0], [1]), "lesions up to 0"),
        ((2, [0], [1.0], [1], [0]), "its own image"),
        ((0, [], [], [], []), "number both from 0"),
    ],
)
def test_marks_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        FreeResponse(*arguments)


def test_analyses_that_cannot_be_are_refused():
    normal, abnormal = FreeResponse(1, [], [], [], []), FreeResponse(1, [0], [], [], [])
    with pytest.raises(InputError, match="images with lesions"):
        froc_curve(normal)
    with pytest.raises(InputError, match="marks of all images"):
        afroc_area(abnormal)
    with pytest.raises(InputError, match="JAFROC's"):
        afroc_area(_published(), weighting="patient")
    with pytest.raises(InputError, match="1/8 to 8"):
        sensitivity_at_false_marks(_published(), math.nan)
    with pytest.raises(InputError, match="an image at least"):
        free_response([])
    truth, ratings = np.array([1, 0]), np.array([1.0, 0.0])
    for cases in ((truth, ratings, [1, 1]), ([1, 1], ratings, [1, 0])):
        with pytest.raises(InputError, match="highest_marks"):
            lroc_area(*cases)
    with pytest.raises(InputError, match="rated -inf"):
        lroc_area(truth, np.array([1.0, math.nan]), [1, 0])
    labels = np.zeros((2, 2, 2), int)
    with pytest.raises(InputError, match="label_lesions"):
        marks_of_image(np.zeros((2, 3)), np.ones(1), labels, (1, 1, 1))
    with pytest.raises(InputError, match="without a centre"):
        marks_of_image(np.zeros((1, 3)), np.ones(1), labels, (1, 1, 1), within_mm=-1)

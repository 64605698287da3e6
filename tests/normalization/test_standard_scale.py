"""Intensities on one scale: landmarks on landmarks, and blind to the units of the scanner."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.normalization.standard_scale import (
    NyulScale,
    fit_nyul,
    nyul_standard,
    tissue_standard,
    z_score_standard,
)
from mamri.records import InputError, IntensityLandmarks
from mamri.records.lesion_crop import PERCENTS


def _landmarks(*percentiles: float, mean=100.0, sd=20.0) -> IntensityLandmarks:
    return IntensityLandmarks(percentiles, mean, sd, 80.0, 200.0)


def _of(image: np.ndarray) -> IntensityLandmarks:
    return _landmarks(*np.percentile(image, PERCENTS), mean=image.mean(), sd=image.std())


def _exam(seed: int, shape: float = 2.0) -> np.ndarray:
    return 50 * np.random.default_rng(seed).gamma(shape, size=4000)


EXAM = _exam(1)
SCALE = fit_nyul([_of(_exam(seed, shape)) for seed, shape in ((2, 1.0), (3, 2.0), (4, 4.0))])


def test_z_scores_have_mean_0_and_standard_deviation_1():
    found = z_score_standard(EXAM, _of(EXAM))

    assert np.float32 == found.dtype
    assert 0 == pytest.approx(found.mean(dtype=float), abs=1e-5)
    assert 1 == pytest.approx(found.std(dtype=float), abs=1e-5)
    np.testing.assert_allclose(
        [-5, 0, 2.5], z_score_standard(np.array([0, 100, 150]), _landmarks())
    )


def test_an_image_without_spread_is_centred_alone():
    np.testing.assert_allclose([0, 3], z_score_standard(np.array([100, 103]), _landmarks(sd=0.0)))


def test_the_standard_scale_is_the_mean_place_of_each_landmark():
    one = _landmarks(*range(0, 110, 10))
    two = _landmarks(*(5 + 2 * v**2 for v in range(11)))

    found = fit_nyul([one, two])

    steps = np.linspace(0, 1, 11)
    np.testing.assert_allclose((steps + steps**2) / 2, found.levels)


def test_the_standard_scale_knows_no_units():
    """Nyul, Udupa and Zhang place the ends of every image alike before they take means."""
    scaled = [_of(a * _exam(seed) + b) for seed, a, b in ((2, 1.0, 0.0), (3, 40.0, 900.0))]
    plain = [_of(_exam(seed)) for seed in (2, 3)]

    np.testing.assert_allclose(fit_nyul(plain).levels, fit_nyul(scaled).levels)


def test_landmarks_of_an_exam_come_onto_those_of_the_scale():
    landmarks = _of(EXAM)

    found = nyul_standard(np.array(landmarks.percentiles), landmarks, SCALE)

    assert np.float32 == found.dtype
    np.testing.assert_allclose(4 * SCALE.levels - 2, found, atol=1e-5)
    assert [-2, 2] == pytest.approx([found[0], found[-1]])


def test_between_landmarks_the_scale_is_a_straight_line():
    landmarks = _of(EXAM)
    p = np.array(landmarks.percentiles)

    middle = nyul_standard((p[:-1] + p[1:]) / 2, landmarks, SCALE)

    ends = 4 * SCALE.levels - 2
    np.testing.assert_allclose((ends[:-1] + ends[1:]) / 2, middle, atol=1e-5)


@given(st.floats(1e-3, 1e3), st.floats(-1e4, 1e4))
def test_an_affine_change_of_intensity_changes_nothing(gain: float, offset: float):
    changed = gain * (EXAM + offset)

    np.testing.assert_allclose(
        nyul_standard(EXAM, _of(EXAM), SCALE),
        nyul_standard(changed, _of(changed), SCALE),
        atol=1e-4,
    )


def test_the_scale_rises_everywhere():
    values = np.linspace(-500, 2000, 5001)

    found = nyul_standard(values, _of(EXAM), SCALE).astype(float)

    assert (np.diff(found) > 0).all()
    assert np.abs(np.diff(found)).max() < 0.05  # and has no jumps


def test_beyond_the_ends_the_mean_slope_goes_on():
    landmarks = _of(EXAM)
    low, high = landmarks.percentiles[0], landmarks.percentiles[-1]
    width = high - low

    found = nyul_standard(np.array([low - width, high + width / 2]), landmarks, SCALE)

    np.testing.assert_allclose([-2 - 4, 2 + 2], found, rtol=1e-5)


def test_exams_of_other_contrast_come_to_like_distributions():
    own = [_exam(seed, shape) for seed, shape in ((5, 1.0), (6, 4.0))]

    one, two = (nyul_standard(image, _of(image), SCALE) for image in own)

    quantiles = np.linspace(2, 98, 25)
    # A step between landmarks is 0.4 in the mean; between them the shape is the exam's own.
    np.testing.assert_allclose(
        np.percentile(one, quantiles), np.percentile(two, quantiles), atol=0.15
    )


@pytest.mark.parametrize("percentiles", [(0.0,) * 4 + tuple(range(1, 8)), (7.0,) * 11])
def test_landmarks_that_coincide_give_finite_numbers(percentiles):
    scale = fit_nyul([_landmarks(*percentiles), _of(EXAM)])

    found = nyul_standard(np.array([0.0, 0.5, 3.0, 7.0]), _landmarks(*percentiles), scale)

    assert np.isfinite(scale.levels).all()
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()


def test_inputs_are_left_as_they_were():
    before, scale = EXAM.copy(), NyulScale(SCALE.levels.copy())

    nyul_standard(EXAM, _of(EXAM), scale)
    z_score_standard(EXAM, _of(EXAM))
    tissue_standard(EXAM, 3.0)

    np.testing.assert_array_equal(before, EXAM)
    np.testing.assert_array_equal(SCALE.levels, scale.levels)


def test_the_tissue_is_0_and_twice_its_signal_1():
    found = tissue_standard(np.array([0.0, 80.0, 160.0]), 80.0)

    assert np.float32 == found.dtype
    np.testing.assert_array_equal([-1, 0, 1], found)


@given(st.floats(0.01, 1e4))
def test_a_gain_of_the_scanner_cancels_against_the_tissue(gain: float):
    np.testing.assert_allclose(
        tissue_standard(EXAM, 80.0), tissue_standard(gain * EXAM, gain * 80.0), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("level", [float("nan"), 0.0, -3.0, float("inf")])
def test_a_tissue_that_was_not_found_is_refused(level):
    with pytest.raises(InputError, match=r"does not show .*refer them to z_score or nyul"):
        tissue_standard(EXAM, level)

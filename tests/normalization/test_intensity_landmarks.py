"""Levels of an image within the breasts, against values written out by hand."""

import numpy as np
import pytest

from mamri.normalization.intensity_landmarks import measure_landmarks
from mamri.records import InputError

SHAPE = (4, 5, 10)


def _masks() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    breast = np.zeros(SHAPE, bool)
    breast[:, :, 5:] = True
    gland, fat = breast.copy(), breast.copy()
    gland[:, 1:] = False
    fat[:, :2] = False
    return breast, gland, fat


def test_levels_are_of_the_breasts_alone():
    breast, gland, fat = _masks()
    rng = np.random.default_rng(1)
    pre = rng.normal(100, 20, SHAPE)
    post = rng.normal(300, 50, SHAPE)
    pre[~breast] = post[~breast] = 1e9  # the heart and the arms do not count

    found = measure_landmarks([pre, post], breast, gland, fat)

    both = np.concatenate([pre[breast], post[breast]])
    assert both.mean() == pytest.approx(found.mean)
    assert both.std() == pytest.approx(found.sd)
    assert np.median(pre[gland]) == found.fibroglandular
    assert np.median(pre[fat]) == found.fat
    percents = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99]
    np.testing.assert_allclose(np.percentile(pre[breast], percents), found.percentiles)


def test_a_tissue_that_is_not_there_has_no_level():
    breast, gland, fat = _masks()

    found = measure_landmarks([np.ones(SHAPE)], breast, np.zeros_like(gland), fat)

    assert np.isnan(found.fibroglandular)
    assert (1, 1, 0) == (found.fat, found.mean, found.sd)


def test_whole_numbers_of_a_scanner_do_not_overflow():
    breast, gland, fat = _masks()
    phase = np.full(SHAPE, 60000, np.uint16)

    found = measure_landmarks([phase, phase], breast, gland, fat)

    assert (60000, 0) == (found.mean, found.sd)


def test_levels_grow_with_the_image():
    breast, gland, fat = _masks()
    image = np.random.default_rng(1).normal(100, 20, SHAPE)

    one, two = (measure_landmarks([k * image], breast, gland, fat) for k in (1, 2))

    np.testing.assert_allclose(2 * np.array(one.percentiles), two.percentiles)
    np.testing.assert_allclose(
        2 * np.array([one.mean, one.sd, one.fibroglandular, one.fat]),
        [two.mean, two.sd, two.fibroglandular, two.fat],
    )


def test_no_breast_is_refused():
    none = np.zeros(SHAPE, bool)

    with pytest.raises(InputError, match="within the breasts, none was found"):
        measure_landmarks([np.ones(SHAPE)], none, none, none)

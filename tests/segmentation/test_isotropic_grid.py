"""The working grid: where samples lie, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.segmentation.isotropic_grid import isotropic_grid


def ramp(shape: tuple[int, int, int]) -> np.ndarray:
    s, r, c = np.indices(shape).astype(float)
    return 2 * s + 3 * r - c


def test_samples_of_a_ramp_are_exact():
    mask = np.zeros((20, 30, 40), bool)
    mask[4:15, 5:25, 6:30] = True
    grid = isotropic_grid(mask, np.diag([2.0, 1.0, 0.8, 1.0]), step_mm=1.3, margin_mm=0.0)

    found = grid.sample(ramp(mask.shape))

    index = np.indices(grid.shape)
    s, r, c = (
        part.start + index[axis] * step
        for axis, (part, step) in enumerate(zip(grid.box, grid.step, strict=True))
    )
    assert 2 * s + 3 * r - c == pytest.approx(found, abs=1e-4)


@given(st.tuples(*[st.floats(0.5, 3.0)] * 3), st.floats(0.7, 1.4))
def test_a_ball_comes_back_nearly_as_it_went(spacing, step_mm):
    shape = (24, 24, 24)
    index = np.indices(shape) - 11.5
    mask = ((index * np.reshape(spacing, (3, 1, 1, 1))) ** 2).sum(axis=0) <= 64  # radius 8 mm
    grid = isotropic_grid(mask, np.diag([*spacing, 1.0]), step_mm=step_mm, margin_mm=5.0)

    back = grid.spread_mask(grid.sample_mask(mask), shape)

    volume = np.count_nonzero(mask)
    assert np.count_nonzero(back ^ mask) < 0.3 * volume


def test_the_margin_stops_at_the_image():
    mask = np.zeros((10, 10, 10), bool)
    mask[0, 5, 9] = True

    grid = isotropic_grid(mask, np.eye(4), step_mm=1.0, margin_mm=3.0)

    assert [(part.start, part.stop) for part in grid.box] == [(0, 4), (2, 9), (6, 10)]


def test_an_empty_mask_comes_back_empty():
    mask = np.ones((5, 5, 5), bool)
    grid = isotropic_grid(mask, np.eye(4), step_mm=1.0, margin_mm=0.0)

    assert not grid.spread_mask(np.zeros(grid.shape, bool), mask.shape).any()


def test_one_slice_is_sampled():
    mask = np.ones((1, 6, 6), bool)
    grid = isotropic_grid(mask, np.diag([3.0, 1.0, 1.0, 1.0]), step_mm=1.0, margin_mm=5.0)

    assert grid.sample(np.full(mask.shape, 7.0)) == pytest.approx(7.0)

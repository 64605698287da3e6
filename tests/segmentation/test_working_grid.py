import numpy as np
import pytest

from mamri.segmentation.working_grid import average_to, interpolate_from, working_grid

AFFINE = np.array([[0, 0, 0.8, 0], [0, 1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]], float)


def test_averaging_keeps_a_linear_ramp() -> None:
    grid = working_grid((10, 40, 50), AFFINE, 2.0)
    s, r, c = np.meshgrid(*(np.arange(n, dtype=float) for n in (10, 40, 50)), indexing="ij")
    coarse = average_to(grid, s + 2 * r + 3 * c)
    at = [grid.full_position(axis, np.arange(grid.shape[axis])) for axis in range(3)]
    expected = at[0][:, None, None] + 2 * at[1][None, :, None] + 3 * at[2][None, None, :]
    inner = (slice(1, -1),) * 3  # the edge voxels reach over the image
    np.testing.assert_allclose(coarse[inner], expected[inner], atol=0.35)


def test_averaging_and_interpolation_keep_a_constant() -> None:
    grid = working_grid((10, 40, 50), AFFINE, 2.0)
    coarse = average_to(grid, np.full((10, 40, 50), 7.0))
    np.testing.assert_allclose(coarse, 7.0, rtol=1e-5)
    np.testing.assert_allclose(interpolate_from(grid, coarse), 7.0, rtol=1e-5)


def test_a_box_is_the_same_part_of_the_whole() -> None:
    grid = working_grid((10, 40, 50), AFFINE, 2.0)
    coarse = np.random.default_rng(0).random(grid.shape).astype(np.float32)
    box = (slice(2, 7), slice(0, 11), slice(30, 50))
    np.testing.assert_allclose(
        interpolate_from(grid, coarse)[box], interpolate_from(grid, coarse, box), rtol=1e-5
    )


def test_positions_are_inverse() -> None:
    grid = working_grid((10, 40, 50), AFFINE, 2.0)
    for axis in range(3):
        there = grid.working_position(axis, np.array([0.0, 3.5]))
        assert grid.full_position(axis, there) == pytest.approx([0.0, 3.5])

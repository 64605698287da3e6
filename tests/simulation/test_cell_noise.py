"""Cellular noise against a slow search of all cells near enough to hold a neighbour."""

import numpy as np
import pytest

from mamri.simulation.cell_noise import _hash, cell_noise

_hash = _hash.py_func  # Python's whole numbers, without a limit


def _slow(x: float, y: float, z: float, seed: int) -> tuple[float, float, float]:
    """Nearest and second nearest point of the 5 x 5 x 5 cells around, and the owner's number.

    A point of a cell three away is at least 2.1 cells away; the nearest is at most 1.6 away.
    """
    base = np.floor([x, y, z]).astype(int)
    found = []
    for offset in np.ndindex(5, 5, 5):
        cell = base + np.array(offset) - 2
        h = _hash(*(int(v) for v in cell), seed)
        place = cell + 0.1 + 0.8 * np.array([h & 1023, (h >> 10) & 1023, (h >> 20) & 1023]) / 1023
        found.append((float(np.linalg.norm(place - [x, y, z])), h))
    (nearest, owner), (second, _) = sorted(found)[:2]
    return nearest, second, ((owner >> 5) & 4095) / 4095


@pytest.fixture(scope="module")
def both() -> tuple[np.ndarray, np.ndarray]:
    """Fast and slow values at 1500 points, (1500, 3) each."""
    points = np.random.default_rng(0).uniform(-40, 40, (1500, 3))
    fast = np.array([cell_noise(*point, 7) for point in points])
    return fast, np.array([_slow(*point, 7) for point in points])


def test_distances_and_owner_are_those_of_a_slow_search(
    both: tuple[np.ndarray, np.ndarray],
) -> None:
    """A point that is overlooked lies two cells away, so 1.1 cells or more: hardly ever the second.

    Of 3 million random points none was wrong, so 1500 must not be either.
    """
    fast, slow = both
    np.testing.assert_allclose(slow, fast, atol=1e-12)


def test_what_the_search_leaves_out_is_further_than_both_neighbours_nearly_everywhere(
    both: tuple[np.ndarray, np.ndarray],
) -> None:
    assert np.mean(both[0][:, 1] > 1.1) < 0.01
    assert both[0][:, 1].max() < 1.25


def test_distances_and_numbers_lie_in_their_range() -> None:
    points = np.random.default_rng(1).uniform(-1000, 1000, (4000, 3))
    nearest, second, number = np.array([cell_noise(*point, 3) for point in points]).T
    assert np.all((nearest >= 0) & (nearest <= second))
    # The own cell's point is at most as far as the far corner of its inner 80 percent.
    assert nearest.max() <= 0.9 * np.sqrt(3)
    assert np.all((number >= 0) & (number <= 1))
    # Uniform over cells: the 4 standard errors of 4000 values of few repeated cells are 0.02.
    assert abs(number.mean() - 0.5) < 0.02


def test_the_number_is_that_of_the_cell_not_of_the_place() -> None:
    point, step = np.array([4.31, -2.2, 8.7]), np.array([1e-3, -1e-3, 1e-3])
    assert cell_noise(*point, 3)[2] == cell_noise(*(point + step), 3)[2]


def test_noise_depends_on_the_seed_alone() -> None:
    points = np.random.default_rng(2).uniform(-20, 20, (200, 3))
    one, again, other = (
        np.array([cell_noise(*point, seed) for point in points]) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.mean(np.abs(one[:, 0] - other[:, 0]) < 1e-9) < 0.01


def test_distances_change_no_faster_than_the_place() -> None:
    """A distance has a slope of at most 1; across a face of a cell it may step by rare errors."""
    rng = np.random.default_rng(3)
    points, steps = rng.uniform(-20, 20, (3000, 3)), rng.standard_normal((3000, 3))
    steps *= 1e-3 / np.linalg.norm(steps, axis=1, keepdims=True)
    change = np.array(
        [
            np.subtract(cell_noise(*(point + step), 5)[:2], cell_noise(*point, 5)[:2])
            for point, step in zip(points, steps, strict=True)
        ]
    )
    assert np.mean(np.abs(change) > 1e-3 + 1e-9) < 0.001


def test_walls_lie_where_both_distances_are_equal() -> None:
    """Along a line the owner changes just where the second point becomes the first."""
    x = np.linspace(0, 12, 6001)
    nearest, second, number = np.array([cell_noise(v, 0.3, 0.6, 4) for v in x]).T
    changes = np.flatnonzero(np.diff(number) != 0)
    assert changes.size > 6
    assert np.all((second - nearest)[changes] < 0.01)

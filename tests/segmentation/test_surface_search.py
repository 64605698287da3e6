import itertools

import numpy as np

from mamri.segmentation.surface_search import least_cost_surface


def slow_line(cost: np.ndarray, step: float, jump: float) -> tuple[int, ...]:
    """Best path through a single row, by trying all of them."""

    def price(a: int, b: int) -> float:
        return (0.0, step, 3 * step)[abs(a - b)] if abs(a - b) < 3 else jump

    def total(path: tuple[int, ...]) -> float:
        steps = sum(min(price(a, b), jump) for a, b in itertools.pairwise(path))
        return float(sum(cost[i, d] for i, d in enumerate(path)) + steps)

    return min(itertools.product(range(cost.shape[1]), repeat=cost.shape[0]), key=total)


def test_a_single_row_is_solved_exactly() -> None:
    # in a row, the two paths along it meet at every column: the sum has its least where the
    # best path passes, up to the cost counted twice, so a clear path comes out the same
    rng = np.random.default_rng(0)
    for _ in range(10):
        truth = np.clip(np.cumsum(rng.integers(-1, 2, 5)) + 2, 0, 4)
        cost = rng.uniform(0.6, 1.0, (5, 5))
        cost[np.arange(5), truth] = 0.0
        expected = slow_line(cost, 0.1, 1.0)
        found = least_cost_surface(cost[None], step_price=0.1, jump_price=1.0)[0]
        assert tuple(found) == expected


def test_a_noisy_plane_is_found_flat() -> None:
    rng = np.random.default_rng(1)
    cost = rng.uniform(0, 1, (20, 20, 15))
    cost[:, :, 6] -= 0.5
    found = least_cost_surface(cost, step_price=0.5, jump_price=3.0)
    assert (found == 6).mean() > 0.98

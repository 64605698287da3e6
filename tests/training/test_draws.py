import math

import torch

from mamri.training.draws import Draws, seeded_draws

CPU = torch.device("cpu")


def _draws(index: int = 0, stream: int = 0) -> Draws:
    return seeded_draws(7, index, stream, CPU)


def test_equal_numbers_give_equal_draws() -> None:
    a, b = _draws(), _draws()

    assert [a.uniform((0, 1)), a.index(100)] == [b.uniform((0, 1)), b.index(100)]
    assert torch.equal(a.white((4, 4)), b.white((4, 4)))


def test_pairs_and_purposes_have_draws_of_their_own() -> None:
    firsts = {_draws(index, stream).uniform((0, 1)) for index in range(20) for stream in range(3)}

    assert 60 == len(firsts)


def test_noise_does_not_move_the_numbers() -> None:
    a, b = _draws(), _draws()
    a.white((100,))

    assert a.uniform((0, 1)) == b.uniform((0, 1))


def test_draws_keep_their_bounds_and_means() -> None:
    draws = _draws()
    even = [draws.uniform((2, 4)) for _ in range(4000)]
    logarithmic = [draws.log_uniform((0.01, 1)) for _ in range(4000)]

    assert 2 <= min(even)
    assert max(even) <= 4
    assert abs(sum(even) / 4000 - 3) < 0.05  # 5 standard errors of 0.009
    assert abs(sum(map(math.log10, logarithmic)) / 4000 + 1) < 0.05
    assert abs(sum(draws.chance(0.2) for _ in range(4000)) / 4000 - 0.2) < 0.032  # 5 of 0.0063

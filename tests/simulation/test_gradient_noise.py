import numpy as np

from mamri.simulation.gradient_noise import gradient_noise


def test_noise_vanishes_on_lattice_points_and_is_bounded() -> None:
    rng = np.random.default_rng(0)
    assert gradient_noise(3.0, -2.0, 7.0, 5) == 0
    values = [gradient_noise(*point, 5) for point in rng.uniform(-50, 50, (4000, 3))]
    assert np.abs(values).max() < 1.2
    assert abs(np.mean(values)) < 0.03
    assert np.std(values) > 0.15


def test_noise_is_smooth_across_cell_borders() -> None:
    before, after = (gradient_noise(2 + d, 0.4, 0.7, 1) for d in (-1e-6, 1e-6))
    assert abs(after - before) < 1e-5


def test_noise_depends_on_the_seed() -> None:
    assert gradient_noise(0.3, 0.4, 0.5, 1) != gradient_noise(0.3, 0.4, 0.5, 2)

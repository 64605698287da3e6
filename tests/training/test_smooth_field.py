import numpy as np
import torch
from scipy.interpolate import BSpline

from mamri.training.draws import seeded_draws
from mamri.training.smooth_field import bspline_matrix, evaluate_field, random_control

CPU = torch.device("cpu")


def test_weights_are_those_of_scipy() -> None:
    n, knots = 31, 9
    at = np.linspace(0, knots - 3, n)
    expected = BSpline.design_matrix(at, np.arange(-3.0, knots + 1), 3).toarray()

    np.testing.assert_allclose(bspline_matrix(n, knots), expected, atol=1e-6)


def test_control_points_on_a_plane_give_the_plane() -> None:
    # So an affine map passes through the spline without loss.
    shape, knots = (11, 7, 16), (5, 4, 8)
    places = [(torch.arange(k) - 1) * (n - 1) / (k - 3) for n, k in zip(shape, knots, strict=True)]
    a, b, c = torch.meshgrid(*places, indexing="ij")
    control = (2 * a - 3 * b + 0.5 * c + 7)[None]

    s, r, c = torch.meshgrid(*[torch.arange(float(n)) for n in shape], indexing="ij")
    expected = 2 * s - 3 * r + 0.5 * c + 7
    torch.testing.assert_close(evaluate_field(control, shape, CPU)[0], expected)


def test_random_fields_have_a_standard_deviation_of_one() -> None:
    control = random_control(seeded_draws(0, 0, 0, CPU), 4, (300.0, 300.0, 300.0), 10.0)

    field = evaluate_field(control, (90, 90, 90), CPU)

    assert abs(float(field.std()) - 1) < 0.05

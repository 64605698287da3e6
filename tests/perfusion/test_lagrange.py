import numpy as np
import pytest

from mamri.perfusion.lagrange import NODES, weights_at


@pytest.mark.parametrize("place", [0.0, 0.3, 4.0, 7.5, 8.999, 9.0])
def test_polynomials_of_degree_five_and_their_slopes_are_exact(place: float) -> None:
    polynomial = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.3, -0.04, 0.002])
    values = polynomial(np.arange(10.0))
    weight, slope = np.empty(NODES), np.empty(NODES)

    first = weights_at(place, 10, weight, slope)

    assert 0 <= first <= 10 - NODES
    near = values[first : first + NODES]
    np.testing.assert_allclose(weight @ near, polynomial(place), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(slope @ near, polynomial.deriv()(place), rtol=1e-8, atol=1e-8)

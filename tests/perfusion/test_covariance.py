import numpy as np

from mamri.perfusion.covariance import spread


def test_the_delta_method_is_that_of_the_whole_matrix() -> None:
    random = np.random.default_rng(1)
    root = random.normal(size=(3, 3))
    whole = root @ root.T
    slopes = random.normal(size=3)
    upper = whole[np.triu_indices(3)][:, None]

    found = spread(upper, tuple(np.array([s]) for s in slopes))

    np.testing.assert_allclose(found[0], np.sqrt(slopes @ whole @ slopes), rtol=1e-6)


def test_what_has_no_part_may_be_undefined() -> None:
    covariance = np.array([[4.0], [np.nan], [np.nan]])

    assert 2.0 == spread(covariance, (1.0, 0.0))[0]
    assert np.isnan(spread(covariance, (1.0, 1.0))[0])

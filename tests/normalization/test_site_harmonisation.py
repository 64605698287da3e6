"""Sites made comparable: planted shifts come off, and ComBat is that of its authors' package.

``ADJUSTED`` is what neuroCombat 0.2.12 (MIT licence) makes of ``TABLE``:
``neuroCombat(dat=TABLE.T, covars=DataFrame({"site": SITES}), batch_col="site")["data"].T``. It
stops when no estimate moves by more than 1e-4 of itself, hence the tolerance of 1e-4. Its pooled
variance divides by the number of cases (ddof 0), the variance of a site by one less, and priors
are taken over the features of a site, as in equation 3.1 and the text after it of Johnson 2007.
(combatlearn 2.3.0 takes priors over the sites of a feature instead: its numbers differ.)
"""

import numpy as np
import pytest

from mamri.normalization.site_harmonisation import MIN_CASES, apply_sites, fit_sites
from mamri.records import InputError

SITES = np.repeat(["a", "b", "c"], [6, 7, 8])
TABLE = np.array(
    [
        [0.00, 0.60, -0.82, -3.56, -2.27],
        [-0.99, 0.12, 4.02, -1.97, -3.10],
        [0.49, 0.71, 0.32, -3.72, -0.15],
        [0.70, -2.69, -1.37, -7.60, -6.45],
        [-1.84, -0.47, -3.80, 1.09, 0.78],
        [-0.19, -5.03, -1.62, -0.19, 0.57],
        [0.40, -0.62, -6.99, -1.50, 15.02],
        [1.63, 0.89, 2.51, 0.03, 5.05],
        [3.19, 1.22, -8.25, 4.52, 17.55],
        [0.37, 3.92, -1.39, -0.36, 23.00],
        [4.30, -3.08, -1.62, 7.92, 4.40],
        [4.16, 0.77, 1.40, 13.78, 0.26],
        [3.35, -0.58, -1.35, -4.07, 1.08],
        [-1.12, -0.92, 2.06, -6.18, -3.38],
        [-0.61, -4.39, -0.83, -3.23, 2.77],
        [-0.59, -2.39, -0.66, -3.60, 3.57],
        [-1.26, -2.36, 0.63, -3.29, -1.59],
        [-1.67, -2.01, -0.80, -0.20, 0.96],
        [-1.01, -1.20, -0.61, -0.47, -1.02],
        [-0.65, -3.55, 0.62, -7.05, -7.11],
        [-1.18, -3.08, 0.30, 2.39, -3.50],
    ]
)
ADJUSTED = np.array(
    [
        [0.529831, 0.769633, -0.533553, -2.136808, 0.452870],
        [-0.563830, 0.324260, 4.554113, -0.237773, -0.619854],
        [1.071138, 0.871697, 0.664781, -2.327906, 3.192840],
        [1.303126, -2.283025, -1.111697, -6.962029, -4.949524],
        [-1.502832, -0.223177, -3.666042, 3.416973, 4.394807],
        [0.319936, -4.454216, -1.374490, 1.888191, 4.123395],
        [-0.800162, -1.826594, -4.643035, -3.739065, 6.227243],
        [0.003378, -0.811558, 1.578349, -2.730076, -0.279549],
        [1.022502, -0.589728, -5.468188, 0.230941, 7.878414],
        [-0.819760, 1.225237, -0.975693, -2.987269, 11.435287],
        [1.747648, -3.480229, -1.126316, 2.473137, -0.703764],
        [1.656188, -0.892223, 0.851430, 6.337628, -3.405681],
        [1.127028, -1.799706, -0.949498, -5.433901, -2.870519],
        [0.016034, 1.345372, 3.439542, -5.996506, -1.504638],
        [1.058644, -4.322997, -2.340745, -1.538692, 8.625432],
        [1.099530, -1.055926, -2.000728, -2.097808, 9.943165],
        [-0.270173, -1.006920, 0.579400, -1.629360, 1.443789],
        [-1.108349, -0.435182, -2.280742, 3.040012, 5.644062],
        [0.240911, 0.887982, -1.900723, 2.632009, 2.382673],
        [0.976870, -2.950827, 0.559399, -7.311184, -7.648567],
        [-0.106626, -2.183065, -0.080633, 6.953822, -1.702298],
    ]
)


def test_combat_is_that_of_its_authors():
    found = apply_sites(TABLE, SITES, fit_sites(TABLE, SITES))

    np.testing.assert_allclose(found, ADJUSTED, atol=1e-4)


def _planted(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same women at two sites, of which the second shifts and stretches what it measures."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(10, 2, (2 * n, 8))
    sites = np.array(["a", "b"])[np.arange(2 * n) % 2]
    seen = truth.copy()
    seen[sites == "b"] = 1.8 * seen[sites == "b"] + np.arange(8) + 5
    return truth, seen, sites


@pytest.mark.parametrize("empirical", [True, False])
def test_a_planted_shift_and_stretch_come_off(empirical):
    truth, seen, sites = _planted(400)

    found = apply_sites(seen, sites, fit_sites(seen, sites, empirical=empirical))

    a, b = found[sites == "a"], found[sites == "b"]
    np.testing.assert_allclose(a.mean(axis=0), b.mean(axis=0), atol=0.1)  # of 17, shrunk a little
    np.testing.assert_allclose(a.std(axis=0) / b.std(axis=0), 1, atol=0.05)
    for j in range(8):  # women of one site keep their order, as correlation with the truth shows
        assert np.corrcoef(found[:, j], truth[:, j])[0, 1] > 0.99
        assert np.corrcoef(seen[:, j], truth[:, j])[0, 1] < 0.9


def test_plain_z_scores_are_means_and_standard_deviations():
    found = apply_sites(TABLE, SITES, fit_sites(TABLE, SITES, empirical=False))

    residual = TABLE - np.stack([TABLE[site == SITES].mean(axis=0) for site in SITES])
    level, spread = TABLE.mean(axis=0), residual.std(axis=0)
    for site in "abc":
        own = TABLE[site == SITES]
        expected = level + spread * (own - own.mean(axis=0)) / own.std(axis=0, ddof=1)
        np.testing.assert_allclose(expected, found[site == SITES])


def test_combat_shrinks_a_site_to_what_its_features_have_in_common():
    fitted = fit_sites(TABLE, SITES)
    plain = fit_sites(TABLE, SITES, empirical=False)
    for site in "abc":
        assert np.std(fitted.shift[site]) < np.std(plain.shift[site])
        assert np.std(fitted.stretch[site]) < np.std(plain.stretch[site])


def test_a_new_site_is_estimated_from_its_own_cases():
    _, seen, sites = _planted(100)
    fitted = fit_sites(seen, sites)
    new = 0.5 * np.random.default_rng(2).normal(10, 2, (200, 8)) - 20

    found = apply_sites(new, np.full(200, "new"), fitted)

    known = apply_sites(seen, sites, fitted)
    np.testing.assert_allclose(found.mean(axis=0), known.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(found.std(axis=0), known.std(axis=0), rtol=0.15)


def test_what_was_fitted_is_applied_to_new_cases_of_a_site():
    _, seen, sites = _planted(100)
    fitted = fit_sites(seen, sites)
    new = seen[:2] + 100

    moved = apply_sites(new, sites[:2], fitted) - apply_sites(seen[:2], sites[:2], fitted)

    np.testing.assert_allclose(moved, np.stack([100 / fitted.stretch[s] for s in sites[:2]]))


def test_a_feature_that_is_constant_stays_finite():
    table = TABLE.copy()
    table[:, 1] = 3.0
    for empirical in (True, False):
        found = apply_sites(table, SITES, fit_sites(table, SITES, empirical=empirical))
        assert np.isfinite(found).all()


def test_one_feature_alone_is_harmonised_without_a_prior():
    one = TABLE[:, :1]

    found = apply_sites(one, SITES, fit_sites(one, SITES))

    np.testing.assert_allclose(
        found, apply_sites(one, SITES, fit_sites(one, SITES, empirical=False))
    )


def test_the_table_is_not_changed():
    before = TABLE.copy()
    apply_sites(TABLE, SITES, fit_sites(TABLE, SITES))
    np.testing.assert_array_equal(before, TABLE)


def test_sites_with_few_cases_are_refused():
    few = np.array(["a"] * 17 + ["small"] * 4)
    with pytest.raises(InputError, match=f"{MIN_CASES} cases of every site, 'small' has 4"):
        fit_sites(TABLE, few)

    fitted = fit_sites(TABLE, SITES)
    with pytest.raises(InputError, match=f"'new' is unknown .* needs {MIN_CASES} cases .* got 4"):
        apply_sites(TABLE[:4], np.full(4, "new"), fitted)
    assert (5, 5) == apply_sites(TABLE[:5], np.full(5, "new"), fitted).shape

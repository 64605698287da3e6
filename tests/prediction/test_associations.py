"""Features alone against outcome and site: the tests of scipy, corrected, strongest first."""

import numpy as np
import pytest
from prediction.cohorts import cohort_and_outcome, noise_table
from scipy import stats

from mamri.evaluation import concordance_index, log_rank_test
from mamri.prediction.associations import associations, site_effect
from mamri.prediction.experiment import SiteHarmonisation, Target, TargetKind

NUMBER = Target("n", TargetKind.NUMBER, "size")
TIME = Target("t", TargetKind.SURVIVAL, "days", event="event")
SUBTYPE = Target("s", TargetKind.CLASSES, "subtype")


def _table(n: int = 90, features: int = 6, seed: int = 1):
    rng = np.random.default_rng(seed)
    table = noise_table(n, features, seed)
    table["x0"] += 1.2 * table["malignant"]
    table["size"] = table["x1"] + rng.normal(size=n)
    table["subtype"] = np.array(["a", "b", "c"])[np.argsort(np.argsort(table["x2"])) * 3 // n]
    table["days"] = rng.exponential(size=n) * np.exp(-table["x3"])
    table["event"] = (rng.random(n) < 0.7).astype(int)
    return table


def _tested(table, *target):
    _, outcome = cohort_and_outcome(table, *target)
    names = [name for name in table.columns if name.startswith("x")]
    found = associations(table[names].to_numpy(float), names, outcome)
    return {row["feature"]: row for row in found}, outcome


def _three_digits(p: float):
    return pytest.approx(p, rel=6e-3)


def test_two_classes_are_compared_by_kruskal_and_wallis_and_the_auc():
    table = _table()

    found, outcome = _tested(table)

    for name, row in found.items():
        yes, no = (table[name][outcome.y == k] for k in (1, 0))
        assert _three_digits(stats.kruskal(yes, no).pvalue) == row["p"]
        auc = stats.mannwhitneyu(yes, no).statistic / (len(yes) * len(no))
        assert auc == pytest.approx(row["value"], abs=6e-5)
        assert ("AUC", 90) == (row["measure"], row["cases"])


def test_more_classes_have_the_share_of_variance_of_ranks():
    table = _table()

    found, outcome = _tested(table, SUBTYPE)

    for name, row in found.items():
        test = stats.kruskal(*(table[name][outcome.y == k] for k in range(3)))
        assert _three_digits(test.pvalue) == row["p"]
        eta = max(0.0, (test.statistic - 2) / 87)  # Tomczak and Tomczak 2014, eta squared of H
        assert eta == pytest.approx(row["value"], abs=6e-5)
    assert "x2" == next(iter(found))
    assert "share of variance of ranks" == found["x2"]["measure"]


def test_numbers_have_a_rank_correlation():
    table = _table()

    found, _ = _tested(table, NUMBER)

    for name, row in found.items():
        test = stats.spearmanr(table[name], table["size"])
        assert _three_digits(test.pvalue) == row["p"]
        assert test.statistic == pytest.approx(row["value"], abs=6e-5)
    assert "x1" == next(iter(found))


def test_survival_is_compared_above_and_below_the_median():
    table = _table()

    found, outcome = _tested(table, TIME)

    for name, row in found.items():
        values = table[name].to_numpy()
        above = values > np.median(values)
        assert (
            _three_digits(log_rank_test(outcome.y, outcome.event, above.astype(int)).p)
            == (row["p"])
        )
        other = stats.logrank(
            *(
                stats.CensoredData.right_censored(outcome.y[rows], ~outcome.event[rows])
                for rows in (above, ~above)
            )
        )
        assert _three_digits(other.pvalue) == row["p"]
        c = concordance_index(outcome.y, outcome.event, values)
        assert c == pytest.approx(row["value"], abs=6e-5)
    assert "x3" == next(iter(found))
    assert found["x3"]["value"] > 0.6


@pytest.mark.parametrize("target", [(), (SUBTYPE,), (NUMBER,), (TIME,)])
def test_p_values_are_adjusted_and_in_order(target):
    found, _ = _tested(_table(), *target)

    p = [row["p"] for row in found.values()]
    assert p == sorted(p)
    adjusted = stats.false_discovery_control(p, method="bh")
    np.testing.assert_allclose(adjusted, [row["p_adjusted"] for row in found.values()], rtol=2e-2)
    assert all(row["p_adjusted"] >= row["p"] for row in found.values())


def test_noise_is_rarely_found_after_correction():
    """Of 20 cohorts of pure noise at most a few may have any feature below 5 %."""
    any_found = [
        min(row["p_adjusted"] for row in _tested(noise_table(60, 10, seed))[0].values()) < 0.05
        for seed in range(20)
    ]
    assert sum(any_found) <= 4  # binomial of 20 and 5 %: more has a probability of 0.3 %


def test_missing_values_are_left_out_of_their_feature_alone():
    table = _table()
    table.loc[:29, "x0"] = np.nan

    found, outcome = _tested(table)

    rest = table.iloc[30:]
    groups = [rest["x0"][outcome.y[30:] == k] for k in (0, 1)]
    assert _three_digits(stats.kruskal(*groups).pvalue) == found["x0"]["p"]
    assert (60, 90) == (found["x0"]["cases"], found["x1"]["cases"])


def test_features_without_enough_values_or_variation_are_not_tested():
    table = _table().assign(x1=2.0)
    table.loc[9:, "x2"] = np.nan
    table.loc[10:, "x3"] = np.nan
    table.loc[table["malignant"] == 1, "x4"] = np.nan

    found, _ = _tested(table)

    assert {"x0", "x3", "x5"} == set(found)


def test_nothing_testable_gives_no_rows():
    table = _table().assign(**dict.fromkeys([f"x{k}" for k in range(6)], 1.0))

    assert {} == _tested(table)[0]
    assert {} == _tested(table, TIME)[0]
    same = _table().assign(size=3.0)
    assert {} == _tested(same, NUMBER)[0]


def test_a_feature_whose_median_is_its_largest_value_has_no_halves():
    table = _table().assign(x0=lambda t: (t["x0"] < -2).astype(float))
    table["x0"] = -table["x0"]

    assert "x0" not in _tested(table, TIME)[0]


def _shifted(n: int = 120, features: int = 8):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, features))
    sites = np.array(["a", "b", "c"])[np.arange(n) % 3]
    x[sites == "b", :6] += 2
    x[sites == "c", :6] *= 3
    return x, sites


@pytest.mark.parametrize("how", [SiteHarmonisation.COMBAT, SiteHarmonisation.Z_SCORE])
def test_a_planted_shift_is_found_before_and_gone_after_harmonisation(how):
    x, sites = _shifted()

    found = site_effect(x, sites, how)

    assert 8 == found["features"]
    assert 6 == found["before"]
    assert 0 == found["after"]
    assert found["explained_before"] > 0.2 > 0.02 > found["explained_after"]


def test_without_harmonisation_nothing_is_said_of_after():
    x, sites = _shifted()

    found = site_effect(x, sites, SiteHarmonisation.NONE)

    assert (6, None, None) == (found["before"], found["after"], found["explained_after"])


def test_the_share_that_sites_explain_is_that_of_kruskal_and_wallis():
    x, sites = _shifted()

    found = site_effect(x, sites, SiteHarmonisation.NONE)

    h = [stats.kruskal(*(column[sites == s] for s in "abc")).statistic for column in x.T]
    expected = np.median(np.maximum(0, (np.array(h) - 2) / (len(x) - 3)))
    assert expected == pytest.approx(found["explained_before"], abs=6e-4)


def test_missing_and_constant_features_do_not_stop_the_test_of_sites():
    x, sites = _shifted()
    x[::7, 0] = np.nan
    x[:, 1] = 4.0
    x[:, 2] = np.nan

    found = site_effect(x, sites, SiteHarmonisation.COMBAT)

    assert (6, 4, 0) == (found["features"], found["before"], found["after"])


@pytest.mark.parametrize(
    "sites",
    [
        np.full(120, "a"),
        np.array(["a"] * 116 + ["b"] * 4),
        np.array(["a"] * 60 + [""] * 60),
    ],
)
def test_sites_that_cannot_be_compared_are_not(sites):
    assert site_effect(_shifted()[0], sites, SiteHarmonisation.COMBAT) is None


def test_features_that_do_not_vary_leave_nothing_to_compare():
    _, sites = _shifted()

    assert site_effect(np.ones((120, 3)), sites, SiteHarmonisation.NONE) is None

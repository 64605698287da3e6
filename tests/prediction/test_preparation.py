"""Features made fit to learn from: learned of the training cases, applied to others unchanged."""

import numpy as np
import pytest
from scipy import stats

from mamri.prediction.experiment import SiteHarmonisation, TargetKind
from mamri.prediction.preparation import PreparationSettings, fit_preparation, prepare
from mamri.records import InputError

BINARY = TargetKind.BINARY


def _fit(x, y=None, *, kind=BINARY, event=None, sites=None, **settings):
    n = len(x)
    return fit_preparation(
        x,
        np.arange(n) % 2 if y is None else y,
        np.ones(n, bool) if event is None else event,
        kind,
        np.full(n, "") if sites is None else sites,
        PreparationSettings(**settings),
    )


def _none(n: int) -> np.ndarray:
    return np.full(n, "")


def test_values_become_normal_scores_whatever_their_distribution():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(500, 1))
    x = np.exp(3 * z)
    x[0] = 1e9  # an outlier does not rule

    scores = prepare(x, _none(500), _fit(x))

    expected = stats.norm.ppf((stats.rankdata(x[:, 0]) - 0.5) / 500)
    inner = np.abs(expected) < 2  # beyond, 100 quantiles of 500 cases are coarse
    np.testing.assert_allclose(scores[inner, 0], expected[inner], atol=0.1)
    assert np.abs(scores).max() <= 3
    assert (np.diff(scores[np.argsort(x[:, 0]), 0]) >= 0).all()


def test_ties_get_the_middle_of_their_ranks():
    x = np.r_[np.zeros(60), np.linspace(1, 2, 40)][:, None]

    assert stats.norm.ppf(0.3) == pytest.approx(prepare(x[:1], _none(1), _fit(x))[0, 0], abs=0.02)


def test_features_of_few_values_are_centred_and_scaled():
    x = np.tile([0.0, 0, 0, 1], 10)[:, None]

    scores = prepare(x, _none(40), _fit(x))

    assert 0 == pytest.approx(scores.mean())
    assert 1 == pytest.approx(scores.std())


def test_missing_values_become_the_median_of_the_training_cases():
    x = np.arange(21.0)[:, None]
    fitted = _fit(x)

    np.testing.assert_array_equal(
        prepare(np.array([[10.0]]), _none(1), fitted),
        prepare(np.array([[np.nan]]), _none(1), fitted),
    )


def test_features_that_are_missing_or_constant_are_left_out():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 5))
    x[:, 0] = 7.0
    x[:25, 1] = np.nan  # half is above 0.4
    x[:15, 2] = np.nan
    x[:, 4] = np.nan

    assert [2, 3] == _fit(x).columns.tolist()
    assert [1, 2, 3] == _fit(x, max_missing=1.0).columns.tolist()


def test_of_two_that_say_the_same_the_earlier_is_kept():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 3))
    x[:, 2] = -np.exp(x[:, 0])  # the same ranks turned round

    assert [0, 1] == _fit(x).columns.tolist()
    assert [0, 1, 2] == _fit(x, max_correlation=1.0).columns.tolist()


def _planted(kind: TargetKind) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 20))
    event = np.ones(200, bool)
    signal = x[:, 4] + x[:, 11] + 0.3 * rng.normal(size=200)
    if kind is TargetKind.NUMBER:
        return x, np.exp(signal), event
    if kind is TargetKind.SURVIVAL:
        return x, rng.exponential(size=200) * np.exp(-2 * signal), rng.random(200) < 0.7
    cuts = (0,) if kind is BINARY else (-0.7, 0.7)
    return x, np.digitize(signal, cuts), event


@pytest.mark.parametrize("kind", list(TargetKind))
def test_the_features_with_the_strongest_association_are_kept(kind):
    x, y, event = _planted(kind)

    assert [4, 11] == _fit(x, y, kind=kind, event=event, max_features=2).columns.tolist()


def test_binary_association_is_the_explained_share_of_the_variance():
    x, y, _ = _planted(BINARY)
    by_hand = [np.corrcoef(column, y)[0, 1] ** 2 for column in prepare(x, _none(200), _fit(x)).T]

    for n in (1, 3, 7):
        kept = _fit(x, y, max_features=n).columns.tolist()
        assert sorted(np.argsort(by_hand)[::-1][:n].tolist()) == kept


def test_sites_are_harmonised_before_anything_is_compared():
    rng = np.random.default_rng(4)
    sites = np.repeat(["a", "b"], 50)
    x = rng.normal(size=(100, 4))
    moved = x.copy()
    moved[50:] = 3 * moved[50:] + 10

    fitted = _fit(moved, sites=sites, harmonisation=SiteHarmonisation.Z_SCORE)
    scores = prepare(moved, sites, fitted)

    for column in scores.T:
        assert abs(column[:50].mean() - column[50:].mean()) < 0.1
    plain = prepare(moved, sites, _fit(moved, sites=sites))
    assert plain[50:, 0].mean() - plain[:50, 0].mean() > 1


def test_the_order_of_cases_does_not_matter_and_the_input_stays():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 4))
    x[rng.random(x.shape) < 0.1] = np.nan
    before = x.copy()
    order = rng.permutation(60)
    y = np.arange(60) % 2

    one = prepare(x, _none(60), _fit(x, y))[order]
    two = prepare(x[order], _none(60), _fit(x[order], y[order]))

    np.testing.assert_allclose(one, two, atol=1e-9)
    np.testing.assert_array_equal(before, x)


@pytest.mark.parametrize("x", [np.full((20, 2), np.nan), np.ones((20, 2))])
def test_nothing_that_varies_is_refused(x):
    with pytest.raises(InputError, match="no feature varies among the training cases"):
        _fit(x)

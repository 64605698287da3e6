"""Importance: the planted feature comes first, noise lies near zero."""

import warnings

import numpy as np
import pytest
from prediction.cohorts import MALIGNANT, cohort_and_outcome, noise_table, task_of, telling_table
from prediction.trained_predictors import NUMBER, SUBTYPE, quick_kind

from mamri.prediction.importance import (
    mean_importance,
    permutation_importance,
    shap_importance,
)
from mamri.prediction.preparation import PreparationSettings, prepare
from mamri.prediction.table_learner import TableLearner

TRAIN, TEST = np.arange(100), np.arange(100, 160)
NAMES = tuple(f"x{k}" for k in range(6))


def _fitted(table, kind="logistic", target=MALIGNANT, **settings):
    cohort, outcome = cohort_and_outcome(table, target)
    task = task_of(cohort, outcome, inner_folds=2)
    x = table[list(NAMES)].to_numpy()
    preparation = PreparationSettings(**settings)
    learner = TableLearner("m", x, NAMES, quick_kind(kind, target), task, preparation)
    return learner.learn(TRAIN)[0]


def _planted(seed: int = 1):
    table = telling_table(160, seed, shift=3.0, features=6)
    table["size"] = 5 * table["x3"] + noise_table(160, 1, seed + 1)["x0"]
    table["subtype"] = np.where(table["x2"] > 0.5, "a", np.where(table["x2"] < -0.5, "b", "c"))
    return table


CASES = [
    ("logistic", MALIGNANT, "x0"),
    ("random_forest", MALIGNANT, "x0"),
    ("ridge", NUMBER, "x3"),
    ("random_forest", SUBTYPE, "x2"),
]


@pytest.mark.parametrize(("kind", "target", "planted"), CASES)
def test_shuffling_the_planted_feature_costs_most_and_noise_nothing(kind, target, planted):
    fitted = _fitted(_planted(), kind, target)

    found = permutation_importance(fitted, TEST, 1)

    assert set(range(6)) == set(found)
    by_name = {NAMES[column]: value for column, value in found.items()}
    assert planted == max(by_name, key=by_name.get)
    noise = [abs(v) for name, v in by_name.items() if name not in (planted, "x0")]
    assert by_name[planted] > 5 * max(noise)


def test_the_loss_is_the_goodness_without_the_feature():
    """A feature of no use to the model costs nothing; the only one costs all above chance."""
    table = _planted().assign(**dict.fromkeys(NAMES[1:], 1.0))
    fitted = _fitted(table)

    found = permutation_importance(fitted, TEST, 1)

    whole = fitted.task.goodness(fitted.score(TEST).mean(axis=0), TEST)
    assert {0} == set(found)
    assert whole - 0.5 == pytest.approx(found[0], abs=0.1)  # 3 shuffles of 60 cases


def test_features_are_shuffled_as_the_members_see_them():
    """The slow way: members score tables in which one column was shuffled before."""
    fitted = _fitted(_planted())
    rng = np.random.default_rng(7)
    orders = {c: [rng.permutation(len(TEST)) for _ in range(3)] for c in fitted.columns}
    whole = fitted.task.goodness(fitted.score(TEST).mean(axis=0), TEST)
    expected = {}
    for column, shuffles in orders.items():
        losses = []
        for order in shuffles:
            x = fitted.x[TEST].copy()
            x[:, column] = x[order, column]
            scores = fitted.score_values(x, fitted.task.sites[TEST]).mean(axis=0)
            losses.append(whole - fitted.task.goodness(scores, TEST))
        expected[column] = np.mean(losses)

    assert expected == pytest.approx(permutation_importance(fitted, TEST, 7))


def test_the_same_seed_shuffles_alike_and_the_table_stays_as_it_was():
    fitted = _fitted(_planted())
    before = fitted.x.copy()

    one, two, other = (permutation_importance(fitted, TEST, seed) for seed in (1, 1, 2))

    assert one == two != other
    np.testing.assert_array_equal(before, fitted.x)


def test_splits_are_averaged_and_a_feature_that_was_not_seen_counts_nothing():
    parts = [{0: 0.4, 2: 0.1}, {0: 0.2}, {0: 0.3, 1: -0.3}]

    found = mean_importance(parts, ("a", "b", "c"))

    assert ["a", "c", "b"] == [row["feature"] for row in found]
    assert [0.3, pytest.approx(0.1 / 3, abs=1e-5), -0.1] == [row["value"] for row in found]
    assert pytest.approx(0.22) == found[0]["lower"]
    assert pytest.approx(0.38) == found[0]["upper"]
    assert ["a"] == [row["feature"] for row in mean_importance(parts, ("a", "b", "c"), most=1)]


@pytest.mark.parametrize(("kind", "target", "planted"), CASES)
def test_shap_values_rank_the_planted_feature_first(kind, target, planted):
    fitted = _fitted(_planted(), kind, target)

    found = shap_importance(fitted, TRAIN, NAMES, 1)

    values = {row["feature"]: row["value"] for row in found}
    assert planted == found[0]["feature"]
    assert [row["value"] for row in found] == sorted(values.values(), reverse=True)
    noise = [v for name, v in values.items() if name not in (planted, "x0")]
    assert values[planted] > 2 * max(noise)
    assert 3 == len(shap_importance(fitted, TRAIN, NAMES, 1, most=3))


def test_shap_values_of_a_linear_model_are_its_weights_times_the_distance_from_the_mean():
    """Lundberg and Lee, corollary 1: phi_j = w_j (x_j - E[x_j]) where features are independent."""
    fitted = _fitted(_planted(), "ridge", NUMBER)
    chosen = np.random.default_rng(1).permutation(TRAIN)[:30]
    expected = np.zeros(6)
    for member in fitted.members:
        z = prepare(fitted.x[chosen], fitted.task.sites[chosen], member.preparation)
        expected += np.abs(member.estimator.coef_ * (z - z.mean(axis=0))).mean(axis=0) / 2

    found = shap_importance(fitted, TRAIN, NAMES, 1)

    by_name = {row["feature"]: row["value"] for row in found}
    assert dict(zip(NAMES, expected, strict=True)) == pytest.approx(by_name, rel=1e-3, abs=1e-4)


def test_explaining_warns_of_nothing():
    fitted = _fitted(_planted())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(NAMES) == len(shap_importance(fitted, TRAIN[:10], NAMES, 1))

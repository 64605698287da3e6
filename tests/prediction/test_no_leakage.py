"""Nothing is learned from the cases that test: by planting changes, and by labels that say nothing.

The leaky way, features chosen on all cases before the folds are drawn, is written out here, too:
on the same noise it seems to know much, so these tests could fail.
"""

from dataclasses import replace

import numpy as np
import pytest
from prediction.cohorts import MALIGNANT, cohort_and_outcome, noise_table, task_of, telling_table

from mamri.evaluation import roc_auc
from mamri.prediction.experiment import (
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    SiteHarmonisation,
    Validation,
)
from mamri.prediction.hybrid_learner import HybridLearner
from mamri.prediction.learner import train
from mamri.prediction.learners import learning_task, permuted, table_learner
from mamri.prediction.splits import outer_splits


def _experiment(kind: str, **features: object) -> Experiment:
    return Experiment(
        "e",
        CohortSource("a.csv"),
        MALIGNANT,
        (ModelChoice(kind),),
        FeatureChoice(("x*",), **features),
        Validation(folds=3, inner_folds=2),
    )


def _cross_validated(experiment: Experiment, table, *, permute: bool = False) -> float:
    """AUC of all cases by models that had not seen them."""
    cohort, outcome = cohort_and_outcome(table)
    if permute:
        outcome = permuted(outcome, experiment.seed)
    task = learning_task(cohort, outcome, experiment)
    learner = table_learner(experiment.models[0], experiment, cohort, outcome, task)
    p = np.zeros(len(table))
    for split in outer_splits(cohort, outcome, experiment.validation, experiment.seed):
        trained = train(learner, split.train, task)
        p[split.test] = trained.answer(trained.fitted.score(split.test))[:, 1]
    return roc_auc(outcome.y == 1, p)


def _chosen_on_all_cases(table, n: int):
    """The leak: the features that go best with the outcome, test cases included."""
    names = [c for c in table.columns if c.startswith("x")]
    strength = [abs(np.corrcoef(table[c], table["malignant"])[0, 1]) for c in names]
    kept = [names[k] for k in np.argsort(strength)[::-1][:n]]
    return table[["patient", "malignant", *kept]]


def test_noise_stays_noise_even_with_many_features_and_a_choice_of_them():
    """80 cases, 300 features of noise, of which 10 are chosen."""
    honest, leaky = [], []
    for seed in range(6):
        table = noise_table(80, 300, seed)
        honest.append(_cross_validated(_experiment("logistic", max_features=10), table))
        leaky.append(_cross_validated(_experiment("logistic"), _chosen_on_all_cases(table, 10)))

    # Standard error of the mean of six: 0.065 / sqrt(6) = 0.027.
    assert 0.5 == pytest.approx(np.mean(honest), abs=0.08)
    assert np.mean(leaky) > 0.75


def test_shuffled_labels_teach_nothing():
    honest = []
    for seed in range(6):
        table = telling_table(80, seed, shift=4, features=20)
        experiment = replace(_experiment("logistic", max_features=5), seed=seed)
        honest.append(_cross_validated(experiment, table, permute=True))
    assert 0.5 == pytest.approx(np.mean(honest), abs=0.08)
    assert _cross_validated(experiment, table) > 0.85  # unshuffled


def test_shuffled_outcomes_are_the_same_outcomes_of_other_cases():
    _, outcome = cohort_and_outcome(noise_table(60, 1, 1))

    shuffled = permuted(outcome, 3)

    assert outcome.counts() == shuffled.counts()
    assert outcome.rows.tolist() == shuffled.rows.tolist()
    assert outcome.y.tolist() != shuffled.y.tolist()
    assert shuffled.y.tolist() == permuted(outcome, 3).y.tolist()


def _arrays(preparation) -> list[np.ndarray]:
    sites = preparation.sites
    adjustments = [] if sites is None else [*sites.shift.values(), *sites.stretch.values()]
    return [
        preparation.medians, preparation.first, preparation.levels, preparation.centre,
        preparation.scale, preparation.kept, *adjustments,
    ]  # fmt: skip


@pytest.mark.parametrize("harmonisation", list(SiteHarmonisation))
@pytest.mark.parametrize("kind", ["logistic", "gradient_boosting"])
def test_whatever_the_test_cases_hold_training_is_the_same(kind, harmonisation):
    rng = np.random.default_rng(1)
    table = telling_table(90, 1, features=12)
    table["site"] = np.array(["a", "b", "c"])[np.arange(90) % 3]
    table.loc[rng.random(90) < 0.2, "x2"] = np.nan
    rows, rest = np.arange(66), np.arange(66, 90)
    changed = table.copy()
    changed.loc[rest, [f"x{k}" for k in range(12)]] = 1000 * rng.normal(size=(24, 12))
    changed.loc[rest, "x3"] = np.nan
    changed.loc[rest, "malignant"] = 1 - changed.loc[rest, "malignant"]
    experiment = replace(_experiment(kind, max_features=5), harmonisation=harmonisation)

    trained = []
    for one in (table, changed):
        cohort, outcome = cohort_and_outcome(one, site="site")
        task = learning_task(cohort, outcome, experiment)
        learner = table_learner(experiment.models[0], experiment, cohort, outcome, task)
        trained.append(train(learner, rows, task))

    first, second = trained
    for one, other in zip(first.fitted.members, second.fitted.members, strict=True):
        for a, b in zip(_arrays(one.preparation), _arrays(other.preparation), strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.unseen, second.unseen)
    np.testing.assert_array_equal(first.calibration.weights, second.calibration.weights)
    np.testing.assert_array_equal(first.calibration.offsets, second.calibration.offsets)
    np.testing.assert_array_equal(first.fitted.score(rows), second.fitted.score(rows))
    new = table.iloc[rest][list(learner.columns)].to_numpy(float), task.sites[rest]
    np.testing.assert_array_equal(first.fitted.score_values(*new), second.fitted.score_values(*new))


def test_the_answer_to_a_test_case_does_not_depend_on_the_others():
    experiment = replace(_experiment("logistic"), harmonisation=SiteHarmonisation.COMBAT)
    table = telling_table(80, 3)
    table["site"] = np.array(["a", "b"])[np.arange(80) // 2 % 2]
    cohort, outcome = cohort_and_outcome(table, site="site")
    task = learning_task(cohort, outcome, experiment)
    learner = table_learner(experiment.models[0], experiment, cohort, outcome, task)
    fitted = train(learner, np.arange(60), task).fitted

    together = fitted.score(np.arange(60, 80))
    alone = [fitted.score(np.array([row])) for row in range(60, 80)]

    np.testing.assert_allclose(together, np.concatenate(alone, axis=1), atol=1e-12)


def test_a_hybrid_learns_from_its_training_cases_alone():
    table = telling_table(90, 4, features=6)
    changed = table.copy()
    changed.loc[66:, "x0"] = -changed.loc[66:, "x0"] * 50
    changed.loc[66:, "malignant"] = 1 - changed.loc[66:, "malignant"]
    found = []
    for one in (table, changed):
        cohort, outcome = cohort_and_outcome(one)
        task = task_of(cohort, outcome)
        members = {}
        for kind in ("logistic", "lasso"):
            experiment = _experiment(kind)
            learner = table_learner(experiment.models[0], experiment, cohort, outcome, task)
            members[kind] = train(learner, np.arange(66), task)
        found.append(train(HybridLearner("h", members, task, True), np.arange(66), task))

    np.testing.assert_array_equal(found[0].fitted.weights, found[1].fitted.weights)
    np.testing.assert_array_equal(found[0].calibration.weights, found[1].calibration.weights)
    np.testing.assert_array_equal(found[0].unseen, found[1].unseen)


def test_a_member_learns_nothing_of_the_inner_fold_it_is_tested_on():
    table = telling_table(80, 5, features=12)
    experiment = _experiment("logistic", max_features=4)
    rows = np.arange(80)
    cohort, outcome = cohort_and_outcome(table)
    task = learning_task(cohort, outcome, experiment)
    learner = table_learner(experiment.models[0], experiment, cohort, outcome, task)
    before, _ = learner.learn(rows)

    for k, (_, test) in enumerate(task.inner(rows)):
        x = learner.x.copy()
        x[test] = 100 * np.random.default_rng(k).normal(size=x[test].shape)
        x[test, 3] = np.nan
        kind = replace(learner.kind, candidates=(before.settings,))
        after, _ = replace(learner, x=x, kind=kind).learn(rows)
        for a, b in zip(
            _arrays(before.members[k].preparation), _arrays(after.members[k].preparation),
            strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(
            before.members[k].estimator.coef_, after.members[k].estimator.coef_
        )

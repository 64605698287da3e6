"""Models of tables: their scores of training cases are those of models that had not seen them."""

from dataclasses import replace

import numpy as np
import pytest
from prediction.cohorts import (
    MALIGNANT,
    cohort_and_outcome,
    noise_table,
    task_of,
    telling_table,
)

from mamri.evaluation import concordance_index, multiclass_auc, roc_auc, spearman_correlation
from mamri.prediction.experiment import Target, TargetKind
from mamri.prediction.learner import train
from mamri.prediction.model_kinds import TableKind, table_kind, table_kinds
from mamri.prediction.preparation import PreparationSettings
from mamri.prediction.table_learner import TableLearner
from mamri.records import InputError

NUMBER = Target("n", TargetKind.NUMBER, "size")
TIME = Target("t", TargetKind.SURVIVAL, "days", event="event")
SUBTYPE = Target("s", TargetKind.CLASSES, "subtype")


def _learner(table, kind, target=MALIGNANT, *, inner_folds=4, **settings) -> TableLearner:
    named = {"site": "site"} if "site" in table else {}
    cohort, outcome = cohort_and_outcome(table, target, **named)
    names = [c for c in table.columns if c.startswith("x")]
    if isinstance(kind, str):
        kind = table_kind(kind, target.kind)
        if kind.make.__name__.lstrip("_").startswith(("forest", "survival_forest")):
            kind = replace(kind, candidates=kind.candidates[:1])  # each takes its time
    x = table[names].to_numpy(float)
    task = task_of(cohort, outcome, inner_folds=inner_folds)
    return TableLearner("m", x, tuple(names), kind, task, PreparationSettings(**settings))


def _deep_tree(settings, seed):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _neighbour(settings, seed):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1)


@pytest.mark.parametrize("make", [_deep_tree, _neighbour])
def test_unseen_scores_are_of_models_that_had_not_seen_the_case(make):
    """A model that knows its cases by heart: perfect on them, at chance on all others."""
    unseen_auc = []
    for seed in range(6):
        learner = _learner(noise_table(120, 8, seed), TableKind(make, ({},)))
        y = learner.task.y == 1

        fitted, unseen = learner.learn(np.arange(120))

        unseen_auc.append(roc_auc(y, unseen[:, 0]))
        for k, (seen, new) in enumerate(learner.task.inner(np.arange(120))):
            assert 1 == roc_auc(y[seen], fitted.score(seen)[k, :, 0])
            np.testing.assert_allclose(fitted.score(new)[k], unseen[new], atol=1e-12)
    assert 0.5 == pytest.approx(np.mean(unseen_auc), abs=0.06)  # standard error 0.02


def test_unseen_scores_stand_in_the_order_of_the_cases_given():
    learner = _learner(telling_table(80, 1), "logistic")
    rows = np.random.default_rng(1).permutation(80)[:60]

    fitted, unseen = learner.learn(rows)

    member = learner.task.member_of(rows)
    by_member = fitted.score(rows)
    np.testing.assert_allclose(by_member[member, np.arange(60)], unseen, atol=1e-12)
    for k, (_, test) in enumerate(learner.task.inner(rows)):
        assert set(test) == set(rows[member == k])


def test_the_setting_that_works_is_picked():
    """Only the second of three settings looks at the feature that tells."""

    class Looks:
        def __init__(self, column):
            self.column = column

        def fit(self, x, y):
            return self

        def decision_function(self, x):
            return x[:, self.column]

    kind = TableKind(
        lambda settings, seed: Looks(settings["column"]),
        ({"column": 1}, {"column": 0}, {"column": 2}),
    )

    fitted, _ = _learner(telling_table(80, 2), kind).learn(np.arange(80))

    assert {"column": 0, "features": 4} == fitted.about


def test_of_settings_that_are_as_good_the_first_is_picked():
    kind = TableKind(lambda settings, seed: _neighbour({}, seed), ({"n": 1}, {"n": 2}))

    fitted, _ = _learner(telling_table(60, 2), kind).learn(np.arange(60))

    assert 1 == fitted.settings["n"]


def test_noise_asks_for_more_shrinkage_than_signal():
    table = noise_table(100, 10, 3)
    chosen = []
    for size in (np.random.default_rng(1).normal(size=100), table["x0"] + table["x5"]):
        fitted, _ = _learner(table.assign(size=size), "ridge", NUMBER).learn(np.arange(100))
        chosen.append(fitted.settings["alpha"])
    assert chosen[0] > 10 * chosen[1]


@pytest.mark.parametrize("kind", [k for k in table_kinds(TargetKind.BINARY) if k != "prior"])
def test_every_binary_kind_learns_what_can_be_learned(kind):
    learner = _learner(telling_table(80, 4, shift=3), kind, inner_folds=2)

    trained = train(learner, np.arange(60), learner.task)

    new = np.arange(60, 80)
    answer = trained.answer(trained.fitted.score(new))
    assert (20, 2) == answer.shape
    assert roc_auc(learner.task.y[new] == 1, answer[:, 1]) > 0.85
    assert roc_auc(learner.task.y[:60] == 1, trained.unseen[:, 0]) > 0.85


@pytest.mark.parametrize("kind", ["logistic", "svm"])
def test_probabilities_are_worth_more_than_the_share_of_yes(kind):
    """Scores of the inner folds' models must be comparable with those of the last one."""
    for seed in range(4):
        learner = _learner(telling_table(300, seed, shift=2, features=10), kind)

        trained = train(learner, np.arange(100), learner.task)

        new = np.arange(100, 300)
        p = trained.answer(trained.fitted.score(new))[:, 1]
        assert np.mean((p - learner.task.y[new]) ** 2) < 0.2  # 0.25 for the share of yes


@pytest.mark.parametrize("kind", ["logistic", "lasso", "svm", "random_forest", "gradient_boosting"])
def test_every_kind_learns_three_classes(kind):
    table = noise_table(120, 4, 5)
    table["subtype"] = np.array(["a", "b", "c"])[np.arange(120) % 3]
    for k, word in enumerate("abc"):
        table.loc[table["subtype"] == word, f"x{k}"] += 3
    learner = _learner(table, kind, SUBTYPE, inner_folds=2)

    trained = train(learner, np.arange(90), learner.task)

    new = np.arange(90, 120)
    answer = trained.answer(trained.fitted.score(new))
    np.testing.assert_allclose(answer.sum(axis=1), 1)
    assert (90, 3) == trained.unseen.shape
    assert multiclass_auc(learner.task.y[new], answer) > 0.85


@pytest.mark.parametrize("kind", [k for k in table_kinds(TargetKind.NUMBER) if k != "prior"])
def test_every_kind_learns_a_number(kind):
    table = noise_table(120, 4, 6)
    table["size"] = 20 + 5 * table["x0"] + np.random.default_rng(1).normal(size=120)
    learner = _learner(table, kind, NUMBER, inner_folds=2)

    trained = train(learner, np.arange(90), learner.task)

    new = np.arange(90, 120)
    answer = trained.answer(trained.fitted.score(new))
    assert trained.calibration is None
    assert spearman_correlation(learner.task.y[new], answer[:, 0]).value > 0.6


@pytest.mark.parametrize("kind", ["cox", "survival_forest"])
def test_every_kind_learns_survival(kind):
    pytest.importorskip("sksurv")
    rng = np.random.default_rng(7)
    table = noise_table(120, 4, 7)
    table["days"] = 100 * rng.exponential(size=120) * np.exp(-1.5 * table["x0"])
    table["event"] = (rng.random(120) < 0.7).astype(int)
    learner = _learner(table, kind, TIME)

    trained = train(learner, np.arange(90), learner.task)

    new = np.arange(90, 120)
    risk = trained.answer(trained.fitted.score(new))
    assert (30, 1) == risk.shape
    assert concordance_index(learner.task.y[new], learner.task.event[new], risk[:, 0]) > 0.65


@pytest.mark.parametrize("target", [MALIGNANT, SUBTYPE, NUMBER, TIME])
def test_the_naive_model_says_the_same_of_all(target):
    table = noise_table(60, 3, 8).assign(size=np.arange(60.0), days=np.arange(60.0))
    table["event"] = np.arange(60) % 2
    table["subtype"] = np.array(["a", "b", "c"])[np.arange(60) % 3]
    learner = _learner(table, "prior", target)

    trained = train(learner, np.arange(60), learner.task)

    answer = trained.answer(trained.fitted.score(np.arange(60)))
    np.testing.assert_allclose(answer, np.broadcast_to(answer[:1], answer.shape))


def test_unknown_kinds_are_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"a target of kind number are prior, ridge, .*got 'cox'"):
        table_kind("cox", TargetKind.NUMBER)
    assert table_kinds(TargetKind.BINARY) == table_kinds(TargetKind.CLASSES)
    assert table_kind("svm", TargetKind.CLASSES) is table_kind("svm", TargetKind.BINARY)


def test_training_cases_of_one_class_are_refused():
    learner = _learner(telling_table(60, 1), "logistic")

    with pytest.raises(InputError, match=r"training cases of all 2 classes, .* has 1 of them"):
        train(learner, np.flatnonzero(learner.task.y == 1), learner.task)


def test_training_cases_without_an_event_are_refused():
    table = noise_table(60, 3, 8).assign(days=np.arange(60.0), event=np.arange(60) % 2)
    learner = _learner(table, "prior", TIME)

    with pytest.raises(InputError, match="needs events among its training cases"):
        train(learner, np.arange(0, 60, 2), learner.task)


def test_sites_are_harmonised_where_that_is_asked_for():
    from mamri.prediction.experiment import SiteHarmonisation

    table = telling_table(160, 9, shift=2)
    table["site"] = np.array(["a", "b"])[np.arange(160) // 2 % 2]
    table.loc[table["site"] == "b", ["x0", "x1", "x2", "x3"]] += 10
    auc = {}
    for how in SiteHarmonisation:
        learner = _learner(table, "logistic", harmonisation=how)
        fitted, _ = learner.learn(np.arange(120))
        new = np.arange(120, 160)
        auc[how] = roc_auc(learner.task.y[new] == 1, fitted.score(new).mean(axis=0)[:, 0])
    assert min(auc["combat"], auc["z_score"]) > auc["none"] + 0.05

"""Deep models as learners: each member sees its own cases alone, and learns what can be learned."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pipeline.small_crops import (
    CHANNELS,
    crop_cohort,
    experiment,
    learner_of,
    quick_networks,
    small_crop,
)
from prediction.trained_predictors import NUMBER

from mamri.evaluation import roc_auc
from mamri.normalization.standard_scale import fit_nyul
from mamri.prediction.experiment import IntensityStandard, ModelChoice
from mamri.prediction.image_inputs import network_inputs
from mamri.prediction.outcome import outcome_of
from mamri.prediction.table_learner import TableLearner
from mamri.records import InputError

pytest.importorskip("torch")

from mamri.pipeline import image_learners


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return crop_cohort(tmp_path_factory.mktemp("crops"), 20)


@pytest.fixture
def told(monkeypatch):
    """What the network was given, in the place of learning: it answers by the mean brightness."""
    calls = []

    def fit(x, y, patients, plan, settings, seed):
        calls.append((x, y, patients, plan, seed))
        return SimpleNamespace(best_epoch=1, seconds=0.5, plan=plan, weight=float(len(calls)))

    def predict(trained, x):
        yes = 1 / (1 + np.exp(-trained.weight * x[:, 1].mean(axis=(1, 2, 3))))
        return np.column_stack([1 - yes, yes])

    monkeypatch.setattr(image_learners, "fit_classifier", fit)
    monkeypatch.setattr(image_learners, "predict_classifier", predict)
    return calls


def test_what_can_be_learned_is_learned(small_network):
    y = small_network.learner.task.y == 1
    scores = small_network.trained.fitted.score(small_network.new)

    assert (2, 16, 1) == scores.shape
    assert (24, 1) == small_network.trained.unseen.shape
    assert roc_auc(y[small_network.new], scores.mean(axis=0)[:, 0]) > 0.9
    assert roc_auc(y[small_network.rows], small_network.trained.unseen[:, 0]) > 0.9
    answer = small_network.trained.answer(scores)
    np.testing.assert_allclose(answer.sum(axis=1), 1)


def test_what_is_told_of_learning(small_network):
    about = small_network.trained.fitted.about

    assert {"best_epochs", "seconds"} == set(about)
    assert 2 == len(about["best_epochs"])
    assert all(1 <= epoch <= 6 for epoch in about["best_epochs"])


def test_unseen_scores_are_of_the_member_that_had_not_seen_the_case(small_network):
    learner, rows = small_network.learner, small_network.rows

    for k, (_, test) in enumerate(learner.task.inner(rows)):
        np.testing.assert_allclose(
            small_network.trained.fitted.score(test)[k],
            small_network.trained.unseen[test],
            atol=1e-5,
        )


def test_a_member_is_given_the_inputs_outcomes_and_patients_of_its_cases_alone(cohort, told):
    learner = learner_of(experiment(seed=3), *cohort)
    rows = np.random.default_rng(1).permutation(20)[:14]

    _, unseen = learner.learn(rows)

    assert (14, 1) == unseen.shape
    for (x, y, patients, plan, seed), (train, _) in zip(
        told, learner.task.inner(rows), strict=True
    ):
        expected = network_inputs(learner.crops, train, CHANNELS, IntensityStandard.Z_SCORE, None)
        np.testing.assert_array_equal(expected, x)
        np.testing.assert_array_equal(learner.task.y[train], y)
        np.testing.assert_array_equal([f"p{row}" for row in train], patients)
        assert (CHANNELS, 2, 3) == (plan.channels, plan.n_classes, seed)


def test_unseen_scores_stand_in_the_order_of_the_cases_given(cohort, told):
    learner = learner_of(experiment(), *cohort)
    rows = np.random.default_rng(1).permutation(20)[:14]

    fitted, unseen = learner.learn(rows)

    member = learner.task.member_of(rows)
    np.testing.assert_allclose(fitted.score(rows)[member, np.arange(14)], unseen)
    assert {"best_epochs": [1, 1], "seconds": 1.0} == fitted.about


def test_the_scale_of_intensities_is_learned_from_the_cases_of_each_member(cohort, told):
    learner = learner_of(experiment(intensity=IntensityStandard.NYUL), *cohort)
    rows = np.arange(14)

    fitted, _ = learner.learn(rows)

    for (_, scale), (train, _) in zip(fitted.members, learner.task.inner(rows), strict=True):
        expected = fit_nyul([learner.crops.landmarks[row] for row in train])
        np.testing.assert_allclose(expected.levels, scale.levels)


def test_a_tissue_needs_no_scale(cohort, told):
    learner = learner_of(experiment(intensity=IntensityStandard.FIBROGLANDULAR), *cohort)

    fitted, _ = learner.learn(np.arange(14))

    assert [None, None] == [scale for _, scale in fitted.members]
    # The breast is as bright as its tissue, in units of any scanner.
    np.testing.assert_allclose(told[0][0][:, 0].mean(axis=(1, 2, 3)), 0, atol=0.02)


def test_cases_follow_the_outcome_not_the_cohort(cohort, told):
    """A case without an outcome is left out; the crops of all others stay with their cases."""
    whole, _ = cohort
    cases = whole.cases.assign(malignant=whole.cases["malignant"].astype(object))
    cases.loc[3, "malignant"] = None
    part = replace(whole, cases=cases, visits={"": cases})
    outcome = outcome_of(part.cases, experiment().target)

    learner = learner_of(experiment(), part, outcome)

    assert 19 == len(learner.crops) == len(learner.task.y)
    own = [small_crop(row % 2, row).landmarks["dynamic"].mean for row in outcome.rows]
    np.testing.assert_allclose(own, [one.mean for one in learner.crops.landmarks])


def test_a_target_without_classes_is_refused(cohort):
    whole, _ = cohort
    sized = replace(whole, cases=whole.cases.assign(size=np.arange(20.0)))
    asked = replace(experiment(), target=NUMBER)

    with pytest.raises(InputError, match=r"cnn tells classes apart, the target size has none; "):
        learner_of(asked, sized, outcome_of(sized.cases, NUMBER))


@pytest.mark.parametrize("crops", [(), ("",) * 5 + ("x",) * 15])
def test_cases_without_crops_are_refused(cohort, crops):
    whole, outcome = cohort
    lacking = 5 if crops else 20

    with pytest.raises(InputError, match=f"learn from crops of findings, {lacking} of 20 cases"):
        learner_of(experiment(), replace(whole, crops=crops), outcome)


def test_a_channel_that_crops_lack_is_refused(cohort):
    with pytest.raises(InputError, match="20 of 20 crops lack the image t2"):
        learner_of(experiment(channels=("early", "t2")), *cohort)


def test_features_of_photographs_become_a_table(cohort, monkeypatch):
    seen = []

    def features(x, channels):
        seen.append((len(x), channels))
        return np.column_stack([x[:, 1].mean(axis=(1, 2, 3)), np.zeros(len(x))])

    monkeypatch.setattr(image_learners, "transfer_features", features)
    whole, outcome = cohort

    learner = learner_of(experiment("transfer_frozen"), whole, outcome)

    assert isinstance(learner, TableLearner)
    assert ("deep_0", "deep_1") == learner.columns
    assert (20, 2) == learner.x.shape
    assert 20 == sum(n for n, _ in seen)
    assert roc_auc(outcome.y == 1, learner.x[:, 0]) > 0.95


def test_transfer_goes_on_with_its_own_network_and_settings(cohort, monkeypatch):
    calls = []

    def fit(x, y, patients, plan, settings, seed):
        calls.append((plan, settings))
        return SimpleNamespace(best_epoch=2, seconds=0.0)

    monkeypatch.setattr(image_learners, "fit_transfer", fit)
    monkeypatch.setattr(
        image_learners, "predict_transfer", lambda trained, x: np.full((len(x), 2), 0.5)
    )
    asked = experiment("transfer", channels=("pre", "early", "late"))
    asked = replace(asked, models=(ModelChoice("transfer", name="photographs"),))

    learner = learner_of(asked, *cohort)
    _, unseen = learner.learn(np.arange(14))

    assert "photographs" == learner.name
    assert {"TransferPlan"} == {type(plan).__name__ for plan, _ in calls}
    assert {"TransferSettings"} == {type(settings).__name__ for _, settings in calls}
    np.testing.assert_array_equal(np.zeros((14, 1)), unseen)


def test_the_same_seed_learns_the_same(tmp_path):
    whole, outcome = crop_cohort(tmp_path, 12)
    with quick_networks(epochs=1):
        unseen = [
            learner_of(experiment(), whole, outcome).learn(np.arange(12))[1] for _ in range(2)
        ]

    np.testing.assert_array_equal(*unseen)

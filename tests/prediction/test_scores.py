"""Scores in one form, and how good they are."""

import numpy as np

from mamri.prediction.experiment import TargetKind
from mamri.prediction.scores import goodness, log_odds, raw_scores

Y = np.array([0, 0, 1, 1])
ALL = np.ones(4, bool)


def test_log_odds_of_two_classes_and_of_more():
    np.testing.assert_allclose([[np.log(3)]], log_odds(np.array([[0.25, 0.75]])))
    np.testing.assert_allclose(np.log([[0.2, 0.3, 0.5]]), log_odds(np.array([[0.2, 0.3, 0.5]])))
    assert np.isfinite(log_odds(np.array([[0.0, 1.0], [1.0, 0.0]]))).all()


class _Decides:
    def decision_function(self, x):
        return x[:, 0]

    def predict_proba(self, x):
        raise AssertionError("scores before probabilities")


class _Knows:
    def predict_proba(self, x):
        return np.column_stack([1 - x[:, 0], x[:, 0]])

    def predict(self, x):
        return x[:, 0]


def test_estimators_of_every_sort_give_columns():
    x = np.array([[0.25], [0.75]])

    assert [[0.25], [0.75]] == raw_scores(_Decides(), x, TargetKind.BINARY).tolist()
    np.testing.assert_allclose(
        [[-np.log(3)], [np.log(3)]], raw_scores(_Knows(), x, TargetKind.BINARY)
    )
    assert [[0.25], [0.75]] == raw_scores(_Knows(), x, TargetKind.NUMBER).tolist()
    assert [[0.25], [0.75]] == raw_scores(_Knows(), x, TargetKind.SURVIVAL).tolist()


def test_goodness_by_kind():
    rising = np.arange(4.0)[:, None]
    assert 1 == goodness(rising, Y, ALL, TargetKind.BINARY)
    assert 0.5 == goodness(np.zeros((4, 1)), Y, ALL, TargetKind.BINARY)
    assert -3.5 == goodness(rising, np.zeros(4), ALL, TargetKind.NUMBER)  # -(0 + 1 + 4 + 9) / 4
    assert 1 == goodness(-rising, np.arange(4.0) + 1, ALL, TargetKind.SURVIVAL)
    assert 1 == goodness(np.eye(3)[[0, 1, 2]], np.arange(3), ALL[:3], TargetKind.CLASSES)


def test_goodness_that_cannot_be_told_is_nan():
    one = np.ones((4, 1))
    assert np.isnan(goodness(one, np.ones(4, int), ALL, TargetKind.BINARY))
    assert np.isnan(goodness(one, np.ones(4), ~ALL, TargetKind.SURVIVAL))


def test_the_offset_of_a_support_vector_machine_is_left_to_the_calibration():
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC

    x = np.random.default_rng(1).normal(size=(40, 2))
    for y, kind in (
        (np.arange(40) % 2, TargetKind.BINARY),
        (np.arange(40) % 3, TargetKind.CLASSES),
    ):
        machine = OneVsRestClassifier(SVC(C=0.1)).fit(x, y)
        offsets = np.concatenate([one.intercept_ for one in machine.estimators_])

        plain = machine.decision_function(x).reshape(40, -1)

        np.testing.assert_allclose(plain - offsets, raw_scores(machine, x, kind))

"""Experiments that contradict themselves are refused."""

import pytest

from mamri.prediction.experiment import (
    CohortSource,
    Experiment,
    ModelChoice,
    Target,
    TargetKind,
    Validation,
    ValidationKind,
    VisitChange,
)
from mamri.records import InputError

_TARGET = Target("t", TargetKind.BINARY, "a", positive=("1",))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": TargetKind.BINARY}, "either positive .* or cut_off"),
        ({"kind": TargetKind.BINARY, "positive": ("1",), "cut_off": 2.0}, "got both or neither"),
        ({"kind": TargetKind.SURVIVAL}, "needs event"),
        ({"kind": TargetKind.NUMBER, "event": "b"}, "got kind number with event 'b'"),
    ],
)
def test_targets_say_one_thing(values, said):
    with pytest.raises(InputError, match=said):
        Target("t", column="a", **values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"folds": 1}, "at least 2 folds, 2 inner folds and 1 repeat, got 1, 4 and 1"),
        ({"inner_folds": 1}, "got 5, 1 and 1"),
        ({"repeats": 0}, "got 5, 4 and 0"),
        ({"kind": ValidationKind.GIVEN}, "needs column and test"),
        ({"kind": ValidationKind.GIVEN, "column": "part"}, "needs column and test"),
        ({"column": "part", "test": ("1",)}, "and no other"),
    ],
)
def test_validations_say_one_thing(values, said):
    with pytest.raises(InputError, match=said):
        Validation(**values)


def test_changes_are_differences_or_percent():
    with pytest.raises(InputError, match="difference or percent, got 'ratio'"):
        VisitChange("0", "1", "ratio")


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ((), "got none"),
        ((ModelChoice("svm"), ModelChoice("svm")), "got svm, svm"),
        ((ModelChoice("svm"), ModelChoice("hybrid", members=("svm", "cnn"))), "hybrid joins cnn"),
    ],
)
def test_models_have_names_of_their_own_and_members_that_are_there(models, said):
    with pytest.raises(InputError, match=said):
        Experiment("e", CohortSource("a.csv"), _TARGET, models)


def test_a_model_is_called_by_its_name_or_its_kind():
    assert "svm" == ModelChoice("svm").label
    assert "mine" == ModelChoice("svm", name="mine").label

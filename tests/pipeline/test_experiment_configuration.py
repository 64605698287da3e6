"""Experiments as people write them; what is unknown or contradictory is refused with its place."""

import re
from pathlib import Path

import pytest

from mamri.pipeline.experiment_configuration import experiment_from, read_experiment
from mamri.prediction.experiment import (
    Experiment,
    ModelChoice,
    SiteHarmonisation,
    TargetKind,
    ValidationKind,
    VisitChange,
)
from mamri.records import InputError

FULL = """
name: response by change
cohort:
  table: cohort.csv
  columns: {patient: who, site: hospital}
  keep: {type: [mass, nme]}
target: {name: response, kind: binary, column: pcr, positive: ["1", "yes"]}
features:
  columns: ["original_*"]
  groups: [size]
  exclude: ["*_Energy"]
  visits: ["0"]
  changes: [{first: "0", second: "1", how: difference}]
models:
  - svm
  - {kind: logistic, name: volume, features: {columns: [volume_ml]}}
  - {kind: hybrid, members: [svm, volume]}
validation: {kind: sites, inner_folds: 3}
harmonisation: combat
readers: [birads]
learning_curve: [50, 100]
seed: 7
"""


def _read(folder: Path, text: str) -> Experiment:
    (folder / "e.yaml").write_text(text, encoding="utf-8")
    return read_experiment(folder / "e.yaml")


def test_everything_is_read(tmp_path):
    found = _read(tmp_path, FULL)

    assert ("who", "hospital") == (found.cohort.columns.patient, found.cohort.columns.site)
    assert {"type": ["mass", "nme"]} == found.cohort.keep
    assert ("1", "yes") == found.target.positive
    assert (VisitChange("0", "1", "difference"),) == found.features.changes
    assert ["svm", "volume", "hybrid"] == [model.label for model in found.models]
    assert ("volume_ml",) == found.models[1].features.columns
    assert ("svm", "volume") == found.models[2].members
    assert (ValidationKind.SITES, 3) == (found.validation.kind, found.validation.inner_folds)
    assert SiteHarmonisation.COMBAT is found.harmonisation
    assert (50, 100) == found.learning_curve
    assert 7 == found.seed


def test_little_is_enough(tmp_path):
    found = _read(tmp_path, "{name: e, cohort: a.csv, target: malignant, models: [svm]}")

    assert "a.csv" == found.cohort.table
    assert (ModelChoice("svm"),) == found.models
    assert ("malignant", TargetKind.BINARY, ("1",)) == (
        found.target.column, found.target.kind, found.target.positive,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "kind", "column"),
    [
        ("malignant", TargetKind.BINARY, "malignant"),
        ("ki67", TargetKind.BINARY, "ki67_percent"),
        ("ki67_percent", TargetKind.NUMBER, "ki67_percent"),
        ("subtype", TargetKind.CLASSES, "subtype"),
        ("nodal", TargetKind.BINARY, "node_positive"),
        ("response", TargetKind.BINARY, "pcr"),
        ("survival", TargetKind.SURVIVAL, "time_days"),
    ],
)
def test_usual_targets_are_words(word, kind, column):
    target = _from(target=word).target

    assert (word, kind, column) == (target.name, target.kind, target.column)


def _from(**values: object) -> Experiment:
    return experiment_from(
        {"name": "e", "cohort": "a.csv", "target": "ki67", "models": ["svm"]} | values
    )


def test_keys_of_a_usual_target_are_replaced_one_by_one():
    assert 20 == _from().target.cut_off
    lower = _from(target={"name": "ki67", "cut_off": 14}).target
    assert (14, "ki67_percent") == (lower.cut_off, lower.column)
    words = _from(target={"name": "ki67", "positive": ["high"], "column": "level"}).target
    assert (None, ("high",), "level") == (words.cut_off, words.positive, words.column)
    number = _from(target={"name": "ki67", "kind": "number", "column": "x"}).target
    assert (TargetKind.NUMBER, None) == (number.kind, number.cut_off)


def test_what_was_given_is_not_changed():
    values = {"name": "e", "cohort": "a.csv", "target": "ki67", "models": ["svm"]}
    experiment_from(values)

    assert {"name": "e", "cohort": "a.csv", "target": "ki67", "models": ["svm"]} == values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"speed": 3}, r"experiment may hold name, .*, got also speed"),
        ({"features": {"column": ["x"]}}, r"experiment.features may hold .*got also column"),
        ({"models": [{"kind": "svm", "C": 3}]}, r"experiment.models\[0\] may hold .*got also C"),
        ({"cohort": {"path": "a"}}, r"experiment.cohort may hold .*got also path"),
        ({"cohort": {"columns": {}}}, r"experiment.cohort must hold table"),
        ({"target": "cancer"}, r"one of malignant, ki67, .*got 'cancer'"),
        ({"target": None}, r"experiment.target must be an object"),
        ({"target": {"name": "x", "kind": "yesno", "column": "a"}}, r"target.kind must be one of"),
        ({"target": {"name": "x", "kind": "binary", "column": "a"}}, "got both or neither"),
        (
            {"target": {"name": "ki67", "cut_off": 5, "positive": ["high"]}},
            "got both or neither",
        ),
        ({"target": {"name": "survival", "event": ""}}, "needs event"),
        ({"target": {"name": "response", "event": "e"}}, "got kind binary with event 'e'"),
        ({"models": []}, "names differ in letters or digits, got none"),
        ({"models": ["svm", "svm"]}, "got svm, svm"),
        ({"models": "svm"}, r"experiment.models must be a list"),
        ({"models": ["svm", {"kind": "hybrid", "members": ["cnn"]}]}, "hybrid joins cnn"),
        ({"validation": {"folds": 1}}, "at least 2 folds"),
        ({"validation": {"kind": "loo"}}, r"experiment.validation.kind must be one of nested"),
        ({"seed": "one"}, r"experiment.seed must be a whole number, got 'one'"),
        ({"permute_labels": 1}, r"experiment.permute_labels must be true or false"),
        ({"features": {"changes": [{"first": "0", "second": "1", "how": "ratio"}]}}, "'ratio'"),
    ],
)
def test_faults_are_refused_with_their_place(values, said):
    with pytest.raises(InputError, match=said):
        _from(**values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", r"a YAML file, e.yaml cannot be read as one"),
        ("- a\n- b", "a YAML table, e.yaml holds something else"),
        ("", "a YAML table, e.yaml holds something else"),
        ("!!python/object/apply:os.getcwd []", r"cannot be read as one"),
        ("{cohort: a.csv, target: ki67, models: [svm]}", "experiment must hold name"),
    ],
)
def test_files_that_are_no_experiment_are_refused(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        _read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none.yaml cannot be read as one"):
        read_experiment(tmp_path / "none.yaml")


def test_the_example_of_the_how_to_is_an_experiment(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "how-to" / "train-a-prediction-model.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "e.yaml").write_text(block, encoding="utf-8")

    experiment = read_experiment(tmp_path / "e.yaml")

    assert {"size alone", "cnn", "hybrid"} <= {model.label for model in experiment.models}
    assert ("reader_1", "reader_2") == experiment.readers

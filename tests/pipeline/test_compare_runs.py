"""Runs and readers compared on the cases that all of them answered."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import telling_table
from prediction.trained_predictors import every_outcome

from mamri.evaluation import compare_auc, roc_auc
from mamri.io.experiment_files import read_predictions
from mamri.pipeline.compare_runs import compare_runs
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.experiment import (
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    Target,
    TargetKind,
    Validation,
)
from mamri.records import InputError

MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))
NUMBER = Target("size", TargetKind.NUMBER, "size")
TIME = Target("relapse", TargetKind.SURVIVAL, "days", event="event")


def _run(folder: Path, name: str, table: pd.DataFrame, model="logistic", **values) -> Path:
    table.to_csv(folder / f"{name}.csv", index=False)
    experiment = Experiment(
        name,
        CohortSource(f"{name}.csv"),
        values.pop("target", MALIGNANT),
        (ModelChoice(model),),
        FeatureChoice(values.pop("features", ("x*",))),
        Validation(folds=2, inner_folds=2),
        bootstrap=20,
        final_model=False,
        **values,
    )
    run_experiment(experiment, folder, folder / name)
    return folder / name


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two runs of 60 and 50 cases, 45 of them in common; the second knows less."""
    path = tmp_path_factory.mktemp("runs")
    table = telling_table(65, 1)
    _run(path, "first", table.iloc[:60], "lasso")
    _run(path, "second", table.iloc[15:], "logistic", features=("x1", "x2"))
    _run(path, "again", table.iloc[:60], "lasso", seed=2)
    return path


def _readers(folder: Path, **scores) -> Path:
    cases = [f"p{k:04d}" for k in range(60)]
    path = folder / "readers.csv"
    pd.DataFrame({"case": cases, **scores}).to_csv(path, index=False)
    return path


def _truth(folder: Path) -> np.ndarray:
    return read_predictions(folder / "first").y


def test_models_are_judged_on_the_cases_in_common(folder):
    found = compare_runs([folder / "first", folder / "second"], bootstrap=50)

    assert ("mamri-comparison/1", ["first", "second"]) == (found["schema"], found["runs"])
    assert 45 == found["cases"] == found["figures"]["cases"]
    assert {"first": 15, "second": 5} == found["left_out"]
    assert ["lasso", "logistic"] == list(found["figures"]["models"])


def test_figures_are_those_of_the_answers_themselves(folder):
    """The obvious way: both tables joined by the name of the case."""
    first, second = (
        pd.read_csv(folder / name / "predictions.csv").set_index("case") for name in
        ("first", "second")
    )  # fmt: skip
    both = first.join(second, rsuffix="_2", how="inner")
    y = (both["outcome"] == "yes").to_numpy()
    a, b = both["lasso__yes"].to_numpy(), both["logistic__yes"].to_numpy()

    found = compare_runs([folder / "first", folder / "second"], bootstrap=50)["figures"]

    assert roc_auc(y, a) == pytest.approx(found["models"]["lasso"]["auc"]["value"], abs=1e-4)
    assert roc_auc(y, b) == pytest.approx(found["models"]["logistic"]["auc"]["value"], abs=1e-4)
    (row,) = found["comparisons"]
    test = compare_auc(y, a, b, groups=both["patient"].to_numpy(str))
    assert test.p == pytest.approx(row["p"], rel=1e-2)
    assert roc_auc(y, a) - roc_auc(y, b) == pytest.approx(row["difference"]["value"], abs=1e-4)


def test_models_of_one_name_are_told_apart_by_their_run(folder):
    found = compare_runs([folder / "first", folder / "again"], bootstrap=50)

    assert ["lasso", "again: lasso"] == list(found["figures"]["models"])


def test_the_order_of_the_runs_does_not_matter_to_the_figures(folder):
    one = compare_runs([folder / "first", folder / "second"], bootstrap=50)
    two = compare_runs([folder / "second", folder / "first"], bootstrap=50)

    assert one["figures"]["models"] == {
        name: two["figures"]["models"][name] for name in one["figures"]["models"]
    }


def test_a_run_alone_is_judged_on_all_of_its_cases(folder):
    found = compare_runs([folder / "first"], bootstrap=50)

    assert (60, {"first": 0}) == (found["cases"], found["left_out"])
    assert [] == found["figures"]["comparisons"]


def test_readers_are_judged_by_the_order_of_their_scores(folder):
    y = _truth(folder)
    score = 2 + 3 * y + np.arange(60) % 2
    path = _readers(folder, right=score, wrong=-score)

    found = compare_runs([folder / "first"], readers=path, bootstrap=50)["figures"]

    assert ["lasso", "reader: right", "reader: wrong"] == list(found["models"])
    assert 1 == found["models"]["reader: right"]["auc"]["value"]
    assert 0 == found["models"]["reader: wrong"]["auc"]["value"]
    assert "brier" not in found["models"]["reader: right"]  # no probabilities
    assert 3 == len(found["comparisons"])


def test_cases_that_a_reader_did_not_score_are_left_out(folder):
    scores = pd.Series(np.arange(60.0))
    scores[:20] = np.nan
    path = _readers(folder, one=scores, two=np.arange(60))

    found = compare_runs([folder / "first"], readers=path, bootstrap=50)

    assert (40, {"first": 20}) == (found["cases"], found["left_out"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,one\np0000,3\n",
        "case\np0000\n",
        "case,one\np0000,suspicious\n",
        "case,one\np0000,3,4\n",
        "case,one\np0000,nan\n",
        "case,one\np0000,inf\n",
        "case,one\np0000,3\np0000,4\n",
    ],
)
def test_readers_that_cannot_be_read_are_refused(folder, tmp_path, text):
    path = tmp_path / "r.csv"
    path.write_text(text)

    with pytest.raises(InputError, match=r"a CSV with a column case, each case once, .* r\.csv"):
        compare_runs([folder / "first"], readers=path)


def test_a_missing_file_of_readers_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="readers' scores are a CSV"):
        compare_runs([folder / "first"], readers=tmp_path / "nowhere.csv")


def test_readers_of_other_cases_are_refused(folder, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("case,one\nsomeone,3\n")

    with pytest.raises(InputError, match="have no case in common"):
        compare_runs([folder / "first"], readers=path)


def test_a_reader_of_the_run_and_one_of_the_file_are_both_judged(tmp_path):
    table = telling_table(40, 1).assign(birads=lambda t: 3 + t.malignant)
    for name in ("one", "two"):
        _run(tmp_path, name, table, readers=("birads",), features=("x*",))
    path = tmp_path / "r.csv"
    rows = [f"p{k:04d},{k % 5}" for k in range(40)]
    path.write_text("\n".join(["case,birads", *rows]) + "\n")

    found = compare_runs([tmp_path / "one", tmp_path / "two"], readers=path, bootstrap=50)

    models = found["figures"]["models"]
    readers = [name for name in models if "birads" in name]
    assert ["reader: birads", "reader: two: birads", "reader: r.csv: birads"] == readers
    for name in readers:
        assert "brier" not in models[name]
    assert 1 == models["reader: birads"]["auc"]["value"]
    assert models["reader: r.csv: birads"]["auc"]["value"] < 0.9


def test_outcomes_that_contradict_each_other_are_refused(folder, tmp_path):
    table = telling_table(65, 1).iloc[:60]
    table.loc[3, "malignant"] = 1 - table.loc[3, "malignant"]
    _run(tmp_path, "other", table)

    with pytest.raises(InputError, match="outcomes in other contradict those of another run"):
        compare_runs([folder / "first", tmp_path / "other"])


def test_events_that_contradict_each_other_are_refused(tmp_path):
    pytest.importorskip("sksurv")
    table = every_outcome(40, 1)
    _run(tmp_path, "one", table, "cox", target=TIME)
    table.loc[4, "event"] = 1 - table.loc[4, "event"]
    _run(tmp_path, "two", table, "cox", target=TIME)

    with pytest.raises(InputError, match="outcomes in two contradict"):
        compare_runs([tmp_path / "one", tmp_path / "two"])


def test_runs_of_other_targets_are_refused(folder, tmp_path):
    _run(tmp_path, "number", every_outcome(40, 1), "ridge", target=NUMBER)

    with pytest.raises(InputError, match="runs must have the same target, that of number is"):
        compare_runs([folder / "first", tmp_path / "number"])
    with pytest.raises(InputError, match="for binary targets alone"):
        compare_runs([tmp_path / "number"], readers=_readers(tmp_path, one=1))


def test_runs_without_cases_in_common_are_refused(folder, tmp_path):
    table = telling_table(40, 1)
    table["patient"] = [f"q{k}" for k in range(40)]
    _run(tmp_path, "other", table)

    with pytest.raises(InputError, match="have no case in common"):
        compare_runs([folder / "first", tmp_path / "other"])


def test_folders_of_one_name_are_refused(folder):
    with pytest.raises(InputError, match="told apart by the names of their folders"):
        compare_runs([folder / "first", folder / "second" / ".." / "first"])


def test_a_run_that_has_not_ended_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="has no readable experiment"):
        compare_runs([folder / "first", tmp_path])


def test_numbers_are_compared_to_the_end(tmp_path):
    table = every_outcome(40, 1)
    for name, features in (("one", ("x*",)), ("two", ("x1",))):
        _run(tmp_path, name, table, "ridge", target=NUMBER, features=features)

    figures = compare_runs([tmp_path / "one", tmp_path / "two"], bootstrap=50)["figures"]

    assert "spearman" == figures["main_figure"]
    assert figures["models"]["ridge"]["spearman"]["value"] > 0.5


def test_what_the_runs_wrote_is_left_as_it_was(folder):
    before = (folder / "first" / "predictions.csv").read_bytes()
    answers = read_predictions(folder / "first")

    compare_runs([folder / "first", folder / "second"], bootstrap=20)

    assert before == (folder / "first" / "predictions.csv").read_bytes()
    assert replace(answers).names == read_predictions(folder / "first").names
    with (folder / "first" / "predictions.csv").open(newline="") as stream:
        assert 60 == len(list(csv.DictReader(stream)))

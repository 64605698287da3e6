"""Whole experiments on small tables: the same again, beside each other and after a stop."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import noise_table, telling_table

from mamri.pipeline.plan_experiment import plan_experiment
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.experiment import (
    CohortColumns,
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    SiteHarmonisation,
    Target,
    TargetKind,
    Validation,
    ValidationKind,
    VisitChange,
)
from mamri.records import InputError

X = FeatureChoice(("x*",))
MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))


def _experiment(*models: ModelChoice | str, **values: object) -> Experiment:
    usual = {
        "features": X,
        "validation": Validation(folds=3, inner_folds=2),
        "bootstrap": 50,
        "final_model": False,
    }
    chosen = tuple(ModelChoice(m) if isinstance(m, str) else m for m in models or ("logistic",))
    return Experiment(
        "e", CohortSource("cohort.csv"), values.pop("target", MALIGNANT), chosen, **usual | values
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table = telling_table(60, 1)
    table["site"] = np.array(["a", "b", "c"])[np.arange(60) // 2 % 3]
    table.to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path


def _predictions(output: Path) -> bytes:
    return (output / "predictions.csv").read_bytes()


STACK = (
    "logistic",
    "lasso",
    ModelChoice("hybrid", members=("logistic", "lasso")),
    ModelChoice("fusion", members=("logistic", "lasso")),
)


def test_an_experiment_learns_tests_every_case_and_writes_what_it_found(folder):
    lines: list[str] = []

    run = run_experiment(_experiment(*STACK, "prior"), folder, folder / "run", tell=lines.append)

    with (folder / "run" / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [f"p{k:04d}" for k in range(60)] == [row["case"] for row in rows]
    assert {"fold 1", "fold 2", "fold 3"} == {row["split"] for row in rows}
    document = json.loads((folder / "run" / "experiment.json").read_text())
    assert run.document == document
    assert ["logistic", "lasso", "hybrid", "fusion", "prior"] == list(document["figures"]["models"])
    for name in ("logistic", "lasso", "hybrid", "fusion"):
        assert document["figures"]["models"][name]["auc"]["value"] > 0.7
    assert {"no": 30, "yes": 30} == document["cohort"]["counts"]
    assert 15 == len(document["chosen"])
    assert {"C", "features"} < set(document["chosen"][0])
    assert "outcome: 30 no, 30 yes" in lines
    np.testing.assert_allclose(
        run.answers.by_model["hybrid"][:, 1], [float(row["hybrid__yes"]) for row in rows], rtol=1e-6
    )


def test_a_rerun_gives_the_same_bytes(folder):
    for name in ("one", "two"):
        run_experiment(_experiment(*STACK), folder, folder / name)

    assert _predictions(folder / "one") == _predictions(folder / "two")
    one, two = (json.loads((folder / n / "experiment.json").read_text()) for n in ("one", "two"))
    assert one == two


def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(folder):
    experiment = _experiment(*STACK)
    run_experiment(experiment, folder, folder / "run")
    before = _predictions(folder / "run")
    parts = sorted((folder / "run" / "parts").iterdir())
    assert 12 == len(parts)
    for path in parts[::2]:
        path.unlink()
    for name in ("predictions.csv", "experiment.json"):
        (folder / "run" / name).unlink()

    run_experiment(experiment, folder, folder / "run")

    assert before == _predictions(folder / "run")
    assert parts == sorted((folder / "run" / "parts").iterdir())


def test_parts_that_are_there_are_not_worked_on_again(folder):
    run_experiment(_experiment(), folder, folder / "run")
    times = {path: path.stat().st_mtime_ns for path in (folder / "run" / "parts").iterdir()}

    run_experiment(_experiment(), folder, folder / "run")

    assert times == {path: path.stat().st_mtime_ns for path in times}


@pytest.mark.slow
def test_two_processes_give_the_same_bytes(folder):
    for name, processes in (("one", 1), ("two", 2)):
        run_experiment(_experiment(*STACK), folder, folder / name, processes=processes)

    assert _predictions(folder / "one") == _predictions(folder / "two")


def test_another_seed_draws_other_folds(folder):
    for seed in (1, 2):
        run_experiment(_experiment(seed=seed), folder, folder / f"run{seed}")

    assert _predictions(folder / "run1") != _predictions(folder / "run2")


def test_shuffled_labels_are_learned_from_and_judged_by(folder):
    run = run_experiment(_experiment(permute_labels=True), folder, folder / "run")

    truth = pd.read_csv(folder / "cohort.csv")["malignant"]
    assert run.answers.y.sum() == truth.sum()
    assert (run.answers.y != truth).any()
    assert run.document["figures"]["models"]["logistic"]["auc"]["value"] < 0.75


@pytest.mark.parametrize(
    ("changed", "is_refused"),
    [
        ({"seed": 2}, True),
        ({"models": (ModelChoice("lasso"),)}, True),
        ({}, False),
    ],
)
def test_the_folder_of_another_experiment_is_refused(folder, changed, is_refused):
    run_experiment(_experiment(), folder, folder / "run")
    other = replace(_experiment(), **changed)
    if not is_refused:
        run_experiment(other, folder, folder / "run")
        return

    with pytest.raises(InputError, match="run holds a run of another experiment"):
        run_experiment(other, folder, folder / "run")


@pytest.mark.parametrize("column", ["x1", "malignant", "patient", "site", "part"])
def test_the_folder_of_another_cohort_is_refused(folder, column):
    """Sites matter to harmonisation, the column of the split to who is tested."""
    table = pd.read_csv(folder / "cohort.csv")
    table["part"] = np.where(np.arange(60) % 3, "train", "test")
    table["site"] = np.array(["a", "b"])[np.arange(60) // 2 % 2]
    table.to_csv(folder / "cohort.csv", index=False)
    validation = Validation(ValidationKind.GIVEN, column="part", test=("test",), inner_folds=2)
    experiment = _experiment(
        validation=validation, harmonisation=SiteHarmonisation.Z_SCORE, features=X
    )
    run_experiment(experiment, folder, folder / "run")

    cells = table[column].tolist()
    new = {"x1": 0.123, "malignant": 0, "patient": "someone", "site": "a", "part": "test"}[column]
    at = next(k for k, cell in enumerate(cells) if cell != new)
    cells[at] = new
    table[column] = cells
    table.to_csv(folder / "cohort.csv", index=False)

    with pytest.raises(InputError, match="of the same with another cohort"):
        run_experiment(experiment, folder, folder / "run")


@pytest.mark.parametrize(
    ("features", "target", "named"),
    [
        (FeatureChoice(("*",), exclude=("patient",)), MALIGNANT, "malignant"),
        (FeatureChoice(("x*", "subtype")), Target("s", TargetKind.CLASSES, "subtype"), "subtype"),
        (
            FeatureChoice(("x*", "event")),
            Target("t", TargetKind.SURVIVAL, "days", event="event"),
            "event",
        ),
        (FeatureChoice(("x*", "my__end")), Target("n", TargetKind.NUMBER, "my__end"), "my__end"),
    ],
)
def test_the_outcome_is_no_feature(folder, features, target, named):
    table = pd.read_csv(folder / "cohort.csv")
    table = table.assign(
        subtype=["a", "b"] * 30, days=range(60), event=[0, 1] * 30, my__end=range(60)
    )
    table.to_csv(folder / "cohort.csv", index=False)
    kind = {TargetKind.NUMBER: "ridge", TargetKind.SURVIVAL: "cox"}.get(target.kind, "logistic")

    with pytest.raises(InputError, match=f"{kind} would learn from {named}, which is the outcome"):
        plan_experiment(_experiment(kind, target=target, features=features), folder)


@pytest.mark.parametrize(
    "features",
    [
        FeatureChoice(("x", "pcr"), visits=("0",)),
        FeatureChoice(("x", "pcr"), changes=(VisitChange("0", "1"),)),
    ],
)
def test_the_outcome_of_a_visit_or_its_change_is_no_feature(tmp_path, features):
    rows = [
        {"patient": f"p{k}", "visit": v, "x": k * v + k % 3, "pcr": k % 2}
        for k in range(30)
        for v in (0, 1)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "cohort.csv", index=False)
    target = Target("response", TargetKind.BINARY, "pcr", positive=("1",))

    with pytest.raises(InputError, match="would learn from pcr, which is the outcome itself"):
        plan_experiment(_experiment(target=target, features=features), tmp_path)


def test_every_site_is_left_out_in_turn(folder):
    experiment = _experiment(validation=Validation(ValidationKind.SITES, inner_folds=2))

    run = run_experiment(experiment, folder, folder / "run")

    with (folder / "run" / "predictions.csv").open(newline="") as stream:
        assert all(row["site"] == row["split"] for row in csv.DictReader(stream))
    assert {"a", "b", "c"} == set(run.document["figures"]["models"]["logistic"]["by_site"])


def test_readers_are_judged_beside_the_models(folder):
    table = pd.read_csv(folder / "cohort.csv").assign(birads=lambda t: 3 + t.malignant)
    table.to_csv(folder / "cohort.csv", index=False)

    run = run_experiment(_experiment(readers=("birads",)), folder, folder / "run")

    figures = run.document["figures"]
    assert 1 == figures["models"]["reader: birads"]["auc"]["value"]
    assert 1 == len(figures["comparisons"])


def test_repeats_are_averaged(folder):
    experiment = _experiment(validation=Validation(folds=3, repeats=2, inner_folds=2))

    run = run_experiment(experiment, folder, folder / "run")

    assert 6 == len(list((folder / "run" / "parts").iterdir()))
    assert 60 == len(run.answers.names)


def test_models_may_have_features_of_their_own(folder):
    alone = ModelChoice("logistic", name="alone", features=FeatureChoice(("x3",)))

    run = run_experiment(_experiment("logistic", alone), folder, folder / "run")

    auc = {n: m["auc"]["value"] for n, m in run.document["figures"]["models"].items()}
    assert auc["logistic"] > 0.7 > auc["alone"]


def test_a_hybrid_without_members_is_refused(folder):
    with pytest.raises(InputError, match="join members"):
        run_experiment(_experiment("logistic", "hybrid"), folder, folder / "run")


def test_a_site_that_alone_has_a_class_cannot_be_left_out(folder):
    table = pd.read_csv(folder / "cohort.csv")
    table["site"] = np.where(table["malignant"] == 1, "a", "b")
    table.to_csv(folder / "cohort.csv", index=False)
    experiment = _experiment(validation=Validation(ValidationKind.SITES, inner_folds=2))

    with pytest.raises(InputError, match="training cases of all 2 classes"):
        run_experiment(experiment, folder, folder / "run")


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("ridge", Target("n", TargetKind.NUMBER, "x0")),
        ("cox", Target("t", TargetKind.SURVIVAL, "days", event="event")),
        ("logistic", Target("s", TargetKind.CLASSES, "subtype")),
    ],
)
def test_every_kind_of_target_runs_to_its_end(folder, kind, target):
    if kind == "cox":
        pytest.importorskip("sksurv")
    table = noise_table(60, 3, 2)
    table = table.assign(days=np.arange(60.0) + 1, event=np.arange(60) % 2)
    table["subtype"] = np.array(["a", "b", "c"])[np.arange(60) % 3]
    table.to_csv(folder / "cohort.csv", index=False)
    experiment = _experiment(kind, "prior", target=target, features=FeatureChoice(("x1", "x2")))

    run = run_experiment(experiment, folder, folder / "run")

    figure = run.document["figures"]["main_figure"]
    assert {"auc": 0.5, "spearman": 0, "concordance": 0.5}[figure] == pytest.approx(
        run.document["figures"]["models"][kind][figure]["value"], abs=0.35
    )


def test_columns_of_other_names_work_to_the_end(folder):
    table = pd.read_csv(folder / "cohort.csv").rename(columns={"patient": "who"})
    table.to_csv(folder / "cohort.csv", index=False)
    source = CohortSource("cohort.csv", CohortColumns(patient="who"), keep={"site": ["a", "b"]})

    run = run_experiment(replace(_experiment(), cohort=source), folder, folder / "run")

    assert 40 == run.document["cohort"]["cases"]

"""Figures by the number of training cases, on the same test cases."""

from pathlib import Path

import pytest
from prediction.cohorts import telling_table

from mamri.pipeline.learning_curve import learning_curve
from mamri.pipeline.plan_experiment import plan_experiment
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

TARGET = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))


def _experiment(*sizes: int) -> Experiment:
    return Experiment(
        "e", CohortSource("cohort.csv"), TARGET, (ModelChoice("logistic"), ModelChoice("prior")),
        FeatureChoice(("x*",)), Validation(folds=3, inner_folds=2), learning_curve=sizes,
        bootstrap=50, final_model=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    telling_table(120, 1, shift=1.5, features=15).to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path


def test_more_cases_teach_more(folder):
    plan = plan_experiment(_experiment(72, 16), folder)

    rows = learning_curve(plan, folder / "run", 1)

    assert [(16, "logistic"), (16, "prior"), (72, "logistic"), (72, "prior")] == [
        (row["cases"], row["model"]) for row in rows
    ]
    assert [16, 16, 72, 72] == [row["trained"] for row in rows]
    assert rows[0]["value"] + 0.05 < rows[2]["value"]
    assert rows[2]["lower"] < rows[2]["value"] < rows[2]["upper"]


def test_sizes_that_are_not_there_are_left_out_and_too_small_ones_are_told(folder):
    plan = plan_experiment(_experiment(2, 500), folder)

    (row,) = learning_curve(plan, folder / "run", 1)

    assert 2 == row["cases"]
    assert "classes" in row["not_done"] or "folds" in row["not_done"]


def test_parts_of_a_curve_are_kept_apart_from_those_of_all_cases(folder):
    run = run_experiment(_experiment(40), folder, folder / "run")
    plain = run_experiment(_experiment(), folder, folder / "plain")

    assert (folder / "run" / "predictions.csv").read_bytes() == (
        folder / "plain" / "predictions.csv"
    ).read_bytes()
    assert 2 * len(list((folder / "plain" / "parts").iterdir())) == len(
        list((folder / "run" / "parts").iterdir())
    )
    assert 2 == len(run.document["learning_curve"])
    assert "learning_curve" not in plain.document


def test_whole_patients_are_drawn(tmp_path):
    table = telling_table(60, 2, features=3)
    table["patient"] = [f"p{k // 3}" for k in range(60)]
    table.assign(finding=range(60)).to_csv(tmp_path / "cohort.csv", index=False)
    plan = plan_experiment(_experiment(20), tmp_path)

    rows = learning_curve(plan, tmp_path / "run", 1)

    assert 20 <= rows[0]["trained"] <= 22

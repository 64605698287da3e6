"""Models that an experiment keeps: all of its cases, its figures, its doubts in the card."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import telling_table
from prediction.trained_predictors import every_outcome

from mamri.io.predictor_folder import read_predictor
from mamri.pipeline.plan_experiment import plan_experiment
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.experiment import (
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    SiteHarmonisation,
    Target,
    TargetKind,
    Validation,
    plain_name,
)
from mamri.prediction.learner import train
from mamri.prediction.predictor import predict_case
from mamri.prediction.preparation import prepare

MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))
NUMBER = Target("size", TargetKind.NUMBER, "size", unit="mm")
TIME = Target("relapse", TargetKind.SURVIVAL, "days", event="event")


def _run(folder: Path, *models: str | ModelChoice, table: pd.DataFrame, **values: object):
    table.to_csv(folder / "cohort.csv", index=False)
    return run_experiment(_experiment(*models, **values), folder, folder / "run")


def _experiment(*models: str | ModelChoice, **values: object) -> Experiment:
    return Experiment(
        "e",
        CohortSource("cohort.csv"),
        values.pop("target", MALIGNANT),
        tuple(ModelChoice(m) if isinstance(m, str) else m for m in models),
        FeatureChoice(("x*",)),
        Validation(folds=2, inner_folds=2),
        bootstrap=20,
        **values,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    hybrid = ModelChoice("hybrid", name="both", members=("My Lasso, 2", "logistic"))
    table = telling_table(60, 1, shift=2.5)
    lasso = ModelChoice("lasso", name="My Lasso, 2")
    found = _run(folder, "prior", "logistic", lasso, hybrid, table=table, simulation=True)
    return folder / "run", found


def test_models_of_tables_are_kept_and_no_others(run):
    folder, _ = run

    assert ["logistic", "my-lasso-2"] == sorted(p.name for p in (folder / "models").iterdir())
    assert "My Lasso, 2" == read_predictor(folder / "models" / "my-lasso-2").predictor.name


def test_a_kept_model_has_learned_from_all_cases(run):
    folder, _ = run

    found = read_predictor(folder / "models" / "logistic")

    assert 60 == len(found.predictor.domain.cases) == len(found.predictor.calibration.y)
    assert {"cases": 60, "patients": 60, "counts": {"no": 30, "yes": 30}, "sites": []} == (
        found.card["trained_on"]
    )
    assert ("no", "yes") == found.predictor.classes
    assert found.predictor.residuals.size == 0


def test_a_kept_model_tells_new_cases_apart(run):
    predictor = read_predictor(run[0] / "models" / "logistic").predictor
    new = telling_table(40, 2, shift=2.5)

    said = [predict_case(predictor, cells) for cells in new.filter(like="x").to_dict("records")]

    right = [s.value == ("no", "yes")[y] for s, y in zip(said, new["malignant"], strict=True)
             if s.value is not None]  # fmt: skip
    assert len(right) > 20
    assert np.mean(right) > 0.8


def test_the_card_says_what_was_measured_and_on_what(run):
    folder, found = run

    card = json.loads((folder / "models" / "logistic" / "model.json").read_text())

    figures = found.document["figures"]["models"]["logistic"]
    assert figures["auc"] == card["measured"]["figures"]["auc"]
    assert "nested" == card["measured"]["how"]
    assert "roc" not in card["measured"]["figures"]
    assert card["simulation"] is True
    assert card["labels_permuted"] is False
    assert {"C", "features"} <= set(card["settings"])
    assert "research, not for diagnosis" == card["intended_use"]


def test_shap_values_of_kept_models_are_told(run):
    _, found = run

    assert {"logistic", "My Lasso, 2"} == set(found.document["shap"])
    assert "x0" == found.document["shap"]["logistic"][0]["feature"]


def test_shuffled_labels_are_named_in_the_card(tmp_path):
    table = telling_table(40, 1)
    _run(tmp_path, "logistic", table=table, permute_labels=True)

    assert read_predictor(tmp_path / "run" / "models" / "logistic").card["labels_permuted"] is True


def test_a_number_keeps_the_errors_of_unseen_cases(tmp_path):
    table = every_outcome(60, 1)
    _run(tmp_path, "ridge", table=table, target=NUMBER)

    predictor = read_predictor(tmp_path / "run" / "models" / "ridge").predictor

    assert 60 == predictor.residuals.size
    assert predictor.residuals.min() >= 0
    assert predictor.residuals.mean() < np.abs(table["size"] - table["size"].mean()).mean()
    assert predict_case(predictor, {"x0": 1, "x1": 0, "x2": 0, "x3": 0}).interval is not None


def test_survival_keeps_the_risks_of_unseen_cases(tmp_path):
    pytest.importorskip("sksurv")
    _run(tmp_path, "cox", table=every_outcome(60, 1), target=TIME)

    predictor = read_predictor(tmp_path / "run" / "models" / "cox").predictor

    assert 60 == predictor.residuals.size
    low, high = (
        predict_case(predictor, {"x0": x0, "x1": 0, "x2": 0, "x3": 0}).value for x0 in (0, 2)
    )
    assert 0 <= low < high <= 100


def test_nothing_is_kept_unless_that_is_asked_for(tmp_path):
    found = _run(tmp_path, "logistic", table=telling_table(40, 1), final_model=False)

    assert not (tmp_path / "run" / "models").exists()
    assert "shap" not in found.document


@pytest.mark.parametrize("sites", [False, True])
def test_a_kept_model_knows_the_columns_it_uses_alone_and_answers_the_same(tmp_path, sites):
    """Columns that never vary, or say the same as an earlier one, are not asked of an exam."""
    table = telling_table(60, 1, features=6).assign(x1=3.0)
    table["x4"] = 2 * table["x0"] + 1
    values = {}
    if sites:
        table["site"] = np.array(["a", "b"])[np.arange(60) // 2 % 2]
        values = {"harmonisation": SiteHarmonisation.COMBAT}
    _run(tmp_path, "logistic", table=table, **values)
    whole = plan_experiment(_experiment("logistic", **values), tmp_path)
    trained = train(whole.learners["logistic"], np.arange(60), whole.task)

    kept = read_predictor(tmp_path / "run" / "models" / "logistic").predictor

    assert ("x0", "x2", "x3", "x5") == kept.columns == kept.needed
    x = table[list(kept.columns)].to_numpy()
    for member, own in zip(trained.fitted.members, kept.members, strict=True):
        np.testing.assert_allclose(
            member.score(trained.fitted.x, whole.task.sites, MALIGNANT.kind),
            own.score(x, whole.task.sites, MALIGNANT.kind),
            rtol=1e-9,
        )
    np.testing.assert_allclose(
        prepare(x, whole.task.sites, kept.preparation), kept.domain.cases, atol=1e-12
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logistic", "logistic"),
        ("Random forest (2)", "random-forest-2"),
        ("../../x", "x"),
        ("a/b", "a-b"),
        ("Größe", "gr-e"),
    ],
)
def test_names_of_models_become_plain_names_of_folders(name, expected):
    assert expected == plain_name(name)

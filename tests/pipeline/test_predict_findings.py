"""Answers of trained predictors stand in the result, its document and its report."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from example_result import example_result
from prediction.trained_predictors import CARD, trained_predictor, with_wide_domain

from mamri.cli.main import run
from mamri.io.features_csv import features_csv
from mamri.io.predictor_folder import write_predictor
from mamri.io.result_json import result_to_json, validate_result
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.analyze_to_folder import analyze_to_folder
from mamri.pipeline.predict_findings import (
    assessment,
    read_predictors,
    settings_for,
    with_predictions,
)
from mamri.prediction.experiment import SiteHarmonisation, Target, TargetKind
from mamri.prediction.predictor import Predicted, predict_case
from mamri.radiomics import RadiomicsSettings
from mamri.records import ModelError, Status
from mamri.report.html import render_report

CREATED = "2026-01-01T00:00:00+00:00"
MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))
KI67 = Target("ki67", TargetKind.NUMBER, "ki67", unit="%")
GRADE = Target("grade", TargetKind.CLASSES, "grade")
FEATURES = ("volume_ml", "peak_enhancement_percent", "delayed_phase")


def _table(n: int = 80) -> pd.DataFrame:
    """Findings such as those of the example; large ones with washout are malignant."""
    rng = np.random.default_rng(1)
    y = np.arange(n) % 2
    volume = np.where(y, 0.32, 0.18) + rng.normal(scale=0.03, size=n)
    return pd.DataFrame(
        {
            "patient": [f"p{k}" for k in range(n)],
            "malignant": y,
            "ki67": 100 * volume,
            "grade": np.where(y, "high", "low"),
            "volume_ml": volume,
            "peak_enhancement_percent": 160 + rng.normal(scale=10, size=n),
            "delayed_phase": np.where((y == 1) | (rng.random(n) < 0.5), "washout", "plateau"),
            "ser_mean": 1.6 + rng.normal(scale=0.1, size=n),
        }
    )


def _predictor(kind="logistic", target=MALIGNANT, *, features=FEATURES, **values):
    return trained_predictor(kind, target, table=_table(), features=features, **values)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A run with two predictors of tables."""
    path = tmp_path_factory.mktemp("runs") / "run"
    write_predictor(path / "models" / "malignant", _predictor(), {**CARD, "licence": "CC0"})
    write_predictor(path / "models" / "number", _predictor("ridge", KI67), CARD)
    return path


def test_every_finding_gets_the_answers_of_every_predictor(folder):
    before = example_result()

    found = with_predictions(before, read_predictors([folder]))

    for old, new in zip(before.findings, found.findings, strict=True):
        assert old.assessments == new.assessments[: len(old.assessments)]
        assert ["malignant", "ki67"] == [a.target for a in new.assessments[-2:]]
    small, large = (finding.assessments[-2] for finding in found.findings)
    assert small.value < 0.3 < 0.7 < large.value
    assert "probability" == large.unit
    assert large.interval[0] <= large.interval[1]
    assert "yes at 90 % confidence; trained on 60 cases of 60 patients" == large.evidence
    assert {Status.OK} == {small.status, large.status}
    for finding in found.findings:
        number = finding.assessments[-1]
        assert 100 * finding.volume_ml == pytest.approx(number.value, abs=12)
        assert number.interval[0] < number.value < number.interval[1]
        assert ("%", "trained on 60 cases of 60 patients") == (number.unit, number.evidence)


def test_the_predictors_are_among_the_models_used(folder):
    found = with_predictions(example_result(), read_predictors([folder]))

    first, second = found.models
    assert ("my logistic", "1", "CC0") == (first.name, first.version, first.licence)
    assert "the user's own" == second.licence
    manifest = (folder / "models" / "malignant" / "manifest.sha256").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == first.sha256


def test_the_document_with_answers_is_valid_by_its_schema(folder):
    found = with_predictions(example_result(), read_predictors([folder]))

    document = json.loads(json.dumps(result_to_json(found, created=CREATED)))

    assert [] == validate_result(document)
    said = document["findings"][1]["assessments"][-2]
    assert ("malignant", "probability", "my logistic") == (
        said["target"], said["unit"], said["model"],
    )  # fmt: skip
    assert ["my logistic", "my ridge"] == [model["name"] for model in document["models"]]


def test_the_report_shows_the_answer_its_interval_and_its_evidence(folder):
    found = with_predictions(example_result(), read_predictors([folder]))

    report = render_report(found, created=CREATED)

    said = found.findings[1].assessments[-2]
    assert "No model of malignancy" not in report
    low, high = said.interval
    assert f"<td>{said.value:.2f}, probability" in report
    assert f">{low:.2f} to {high:.2f}<" in report
    assert f"<td>{said.model}<" in report
    assert said.evidence in report
    assert "<strong>Demonstration.</strong>" not in report
    assert '<th scope="row">Malignant</th>' in report


def test_the_report_of_an_analysis_without_predictors_has_no_answer():
    report = render_report(example_result(), created=CREATED)

    assert "Malignant</th>" not in report
    assert "<strong>Demonstration.</strong>" not in report
    assert ", probability" not in report
    assert "cases of" not in report
    assert "No model of malignancy, biology, nodes or response was used" in report


def test_the_result_that_came_is_left_as_it_was(folder):
    before = example_result()

    with_predictions(before, read_predictors([folder]))

    assert () == before.models
    assert 1 == len(before.findings[0].assessments)


def test_cells_are_those_of_the_features_table(folder):
    """A model learns from features.csv and must see the same of a new finding."""
    result = example_result()
    header, *rows = features_csv(result).splitlines()
    cells = [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows]

    found = with_predictions(result, read_predictors([folder]))

    for finding, row in zip(found.findings, cells, strict=True):
        said = predict_case(read_predictors([folder]).tables[0].predictor, row)
        assert said.probability["yes"] == pytest.approx(finding.assessments[-2].value, abs=2e-3)


def test_simulated_and_shuffled_training_is_named_in_the_evidence(tmp_path):
    marks = {"simulation": True, "labels_permuted": True}
    write_predictor(tmp_path / "m", _predictor(), CARD | marks)

    found = with_predictions(example_result(), read_predictors([tmp_path / "m"]))

    evidence = found.findings[0].assessments[-1].evidence
    assert evidence.endswith("60 patients, all simulated, with shuffled labels: means nothing")
    assert found.models[0].trained_on in evidence
    report = render_report(found, created=CREATED)
    assert evidence in report
    assert "<strong>Demonstration.</strong>" in report


@pytest.mark.parametrize(
    ("predictor", "reason"),
    [
        (lambda: _predictor(features=("ser_mean", "volume_ml")), ""),
        (lambda: _table_of("my_own_measure"), "needs my_own_measure, which this exam does not"),
        (lambda: _elsewhere(), "it is unlike the training cases"),
        (lambda: _table_of("ftv_ml"), "100 % of the features that the model needs are missing"),
    ],
)
def test_what_cannot_be_answered_is_withheld_with_the_reason(tmp_path, predictor, reason):
    write_predictor(tmp_path / "m", predictor(), CARD)

    found = with_predictions(example_result(), read_predictors([tmp_path / "m"]))

    for finding in found.findings:
        said = finding.assessments[-1]
        if not reason:
            assert Status.OK is said.status
            continue
        assert (None, None, Status.NOT_COMPUTED) == (said.value, said.interval, said.status)
        assert said.evidence.startswith("withheld: ")
        assert reason in said.evidence
    document = json.loads(json.dumps(result_to_json(found, created=CREATED)))
    assert [] == validate_result(document)
    if reason:
        report = render_report(found, created=CREATED)
        assert "<td>no answer</td>" in report
        assert "withheld: " in report


def _table_of(name: str):
    table = _table().rename(columns={"ser_mean": name})
    return trained_predictor(table=table, target=MALIGNANT, features=(name,))


def _elsewhere():
    """The findings of the example lie beyond all training cases in every feature."""
    table = _table().assign(volume_ml=lambda t: t.volume_ml + 1, ser_mean=lambda t: t.ser_mean - 1)
    table["peak_enhancement_percent"] += 200
    features = ("volume_ml", "peak_enhancement_percent", "ser_mean")
    return trained_predictor(table=table, target=MALIGNANT, features=features)


def test_a_model_of_harmonised_features_is_withheld(tmp_path):
    table = _table().assign(site=["a", "b"] * 40)
    predictor = trained_predictor(
        table=table, features=FEATURES, harmonisation=SiteHarmonisation.Z_SCORE
    )
    write_predictor(tmp_path / "m", predictor, CARD)

    found = with_predictions(example_result(), read_predictors([tmp_path / "m"]))

    assert "harmonised by site" in found.findings[0].assessments[-1].evidence


def test_an_undecided_class_is_told_as_such_in_the_report(tmp_path):
    write_predictor(tmp_path / "m", _predictor("logistic", GRADE), CARD)
    (one,) = read_predictors([tmp_path / "m"]).tables
    said = Predicted(None, {"high": 0.5, "low": 0.5}, None, ("high", "low"), "undecided at 90 %")

    found = assessment(one, said)

    assert (None, Status.OK) == (found.value, found.status)
    finding = replace(example_result().findings[0], assessments=(found,))
    report = render_report(replace(example_result(), findings=(finding,)), created=CREATED)
    assert '<th scope="row">Grade</th><td>not decided</td>' in report


def test_a_decided_class_and_a_risk_have_a_value(tmp_path):
    write_predictor(tmp_path / "m", with_wide_domain(_predictor("logistic", GRADE)), CARD)
    (one,) = read_predictors([tmp_path / "m"]).tables

    word = assessment(one, Predicted("high", {"high": 0.9, "low": 0.1}, None, ("high",), ""))

    assert ("high", "", None) == (word.value, word.unit, word.interval)
    assert word.evidence.startswith("high at 90 % confidence; ")
    survival = Target("relapse", TargetKind.SURVIVAL, "days", event="event", unit="days")
    risk = replace(one, predictor=replace(one.predictor, target=survival))
    told = assessment(risk, Predicted(71.23456, {}, None, (), ""))
    assert (71.235, Status.OK) == (told.value, told.status)
    assert "% of the training cases have a lower risk" == told.unit


def test_a_predictor_may_be_named_by_its_folder_the_models_or_the_run(folder):
    for path in (folder, folder / "models"):
        assert ["my logistic", "my ridge"] == [
            one.predictor.name for one in read_predictors([path]).tables
        ]
    assert 1 == len(read_predictors([folder / "models" / "number"]).all)


def test_a_folder_without_predictors_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        with pytest.raises(ModelError, match=f"was needed, {name} holds none"):
            read_predictors([tmp_path / name])


def test_a_changed_predictor_is_refused(tmp_path):
    write_predictor(tmp_path / "m", _predictor(), CARD)
    (tmp_path / "m" / "model.json").write_text(
        (tmp_path / "m" / "model.json").read_text().replace("my logistic", "my lasso")
    )

    with pytest.raises(ModelError, match=r"model\.json was changed"):
        read_predictors([tmp_path / "m"])


def test_radiomics_is_computed_where_a_predictor_needs_it(tmp_path, folder):
    name = "radiomics__lesion__pre__stat_mean_Q4LE"
    write_predictor(tmp_path / "m", _table_of(name), CARD)
    usual = AnalysisSettings()

    asked = settings_for(read_predictors([tmp_path / "m"]), usual)

    assert RadiomicsSettings() == asked.radiomics
    assert asked.crops is None
    assert usual == settings_for(read_predictors([folder]), usual)
    own = replace(usual, radiomics=RadiomicsSettings())
    assert own is settings_for(read_predictors([tmp_path / "m"]), own)


@pytest.fixture(scope="module")
def phases(tmp_path_factory) -> list[tuple[Path, float]]:
    """Noise without a breast, which is analysed in a second."""
    folder = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(0)
    found = []
    for name, seconds in (("pre", 0.0), ("post", 90.0)):
        noise = rng.rayleigh(5, (32, 32, 12)).astype(np.int16)
        nib.save(nib.Nifti1Image(noise, np.diag([2.0, 2.0, 3.0, 1])), folder / f"{name}.nii")
        found.append((folder / f"{name}.nii", seconds))
    return found


def test_analysis_to_a_folder_asks_the_models_that_were_named(tmp_path, folder, phases):
    result, document = analyze_to_folder(None, tmp_path / "out", phases=phases, models=[folder])

    assert {"my logistic", "my ridge"} <= {model.name for model in result.models}
    written = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [] == validate_result(written)
    assert document["models"] == written["models"]


def test_the_command_refuses_a_folder_without_predictors_before_it_reads(
    tmp_path, phases, monkeypatch, capsys
):
    (tmp_path / "empty").mkdir()
    arguments = [f"--phase={path}:{seconds:g}" for path, seconds in phases]
    named = ["--models", str(tmp_path / "empty"), "-o", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["mamri", "analyze", *arguments, *named])

    with pytest.raises(SystemExit) as stopped:
        run()

    assert 4 == stopped.value.code
    assert "empty holds none; train one with mamri train prediction" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

"""Tables of two classes: figures are those of the functions, doubts are told, refusals clear."""

import csv
import json
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from evaluated_tables import write_table

from mamri.evaluation import auc_interval, bootstrap_interval, compare_auc, operating_point
from mamri.evaluation.roc import average_precision, sensitivity_at_specificity
from mamri.pipeline.evaluate_classification import (
    ClassificationSettings,
    evaluate_classification,
)
from mamri.records import InputError

SETTINGS = ClassificationSettings(
    subgroups=("age_group", "site"), prevalence=0.01, bootstrap=40, smallest_class=6
)


@lru_cache
def evaluated() -> dict:
    with TemporaryDirectory() as folder:
        return evaluate_classification(write_table(Path(folder), "binary"), SETTINGS)


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def test_the_document_is_json_of_its_schema():
    found = evaluated()
    assert ("mamri-evaluation/1", "classification") == (found["schema"], found["kind"])
    assert (90, 80) == (found["cases"], found["patients"])
    assert (30, 60) == (found["figures"]["positive"], found["figures"]["negative"])
    assert ["model", "clinical", "birads"] == list(found["figures"]["scores"])
    json.dumps(found, allow_nan=False)


def test_figures_are_those_of_the_functions(tmp_path):
    table = columns(write_table(tmp_path, "binary"))
    truth, score = table["truth"] == "1", table["model"].astype(float)
    one = evaluated()["figures"]["scores"]["model"]
    area = auc_interval(truth, score, groups=table["patient"])
    assert [area.value, area.lower, area.upper] == pytest.approx(list(one["auc"].values()),
                                                                abs=6e-5)  # fmt: skip
    precise = bootstrap_interval(
        average_precision, (truth, score), groups=table["patient"], n=40, seed=1
    )
    assert precise.lower == pytest.approx(one["average_precision"]["lower"], abs=6e-5)
    fixed = one["at_specificity"][0]
    assert 0.9 == fixed["specificity"]
    sensitivity = sensitivity_at_specificity(truth, score, 0.9)
    assert sensitivity == pytest.approx(fixed["sensitivity"]["value"], abs=6e-5)
    point = operating_point(truth, score, 0.5)
    told = one["at_threshold"]
    assert point.true_positives == told["true_positives"]
    assert point.sensitivity.upper == pytest.approx(told["sensitivity"]["upper"], abs=6e-5)
    bayes = told["at_prevalence"]["positive_predictive_value"]
    assert bayes["value"] < told["positive_predictive_value"]["value"]


def test_each_pair_is_compared_and_adjusted(tmp_path):
    table = columns(write_table(tmp_path, "binary"))
    rows = evaluated()["figures"]["comparisons"]
    assert [("model", "clinical"), ("model", "birads"), ("clinical", "birads")] == [
        (row["first"], row["second"]) for row in rows
    ]
    test = compare_auc(
        table["truth"] == "1", table["model"].astype(float), table["clinical"].astype(float),
        groups=table["patient"],
    )  # fmt: skip
    assert test.p == pytest.approx(rows[0]["p"], rel=0.01)
    assert all(row["p_holm"] >= row["p"] for row in rows)


def test_only_probabilities_have_calibration():
    scores = evaluated()["figures"]["scores"]
    assert [True, True, False] == [one["is_probability"] for one in scores.values()]
    assert "brier" in scores["model"]
    assert "calibration" not in scores["birads"]


def test_doubts_are_told():
    said = " ".join(evaluated()["warnings"])
    assert "Only 30 positive cases" in said
    assert "threshold of birads was chosen on these very cases" in said
    assert "Taken for probabilities" in said
    assert "90 cases are of 80 patients" in said


def test_small_groups_stay_in_the_table():
    variables = {
        one["variable"]: one for one in evaluated()["figures"]["scores"]["model"]["subgroups"]
    }
    groups = {one["group"]: one for one in variables["site"]["groups"]}
    assert groups["south"]["is_too_small"]
    assert None is groups["south"]["auc"]
    assert 90 == sum(one["cases"] for one in groups.values())


def test_methods_name_their_sources():
    methods = {one["name"]: one for one in evaluated()["methods"]}
    assert {"auc", "calibration", "subgroups", "predictive_values"} <= set(methods)
    assert all("doi" in one["source"] or ";" in one["source"] or "19" in one["source"] or "20" in
               one["source"] for one in methods.values())  # fmt: skip


def test_columns_and_probabilities_can_be_chosen(tmp_path):
    path = write_table(tmp_path, "binary")
    asked = ClassificationSettings(
        scores=("model",), probabilities=("none",), threshold=0.3, bootstrap=5
    )
    found = evaluate_classification(path, asked)
    one = found["figures"]["scores"]["model"]
    assert not one["is_probability"]
    assert (0.3, "given") == (
        one["at_threshold"]["threshold"],
        one["at_threshold"]["threshold_from"],
    )
    assert [] == found["figures"]["comparisons"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"truth": "outcome"}, "a column outcome was needed"),
        ({"subgroups": ("race",)}, "a column race was needed"),
        ({}, "column age_group must hold numbers"),
        ({"scores": ("model", "birads"), "probabilities": ("birads",)}, "from 0 to 1"),
        ({"scores": ("model",), "probabilities": ("clinical",)}, "clinical is not"),
        ({"scores": ("model",), "positive": "malignant"}, "none is malignant"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, changed, message):
    with pytest.raises(InputError, match=message):
        evaluate_classification(
            write_table(tmp_path, "binary"), ClassificationSettings(**changed, bootstrap=2)
        )


@pytest.mark.parametrize("wrong", [{"bootstrap": 0}, {"prevalence": 1.0}, {"smallest_class": 0}])
def test_settings_check_themselves(wrong):
    with pytest.raises(InputError):
        ClassificationSettings(**wrong)


def test_a_score_that_is_the_wrong_way_round_is_told(tmp_path):
    rows = ["case,truth,s", *(f"c{k},{k % 2},{-5 * (k % 2) + k % 7}" for k in range(40))]
    path = tmp_path / "cases.csv"
    path.write_text("\n".join(rows) + "\n")
    said = evaluate_classification(path, ClassificationSettings(bootstrap=5))["warnings"]
    assert any("turn it round" in one for one in said)
    assert any("no column patient" in one for one in said)

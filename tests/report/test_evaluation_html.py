"""The report of an evaluation: complete, self-contained, safe, whatever was evaluated."""

import copy
import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from evaluated_tables import write_table
from report.test_experiment_html import Balanced, text_of

from mamri.io.evaluation_files import comparison_rows, score_rows, subgroup_rows
from mamri.pipeline.evaluate_classification import (
    ClassificationSettings,
    evaluate_classification,
)
from mamri.pipeline.evaluate_survival import SurvivalEvaluationSettings, evaluate_survival
from mamri.records import InputError
from mamri.report.checklists import CHECKLISTS, TO_WRITE, render_checklist
from mamri.report.evaluation_html import render_evaluation

KINDS = ("classification", "classes", "numbers", "ordinal", "survival")
ASKED = ClassificationSettings(
    subgroups=("age_group", "site"), prevalence=0.01, bootstrap=5, smallest_class=6
)


def document(kind: str) -> dict:
    return copy.deepcopy(_document(kind))


@lru_cache
def _document(kind: str) -> dict:
    few = ClassificationSettings(bootstrap=5)
    with TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "survival":
            settings = SurvivalEvaluationSettings(subgroups=("site",), unit="days", bootstrap=5)
            return evaluate_survival(write_table(folder, kind), settings)
        if kind == "classification":
            return evaluate_classification(write_table(folder, "binary"), ASKED)
        path = write_table(folder, kind)
        return evaluate_classification(
            path, few, numbers=kind == "numbers", ordinal=kind == "ordinal"
        )


@lru_cache
def page_of(kind: str) -> str:
    return render_evaluation(document(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_well_formed_and_loads_nothing(kind):
    page = page_of(kind)
    parsed = Balanced(page)
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', page)
    assert "None" not in text_of(page)
    assert "nan" not in text_of(page).split()
    assert "not a medical device" in text_of(page)
    assert page == render_evaluation(document(kind))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("classification", "“model” told positive from negative cases with an AUC of 0."),
        ("classes", "3 classes were told apart with a mean AUC of 0."),
        ("numbers", "“model” explained 0."),
        ("ordinal", "“anna” and “ben” agreed with a weighted kappa of 0."),
        ("survival", "“model” put patients in the order of their risk with a concordance of 0."),
    ],
)
def test_the_result_stands_in_one_sentence(kind, sentence):
    assert sentence in text_of(page_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_warnings_come_before_figures_and_methods_have_sources(kind):
    page = page_of(kind)
    for message in document(kind)["warnings"]:
        assert page.index(message[:30]) < page.index('id="section-1"')
    for one in document(kind)["methods"]:
        assert one["source"][:20].replace("&", "&amp;") in page


def test_names_of_the_table_are_escaped():
    page = page_of("classification")
    assert "north <b>" not in page
    assert "north &lt;b&gt;" in page
    given = document("classification")
    given["figures"]["scores"]["<script>alert(1)</script>"] = given["figures"]["scores"].pop(
        "model"
    )
    given["figures"]["comparisons"] = []
    assert "<script" not in render_evaluation(given, title="<script>")


def test_small_groups_are_called_so():
    assert "too small" in text_of(page_of("classification"))


def test_scores_that_are_no_probabilities_have_no_plots_of_them():
    given = document("classification")
    for one in given["figures"]["scores"].values():
        one["is_probability"] = False
    text = text_of(render_evaluation(given))
    assert "No score is a probability" in text
    assert "Brier" not in text.split("How it was measured")[0]


def test_a_result_that_may_be_chance_is_called_so():
    given = document("classification")
    for one in given["figures"]["scores"].values():
        one["auc"] = {"value": 0.55, "lower": 0.45, "upper": 0.65}
    assert "no better than a coin" in text_of(render_evaluation(given))


def test_a_threshold_that_no_score_reaches_is_told():
    given = document("classification")
    given["figures"]["scores"]["birads"]["at_threshold"]["threshold"] = None
    assert "above all" in text_of(render_evaluation(given))
    assert "threshold above all scores" in render_checklist(given, "checklist-tripod-ai.md")


def test_undefined_figures_do_not_break_the_page():
    given = document("survival")
    for one in given["figures"]["scores"].values():
        one["concordance"] = None
        one["risk_groups"]["thirds"] = None
        one["auc_at_times"][0]["auc"] = None
    text = text_of(render_evaluation(given))
    assert "undefined" in text
    assert "too many equal risks" in text


def test_a_kind_without_a_page_is_refused():
    with pytest.raises(InputError, match="kind of classification"):
        render_evaluation({**document("ordinal"), "kind": "weather"})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHECKLISTS)
def test_checklists_have_every_item_once_in_a_row_of_four_cells(kind, name):
    text = render_checklist(document(kind), name)
    rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    numbers = [row.split("|")[1].strip() for row in rows]
    assert len(set(numbers)) == len(numbers)
    expected = {"checklist-claim.md": 44, "checklist-tripod-ai.md": 27}[name]
    assert set(range(1, expected + 1)) == {int(re.match(r"\d+", n).group()) for n in numbers}
    for row in rows:
        assert 5 == len(re.findall(r"(?<!\\)\|", row))
        assert TO_WRITE in row
    assert "None" not in text


def test_checklists_hold_the_figures_of_the_document():
    text = render_checklist(document("classification"), "checklist-claim.md")
    row = next(line for line in text.splitlines() if line.startswith("| 37 |"))
    value = document("classification")["figures"]["scores"]["model"]["auc"]["value"]
    assert f"model: AUC {value:.2f}" in row
    assert "north \\<b\\>" in text


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_the_tables_have_the_same_columns(kind):
    given = document(kind)
    for rows in (score_rows(given), subgroup_rows(given), comparison_rows(given)):
        assert 1 >= len({tuple(row) for row in rows})
    assert score_rows(given) or kind == "ordinal"


def test_rows_are_named_by_their_place_and_hold_no_curves():
    rows = {
        row["figure"]: row
        for row in score_rows(document("classification"))
        if row["score"] == "model"
    }
    assert {"auc", "at_specificity.0.9.sensitivity", "at_threshold.sensitivity"} <= set(rows)
    assert not any(name.startswith(("roc", "precision_recall")) for name in rows)
    small = [row for row in subgroup_rows(document("classification")) if row["is_too_small"]]
    assert {None} == {row["value"] for row in small}

"""The report of an evaluation: complete, self-contained, safe, whatever was evaluated."""

import re
from functools import lru_cache

import pytest
from evaluated_documents import OF_SCORES as KINDS
from evaluated_documents import document
from report.test_experiment_html import Balanced, text_of

from mamri.records import InputError
from mamri.report.evaluation_html import render_evaluation


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

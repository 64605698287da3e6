"""The report of an experiment: complete, self-contained, safe, and plain about its doubts."""

import copy
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import pytest
from report.test_experiment_plots import KINDS, document

from mamri.report.experiment_html import MOST_ASSOCIATIONS, MOST_COLUMNS, render_experiment


@lru_cache
def page_of(kind: str) -> str:
    return render_experiment(document(kind))


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    plain = re.sub(r"<(style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


class Balanced(HTMLParser):
    """Opens and closes every element in order; collects ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for key, value in attrs if key == "id" and value]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for key, value in attrs if key == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_well_formed_and_loads_nothing(kind: str) -> None:
    page = page_of(kind)
    parsed = Balanced(page)
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', page)
    assert "None" not in text_of(page)
    assert "nan" not in text_of(page).split()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("binary", "random forest told “response: yes” from “no” best: AUC 0."),
        ("classes", "random forest told A, B and C apart best: AUC 0."),
        ("number", "random forest put cases in the order of their response best: rank correlation"),
        ("survival", "random forest put patients in the order of their risk best: concordance 0."),
    ],
)
def test_the_answer_stands_in_one_sentence(kind: str, sentence: str) -> None:
    text = text_of(page_of(kind))
    assert f"Of the two models tried, {sentence}" in text
    assert "in 60 cases that it had not seen" in text


def test_a_figure_that_may_be_chance_is_called_so() -> None:
    given = document("binary")
    for one in given["figures"]["models"].values():
        one["auc"] = {"value": 0.55, "lower": 0.45, "upper": 0.65}
    text = text_of(render_experiment(given))
    assert "None of the two models tried, beyond doubt, told “response: yes” from “no”" in text


def test_a_model_alone_is_not_called_the_best() -> None:
    given = document("binary")
    del given["figures"]["models"]["size alone"]
    given["figures"]["comparisons"] = []
    text = text_of(render_experiment(given))
    assert "Random forest told “response: yes” from “no”: AUC" in text
    assert "best of several" not in text


def test_without_any_figure_the_page_says_so() -> None:
    given = document("binary")
    for one in given["figures"]["models"].values():
        one["auc"] = {"value": None, "lower": None, "upper": None}
    assert "none has a figure" in text_of(render_experiment(given))


def test_the_difference_from_the_baseline_is_seen_from_the_model() -> None:
    given = document("binary")
    given["figures"]["comparisons"] = [
        {
            "first": "prior", "second": "random_forest", "test": "paired DeLong", "p": 0.001,
            "difference": {"value": -0.2, "lower": -0.3, "upper": -0.1}, "p_holm": 0.002,
        }
    ]  # fmt: skip
    text = text_of(render_experiment(given))
    assert "difference from the naive baseline is 0.20 (0.10 to 0.30), p = 0.002" in text
    assert "random forest naive baseline 0.20 (0.10 to 0.30) 0.001 0.002" in text


def test_names_from_tables_are_escaped() -> None:
    given = document("binary")
    evil = "<script>alert(1)</script>"
    given["experiment"]["name"] = evil
    given["cohort"]["columns"][0]["column"] = evil
    given["cohort"]["checks"][1]["message"] = evil
    given["importance"] = {"random_forest": [{"feature": evil, "value": 0.1}]}
    models = given["figures"]["models"]
    models[evil] = models.pop("size alone")
    given["experiment"]["models"][2]["name"] = evil
    for one in models.values():
        one["by_site"] = {evil: {"cases": 30, "positive": 9, "auc": {"value": 0.6}}}
    for row in given["figures"]["comparisons"]:
        row.update({key: evil for key in ("first", "second") if row[key] == "size alone"})
    page = render_experiment(given)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert Balanced(page).open == []


def test_the_same_document_gives_the_same_bytes() -> None:
    assert page_of("number") == render_experiment(document("number"))


def test_the_document_is_not_changed() -> None:
    given = document("number")
    given["importance"] = {"random_forest": [{"feature": "age", "value": 0.1}], "shap": {}}
    before = copy.deepcopy(given)
    render_experiment(given)
    assert before == given


def test_missing_values_are_dashes() -> None:
    given = document("binary")
    model = given["figures"]["models"]["size alone"]
    model.update(average_precision=None, brier=None, sets=None, calibration=None)
    row = text_of(render_experiment(given)).split("size alone logistic regression: volume")[1]
    assert re.match(r" 0\.\d+ 0\.\d+ to 0\.\d+ – \d+ \d+ to \d+ – –", row)


@pytest.mark.parametrize(("mark", "words"), [("simulation", "Simulation results"),
                                             ("permuted", "Labels were permuted")])  # fmt: skip
def test_what_is_no_real_result_says_so_on_top(mark: str, words: str) -> None:
    assert words not in text_of(page_of("number"))
    given = document("number")
    given["simulation"] = mark == "simulation"
    given["experiment"]["permute_labels"] = mark == "permuted"
    text = text_of(render_experiment(given))
    assert text.index(words) < text.index("A small experiment", 30)


def test_warnings_of_the_cohort_stand_before_everything_else() -> None:
    text = text_of(page_of("binary"))
    assert "Read with care 2 exams are there twice." in text
    assert text.index("Copies ! warning".replace("! ", "")) < text.index("Patients fine")


def test_folders_of_the_computer_are_not_told() -> None:
    page = page_of("binary")
    assert "private" not in page
    assert "table.csv" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "nested"}, "five folds"),
        ({"kind": "nested"}, "two times with folds drawn anew"),
        ({"kind": "sites"}, "Each site was left out in turn"),
        ({"kind": "temporal"}, "The latest 30 % of the patients"),
        ({"kind": "given", "column": "part", "test": ["1"], "leave_out": ["9"]}, "Left out: 9."),
    ],
)
def test_the_validation_is_told_in_words(change: dict[str, Any], words: str) -> None:
    given = document("number")
    given["experiment"]["validation"].update(change)
    assert words in text_of(render_experiment(given))


def test_sites_readers_sets_and_chosen_settings_are_shown() -> None:
    text = text_of(page_of("binary"))
    assert "AUC by site" in text
    assert re.search(r"north: \d+ yes of 30", text)
    assert "Reader Dr A reached 0." in text
    assert "Truth in the set, %" in text
    assert "leaves 2 (2 ×), 3 (2 ×)" in text


def test_a_learning_curve_tells_what_was_not_done() -> None:
    given = document("number")
    given["learning_curve"] = [
        {"cases": 5, "not_done": "too few patients"},
        {"cases": 20, "trained": 20.0, "model": "random_forest", "value": 0.2, "lower": 0.1,
         "upper": 0.3},
    ]  # fmt: skip
    page = render_experiment(given)
    assert "5 training cases: not done; too few patients" in text_of(page)
    assert "against the number of training cases" in page


def test_importance_and_shap_have_plots_of_their_own() -> None:
    given = document("classes")
    entries = [{"feature": "age", "value": 0.1, "lower": 0.0, "upper": 0.2}]
    given["importance"] = {"random_forest": entries, "prior": entries}
    given["shap"] = {"random_forest": entries}
    text = text_of(render_experiment(given))
    assert "Loss of AUC when shuffled" in text
    assert "Mean size of SHAP values" in text


def test_a_long_data_dictionary_is_cut_and_says_by_how_much() -> None:
    given = document("number")
    given["cohort"]["columns"] = [
        {"column": f"c{k}", "kind": "number", "missing": 0, "values": "0 to 1"}
        for k in range(MOST_COLUMNS + 7)
    ]
    page = render_experiment(given)
    assert "And 7 more columns" in text_of(page)
    assert f">c{MOST_COLUMNS}<" not in page


def associated(n: int) -> dict[str, Any]:
    rows = [
        {
            "feature": f"feature {k}", "cases": 60, "measure": "AUC", "value": 0.7 - 0.01 * k,
            "p": 0.001 * (k + 1), "p_adjusted": 0.02,
        }
        for k in range(n)
    ]  # fmt: skip
    return {"tested": 98, "strongest": rows}


def test_the_strongest_features_are_shown_and_the_rest_is_folded() -> None:
    given = document("binary")
    given["associations"] = associated(MOST_ASSOCIATIONS + 5)
    page = render_experiment(given)
    text = text_of(page)
    assert "Feature Cases AUC p p, adjusted feature 0 60 0.70 0.001 0.02" in text
    assert "associations.csv has all 98 features tested" in text
    assert "Benjamini and Hochberg" in text
    shown, folded = page.split("<summary>Five further features</summary>")
    assert f"feature {MOST_ASSOCIATIONS - 1}<" in shown
    assert f"feature {MOST_ASSOCIATIONS}<" in folded
    assert Balanced(page).open == []


def test_no_feature_tested_is_said() -> None:
    given = document("binary")
    given["associations"] = {"tested": 0, "strongest": []}
    assert "No feature could be tested alone" in text_of(render_experiment(given))


def test_sets_that_fall_short_are_marked_and_named_on_top() -> None:
    given = document("binary")
    sets = given["figures"]["models"]["random_forest"]["sets"]
    sets["coverage"], sets["coverage_by_class"] = 0.5, {"no": 0.9, "yes": 0.9}
    for label in ("prior", "size alone"):
        given["figures"]["models"][label]["sets"] = None
    page = render_experiment(given)
    text = text_of(page)
    assert "Prediction sets of random forest hold the truth less often than the 90 %" in text
    assert page.count('<span class="warned">50</span>') == 1
    assert "Marked with “!”" in text


def test_a_comparison_without_p_is_called_undefined() -> None:
    given = document("binary")
    for row in given["figures"]["comparisons"]:
        row.update(p=None, p_holm=None)
    given["figures"]["comparisons"][0].update(p=0.2, p_holm=0.2)
    text = text_of(render_experiment(given))
    assert "undefined undefined" in text
    assert "Holm's p allows for one comparison. Pairs whose p is undefined are not counted." in text


def test_maps_of_deep_models_are_shown_with_their_doubt() -> None:
    given = document("binary")
    shown = {"case": "p1", "model": "random_forest", "outcome": "yes", "said": "yes, 0.81"}
    given["saliency"] = [
        {**shown, "picture": "data:image/png;base64,AAAA"},
        {**shown, "case": "p2", "picture": "https://example.org/x.png"},
    ]
    page = render_experiment(given)
    text = text_of(page)
    assert "Such maps show what moved the score, not why, and may mislead." in text
    assert "p1 , random forest Outcome: yes The model said: yes, 0.81" in text
    assert "example.org" not in page
    assert "What a deep model looked at" not in text_of(page_of("binary"))


def test_curves_that_are_cut_say_so() -> None:
    assert "curves end where fewer than five are" in text_of(page_of("survival"))

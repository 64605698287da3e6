"""The tables of an evaluation: every figure once by its place, curves nowhere."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from evaluated_documents import KINDS, document

from mamri.io.evaluation_files import (
    comparison_rows,
    difference_rows,
    figure_rows,
    measure_rows,
    reader_rows,
    score_rows,
    subgroup_rows,
    write_evaluation_files,
)

OF_MASKS = {"measures.csv", "cases.csv", "lesions.csv"}
TABLES = {
    "classification": {"scores.csv", "comparisons.csv", "subgroups.csv"},
    "classes": {"scores.csv"},
    "numbers": {"scores.csv", "comparisons.csv"},
    "ordinal": {"comparisons.csv"},
    "survival": {"scores.csv", "comparisons.csv", "subgroups.csv"},
    "segmentation": OF_MASKS,
    "detection": {"figures.csv", "lesions.csv"},
    "readers": {"readers.csv", "differences.csv"},
}


def by_figure(given: dict[str, Any], score: str = "model") -> dict[str, dict[str, Any]]:
    rows = [row for row in score_rows(given) if row["score"] == score]
    assert len(rows) == len({row["figure"] for row in rows})
    return {row["figure"]: row for row in rows}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def of_scores(one: dict[str, Any]) -> dict[str, Any]:
    return {"figures": {"scores": {"model": one}}}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_tables_and_no_empty_one(kind: str, tmp_path: Path) -> None:
    given = document(kind)

    write_evaluation_files(tmp_path, given, {"report.html": "<p>é</p>"})

    written = {path.name for path in tmp_path.iterdir()}
    assert TABLES[kind] | {"evaluation.json", "report.html"} == written
    text = (tmp_path / "evaluation.json").read_text(encoding="utf-8")
    assert json.loads(json.dumps(given)) == json.loads(text)
    assert "<p>é</p>" == (tmp_path / "report.html").read_text(encoding="utf-8")
    assert document(kind) == given


@pytest.mark.parametrize("kind", KINDS)
def test_tables_hold_numbers_and_words_but_no_lists(kind: str, tmp_path: Path) -> None:
    write_evaluation_files(tmp_path, document(kind), {})

    for name in TABLES[kind]:
        rows = read(tmp_path / name)
        assert rows
        assert not [cell for row in rows for cell in row.values() if cell[:1] in ("[", "{")]


def test_every_figure_of_a_classification_stands_once_by_its_place() -> None:
    given = document("classification")
    point = ("threshold", "true_positives", "false_positives", "true_negatives",
             "false_negatives", "sensitivity", "specificity", "positive_predictive_value",
             "negative_predictive_value")  # fmt: skip
    at_prevalence = ("prevalence", "positive_predictive_value", "negative_predictive_value")
    common = {
        "auc", "auc_bootstrap", "average_precision",
        *(f"at_specificity.{at}.{key}" for at in ("0.9", "0.95")
          for key in ("sensitivity", "threshold")),
        *(f"at_sensitivity.{at}.specificity" for at in ("0.9", "0.95")),
        *(f"at_threshold.{key}" for key in point),
        *(f"at_threshold.at_prevalence.{key}" for key in at_prevalence),
    }  # fmt: skip
    calibration = ("slope", "intercept_in_the_large", "expected_error")
    of_probabilities = {"brier", *(f"calibration.{key}" for key in calibration)}

    assert common | of_probabilities == set(by_figure(given))
    assert common == set(by_figure(given, "birads"))


def test_figures_have_the_value_and_interval_of_their_place() -> None:
    given = document("classification")
    one = given["figures"]["scores"]["model"]
    rows = by_figure(given)
    head = {"score": "model"}

    assert {**head, "figure": "auc", **one["auc"]} == rows["auc"]
    at = one["at_specificity"][1]
    name = "at_specificity.0.95.sensitivity"
    assert {**head, "figure": name, **at["sensitivity"]} == rows[name]
    name = "calibration.slope"
    assert {**head, "figure": name, **one["calibration"]["slope"]} == rows[name]
    brier = {"value": one["brier"], "lower": None, "upper": None}
    assert {**head, "figure": "brier", **brier} == rows["brier"]


def test_survival_has_figures_by_time_without_curves_and_counts() -> None:
    given = document("survival")
    times = [f"{one['time']:.12g}" for one in given["figures"]["scores"]["model"]["auc_at_times"]]

    assert {
        "concordance", "concordance_ipcw.horizon", "concordance_ipcw.figure",
        *(f"auc_at_times.{time}.{key}" for time in times for key in ("events", "auc")),
        *(f"risk_groups.{way}.log_rank_p" for way in ("halves", "thirds")),
    } == set(by_figure(given))  # fmt: skip


def test_times_that_differ_late_are_told_apart() -> None:
    rows = score_rows(
        of_scores({"auc_at_times": [{"time": t, "auc": 0.5} for t in (1e7, 1e7 + 1)]})
    )

    assert ["auc_at_times.10000000.auc", "auc_at_times.10000001.auc"] == [
        row["figure"] for row in rows
    ]


@pytest.mark.parametrize("word", ["value", "curves", "counts", "subgroups"])
def test_a_class_may_have_any_name(word: str) -> None:
    figure = {"value": 0.7, "lower": 0.6, "upper": 0.8}
    given = of_scores({"auc_one_against_rest": {"other": figure, word: figure}})

    assert [
        {"score": "model", "figure": f"auc_one_against_rest.{name}", **figure}
        for name in ("other", word)
    ] == score_rows(given)


def test_an_undefined_figure_keeps_its_row() -> None:
    undefined = {"value": None, "lower": None, "upper": None}

    assert [{"score": "model", "figure": "auc", **undefined}] == score_rows(
        of_scores({"auc": undefined})
    )


def test_a_document_of_readers_categories_has_no_scores() -> None:
    assert [] == score_rows(document("ordinal"))


def test_pairs_of_scores_have_their_difference_and_both_p() -> None:
    given = document("classification")
    pairs = given["figures"]["comparisons"]

    rows = comparison_rows(given)

    assert [(one["first"], one["second"]) for one in pairs] == [
        (row["first"], row["second"]) for row in rows
    ]
    first = {**pairs[0]["difference"], "p": pairs[0]["p"], "p_holm": pairs[0]["p_holm"]}
    assert {"first": "model", "second": "clinical", **first} == rows[0]


def test_pairs_of_readers_have_three_figures() -> None:
    given = document("ordinal")
    (pair,) = given["figures"]["pairs"]

    assert [
        {"first": "anna", "second": "ben", "figure": key, **pair[key]}
        for key in ("weighted_kappa", "kappa", "agreement")
    ] == comparison_rows(given)


def test_groups_that_are_too_small_have_rows_with_empty_values() -> None:
    given = document("classification")
    rows = [row for row in subgroup_rows(given) if row["score"] == "model"]

    # Four measures in two groups of age and two sites, one of which is too small.
    assert 16 == len(rows)
    small = [row for row in rows if row["is_too_small"]]
    assert [("south", 10)] * 4 == [(row["group"], row["cases"]) for row in small]
    assert {(None, None, None)} == {(row["value"], row["lower"], row["upper"]) for row in small}
    assert ["auc", "sensitivity", "specificity", "calibration_in_the_large"] == [
        row["figure"] for row in small
    ]
    group = given["figures"]["scores"]["model"]["subgroups"][0]["groups"][0]
    assert group["auc"] == {key: rows[0][key] for key in ("value", "lower", "upper")}


def test_masks_have_every_measure_of_all_cases_and_of_each_group() -> None:
    given = document("segmentation")
    rows = measure_rows(given)
    measures = list(given["figures"]["labels"]["any"])

    assert [("", "")] * len(measures) == [
        (r["variable"], r["group"]) for r in rows[: len(measures)]
    ]
    assert {"c", "dense <b>", "unknown"} == {r["group"] for r in rows if r["variable"] == "density"}
    assert 4 * len(measures) == len(rows)
    assert given["figures"]["labels"]["any"]["dice"]["median"] == rows[0]["median"]
    (missed,) = [r for r in rows if (r["group"], r["measure"]) == ("c", "hausdorff95_mm")]
    assert (None, 1, 1) == (missed["value"], missed["cases"], missed["undefined"])


def test_marks_have_their_figures_and_what_was_not_measured_is_empty() -> None:
    given = document("detection")
    names = ["sensitivity_at_0.5", "sensitivity_at_1", "mean_sensitivity", "afroc",
             "weighted_afroc", "afroc_all_images", "lroc"]  # fmt: skip
    assert names == [row["figure"] for row in figure_rows(given)]

    given["figures"] |= {"lroc": None, "not_measured": {"lroc": "no normal image"}}
    rows = figure_rows(given)
    assert names == [row["figure"] for row in rows]
    assert {"figure": "lroc", "value": None, "lower": None, "upper": None} == rows[-1]


def test_readers_have_figures_and_differences_but_no_curves() -> None:
    given = document("readers")

    assert [("new", "x"), ("new", "y"), ("new", "z"), ("old", "x"), ("old", "y"), ("old", "z")] == [
        (row["modality"], row["reader"]) for row in reader_rows(given)
    ]
    assert {"modality", "reader", "value", "lower", "upper"} == set(reader_rows(given)[0])
    rows = difference_rows(given)
    # Two methods for three samples, then three readers.
    assert ["Obuchowski-Rockette"] * 3 + ["Dorfman-Berbaum-Metz"] * 3 + ["DeLong"] * 3 == [
        row["method"] for row in rows
    ]
    assert ["", "x", "y", "z"] == [rows[0]["reader"], *(row["reader"] for row in rows[6:])]
    first = given["figures"]["analyses"][0]["differences"][0]["difference"]
    assert first == {key: rows[0][key] for key in ("value", "lower", "upper")}

    given["settings"]["figure"] = "sensitivity"
    assert "jackknife" == difference_rows(given)[-1]["method"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_table_have_the_same_columns(kind: str, tmp_path: Path) -> None:
    write_evaluation_files(tmp_path, document(kind), {})

    for name in TABLES[kind]:
        # A row of more cells than heads has them under None, one of fewer has None.
        assert not [row for row in read(tmp_path / name) if None in (*row, *row.values())]


def test_tables_give_back_what_was_written(tmp_path: Path) -> None:
    given = document("classification")
    scores = given["figures"]["scores"]
    odd = 'a, "b"\nc; é'
    scores[odd] = scores.pop("birads")

    write_evaluation_files(tmp_path, given, {})

    for name, rows in (("scores.csv", score_rows(given)), ("subgroups.csv", subgroup_rows(given))):
        back = read(tmp_path / name)
        assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == back
        assert odd in {row["score"] for row in back}
    values = [row["value"] for row in score_rows(given)]
    assert values == [float(row["value"]) for row in read(tmp_path / "scores.csv")]

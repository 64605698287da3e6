"""Plots of an experiment: there where the document has figures, safe, and the same each time."""

import copy
import re
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from mamri.prediction.answers import Answers
from mamri.prediction.experiment import TargetKind
from mamri.prediction.judge import judge
from mamri.report import experiment_panels as panels
from mamri.report import experiment_plots as plots
from mamri.report.experiment_models import MOST_CURVES, plotted, ranked

KINDS = ("binary", "classes", "number", "survival")
CLASSES = {"binary": ("no", "yes"), "classes": ("A", "B", "C")}
MAIN = {"binary": "auc", "classes": "auc", "number": "spearman", "survival": "concordance"}


def document(kind: str) -> dict[str, Any]:
    """A small experiment with a baseline, two models and, where they can be, a reader."""
    return copy.deepcopy(_document(kind))


@lru_cache
def _document(kind: str, n: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    patients = np.array([f"p{k}" for k in range(n)])
    classes = CLASSES.get(kind, ())
    y = rng.integers(0, len(classes), n) if classes else rng.uniform(10, 90, n)
    event = rng.random(n) < 0.6 if kind == "survival" else np.ones(n, bool)
    by_model = {name: answer(kind, y, noise, rng) for name, noise in NOISE.items()}
    if kind == "binary":
        by_model["reader: Dr A"] = answer(kind, y, 1.0, rng)
    sets = {m: p > 0.25 for m, p in by_model.items() if classes and not m.startswith("reader")}
    sites = np.where(np.arange(n) < n // 2, "north", "south")
    answers = Answers(TargetKind(kind), classes, tuple(patients), patients, sites, y, event,
                      by_model, sets)  # fmt: skip
    counts = {word: int(np.sum(y == k)) for k, word in enumerate(classes)}
    return {
        "schema": "mamri-experiment/1",
        "software": {"name": "mamri", "version": "0.0.0"},
        "experiment": {
            "name": "A small experiment",
            "cohort": {"table": "/somewhere/private/table.csv", "keep": {}},
            "target": {
                "name": "response", "kind": kind, "column": "pCR", "unit": "days",
                "positive": ["1"], "cut_off": None, "event": "seen",
            },
            "models": [
                {"kind": "prior", "name": ""},
                {"kind": "random_forest", "name": ""},
                {"kind": "logistic", "name": "size alone", "features": {"columns": ["volume"]}},
            ],
            "features": {"columns": ["volume", "age"], "groups": []},
            "validation": {
                "kind": "nested", "folds": 5, "repeats": 2, "inner_folds": 4, "column": "",
                "test": [], "leave_out": [], "test_share": 0.3,
            },
            "permute_labels": False,
            "bootstrap": 40,
            "seed": 1,
        },
        "cohort": {
            "cases": n,
            "counts": counts or {"event": 36, "censored": 24},
            "checks": [
                {"name": "patients", "is_fine": True, "message": "60 cases of 60 patients."},
                {"name": "copies", "is_fine": False, "message": "2 exams are there twice."},
            ],
            "columns": [{"column": "age", "kind": "number", "missing": 3, "values": "20 to 80"}],
        },
        "chosen": [
            {"model": "random_forest", "split": f"fold {k}", "repeat": 1, "leaves": 2 + k % 2}
            for k in range(4)
        ],
        "figures": judge(answers, bootstrap=40, seed=1),
    }  # fmt: skip


NOISE = {"prior": np.inf, "random_forest": 0.6, "size alone": 3.0}


def answer(kind: str, y: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    n = y.size
    if kind in ("number", "survival"):
        if not np.isfinite(noise):
            return np.full((n, 1), y.mean())
        said = y + 10 * noise * rng.normal(size=n)
        return (said if kind == "number" else -said)[:, None]
    k = len(CLASSES[kind])
    if not np.isfinite(noise):
        return np.full((n, k), 1 / k)
    score = np.exp(np.eye(k)[y] / noise + rng.normal(size=(n, k)))
    return score / score.sum(axis=1, keepdims=True)


def every_plot(given: dict[str, Any]) -> dict[str, str]:
    own = "random_forest"
    found = {
        "forest": plots.forest_plot(given),
        "roc": plots.roc_plot(given),
        "decision": plots.decision_plot(given),
        "calibration": panels.calibration_plot(given, own),
        "survival": panels.survival_plot(given, own),
        "confusion": panels.confusion_plot(given, own),
        "observed": panels.observed_plot(given, own),
        "learning": plots.learning_plot(given),
    }
    return {name: svg for name, svg in found.items() if svg}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("binary", {"forest", "roc", "decision", "calibration"}),
        ("classes", {"forest", "confusion"}),
        ("number", {"forest", "observed"}),
        ("survival", {"forest", "survival"}),
    ],
)
def test_each_kind_of_target_has_its_plots_as_well_formed_svg(
    kind: str, expected: set[str]
) -> None:
    found = every_plot(document(kind))
    assert expected == set(found)
    for svg in found.values():
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert "<style" not in svg  # it would reach the whole page
        assert "font-family" not in svg


def test_the_same_document_gives_the_same_bytes() -> None:
    assert every_plot(document("binary")) == every_plot(document("binary"))


def test_text_stays_text_and_is_escaped() -> None:
    entries = [{"feature": "<script>$x$", "value": 0.2, "lower": 0.1, "upper": 0.3}]
    svg = panels.importance_plot(entries, "a & b", "Loss of AUC")
    words = [element.text for element in ElementTree.fromstring(svg).iter() if element.text]
    assert "<script>" not in svg
    assert "<script>$x$" in words
    assert "a & b" in words


def test_letters_that_the_measuring_font_lacks_bring_no_warning() -> None:
    assert "年齢" in panels.importance_plot([{"feature": "年齢", "value": 0.2}], "a", "Loss")


def test_ids_of_two_plots_in_a_page_differ() -> None:
    given = document("binary")
    ids = [
        name
        for label in ("random_forest", "size alone")
        for name in re.findall(r'\bid="([^"]+)"', panels.calibration_plot(given, label))
    ]
    assert len(set(ids)) == len(ids)


def test_a_figure_that_is_missing_leaves_its_model_out_of_the_forest() -> None:
    given = document("binary")
    given["figures"]["models"]["size alone"]["auc"] = {"value": None, "lower": None, "upper": None}
    assert "size alone" not in plots.forest_plot(given)
    given["figures"]["models"]["random_forest"]["auc"]["lower"] = None
    assert "random forest" in plots.forest_plot(given)


def test_nothing_is_drawn_where_nothing_is_known() -> None:
    given = document("number")
    for one in given["figures"]["models"].values():
        one.update(spearman=None, predicted=[], observed=[])
    assert every_plot(given) == {}
    assert panels.importance_plot([{"feature": "a", "value": None}], "a", "Loss") == ""


def test_the_baseline_is_last_and_the_best_is_first() -> None:
    order = ranked(document("binary"))
    assert order[0] == "random_forest"
    assert order[-1] == "prior"


def test_only_the_best_models_have_curves() -> None:
    given = document("binary")
    models = given["figures"]["models"]
    for k in range(20):
        models[f"model {k}"] = {**models["size alone"], "auc": {"value": 0.1 + 0.01 * k}}
    assert len(plotted(given)) == MOST_CURVES
    assert "model 3" not in plots.roc_plot(given)
    assert "reader Dr A" in plots.roc_plot(given)


def test_the_learning_curve_ends_with_the_whole_run_of_a_cross_validation() -> None:
    given = document("binary")
    given["learning_curve"] = [
        {"cases": 20, "trained": 20.0, "model": "size alone", "value": 0.6, "lower": None},
        {"cases": 5, "not_done": "too few patients"},
    ]
    rows = plots._learning_rows(given)
    assert rows[0]["trained"] == 20.0
    assert {48.0} == {round(row["trained"], 6) for row in rows[1:]}
    given["cohort"]["trained_on"] = [40, 42]
    assert {41.0} == {row["trained"] for row in plots._learning_rows(given)[1:]}
    assert "Training cases" in plots.learning_plot(given)

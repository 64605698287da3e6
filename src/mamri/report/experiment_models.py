"""The models of an experiment's document: their names, order and figures."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

READER = "reader: "  # begins the name of a reader among the models of a document
MOST_CURVES = 6  # models in one plot, the best: more lines cannot be told apart

MAIN_FIGURE = {
    "auc": "AUC",
    "concordance": "Concordance",
    "spearman": "Rank correlation",
}
CHANCE = {"auc": 0.5, "concordance": 0.5, "spearman": 0.0}

KIND_WORDS = {
    "prior": "naive baseline",
    "logistic": "logistic regression",
    "lasso": "lasso",
    "svm": "support vector machine",
    "dwi_svm": "diffusion, support vectors",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
    "ridge": "ridge regression",
    "cox": "Cox regression",
    "survival_forest": "survival forest",
    "cnn": "image network",
    "transfer": "image network, pretrained",
    "transfer_frozen": "image network, frozen",
    "hybrid": "hybrid",
    "fusion": "mean of models",
}


def model_names(document: Document) -> dict[str, str]:
    """What each model and reader is called on the page: its name, or its kind in words."""
    kinds = {
        one["kind"]: KIND_WORDS.get(one["kind"], one["kind"].replace("_", " "))
        for one in document["experiment"]["models"]
        if not one.get("name")
    }
    return {
        label: "reader " + label.removeprefix(READER)
        if label.startswith(READER)
        else kinds.get(label, label)
        for label in document["figures"]["models"]
    }


def baseline_of(document: Document) -> str | None:
    """Name of the model that knows only how frequent the outcome is; None without one."""
    models = document["experiment"]["models"]
    labels = [one.get("name") or one["kind"] for one in models if one["kind"] == "prior"]
    known = [label for label in labels if label in document["figures"]["models"]]
    return known[0] if known else None


def ranked(document: Document) -> list[str]:
    """Models and readers by their main figure, best first, the baseline last.

    Those without a figure come before the baseline.
    """
    figures, baseline = document["figures"], baseline_of(document)

    def key(label: str) -> tuple[bool, bool, float]:
        value = main_value(document, label)
        return label == baseline, value is None, -(value or 0.0)

    return sorted(figures["models"], key=key)


def main_value(document: Document, label: str) -> float | None:
    """The main figure of a model."""
    figures = document["figures"]
    found = figures["models"][label].get(figures["main_figure"]) or {}
    return found.get("value")


def contenders(document: Document) -> list[str]:
    """Models, best first, without readers and the baseline."""
    baseline = baseline_of(document)
    return [m for m in ranked(document) if m != baseline and not m.startswith(READER)]


def plotted(document: Document) -> list[str]:
    """Models that have plots of their own: the best."""
    return contenders(document)[:MOST_CURVES]


def figure_at(document: Document, label: str, *path: str) -> Any:
    """What a model's figures hold at a place; None where there is none."""
    found = document["figures"]["models"][label]
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found

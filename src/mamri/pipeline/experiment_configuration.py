"""Experiments from YAML files: every key known or refused by name."""

from pathlib import Path
from typing import Any

import yaml

from mamri.io.record_json import record_from_json
from mamri.prediction.experiment import Experiment
from mamri.records import InputError

_USUAL: dict[str, dict[str, Any]] = {
    "malignant": {"kind": "binary", "column": "malignant", "positive": ["1"]},
    "ki67": {"kind": "binary", "column": "ki67_percent", "cut_off": 20.0, "unit": "%"},
    "ki67_percent": {"kind": "number", "column": "ki67_percent", "unit": "%"},
    "subtype": {
        "kind": "classes",
        "column": "subtype",
        "classes": ["luminal_a", "luminal_b", "her2", "triple_negative"],
    },
    "nodal": {"kind": "binary", "column": "node_positive", "positive": ["1"]},
    "response": {"kind": "binary", "column": "pcr", "positive": ["1"]},
    "survival": {"kind": "survival", "column": "time_days", "event": "event", "unit": "days"},
}
# Ki-67 of 20 %: the cut-off of luminal A and B that the St Gallen panel of 2013 took up
# (Goldhirsch A et al. Ann Oncol 2013;24:2206-2223. doi:10.1093/annonc/mdt303).


def read_experiment(path: Path) -> Experiment:
    """Read an experiment.

    A model may be a word, its kind. A target may be a word that says what is meant by usual column
    names: ``malignant``, ``ki67`` (20 % and more), ``ki67_percent``, ``subtype``, ``nodal``,
    ``response`` or ``survival``; as a table with one of these names, other keys replace the usual
    ones.

    Parameters
    ----------
    path : Path
        YAML.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        If the file is no YAML or holds an unknown key or an unfit value.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"an experiment is a YAML file, {path.name} cannot be read as one; "
            "see docs/how-to/train-a-prediction-model.md"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"an experiment is a YAML table, {path.name} holds something else")
    return experiment_from(found)


def experiment_from(found: dict[str, Any]) -> Experiment:
    """An experiment from plain values, words for models and targets written out."""
    values = dict(found)
    if isinstance(values.get("cohort"), str):
        values["cohort"] = {"table": values["cohort"]}
    values["target"] = _target(values.get("target"))
    models = values.get("models")
    if isinstance(models, list):
        values["models"] = [{"kind": m} if isinstance(m, str) else m for m in models]
    return record_from_json(Experiment, _worded(values), "experiment")


_WORDS = ("positive", "classes", "test", "leave_out", "visits", "first", "second")


def _worded(value: Any, key: str = "") -> Any:
    """Values of columns as words, for YAML reads 1 as a number."""
    if isinstance(value, dict):
        return {name: _worded(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_worded(item, key) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if key in _WORDS and is_number else value


def _target(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _USUAL:
            raise InputError(
                f"target is a table or one of {', '.join(_USUAL)}, got {value!r}; correct it"
            )
        return {"name": value, **_USUAL[value]}
    if isinstance(value, dict) and value.get("name") in _USUAL:
        return _joined(_USUAL[value["name"]], value)
    return value


def _joined(usual: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The user's keys over the usual ones; one way to say yes replaces the other."""
    kept = dict(usual)
    if "positive" in value or "cut_off" in value:
        kept.pop("positive", None)
        kept.pop("cut_off", None)
    if "kind" in value and value["kind"] != usual["kind"]:
        kept = {}
    return {**kept, **value}

"""The model card, its published schema, and the reader that must agree with it."""

import json
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mamri.io.model_card import (
    ModelCard,
    ModelInput,
    ModelLabel,
    ModelMeasurement,
    ModelNetwork,
    Preparation,
    TrainingRecord,
    card_from_json,
    card_to_json,
    model_schema,
)
from mamri.networks import NetworkPlan
from mamri.records import ModelError

from .example_model import example_card

FIRST = ("networks", "coarse")


def document() -> Any:
    return json.loads(json.dumps(card_to_json(example_card()), allow_nan=False))


def problems(found: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(model_schema()).iter_errors(found)]


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(model_schema())


def test_a_written_card_keeps_the_schema_and_comes_back():
    assert [] == problems(document())
    assert example_card() == card_from_json(document())


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (ModelCard, None),
        (ModelNetwork, "network"),
        (ModelInput, "input"),
        (ModelLabel, "label"),
        (ModelMeasurement, "measurement"),
        (Preparation, "preprocessing"),
        (TrainingRecord, "training"),
        (NetworkPlan, "plan"),
    ],
)
def test_schema_and_records_have_the_same_keys(record: type, name: str | None):
    schema = model_schema() if name is None else model_schema()["$defs"][name]
    required = [
        field.name
        for field in fields(record)
        if field.default is MISSING and field.default_factory is MISSING
    ]
    marked = ["schema"] if name is None else []
    assert {field.name for field in fields(record)} | set(marked) == set(schema["properties"])
    assert [*marked, *required] == schema["required"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "mamri-model/2"),
        (("surprise",), 1),
        (("name",), "Two Networks"),
        (("licence",), " "),
        (("trained_on",), None),
        (("networks",), {}),
        (("networks",), []),
        (("labels",), []),
        (("limits",), "none"),
        (("limits",), [1]),
        (("training", "surprise"), 1),
        (("preprocessing", "settings"), []),
        (("labels", 0, "value"), 1.5),
        (("labels", 1, "value"), True),
        (("performance", 0, "value"), "0.8"),
        (("performance", 0, "interval"), [0.1]),
        ((*FIRST, "weights"), "../coarse.safetensors"),
        ((*FIRST, "weights"), "coarse.pkl"),
        ((*FIRST, "openvino"), "/tmp/coarse.xml"),
        ((*FIRST, "activation"), "tanh"),
        ((*FIRST, "plan", "kind"), "transformer"),
        ((*FIRST, "plan", "features"), "wide"),
        ((*FIRST, "plan", "blocks"), [2, 0]),
        ((*FIRST, "plan", "surprise"), 1),
    ],
)
def test_a_wrong_card_is_refused_by_schema_and_reader(path: tuple, value: object):
    found = place = document()
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert 1 == len(problems(found))
    with pytest.raises(ModelError):
        card_from_json(found)


@pytest.mark.parametrize("path", [("licence",), ("training", "software"), (*FIRST, "openvino")])
def test_a_missing_key_is_refused_by_schema_and_reader(path: tuple):
    found = place = document()
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    assert 1 == len(problems(found))
    with pytest.raises(ModelError, match=f"must hold {path[-1]}"):
        card_from_json(found)


def test_the_reader_says_where_a_card_is_wrong():
    found = document()
    found["networks"]["fine"]["plan"]["strides"][1] = ["two", 2, 2]
    with pytest.raises(ModelError, match=r"in model\.json \$\.networks\.fine\.plan\.strides\[1\]"):
        card_from_json(found)


def test_more_is_allowed_under_extra_only():
    found = document()
    for place in (found, found["networks"]["coarse"]):
        place["extra"] = {"anything": [1, {"deep": None}]}
    assert [] == problems(found)
    assert {"anything": [1, {"deep": None}]} == card_from_json(found).extra


def test_networks_need_a_name_for_every_channel_and_class():
    network = example_card().networks["fine"]
    with pytest.raises(ModelError, match="2 channels and 4 classes, got 1 and 4"):
        replace(network, channels=("image",))
    with pytest.raises(ModelError, match="2 channels and 4 classes, got 2 and 3"):
        replace(network, classes=("a", "b", "c"))


def test_files_and_label_values_belong_to_one():
    networks = dict(example_card().networks)
    networks["fine"] = replace(networks["fine"], weights="coarse.safetensors")
    with pytest.raises(ModelError, match="files and labels"):
        example_card(networks=networks)
    with pytest.raises(ModelError, match="files and labels"):
        example_card(labels=(ModelLabel(1, "a"), ModelLabel(1, "b")))


@pytest.mark.parametrize("found", [None, [], "card", {"name": "x"}])
def test_anything_else_is_no_card(found: object):
    with pytest.raises(ModelError, match="must be of the schema mamri-model/1"):
        card_from_json(found)

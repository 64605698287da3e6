"""The model card ``model.json``, schema ``mamri-model/1``: what a model is, takes and gives.

Keys that the published schema does not name are allowed under ``extra`` alone. Settings of a
preparation or a training are plain values that belong to the code that reads them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from typing import Any

from mamri.io.record_json import record_from_json, record_to_json
from mamri.networks.network_plan import NetworkPlan
from mamri.records import InputError, ModelError

SCHEMA = "mamri-model/1"

_MODEL_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

Plain = Mapping[str, Any]


class Activation(StrEnum):
    """What turns logits to probabilities: one class a voxel, or classes that overlap."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An image that a model takes.

    Parameters
    ----------
    name : str
        A word, such as ``pre_contrast``.
    description : str
    """

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ModelLabel:
    """A value of the mask that a model gives.

    Parameters
    ----------
    value : int
    name : str
    description : str
    """

    value: int
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ModelNetwork:
    """One network of a model.

    Parameters
    ----------
    plan : NetworkPlan
    weights : str
        Name of its ``*.safetensors`` in the folder.
    openvino : str or None
        Name of its ``*.xml`` in the folder, the ``*.bin`` beside it; None to build the network
        from its weights, which takes little longer and halves the model.
    channels, classes : tuple of str
        What each channel of the image and of the answer is.
    activation : Activation
    settings : mapping of str to plain value
        What this network alone needs, such as the spacing it works at.
    extra : mapping of str to plain value

    Raises
    ------
    ModelError
        If names and plan do not fit, or a file lies outside the folder.
    """

    plan: NetworkPlan
    weights: str
    openvino: str | None
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    activation: Activation = Activation.SOFTMAX
    settings: Plain = field(default_factory=dict)
    extra: Plain = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = (len(self.channels), len(self.classes))
        if given != (self.plan.in_channels, self.plan.classes):
            raise ModelError(
                f"a network needs names for its {self.plan.in_channels} channels and "
                f"{self.plan.classes} classes, got {given[0]} and {given[1]}; name each one"
            )
        for name, ending in ((self.weights, ".safetensors"), (self.openvino, ".xml")):
            if name is not None and not (_FILE_NAME.fullmatch(name) and name.endswith(ending)):
                raise ModelError(
                    f"files of a model must lie in its folder and end in {ending}, got {name!r}; "
                    "give a plain file name"
                )


@dataclass(frozen=True, slots=True)
class Preparation:
    """How images are prepared for the networks.

    Parameters
    ----------
    recipe : str
        Name of the code that does it, such as ``nnunet``.
    settings : mapping of str to plain value
        What that code reads.
    """

    recipe: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelMeasurement:
    """A figure of merit.

    Parameters
    ----------
    measure : str
        What was measured, such as ``dice fibroglandular``.
    value : float
    data : str
        On which exams.
    unit : str
        Empty for numbers without one.
    cases : int or None
    interval : (low, high) of float, or None
        95 % confidence interval.
    """

    measure: str
    value: float
    data: str
    unit: str = ""
    cases: int | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """How a model came about, so that it can be made again.

    Parameters
    ----------
    software : str
        Name and version.
    finished : str or None
        ISO 8601.
    settings : mapping of str to plain value
        Of the training: steps, seed, learning rate, simulated exams and the like.
    """

    software: str
    finished: str | None = None
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is.

    Parameters
    ----------
    name : str
        Lower-case words with hyphens; also the name of its folder.
    version : str
    task : str
        What it answers, such as ``breast anatomy``.
    licence : str
        SPDX identifier where there is one.
    trained_on : str
        Sentence for reports: which exams, real or simulated.
    intended_use : str
    networks : mapping of str to ModelNetwork
    inputs : tuple of ModelInput
    preprocessing : Preparation
    labels : tuple of ModelLabel
    performance : tuple of ModelMeasurement
    limits : tuple of str
        Sentences: where it fails or was not tried.
    training : TrainingRecord
    extra : mapping of str to plain value
        Anything more.

    Raises
    ------
    ModelError
        If a text is missing, the name is none, or networks or labels get in each other's way.
    """

    name: str
    version: str
    task: str
    licence: str
    trained_on: str
    intended_use: str
    networks: Mapping[str, ModelNetwork]
    inputs: tuple[ModelInput, ...]
    preprocessing: Preparation
    labels: tuple[ModelLabel, ...]
    performance: tuple[ModelMeasurement, ...]
    limits: tuple[str, ...]
    training: TrainingRecord
    extra: Plain = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _MODEL_NAME.fullmatch(self.name):
            raise ModelError(
                "the name of a model must be lower-case words joined by hyphens, got "
                f"{self.name!r}; rename it"
            )
        texts = ("version", "task", "licence", "trained_on", "intended_use")
        empty = [name for name in texts if not getattr(self, name).strip()]
        if empty or not self.networks or not self.inputs or not self.labels:
            raise ModelError(
                "a model card needs its texts, and at least one network, input and label; got "
                f"no {', '.join(empty) or 'network, input or label'}; write it"
            )
        networks = self.networks.values()
        names = [n.weights for n in networks] + [n.openvino for n in networks if n.openvino]
        values = [label.value for label in self.labels]
        if len(set(names)) != len(names) or len(set(values)) != len(values):
            raise ModelError(
                f"networks need files and labels values of their own, got {sorted(names)} and "
                f"{sorted(values)}; give each its own"
            )


def card_to_json(card: ModelCard) -> dict[str, Any]:
    """The card as a document of the schema ``mamri-model/1``.

    Parameters
    ----------
    card : ModelCard

    Returns
    -------
    dict of str to plain value
    """
    return {"schema": SCHEMA, **record_to_json(card)}


def card_from_json(document: Any) -> ModelCard:
    """Read a document of the schema ``mamri-model/1``.

    Parameters
    ----------
    document : dict of str to plain value
        As read from ``model.json``.

    Returns
    -------
    ModelCard

    Raises
    ------
    ModelError
        If the document departs from the schema; the message says where.
    """
    found = document.get("schema") if isinstance(document, Mapping) else None
    if found != SCHEMA:
        raise ModelError(
            f"model.json must be of the schema {SCHEMA}, got {found!r}; use a model made for this "
            "version of mamri"
        )
    try:
        return record_from_json(
            ModelCard, {key: value for key, value in document.items() if key != "schema"}
        )
    except InputError as error:
        raise ModelError(f"in model.json {error}") from error


def model_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``model.json``."""
    text = files("mamri.io").joinpath("schemas", f"{SCHEMA.replace('/', '-')}.schema.json")
    schema: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return schema

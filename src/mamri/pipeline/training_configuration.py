"""The configuration of a training: a TOML file as records, every key known or refused by name."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from mamri.io.record_json import record_from_json, record_to_json
from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.records import InputError
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, FIELD_CLASSES

Record = TypeVar("Record")
_TABLES = ("network", "data", "loop", "randomisation")


class SegmentationTask(StrEnum):
    """What a network learns."""

    FIELD = "anatomy-field"
    DETAIL = "anatomy-detail"


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Size of the network to train, table ``network``.

    Parameters
    ----------
    kind : {"plain", "residual"}
    features, blocks : tuple of int
        One for each stage. Assumption: small enough for CPUs.
    negative_slope : float
        Of the rectifier; 0 is the fastest on CPUs.
    """

    kind: NetworkKind = NetworkKind.RESIDUAL
    features: tuple[int, ...] = (16, 32, 64, 96)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    negative_slope: float = 0.0


@dataclass(frozen=True, slots=True)
class DataSettings:
    """What a network is trained on, table ``data``. Paths are relative to the configuration.

    Parameters
    ----------
    anatomies : path
        Folder of ``mamri simulate --anatomies``.
    validation : path
        Another such folder, of women that are not trained on.
    kept, turn : int
        Anatomies in memory, and examples after which the oldest makes room for another.
    seed : int
        Of the examples.
    """

    anatomies: str = "anatomies"
    validation: str = "validation-anatomies"
    kept: int = 64
    turn: int = 12
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.kept, self.turn) < 1 or self.seed < 0:
            raise InputError(
                "data.kept and data.turn must be at least 1 and data.seed not negative, got "
                f"{self.kept}, {self.turn} and {self.seed}; change them"
            )


@dataclass(frozen=True, slots=True)
class SegmentationTraining:
    """A whole configuration; `read_training` makes it from a file.

    Parameters
    ----------
    task : SegmentationTask
    folder : Path
        That paths start from.
    network : NetworkSettings
    data : DataSettings
    loop, randomisation : mapping of str to plain value
        Settings of `LoopSettings` and `RandomisationSettings` that differ from the task's; read
        when torch is at hand.
    """

    task: SegmentationTask
    folder: Path = Path()
    network: NetworkSettings = NetworkSettings()
    data: DataSettings = DataSettings()
    loop: Mapping[str, Any] = field(default_factory=dict)
    randomisation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes of the network, background first."""
        return FIELD_CLASSES if self.task is SegmentationTask.FIELD else DETAIL_CLASSES

    @property
    def plan(self) -> NetworkPlan:
        """Plan of the network."""
        return volume_plan(
            self.network.kind,
            in_channels=1 if self.task is SegmentationTask.FIELD else 2,
            classes=len(self.class_names),
            features=self.network.features,
            blocks=self.network.blocks,
            negative_slope=self.network.negative_slope,
        )


def read_training(path: Path) -> SegmentationTraining:
    """Read a configuration.

    Parameters
    ----------
    path : Path
        TOML with ``task`` and, as wanted, the tables ``network``, ``data``, ``loop`` and
        ``randomisation.spatial``, ``.contrast``, ``.scan``.

    Returns
    -------
    SegmentationTraining

    Raises
    ------
    InputError
        If the file is no TOML or holds an unknown key or an unfit value.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"a training configuration is a TOML file, {path.name} cannot be read as one "
            f"({error}); see docs/how-to/train-a-model.md"
        ) from error
    unknown = sorted(set(found) - {"task", *_TABLES})
    if unknown:
        raise InputError(
            f"a training configuration may hold task, {', '.join(_TABLES)}, {path.name} holds also "
            f"{', '.join(unknown)}; remove or correct it"
        )
    tasks = [task.value for task in SegmentationTask]
    if found.get("task") not in tasks:
        raise InputError(
            f"a training configuration needs task = one of {', '.join(tasks)}, {path.name} has "
            f"{found.get('task')!r}; correct it"
        )
    tables = {name: found.get(name, {}) for name in _TABLES}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise InputError(f"{name} must be a table, got {table!r}; write [{name}] above it")
    return SegmentationTraining(
        SegmentationTask(found["task"]),
        path.parent,
        record_from_json(NetworkSettings, tables["network"], "network"),
        record_from_json(DataSettings, tables["data"], "data"),
        tables["loop"],
        tables["randomisation"],
    )


def changed_record(record: Record, values: Mapping[str, Any], place: str) -> Record:
    """A record with some of its settings changed, those of records in it too.

    Parameters
    ----------
    record : dataclass instance
    values : mapping of str to plain value
    place : str
        Where they stand, for messages.

    Raises
    ------
    InputError
        If a key is unknown or a value does not fit.
    """
    return record_from_json(type(record), _merged(record_to_json(record), values), place)


def _merged(plain: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(plain)
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(plain.get(key), Mapping):
            value = _merged(plain[key], value)
        merged[key] = value
    return merged

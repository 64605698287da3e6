"""The configuration of a training: a TOML file as records, every key known or refused by name."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from mamri.io.case_folders import CaseLayout
from mamri.io.record_json import record_from_json, record_to_json
from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.records import InputError

Record = TypeVar("Record")
_TABLES = ("network", "data", "real", "loop", "randomisation")


class SegmentationTask(StrEnum):
    """What a network learns."""

    FIELD = "anatomy-field"
    DETAIL = "anatomy-detail"
    LESION = "lesion"
    CUSTOM = "custom"


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
    start_from : path
        Model folder or ``best.safetensors`` of a network of the same sizes, whose weights are the
        first ones; heads for another number of classes start anew. Empty for random weights.
    """

    kind: NetworkKind = NetworkKind.RESIDUAL
    features: tuple[int, ...] = (16, 32, 64, 96)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    negative_slope: float = 0.0
    start_from: str = ""


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
    real_share : float
        Share of the examples that come from labelled exams, table ``real``; the task ``custom``
        takes no others.
    contrasts : tuple of int
        Simulated contrasts to take, by number: of T1-weighted gradient echoes, 0 to 3 with bright
        fat, 4 to 7 with suppressed fat, 8 to 11 of water alone; 12 of T2. Empty for all.
    """

    anatomies: str = "anatomies"
    validation: str = "validation-anatomies"
    kept: int = 64
    turn: int = 12
    seed: int = 1
    real_share: float = 0.0
    contrasts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if min(self.kept, self.turn) < 1 or self.seed < 0 or not 0 <= self.real_share <= 1:
            raise InputError(
                "data.kept and data.turn must be at least 1, data.seed not negative and "
                f"data.real_share between 0 and 1, got {self.kept}, {self.turn}, {self.seed} and "
                f"{self.real_share}; change them"
            )


@dataclass(frozen=True, slots=True)
class RealDataSettings:
    """Labelled exams to train on, table ``real``.

    Parameters
    ----------
    folder : path
        Relative to the configuration.
    layout : {"nnunet", "mama-mia"}
        Raw data of nnU-Net with ``dataset.json``, or images and expert segmentations as MAMA-MIA
        has them.
    channels : tuple of int
        Numbers of the channels or phases to take; empty for all, of MAMA-MIA for the first two.
    labels : mapping of label to class
        Such as ``{1 = "lesion", 9 = "ignore"}``; empty for the names that the folder gives. Voxels
        to ignore are not learnt from. For ``custom`` 0 is background unless said otherwise; for the
        tasks of the anatomy model it must be said, since 0 may be anything unlabelled.
    mirrored : pairs of classes
        Exchanged when left and right are mirrored, such as ``[["right", "left"]]``.
    patient_pattern : str
        Regular expression that finds the patient (its first group) in the name of an exam, so that
        no patient is both trained on and validated with. Empty where each exam is of another.
    validation_share : float
        Share of the patients to validate with, at least one. Assumption: a fifth, as nnU-Net.
    split_seed : int
        Of the division.
    is_level_shared : bool
        Normalise all channels by one mean and standard deviation, so that phases of an exam keep
        their ratio; else each by its own.
    """

    folder: str = ""
    layout: CaseLayout = CaseLayout.NNUNET
    channels: tuple[int, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    mirrored: tuple[tuple[str, str], ...] = ()
    patient_pattern: str = ""
    validation_share: float = 0.2
    split_seed: int = 0
    is_level_shared: bool = False

    def __post_init__(self) -> None:
        numbers = self.channels
        if not 0 < self.validation_share < 1 or self.split_seed < 0 or min(numbers, default=0) < 0:
            raise InputError(
                "real.validation_share must lie between 0 and 1, and real.split_seed and "
                f"real.channels must not be negative, got {self.validation_share}, "
                f"{self.split_seed} and {numbers}; change them"
            )
        try:
            re.compile(self.patient_pattern)
        except re.error as error:
            raise InputError(
                f"real.patient_pattern must be a regular expression, got "
                f"{self.patient_pattern!r} ({error}); correct it"
            ) from error


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
    real : RealDataSettings
    loop, randomisation : mapping of str to plain value
        Settings of `LoopSettings`, and of `RandomisationSettings` or, for labelled exams alone, of
        `RealExampleSettings` that differ from the task's; read when torch is at hand.
    """

    task: SegmentationTask
    folder: Path = Path()
    network: NetworkSettings = NetworkSettings()
    data: DataSettings = DataSettings()
    real: RealDataSettings = RealDataSettings()
    loop: Mapping[str, Any] = field(default_factory=dict)
    randomisation: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.task is SegmentationTask.LESION and self.data.real_share > 0:
            raise InputError(
                "the task lesion learns from simulated women alone and needs data.real_share = 0, "
                f"got {self.data.real_share}; train on labelled exams with the task custom"
            )

    @property
    def is_real(self) -> bool:
        """Whether labelled exams are needed."""
        return self.task is SegmentationTask.CUSTOM or self.data.real_share > 0

    def plan(self, in_channels: int, classes: int) -> NetworkPlan:
        """Plan of the network.

        Parameters
        ----------
        in_channels, classes : int
        """
        return volume_plan(
            self.network.kind,
            in_channels=in_channels,
            classes=classes,
            features=self.network.features,
            blocks=self.network.blocks,
            negative_slope=self.network.negative_slope,
        )


def read_training(path: Path) -> SegmentationTraining:
    """Read a configuration.

    Parameters
    ----------
    path : Path
        TOML with ``task`` and, as wanted, the tables ``network``, ``data``, ``real``, ``loop`` and
        ``randomisation.spatial``, ``.contrast``, ``.scan``, or of custom ``.augmentation``.

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
    training = SegmentationTraining(
        SegmentationTask(found["task"]),
        path.parent,
        record_from_json(NetworkSettings, tables["network"], "network"),
        record_from_json(DataSettings, tables["data"], "data"),
        record_from_json(RealDataSettings, tables["real"], "real"),
        tables["loop"],
        tables["randomisation"],
    )
    if training.is_real != bool(training.real.folder):
        raise InputError(
            "real.folder is needed for the task custom and where data.real_share is above 0, and "
            f"only there, got {training.real.folder!r} and {training.data.real_share}; correct it"
        )
    return training


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

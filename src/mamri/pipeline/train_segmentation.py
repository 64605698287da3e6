"""Train a segmentation network as a configuration file says.

Simulated women for the two networks of the anatomy model; the file is TOML, and every key has a
default but the task.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.pipeline.training_anatomies import AnatomyFolder, RotatingPool
from mamri.records import InputError
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, FIELD_CLASSES
from mamri.simulation.training_anatomy import SIDE_STEP, TrainingLabel

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import LoopSettings, RandomisationSettings, StepReport, TrainedNetwork


class SegmentationTask(StrEnum):
    """What a network learns."""

    FIELD = "anatomy-field"
    DETAIL = "anatomy-detail"


# The field network sees the whole chest at twice the voxel size, the other the breasts.
_CACHED: dict[SegmentationTask, dict[str, Any]] = {
    SegmentationTask.FIELD: {"every": 2},
    SegmentationTask.DETAIL: {"margin_mm": 40.0},
}


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """Size of the network to train.

    Parameters
    ----------
    kind : NetworkKind
    features, blocks : tuple of int
        One for each stage.
    negative_slope : float
    """

    kind: NetworkKind = NetworkKind.RESIDUAL
    features: tuple[int, ...] = (16, 32, 64, 96)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    negative_slope: float = 0.0


@dataclass(frozen=True, slots=True)
class DataChoice:
    """What it is trained on.

    Parameters
    ----------
    anatomies : Path
        Folder of ``mamri simulate --anatomies``.
    validation : Path
        Another such folder, of women that are not trained on.
    kept, turn : int
        Anatomies in memory, and examples after which the oldest makes room for another.
    seed : int
        Of the examples.
    """

    anatomies: Path = Path("anatomies")
    validation: Path = Path("validation-anatomies")
    kept: int = 64
    turn: int = 12
    seed: int = 1


@dataclass(frozen=True, slots=True)
class SegmentationTraining:
    """A whole configuration; `read_training` makes it from a file."""

    task: SegmentationTask
    network: NetworkChoice = NetworkChoice()
    data: DataChoice = DataChoice()
    loop: dict[str, Any] = field(default_factory=dict)
    randomisation: dict[str, dict[str, Any]] = field(default_factory=dict)

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
        Paths in it are relative to the file.

    Raises
    ------
    InputError
        If the file is no TOML or holds an unknown key or an unfit value.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        task = SegmentationTask(found.pop("task"))
        network = _filled(NetworkChoice, found.pop("network", {}))
        data = _filled(DataChoice, found.pop("data", {}))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"a training configuration with task = one of {[t.value for t in SegmentationTask]} "
            f"was needed, {path.name} is none: {error}; see docs/how-to/train-a-model.md"
        ) from error
    network = replace(network, kind=NetworkKind(network.kind))
    data = replace(
        data,
        anatomies=path.parent / data.anatomies,
        validation=path.parent / data.validation,
    )
    training = SegmentationTraining(
        task, network, data, found.pop("loop", {}), found.pop("randomisation", {})
    )
    if found:
        raise InputError(
            f"a training configuration has task, network, data, loop and randomisation, got "
            f"{sorted(found)} besides; remove them"
        )
    return training


def _filled(kind: type, values: dict[str, Any]) -> Any:
    defaults: dict[str, Any] = {f.name: f.default for f in fields(kind)}
    return kind(
        **{
            key: tuple(value) if isinstance(value, list) else type(defaults[key])(value)
            for key, value in values.items()
        }
    )


def train_segmentation(
    training: SegmentationTraining,
    folder: Path,
    *,
    device: str = "cpu",
    tell: "Callable[[StepReport], None]" = lambda _: None,
) -> "TrainedNetwork":
    """Train as configured, or go on with a run in the folder.

    Parameters
    ----------
    training : SegmentationTraining
    folder : Path
        Gets checkpoint, best weights, log and ``training.json``, the whole configuration.
    device : str
    tell : function of StepReport

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    InputError
        If there are too few anatomies.
    """
    from mamri.networks.unet import build_network
    from mamri.training import (
        PriorSettings,
        ViewSettings,
        code_lookup,
        detail_example,
        field_example,
        train,
    )

    loop, randomisation = _settings_of(training)
    is_field = training.task is SegmentationTask.FIELD
    options = _CACHED[training.task]
    learnt = AnatomyFolder(training.data.anatomies, kept=training.data.kept, **options)
    judged = AnatomyFolder(training.data.validation, kept=training.data.kept, **options)
    lookup = code_lookup(class_lookup(training.task))

    def example(anatomies: AnatomyFolder, seed: int, index: int) -> Any:
        cache = RotatingPool(anatomies, training.data.kept, training.data.turn, index)
        if is_field:
            return field_example(cache, lookup, randomisation, ViewSettings(), seed, index)
        return detail_example(cache, lookup, randomisation, PriorSettings(), seed, index)

    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "task": training.task.value,
        "plan": training.plan.to_json(),
        "classes": list(training.class_names),
        "data": {**asdict(training.data), "anatomies": len(learnt), "validation": len(judged)},
        "loop": asdict(loop),
        "randomisation": asdict(randomisation),
    }
    (folder / "training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    network = build_network(training.plan, deep_supervision=True, seed=loop.seed)
    return train(
        network,
        lambda index: example(learnt, training.data.seed, index),
        lambda index: example(judged, training.data.seed + 1_000_000, index),
        training.class_names,
        loop,
        folder,
        device=device,
        tell=tell,
    )


def class_lookup(task: SegmentationTask) -> list[int]:
    """Class of each of the 256 codes that an anatomy's target may hold."""
    table = [0] * 256
    for side in range(3):
        for label in TrainingLabel:
            table[SIDE_STEP * side + label] = _class_of(task, label, side)
    return table


def _class_of(task: SegmentationTask, label: TrainingLabel, side: int) -> int:
    if task is SegmentationTask.FIELD:
        outside = {TrainingLabel.MUSCLE: "muscle", TrainingLabel.HEART: "heart"}
        names = (outside.get(label, "background"), "right_breast", "left_breast")
        return FIELD_CLASSES.index(names[side])
    name = _DETAIL_OF[label]
    # A lesion looks like fibroglandular tissue before contrast; outside the breast it is a node.
    return DETAIL_CLASSES.index(
        "background" if label is TrainingLabel.LESION and not side else name
    )


_DETAIL_OF = {
    TrainingLabel.BACKGROUND: "background",
    TrainingLabel.BREAST: "breast",
    TrainingLabel.FIBROGLANDULAR: "fibroglandular",
    TrainingLabel.VESSEL: "vessel",
    TrainingLabel.MUSCLE: "muscle",
    TrainingLabel.HEART: "heart",
    TrainingLabel.SKIN: "skin",
    TrainingLabel.NIPPLE: "nipple",
    TrainingLabel.LESION: "fibroglandular",
}


def _settings_of(
    training: SegmentationTraining,
) -> "tuple[LoopSettings, RandomisationSettings]":
    from mamri.training import LoopSettings, detail_settings, field_settings

    try:
        loop = LoopSettings(**training.loop)
        is_field = training.task is SegmentationTask.FIELD
        plain = field_settings() if is_field else detail_settings()
        changed = {
            name: replace(
                getattr(plain, name),
                **{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()},
            )
            for name, values in training.randomisation.items()
        }
        return loop, replace(plain, **changed)
    except (TypeError, AttributeError) as error:
        raise InputError(
            f"loop and randomisation take the settings of docs/reference/settings.md, got: {error}"
        ) from error

"""Train a segmentation network as a configuration says, or go on where it stopped."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mamri.pipeline.training_anatomies import AnatomyFolder, RotatingPool
from mamri.pipeline.training_configuration import (
    SegmentationTask,
    SegmentationTraining,
    changed_record,
)
from mamri.records import InputError, ModelError
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, FIELD_CLASSES
from mamri.simulation.training_anatomy import SIDE_STEP, TrainingLabel

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import (
        LoopSettings,
        RandomisationSettings,
        Ranks,
        StepReport,
        TrainedNetwork,
    )

RECORD = "training.json"

Examples = Callable[[int], Any]

# The field network sees the whole chest at twice the voxel size, the other the breasts.
_CACHED: dict[SegmentationTask, dict[str, Any]] = {
    SegmentationTask.FIELD: {"every": 2},
    SegmentationTask.DETAIL: {"margin_mm": 40.0},
}
# Settings that change how a run is kept, not what it learns.
_FREE = {"loop.workers", "loop.save_every", "loop.tensorboard"}


def train_segmentation(
    training: SegmentationTraining,
    folder: Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    ranks: "Ranks | None" = None,
    tell: "Callable[[StepReport], None]" = lambda _: None,
    shall_stop: Callable[[], bool] = lambda: False,
) -> "TrainedNetwork":
    """Train as configured, or go on with a run in the folder.

    Parameters
    ----------
    training : SegmentationTraining
    folder : Path
        Gets checkpoint, best weights, log and ``training.json``, the whole configuration.
    device : {"cpu", "cuda"}
    threads : int or None
        Of the CPU; as many as torch takes by default.
    ranks : Ranks, optional
        Of several processes.
    tell : function of StepReport
    shall_stop : function without arguments
        Asked after each step.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    InputError
        If a setting does not fit, there are too few anatomies, or the run in the folder began
        with another configuration.
    ModelError
        If torch is not installed, or the checkpoint is damaged.
    """
    check_torch()
    from mamri.networks.unet import build_network
    from mamri.training import Ranks, joined, train, use_threads

    use_threads(threads)
    ranks = ranks or Ranks()
    loop, randomisation = settings_of(training)
    learnt, judged, about = _anatomy_examples(training, randomisation)
    record = {
        "task": training.task.value,
        "plan": training.plan.to_json(),
        "classes": list(training.class_names),
        "data": {**asdict(training.data), **about},
        "loop": asdict(loop),
        "randomisation": asdict(randomisation),
        "processes": ranks.world,
    }
    _check_same_run(folder, record)
    with joined(ranks, device) as where:
        if ranks.rank == 0:
            _write_record(folder, record)
        network = build_network(training.plan, deep_supervision=True, seed=loop.seed)
        return train(
            network,
            learnt,
            judged,
            training.class_names,
            loop,
            folder,
            device=where,
            ranks=ranks,
            tell=tell,
            shall_stop=shall_stop,
        )


def check_torch() -> None:
    """Refuse where torch is not installed.

    Raises
    ------
    ModelError
    """
    try:
        import mamri.training  # noqa: F401  only to see whether it can be
    except ImportError as error:
        raise ModelError(
            "training needs the package torch, which is not installed; install it with: "
            "pip install 'mamri[train]'"
        ) from error


def settings_of(
    training: SegmentationTraining,
) -> "tuple[LoopSettings, RandomisationSettings]":
    """Settings of the loop and of random images, with the task's defaults.

    Parameters
    ----------
    training : SegmentationTraining

    Raises
    ------
    InputError
        If a setting is unknown or unfit.
    """
    from mamri.training import LoopSettings, detail_settings, field_settings

    loop = changed_record(LoopSettings(), training.loop, "loop")
    is_field = training.task is SegmentationTask.FIELD
    plain = field_settings() if is_field else detail_settings()
    randomisation = changed_record(plain, training.randomisation, "randomisation")
    if randomisation.dynamic:
        raise InputError(
            "the networks of the anatomy model take one image, got randomisation.dynamic = true; "
            "remove it"
        )
    return loop, randomisation


def _anatomy_examples(
    training: SegmentationTraining, randomisation: "RandomisationSettings"
) -> tuple[Examples, Examples, dict[str, Any]]:
    """Examples to learn from, those to judge by, and how many anatomies they are of."""
    from mamri.training import (
        PriorSettings,
        ViewSettings,
        code_lookup,
        detail_example,
        field_example,
    )

    data, options = training.data, _CACHED[training.task]
    learnt = AnatomyFolder(training.folder / data.anatomies, kept=data.kept, **options)
    judged = AnatomyFolder(training.folder / data.validation, kept=data.kept, **options)
    lookup = code_lookup(class_lookup(training.task))
    is_field = training.task is SegmentationTask.FIELD
    divisor = max(training.plan.divisor)

    def example(anatomies: AnatomyFolder, seed: int, index: int) -> Any:
        cache = RotatingPool(anatomies, data.kept, data.turn, index)
        if is_field:
            view = ViewSettings()
            return field_example(cache, lookup, randomisation, view, seed, index, divisor=divisor)
        return detail_example(cache, lookup, randomisation, PriorSettings(), seed, index)

    return (
        lambda index: example(learnt, data.seed, index),
        lambda index: example(judged, data.seed + 1_000_000, index),
        {"anatomies": len(learnt), "validation": len(judged)},
    )


def _check_same_run(folder: Path, record: Mapping[str, Any]) -> None:
    """Refuse to go on with a run of another configuration."""
    path = folder / RECORD
    if not path.exists():
        return
    try:
        before = _flat(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InputError(
            f"{RECORD} of the run must be JSON, that in {folder.name} is not ({error}); train in a "
            "new folder"
        ) from error
    now = _flat(json.loads(json.dumps(record)))
    # A key that the run does not know came with a later version.
    changed = sorted(k for k in set(before) & set(now) - _FREE if before[k] != now[k])
    if changed:
        said = ", ".join(f"{key} ({before[key]}, now {now[key]})" for key in changed[:4])
        raise InputError(
            f"a run goes on with the configuration it began with, in {folder.name} differ {said}; "
            "train in a new folder, or restore the configuration"
        )


def _flat(values: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{place}{key}.")
        else:
            flat[place + key] = value
    return flat


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{RECORD}.part"
    partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / RECORD)


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

"""Train a segmentation network as a configuration says, or go on where it stopped."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mamri.io.model_folder import CARD, read_model_folder
from mamri.networks.network_plan import NetworkPlan
from mamri.networks.weight_file import load_weights
from mamri.pipeline.extras import check_torch
from mamri.pipeline.step_clock import silent
from mamri.pipeline.training_configuration import (
    SegmentationTask,
    SegmentationTraining,
    changed_record,
)
from mamri.pipeline.training_examples import make_examples
from mamri.records import InputError, ModelError

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import LoopSettings, Ranks, StepReport, TrainedNetwork

RECORD, CACHE = "training.json", "cases"

# Settings that change how a run is kept, not what it learns.
_FREE = {"loop.workers", "loop.save_every", "loop.tensorboard"}


def train_segmentation(
    training: SegmentationTraining,
    folder: Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    ranks: "Ranks | None" = None,
    begin_step: Callable[[str], None] = silent,
    tell: "Callable[[StepReport], None]" = lambda _: None,
    shall_stop: Callable[[], bool] = lambda: False,
) -> "TrainedNetwork":
    """Train as configured, or go on with a run in the folder.

    Parameters
    ----------
    training : SegmentationTraining
    folder : Path
        Gets checkpoint, best weights, log, ``training.json`` with the whole configuration, and
        ``cases/``, labelled exams as they are read.
    device : {"cpu", "cuda"}
    threads : int or None
        Of the CPU; as many as torch takes by default.
    ranks : Ranks, optional
        Of several processes.
    begin_step : function of str
        Told of each exam that is resampled.
    tell : function of StepReport
    shall_stop : function without arguments
        Asked after each step.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    InputError
        If a setting does not fit, data are missing, or the run in the folder began with another
        configuration.
    ModelError
        If torch is not installed, the checkpoint is damaged, or weights to start from are of
        another network.
    """
    check_torch()
    from mamri.networks.unet import build_network
    from mamri.training import Ranks, joined, start_from, train, use_threads, wait_for_all

    use_threads(threads)
    ranks = ranks or Ranks()
    loop = loop_settings(training)
    examples, fill_cache = make_examples(training, folder / CACHE, begin_step=begin_step)
    plan = training.plan(examples.in_channels, len(examples.class_names))
    record = {
        "task": training.task.value,
        "plan": plan.to_json(),
        "classes": list(examples.class_names),
        "start_from": training.network.start_from,
        **examples.about,
        "loop": asdict(loop),
        "processes": ranks.world,
    }
    _check_same_run(folder, record)
    network = build_network(plan, deep_supervision=True, seed=loop.seed)
    if training.network.start_from:
        start_from(network, _first_weights(training, plan))
    with joined(ranks, device) as where:
        if ranks.rank == 0:
            fill_cache()
            _write_record(folder, record)
        wait_for_all()
        return train(
            network,
            examples.learnt,
            examples.judged,
            examples.class_names,
            loop,
            folder,
            device=where,
            ranks=ranks,
            tell=tell,
            shall_stop=shall_stop,
        )


def loop_settings(training: SegmentationTraining) -> "LoopSettings":
    """Settings of the loop.

    Parameters
    ----------
    training : SegmentationTraining

    Raises
    ------
    InputError
        If a setting is unknown or unfit.
    """
    from mamri.training import LoopSettings

    return changed_record(LoopSettings(), training.loop, "loop")


def _first_weights(training: SegmentationTraining, plan: NetworkPlan) -> dict[str, np.ndarray]:
    """Weights of another training, of the same plan but for the classes."""
    path = training.folder / training.network.start_from
    if path.is_dir() and (path / CARD).is_file():
        model = read_model_folder(path)
        names = list(model.card.networks)
        wanted = training.task.value.removeprefix("anatomy-")
        if training.task is SegmentationTask.CUSTOM or wanted not in names:
            if len(names) != 1:
                raise ModelError(
                    f"a model of one network was needed to start from, {path.name} has "
                    f"{', '.join(names)}; give the file of one as network.start_from"
                )
            (wanted,) = names
        stored = model.network(wanted)
        weights, other = stored.weights, stored.plan
    else:
        weights = path / "best.safetensors" if path.is_dir() else path
        other = _plan_beside(weights) or plan
    before, now = other.to_json(), plan.to_json()
    differing = sorted(k for k in now if k != "classes" and before[k] != now[k])
    if differing:
        said = "; ".join(f"{key} {before[key]}, now {now[key]}" for key in differing)
        raise ModelError(
            f"weights to start from must be of a network of the same sizes, those of {path.name} "
            f"have {said}; correct the table network"
        )
    return load_weights(weights)


def _plan_beside(weights: Path) -> NetworkPlan | None:
    record = weights.with_name(RECORD)
    if not record.is_file():
        return None
    try:
        return NetworkPlan.from_json(json.loads(record.read_text(encoding="utf-8"))["plan"])
    except (ValueError, KeyError) as error:
        raise ModelError(
            f"{RECORD} beside the weights to start from must hold their plan, got {error!r}; "
            "restore it, or remove it to do without"
        ) from error


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

"""What a finished training leaves for the card of its model, and what the cards share."""

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.model_card import ModelNetwork, TrainingRecord
from mamri.networks.network_plan import NetworkPlan
from mamri.networks.weight_file import load_weights
from mamri.records import InputError
from mamri.records.version import __version__

TRAINED_ON = "Simulated women only, with random image contrast; no patient data."
_RECORD, _WEIGHTS, _LOG = "training.json", "best.safetensors", "log.csv"


def finished_run(run: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Record of a run, with its length, and its averaged weights.

    Parameters
    ----------
    run : Path
        Folder of `train_segmentation`.

    Returns
    -------
    dict, mapping of str to float32 array

    Raises
    ------
    InputError
        If it has no weights yet.
    """
    missing = [name for name in (_RECORD, _WEIGHTS, _LOG) if not (run / name).is_file()]
    if missing:
        raise InputError(
            f"a run of mamri train was needed, {run.name} lacks {', '.join(missing)}; "
            "train the network first"
        )
    record = json.loads((run / _RECORD).read_text(encoding="utf-8"))
    weights = load_weights(run / _WEIGHTS)
    with (run / _LOG).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # Seconds start anew whenever a run goes on.
    seconds, before = 0.0, 0.0
    for row in rows:
        now = float(row["seconds"])
        seconds += now - before if now >= before else now
        before = now
    scored = [row for row in rows if row[record["classes"][1]]]
    last = {name: float(scored[-1][name]) for name in record["classes"][1:]} if scored else {}
    record |= {"steps": int(rows[-1]["step"]), "hours": round(seconds / 3600, 2)}
    if record.get("start_from"):  # a name is enough; folders are nobody's business
        record["start_from"] = Path(record["start_from"]).name
    return record | {"validation_dice": last}, weights


def trained_network(
    name: str,
    record: Mapping[str, Any],
    channels: tuple[str, ...],
    settings: Mapping[str, Any],
) -> ModelNetwork:
    """A network as the card of its model tells it.

    Parameters
    ----------
    name : str
        Of the network in its model, and of its files.
    record : mapping of str to plain value
        Of `finished_run`.
    channels : tuple of str
    settings : mapping of str to plain value

    Returns
    -------
    ModelNetwork
    """
    return ModelNetwork(
        plan=NetworkPlan.from_json(record["plan"]),
        weights=f"{name}.safetensors",
        openvino=f"{name}.xml",
        channels=channels,
        classes=tuple(record["classes"]),
        settings=dict(settings),
    )


def training_record(machine: str, records: Mapping[str, Mapping[str, Any]]) -> TrainingRecord:
    """How the networks of a model were trained, finished today.

    Parameters
    ----------
    machine : str
    records : mapping of network to record
        Of `finished_run`.

    Returns
    -------
    TrainingRecord
    """
    return TrainingRecord(
        software=f"mamri {__version__}",
        finished=datetime.now(UTC).date().isoformat(),
        settings={"machine": machine, **records},
    )

"""What a finished training leaves for the card of its model."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from mamri.networks.weight_file import load_weights
from mamri.records import InputError

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

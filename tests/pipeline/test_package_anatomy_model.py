"""What a run leaves for the card of the anatomy model."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mamri.pipeline.finished_run import finished_run
from mamri.records import InputError


def _run(folder: Path, **record: object) -> Path:
    (folder / "training.json").write_text(json.dumps({"classes": ["none", "breast"], **record}))
    save_file({"weight": np.zeros(2, np.float32)}, folder / "best.safetensors")
    rows = ["step,loss,learning_rate,seconds,breast", "1,0.9,0.1,1800,", "2,0.8,0.1,3600,0.7"]
    # Gone on with: seconds begin anew.
    rows += ["3,0.7,0.1,1800,", "4,0.6,0.1,3600,0.8"]
    (folder / "log.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_the_card_tells_steps_hours_and_the_last_scores(tmp_path: Path) -> None:
    record, weights = finished_run(_run(tmp_path))

    assert (4, 2.0) == (record["steps"], record["hours"])
    assert {"breast": 0.8} == record["validation_dice"]
    assert ["weight"] == list(weights)


def test_the_card_names_what_was_started_from_without_its_folder(tmp_path: Path) -> None:
    record, _ = finished_run(_run(tmp_path, start_from="/home/someone/models/first"))

    assert "first" == record["start_from"]


def test_a_run_without_weights_is_refused(tmp_path: Path) -> None:
    _run(tmp_path)
    (tmp_path / "best.safetensors").unlink()

    with pytest.raises(InputError, match="train the network first"):
        finished_run(tmp_path)

"""What a run leaves for the card of the anatomy model, and the model made from two."""

import json
from pathlib import Path

import numpy as np
import pytest
from networks.example_networks import example_weights
from safetensors.numpy import save_file

from mamri.io.find_model import find_model
from mamri.networks.network_plan import NetworkKind, volume_plan
from mamri.pipeline.anatomy_networks import load_anatomy_networks
from mamri.pipeline.finished_run import finished_run
from mamri.pipeline.package_anatomy_model import package_anatomy_model
from mamri.records import InputError
from mamri.segmentation.anatomy_model import (
    DETAIL_CLASSES,
    DETAIL_SPACING_MM,
    FIELD_CLASSES,
    FIELD_SPACING_MM,
)


def _run(folder: Path, classes: tuple[str, ...] = ("none", "breast"), **record: object) -> Path:
    (folder / "training.json").write_text(json.dumps({"classes": classes, **record}))
    save_file({"weight": np.zeros(2, np.float32)}, folder / "best.safetensors")
    unscored, first, second = (",".join([score] * len(classes[1:])) for score in ("", "0.7", "0.8"))
    rows = ["step,loss,learning_rate,seconds," + ",".join(classes[1:])]
    rows += [f"1,0.9,0.1,1800,{unscored}", f"2,0.8,0.1,3600,{first}"]
    # Gone on with: seconds begin anew.
    rows += [f"3,0.7,0.1,1800,{unscored}", f"4,0.6,0.1,3600,{second}"]
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


def test_two_runs_become_a_model_that_loads(tmp_path: Path) -> None:
    runs = {}
    for name, channels, classes in (("field", 1, FIELD_CLASSES), ("detail", 2, DETAIL_CLASSES)):
        plan = volume_plan(
            NetworkKind.RESIDUAL,
            in_channels=channels,
            classes=len(classes),
            features=(4, 6),
            blocks=(1, 1),
        )
        (tmp_path / name).mkdir()
        runs[name] = _run(tmp_path / name, classes, plan=plan.to_json())
        save_file(example_weights(plan), runs[name] / "best.safetensors")

    package_anatomy_model(runs, tmp_path / "anatomy", version="7", machine="a desk")

    model = find_model(tmp_path / "anatomy")
    networks = load_anatomy_networks(model)
    assert ("anatomy", "7") == (networks.name, networks.version)
    assert (1, 2) == (networks.field.plan.in_channels, networks.detail.plan.in_channels)
    settings = model.card.training.settings
    assert ("a desk", 4) == (settings["machine"], settings["detail"]["steps"])
    assert {"spacing_mm": FIELD_SPACING_MM} == model.card.networks["field"].settings
    assert {"spacing_mm": DETAIL_SPACING_MM} == model.card.networks["detail"].settings

"""Model folders: written whole, read strictly, verified to the byte."""

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks.example_networks import VOLUMES, example_image

from mamri.io.model_card import Preparation
from mamri.io.model_folder import (
    ModelFolder,
    read_model_folder,
    verify_model_folder,
    write_model_folder,
)
from mamri.networks.openvino_engine import openvino_engine
from mamri.networks.weight_file import save_weights
from mamri.records import ModelError

from .example_model import WEIGHTS, example_card

FILES = {
    "model.json",
    "manifest.sha256",
    "coarse.safetensors",
    "fine.safetensors",
    "fine.xml",
    "fine.bin",
}


@pytest.fixture
def model(tmp_path: Path) -> ModelFolder:
    return write_model_folder(tmp_path / "models" / "two-networks", example_card(), WEIGHTS)


def test_a_written_model_is_read_as_it_was(model: ModelFolder):
    found = read_model_folder(model.path)
    assert model == found
    assert example_card() == found.card
    assert FILES == {file.name for file in model.path.iterdir()}
    assert [] == verify_model_folder(model.path)


def test_the_folder_appears_alone(model: ModelFolder):
    assert [model.path] == list(model.path.parent.iterdir())
    assert 0o755 == model.path.stat().st_mode & 0o777


def test_the_digest_is_that_of_the_manifest_and_of_all_files(model: ModelFolder, tmp_path: Path):
    manifest = (model.path / "manifest.sha256").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == model.sha256
    again = write_model_folder(tmp_path / "again", example_card(), WEIGHTS)
    assert model.sha256 == again.sha256
    other = write_model_folder(tmp_path / "other", example_card(version="1.3"), WEIGHTS)
    assert model.sha256 != other.sha256


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_reads_the_manifest(model: ModelFolder):
    command = ["sha256sum", "--check", "--strict", "manifest.sha256"]
    answer = subprocess.run(command, cwd=model.path, check=True, capture_output=True, text=True)
    checked = {line.partition(":")[0] for line in answer.stdout.splitlines() if line.endswith("OK")}
    assert FILES - {"manifest.sha256"} == checked


def test_networks_run_from_the_folder(model: ModelFolder):
    stored = model.network("fine")
    image = example_image(VOLUMES, (4, 8, 8))
    with_files = openvino_engine(stored)(image)
    from_weights = openvino_engine(replace(stored, openvino=None))(image)
    assert np.abs(with_files - from_weights).max() < 0.5  # the same network, in bf16
    assert model.network("coarse").openvino is None


def test_an_unknown_network_is_refused(model: ModelFolder):
    with pytest.raises(ModelError, match="networks coarse, fine, not middle"):
        model.network("middle")


@pytest.mark.parametrize("name", sorted(FILES - {"manifest.sha256", "model.json"}))
def test_every_changed_bit_is_noticed(model: ModelFolder, name: str):
    data = bytearray((model.path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (model.path / name).write_bytes(data)
    assert [f"{name} was changed"] == verify_model_folder(model.path)


def test_a_changed_card_is_noticed(model: ModelFolder):
    card = model.path / "model.json"
    card.write_text(card.read_text().replace("Simulated exams only", "Real exams"))
    assert ["model.json was changed"] == verify_model_folder(model.path)


def test_missing_and_surplus_files_are_noticed(model: ModelFolder):
    (model.path / "fine.bin").unlink()
    (model.path / "notes.txt").write_text("hello")
    (model.path / ".hidden").write_text("left by a file browser")
    expected = ["fine.bin is missing", "notes.txt is not in manifest.sha256"]
    assert expected == verify_model_folder(model.path)


def test_a_file_that_the_manifest_leaves_out_is_noticed(model: ModelFolder):
    manifest = model.path / "manifest.sha256"
    lines = [line for line in manifest.read_text().splitlines(True) if "fine.bin" not in line]
    manifest.write_text("".join(lines))
    expected = [
        "fine.bin is not in manifest.sha256",
        "fine.bin is needed and not in manifest.sha256",
    ]
    assert expected == verify_model_folder(model.path)


def test_weights_of_another_plan_are_noticed(model: ModelFolder):
    name = "fine.safetensors"
    save_weights(model.path / name, WEIGHTS["coarse"])
    manifest = model.path / "manifest.sha256"
    digest = hashlib.sha256((model.path / name).read_bytes()).hexdigest()
    lines = [
        f"{digest}  {name}\n" if line.endswith(f"{name}\n") else line
        for line in manifest.read_text().splitlines(True)
    ]
    manifest.write_text("".join(lines))
    (problem,) = verify_model_folder(model.path)
    assert problem.startswith("the network fine cannot be built: the plan needs the weight")


def test_weights_of_another_plan_are_not_written(tmp_path: Path):
    with pytest.raises(ModelError, match="plan needs the weight"):
        write_model_folder(
            tmp_path / "model", example_card(), {**WEIGHTS, "fine": WEIGHTS["coarse"]}
        )
    with pytest.raises(ModelError, match="plan needs the weight"):
        write_model_folder(
            tmp_path / "model", example_card(), {**WEIGHTS, "coarse": WEIGHTS["fine"]}
        )
    assert [] == list(tmp_path.iterdir())


def test_each_network_needs_its_weights(tmp_path: Path):
    with pytest.raises(ModelError, match="give one set each"):
        write_model_folder(tmp_path / "model", example_card(), {"fine": WEIGHTS["fine"]})


@pytest.mark.parametrize("value", [np.float32(1), float("nan"), np.zeros(2)])
def test_a_card_of_other_than_plain_values_is_not_written(tmp_path: Path, value: object):
    card = example_card(preprocessing=Preparation("odd", {"value": value}))
    with pytest.raises(ModelError, match="plain finite values"):
        write_model_folder(tmp_path / "model", card, WEIGHTS)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_in_use_is_not_touched(model: ModelFolder):
    with pytest.raises(ModelError, match="choose another or remove it"):
        write_model_folder(model.path, example_card(version="2"), WEIGHTS)
    assert model == read_model_folder(model.path)


def test_an_empty_folder_is_filled(tmp_path: Path):
    assert [] == verify_model_folder(write_model_folder(tmp_path, example_card(), WEIGHTS).path)


@pytest.mark.parametrize("name", ["model.json", "manifest.sha256"])
def test_a_folder_without_card_or_manifest_is_no_model(model: ModelFolder, name: str):
    (model.path / name).unlink()
    with pytest.raises(ModelError, match=f"no readable {name}"):
        read_model_folder(model.path)


def test_a_card_that_is_not_json_is_refused(model: ModelFolder):
    (model.path / "model.json").write_text("{")
    with pytest.raises(ModelError, match="must be JSON"):
        read_model_folder(model.path)

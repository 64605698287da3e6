"""``mamri train`` as a user meets it, on a tiny network and coarse anatomies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from mamri.cli.main import run
from mamri.pipeline import training_anatomies
from mamri.pipeline.training_anatomies import write_anatomies
from mamri.simulation.sequences import Grid

_CONFIG = """
task = "anatomy-detail"
[network]
features = [4, 6]
blocks = [1, 1]
[data]
anatomies = "anatomies"
validation = "anatomies"
kept = 2
[loop]
steps = {steps}
validate_every = 2
validation_examples = 1
save_every = 2
precision = "f32"
[randomisation.spatial]
shape = [16, 16, 16]
spacing_mm = 4.8
"""


class _Run(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mamri(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command in this process."""

    def call(*arguments: str) -> _Run:
        monkeypatch.setattr(sys, "argv", ["mamri", *arguments])
        with pytest.raises(SystemExit) as stopped:
            run()
        captured = capsys.readouterr()
        return _Run(int(stopped.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with an anatomy in coarse voxels and a configuration."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            training_anatomies, "training_grid", lambda _: Grid((40, 50, 64), (6.0, 6.0, 6.0))
        )
        write_anatomies(folder / "anatomies", first_seed=3, n=1)
    (folder / "short.toml").write_text(_CONFIG.format(steps=4))
    (folder / "long.toml").write_text(_CONFIG.format(steps=100000))
    return folder


def test_a_run_prints_its_course_and_leaves_weights(mamri, place: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ("train", "segmentation", "--config", str(place / "short.toml"), "-o", str(out))
    done = mamri(*arguments, "--threads", "1", "--json")

    assert 0 == done.code
    document = json.loads(done.out)
    assert (4, True) == (document["steps"], document["is_finished"])
    lines = [line for line in done.err.splitlines() if line.startswith("mamri: step")]
    assert ["mamri: step 2/4", "mamri: step 4/4"] == [line[:15] for line in lines]
    for part in ("loss", "rate", "s/step", "left", "dice breast"):
        assert part in lines[0]
    names = {"best.safetensors", "checkpoint.safetensors", "log.csv", "training.json"}
    assert names == {path.name for path in out.iterdir()}

    # A finished run stays as it is.
    before = (out / "best.safetensors").read_bytes()
    again = mamri(*arguments)
    assert 0 == again.code
    assert "trained 4 steps" in again.out
    assert before == (out / "best.safetensors").read_bytes()


def test_another_configuration_in_the_folder_is_refused(mamri, place: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    mamri("train", "segmentation", "--config", str(place / "short.toml"), "-o", str(out))
    before = {path: path.read_bytes() for path in out.iterdir()}

    (place / "other.toml").write_text(_CONFIG.format(steps=6))
    config = str(place / "other.toml")
    done = mamri("train", "segmentation", "--config", config, "-o", str(out), "--json")

    assert 3 == done.code == json.loads(done.out)["exit_code"]
    assert "loop.steps (4, now 6)" in done.err
    assert before == {path: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("steps = 4", "step = 4"), "loop may hold steps"),
        (("kept = 2", 'kept = "two"'), "data.kept must be a whole number"),
        (('anatomies = "anatomies"', 'anatomies = "none"'), "mamri simulate --anatomies"),
        (("[network]", "[net]"), "holds also net"),
        (('task = "anatomy-detail"', 'task = "brain"'), "anatomy-field, anatomy-detail"),
        (("features = [4, 6]", "features = [4, 6, 8]"), "correct the plan"),
    ],
)
def test_a_faulty_configuration_is_refused_and_nothing_written(
    mamri, place: Path, tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    config = place / "faulty.toml"
    config.write_text(_CONFIG.format(steps=4).replace(*edit))

    done = mamri("train", "segmentation", "--config", str(config), "-o", str(tmp_path / "run"))

    assert done.code in (3, 4)
    assert said in done.err
    assert not (tmp_path / "run").exists()


def test_no_torch_is_said_in_a_sentence(
    mamri, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    config = str(place / "short.toml")
    done = mamri("train", "segmentation", "--config", config, "-o", str(tmp_path / "run"))

    assert 4 == done.code
    assert "pip install 'mamri[train]'" in done.err


def test_a_world_size_that_is_no_number_is_refused(
    mamri, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "many")
    config = str(place / "short.toml")
    done = mamri("train", "segmentation", "--config", config, "-o", str(tmp_path / "run"))

    assert 3 == done.code
    assert "WORLD_SIZE" in done.err


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "mamri.cli.main", "train", "segmentation",
         "--config", str(place / "long.toml"), "-o", str(out), "--threads", "1"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not (out / "log.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)

    assert 1 == process.returncode
    assert "the same command goes on from there" in err
    assert (out / "checkpoint.safetensors").is_file()

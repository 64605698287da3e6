"""Trainings from a configuration file: on labelled exams, on both kinds, from other weights."""

import json
from pathlib import Path

import pytest
from pipeline.labelled_exams import write_nnunet

from mamri.io.find_model import find_model
from mamri.pipeline import training_anatomies
from mamri.pipeline.package_lesion_model import package_lesion_model
from mamri.pipeline.train_segmentation import train_segmentation
from mamri.pipeline.training_anatomies import MANY_LESIONS, write_anatomies
from mamri.pipeline.training_configuration import read_training
from mamri.pipeline.training_examples import make_examples
from mamri.records import InputError, ModelError
from mamri.simulation.sequences import Grid

pytest.importorskip("torch")

_CUSTOM = """
task = "custom"
[network]
features = [6, 8]
blocks = [1, 1]
{start}
[real]
folder = "raw"
mirrored = [["right", "left"]]
{labels}
[loop]
steps = {steps}
validate_every = {steps}
validation_examples = 2
precision = "f32"
learning_rate = 1e-2
warmup_steps = 2
[randomisation.spatial]
shape = [16, 16, 16]
spacing_mm = 3.0
"""


def _write(
    folder: Path, *, steps: int = 2, start: str = "", labels: str = "", name: str = "custom.toml"
) -> Path:
    path = folder / name
    path.write_text(_CUSTOM.format(steps=steps, start=start, labels=labels))
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    write_nnunet(folder / "raw")
    return folder


@pytest.fixture(scope="module")
def women(base: Path) -> Path:
    """The same folder, with a coarse anatomy of several lesions in ``women``."""
    grid = Grid((40, 50, 64), (6.0, 6.0, 6.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_anatomies, "training_grid", lambda _: grid)
        write_anatomies(base / "women", first_seed=3, n=1, mix=MANY_LESIONS)
    return base


def test_labelled_exams_are_learnt(base: Path, tmp_path: Path) -> None:
    labels = 'labels = { 1 = "lesion", 2 = "lesion" }'
    config = _write(base, steps=40, labels=labels, name="learn.toml")
    config.write_text(config.read_text().replace('mirrored = [["right", "left"]]', ""))

    trained = train_segmentation(read_training(config), tmp_path / "run", threads=1)

    assert 40 == trained.steps_done
    assert trained.best_score > 0.7  # balls far brighter than the noise
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert ["background", "lesion"] == record["classes"]
    assert (2, 2) == (record["plan"]["in_channels"], record["plan"]["classes"])
    assert 1 == len(record["real"]["judged"])
    assert 10 == len(list((tmp_path / "run" / "cases").glob("*/*.npy")))


def test_corrected_labels_are_read_anew(base: Path, tmp_path: Path) -> None:
    faulty = _write(base, labels='labels = { 1 = "right", 3 = "left" }', name="a.toml")
    with pytest.raises(InputError, match="holds 2 without"):
        train_segmentation(read_training(faulty), tmp_path / "run", threads=1)
    assert not (tmp_path / "run" / "training.json").exists()

    right = _write(base, labels='labels = { 1 = "left", 2 = "right" }', name="b.toml")
    train_segmentation(read_training(right), tmp_path / "run", threads=1)


def test_weights_of_another_run_are_where_a_run_starts(base: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    train_segmentation(read_training(_write(base)), tmp_path / "first", threads=1)
    start = f'start_from = "{tmp_path / "first"}"'
    labels = 'labels = { 1 = "lesion", 2 = "lesion" }\n'
    text = _write(base, start=start, labels=labels, name="next.toml").read_text()
    text = text.replace('mirrored = [["right", "left"]]', "").replace("1e-2", "1e-9")
    (base / "next.toml").write_text(text)

    train_segmentation(read_training(base / "next.toml"), tmp_path / "second", threads=1)

    first = load_file(tmp_path / "first" / "best.safetensors")
    second = load_file(tmp_path / "second" / "best.safetensors")
    for name, value in first.items():
        if name.startswith("heads."):
            assert value.shape != second[name].shape  # a class fewer
        else:
            assert abs(value - second[name]).max() < 1e-6, name

    other = text.replace("features = [6, 8]", "features = [6, 12]")
    (base / "next.toml").write_text(other)
    with pytest.raises(ModelError, match=r"features \(6, 8\), now \(6, 12\)"):
        train_segmentation(read_training(base / "next.toml"), tmp_path / "third", threads=1)
    assert not (tmp_path / "third").exists()


def test_simulated_women_and_labelled_exams_mix(women: Path, tmp_path: Path) -> None:
    config = women / "field.toml"
    config.write_text(
        """
        task = "anatomy-field"
        [network]
        features = [4, 6]
        blocks = [1, 1]
        [data]
        anatomies = "women"
        validation = "women"
        kept = 1
        real_share = 0.5
        [real]
        folder = "raw"
        channels = [0]
        labels = { 0 = "ignore", 1 = "right_breast", 2 = "left_breast" }
        [loop]
        steps = 6
        validate_every = 3
        validation_examples = 2
        precision = "f32"
        [randomisation.spatial]
        shape = [24, 24, 24]
        """
    )

    trained = train_segmentation(read_training(config), tmp_path / "run", threads=1)

    assert 6 == trained.steps_done
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert 1 == record["data"]["anatomies"]
    assert 4 == len(record["real"]["learnt"])

    config.write_text(config.read_text().replace("channels = [0]", ""))
    with pytest.raises(InputError, match="one channel"):
        train_segmentation(read_training(config), tmp_path / "other", threads=1)


_LESION = """
task = "lesion"
[network]
features = [4, 6]
blocks = [1, 1]
[data]
anatomies = "women"
validation = "women"
kept = 1
[loop]
steps = 4
validate_every = 4
validation_examples = 3
precision = "f32"
[randomisation.spatial]
shape = [24, 24, 24]
spacing_mm = 4.0
focus_probability = 1.0
"""


def test_lesions_of_simulated_women_are_learnt_and_become_a_model(
    women: Path, tmp_path: Path
) -> None:
    (women / "lesion.toml").write_text(_LESION)
    losses: list[float] = []

    trained = train_segmentation(
        read_training(women / "lesion.toml"),
        tmp_path / "run",
        threads=1,
        tell=lambda report: losses.append(report.loss),
    )

    assert 4 == trained.steps_done
    assert all(0 < loss < 10 for loss in losses)
    assert losses
    assert 0 <= trained.best_score <= 1
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert ["background", "lesion", "vessel"] == record["classes"]
    assert record["randomisation"]["dynamic"] is True
    package_lesion_model(
        tmp_path / "run", tmp_path / "model", version="1", machine="", calibration={}
    )
    network = find_model(tmp_path / "model").card.networks["lesion"]
    assert (4, 3) == (network.plan.in_channels, network.plan.classes)
    assert ("background", "lesion", "vessel") == network.classes


def test_lesions_are_learnt_from_simulated_series_where_asked(women: Path, tmp_path: Path) -> None:
    images = []
    for probability in (0, 1):
        contrast = f"[randomisation.contrast]\nphysics_probability = {probability}\n"
        (women / "contrast.toml").write_text(_LESION + contrast)
        examples, _ = make_examples(read_training(women / "contrast.toml"), tmp_path)
        images.append(examples.learnt(2)[0])

    assert (4, 24, 24, 24) == tuple(images[0].shape) == tuple(images[1].shape)
    assert bool((images[0] != images[1]).any())  # equal if no series were at hand


def test_lesions_are_not_learnt_without_phases(tmp_path: Path) -> None:
    (tmp_path / "lesion.toml").write_text(f"{_LESION}[randomisation]\ndynamic = false\n")

    with pytest.raises(InputError, match=r"randomisation\.dynamic = true, got false"):
        train_segmentation(read_training(tmp_path / "lesion.toml"), tmp_path / "run", threads=1)


def test_crops_that_do_not_divide_are_refused(base: Path, tmp_path: Path) -> None:
    config = _write(base, name="odd.toml")
    config.write_text(config.read_text().replace("[16, 16, 16]", "[16, 16, 15]"))
    with pytest.raises(InputError, match="multiples of 2"):
        train_segmentation(read_training(config), tmp_path / "run", threads=1)

"""Deep models on disk: they come back within half precision, and what was changed is refused."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from mamri.io.image_predictor_folder import (
    ImagePredictor,
    read_image_predictor,
    write_image_predictor,
)
from mamri.io.manifest import MANIFEST, write_manifest
from mamri.io.predictor_folder import predictor_schema, read_predictor
from mamri.prediction.calibration import fit_calibration
from mamri.prediction.domain import fit_domain
from mamri.prediction.experiment import IntensityStandard, Target, TargetKind
from mamri.records import ModelError

MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))
FILES = ("arrays.safetensors", "member0.safetensors", "member1.safetensors", "model.json")


def _predictor(standard=IntensityStandard.NYUL) -> ImagePredictor:
    rng = np.random.default_rng(1)
    y = np.arange(30) % 2
    is_nyul = standard is IntensityStandard.NYUL
    return ImagePredictor(
        "cnn",
        MALIGNANT,
        ("no", "yes"),
        {"channels": ["early"], "n_classes": 2, "dropout": 0.3},
        ("early",),
        standard,
        tuple({"a": rng.normal(size=(3, 4)).astype(np.float32)} for _ in range(2)),
        tuple(np.sort(rng.random(11)) for _ in range(2)) if is_nyul else (),
        fit_calibration(rng.normal(size=(30, 1)) + y[:, None], y, np.arange(30) % 3),
        fit_domain(rng.normal(size=(30, 5))),
    )


@pytest.fixture
def folder(tmp_path):
    write_image_predictor(tmp_path / "m", _predictor(), {"version": "2", "simulation": True})
    return tmp_path / "m"


@pytest.mark.parametrize("standard", IntensityStandard)
def test_a_model_comes_back_as_it_was_written(tmp_path, standard):
    one = _predictor(standard)
    write_image_predictor(tmp_path, one, {})

    two, _, _ = read_image_predictor(tmp_path)

    for name in ("name", "target", "classes", "plan", "channels", "standard"):
        assert getattr(one, name) == getattr(two, name)
    for before, after in zip(one.weights, two.weights, strict=True):
        assert np.float32 == after["a"].dtype
        np.testing.assert_allclose(before["a"], after["a"], rtol=2**-10)
    assert len(one.nyul) == len(two.nyul)
    for before, after in zip(one.nyul, two.nyul, strict=True):
        np.testing.assert_array_equal(before, after)
    for name in ("scores", "y", "member", "centre", "scale", "weights", "offsets"):
        np.testing.assert_array_equal(
            getattr(one.calibration, name), getattr(two.calibration, name)
        )
    np.testing.assert_array_equal(one.domain.cases, two.domain.cases)
    assert one.domain.limit == two.domain.limit


def test_the_card_and_the_digest_of_the_manifest_come_with_it(folder):
    _, card, sha256 = read_image_predictor(folder)

    assert ("2", True) == (card["version"], card["simulation"])
    assert hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest() == sha256
    assert "images" == predictor_schema(folder)


def test_the_same_model_makes_the_same_bytes(folder, tmp_path):
    write_image_predictor(tmp_path / "n", _predictor(), {"version": "2", "simulation": True})

    assert (folder / MANIFEST).read_bytes() == (tmp_path / "n" / MANIFEST).read_bytes()


def test_no_pickle_is_written(folder):
    assert [*FILES[:1], MANIFEST, *FILES[1:]] == sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_in_any_file_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    place = content.index(b"cnn") if name == "model.json" else len(content) - 1
    content[place] ^= 1
    (folder / name).write_bytes(bytes(content))

    with pytest.raises(ModelError, match=rf"does not hold \({name} was changed\); restore it"):
        read_image_predictor(folder)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()

    with pytest.raises(ModelError, match="does not hold"):
        read_image_predictor(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_manifest_that_leaves_a_file_out_is_refused(folder, name):
    lines = (folder / MANIFEST).read_text().splitlines(keepends=True)
    (folder / MANIFEST).write_text("".join(line for line in lines if name not in line))

    with pytest.raises(ModelError, match=rf"does not name {name}"):
        read_image_predictor(folder)


def test_a_manifest_that_names_a_file_outside_is_refused(folder):
    shutil.copy(folder / "model.json", folder.parent / "x")
    with (folder / MANIFEST).open("a") as stream:
        stream.write(f"{'0' * 64}  ../x\n")

    with pytest.raises(ModelError, match="names a file outside of its folder"):
        read_image_predictor(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"members": 3},
        {"members": None},
        {"intensity": "loud"},
        {"classes": None},
        {"channels": 3},
    ],
)
def test_a_card_that_does_not_fit_is_refused(folder, changed):
    card = json.loads((folder / "model.json").read_text()) | changed
    (folder / "model.json").write_text(json.dumps(card))
    write_manifest(folder)

    with pytest.raises(ModelError):
        read_image_predictor(folder)


def test_a_predictor_of_images_is_none_of_tables(folder):
    with pytest.raises(ModelError):
        read_predictor(folder)

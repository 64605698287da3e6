"""Weights survive the disk in half precision, and damage is noticed."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mamri.networks.weight_file import load_weights, save_weights
from mamri.records import ModelError

WEIGHTS = {
    "b.weight": np.random.default_rng(0).normal(size=(2, 3, 4)),
    "a.bias": np.float32([1.0, -2.0]),
}


def test_weights_come_back_to_half_precision(tmp_path: Path):
    save_weights(tmp_path / "w.safetensors", WEIGHTS)
    found = load_weights(tmp_path / "w.safetensors")
    assert set(WEIGHTS) == set(found)
    for name, array in WEIGHTS.items():
        assert np.float16 == found[name].dtype
        np.testing.assert_array_equal(array.astype(np.float16), found[name])


def test_weights_come_back_whole_where_wanted(tmp_path: Path):
    arrays = {name: array.astype(np.float32) for name, array in WEIGHTS.items()}
    save_weights(tmp_path / "w.safetensors", arrays, half=False)
    for name, array in load_weights(tmp_path / "w.safetensors").items():
        assert np.float32 == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_transposed_weights_keep_their_order(tmp_path: Path):
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    save_weights(tmp_path / "w.safetensors", {"turned": turned})
    np.testing.assert_array_equal(turned, load_weights(tmp_path / "w.safetensors")["turned"])


def test_the_same_weights_make_the_same_bytes(tmp_path: Path):
    save_weights(tmp_path / "one", WEIGHTS)
    save_weights(tmp_path / "two", dict(reversed(WEIGHTS.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "array", [np.ones(2, bool), np.ones(2, np.int64), np.ones(2, complex), np.array(["a"])]
)
def test_anything_but_floats_is_not_written(tmp_path: Path, array: np.ndarray):
    with pytest.raises(ModelError, match="odd is"):
        save_weights(tmp_path / "w.safetensors", {"odd": array})
    assert not (tmp_path / "w.safetensors").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 70000.0])
def test_numbers_beyond_half_precision_are_not_written(tmp_path: Path, value: float):
    with pytest.raises(ModelError, match="finite"):
        save_weights(tmp_path / "w.safetensors", {"large": np.array([value])})


def test_a_missing_file_is_a_model_error(tmp_path: Path):
    with pytest.raises(ModelError, match=r"w\.safetensors is not \(No such file"):
        load_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize("damage", ["cut", "head", "empty"])
def test_a_damaged_file_is_a_model_error(tmp_path: Path, damage: str):
    path = tmp_path / "w.safetensors"
    save_weights(path, WEIGHTS)
    whole = path.read_bytes()
    changed = {"cut": whole[:-5], "head": b"\xff" * 20 + whole[20:], "empty": b""}[damage]
    path.write_bytes(changed)
    with pytest.raises(ModelError, match="damaged"):
        load_weights(path)


@pytest.mark.parametrize("array", [np.ones(2, np.int32), np.float32([1, np.nan])])
def test_a_file_of_other_numbers_is_a_model_error(tmp_path: Path, array: np.ndarray):
    save_file({"odd": array}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="odd in"):
        load_weights(tmp_path / "w.safetensors")


def test_float32_of_other_programs_is_read(tmp_path: Path):
    save_file({"w": np.float32([0.1])}, tmp_path / "w.safetensors")
    assert np.float32([0.1]) == load_weights(tmp_path / "w.safetensors")["w"]

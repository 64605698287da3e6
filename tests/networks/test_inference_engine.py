"""Every engine gives one answer, and refuses what does not fit in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from networks.example_networks import SLICES, VOLUMES, example_image, example_weights, softmax

from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import (
    Backend,
    Device,
    Engine,
    EngineSettings,
    Precision,
    as_batch,
)
from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.networks.openvino_engine import compiled_network, has_bf16, openvino_engine
from mamri.networks.openvino_graph import openvino_network, save_openvino_network
from mamri.networks.openvino_library import ov
from mamri.networks.stored_network import StoredNetwork
from mamri.networks.torch_engine import engine_of_module, engine_of_weights, weights_of
from mamri.networks.unet import build_network
from mamri.networks.weight_file import save_weights
from mamri.records import ModelError

PLAIN = replace(VOLUMES, kind=NetworkKind.PLAIN)
SHAPES = {3: (6, 16, 20), 2: (16, 20)}
F32 = EngineSettings(precision=Precision.F32)
TORCH_F32 = replace(F32, backend=Backend.TORCH)
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredNetwork:
    """A residual network as files of both kinds."""
    folder = tmp_path_factory.mktemp("network")
    weights = example_weights(VOLUMES)
    save_weights(folder / "w.safetensors", weights)
    save_openvino_network(folder / "w.xml", VOLUMES, weights)
    return StoredNetwork(VOLUMES, folder / "w.safetensors", folder / "w.xml")


def reference_of(plan: NetworkPlan) -> np.ndarray:
    """Logits of torch in 32-bit floats, called directly."""
    network = build_network(plan)
    weights = example_weights(plan)
    network.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in weights.items()})
    image = example_image(plan, SHAPES[plan.dimensions])
    with torch.inference_mode():
        return network.eval()(torch.from_numpy(image)[None])[0].numpy()


@pytest.mark.parametrize("make", [compiled_network, engine_of_weights])
@pytest.mark.parametrize("plan", [PLAIN, VOLUMES, SLICES], ids=["plain", "residual", "slices"])
def test_engines_give_the_networks_answer(
    plan: NetworkPlan, make: Callable[[NetworkPlan, dict, EngineSettings], Engine]
):
    expected = reference_of(plan)
    settings = F32 if make is compiled_network else TORCH_F32
    image = example_image(plan, SHAPES[plan.dimensions])
    found = make(plan, example_weights(plan), settings)(image)
    assert expected.std() > 1  # answers as wide as a trained network's
    assert np.float32 == found.dtype
    # 1e-5 is what sums of 32-bit floats in another order give; 1e-3 is what is promised.
    np.testing.assert_allclose(softmax(expected), softmax(found), rtol=0, atol=1e-4)


@needs_bf16
@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("kind", NetworkKind)
def test_bf16_departs_from_f32_by_its_rounding(kind: NetworkKind, backend: Backend):
    # bfloat16 keeps 8 bits. Random networks pass its rounding on: measured over 12 of them mean
    # 0.001, 99 % of voxels within 0.007, single voxels up to 0.054.
    plan = volume_plan(kind, in_channels=2, classes=8, features=(8, 16, 24), blocks=(1, 2, 2))
    torch.manual_seed(0)
    weights = weights_of(build_network(plan))
    image = example_image(plan, (16, 24, 32))
    make = compiled_network if backend is Backend.OPENVINO else engine_of_weights
    exact = make(plan, weights, EngineSettings(backend, precision=Precision.F32))(image)
    rounded = make(plan, weights, EngineSettings(backend, precision=Precision.BF16))(image)
    error = np.abs(softmax(exact) - softmax(rounded))
    assert 1e-5 < error.mean() < 2e-3
    assert np.percentile(error, 99) < 1e-2
    assert error.max() < 0.1


def test_openvino_files_answer_as_the_weights_do(stored: StoredNetwork):
    image = example_image(VOLUMES, SHAPES[3])
    from_files = openvino_engine(stored, F32)(image)
    from_weights = openvino_engine(replace(stored, openvino=None), F32)(image)
    np.testing.assert_allclose(from_weights, from_files, rtol=0, atol=1e-4)


@pytest.mark.parametrize("settings", [F32, TORCH_F32], ids=["openvino", "torch"])
def test_a_batch_is_answered_image_by_image(stored: StoredNetwork, settings: EngineSettings):
    engine = engine_of(stored, settings)
    images = [example_image(VOLUMES, SHAPES[3], seed) for seed in (1, 2)]
    together = engine(np.stack(images))
    for image, answer in zip(images, together, strict=True):
        np.testing.assert_allclose(engine(image), answer, rtol=0, atol=1e-4)


@pytest.mark.parametrize("settings", [F32, TORCH_F32], ids=["openvino", "torch"])
def test_sizes_may_change_and_answers_stay(stored: StoredNetwork, settings: EngineSettings):
    engine = engine_of(stored, settings)
    image = example_image(VOLUMES, SHAPES[3])
    before = image.copy()
    first = engine(image)
    kept = first.copy()
    assert (4, 4, 8, 12) == engine(example_image(VOLUMES, (4, 8, 12), 3)).shape
    np.testing.assert_array_equal(kept, first)  # not a view of memory that is used again
    np.testing.assert_array_equal(kept, engine(image))
    np.testing.assert_array_equal(before, image)
    first[:] = 0  # the caller's to change


@pytest.mark.parametrize("settings", [F32, TORCH_F32], ids=["openvino", "torch"])
def test_any_layout_and_type_of_image_is_taken(stored: StoredNetwork, settings: EngineSettings):
    image = np.round(10 * example_image(VOLUMES, SHAPES[3])).astype(np.int16)
    turned = np.asfortranarray(image)
    turned.flags.writeable = False
    engine = engine_of(stored, settings)
    np.testing.assert_array_equal(engine(image.astype(np.float32)), engine(turned))


def test_the_number_of_threads_changes_nothing_else(stored: StoredNetwork):
    image = example_image(VOLUMES, SHAPES[3])
    before = torch.get_num_threads()
    for settings in (F32, TORCH_F32):
        one = engine_of(stored, replace(settings, threads=1))(image)
        np.testing.assert_allclose(engine_of(stored, settings)(image), one, rtol=0, atol=1e-4)
    assert before == torch.get_num_threads()


def test_openvino_computes_in_the_precision_that_was_asked_for(stored: StoredNetwork):
    for precision in (Precision.F32, Precision.BF16 if has_bf16() else Precision.F32):
        engine = openvino_engine(stored, EngineSettings(precision=precision, threads=1))
        chosen = engine.compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        assert {"f32": "f32", "bf16": "bf16"}[precision] == chosen
        assert 1 == engine.compiled.get_property("INFERENCE_NUM_THREADS")


def test_auto_takes_bf16_where_the_processor_has_it(
    stored: StoredNetwork, monkeypatch: pytest.MonkeyPatch
):
    for has_it, expected in ((True, "bf16"), (False, "f32")):
        if has_it and not has_bf16():
            continue
        monkeypatch.setattr("mamri.networks.openvino_engine.has_bf16", lambda has_it=has_it: has_it)
        compiled = openvino_engine(stored).compiled
        assert expected == compiled.get_property("INFERENCE_PRECISION_HINT").to_string()


def test_bf16_is_refused_without_the_processor(
    stored: StoredNetwork, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mamri.networks.openvino_engine.has_bf16", lambda: False)
    with pytest.raises(ModelError, match="choose precision f32 or auto"):
        openvino_engine(stored, EngineSettings(precision=Precision.BF16))


def test_a_network_in_training_is_an_engine_too():
    network = build_network(VOLUMES, deep_supervision=True)
    engine = engine_of_module(network, TORCH_F32)
    expected = engine_of_weights(VOLUMES, weights_of(network), TORCH_F32)
    image = example_image(VOLUMES, SHAPES[3])
    np.testing.assert_array_equal(expected(image), engine(image))


@pytest.mark.parametrize(
    "shape",
    [(1, 6, 16, 20), (2, 6, 16, 18), (2, 0, 16, 20), (2, 16, 20), (1, 1, 2, 6, 16, 20)],
)
def test_images_that_do_not_fit_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ModelError, match="pad it first"):
        as_batch(VOLUMES, np.zeros(shape, np.float32))


@pytest.mark.parametrize("settings", [F32, TORCH_F32], ids=["openvino", "torch"])
def test_weights_of_another_plan_are_refused(stored: StoredNetwork, settings: EngineSettings):
    other = replace(VOLUMES, classes=5)
    with pytest.raises(ModelError, match="one model"):
        engine_of(replace(stored, plan=other, openvino=None), settings)
    if settings.backend is Backend.OPENVINO:
        with pytest.raises(ModelError, match="one model"):
            engine_of(replace(stored, plan=other), settings)


@pytest.mark.parametrize("make", [compiled_network, engine_of_weights])
def test_missing_and_unknown_weights_are_refused(make: Callable):
    weights = example_weights(VOLUMES)
    with pytest.raises(ModelError, match="surplus"):
        make(VOLUMES, {**weights, "surplus": np.ones(1, np.float16)}, TORCH_F32)
    del weights["encoder.1.0.conv2.conv.bias"]
    with pytest.raises(ModelError, match=r"encoder\.1\.0\.conv2\.conv\.bias"):
        make(VOLUMES, weights, TORCH_F32)


def test_damaged_openvino_files_are_refused(stored: StoredNetwork, tmp_path: Path):
    assert stored.openvino is not None
    (tmp_path / "w.xml").write_bytes(stored.openvino.read_bytes()[:-100])
    for name in ("w.xml", "missing.xml"):
        with pytest.raises(ModelError, match="missing or damaged"):
            openvino_engine(replace(stored, openvino=tmp_path / name))


def test_openvino_files_are_the_same_every_time(stored: StoredNetwork, tmp_path: Path):
    assert stored.openvino is not None
    xml, binary = save_openvino_network(tmp_path / "w.xml", VOLUMES, example_weights(VOLUMES))
    assert stored.openvino.read_bytes() == xml.read_bytes()
    assert stored.openvino.with_suffix(".bin").read_bytes() == binary.read_bytes()
    # Half precision: two bytes a weight.
    assert binary.stat().st_size < 2.2 * sum(w.size for w in example_weights(VOLUMES).values())


def test_openvino_takes_any_size_of_a_stored_network(stored: StoredNetwork):
    shape = ov.Core().read_model(stored.openvino).input().get_partial_shape()
    assert [True, False, True, True, True] == [size.is_dynamic for size in shape]
    assert openvino_network(VOLUMES, example_weights(VOLUMES)).is_dynamic()


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(ModelError, match="torch backend"):
        EngineSettings(device=Device.CUDA)
    with pytest.raises(ModelError, match="at least one thread"):
        EngineSettings(threads=0)
    with pytest.raises(ModelError, match="one of openvino, torch, got 'onnx'"):
        EngineSettings("onnx")  # type: ignore[arg-type]


def test_settings_take_plain_words():
    settings = EngineSettings("torch", "cuda", "bf16")  # type: ignore[arg-type]
    assert (Backend.TORCH, Device.CUDA, Precision.BF16) == (
        settings.backend,
        settings.device,
        settings.precision,
    )


def test_a_gpu_that_is_not_there_is_refused(stored: StoredNetwork, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="torch finds none"):
        engine_of(stored, EngineSettings(Backend.TORCH, Device.CUDA))

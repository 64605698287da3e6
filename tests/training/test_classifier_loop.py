"""Learning classes of cubes: a planted sign, none where there is none, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training.planted_lesions import CHANNELS, SIZE, area_under_curve, planted_lesions

from mamri.networks.lesion_classifier import ClassifierPlan, build_classifier
from mamri.networks.weight_file import load_weights, save_weights
from mamri.records import InputError, ModelError
from mamri.training.classifier_loop import (
    EpochReport,
    Lesions,
    TrainedClassifier,
    classifier_features,
    fit_classifier,
    learn,
    predict_classifier,
    trained_network,
)
from mamri.training.classifier_settings import ClassifierSettings, CropAugmentationSettings
from mamri.training.crop_augmentation import augmented
from mamri.training.lesion_labels import class_weights, held_out_lesions

PLAN = ClassifierPlan(CHANNELS, n_classes=2, size=SIZE, width=8)
SETTINGS = ClassifierSettings(epochs=15, learning_rate=5e-3, patience=0)
STILL = CropAugmentationSettings(
    flip_probability=0, rotation_deg=0, scaling=0, shift_voxels=0, intensity_scaling=0,
    intensity_shift=0, noise_sd=0, channel_dropout=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained() -> TrainedClassifier:
    return fit_classifier(*planted_lesions(32, seed=0), PLAN, SETTINGS, 0)


def _quick(
    crops: np.ndarray, y: np.ndarray, groups: np.ndarray, seed: int = 0, **options: object
) -> TrainedClassifier:
    settings = replace(SETTINGS, epochs=2)
    return fit_classifier(crops, y, groups, PLAN, settings, seed, **options)  # type: ignore[arg-type]


def test_a_bright_rim_is_told_in_patients_never_seen(trained: TrainedClassifier) -> None:
    crops, y, _ = planted_lesions(30, seed=1)

    found = predict_classifier(trained, crops)

    np.testing.assert_allclose(1, found.sum(1))
    assert area_under_curve(y, found[:, 1]) > 0.9


def test_labels_at_random_teach_nothing() -> None:
    crops, y, groups = planted_lesions(32, seed=0)
    shuffled = np.random.default_rng(3).permutation(y)

    trained = fit_classifier(crops, shuffled, groups, PLAN, SETTINGS, 0)

    # AUC of what cannot be told is 0.5, with a standard error of 0.075 from 60 lesions. The loss of
    # those held out would fall if they were learnt from.
    others, _, _ = planted_lesions(30, seed=1)
    label = np.random.default_rng(4).integers(0, 2, len(others))
    assert abs(area_under_curve(label, predict_classifier(trained, others)[:, 1]) - 0.5) < 0.2
    assert min(e.held_out_loss for e in trained.log) > 0.6  # log 2 = 0.69 is ignorance


def test_the_same_seed_gives_the_same_weights_and_another_others() -> None:
    lesions = planted_lesions(8, seed=0)
    torch.manual_seed(1)
    first = _quick(*lesions)
    torch.manual_seed(2)
    again, other = _quick(*lesions), _quick(*lesions, seed=1)

    assert first.log == again.log
    assert all(np.array_equal(first.weights[k], again.weights[k]) for k in first.weights)
    assert not np.array_equal(first.weights["stem.weight"], other.weights["stem.weight"])


def test_learning_leaves_the_cubes_and_the_random_numbers_of_torch_alone() -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    copy = crops.copy()
    crops.setflags(write=False)
    before = torch.random.get_rng_state()

    _quick(crops, y, groups)

    np.testing.assert_array_equal(copy, crops)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_kept_epoch_is_the_one_of_the_lowest_held_out_loss(trained: TrainedClassifier) -> None:
    losses = [epoch.held_out_loss for epoch in trained.log]

    assert list(range(1, SETTINGS.epochs + 1)) == [epoch.epoch for epoch in trained.log]
    assert 1 + int(np.argmin(losses)) == trained.best_epoch
    assert trained.is_finished


def test_lesions_held_out_are_never_learnt_from() -> None:
    crops, y, groups = planted_lesions(10, seed=0)
    held_out = held_out_lesions(y, groups, 0.2, 0)
    varied: list[int] = []
    asked: list[int] = []

    def inputs(part: np.ndarray, draws: torch.Generator | None) -> torch.Tensor:
        (asked if draws is None else varied).extend(part.tolist())
        return torch.from_numpy(crops[part])

    learn(
        build_classifier(PLAN, seed=0),
        Lesions(inputs, y, held_out, 2),
        replace(SETTINGS, epochs=2),
        0,
    )

    assert sorted(2 * np.flatnonzero(~held_out).tolist()) == sorted(varied)
    assert sorted(2 * np.flatnonzero(held_out).tolist()) == sorted(asked)


def test_learning_ends_when_the_loss_no_longer_falls() -> None:
    crops, y, groups = planted_lesions(10, seed=0)
    settings = replace(SETTINGS, epochs=30, patience=3, learning_rate=0.05)

    trained = fit_classifier(crops, y, groups, PLAN, settings, 0)

    assert len(trained.log) < 30
    assert 3 == len(trained.log) - trained.best_epoch


def test_learning_stops_when_asked_and_keeps_what_it_has() -> None:
    told: list[EpochReport] = []

    trained = _quick(*planted_lesions(6, seed=0), tell=told.append, shall_stop=lambda: True)

    assert not trained.is_finished
    assert tuple(told) == trained.log
    assert 1 == len(told)


def test_probabilities_follow_the_frequency_of_classes_whatever_their_weight() -> None:
    draws = np.random.default_rng(0)
    crops = draws.normal(size=(60, len(CHANNELS), SIZE, SIZE, SIZE)).astype(np.float32)
    y = (np.arange(60) % 5 == 0).astype(int)  # one in five, and nothing tells which

    for balance in (0.0, 1.0):
        settings = replace(SETTINGS, epochs=4, balance=balance, learning_rate=1e-3)
        found = predict_classifier(
            fit_classifier(crops, y, np.arange(60), PLAN, settings, 0), crops
        )
        assert 0.2 == pytest.approx(found[:, 1].mean(), abs=0.1)


def test_prediction_does_not_change_in_a_mirror(trained: TrainedClassifier) -> None:
    crops, _, _ = planted_lesions(3, seed=2)
    found = predict_classifier(trained, crops)

    for axes in (2, 4, (2, 4)):
        np.testing.assert_allclose(found, predict_classifier(trained, np.flip(crops, axes)))


def test_features_and_the_last_layer_give_the_logits(trained: TrainedClassifier) -> None:
    crops, _, _ = planted_lesions(3, seed=2)
    weight, bias = trained.weights["head.weight"], trained.weights["head.bias"]

    features = classifier_features(trained, crops)

    assert (6, PLAN.n_features) == features.shape
    network = trained_network(trained)
    mirrored = [np.flip(crops, axes) for axes in ((), 2, 4, (2, 4))]
    logits = [network(torch.from_numpy(c.copy())).numpy() for c in mirrored]
    np.testing.assert_allclose(np.mean(logits, 0), features @ weight.T + bias, atol=1e-4)


def test_weights_survive_the_disk(trained: TrainedClassifier, tmp_path: Path) -> None:
    crops, _, _ = planted_lesions(3, seed=2)
    found = predict_classifier(trained, crops)
    for half, tolerance in ((False, 0.0), (True, 2e-2)):
        save_weights(tmp_path / "w.safetensors", trained.weights, half=half)
        stored = replace(trained, weights=load_weights(tmp_path / "w.safetensors"))
        np.testing.assert_allclose(found, predict_classifier(stored, crops), atol=tolerance)


def test_weights_of_another_plan_are_refused(trained: TrainedClassifier) -> None:
    other = replace(trained, plan=replace(PLAN, width=16))
    with pytest.raises(ModelError, match="those of its plan"):
        trained_network(other)


@given(
    lesions=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2)), min_size=20, max_size=60),
    seed=st.integers(0, 100),
)
def test_patients_are_never_split_and_every_class_can_be_learnt(
    lesions: list[tuple[int, int]], seed: int
) -> None:
    groups, y = np.array(lesions).T
    try:
        held_out = held_out_lesions(y, groups, 0.2, seed)
    except InputError:
        assert any(len(set(groups[y == label])) < 6 for label in set(y))
        return

    assert set() == set(groups[held_out]) & set(groups[~held_out])
    assert set(y) == set(y[~held_out])
    assert max(1, round(0.2 * len(set(groups)))) == len(set(groups[held_out]))


def test_a_fifth_of_every_class_is_held_out() -> None:
    y = np.array([0] * 50 + [1] * 30 + [2] * 20)

    held_out = held_out_lesions(y, np.arange(100), 0.2, 0)

    np.testing.assert_allclose([10, 6, 4], np.bincount(y[held_out]), atol=1)


def test_weights_of_classes_make_them_count_alike() -> None:
    y = np.array([0] * 6 + [1] * 3 + [2] * 1)

    assert [1, 1, 1] == class_weights(y, 3, 0.0).tolist()
    np.testing.assert_allclose(10 / 3, class_weights(y, 3, 1.0).numpy() * [6, 3, 1], rtol=1e-6)
    halfway = class_weights(y, 3, 0.5).numpy()
    np.testing.assert_allclose(10, (halfway * [6, 3, 1]).sum(), rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(6), halfway[2] / halfway[0], rtol=1e-6)


def _cubes() -> torch.Tensor:
    return torch.from_numpy(planted_lesions(4, seed=5, noise=0.1)[0])


def test_without_augmentation_cubes_stay_as_they_are() -> None:
    cubes = _cubes()

    found = augmented(cubes, CHANNELS, STILL, torch.Generator().manual_seed(0))

    torch.testing.assert_close(cubes, found, atol=1e-5, rtol=0)


def test_mirrors_are_of_left_and_right_and_of_head_and_feet() -> None:
    cubes = _cubes()

    found = augmented(
        cubes, CHANNELS, replace(STILL, flip_probability=1), torch.Generator().manual_seed(0)
    )

    torch.testing.assert_close(cubes.flip(2, 4), found, atol=1e-5, rtol=0)


def test_the_mask_is_moved_but_keeps_its_values() -> None:
    cubes = _cubes()
    intensities = replace(
        STILL, intensity_scaling=0.5, intensity_shift=1, noise_sd=1, channel_dropout=0.5
    )

    found = augmented(cubes, CHANNELS, intensities, torch.Generator().manual_seed(0))

    torch.testing.assert_close(cubes[:, 3], found[:, 3], atol=1e-5, rtol=0)
    assert (cubes[:, :3] - found[:, :3]).abs().mean() > 0.1
    is_blank = (found == 0).all(4).all(3).all(2)
    assert is_blank.any()
    assert not is_blank.all()


def test_a_turned_lesion_keeps_its_volume() -> None:
    cubes = _cubes()
    turned = replace(STILL, rotation_deg=45)

    found = augmented(cubes, CHANNELS, turned, torch.Generator().manual_seed(0))

    volume = cubes[:, 3].sum((1, 2, 3))
    torch.testing.assert_close(volume, found[:, 3].sum((1, 2, 3)), rtol=0.03, atol=0)


def test_a_shift_is_measured_in_voxels() -> None:
    cubes = _cubes()
    shifted = replace(STILL, shift_voxels=2)

    found = augmented(cubes, CHANNELS, shifted, torch.Generator().manual_seed(0))

    moved = torch.stack(
        [_centre(new) - _centre(old) for new, old in zip(found, cubes, strict=True)]
    )
    assert 1.2 < float(moved.abs().max()) <= 2.05
    assert bool((moved.std(0) > 0.2).all())  # along every axis


def _centre(cube: torch.Tensor) -> torch.Tensor:
    at = torch.stack(torch.meshgrid(*[torch.arange(float(SIZE))] * 3, indexing="ij"))
    return (cube[3] * at).sum((1, 2, 3)) / cube[3].sum()


def test_shapes_that_do_not_fit_are_refused() -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    with pytest.raises(InputError, match=r"\(n, 4, 16, 16, 16\)"):
        _quick(crops[:, :3], y, groups)
    with pytest.raises(InputError, match="cut and stack"):
        _quick(crops[0], y, groups)
    with pytest.raises(InputError, match="one label and one patient"):
        _quick(crops, y[1:], groups)


def test_cubes_with_nan_are_refused(trained: TrainedClassifier) -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    crops[2, 1, 3, 3, 3] = np.nan
    with pytest.raises(InputError, match="finite numbers were needed"):
        _quick(crops, y, groups)
    with pytest.raises(InputError, match="finite numbers were needed"):
        predict_classifier(trained, crops)


def test_labels_that_are_no_classes_are_refused() -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    with pytest.raises(InputError, match="two classes or more were needed, got 1"):
        _quick(crops, np.zeros_like(y), groups)
    with pytest.raises(InputError, match="whole numbers from 0 to 1"):
        _quick(crops, y + 1, groups)
    with pytest.raises(InputError, match="whole numbers from 0 to 1"):
        _quick(crops, y.astype(float), groups)


def test_too_few_patients_are_refused() -> None:
    crops, y, _ = planted_lesions(6, seed=0)
    with pytest.raises(InputError, match="add patients"):
        _quick(crops, y, np.zeros(len(y), int))
    with pytest.raises(InputError, match="add patients"):
        _quick(crops, y, y)


def test_a_loss_that_is_no_number_ends_learning() -> None:
    crops, y, groups = planted_lesions(6, seed=0)
    with pytest.raises(ModelError, match="lower the learning rate"):
        _quick(np.full_like(crops, 3e38), y, groups)

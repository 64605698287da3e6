"""Attributions: they sum to what they explain, and point at the planted lesion."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from training.planted_lesions import CHANNELS, SIZE, planted_lesions

from mamri.networks.lesion_classifier import ClassifierPlan, pooled
from mamri.records import InputError
from mamri.training.classifier_loop import TrainedClassifier, fit_classifier, trained_network
from mamri.training.classifier_settings import ClassifierSettings
from mamri.training.saliency import hires_cam, integrated_gradients

PLAN = ClassifierPlan(CHANNELS, n_classes=2, size=SIZE, width=8)


@pytest.fixture(scope="module")
def trained() -> TrainedClassifier:
    settings = ClassifierSettings(epochs=15, learning_rate=5e-3, patience=0)
    return fit_classifier(*planted_lesions(32, seed=0), PLAN, settings, 0)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    crops, y, _ = planted_lesions(4, seed=1)
    return crops[y == 1][0]


def _logits(trained: TrainedClassifier, crop: np.ndarray) -> np.ndarray:
    """Of the cube, and of a cube of zeros in the same outline."""
    cubes = torch.from_numpy(np.stack([crop, np.zeros_like(crop)]))
    network = trained_network(trained)
    return network(cubes, network.outline(cubes[[0, 0]])).double().numpy()


@pytest.mark.parametrize("target", [0, 1])
def test_attributions_sum_to_the_difference_of_the_logits(
    trained: TrainedClassifier, crop: np.ndarray, target: int
) -> None:
    found = integrated_gradients(trained, crop, target)

    # 64 points leave a percent or two, for the rectifiers and maxima bend along the line.
    with_lesion, without = _logits(trained, crop)[:, target]
    assert crop.shape == found.shape
    assert with_lesion - without == pytest.approx(found.sum(), rel=0.03)


def test_more_points_come_nearer_to_completeness(
    trained: TrainedClassifier, crop: np.ndarray
) -> None:
    with_lesion, without = _logits(trained, crop)[:, 1]

    errors = [
        abs(integrated_gradients(trained, crop, 1, steps=steps).sum() - with_lesion + without)
        for steps in (1, 8, 64)
    ]

    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_a_channel_of_zeros_gets_nothing(trained: TrainedClassifier, crop: np.ndarray) -> None:
    blank = crop.copy()
    blank[2] = 0

    assert 0 == np.abs(integrated_gradients(trained, blank, 1)[2]).max()


def test_the_lesion_matters_more_than_what_lies_around_it(
    trained: TrainedClassifier, crop: np.ndarray
) -> None:
    found = np.abs(integrated_gradients(trained, crop, 1)[1])
    lesion = crop[3] > 0

    assert found[lesion].mean() > 2 * found[~lesion].mean()


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_the_map_for_display_runs_from_0_to_1_on_the_voxels_of_the_cube(
    trained: TrainedClassifier, crop: np.ndarray, stage: int
) -> None:
    maps = [hires_cam(trained, crop, target, stage=stage) for target in (0, 1)]

    assert {crop.shape[1:]} == {found.shape for found in maps}
    assert min(found.min() for found in maps) >= 0
    assert {1.0} == {found.max() for found in maps if found.any()}
    assert any(found.any() for found in maps)


@pytest.mark.parametrize("target", [0, 1])
def test_the_map_for_display_is_that_of_the_equations(
    trained: TrainedClassifier, crop: np.ndarray, target: int
) -> None:
    """The slow way: gradients of the last stage by differences, one voxel after the other."""
    network = trained_network(trained).double()
    cube = torch.from_numpy(crop[None]).double()
    outline = network.outline(cube)
    *before, maps = network.maps(cube)
    first = [pooled(own, outline) for own in before]

    def logit(last: torch.Tensor) -> float:
        return float(network.head(torch.cat([*first, pooled(last, outline)], 1))[0, target])

    start, step = logit(maps), 1e-6
    speaks = torch.zeros(1, 1, *maps.shape[2:], dtype=torch.float64)
    for place in np.ndindex(*maps.shape[1:]):
        moved = maps.clone()
        moved[(0, *place)] += step
        speaks[(0, 0, *place[1:])] += (logit(moved) - start) / step * maps[(0, *place)]
    fine = torch.nn.functional.interpolate(
        speaks.relu(), crop.shape[1:], mode="trilinear", align_corners=False
    )[0, 0].numpy()

    expected = fine / fine.max() if fine.any() else fine
    np.testing.assert_allclose(hires_cam(trained, crop, target, stage=3), expected, atol=1e-4)


def test_what_the_logit_does_not_rest_on_is_not_shown(
    trained: TrainedClassifier, crop: np.ndarray
) -> None:
    """Fine maps far from the outline reach the logit by nothing but coarse ones beside it."""
    seen = hires_cam(trained, crop, 1, stage=0)
    lesion = crop[3] > 0

    assert seen[lesion].mean() > 4 * seen[~lesion].mean()


def test_what_cannot_be_explained_is_refused(trained: TrainedClassifier, crop: np.ndarray) -> None:
    with pytest.raises(InputError, match="classes run from 0 to 1, got 2"):
        integrated_gradients(trained, crop, 2)
    with pytest.raises(InputError, match="cubes of shape"):
        integrated_gradients(trained, crop[:2], 1)
    with pytest.raises(InputError, match="at least one step"):
        integrated_gradients(trained, crop, 1, steps=0)
    with pytest.raises(InputError, match="stages run from 0 to 3, got 4"):
        hires_cam(trained, crop, 1, stage=4)
    with pytest.raises(InputError, match="finite numbers"):
        hires_cam(replace(trained), np.full_like(crop, np.nan), 1)

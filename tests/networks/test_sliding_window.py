"""Patches cover the image, blend to nothing but the answer, and lie where nnU-Net's lie."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

import numpy as np
import pytest
from networks.example_networks import SLICES, VOLUMES, example_image, example_weights, softmax
from scipy import ndimage

from mamri.networks.network_plan import NetworkPlan
from mamri.networks.openvino_engine import compiled_network
from mamri.networks.sliding_window import (
    Answer,
    Mirror,
    WindowSettings,
    gaussian_weights,
    pass_bytes_per_voxel,
    patch_within,
    plan_patch,
    predict_whole,
    window_starts,
)
from mamri.records import ModelError

LOGITS = WindowSettings(answer=Answer.LOGITS)
# VOLUMES takes multiples of (2, 4, 4); its four classes are those of the fakes below.
assert VOLUMES.divisor == (2, 4, 4)


@dataclass
class FakeEngine:
    """An engine that computes by a function and keeps the shapes that it saw."""

    answer: Callable[[np.ndarray], np.ndarray]  # (C, ...) to (K, ...)
    plan: NetworkPlan = VOLUMES
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        self.shapes.append(image.shape)
        assert image.dtype == np.float32
        assert image.flags.c_contiguous
        if image.ndim == self.plan.dimensions + 2:
            return np.stack([self.answer(one) for one in image])
        return self.answer(image)


def of_each_voxel(image: np.ndarray) -> np.ndarray:
    """Logits that depend on the voxel alone: patches cannot matter."""
    a, b = image[0], image[-1]
    return np.stack([a, 2 * b, a * b, a - b])


def of_the_place(image: np.ndarray) -> np.ndarray:
    """Logits that depend on where in the patch a voxel lies: patches matter, and so do mirrors."""
    ramp = np.linspace(0, 1, image[0].size, dtype=np.float32).reshape(image[0].shape)
    return of_each_voxel(image) + ramp * np.arange(4).reshape(-1, *[1] * ramp.ndim)


@pytest.mark.parametrize("shape", [(6, 16, 20), (7, 13, 9), (1, 30, 4), (12, 16, 40)])
@pytest.mark.parametrize("patch", [None, (4, 8, 8), (6, 16, 20), (12, 4, 32)])
def test_patches_leave_no_trace(shape: tuple[int, ...], patch: tuple[int, ...] | None):
    image = example_image(VOLUMES, shape)
    before = image.copy()
    found = predict_whole(image, FakeEngine(of_each_voxel), replace(LOGITS, patch=patch))
    np.testing.assert_allclose(of_each_voxel(image), found, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(before, image)
    assert np.float32 == found.dtype


def test_patches_are_blended_as_their_weights_say():
    image, patch = example_image(VOLUMES, (7, 20, 13)), (4, 8, 8)
    found = predict_whole(image, FakeEngine(of_the_place), replace(LOGITS, patch=patch))
    # The slow way: every voxel asks every patch.
    weights = gaussian_weights(patch)
    places = [window_starts(n, size) for n, size in zip(image.shape[1:], patch, strict=True)]
    total, count = np.zeros(found.shape), np.zeros(image.shape[1:])
    for place in product(*places):
        box = tuple(slice(k, k + n) for k, n in zip(place, patch, strict=True))
        answer = of_the_place(image[:, *box])
        for voxel in np.ndindex(patch):
            at = tuple(np.add(place, voxel))
            total[:, *at] += weights[voxel] * answer[:, *voxel]
            count[at] += weights[voxel]
    np.testing.assert_allclose(total / count, found, rtol=0, atol=1e-5)


def test_probabilities_are_those_of_the_logits():
    image = example_image(VOLUMES, (6, 16, 20))
    found = predict_whole(image, FakeEngine(of_each_voxel))
    np.testing.assert_allclose(softmax(of_each_voxel(image)), found, rtol=0, atol=1e-6)
    each = predict_whole(image, FakeEngine(of_each_voxel), WindowSettings(answer=Answer.SIGMOID))
    np.testing.assert_allclose(1 / (1 + np.exp(-of_each_voxel(image))), each, rtol=0, atol=1e-6)


def test_large_logits_make_certain_probabilities():
    image = 1000 * example_image(VOLUMES, (2, 4, 4))
    found = predict_whole(image, FakeEngine(of_each_voxel))
    np.testing.assert_allclose(1, found.sum(0), rtol=0, atol=1e-6)


@pytest.mark.parametrize("answer", Answer)
def test_mirror_images_are_averaged(answer: Answer):
    image = example_image(VOLUMES, (6, 16, 20))
    # Classes 1 and 2 change places between right and left; slices are mirrored without a change.
    settings = WindowSettings(mirrors=(Mirror(0), Mirror(2, (0, 2, 1, 3))), answer=answer)
    activate = {
        Answer.LOGITS: lambda logits: logits,
        Answer.SOFTMAX: softmax,
        Answer.SIGMOID: lambda logits: 1 / (1 + np.exp(-logits)),
    }[answer]
    expected = np.zeros((4, 6, 16, 20))
    for axes in ((), (1,), (3,), (1, 3)):
        one = np.flip(activate(of_the_place(np.flip(image, axes))), axes)
        expected += (one[[0, 2, 1, 3]] if 3 in axes else one) / 4
    engine = FakeEngine(of_the_place)
    found = predict_whole(image, engine, settings)
    np.testing.assert_allclose(expected, found, rtol=0, atol=1e-5)
    assert 4 == len(engine.shapes)


def test_a_mirrored_image_gives_the_mirrored_answer():
    image, order = example_image(VOLUMES, (7, 13, 21)), [0, 2, 1, 3]
    settings = WindowSettings(patch=(4, 8, 8), mirrors=(Mirror(2, tuple(order)),))
    engine = FakeEngine(of_the_place)
    expected = predict_whole(image, engine, settings)[order][..., ::-1]
    found = predict_whole(image[..., ::-1], engine, settings)
    # The middle of a patch of even size lies half a voxel off, and so do the weights.
    np.testing.assert_allclose(expected, found, rtol=0, atol=0.1)
    one = replace(settings, patch=None)
    np.testing.assert_allclose(
        predict_whole(image[..., :20], engine, one)[order][..., ::-1],
        predict_whole(image[..., 19::-1], engine, one),
        rtol=0,
        atol=1e-6,
    )


def test_networks_see_multiples_of_their_divisor_in_one_pass():
    engine = FakeEngine(of_each_voxel)
    predict_whole(example_image(VOLUMES, (7, 13, 9)), engine)
    assert [(2, 8, 16, 12)] == engine.shapes


def test_images_are_filled_up_on_both_sides():
    seen = []

    def answer(image: np.ndarray) -> np.ndarray:
        seen.append(image.copy())
        return of_each_voxel(image)

    image = example_image(VOLUMES, (2, 4, 5))
    predict_whole(image, FakeEngine(answer), replace(LOGITS, patch=(4, 4, 8)), fill=(-1.0, 3.0))
    expected = np.stack(  # the odd voxel goes to the end, as in nnU-Net
        [
            np.pad(c, ((1, 1), (0, 0), (1, 2)), constant_values=v)
            for c, v in zip(image, (-1, 3), strict=True)
        ]
    )
    np.testing.assert_array_equal(expected, seen[0])
    predict_whole(image, FakeEngine(answer), replace(LOGITS, patch=(4, 4, 8)))
    assert 0 == seen[1][:, 0].min() == seen[1][:, 0].max()


def test_patches_are_prepared_one_by_one():
    image = example_image(VOLUMES, (6, 16, 40))[:1]

    def prepare(part: np.ndarray) -> np.ndarray:
        return np.concatenate([part - part.mean(), np.ones_like(part)])

    settings = replace(LOGITS, patch=(6, 16, 16), step=1.0)
    found = predict_whole(image, FakeEngine(of_each_voxel), settings, prepare=prepare)
    first = of_each_voxel(prepare(image[..., :16]))
    np.testing.assert_allclose(first[..., :12], found[..., :12], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("answer", "expected"), [(Answer.SOFTMAX, [1, 0, 0, 0]), (Answer.SIGMOID, [0, 0, 0, 0])]
)
def test_patches_that_need_no_look_are_left_to_the_background(answer: Answer, expected: list):
    engine = FakeEngine(of_each_voxel)
    found = predict_whole(
        example_image(VOLUMES, (6, 16, 40)),
        engine,
        WindowSettings(patch=(4, 8, 8), answer=answer),
        prepare=lambda part: None,
    )
    np.testing.assert_allclose(np.broadcast_to(expected, (6, 16, 40, 4)), np.moveaxis(found, 0, -1))
    assert [] == engine.shapes


def test_patches_without_a_look_have_no_logits():
    with pytest.raises(ModelError, match="ask for probabilities"):
        predict_whole(
            example_image(VOLUMES, (2, 4, 4)),
            FakeEngine(of_each_voxel),
            LOGITS,
            prepare=lambda part: None,
        )


def test_networks_of_slices_see_stacks_of_slices():
    plan = replace(SLICES, classes=4)
    engine = FakeEngine(of_each_voxel, plan)
    image = example_image(plan, (5, 13, 21))
    settings = replace(LOGITS, patch=(8, 8), memory_mb=pass_bytes_per_voxel(plan) * 130 / 2**20)
    found = predict_whole(image, engine, settings)
    np.testing.assert_allclose(of_each_voxel(image), found, rtol=0, atol=1e-5)
    assert {(2, 1, 8, 8), (1, 1, 8, 8)} == set(engine.shapes)  # two slices fit, one is left over
    whole = FakeEngine(of_each_voxel, plan)
    predict_whole(image, whole, LOGITS)
    assert [(5, 1, 14, 22)] == whole.shapes


def test_a_network_answers_through_the_window():
    engine = compiled_network(VOLUMES, example_weights(VOLUMES))
    image = example_image(VOLUMES, (6, 16, 20))
    found = predict_whole(image, engine)
    np.testing.assert_allclose(softmax(engine(image)), found, rtol=0, atol=1e-6)


# Positions by nnunetv2 2.8.1 (Apache-2.0), compute_steps_for_sliding_window; 552 more, and four
# maps of weights, were compared once and were the same to the bit.
@pytest.mark.parametrize(
    ("size", "patch", "step", "expected"),
    [
        (64, 64, 0.5, [0]),
        (65, 64, 0.5, [0, 1]),
        (110, 64, 0.5, [0, 23, 46]),
        (93, 64, 0.25, [0, 14, 29]),
        (51, 20, 0.5, [0, 8, 16, 23, 31]),
        (37, 16, 0.7, [0, 10, 21]),
    ],
)
def test_patches_lie_where_those_of_nnunet_lie(
    size: int, patch: int, step: float, expected: list[int]
):
    assert expected == window_starts(size, patch, step)


@pytest.mark.parametrize("patch", [(16, 24, 20), (5, 7, 9), (64, 48)])
def test_weights_are_those_of_nnunet(patch: tuple[int, ...]):
    # Its definition: a point filtered with a Gaussian of an eighth of the patch, scaled to 10.
    point = np.zeros(patch)
    point[tuple(n // 2 for n in patch)] = 1
    expected = ndimage.gaussian_filter(point, [n / 8 for n in patch], mode="constant")
    found = gaussian_weights(patch)
    np.testing.assert_allclose(expected / expected.max() * 10, found, rtol=1e-6)
    assert np.float32 == found.dtype


def test_no_voxel_of_a_patch_counts_for_nothing():
    # The filter ends four standard deviations from the middle, which is where the patch ends.
    for size in range(1, 40):
        assert gaussian_weights((size, 3)).min() > 0


def test_an_image_that_fits_is_taken_as_a_whole():
    need = 8 * 16 * 12 * pass_bytes_per_voxel(VOLUMES) / 2**20
    assert (8, 16, 12) == plan_patch((7, 13, 9), VOLUMES, memory_mb=1.001 * need)
    assert (8, 16, 12) != plan_patch((7, 13, 9), VOLUMES, memory_mb=0.999 * need)


@pytest.mark.parametrize("voxels", [32, 100, 500, 2000, 5000])
def test_no_other_patch_takes_less_work(voxels: int):
    shape = (11, 30, 41)
    memory = voxels * pass_bytes_per_voxel(VOLUMES) / 2**20
    patch = plan_patch(shape, VOLUMES, memory_mb=memory)

    def work(sizes: tuple[int, ...]) -> int:
        counts = [
            len(window_starts(max(n, size), size)) for n, size in zip(shape, sizes, strict=True)
        ]
        return prod(counts) * prod(sizes)

    every = product(range(2, 13, 2), range(4, 33, 4), range(4, 45, 4))
    least = min(work(sizes) for sizes in every if prod(sizes) <= voxels)
    assert least == work(patch)
    assert prod(patch) <= voxels
    assert all(n % unit == 0 for n, unit in zip(patch, VOLUMES.divisor, strict=True))


def test_a_patch_is_smaller_only_where_the_image_is():
    assert (6, 16, 16) == patch_within((16, 16, 16), (5, 13, 99), VOLUMES)


def test_too_little_memory_is_refused():
    with pytest.raises(ModelError, match="allow more memory"):
        plan_patch((64, 64, 64), VOLUMES, memory_mb=0.001)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (WindowSettings(patch=(3, 8, 8)), "multiples of"),
        (WindowSettings(patch=(8, 8)), "3 sizes"),
        (WindowSettings(mirrors=(Mirror(2, (0, 2, 1)),)), "each of 4 classes once"),
    ],
)
def test_settings_of_another_network_are_refused(settings: WindowSettings, message: str):
    with pytest.raises(ModelError, match=message):
        predict_whole(example_image(VOLUMES, (4, 8, 8)), FakeEngine(of_each_voxel), settings)


def test_a_network_of_slices_has_no_mirror_along_them():
    with pytest.raises(ModelError, match="choose 1 or 2"):
        predict_whole(
            example_image(SLICES, (4, 8, 8)),
            FakeEngine(of_each_voxel, SLICES),
            WindowSettings(mirrors=(Mirror(0),)),
        )


@pytest.mark.parametrize(
    "values", [{"step": 0.0}, {"step": 1.1}, {"mirrors": (Mirror(1), Mirror(1))}]
)
def test_settings_that_cannot_work_are_refused(values: dict):
    with pytest.raises(ModelError, match="correct the settings"):
        WindowSettings(**values)


def test_images_that_do_not_fit_are_refused():
    engine = FakeEngine(of_each_voxel)
    with pytest.raises(ModelError, match="2 channels and three axes"):
        predict_whole(np.zeros((1, 4, 8, 8)), engine)
    with pytest.raises(ModelError, match="finite values"):
        predict_whole(np.full((2, 4, 8, 8), np.nan), engine)

"""Labels and masks on a full grid, without the memory of all classes there."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from mamri.networks.resample_probabilities import Positions, labels_at, mask_at
from mamri.records import GeometryError


def example_probabilities(k: int = 4, shape: tuple[int, ...] = (5, 7, 6)) -> np.ndarray:
    powers = np.exp(3 * np.random.default_rng(0).normal(size=(k, *shape)))
    return (powers / powers.sum(0)).astype(np.float32)


def same_extent(shape: tuple[int, ...], full: tuple[int, ...]) -> Positions:
    """Positions of a full grid that covers the same box as a coarse one."""
    s, r, c = ((np.arange(f) + 0.5) * n / f - 0.5 for n, f in zip(shape, full, strict=True))
    return s, r, c


def whole_way(probabilities: np.ndarray, positions: Positions) -> np.ndarray:
    """All classes on the full grid at once, by scipy."""
    at = np.stack(np.meshgrid(*positions, indexing="ij"))
    return np.stack(
        [ndimage.map_coordinates(p, at, order=1, mode="nearest") for p in probabilities]
    )


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("full", [(11, 15, 20), (3, 9, 4), (5, 7, 6), (1, 1, 1)])
def test_labels_are_those_of_the_slow_way(full: tuple[int, ...], kind: type):
    probabilities = example_probabilities().astype(kind)
    positions = same_extent((5, 7, 6), full)
    expected = whole_way(probabilities.astype(float), positions)
    found = labels_at(probabilities, positions)
    assert np.uint8 == found.dtype
    # The same class, or one that rounding cannot tell from it.
    taken = np.take_along_axis(expected, found[None].astype(int), 0)[0]
    np.testing.assert_allclose(expected.max(0), taken, rtol=0, atol=1e-6)
    assert np.mean(expected.argmax(0) == found) > 0.99


@pytest.mark.parametrize("classes", [[2], [0, 3], (1, 2, 3)])
def test_masks_add_classes(classes: list[int]):
    probabilities, positions = example_probabilities(), same_extent((5, 7, 6), (11, 15, 20))
    together = whole_way(probabilities.astype(float), positions)[list(classes)].sum(0)
    for threshold in (0.3, 0.5):
        found = mask_at(probabilities, positions, classes, threshold=threshold)
        clear = np.abs(together - threshold) > 1e-6
        np.testing.assert_array_equal((together > threshold)[clear], found[clear])


def test_the_same_grid_keeps_the_labels():
    probabilities = example_probabilities()
    positions = tuple(np.arange(n, dtype=float) for n in (5, 7, 6))
    np.testing.assert_array_equal(probabilities.argmax(0), labels_at(probabilities, positions))


def test_the_first_of_equal_classes_is_taken():
    probabilities = np.full((3, 2, 2, 2), 1 / 3, np.float32)
    assert 0 == labels_at(probabilities, same_extent((2, 2, 2), (3, 4, 5))).max()


def test_one_coarse_slice_serves_all():
    probabilities = example_probabilities(shape=(1, 7, 6))
    found = labels_at(probabilities, same_extent((1, 7, 6), (4, 7, 6)))
    np.testing.assert_array_equal(np.broadcast_to(probabilities.argmax(0), (4, 7, 6)), found)


def test_logits_of_any_size_have_a_likeliest_class():
    logits = -1e4 * (1 + np.arange(3, dtype=np.float32)).reshape(3, 1, 1, 1) * np.ones((3, 2, 2, 2))
    assert 0 == labels_at(logits[[0, 1, 2]], same_extent((2, 2, 2), (4, 4, 4))).max()
    assert 2 == labels_at(logits[[2, 1, 0]], same_extent((2, 2, 2), (4, 4, 4))).min()


@pytest.mark.parametrize("make", ["labels", "mask"])
def test_memory_stays_at_a_few_slices(make: str):
    probabilities = example_probabilities(8, (20, 24, 28)).astype(np.float16)
    full = (60, 96, 112)
    positions = same_extent((20, 24, 28), full)
    tracemalloc.start()
    try:
        if make == "labels":
            found = labels_at(probabilities, positions)
        else:
            found = mask_at(probabilities, positions, [1, 2])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    slice_bytes = 4 * full[1] * full[2]
    # The answer, and working space of eight slices of one class; all classes would take 480.
    assert peak < found.nbytes + 8 * slice_bytes
    assert full == found.shape


@pytest.mark.parametrize("shape", [(5, 7, 6), (257, 1, 1, 1), (0, 1, 1, 1)])
def test_other_shapes_are_refused(shape: tuple[int, ...]):
    with pytest.raises(GeometryError, match="at most 256 classes"):
        labels_at(np.zeros(shape), same_extent((1, 1, 1), (2, 2, 2)))

"""Texture matrices against slow, obvious ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from mamri.radiomics import Aggregation
from mamri.radiomics.cooccurrence import cooccurrence_features
from mamri.radiomics.emphasis import emphasis_features
from mamri.radiomics.neighbourhood import neighbourhood_features
from mamri.radiomics.run_lengths import run_length_features
from mamri.radiomics.zones import edge_distance, zone_features

MERGED = Aggregation.SPACE_MERGED


@st.composite
def level_arrays(draw: st.DrawFn) -> np.ndarray:
    """Grey levels 1 to 4 with gaps."""
    shape = draw(st.tuples(*[st.integers(2, 5)] * 3))
    seed = draw(st.integers(0, 10**6))
    levels = np.random.default_rng(seed).integers(0, 5, shape).astype(np.int32)
    levels[0, 0, 0] = 1
    return levels


def by_hand(levels: np.ndarray, where: tuple[int, ...]) -> int:
    """Level there, 0 beyond the array."""
    inside = all(0 <= k < n for k, n in zip(where, levels.shape, strict=True))
    return int(levels[where]) if inside else 0


def all_around(levels: np.ndarray, voxel: np.ndarray) -> list[int]:
    steps = [s for s in np.ndindex(3, 3, 3) if s != (1, 1, 1)]
    near = [by_hand(levels, tuple(voxel + np.array(step) - 1)) for step in steps]
    return [level for level in near if level]


@given(level_arrays())
def test_cooccurrence_counts_every_pair_of_neighbours(levels: np.ndarray):
    pairs = [
        (by_hand(levels, tuple(voxel)), other)
        for voxel in np.argwhere(levels > 0)
        for other in all_around(levels, voxel)
    ]
    if not pairs:
        return
    counts = Counter(pairs)
    p = np.array(list(counts.values())) / len(pairs)
    i, j = np.array(list(counts)).T
    found = cooccurrence_features(levels, MERGED)

    assert p.max() == pytest.approx(found["joint_maximum"])
    assert -(p * np.log2(p)).sum() == pytest.approx(found["joint_entropy"])
    assert (p * (i - j) ** 2).sum() == pytest.approx(found["contrast"])
    assert (p * i * j).sum() == pytest.approx(found["autocorrelation"])


@given(level_arrays())
def test_neighbourhoods_count_who_is_around(levels: np.ndarray):
    voxels = np.argwhere(levels > 0)
    near = [all_around(levels, voxel) for voxel in voxels]
    own = [by_hand(levels, tuple(voxel)) for voxel in voxels]
    same = np.array([1 + around.count(level) for around, level in zip(near, own, strict=True)])
    differences: dict[int, float] = {}
    for around, level in zip(near, own, strict=True):
        if around:
            differences[level] = differences.get(level, 0) + abs(level - np.mean(around))
    tone, dependence = neighbourhood_features(levels, MERGED)

    assert (same**2).mean() == pytest.approx(dependence["high_dependence_emphasis"])
    assert same.var() == pytest.approx(dependence["dependence_count_variance"])
    n = sum(bool(around) for around in near)
    weighted = sum(
        value
        * sum(level == one for one, around in zip(own, near, strict=True) if around)
        / max(n, 1)
        for level, value in differences.items()
    )
    if weighted > 0:
        assert 1 / weighted == pytest.approx(tone["coarseness"])


@given(level_arrays())
def test_zones_are_connected_components(levels: np.ndarray):
    mask = np.ones(levels.shape, bool)
    distance = edge_distance(mask, is_planar=False)
    sizes, nearest = [], []
    for level in range(1, 5):
        labels, count = ndimage.label(levels == level, np.ones((3, 3, 3)))
        for zone in range(1, count + 1):
            sizes.append(np.count_nonzero(labels == zone))
            nearest.append(distance[labels == zone].min())
    by_size, by_distance = zone_features(levels, mask, MERGED)

    assert np.square(sizes).mean() == pytest.approx(by_size["large_zone_emphasis"])
    assert np.var(nearest) == pytest.approx(by_distance["zone_distance_variance"])
    assert len(sizes) / np.count_nonzero(levels) == pytest.approx(by_size["zone_percentage"])


def test_distances_from_the_edge_count_steps_through_faces():
    mask = np.ones((5, 5, 5), bool)

    assert [1, 2, 3, 2, 1] == edge_distance(mask, is_planar=False)[2, 2].tolist()
    # In a plane the slices above and below do not count.
    assert [1, 2, 3, 2, 1] == edge_distance(mask[:1], is_planar=True)[0, 2].tolist()
    assert [1, 1, 1, 1, 1] == edge_distance(mask[:1], is_planar=False)[0, 2].tolist()


def test_runs_along_one_row():
    # Runs: 1 1, 3, 1 along the row; three single voxels are runs of one along the other ways.
    levels = np.array([[[1, 1, 3, 0, 1]]], np.int32)
    found = run_length_features(levels, Aggregation.STACK_AVERAGED)
    along, across = (4 + 1 + 1) / 3, 1.0

    assert (along + 3 * across) / 4 == pytest.approx(found["long_runs_emphasis"])
    assert (3 / 4 + 3 * 1) / 4 == pytest.approx(found["run_percentage"])


@given(level_arrays())
def test_every_voxel_is_in_one_run_of_each_direction(levels: np.ndarray):
    found = run_length_features(levels, Aggregation.SPACE_MERGED)
    n = np.count_nonzero(levels)
    runs = found["run_percentage"] * 13 * n
    # The mean length times the number of runs is the number of voxels, 13 times.
    mean = np.sqrt(found["long_runs_emphasis"] - found["run_length_variance"])

    assert 13 * n == pytest.approx(runs * mean)


def test_turning_and_mirroring_changes_no_merged_texture():
    levels = np.random.default_rng(3).integers(0, 5, (6, 6, 6)).astype(np.int32)
    turned = np.ascontiguousarray(np.rot90(levels, axes=(0, 2))[:, ::-1])
    for features in (cooccurrence_features, run_length_features):
        assert features(levels, MERGED) == pytest.approx(features(turned, MERGED))
    for one, other in zip(
        (*zone_features(levels, levels > 0, MERGED), *neighbourhood_features(levels, MERGED)),
        (*zone_features(turned, turned > 0, MERGED), *neighbourhood_features(turned, MERGED)),
        strict=True,
    ):
        assert one == pytest.approx(other)


def test_one_grey_level_is_coarse_and_has_no_contrast():
    levels = np.ones((3, 3, 3), np.int32)
    tone, _ = neighbourhood_features(levels, MERGED)
    pairs = cooccurrence_features(levels, MERGED)

    assert 1e6 == tone["coarseness"]
    assert 0 == tone["contrast"] == tone["busyness"] == tone["strength"] == pairs["contrast"]
    assert 1 == pairs["correlation"]
    assert np.isnan(pairs["information_correlation_1"])


def test_voxels_without_neighbours_have_no_cooccurrence():
    levels = np.zeros((3, 3, 3), np.int32)
    levels[1, 1, 1] = 1

    assert all(np.isnan(value) for value in cooccurrence_features(levels, MERGED).values())


def test_emphasis_adds_up_entries_that_repeat():
    levels, lengths = np.array([1, 1, 2]), np.array([3, 3, 1])
    split = emphasis_features(levels, lengths, np.ones(3), 7)
    joined = emphasis_features(levels[1:], lengths[1:], np.array([2, 1]), 7)

    assert joined == pytest.approx(split)

"""Distances of a finding to skin, chest wall and nipple: those of every voxel to every point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from mamri.findings.location import Surroundings, distances_mm
from mamri.geometry import to_lps

SHAPE = (7, 9, 8)
NIPPLE = np.array([3.0, -4.0, 5.0])


def _affine(spacing) -> np.ndarray:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing
    affine[:, 3] = (-9, 4, 11, 1)
    return affine


def _around(affine, skin: np.ndarray, wall: np.ndarray) -> Surroundings:
    trees = [KDTree(to_lps(affine, np.argwhere(surface))) for surface in (skin, wall)]
    found = {"skin": trees[0], "nipple": NIPPLE, "chest_wall": trees[1]}
    names = Surroundings.__dataclass_fields__
    return Surroundings(**{name: found.get(name) for name in names})


def _slow(mask, affine, surface) -> float:
    points = to_lps(affine, np.argwhere(mask))
    return float(cdist(points, to_lps(affine, np.argwhere(surface))).min())


@given(
    seed=st.integers(0, 2**32 - 1),
    spacing=st.tuples(*[st.sampled_from([0.5, 1.0, 2.5])] * 3),
    level=st.floats(-0.3, 0.3),
)
def test_distances_are_those_of_the_slow_way(seed, spacing, level):
    rng = np.random.default_rng(seed)
    affine = _affine(spacing)
    mask = gaussian_filter(rng.normal(size=SHAPE), 1.2) > level
    mask[rng.integers(0, 7), 0, 0] = True  # at the edge of the array, too
    skin, wall = rng.random(SHAPE) < 0.02, rng.random(SHAPE) < 0.02
    skin[0, 0, 0] = wall[-1, -1, -1] = True

    found = distances_mm(mask, affine, around=_around(affine, skin, wall))

    assert _slow(mask, affine, skin) == pytest.approx(found["skin"], abs=1e-9)
    assert _slow(mask, affine, wall) == pytest.approx(found["chest_wall"], abs=1e-9)
    points = to_lps(affine, np.argwhere(mask))
    expected = np.linalg.norm(points - NIPPLE, axis=1).min()
    assert expected == pytest.approx(found["nipple"], abs=1e-9)


def test_a_surface_within_a_finding_is_overlapped():
    affine = _affine((1.0, 1.0, 1.0))
    mask = np.zeros(SHAPE, bool)
    mask[1:6, 1:8, 1:7] = True
    skin, wall = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    skin[3, 4, 4] = True  # deep inside
    wall[3, 8, 4] = True  # beside it

    found = distances_mm(mask, affine, around=_around(affine, skin, wall))

    assert (0, 1) == (found["skin"], found["chest_wall"])


def test_a_finding_that_fills_the_array_has_its_border_at_the_edge():
    affine = _affine((1.0, 1.0, 1.0))
    mask = np.ones(SHAPE, bool)
    outside = to_lps(affine, np.array([[-3, 4, 4]]))
    around = _around(affine, mask, mask)
    around = Surroundings(
        **{
            name: KDTree(outside) if name in ("skin", "chest_wall") else getattr(around, name)
            for name in Surroundings.__dataclass_fields__
        }
    )

    assert 3 == distances_mm(mask, affine, around=around)["skin"]


def test_the_nipple_may_lie_within_a_finding():
    affine = _affine((1.0, 1.0, 1.0))
    mask = np.ones(SHAPE, bool)
    nipple = to_lps(affine, np.array([[3, 4, 4]]))[0] + 0.25
    around = _around(affine, mask, mask)
    around = Surroundings(
        **{
            name: nipple if name == "nipple" else getattr(around, name)
            for name in Surroundings.__dataclass_fields__
        }
    )

    found = distances_mm(mask, affine, around=around)["nipple"]

    assert 0.25 * np.sqrt(3) == pytest.approx(found)

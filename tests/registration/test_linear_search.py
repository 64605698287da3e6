"""Mutual information against analytic values, and the search on an image given by a formula."""

import numpy as np
import pytest

from mamri.geometry.affines import to_lps
from mamri.records import Volume
from mamri.registration.linear_search import find_linear_transform, normalized_mutual_information

AFFINE = np.array([[0, 0, 2.0, -60], [0, 2.0, 0, -60], [3.0, 0, 0, -60], [0, 0, 0, 1.0]])
SHAPE = (41, 61, 61)


def scene(points):
    x, y, z = np.moveaxis(points, -1, 0)
    return np.sin(x / 9) * np.cos(y / 11) + np.sin(z / 10 + x / 15) + 0.5 * np.cos(y / 7)


def test_independent_values_share_nothing():
    a, b = np.meshgrid(np.arange(32.0), np.arange(32.0))
    assert normalized_mutual_information(a.ravel(), b.ravel()) == pytest.approx(1.0, abs=1e-9)


def test_two_values_that_determine_each_other_share_everything():
    values = np.tile([0.0, 1.0], 500)
    assert normalized_mutual_information(values, 5 - values) == pytest.approx(2.0, abs=1e-12)


def test_half_of_the_information_shared():
    # Fixed: one of four values; moving: which half of them. H = 2, 1 and 2 bits, so 3 / 2.
    fixed = np.tile(np.arange(4.0), 250)
    assert normalized_mutual_information(fixed, np.floor(fixed / 2)) == pytest.approx(1.5)


def test_constant_images_share_an_undefined_amount():
    assert np.isnan(normalized_mutual_information(np.ones(10), np.ones(10)))


@pytest.mark.parametrize(
    ("stretched_along", "stretch"), [(None, (0, 0, 0)), (np.array([0, 1.0, 0]), (0.03, 0.08, 0))]
)
def test_a_known_transform_is_found_and_an_inverted_contrast_does_not_matter(
    stretched_along, stretch
):
    truth = np.eye(4)
    truth[1, :3] += stretch
    truth[:3, 3] = [1.5, -3.0, 2.0]
    voxels = to_lps(AFFINE, np.moveaxis(np.indices(SHAPE), 0, -1))
    moving = Volume(5 - scene(to_lps(np.linalg.inv(truth), voxels)), AFFINE)
    points = np.random.default_rng(0).uniform(-40, 40, (4000, 3))
    found = find_linear_transform(
        points,
        scene(points),
        moving,
        start=np.eye(4),
        stretched_along=stretched_along,
        rounds=6,
    )
    error = np.linalg.norm(to_lps(found, points) - to_lps(truth, points), axis=1)
    assert error.mean() < 0.3  # a seventh of a voxel

"""Regions on isotropic grids."""

import numpy as np
import pytest

from mamri.radiomics.region_grid import region_grid, sample_image
from mamri.records import GeometryError


def test_without_resampling_voxels_and_values_stay():
    image = np.random.default_rng(0).random((4, 5, 6))
    mask = image > 0.6
    grid = region_grid(mask, (3.0, 1.0, 1.0), None)

    assert np.count_nonzero(mask) == np.count_nonzero(grid.mask) == grid.n_acquired
    assert image[mask].tolist() == sample_image(grid, image, grid.mask)[grid.mask].tolist()


def test_a_linear_image_stays_linear():
    shape, spacing = (9, 12, 15), (3.0, 0.8, 0.9)
    s, r, c = np.indices(shape)
    image = 5 + 2.0 * s * spacing[0] - 3.0 * r * spacing[1] + 1.0 * c * spacing[2]
    mask = np.zeros(shape, bool)
    mask[3:6, 4:9, 4:11] = True
    grid = region_grid(mask, spacing, 1.0)
    found = sample_image(grid, image, grid.mask)
    at = np.meshgrid(
        *[p * step for p, step in zip(grid.positions, spacing, strict=True)], indexing="ij"
    )
    expected = 5 + 2 * at[0] - 3 * at[1] + at[2]

    assert (1.0, 1.0, 1.0) == grid.spacing_mm
    assert expected[grid.mask] == pytest.approx(found[grid.mask])


def test_grids_of_two_regions_of_an_image_fall_together():
    shape = (10, 20, 30)
    one, other = np.zeros(shape, bool), np.zeros(shape, bool)
    one[2:5, 3:9, 4:9] = True
    other[4:8, 8:15, 7:25] = True
    a, b = (region_grid(mask, (2.0, 0.7, 0.7), 1.0) for mask in (one, other))
    for p, q in zip(a.positions, b.positions, strict=True):
        step = p[1] - p[0]
        whole = (p[0] - q[0]) / step
        assert round(whole) == pytest.approx(whole, abs=1e-9)


def test_unknown_voxels_are_left_out_of_the_mean():
    image = np.full((1, 1, 4), 2.0)
    image[0, 0, 1] = np.nan
    grid = region_grid(np.ones((1, 1, 4), bool), (1.0, 1.0, 1.0), 0.5)
    found = sample_image(grid, image, grid.mask)

    known = found[np.isfinite(found)]
    assert known.size
    assert np.isnan(found).any()
    assert {2.0} == set(known.tolist())


def test_the_margin_reaches_around_the_region():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True

    assert (7, 7, 7) == region_grid(mask, (1.0, 1.0, 1.0), None, margin_mm=3.0).mask.shape


def test_empty_regions_and_other_grids_are_refused():
    with pytest.raises(GeometryError, match="at least one voxel"):
        region_grid(np.zeros((2, 2, 2), bool), (1.0, 1.0, 1.0), None)
    grid = region_grid(np.ones((2, 2, 2), bool), (1.0, 1.0, 1.0), None)
    with pytest.raises(GeometryError, match="on the grid of the region"):
        sample_image(grid, np.ones((3, 2, 2)), grid.mask)


def test_a_region_between_the_new_voxels_is_refused():
    mask = np.zeros((1, 1, 30), bool)
    mask[0, 0, 2] = True
    with pytest.raises(GeometryError, match="use smaller voxels"):
        region_grid(mask, (1.0, 1.0, 1.0), 20.0)

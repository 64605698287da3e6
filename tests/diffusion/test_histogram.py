"""Truth: IBSI-1 digital phantom (values of the published table), and regions made by hand."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mamri.diffusion import (
    DarkestSettings,
    HistogramSettings,
    darkest_region,
    map_statistics,
)
from mamri.records import GeometryError, InputError

# Grey levels of the 74 voxels of the phantom, counted from its published image.
PHANTOM = np.repeat([1.0, 3.0, 4.0, 6.0], [50, 1, 16, 7])
THICK = np.diag([4.0, 2.0, 2.0, 1.0])


def test_statistics_are_those_of_the_digital_phantom():
    """Zwanenburg 2020, tags stat_mean to stat_kurt and ih_entropy, to their three digits."""
    found = map_statistics(PHANTOM, np.ones(74, bool), HistogramSettings(bin_width=1.0))
    assert 2.15 == pytest.approx(found.mean, abs=0.005)
    assert 3.05 == pytest.approx(found.sd**2, abs=0.005)
    assert 1.08 == pytest.approx(found.skewness, abs=0.005)
    assert -0.355 == pytest.approx(found.excess_kurtosis, abs=0.0005)
    assert 1.27 == pytest.approx(found.entropy_bits, abs=0.005)
    assert (1.0, 1.0, 4.0) == (found.median, found.p10, found.p90)


def test_the_phantom_counted_here_is_the_published_one(shared_data):
    nibabel = pytest.importorskip("nibabel")
    folder = shared_data / "ibsi" / "digital_phantom"
    if not folder.is_dir():
        pytest.skip(f"no IBSI phantom at {folder}")
    image, mask = (
        np.asanyarray(nibabel.load(next((folder / name).glob("*.nii*"))).dataobj)
        for name in ("image", "mask")
    )
    np.testing.assert_array_equal(PHANTOM, np.sort(image[mask > 0]))


def test_statistics_equal_those_of_other_libraries():
    x = np.random.default_rng(1).gamma(3, 0.4, 500)
    found = map_statistics(x, np.ones(500, bool))
    assert stats.skew(x) == pytest.approx(found.skewness)
    assert stats.kurtosis(x) == pytest.approx(found.excess_kurtosis)
    for p in (5, 10, 15, 25, 75, 90, 95):
        assert np.percentile(x, p) == pytest.approx(getattr(found, f"p{p}"))
    counts = np.histogram(x, np.arange(0, x.max() + 0.1, 0.1))[0]
    assert stats.entropy(counts, base=2) == pytest.approx(found.entropy_bits)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [np.inf, np.nan]])
def test_an_empty_region_has_no_statistics(values):
    found = map_statistics(np.array([*values, 1.0]), np.array([True] * len(values) + [False]))
    assert (0, len(values)) == (found.n, found.n_undefined)
    numbers = dataclasses.asdict(found)
    for name in ("n", "n_undefined", "bin_width"):
        del numbers[name]
    assert all(math.isnan(number) for number in numbers.values())


@pytest.mark.parametrize("value", [0.0, 1.1, -3.0])
def test_equal_values_have_a_mean_but_no_shape(value):
    found = map_statistics(np.full(9, value), np.ones(9, bool))
    assert value == pytest.approx(found.mean)
    assert 0.0 == pytest.approx(found.sd, abs=1e-12)
    assert 0.0 == found.entropy_bits
    assert math.isnan(found.skewness)
    assert math.isnan(found.excess_kurtosis)


@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10), seed=st.integers(0, 2**31))
def test_shape_does_not_depend_on_unit_or_offset(shift, scale, seed):
    x = np.random.default_rng(seed).gamma(2, 1, 50)
    inside = np.ones(50, bool)
    one, other = map_statistics(x, inside), map_statistics(shift + scale * x, inside)
    assert one.skewness == pytest.approx(other.skewness, rel=1e-6, abs=1e-9)
    assert one.excess_kurtosis == pytest.approx(other.excess_kurtosis, rel=1e-6, abs=1e-9)
    assert shift + scale * one.p15 == pytest.approx(other.p15, abs=1e-9)


def slow_darkest(values, lesion, spacing, n_ball, min_share):
    """Lowest mean over balls of at least ``n_ball`` voxels, by distances between all voxels."""
    everywhere = np.argwhere(np.ones(values.shape, bool))
    centre = np.array(values.shape) // 2
    distances = np.sort(np.linalg.norm((everywhere - centre) * spacing, axis=1))
    radius = distances[n_ball - 1] * (1 + 1e-6)
    n_ball = np.sum(distances <= radius)
    points = np.argwhere(lesion & np.isfinite(values))
    means, counts = [], []
    for point in points:
        near = points[np.linalg.norm((points - point) * spacing, axis=1) <= radius]
        counts.append(len(near))
        means.append(values[tuple(near.T)].mean())
    needed = min(min_share * n_ball, max(counts))
    return min(mean for mean, count in zip(means, counts, strict=True) if count >= needed)


@pytest.mark.parametrize("spacing", [(4.0, 2.0, 2.0), (1.5, 1.0, 2.2), (2.0, 2.0, 2.0)])
def test_the_darkest_region_equals_that_of_a_slow_search(spacing):
    random = np.random.default_rng(6)
    values = random.uniform(0.6, 2.0, (9, 13, 11))
    values[random.random(values.shape) < 0.05] = np.nan
    lesion = random.random(values.shape) < 0.8
    n_ball = math.ceil(60.0 / np.prod(spacing))
    expected = slow_darkest(values, lesion, np.array(spacing), n_ball, 0.9)
    found = darkest_region(values, lesion, np.diag([*spacing, 1.0]))
    assert expected == pytest.approx(found.mean)
    assert lesion[found.centre]


def test_the_ball_is_flat_where_slices_are_thick_and_round_in_mm():
    adc = np.full((5, 15, 15), 1.5)
    adc[2, 5:10, 5:10] = 0.8
    whole = np.ones(adc.shape, bool)
    flat = darkest_region(adc, whole, THICK)  # a voxel and its 4 neighbours in the plane
    assert 5 == flat.n_voxels
    assert 80.0 == pytest.approx(flat.ball_mm3)
    assert 0.8 == pytest.approx(flat.mean)
    round_one = darkest_region(adc, whole, np.diag([2.0, 2, 2, 1]))  # 6 neighbours, 12 beyond
    assert 19 == round_one.n_voxels
    assert 152.0 == pytest.approx(round_one.volume_mm3)


def test_one_dark_voxel_does_not_decide():
    adc = np.full((3, 21, 21), 1.5)
    adc[1, 3, 3] = 0.1  # mean of its ball 1.22
    adc[1, 12:17, 12:17] = 0.9
    found = darkest_region(adc, np.ones(adc.shape, bool), THICK)
    assert 0.9 == pytest.approx(found.mean)


def test_dark_voxels_outside_the_lesion_and_undefined_ones_do_not_count():
    adc = np.full((3, 21, 21), 1.5)
    adc[:, :, :6] = 0.2
    adc[1, 10, 10] = np.nan
    lesion = np.zeros(adc.shape, bool)
    lesion[:, 4:17, 6:17] = True
    assert 1.5 == pytest.approx(darkest_region(adc, lesion, THICK).mean)


def test_the_edge_of_a_lesion_does_not_decide():
    adc = np.full((1, 21, 21), 1.5)
    lesion = np.zeros(adc.shape, bool)
    lesion[0, 5:16, 5:16] = True
    adc[0, 5, 5] = adc[0, 5, 6] = 0.1  # a corner, where balls stand over the edge
    found = darkest_region(adc, lesion, THICK)
    assert ((0, 6, 6), 5) == (found.centre, found.n_voxels)
    assert (4 * 1.5 + 0.1) / 5 == pytest.approx(found.mean)


def test_a_lesion_smaller_than_the_ball_is_averaged_as_far_as_it_goes():
    adc = np.full((3, 9, 9), 1.5)
    adc[1, 4, 4:6] = 0.8, 1.0
    lesion = np.zeros(adc.shape, bool)
    lesion[1, 4, 4:6] = True
    found = darkest_region(adc, lesion, THICK)
    assert 0.9 == pytest.approx(found.mean)
    assert 2 == found.n_voxels
    assert 32.0 == pytest.approx(found.volume_mm3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_lesion_without_values_has_no_darkest_region(value):
    found = darkest_region(np.full((3, 3, 3), value), np.ones((3, 3, 3), bool), THICK)
    assert math.isnan(found.mean)
    assert (None, 0) == (found.centre, found.n_voxels)
    nothing = darkest_region(np.ones((3, 3, 3)), np.zeros((3, 3, 3), bool), THICK)
    assert math.isnan(nothing.mean)


@given(seed=st.integers(0, 2**31), axis=st.integers(0, 2))
def test_the_darkest_mean_does_not_depend_on_how_the_image_is_stored(seed, axis):
    random = np.random.default_rng(seed)
    adc = random.uniform(0.5, 2.5, (4, 8, 7))
    before = adc.copy()
    lesion = random.random(adc.shape) < 0.7
    lesion[2, 3, 3] = True
    straight = darkest_region(adc, lesion, THICK)
    turned = darkest_region(np.flip(adc, axis), np.flip(lesion, axis), THICK)
    axes_swapped = darkest_region(
        adc.transpose(1, 0, 2), lesion.transpose(1, 0, 2), np.diag([2.0, 4, 2, 1])
    )
    assert straight.mean == pytest.approx(turned.mean, rel=1e-12)
    assert straight.mean == pytest.approx(axes_swapped.mean, rel=1e-12)
    np.testing.assert_array_equal(before, adc)


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="on the grid of its map"):
        map_statistics(np.ones(3), np.ones(2, bool))
    with pytest.raises(GeometryError, match="on the grid of its map"):
        darkest_region(np.ones((2, 2, 2)), np.ones((2, 2, 1), bool), THICK)


def test_a_flat_map_has_no_darkest_region():
    with pytest.raises(GeometryError, match="slice, row, column"):
        darkest_region(np.ones((2, 2)), np.ones((2, 2), bool), THICK)


@pytest.mark.parametrize("change", [{"volume_mm3": 0.0}, {"min_voxels": 0}, {"min_share": 1.5}])
def test_a_region_that_cannot_be_is_refused(change):
    with pytest.raises(InputError, match="darkest region needs"):
        DarkestSettings(**change)


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf])
def test_bins_without_width_are_refused(width):
    with pytest.raises(InputError, match="finite width above 0"):
        HistogramSettings(bin_width=width)

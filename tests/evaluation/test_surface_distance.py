"""Surface distances: slabs and spheres, every pair by brute force, SimpleITK, MONAI, DeepMind."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from mamri.evaluation.surface_distance import (
    SurfaceDistances,
    hausdorff,
    hausdorff_percentile,
    mean_surface_distance,
    normalised_surface_distance,
    surface_distances,
)
from mamri.records import InputError

THICK = (3.0, 0.7, 0.7)


def _brute_force(first, second, spacing, *, is_edge_outside=True):
    """Distances of every pair of surface voxels, found by looking at each voxel's neighbours."""

    def surface(mask):
        points = []
        for voxel in np.argwhere(mask):
            for axis, step in ((a, s) for a in range(3) for s in (-1, 1)):
                other = voxel.copy()
                other[axis] += step
                is_beyond = not 0 <= other[axis] < mask.shape[axis]
                if (is_beyond and is_edge_outside) or (not is_beyond and not mask[tuple(other)]):
                    points.append(voxel * np.array(spacing))
                    break
        return np.array(points).reshape(-1, 3)

    pairs = cdist(surface(first), surface(second))
    return pairs.min(axis=1), pairs.min(axis=0)


def _sphere(radius_mm, centre_mm, shape=(24, 60, 60), spacing=(2.0, 1.0, 1.0)):
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    offsets = [a * s - c for a, s, c in zip(axes, spacing, centre_mm, strict=True)]
    return offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2 <= radius_mm**2


def _peer_masks():
    """An ellipsoid, and another one shifted with a stray block: what the peers below measured."""
    s, r, c = np.ogrid[:20, :48, :52]
    truth = ((s - 9) * 3 / 20) ** 2 + ((r - 22) * 0.7 / 12) ** 2 + ((c - 25) * 0.8 / 14) ** 2 < 1
    found = ((s - 10) * 3 / 17) ** 2 + ((r - 24) * 0.7 / 13) ** 2 + ((c - 24) * 0.8 / 12) ** 2 < 1
    found[2:4, 40:43, 5:9] = True
    return truth, found


@pytest.mark.parametrize(("axis", "step_mm"), [(0, 3.0), (1, 0.7), (2, 0.7)])
def test_parallel_slabs_are_exactly_apart(axis, step_mm):
    first, second = np.zeros((2, 12, 12, 12), bool)
    first[(slice(None),) * axis + (2,)] = True
    second[(slice(None),) * axis + (7,)] = True
    found = surface_distances(first, second, THICK)
    assert len(found.first_to_second_mm) == 144
    assert 5 * step_mm == pytest.approx(hausdorff(found), abs=1e-12)
    assert 5 * step_mm == pytest.approx(hausdorff_percentile(found, 95), abs=1e-12)
    assert 5 * step_mm == pytest.approx(mean_surface_distance(found), abs=1e-12)
    assert normalised_surface_distance(found, tolerance_mm=5 * step_mm) == 1
    assert normalised_surface_distance(found, tolerance_mm=5 * step_mm - 0.01) == 0


def test_two_single_voxels_are_apart_by_pythagoras():
    first, second = np.zeros((2, 5, 9, 9), bool)
    first[1, 2, 3] = second[3, 6, 8] = True
    expected = math.sqrt(6**2 + 2.8**2 + 3.5**2)
    assert expected == pytest.approx(hausdorff(surface_distances(first, second, THICK)))


def test_a_shifted_sphere_is_as_far_as_its_shift():
    first, second = _sphere(15, (24, 28, 28)), _sphere(15, (24, 28, 34))
    found = surface_distances(first, second, (2.0, 1.0, 1.0))
    # Whole voxels of shift: the pole of either sphere is exactly that far from the other's pole.
    assert hausdorff(found) == pytest.approx(6.0)


@pytest.mark.parametrize("difference_mm", [3.0, 5.0, 8.0])
def test_concentric_spheres_are_apart_by_their_radii(difference_mm):
    inner, outer = _sphere(12, (24, 30, 30)), _sphere(12 + difference_mm, (24, 30, 30))
    found = surface_distances(inner, outer, (2.0, 1.0, 1.0))
    # Each centre of a surface voxel lies within half a voxel's diagonal, 1.22 mm, of its sphere.
    half = math.sqrt(2**2 + 1 + 1) / 2
    assert difference_mm == pytest.approx(hausdorff(found), abs=2 * half)
    assert difference_mm == pytest.approx(mean_surface_distance(found), abs=half)


def test_the_bias_of_voxels_falls_with_their_size():
    errors = []
    for spacing in (2.0, 1.0, 0.5):
        shape = (int(50 / spacing),) * 3
        inner, outer = (_sphere(r, (25,) * 3, shape, (spacing,) * 3) for r in (12, 17.3))
        distances = surface_distances(inner, outer, (spacing,) * 3)
        errors.append(5.3 - mean_surface_distance(distances))
    # The docstring's bias: too short, by less than 0.3 of a voxel.
    assert all(0 < e < 0.3 * s for e, s in zip(errors, (2.0, 1.0, 0.5), strict=True))
    assert errors[0] > errors[1] > errors[2]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.floats(0.03, 0.9),
    spacing=st.tuples(*[st.floats(0.3, 4.0)] * 3),
    is_edge_outside=st.booleans(),
)
def test_trees_give_what_brute_force_gives(seed, share, spacing, is_edge_outside):
    first, second = np.random.default_rng(seed).random((2, 4, 5, 6)) < share
    first[2, 2, 2] = second[1, 2, 3] = True
    first[2, 2, 3] = second[1, 2, 2] = False  # so that both have a surface inside the array too
    fast = surface_distances(first, second, spacing, is_edge_outside=is_edge_outside)
    slow = _brute_force(first, second, spacing, is_edge_outside=is_edge_outside)
    assert slow[0] == pytest.approx(fast.first_to_second_mm, abs=1e-9)
    assert slow[1] == pytest.approx(fast.second_to_first_mm, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
)
def test_flips_and_orders_of_axes_change_nothing(seed, order, flips):
    masks = np.random.default_rng(seed).random((2, 4, 5, 6)) < 0.3
    masks[:, 0, 0, 0] = True
    spacing = (3.0, 0.7, 1.1)
    turned = [
        np.flip(mask.transpose(order), [axis for axis in range(3) if flips[axis]]) for mask in masks
    ]
    plain = surface_distances(*masks, spacing)
    other = surface_distances(*turned, tuple(spacing[axis] for axis in order))
    assert np.sort(plain.first_to_second_mm) == pytest.approx(np.sort(other.first_to_second_mm))
    assert np.sort(plain.second_to_first_mm) == pytest.approx(np.sort(other.second_to_first_mm))


def test_the_measures_do_not_depend_on_which_mask_is_first():
    truth, found = _peer_masks()
    one, other = surface_distances(truth, found, THICK), surface_distances(found, truth, THICK)
    assert hausdorff_percentile(one, 95) == hausdorff_percentile(other, 95)
    assert mean_surface_distance(one) == pytest.approx(mean_surface_distance(other))


@pytest.mark.parametrize("shift", [(1, 0, 0), (0, 3, 2), (2, 5, 1)])
def test_the_hausdorff_distance_is_that_of_simpleitk(shift):
    truth, _ = _peer_masks()
    found = np.roll(truth, shift, (0, 1, 2))
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (truth, found)]
    for image in images:
        image.SetSpacing((0.8, 0.7, 3.0))  # SimpleITK's order is column, row, slice
    peer = sitk.HausdorffDistanceImageFilter()
    peer.Execute(*images)
    # SimpleITK measures all voxels of the masks: alike where neither holds the other's surface.
    mine = hausdorff(surface_distances(truth, found, (3.0, 0.7, 0.8)))
    assert peer.GetHausdorffDistance() == pytest.approx(mine, abs=1e-5)


def test_all_measures_are_those_of_monai():
    # MONAI 1.6.1 (Apache-2.0) on _peer_masks(): compute_hausdorff_distance, percentile None and 95;
    # compute_average_surface_distance, symmetric; compute_surface_dice at 1, 2 and 3 mm; each with
    # spacing (3, 0.7, 0.8). Single precision: 1e-6. `pip download --no-deps monai==1.6.1`, unpacked
    # beside torch 2.13.0.
    found = surface_distances(*_peer_masks(), (3.0, 0.7, 0.8))
    assert 14.008925437927246 == pytest.approx(hausdorff(found), rel=1e-6)
    assert 6.0 == pytest.approx(hausdorff_percentile(found, 95), rel=1e-6)
    assert 1.863131046295166 == pytest.approx(mean_surface_distance(found), rel=1e-6)
    expected = {1.0: 0.4096573293209076, 2.0: 0.5747663378715515, 3.0: 0.738836944103241}
    for tolerance, nsd in expected.items():
        assert nsd == pytest.approx(
            normalised_surface_distance(found, tolerance_mm=tolerance), rel=1e-6
        )


def test_counting_voxels_is_not_measuring_area():
    # surface-distance 0.1 of DeepMind (`pip install surface-distance`), which measures area, on
    # _peer_masks(): Hausdorff 14.0089, HD95 4.6098 mm, surface Dice at 2 mm 0.6835. Slices of 3 mm
    # make many surface voxels stand for little area: counting them gives more distance.
    found = surface_distances(*_peer_masks(), (3.0, 0.7, 0.8))
    assert 14.0089257261219 == pytest.approx(hausdorff(found))
    assert 4.6097722286464435 < hausdorff_percentile(found, 95)
    assert 0.6835153291921494 > normalised_surface_distance(found, tolerance_mm=2)


def test_a_percentile_is_the_larger_of_the_two_directed_ones():
    uneven = SurfaceDistances(np.zeros(100), np.array([1.0, 2.0]))
    assert 1.95 == pytest.approx(hausdorff_percentile(uneven, 95))  # all together give 0
    assert 2.0 == hausdorff(uneven)


def test_the_mean_is_over_both_surfaces_together():
    uneven = SurfaceDistances(np.zeros(3), np.array([4.0]))
    assert 1.0 == mean_surface_distance(uneven)  # MASD would be 2


def test_a_tolerance_is_met_in_spite_of_rounding():
    first, second = np.zeros((2, 1, 8, 1), bool)
    first[0, 1], second[0, 4] = True, True
    assert 4 * 0.1 - 1 * 0.1 > 0.3  # in binary
    found = surface_distances(first, second, (0.1, 0.1, 0.1))
    assert normalised_surface_distance(found, tolerance_mm=0.3) == 1


def test_two_empty_masks_have_no_distance():
    found = surface_distances(*np.zeros((2, 3, 4, 5), bool), THICK)
    assert (0, 0, 0) == (
        hausdorff(found),
        hausdorff_percentile(found, 95),
        mean_surface_distance(found),
    )
    assert normalised_surface_distance(found, tolerance_mm=1) == 1


@pytest.mark.parametrize("is_first_empty", [True, False])
def test_the_distance_to_an_empty_mask_is_undefined(is_first_empty):
    masks = np.zeros((2, 3, 4, 5), bool)
    masks[int(is_first_empty), 1, 1] = True
    found = surface_distances(*masks, THICK)
    assert math.isnan(hausdorff(found))
    assert math.isnan(hausdorff_percentile(found, 95))
    assert math.isnan(mean_surface_distance(found))
    assert normalised_surface_distance(found, tolerance_mm=1) == 0


def test_the_edge_of_the_array_is_a_surface_unless_told():
    full, core = np.ones((3, 3, 3), bool), np.zeros((3, 3, 3), bool)
    core[1, 1, 1] = True
    assert len(surface_distances(full, core, (1, 1, 1)).first_to_second_mm) == 26
    without = surface_distances(full, core, (1, 1, 1), is_edge_outside=False)
    assert len(without.first_to_second_mm) == 0


def test_a_mask_inside_the_array_has_its_whole_surface_either_way():
    mask = np.zeros((7, 7, 7), bool)
    mask[2:5, 2:5, 2:5] = True
    for is_edge_outside in (True, False):
        found = surface_distances(mask, mask, (1, 1, 1), is_edge_outside=is_edge_outside)
        assert len(found.first_to_second_mm) == 26


def test_empty_space_around_changes_nothing():
    truth, found = _peer_masks()
    wide = [np.pad(mask, ((3, 5), (2, 9), (7, 1))) for mask in (truth, found)]
    one, other = surface_distances(truth, found, THICK), surface_distances(*wide, THICK)
    assert np.array_equal(one.first_to_second_mm, other.first_to_second_mm)


def test_masks_are_left_as_they_are():
    truth, found = _peer_masks()
    before = truth.copy(), found.copy()
    surface_distances(truth, found, THICK)
    assert np.array_equal(before[0], truth)
    assert np.array_equal(before[1], found)


def test_wrong_settings_are_refused():
    found = surface_distances(*_peer_masks(), THICK)
    with pytest.raises(InputError, match="HD95 is 95"):
        hausdorff_percentile(found, 101)
    for tolerance in (-1, math.nan, math.inf):
        with pytest.raises(InputError, match="two readers"):
            normalised_surface_distance(found, tolerance_mm=tolerance)

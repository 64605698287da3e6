"""The fast computation against the definition written out voxel by voxel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.kinetics import (
    TumorVolumeSettings,
    functional_tumor_volume,
    tumor_volume_provenance,
)
from mamri.records import DynamicSeries, GeometryError, Status

TIMES = np.array([0.0, 150, 450])


def series_of(pre, early, late, affine=None):
    array = np.stack([np.asarray(a) for a in (pre, early, late)])
    return DynamicSeries(array, np.eye(4) if affine is None else affine, TIMES)


def block(shape=(6, 6, 6), pre=100, early=200, late=180):
    return series_of(*(np.full(shape, value, np.int16) for value in (pre, early, late)))


def slow_tumor(pre, early, late, voi, omitted, *, pe=70.0, fraction=0.60, neighbours=4):
    """Functional tumor volume mask straight from its definition, with loops."""
    values = [0.0 if omitted[i] else float(pre[i]) for i in np.ndindex(pre.shape) if voi[i]]
    threshold = fraction * np.percentile(values, 95)
    enhancing = np.zeros(pre.shape, bool)
    for i in np.ndindex(pre.shape):
        if pre[i] >= threshold and pre[i] > 0:
            enhancing[i] = 100 * (float(early[i]) - pre[i]) / pre[i] >= pe
    tumor = np.zeros(pre.shape, bool)
    for i in np.ndindex(pre.shape):
        if not (enhancing[i] and voi[i]) or omitted[i]:
            continue
        count = 0
        for step in np.ndindex(3, 3, 3):
            j = tuple(a + b - 1 for a, b in zip(i, step, strict=True))
            inside = all(0 <= a < n for a, n in zip(j, pre.shape, strict=True))
            count += j != i and inside and bool(enhancing[j])
        late_rise = float(late[i]) - pre[i]
        rise = float(early[i]) - pre[i]
        ratio = rise / late_rise if late_rise != 0 else np.inf
        tumor[i] = count >= neighbours and ratio >= 0
    return tumor


@given(seed=st.integers(0, 2**31), share=st.floats(0.3, 0.9))
def test_fast_equals_slow_on_any_box_with_omitted_regions(seed, share):
    random = np.random.default_rng(seed)
    shape = (4, 5, 6)
    pre = random.integers(0, 200, shape).astype(np.int16)
    early = np.where(random.random(shape) < share, 2 * pre, pre).astype(np.int16)
    late = random.integers(0, 400, shape).astype(np.int16)
    voi = np.zeros(shape, bool)
    voi[random.integers(0, 2) :, : random.integers(3, 6), random.integers(0, 3) :] = True
    omitted = random.random(shape) < 0.1
    found = functional_tumor_volume(series_of(pre, early, late), voi, omitted=omitted)
    np.testing.assert_array_equal(slow_tumor(pre, early, late, voi, omitted), found.mask)


def test_volume_is_voxels_times_voxel_volume():
    affine = np.diag([2.0, 0.5, 0.5, 1.0])
    series = series_of(*(np.full((4, 4, 4), v, np.int16) for v in (100, 200, 180)), affine)
    found = functional_tumor_volume(series, np.ones((4, 4, 4), bool))
    assert 64 * 0.5e-3 == pytest.approx(found.volume_ml)
    assert (1, 2, Status.OK) == (found.early_phase, found.late_phase, found.status)


@pytest.mark.parametrize(("early", "belongs"), [(170, True), (169, False)])
def test_seventy_percent_is_enough(early, belongs):
    found = functional_tumor_volume(block(early=early), np.ones((6, 6, 6), bool))
    assert belongs == bool(found.mask.all())


@pytest.mark.parametrize(("level", "belongs"), [(60, True), (59, False)])
def test_background_is_below_six_tenths_of_the_95th_percentile(level, belongs):
    pre = np.full((6, 6, 6), 100, np.int16)
    pre[0] = level
    series = series_of(pre, 3 * pre, 3 * pre)
    found = functional_tumor_volume(series, np.ones((6, 6, 6), bool))
    assert 60 == pytest.approx(found.background_threshold)
    assert belongs == bool(found.mask[0].all())


def test_omitted_regions_count_as_zero_in_the_percentile_and_not_at_all_in_the_volume():
    pre = np.full((10, 10, 10), 100, np.int16)
    pre[0] = 1000  # a bright tenth, all of it omitted
    omitted = np.zeros(pre.shape, bool)
    omitted[0] = True
    found = functional_tumor_volume(
        series_of(pre, 3 * pre, 3 * pre), np.ones(pre.shape, bool), omitted=omitted
    )
    assert 60 == pytest.approx(found.background_threshold)
    assert not found.mask[0].any()
    assert found.mask[1:].all()


def test_omitting_nearly_everything_lets_the_zeros_lower_the_threshold():
    omitted = np.ones((10, 10, 10), bool)
    omitted[0, 0, :2] = False
    found = functional_tumor_volume(block((10, 10, 10)), omitted | True, omitted=omitted)
    assert 0 == found.background_threshold


@pytest.mark.parametrize(("late", "belongs"), [(101, True), (100, True), (99, False)])
def test_late_signal_below_the_baseline_is_excluded_and_equal_to_it_is_not(late, belongs):
    found = functional_tumor_volume(block(late=late), np.ones((6, 6, 6), bool))
    assert belongs == bool(found.mask.all())


@pytest.mark.parametrize(("n_neighbours", "belongs"), [(4, True), (3, False)])
def test_four_enhancing_neighbours_are_needed(n_neighbours, belongs):
    pre = np.full((5, 5, 5), 100, np.int16)
    early = pre.copy()
    early[2, 2, 2] = 300
    around = [(1, 1, 1), (1, 2, 3), (3, 3, 3), (2, 1, 2)][:n_neighbours]
    for position in around:
        early[position] = 300
    found = functional_tumor_volume(series_of(pre, early, early), np.ones(pre.shape, bool))
    assert belongs == bool(found.mask[2, 2, 2])


def test_neighbours_outside_the_volume_of_interest_count():
    voi = np.zeros((6, 6, 6), bool)
    voi[3, 3, 3] = True
    found = functional_tumor_volume(block(), voi)
    assert 1 == np.count_nonzero(found.mask)


def test_neighbours_beyond_the_image_do_not_count():
    found = functional_tumor_volume(block((1, 1, 3)), np.ones((1, 1, 3), bool))
    assert not found.mask.any()


def test_voxels_without_signal_never_belong():
    found = functional_tumor_volume(block(pre=0, early=50, late=50), np.ones((6, 6, 6), bool))
    assert 0 == found.volume_ml


def test_classes_follow_the_colours_and_add_up():
    pre = np.full((2, 6, 40), 100.0)  # thick enough that corners have neighbours
    early = pre + 180
    late = pre + 180 / np.repeat([0.9, 1.0, 1.3, 1.75, 3.0, 3.01, 1e9, 0.5], 5)
    found = functional_tumor_volume(series_of(pre, early, late), np.ones(pre.shape, bool))
    per_step = 2 * 6 * 5 * 1e-3
    expected = {"blue": 2, "purple": 1, "green": 1, "red": 1, "yellow": 1, "above": 2}
    assert {k: v * per_step for k, v in expected.items()} == pytest.approx(found.class_volumes_ml)
    assert found.volume_ml == pytest.approx(sum(found.class_volumes_ml.values()))


@given(scale=st.floats(0.01, 100))
def test_volume_does_not_depend_on_the_intensity_scale(scale):
    random = np.random.default_rng(0)
    phases = [random.uniform(50, 300, (4, 5, 6)) for _ in range(3)]
    voi = np.ones((4, 5, 6), bool)
    one = functional_tumor_volume(series_of(*phases), voi)
    other = functional_tumor_volume(series_of(*(scale * p for p in phases)), voi)
    assert one.volume_ml == pytest.approx(other.volume_ml)


def test_volume_without_a_late_phase_is_not_computed():
    series = DynamicSeries(np.full((2, 3, 3, 3), 100), np.eye(4), np.array([0.0, 150]))
    found = functional_tumor_volume(series, np.ones((3, 3, 3), bool))
    assert Status.NOT_COMPUTED is found.status
    assert np.isnan(found.volume_ml)
    assert "not computed" in tumor_volume_provenance(series.times_s).method


def test_volume_of_an_empty_region_is_undefined():
    found = functional_tumor_volume(block(), np.zeros((6, 6, 6), bool))
    assert Status.UNDEFINED is found.status


def test_parameters_can_be_changed_and_are_reported():
    settings = TumorVolumeSettings(min_enhancement_percent=101)
    assert 0 == functional_tumor_volume(block(), np.ones((6, 6, 6), bool), settings).volume_ml
    assert "101 %" in tumor_volume_provenance(TIMES, settings).method


def test_missing_signal_is_not_tumor():
    series = series_of(*(np.full((3, 3, 3), v) for v in (100.0, np.nan, 180.0)))
    assert 0 == functional_tumor_volume(series, np.ones((3, 3, 3), bool)).volume_ml


@pytest.mark.parametrize("which", ["voi", "omitted"])
def test_masks_on_another_grid_are_refused(which):
    masks = {"voi": np.ones((6, 6, 6), bool), "omitted": np.zeros((6, 6, 6), bool)}
    masks[which] = np.ones((6, 6, 5), bool)
    with pytest.raises(GeometryError, match="on the grid of the series"):
        functional_tumor_volume(block(), masks["voi"], omitted=masks["omitted"])

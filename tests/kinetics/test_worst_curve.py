import numpy as np
import pytest

from mamri.kinetics import CurveThresholds, KineticSettings, WorstCurveSettings, worst_curve
from mamri.records import DelayedPhase, DynamicSeries, GeometryError, InitialPhase

TIMES = np.array([0.0, 90, 180, 300, 450])
PERSISTENT = np.array([100.0, 160, 190, 210, 230])
PLATEAU = np.array([100.0, 200, 205, 203, 200])
WASHOUT = np.array([100.0, 230, 220, 190, 170])


def painted(shape, *parts):
    """Series and lesion of the whole grid, each part a (curve, region) painted over the last."""
    array = np.zeros((len(TIMES), *shape))
    for curve, region in parts:
        array[(slice(None), *region)] = curve[:, None, None, None]
    return DynamicSeries(array, np.eye(4), TIMES), np.ones(shape, bool)


EVERYWHERE = (slice(None),) * 3


def test_a_uniform_lesion_gives_its_own_curve():
    found = worst_curve(*painted((5, 5, 5), (WASHOUT, EVERYWHERE)))
    assert (InitialPhase.FAST, DelayedPhase.WASHOUT) == (found.initial, found.delayed)
    np.testing.assert_allclose(WASHOUT, found.signal)
    assert 130 == pytest.approx(found.initial_enhancement_percent)
    assert 27 == found.n_voxels


def test_a_washing_out_part_decides_over_a_larger_persistent_one():
    focus = (slice(4, 11),) * 3
    series, lesion = painted((16, 16, 16), (PERSISTENT, EVERYWHERE), (WASHOUT, focus))
    found = worst_curve(series, lesion)
    assert DelayedPhase.WASHOUT is found.delayed
    assert all(6 <= index <= 8 for index in found.centre)
    np.testing.assert_allclose(WASHOUT, found.signal)


@pytest.mark.parametrize(
    ("part", "whole", "size", "expected"),
    [
        (WASHOUT, PLATEAU, 7, DelayedPhase.WASHOUT),
        (WASHOUT, PLATEAU, 3, DelayedPhase.PLATEAU),
        (PLATEAU, PERSISTENT, 7, DelayedPhase.PERSISTENT),
        (PLATEAU, PERSISTENT, 13, DelayedPhase.PLATEAU),
    ],
)
def test_a_part_decides_by_wash_out_and_the_greater_part_else(part, whole, size, expected):
    where = (slice(1, 1 + size),) * 3 if size > 7 else (slice(4, 4 + size),) * 3
    series, lesion = painted((16, 16, 16), (whole, EVERYWHERE), (part, where))
    assert expected is worst_curve(series, lesion).delayed


def test_the_edge_of_a_lesion_does_not_decide():
    moved = np.array([100.0, 400, 350, 250, 200])  # as motion bends the curves of an edge
    inside = (slice(1, -1),) * 3
    series, lesion = painted((20, 20, 20), (moved, EVERYWHERE), (PERSISTENT, inside))
    assert DelayedPhase.PERSISTENT is worst_curve(series, lesion).delayed
    everything = WorstCurveSettings(min_depth_share=0.0)
    assert DelayedPhase.WASHOUT is worst_curve(series, lesion, worst=everything).delayed


def test_one_washing_out_voxel_does_not_decide():
    spot = (slice(8, 9),) * 3
    series, lesion = painted((16, 16, 16), (PERSISTENT, EVERYWHERE), (WASHOUT, spot))
    assert DelayedPhase.PERSISTENT is worst_curve(series, lesion).delayed


def test_one_wild_voxel_turns_27_neighbourhoods_and_still_does_not_decide():
    wild = np.array([100.0, 3000, 2000, 300, 100])
    spot = (slice(8, 9),) * 3
    series, lesion = painted((16, 16, 16), (PERSISTENT, EVERYWHERE), (wild, spot))
    assert DelayedPhase.PERSISTENT is worst_curve(series, lesion).delayed
    gullible = WorstCurveSettings(min_support=0, washout_share=0.0)
    assert DelayedPhase.WASHOUT is worst_curve(series, lesion, worst=gullible).delayed


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_make_a_persistent_lesion_wash_out(seed):
    series, lesion = painted((12, 12, 12), (PERSISTENT, EVERYWHERE))
    noise = np.random.default_rng(seed).normal(0, 25, series.array.shape)
    noisy = DynamicSeries(series.array + noise, np.eye(4), TIMES)
    assert DelayedPhase.PERSISTENT is worst_curve(noisy, lesion).delayed


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_make_a_plateau_wash_out(seed):
    # A tenth of the baseline: the change of a neighbourhood has a spread of about 1.5 % of the
    # peak, and that of a single voxel about 7 %, so that many single voxels "wash out".
    series, lesion = painted((12, 12, 12), (PLATEAU, EVERYWHERE))
    noise = np.random.default_rng(seed).normal(0, 10, series.array.shape)
    noisy = DynamicSeries(series.array + noise, np.eye(4), TIMES)
    alone = 100 * (noisy.array[4] / noisy.array[1:3].max(axis=0) - 1)
    assert (alone < -10).mean() > 0.1
    assert DelayedPhase.PLATEAU is worst_curve(noisy, lesion).delayed


@pytest.mark.parametrize(
    ("needed", "expected"), [(3, DelayedPhase.WASHOUT), (4, DelayedPhase.PERSISTENT)]
)
def test_a_type_needs_enough_touching_neighbourhoods(needed, expected):
    # In a row of voxels one of them belongs to three neighbourhoods, and this one turns all three.
    wild = np.array([100.0, 900, 700, 300, 100])
    series, lesion = painted((1, 1, 30), (PERSISTENT, EVERYWHERE), (wild, (..., slice(9, 10))))
    settings = WorstCurveSettings(min_voxels=1, washout_share=0, min_agreeing=needed, min_support=0)
    assert expected is worst_curve(series, lesion, worst=settings).delayed


def test_scattered_neighbourhoods_do_not_add_up():
    wild = np.array([100.0, 900, 700, 300, 100])
    spots = [(wild, (..., slice(at, at + 1))) for at in (3, 13, 23)]
    series, lesion = painted((1, 1, 30), (PERSISTENT, EVERYWHERE), *spots)
    settings = WorstCurveSettings(min_voxels=1, washout_share=0.2, min_support=0)
    assert DelayedPhase.PERSISTENT is worst_curve(series, lesion, worst=settings).delayed


def test_a_lesion_in_one_slice_is_read():
    series, lesion = painted((1, 5, 5), (WASHOUT, EVERYWHERE))
    found = worst_curve(series, lesion)
    assert (DelayedPhase.WASHOUT, 9) == (found.delayed, found.n_voxels)


def test_a_single_voxel_is_read():
    series, lesion = painted((1, 1, 1), (WASHOUT, EVERYWHERE))
    found = worst_curve(series, lesion)
    assert (DelayedPhase.WASHOUT, (0, 0, 0)) == (found.delayed, found.centre)


def test_only_lesion_voxels_are_averaged():
    series, lesion = painted((5, 5, 5), (PERSISTENT, EVERYWHERE), (WASHOUT, (slice(0, 3),)))
    lesion[3:] = False
    np.testing.assert_allclose(WASHOUT, worst_curve(series, lesion).signal)


def test_centre_is_an_index_of_the_whole_grid():
    series, lesion = painted((20, 20, 20), (PLATEAU, EVERYWHERE))
    lesion[:] = False
    lesion[11:14, 7:10, 15:18] = True
    assert (12, 8, 16) == worst_curve(series, lesion).centre


def test_weak_enhancement_has_no_delayed_word():
    weak = np.array([100.0, 120, 125, 110, 100])
    found = worst_curve(*painted((4, 4, 4), (weak, EVERYWHERE)))
    assert (InitialPhase.SLOW, None) == (found.initial, found.delayed)


def test_a_slow_lesion_that_enhances_late_is_persistent():
    slow = np.array([100.0, 130, 145, 170, 190])
    found = worst_curve(*painted((4, 4, 4), (slow, EVERYWHERE)))
    assert (InitialPhase.SLOW, DelayedPhase.PERSISTENT) == (found.initial, found.delayed)


def test_two_phases_give_the_initial_word_only():
    series, lesion = painted((4, 4, 4), (WASHOUT, EVERYWHERE))
    short = DynamicSeries(series.array[:2], np.eye(4), TIMES[:2])
    found = worst_curve(short, lesion)
    assert (InitialPhase.FAST, None) == (found.initial, found.delayed)
    assert (2,) == found.signal.shape


@pytest.mark.parametrize("times", [[0.0], [30.0, 90.0]])
def test_without_baseline_or_contrast_there_is_no_curve(times):
    series = DynamicSeries(np.ones((len(times), 2, 2, 2)), np.eye(4), np.array(times))
    found = worst_curve(series, np.ones((2, 2, 2), bool))
    assert (None, None, None) == (found.centre, found.initial, found.delayed)


def test_an_empty_lesion_has_no_curve():
    series, lesion = painted((3, 3, 3), (WASHOUT, EVERYWHERE))
    assert worst_curve(series, ~lesion).centre is None


def test_a_lesion_without_finite_signal_has_no_curve():
    series = DynamicSeries(np.full((5, 2, 2, 2), np.nan), np.eye(4), TIMES)
    assert worst_curve(series, np.ones((2, 2, 2), bool)).centre is None


def test_dark_edge_voxels_do_not_stand_for_the_lesion():
    """Of two washing-out parts the brighter one is shown, not the one darker before contrast."""
    edge = np.array([20.0, 80, 75, 60, 50])
    series, lesion = painted((8, 8, 16), (WASHOUT, EVERYWHERE), (edge, (..., slice(0, 8))))
    np.testing.assert_allclose(WASHOUT, worst_curve(series, lesion).signal)


def test_thresholds_are_used_and_returned():
    settings = KineticSettings(thresholds=CurveThresholds(delayed_change_percent=40))
    found = worst_curve(*painted((4, 4, 4), (WASHOUT, EVERYWHERE)), settings)
    assert DelayedPhase.PLATEAU is found.delayed
    assert 40 == found.thresholds.delayed_change_percent


def test_the_scale_of_the_signal_does_not_matter():
    series, lesion = painted((6, 6, 6), (PERSISTENT, EVERYWHERE), (WASHOUT, (slice(0, 4),)))
    bright = DynamicSeries(7.5 * series.array, np.eye(4), TIMES)
    one, other = worst_curve(series, lesion), worst_curve(bright, lesion)
    assert (one.centre, one.delayed) == (other.centre, other.delayed)


def test_a_lesion_on_another_grid_is_refused():
    series, _ = painted((3, 3, 3), (WASHOUT, EVERYWHERE))
    with pytest.raises(GeometryError, match="on the grid of the series"):
        worst_curve(series, np.ones((3, 3, 4), bool))

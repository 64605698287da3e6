import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.kinetics import (
    Baseline,
    CurveThresholds,
    KineticSettings,
    PhaseSettings,
    can_compute,
    curve_type,
    delayed_change,
    kinetic_maps,
    percent_enhancement,
    signal_enhancement_ratio,
    time_to_peak_s,
    wash_in_slope,
    wash_out_slope,
)
from mamri.records import DynamicSeries, GeometryError, Status

NO_FLOOR = KineticSettings(noise_floor=0.0)
VALUES = (
    "percent_enhancement",
    "peak_enhancement",
    "signal_enhancement_ratio",
    "washout",
    "time_to_peak_s",
    "wash_in_slope",
    "wash_out_slope",
)


def series_of(curves, times, dtype=np.float64):
    """Series whose voxels (along columns) have the given curves, (V, T)."""
    array = np.array(curves, dtype).T[:, None, None, :]
    return DynamicSeries(np.ascontiguousarray(array), np.eye(4), np.array(times, float))


def voxel(maps, index=0):
    return {name: float(getattr(maps, name)[0, 0, index]) for name in (*VALUES, "curve_type")}


def test_a_wash_out_curve_reads_as_by_hand():
    series = series_of([[100, 200, 220, 200, 180, 165]], [0, 60, 150, 240, 330, 450], np.int16)
    maps, caveats, _ = kinetic_maps(series, NO_FLOOR)
    expected = {
        "percent_enhancement": 120.0,
        "peak_enhancement": 120.0,
        "signal_enhancement_ratio": 120 / 65,
        "washout": -25.0,
        "time_to_peak_s": 150.0,
        "wash_in_slope": 48.0,
        "wash_out_slope": -11.0,
        "curve_type": 3.0,
    }
    assert expected == pytest.approx(voxel(maps), rel=1e-6)
    assert (2, 5, ()) == (maps.early_phase, maps.late_phase, caveats)


def test_wash_out_counts_from_a_peak_before_the_early_phase():
    maps, _, _ = kinetic_maps(series_of([[100, 250, 200, 200]], [0, 60, 150, 450]), NO_FLOOR)
    read = voxel(maps)
    assert -20.0 == pytest.approx(read["washout"])
    assert 100.0 == pytest.approx(read["percent_enhancement"])
    assert 60.0 == read["time_to_peak_s"]


def test_a_persistent_curve_peaks_last():
    maps, _, _ = kinetic_maps(series_of([[100, 160, 200]], [0, 150, 450]), NO_FLOOR)
    read = voxel(maps)
    assert (1.0, 450.0) == (read["curve_type"], read["time_to_peak_s"])
    assert 100.0 == pytest.approx(read["peak_enhancement"])
    assert 8.0 == pytest.approx(read["wash_out_slope"])


@pytest.mark.parametrize(("late", "kind"), [(220, 2), (221, 1), (180, 2), (179, 3)])
def test_a_change_of_exactly_ten_percent_is_a_plateau(late, kind):
    maps, _, _ = kinetic_maps(series_of([[100, 200, late]], [0, 150, 450], np.int16), NO_FLOOR)
    assert kind == voxel(maps)["curve_type"]


def slow_maps(series, settings):
    """Every map by the plain formulas, for series with all phases and no late caveat."""
    times, signal = series.times_s, series.array.astype(np.float64)
    early = int(np.argmin(np.where(times > 0, abs(times - 150), np.inf)))
    late = int(np.argmin(np.where(times > 0, abs(times - 450), np.inf)))
    first = int(np.sum(times <= 0))
    pre = signal[:first].mean(axis=0)
    floor = settings.noise_floor
    rising = signal[first : early + 1]
    top_at = times[first : early + 1][np.argmax(rising, axis=0)]
    top = rising.max(axis=0)
    rise = percent_enhancement(top, pre, noise_floor=floor)
    last = percent_enhancement(signal[late], pre, noise_floor=floor)
    known = np.isfinite(rise)
    change = np.where(known, delayed_change(signal[late], top), np.nan)
    return {
        "percent_enhancement": percent_enhancement(signal[early], pre, noise_floor=floor),
        "peak_enhancement": percent_enhancement(signal[first:].max(axis=0), pre, noise_floor=floor),
        "signal_enhancement_ratio": signal_enhancement_ratio(
            pre,
            signal[early],
            signal[late],
            noise_floor=floor,
            min_late_rise_percent=settings.min_late_rise_percent,
        ),
        "washout": change,
        "time_to_peak_s": np.where(
            known, time_to_peak_s(signal[first:], times[first:], pre), np.nan
        ),
        "wash_in_slope": wash_in_slope(rise, top_at),
        "wash_out_slope": wash_out_slope(last, rise, late_s=times[late], time_s=top_at),
        "curve_type": curve_type(rise, change, settings.thresholds),
    }


@pytest.mark.parametrize(
    "times",
    [
        [0, 150, 450],
        [-1300, -60, 0, 61, 155, 233, 340, 467],
        [-90, *np.linspace(7, 640, 59)],
    ],
    ids=["three", "irregular", "sixty"],
)
def test_the_fast_pass_equals_the_plain_formulas(times):
    random = np.random.default_rng(3)
    array = random.integers(0, 500, (len(times), 4, 7, 9)).astype(np.int16)
    series = DynamicSeries(array, np.eye(4), np.array(times, float))
    settings = KineticSettings(noise_floor=40.0)
    maps, _, _ = kinetic_maps(series, settings)
    for name, expected in slow_maps(series, settings).items():
        # Single precision of the result, over a ratio whose denominator may be small.
        np.testing.assert_allclose(expected, getattr(maps, name), rtol=2e-5, atol=1e-4)


@given(
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 2**31),
)
def test_maps_do_not_depend_on_the_intensity_scale(scale, seed):
    array = np.random.default_rng(seed).uniform(20, 500, (4, 2, 6, 5))
    times = np.array([0.0, 60, 150, 450])
    one, _, _ = kinetic_maps(DynamicSeries(array, np.eye(4), times))
    other, _, _ = kinetic_maps(DynamicSeries(scale * array, np.eye(4), times))
    for name in VALUES:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-3, atol=1e-3)


@given(seed=st.integers(0, 2**31))
def test_turning_the_image_turns_the_maps(seed):
    array = np.random.default_rng(seed).integers(1, 500, (3, 3, 4, 5)).astype(np.int16)
    times = np.array([0.0, 150, 450])
    straight, _, _ = kinetic_maps(DynamicSeries(array, np.eye(4), times), NO_FLOOR)
    flipped, _, _ = kinetic_maps(DynamicSeries(array[..., ::-1], np.eye(4), times), NO_FLOOR)
    for name in (*VALUES, "curve_type"):
        np.testing.assert_array_equal(getattr(straight, name)[..., ::-1], getattr(flipped, name))


def test_storage_types_agree():
    whole = np.random.default_rng(0).integers(1, 500, (3, 2, 3, 4))
    times = np.array([0.0, 150, 450])
    reference, _, _ = kinetic_maps(DynamicSeries(whole.astype(np.int16), np.eye(4), times))
    for dtype in (">i2", np.uint16, np.float32, np.float64):
        maps, _, _ = kinetic_maps(DynamicSeries(whole.astype(dtype), np.eye(4), times))
        np.testing.assert_array_equal(reference.washout, maps.washout)


def test_two_phases_give_enhancement_but_nothing_delayed():
    maps, caveats, _ = kinetic_maps(series_of([[100, 250]], [0, 120]), NO_FLOOR)
    assert 150.0 == pytest.approx(voxel(maps)["percent_enhancement"])
    for name in ("signal_enhancement_ratio", "washout", "wash_out_slope"):
        assert np.isnan(getattr(maps, name)).all()
        assert Status.NOT_COMPUTED is maps.status[name]
    assert 0 == maps.curve_type.max()
    assert Status.OK is maps.status["percent_enhancement"]
    assert ["no_late_phase"] == [caveat.code for caveat in caveats]
    assert "washout" not in maps.volumes()


@pytest.mark.parametrize("times", [[0.0], [90.0], [60.0, 150.0]])
def test_without_a_phase_on_both_sides_of_injection_nothing_is_computed(times):
    series = series_of([[100] * len(times)], times)
    maps, caveats, provenance = kinetic_maps(series)
    assert not can_compute(series)
    assert {} == maps.volumes()
    assert caveats
    assert "not computed" in provenance.method


def test_a_series_with_both_can_be_computed():
    assert can_compute(series_of([[1, 2]], [0, 90]))


@pytest.mark.parametrize(
    "curve",
    [
        [0, 0, 0],
        [np.nan, 100, 100],
        [100, np.nan, 100],
        [100, 100, np.inf],
        [-5, 10, 10],
        [30, 100, 100],
    ],
    ids=["zero", "nan pre", "nan post", "infinite", "negative", "below floor"],
)
def test_voxels_without_a_curve_are_undefined(curve):
    maps, _, _ = kinetic_maps(
        series_of([curve, [100, 200, 200]], [0, 150, 450]), KineticSettings(noise_floor=30.0)
    )
    assert all(np.isnan(value) for name, value in voxel(maps).items() if name != "curve_type")
    assert 0 == voxel(maps)["curve_type"]
    assert 100 == pytest.approx(voxel(maps, 1)["percent_enhancement"])


def test_a_constant_curve_neither_enhances_nor_has_a_type():
    read = voxel(kinetic_maps(series_of([[100, 100, 100]], [0, 150, 450]), NO_FLOOR)[0])
    assert (0.0, 0.0, 0.0) == (read["percent_enhancement"], read["washout"], read["curve_type"])
    assert np.isnan(read["time_to_peak_s"])
    assert np.isnan(read["signal_enhancement_ratio"])


def test_a_mask_limits_what_is_computed_and_nothing_else():
    array = np.random.default_rng(1).integers(50, 500, (3, 40, 6, 5)).astype(np.int16)
    series = DynamicSeries(array, np.eye(4), np.array([0.0, 150, 450]))
    mask = np.zeros((40, 6, 5), bool)
    mask[17, 2:4] = True
    everywhere, _, _ = kinetic_maps(series)
    inside, _, _ = kinetic_maps(series, mask=mask)
    for name in VALUES:
        expected = np.where(mask, getattr(everywhere, name), np.nan)
        np.testing.assert_array_equal(expected, getattr(inside, name))
    np.testing.assert_array_equal(np.where(mask, everywhere.curve_type, 0), inside.curve_type)


def test_many_slabs_equal_one(monkeypatch):
    array = np.random.default_rng(2).integers(50, 500, (3, 7, 4, 5)).astype(np.int16)
    series = DynamicSeries(array, np.eye(4), np.array([0.0, 150, 450]))
    whole, _, _ = kinetic_maps(series)
    monkeypatch.setattr("mamri.kinetics.maps._SLAB_BYTES", 4 * 3 * 4 * 5 * 2)
    parts, _, _ = kinetic_maps(series)
    for name in (*VALUES, "curve_type"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="on the grid of the series"):
        kinetic_maps(series_of([[1, 2]], [0, 90]), mask=np.ones((1, 1, 2), bool))


def test_several_pre_contrast_phases_are_averaged_unless_told_otherwise():
    series = series_of([[80, 120, 200, 200]], [-60, 0, 150, 450])
    last = KineticSettings(phases=PhaseSettings(baseline=Baseline.LAST), noise_floor=0.0)
    assert 100 == pytest.approx(voxel(kinetic_maps(series, NO_FLOOR)[0])["percent_enhancement"])
    assert 200 / 3 == pytest.approx(voxel(kinetic_maps(series, last)[0])["percent_enhancement"])


def test_thresholds_reach_the_curve_type_and_the_methods_sentence():
    settings = KineticSettings(
        thresholds=CurveThresholds(delayed_change_percent=30), noise_floor=0.0
    )
    maps, _, provenance = kinetic_maps(series_of([[100, 200, 150]], [0, 150, 450]), settings)
    assert 2 == voxel(maps)["curve_type"]
    assert "+/-30 %" in provenance.method
    assert 30 == provenance.settings["delayed_change_percent"]


def test_input_is_left_alone_and_maps_are_read_only():
    array = np.random.default_rng(1).integers(50, 500, (3, 2, 3, 4)).astype(np.int16)
    before = array.copy()
    maps, _, _ = kinetic_maps(DynamicSeries(array, np.eye(4), np.array([0.0, 150, 450])))
    np.testing.assert_array_equal(before, array)
    assert np.float32 == maps.washout.dtype
    assert not maps.washout.flags.writeable

"""Input functions measured in blood and through a reference tissue, against known truth.

The truth is Parker's curve in a made-up volume: artery, late vein, uptaking tissue and air, with
partial volume and noise. The reference tissue follows the model of Tofts exactly.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.perfusion.arterial_input import parker_blood, plasma_from_blood
from mamri.perfusion.measured_input import (
    MeasuredInputSettings,
    ReferenceRegionSettings,
    measured_input,
    measured_input_from_signal,
    reference_region_input,
)
from mamri.perfusion.signal_to_concentration import SpoiledGradientEcho, concentration_to_signal
from mamri.records import GeometryError, InputError, TimingError
from mamri.simulation.physics import extended_tofts

TIMES = np.arange(-20.0, 240.0, 2.0)
SHAPE = (2, 6, 7)
ARTERY = np.s_[:, 2:4, 2:5]  # 12 voxels
N_ARTERY = 12
ALL_SHARP = MeasuredInputSettings(sharp_share=1.0)


def tissue_curve(times, plasma):
    fine = np.arange(times[0], times[-1] + 0.1, 0.1)
    curve = extended_tofts(
        fine, np.interp(fine, times, plasma), ktrans_per_min=0.25, ve=0.4, vp=0.02
    )
    return np.interp(times, fine, curve)


def volume(times=TIMES, noise=0.0, seed=0):
    """Concentrations (T, S, R, C): artery, its partial edge, a vein, tissue; air is NaN."""
    blood = parker_blood(times, delay_s=4.0)
    array = np.empty((times.size, *SHAPE))
    array[:] = tissue_curve(times, blood / 0.58)[:, None, None, None]
    array[:, :, 1:5, 1:6] = 0.4 * blood[:, None, None, None]
    array[(slice(None), *ARTERY)] = blood[:, None, None, None]
    array[:, :, 5, :3] = 0.8 * parker_blood(times, delay_s=16.0)[:, None, None]
    array += np.random.default_rng(seed).normal(0, noise, array.shape) if noise else 0
    array[:, :, 0, :] = np.nan
    return array


def everywhere():
    return np.ones(SHAPE, bool)


def test_the_artery_is_found_among_edge_vein_tissue_and_air():
    found = measured_input(volume(), TIMES, everywhere(), settings=ALL_SHARP)
    expected = np.zeros(SHAPE, bool)
    expected[ARTERY] = True
    np.testing.assert_array_equal(expected, found.voxels)
    np.testing.assert_allclose(parker_blood(TIMES, delay_s=4.0) / 0.58, found.plasma_mm, atol=1e-12)
    assert found.looks_like_input
    assert () == found.caveats


def test_its_figures_are_those_of_the_curve():
    quality = measured_input(volume(), TIMES, everywhere(), settings=ALL_SHARP).quality
    truth = parker_blood(TIMES, delay_s=4.0) / 0.58
    assert (N_ARTERY, 70, 84) == (quality.n_voxels, quality.n_usable, quality.n_mask)
    assert truth.max() == pytest.approx(quality.peak_mm)
    assert 14.0 == quality.peak_time_s
    assert 0 == pytest.approx(quality.spread, abs=1e-12)
    assert truth.max() / truth[TIMES >= 74].mean() == pytest.approx(quality.peak_to_tail)
    assert np.inf == quality.peak_to_noise
    assert 2.0 == quality.step_s
    # A fifth of the peak, 2.1 mM, is passed between the images at 8 and 10 s.
    assert truth[TIMES == 8] < 0.2 * truth.max() < truth[TIMES == 10]
    assert 8 < 14 - quality.rise_s < 10


@pytest.mark.parametrize("seed", range(5))
def test_noise_hardly_moves_the_mean(seed):
    found = measured_input(volume(noise=0.15, seed=seed), TIMES, everywhere())
    truth = parker_blood(TIMES, delay_s=4.0) / 0.58
    inside = np.zeros(SHAPE, bool)
    inside[ARTERY] = True
    assert not found.voxels[~inside].any()
    assert found.quality.n_voxels >= 5
    # 0.26 mM in plasma over at least 5 voxels, and the choice of the steepest leans to high peaks.
    assert np.abs(found.plasma_mm - truth).max() < 0.45
    assert np.sqrt(np.mean((found.plasma_mm - truth) ** 2)) < 0.15
    assert found.looks_like_input


def test_one_wild_voxel_does_not_move_the_mean():
    array = volume()
    array[:, 0, 2, 2] *= 3
    found = measured_input(array, TIMES, everywhere(), settings=ALL_SHARP)
    truth = parker_blood(TIMES, delay_s=4.0) / 0.58
    np.testing.assert_allclose(truth, found.plasma_mm, atol=1e-12)


def test_of_early_and_high_voxels_the_sharp_ones_are_taken():
    array = volume()
    blunt = parker_blood(TIMES, delay_s=4.0)
    blunt[1:-1] = (blunt[:-2] + 2 * blunt[1:-1] + blunt[2:]) / 4
    array[:, 0, 2:4, 2:5] = blunt[:, None, None]
    found = measured_input(array, TIMES, everywhere())
    expected = np.zeros(SHAPE, bool)
    expected[1, 2:4, 2:5] = True
    np.testing.assert_array_equal(expected, found.voxels)


def test_a_mask_of_the_vein_gives_the_vein():
    mask = np.zeros(SHAPE, bool)
    mask[:, 5, :3] = True
    found = measured_input(volume(), TIMES, mask)
    assert found.quality.peak_time_s > 20
    assert not found.voxels[~mask].any()


def test_plasma_follows_the_haematocrit():
    one = measured_input(volume(), TIMES, everywhere(), haematocrit=0.0)
    other = measured_input(volume(), TIMES, everywhere(), haematocrit=0.4)
    np.testing.assert_allclose(one.plasma_mm / 0.6, other.plasma_mm)
    assert 0.4 == other.haematocrit


def test_the_signal_gives_the_same_input_as_the_concentration():
    sequence = SpoiledGradientEcho(tr_ms=4.0, flip_angle_deg=25.0)
    known = {"t1_ms": 1932.0, "r1": 4.97}
    array = np.nan_to_num(volume())
    signal = concentration_to_signal(array, sequence, baseline_signal=300.0, **known)
    expected = measured_input(array, TIMES, everywhere())
    found = measured_input_from_signal(
        signal, TIMES, everywhere(), sequence, blood_t1_ms=1932.0, r1=4.97
    )
    np.testing.assert_array_equal(expected.voxels, found.voxels)
    np.testing.assert_allclose(expected.plasma_mm, found.plasma_mm, rtol=1e-6, atol=1e-8)


def test_a_vessel_that_saturates_is_flagged():
    array = volume()[:, :, 2:4, 2:5]
    array[TIMES == 14, :, 0] = np.nan  # no concentration at the peak
    array[TIMES == 14, 0, 1, 0] = np.nan
    found = measured_input(array, TIMES, np.ones(array.shape[1:], bool))
    assert ["input_saturated"] == codes(found)
    assert not found.looks_like_input


def codes(found):
    return [caveat.code for caveat in found.caveats]


def test_tissue_is_not_taken_for_an_input():
    mask = np.zeros(SHAPE, bool)
    mask[:, 1:, 6] = True
    found = measured_input(volume(), TIMES, mask)
    assert {"input_peak_low", "input_peak_blunt", "input_rise_slow"} <= set(codes(found))
    assert not found.looks_like_input


def test_phases_of_a_minute_do_not_see_the_first_pass():
    times = np.array([-60.0, 0, 60, 120, 180, 240, 300])
    found = measured_input(volume(times), times, everywhere())
    assert {"input_undersampled", "input_peak_blunt"} <= set(codes(found))


def test_an_impossibly_high_peak_is_flagged():
    assert ["input_peak_high"] == codes(measured_input(5 * volume(), TIMES, everywhere()))


def test_noise_as_high_as_the_peak_is_flagged():
    mask = np.zeros(SHAPE, bool)
    mask[ARTERY] = True
    found = measured_input(volume(noise=4.0), TIMES, mask)
    assert "input_noisy" in codes(found)


def test_caveats_are_sentences_with_the_figure():
    found = measured_input(5 * volume(), TIMES, everywhere())
    message = found.caveats[0].message
    assert f"{found.quality.peak_mm:.1f} mM" in message
    assert message.startswith("The measured arterial input ")
    assert message.endswith(".")


def test_a_scan_that_ends_at_the_peak_has_no_tail_to_judge_by():
    short = TIMES <= 20
    found = measured_input(volume()[short], TIMES[short], everywhere())
    assert np.isnan(found.quality.peak_to_tail)
    assert found.looks_like_input


def test_without_points_before_contrast_the_noise_is_unknown():
    late = TIMES > 0
    found = measured_input(volume()[late], TIMES[late], everywhere())
    assert np.isnan(found.quality.peak_to_noise)


def test_a_curve_that_starts_above_its_fifth_arrives_with_the_first_image():
    times = np.array([10.0, 12.0, 14.0, 16.0])
    array = np.broadcast_to(np.array([5.0, 6, 4, 3])[:, None, None, None], (4, 1, 2, 3)).copy()
    assert 2.0 == measured_input(array, times, np.ones((1, 2, 3), bool)).quality.rise_s


@given(scale=st.floats(0.2, 5))
def test_twice_the_concentration_is_twice_the_input(scale):
    one = measured_input(volume(), TIMES, everywhere())
    other = measured_input(scale * volume(), TIMES, everywhere())
    np.testing.assert_array_equal(one.voxels, other.voxels)
    np.testing.assert_allclose(scale * one.plasma_mm, other.plasma_mm, rtol=1e-9, atol=1e-12)


def test_turning_the_image_turns_the_voxels():
    straight = measured_input(volume(noise=0.1), TIMES, everywhere())
    flipped = measured_input(volume(noise=0.1)[..., ::-1], TIMES, everywhere())
    np.testing.assert_array_equal(straight.voxels[..., ::-1], flipped.voxels)
    np.testing.assert_allclose(straight.plasma_mm, flipped.plasma_mm)


def test_input_is_left_alone_and_the_result_is_read_only():
    array, mask, times = volume(), everywhere(), TIMES.copy()
    before = array.copy()
    found = measured_input(array, times, mask)
    np.testing.assert_array_equal(before, array)
    assert mask.all()
    times[0] = -99
    assert -20 == found.times_s[0]
    for name in ("times_s", "plasma_mm", "voxels"):
        assert not getattr(found, name).flags.writeable


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_mask_without_usable_voxels_is_refused(value):
    with pytest.raises(InputError, match="got 0 of 84"):
        measured_input(np.full((TIMES.size, *SHAPE), value), TIMES, everywhere())


def test_an_empty_mask_is_refused():
    with pytest.raises(InputError, match="got 0 of 0"):
        measured_input(volume(), TIMES, np.zeros(SHAPE, bool))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_mask_in_which_nothing_rises_is_refused(value):
    with pytest.raises(InputError, match="must rise above 0"):
        measured_input(np.full((TIMES.size, *SHAPE), value), TIMES, everywhere())


def test_a_constant_concentration_is_no_input():
    found = measured_input(np.full((TIMES.size, *SHAPE), 5.0), TIMES, everywhere())
    assert not found.looks_like_input


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="a mask on its grid"):
        measured_input(volume(), TIMES, np.ones((2, 6, 8), bool))
    with pytest.raises(GeometryError, match="a mask on its grid"):
        measured_input(volume()[:, 0], TIMES, np.ones(SHAPE[1:], bool))


def test_times_that_do_not_fit_are_refused():
    with pytest.raises(TimingError, match="one finite time"):
        measured_input(volume(), TIMES[1:], everywhere())
    with pytest.raises(TimingError, match="must increase"):
        measured_input(volume(), TIMES[::-1], everywhere())
    with pytest.raises(TimingError, match="at or before the injection"):
        measured_input_from_signal(
            volume(),
            TIMES + 100,
            everywhere(),
            SpoiledGradientEcho(4.0, 25.0),
            blood_t1_ms=1932.0,
            r1=4.97,
        )


def reference_tissue(step_s, ktrans=0.1, ve=0.1):
    """Times, tissue and plasma, where the plasma starts smoothly."""
    fine = np.arange(0, 300.01, 0.05)
    plasma = 8 * (fine / 20) ** 3 * np.exp(-fine / 20) + (1 - np.exp(-fine / 40)) ** 2
    tissue = extended_tofts(fine, plasma, ktrans_per_min=ktrans, ve=ve, vp=0.0)
    every = round(step_s / 0.05)
    return fine[::every], tissue[::every], plasma[::every]


def test_a_reference_tissue_gives_back_the_plasma_that_fed_it():
    times, tissue, plasma = reference_tissue(0.1)
    found = reference_region_input(tissue, times)
    np.testing.assert_allclose(plasma, found, atol=2e-3)  # 0.01 % of the peak, 10.8 mM


def test_the_error_of_the_reference_tissue_falls_with_the_square_of_the_step():
    errors = []
    for step in (2.0, 1.0, 0.5):
        times, tissue, plasma = reference_tissue(step)
        errors.append(np.abs(reference_region_input(tissue, times) - plasma).max())
    assert 4 == pytest.approx(errors[0] / errors[1], rel=0.25)
    assert 4 == pytest.approx(errors[1] / errors[2], rel=0.25)


def test_uneven_times_serve_as_well():
    times, tissue, plasma = reference_tissue(0.1)
    uneven = np.sort(np.random.default_rng(2).choice(times.size, 1500, replace=False))
    found = reference_region_input(tissue[uneven], times[uneven])
    np.testing.assert_allclose(plasma[uneven][1:-1], found[1:-1], atol=0.05)


@given(ktrans=st.floats(0.02, 0.5), ve=st.floats(0.05, 0.6))
def test_assumed_values_are_those_that_count(ktrans, ve):
    times, tissue, plasma = reference_tissue(1.0, ktrans, ve)
    settings = ReferenceRegionSettings(ktrans, ve)
    np.testing.assert_allclose(
        plasma, reference_region_input(tissue, times, settings=settings), atol=0.1
    )
    half = dataclasses.replace(settings, ktrans_per_min=ktrans / 2, ve=ve / 2)
    np.testing.assert_allclose(
        2 * reference_region_input(tissue, times, settings=settings),
        reference_region_input(tissue, times, settings=half),
    )


def test_a_tissue_at_rest_has_plasma_at_its_interstitial_level():
    found = reference_region_input(np.full(5, 0.06), np.arange(5.0))
    np.testing.assert_allclose(0.6, found)


def test_a_missing_point_leaves_a_gap_and_nothing_else():
    times, tissue, _ = reference_tissue(2.0)
    before = reference_region_input(tissue, times)
    tissue[40] = np.nan
    tissue[80] = np.inf
    found = reference_region_input(tissue, times)
    gap = np.isnan(found)
    np.testing.assert_array_equal([39, 40, 41, 79, 80, 81], np.flatnonzero(gap))
    np.testing.assert_array_equal(before[~gap], found[~gap])
    assert np.isnan(tissue[40])  # input unchanged


def test_a_reference_curve_needs_three_points_in_order():
    with pytest.raises(TimingError, match="at least three"):
        reference_region_input(np.ones(2), np.arange(2.0))
    with pytest.raises(TimingError, match="at least three"):
        reference_region_input(np.ones((4, 2)), np.arange(4.0))
    with pytest.raises(TimingError, match="must increase"):
        reference_region_input(np.ones(3), np.zeros(3))


@pytest.mark.parametrize(
    ("ktrans", "ve"), [(0, 0.1), (-0.1, 0.1), (0.1, 0), (0.1, 1.1), (np.nan, 0.1)]
)
def test_an_impossible_reference_tissue_is_refused(ktrans, ve):
    with pytest.raises(InputError, match="reference tissue"):
        ReferenceRegionSettings(ktrans, ve)


def test_measured_and_population_curve_agree_in_plasma():
    found = measured_input(volume(), TIMES, everywhere())
    expected = plasma_from_blood(parker_blood(TIMES, delay_s=4.0))
    np.testing.assert_allclose(expected, found.plasma_mm, atol=1e-12)

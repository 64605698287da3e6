"""Motion correction as a whole, on a small breast whose motion is known."""

import os

import numpy as np
import pytest
from registration.phantoms import AFFINE, SPACING, breast, moved, noisy, series, shifted, zeros
from scipy import ndimage

from mamri.records import DynamicSeries, GeometryError
from mamri.registration import MotionMethod, MotionSettings, PhaseOutcome, correct_motion

IMAGE, MASK = breast()
Z, Y, X = np.indices(IMAGE.shape)
LESION = (2.0 * (Z - 20)) ** 2 + (1.6 * (Y - 22)) ** 2 + (1.6 * (X - 30)) ** 2 < 6**2
ENHANCED = IMAGE * (1 + 0.2 * (IMAGE > 300)) + 500 * ndimage.gaussian_filter(
    LESION.astype(np.float32), 0.5
)
PRE = noisy(IMAGE, 1)
RIGID = MotionSettings(method=MotionMethod.RIGID)
DEFORMABLE = MotionSettings(method=MotionMethod.DEFORMABLE, deformable_iterations=60)


def bend(axes):
    """Up to about 2.4 mm of smooth local motion, voxels."""
    s, r, c = np.meshgrid(*axes, indexing="ij")
    out = zeros(axes)
    out[0] = 0.8 * np.sin(r / 14)
    out[1] = 1.2 * np.cos(s / 13 + c / 18)
    return out


@pytest.fixture(scope="module")
def after_shift():
    phases = series(PRE, noisy(shifted(ENHANCED, (1.5, -2.0, 2.5)), 2), noisy(ENHANCED, 3))
    return phases, *correct_motion(phases, MASK, RIGID)


@pytest.fixture(scope="module")
def after_bend():
    phases = series(PRE, noisy(moved(ENHANCED, bend), 2))
    return phases, *correct_motion(phases, MASK, DEFORMABLE)


def test_a_known_shift_is_found_in_patient_coordinates(after_shift):
    _, _, report, _ = after_shift
    found = report.phases[0]
    assert found.outcome is PhaseOutcome.RIGID
    assert found.translation_mm_lps == pytest.approx((2.5, -2.0, 1.5), abs=0.15)
    assert found.rotation_deg < 0.5
    assert found.displacement_mean_mm == pytest.approx(np.sqrt(1.5**2 + 2**2 + 2.5**2), abs=0.15)


def test_a_known_shift_is_taken_out(after_shift):
    phases, corrected, report, _ = after_shift
    inner = ndimage.binary_erosion(MASK, iterations=3)
    error = (corrected.array[1] - ENHANCED)[inner]
    before = (phases.array[1] - ENHANCED)[inner]
    assert error.std() < 0.3 * before.std()
    found = report.phases[0]
    assert found.motion_before.median_mm > 3.0
    assert found.motion_after.median_mm < 0.2
    assert found.similarity_after > found.similarity_before


def test_a_phase_that_did_not_move_stays_bit_identical(after_shift):
    phases, corrected, report, _ = after_shift
    assert report.phases[1].outcome is PhaseOutcome.UNCHANGED
    np.testing.assert_array_equal(phases.array[2], corrected.array[2])
    np.testing.assert_array_equal(phases.array[0], corrected.array[0])


def test_dtype_grid_and_times_are_kept_and_the_input_is_untouched(after_shift):
    phases, corrected, _, _ = after_shift
    assert corrected.array.dtype == np.int16
    np.testing.assert_array_equal(phases.affine, corrected.affine)
    np.testing.assert_array_equal(phases.times_s, corrected.times_s)
    np.testing.assert_array_equal(PRE, phases.array[0])
    assert not np.shares_memory(phases.array, corrected.array)


def test_the_very_same_series_comes_back_when_nothing_moved():
    phases = series(PRE, noisy(ENHANCED, 3))
    corrected, report, _ = correct_motion(phases, MASK, RIGID)
    assert corrected is phases
    assert report.caveats == ()


def test_local_motion_is_taken_out_and_the_lesion_keeps_its_volume(after_bend):
    _, corrected, report, _ = after_bend
    found = report.phases[0]
    assert found.outcome is PhaseOutcome.DEFORMABLE
    assert found.motion_before.p95_mm > 1.2
    assert found.motion_after.median_mm < 0.3
    still = ENHANCED - IMAGE > 250
    seen = ndimage.gaussian_filter(corrected.array[1] - PRE.astype(float), 0.5) > 250
    near = ndimage.binary_dilation(LESION, iterations=4)
    assert np.count_nonzero(seen & near) == pytest.approx(np.count_nonzero(still & near), rel=0.1)


def test_tissue_far_from_the_breasts_follows_the_rigid_motion_only(after_bend):
    phases, corrected, report, _ = after_bend
    if report.phases[0].translation_mm_lps == (0.0, 0.0, 0.0):
        np.testing.assert_array_equal(phases.array[1][:, :, 0], corrected.array[1][:, :, 0])


def test_two_runs_agree_to_the_last_bit(after_bend):
    phases, corrected, report, _ = after_bend
    again, again_report, _ = correct_motion(phases, MASK, DEFORMABLE)
    np.testing.assert_array_equal(corrected.array, again.array)
    assert report == again_report


def test_registration_prints_nothing_and_leaves_no_file(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    correct_motion(series(PRE, noisy(shifted(ENHANCED, (2.0, 0.0, 0.0)), 2)), MASK, RIGID)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_other_dtypes_stay_what_they_are(dtype):
    phases = series(PRE.astype(dtype), noisy(shifted(ENHANCED, (2.0, 0.0, 0.0)), 2, dtype))
    corrected, report, _ = correct_motion(phases, None, RIGID)
    assert report.phases[0].outcome is PhaseOutcome.RIGID
    assert corrected.array.dtype == dtype


def test_a_mirrored_exam_gives_the_mirrored_motion():
    mirror = AFFINE.copy()
    mirror[0, 2] *= -1
    phases = series(PRE, noisy(shifted(ENHANCED, (0.0, 0.0, 2.5)), 2))
    flipped = DynamicSeries(phases.array, mirror, phases.times_s)
    _, report, _ = correct_motion(flipped, MASK, RIGID)
    assert report.phases[0].translation_mm_lps[0] == pytest.approx(-2.5, abs=0.15)


def test_the_reference_is_the_last_phase_before_contrast():
    array = np.stack([noisy(shifted(IMAGE, (2.5, 0.0, 0.0)), 4), PRE, noisy(ENHANCED, 2)])
    phases = DynamicSeries(array, AFFINE, np.array([-60.0, -1.0, 60.0]))
    corrected, report, _ = correct_motion(phases, MASK, RIGID)
    assert report.reference_phase == 1
    assert [p.phase for p in report.phases] == [0, 2]
    assert report.phases[0].outcome is PhaseOutcome.RIGID
    np.testing.assert_array_equal(PRE, corrected.array[1])


def test_a_constant_phase_is_left_alone_with_a_caveat():
    phases = series(PRE, np.full_like(PRE, 9))
    corrected, report, _ = correct_motion(phases, MASK, RIGID)
    assert corrected is phases
    assert report.phases[0].outcome is PhaseOutcome.FAILED
    assert [c.code for c in report.caveats] == ["motion_correction_failed"]


def test_motion_that_stays_carries_a_caveat_with_its_size():
    phases = series(PRE, noisy(moved(ENHANCED, lambda axes: 2.5 * bend(axes)), 2))
    _, report, _ = correct_motion(phases, MASK, RIGID)
    assert report.phases[0].motion_after.p95_mm > 2.0
    (caveat,) = report.caveats
    assert caveat.code == "residual_motion"
    assert f"{report.phases[0].motion_after.p95_mm:.1f} mm" in caveat.message


@pytest.mark.parametrize("mask", [np.zeros(IMAGE.shape, bool)])
def test_an_empty_mask_leaves_every_phase_with_a_caveat(mask):
    phases = series(PRE, noisy(ENHANCED, 2))
    corrected, report, _ = correct_motion(phases, mask, RIGID)
    assert corrected is phases
    assert report.caveats


def test_method_none_and_single_phases_do_nothing():
    phases = series(PRE, noisy(shifted(ENHANCED, (3.0, 0.0, 0.0)), 2))
    same, report, provenance = correct_motion(phases, MASK, MotionSettings(MotionMethod.NONE))
    assert same is phases
    assert report.phases == ()
    assert "not corrected" in provenance.method
    alone = series(PRE)
    assert correct_motion(alone, MASK, RIGID)[0] is alone


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="share one grid"):
        correct_motion(series(PRE, PRE), np.ones((2, 2, 2), bool), RIGID)


def test_the_method_sentence_follows_the_settings():
    _, _, provenance = correct_motion(series(PRE), MASK, DEFORMABLE)
    assert "24 mm" in provenance.method
    assert any("Rueckert" in text for text in provenance.references)
    assert SPACING[0] == 2.0

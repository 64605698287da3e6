import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registration.phantoms import SPACING, breast, noisy, shifted

from mamri.registration.local_shift import measure_local_shifts

IMAGE, MASK = breast()
FIXED = noisy(IMAGE, 1, np.float32)
part = st.floats(-3.0, 3.0)


def measure(moving):
    return measure_local_shifts(FIXED, moving.astype(np.float32), MASK, spacing=SPACING)


@given(part, part, part)
@settings(max_examples=6)
def test_known_shifts_are_measured_to_a_tenth_of_a_millimetre(s, r, c):
    shifts = measure(noisy(shifted(IMAGE, (s, r, c)), 2)).shifts_mm
    assert len(shifts) >= 8
    assert np.median(shifts, axis=0) == pytest.approx([s, r, c], abs=0.1)
    assert np.percentile(np.linalg.norm(shifts - [s, r, c], axis=1), 95) < 0.35


def test_without_motion_the_residual_is_the_noise_of_the_measurement():
    lengths = measure(noisy(IMAGE, 2)).lengths_mm
    assert np.median(lengths) < 0.1


def test_gain_offset_and_a_growing_lesion_do_not_pass_for_motion():
    z, y, x = np.indices(IMAGE.shape)
    lesion = (2.0 * (z - 20)) ** 2 + (1.6 * (y - 22)) ** 2 + (1.6 * (x - 30)) ** 2 < 7**2
    lengths = measure(noisy(1.4 * IMAGE + 30 + 500 * lesion, 2)).lengths_mm
    assert len(lengths) >= 8
    assert np.median(lengths) < 0.12


def test_blocks_of_noise_are_not_believed():
    rng = np.random.default_rng(3)
    flat = rng.normal(100, 5, IMAGE.shape).astype(np.float32)
    other = rng.normal(100, 5, IMAGE.shape).astype(np.float32)
    assert len(measure_local_shifts(flat, other, MASK, spacing=SPACING).shifts_mm) == 0


@pytest.mark.parametrize("mask", [np.zeros(IMAGE.shape, bool), np.eye(52, 48).T[None] > 2])
def test_no_tissue_gives_no_shift(mask):
    full = np.broadcast_to(mask, IMAGE.shape)
    shifts = measure_local_shifts(FIXED, FIXED, full, spacing=SPACING)
    assert shifts.shifts_mm.shape == (0, 3)


def test_one_thin_slab_gives_no_shift():
    thin = FIXED[:1]
    shifts = measure_local_shifts(thin, thin, MASK[20:21], spacing=SPACING)
    assert shifts.lengths_mm.size == 0

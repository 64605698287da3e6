from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mamri.simulation import DEMO_CONDITION, TissueMixture, build_body, demo_woman
from mamri.simulation._tissue_table import Tissue
from mamri.simulation.mixture import NEUTRAL
from mamri.simulation.motion import depth_in_chest
from mamri.simulation.scan import begin_visit, scan_dynamic
from mamri.simulation.scanner_fields import STEP_MM, ScannerFields
from mamri.simulation.sequences import DynamicScan, FatHandling, GradientEcho, Grid, Protocol
from mamri.simulation.signal_tables import code_properties, gradient_echo_tables
from mamri.simulation.synthesis import coarse_ticks, fat_suppression, gains, synthesize
from mamri.simulation.voxel_signals import voxel_signals

FLASH = GradientEcho(4.5, 1.5, 12.0, FatHandling.NONE)
CODES = code_properties(demo_woman(7).lesions)
SHAPE = (9, 14, 20)


def _mixture(shape: tuple[int, int, int], seed: int = 0) -> TissueMixture:
    """Random tissues of every kind."""
    rng = np.random.default_rng(seed)
    known = [n for n in range(len(CODES)) if n not in (22, 23)]
    return TissueMixture(
        tissues=rng.choice(known, (2, *shape)).astype(np.uint8),
        share=rng.integers(0, 256, shape).astype(np.uint8),
        uptake=rng.integers(0, 256, shape).astype(np.uint8),
        grain=rng.integers(50, 150, shape).astype(np.uint8),
        breast=np.zeros(shape, np.uint8),
        lesions=np.zeros(shape, np.uint8),
        fibroglandular=np.zeros(shape, bool),
        vessels=np.zeros(shape, bool),
        affine=np.diag([2.0, 2.0, 2.0, 1.0])[[2, 1, 0, 3]],
    )


def _pure(tissue: Tissue, shape: tuple[int, int, int] = (3, 4, 5)) -> TissueMixture:
    mixture = _mixture(shape)
    full = np.full(shape, 255, np.uint8)
    neutral = np.full(shape, NEUTRAL, np.uint8)
    return replace(
        mixture,
        tissues=np.full((2, *shape), tissue, np.uint8),
        share=full,
        uptake=neutral,
        grain=neutral,
    )


def _fields(
    value: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None,
) -> ScannerFields:
    """Even fields, or off resonance, flip scale and sensitivity as functions of x in mm."""
    x = np.broadcast_to(STEP_MM * np.arange(12.0), (12, 12, 12)).astype(np.float32)
    one = np.ones_like(x)
    off, flip, sensitivity = (0 * one, one, one) if value is None else value(x)
    return ScannerFields(off, flip, sensitivity, np.zeros(3))


def _tables(amount: float = 0.5, sequence: GradientEcho = FLASH) -> tuple[np.ndarray, np.ndarray]:
    return gradient_echo_tables(CODES, np.full(len(CODES), amount), sequence, 1.5)


def test_every_voxel_has_the_sum_of_its_two_tissues() -> None:
    mixture = _mixture(SHAPE)
    found = synthesize(mixture, _tables(), _fields())
    water, fat = voxel_signals(mixture, np.ones(SHAPE, bool), _tables())
    assert found.max() > 0.1
    # 32-bit rounding.
    np.testing.assert_allclose((water + fat).reshape(SHAPE), found, rtol=2e-6, atol=1e-9)


def test_signal_is_that_of_the_table_of_the_first_tissue_where_it_has_all() -> None:
    water, fat = _tables()
    for tissue in (Tissue.FIBROGLANDULAR, Tissue.FAT, Tissue.MARROW, Tissue.LESION):
        expected = water[tissue, NEUTRAL, 5] + fat[tissue, NEUTRAL, 5]
        found = synthesize(_pure(tissue), (water, fat), _fields())
        np.testing.assert_allclose(expected, found, rtol=2e-6)


def test_uptake_changes_gland_and_lesions_only() -> None:
    tables = _tables()
    for tissue, varies in (
        (Tissue.FIBROGLANDULAR, True),
        (Tissue.LESION + 1, True),
        (Tissue.MUSCLE, False),
        (Tissue.OEDEMA, False),
    ):
        once = _pure(Tissue(3))
        once = replace(once, tissues=np.full_like(once.tissues, tissue))
        twice = replace(once, uptake=np.full(once.shape, 200, np.uint8))
        ratio = synthesize(twice, tables, _fields()) / synthesize(once, tables, _fields())
        expected = tables[0][tissue, 200, 5] / tables[0][tissue, 100, 5] if varies else 1.0
        np.testing.assert_allclose(expected, ratio, rtol=2e-6)


def test_stored_uptake_beyond_the_table_stays_at_its_end() -> None:
    mixture = replace(_pure(Tissue.LESION), uptake=np.full((3, 4, 5), 255, np.uint8))
    expected = _tables()[0][Tissue.LESION, -1, 5]
    np.testing.assert_allclose(expected, synthesize(mixture, _tables(), _fields()), rtol=2e-6)


def test_flip_angle_and_sensitivity_vary_in_space() -> None:
    mixture = _pure(Tissue.FIBROGLANDULAR, (3, 4, 30))
    fields = _fields(lambda x: (0 * x, 0.7 + 0.5 * x / 66, 1 - x / 100))
    x = 2.0 * np.arange(30)
    scale = 0.7 + 0.5 * x / 66
    row = _tables()[0][Tissue.FIBROGLANDULAR, NEUTRAL].astype(float)
    flipped = np.interp(scale, np.linspace(0.5, 1.3, 9), row)
    # Both vary slowly: rounding of 32-bit numbers on the ticks.
    tables = _tables()
    found = synthesize(mixture, tables, fields)
    np.testing.assert_allclose(flipped * (1 - x / 100), found[1, 2], rtol=1e-5)
    even = synthesize(mixture, tables, fields, sensitivity_power=0.0)
    np.testing.assert_allclose(flipped, even[1, 2], rtol=1e-5)
    steady = synthesize(mixture, tables, fields, flip=False, sensitivity_power=2.0)
    # A square is a curve: right on the ticks, straight between them.
    ticks, _ = coarse_ticks(mixture.shape)
    squared = row[5] * np.interp(x, 2 * ticks[2], (1 - 2 * ticks[2] / 100) ** 2)
    np.testing.assert_allclose(squared, steady[1, 2], rtol=1e-5)


def test_lines_between_flip_angles_are_close_to_the_signal_equation() -> None:
    tissue = CODES[Tissue.FIBROGLANDULAR].tissue
    mixture = _pure(Tissue.FIBROGLANDULAR, (2, 2, 2))
    for scale in (0.55, 0.85, 1.25):
        fields = _fields(lambda x, s=scale: (0 * x, 0 * x + np.float32(s), 0 * x + 1))
        found = synthesize(mixture, _tables(0.0), fields)
        e1, angle = np.exp(-4.5 / tissue.t1_ms[0]), np.deg2rad(12 * scale)
        expected = np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1)
        expected *= tissue.proton_density * np.exp(-1.5 / tissue.t2_star_ms)
        # A line over a tenth of the flip angle: below 0.5 %, the worst at low angles.
        np.testing.assert_allclose(expected, found, rtol=5e-3)


def _whole(phase: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    one = np.ones([len(t) for t in coarse_ticks((3, 4, 5))[0]])
    return one, one, phase * one


def test_water_and_fat_add_in_phase_and_subtract_in_opposed_phase() -> None:
    """Marrow holds both."""
    mixture, tables = _pure(Tissue.MARROW), _tables()
    water, fat = (t[Tissue.MARROW, NEUTRAL, 5] for t in tables)
    for phase, expected in (
        (1.0, water + fat),
        (-1.0, abs(water - fat)),
        (0.0, np.hypot(water, fat)),
        (0.5, np.sqrt(water**2 + fat**2 + water * fat)),
    ):
        found = synthesize(mixture, tables, _fields(), water_fat_phase=_whole(phase))
        np.testing.assert_allclose(expected, found, rtol=1e-5, atol=1e-7)


def test_water_and_fat_swing_with_the_echo_time() -> None:
    """3.4 ppm at 1.5 T are 217.1 Hz: together every 4.606 ms, opposed half way."""
    off = np.zeros((2, 2, 2))
    period_ms = 1000 / (3.4e-6 * 42.577e6 * 1.5)
    assert period_ms == pytest.approx(4.606, abs=1e-3)
    for te_ms, field_t, expected in (
        (period_ms, 1.5, 1.0),
        (period_ms / 2, 1.5, -1.0),
        (period_ms / 4, 1.5, 0.0),
        (period_ms / 2, 3.0, 1.0),
    ):
        water, fat, phase = gains(
            off, FatHandling.NONE, te_ms=te_ms, field_strength_t=field_t, residual=0.1, half_ppm=1.5
        )
        assert np.all(water == 1)
        assert np.all(fat == 1)
        np.testing.assert_allclose(expected, phase, atol=1e-12)


def test_suppression_leaves_water_and_a_residue_of_fat_on_resonance() -> None:
    water, fat = fat_suppression(np.zeros(1), residual=0.1, half_ppm=1.5)
    # The transitions have tails: 0.2 % of the fat; exp(-(3.4 / 1.2)^2) of the water.
    assert water[0] == pytest.approx(1.0, abs=5e-4)
    assert fat[0] == pytest.approx(0.1, abs=2e-3)


def test_suppression_fails_half_at_half_ppm_and_alike_on_both_sides() -> None:
    off = np.array([-8.0, -1.5, 1.5, 8.0])
    _, fat = fat_suppression(off, residual=0.1, half_ppm=1.5)
    failed = fat[-1]
    assert 0.4 < failed < 1
    half = 0.5 * (0.1 + failed)
    np.testing.assert_allclose([failed, half, half, failed], fat, rtol=1e-9)


def test_the_pulse_hits_water_where_the_field_is_lower_by_the_chemical_shift() -> None:
    water, _ = fat_suppression(np.array([-3.4, 3.4, 8.0]), residual=0.1, half_ppm=1.5)
    assert water[0] < 0.1
    np.testing.assert_allclose(1.0, water[1:], atol=1e-9)


def test_fat_returns_steadily_as_the_field_goes_off() -> None:
    _, fat = fat_suppression(np.linspace(0, 4, 60), residual=0.1, half_ppm=1.5)
    assert np.all(np.diff(fat) > 0)


def test_suppressed_fat_adds_in_quadrature() -> None:
    shape = tuple(len(t) for t in coarse_ticks((3, 4, 5))[0])
    gain = gains(
        np.zeros(shape),
        FatHandling.SUPPRESSED,
        te_ms=1.5,
        field_strength_t=1.5,
        residual=0.3,
        half_ppm=1.5,
    )
    tables = _tables(sequence=replace(FLASH, fat=FatHandling.SUPPRESSED))
    water, fat = (t[Tissue.MARROW, NEUTRAL, 5] for t in tables)
    found = synthesize(_pure(Tissue.MARROW), tables, _fields(), water_fat_phase=gain)
    left_water, left_fat = fat_suppression(np.zeros(1), residual=0.3, half_ppm=1.5)
    expected = np.hypot(left_water * water, left_fat * fat)
    np.testing.assert_allclose(expected[0], found, rtol=1e-5)


def test_air_is_dark_and_one_slice_is_enough() -> None:
    for shape in ((1, 4, 5), (3, 1, 1)):
        mixture = _mixture(shape)
        found = synthesize(mixture, _tables(), _fields())
        water, fat = voxel_signals(mixture, np.ones(shape, bool), _tables())
        np.testing.assert_allclose((water + fat).reshape(shape), found, rtol=2e-6, atol=1e-9)
    assert np.all(synthesize(_pure(Tissue.AIR), _tables(), _fields()) == 0)


def _dixon(suppression_ppm: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Images without noise, motion and ghosts, with all of k-space encoded, and where to look."""
    still = replace(
        DEMO_CONDITION,
        noise_factor=0.0,
        motion_mm=0.0,
        ghost=0.0,
        coil_ghost=0.0,
        gain=1000.0,
        suppression_ppm=suppression_ppm,
    )
    grid = Grid((10, 60, 60), (8.0, 4.0, 6.0))
    scan = DynamicScan(grid, replace(FLASH, fat=FatHandling.DIXON), (-60.0,), 60.0)
    protocol = Protocol("test", "nothing", 3.0, scan, encoded=(1.0, 1.0, 1.0))
    visit = begin_visit(build_body(demo_woman(7)), protocol, still, 7)
    result = scan_dynamic(visit, scan, 0)
    images = {name: image[0].astype(float) for name, image in result.dixon.items()}
    images["water"] = result.phases[0].astype(float)
    # What beats or breathes is smeared in magnitude; the scale ends at 3900.
    rests = depth_in_chest(visit.digital.body, grid.affine(), grid.shape) == 0
    kept = rests & (result.mixture.tissue > 0) & (images["in-phase"] < 3800)
    assert kept.sum() > 2000
    return images, kept


def test_in_phase_is_water_and_fat_and_opposed_phase_their_difference() -> None:
    images, kept = _dixon(suppression_ppm=50.0)  # so that they swap nowhere
    water, fat = images["water"][kept], images["fat"][kept]
    assert np.mean(fat > 200) > 0.2
    assert np.mean(water > 200) > 0.2
    # A twentieth of each leaks into the other's image: W = w + f / 20, F = f + w / 20. Rounding to
    # whole numbers: 1 from the two, 1/2 from the other image.
    np.testing.assert_allclose((water + fat) / 1.05, images["in-phase"][kept], atol=1.6)
    np.testing.assert_allclose(np.abs(water - fat) / 0.95, images["opposed-phase"][kept], atol=1.6)


def test_where_water_and_fat_swap_neither_outshines_both_together() -> None:
    images, kept = _dixon(suppression_ppm=1e-3)  # so that they swap nearly everywhere
    together = images["in-phase"][kept]
    for part in ("water", "fat"):
        assert np.all(images[part][kept] <= together + 1)
    both = images["water"][kept] + images["fat"][kept]
    assert np.all(both >= together - 1.5)
    assert np.all(both <= 1.05 * together + 1.5)

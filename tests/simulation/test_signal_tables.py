"""Tables against the closed forms of each sequence, written anew from the table of tissues.

Tolerance of signals: 32-bit rounding, 1e-6. Tolerance of concentrations: the simulator joins
samples of the input 0.25 s apart by straight lines.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from mamri.perfusion.arterial_input import parker_blood
from mamri.simulation import demo_woman
from mamri.simulation._tissue_table import TISSUES, Tissue
from mamri.simulation.lesion_plan import LesionTissue
from mamri.simulation.sequences import (
    DiffusionEcho,
    FatHandling,
    GradientEcho,
    Grid,
    TurboSpinEcho,
)
from mamri.simulation.signal_tables import (
    FLIP_SCALES,
    MAX_UPTAKE,
    TSE_FAT_T2_MS,
    UPTAKE_STEPS,
    CodeProperties,
    code_properties,
    concentrations,
    diffusion_tables,
    gradient_echo_tables,
    spin_echo_tables,
)

PLAIN = code_properties(())
GRID = Grid((2, 2, 2), (1, 1, 1))
FLASH = GradientEcho(4.5, 1.5, 12.0, FatHandling.NONE)
TISSUE_NAMES = [t for t in Tissue if t in TISSUES and t is not Tissue.AIR]
UPTAKE_1, SCALE_1 = 100, 5


def _flash(r1: float, tr_ms: float, flip_deg: float) -> float:
    e1, angle = np.exp(-r1 * tr_ms / 1000), np.radians(flip_deg)
    return float(np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1))


def test_row_100_is_an_uptake_of_1_and_column_5_the_nominal_flip_angle() -> None:
    assert np.linspace(0, MAX_UPTAKE, UPTAKE_STEPS)[UPTAKE_1] == pytest.approx(1.0)
    assert FLIP_SCALES[SCALE_1] == pytest.approx(1.0)


@pytest.mark.parametrize(("field_t", "at", "relaxivity"), [(1.5, 0, 4.78), (3.0, 1, 4.97)])
@pytest.mark.parametrize("tissue", TISSUE_NAMES)
def test_gradient_echo_is_its_closed_form_split_into_water_and_fat(
    tissue: Tissue, field_t: float, at: int, relaxivity: float
) -> None:
    amounts = np.zeros(len(PLAIN))
    amounts[tissue] = 0.6
    water, fat = gradient_echo_tables(PLAIN, amounts, FLASH, field_t)
    p = TISSUES[tissue]
    for row, uptake in ((0, 0.0), (UPTAKE_1, 1.0), (37, 0.37), (UPTAKE_STEPS - 1, 2.5)):
        for column, scale in ((0, 0.5), (SCALE_1, 1.0), (8, 1.3)):
            r1 = 1000 / p.t1_ms[at] + relaxivity * 0.6 * uptake
            whole = p.proton_density * np.exp(-1.5 / p.t2_star_ms) * _flash(r1, 4.5, 12 * scale)
            expected = (whole * (1 - p.fat_share), whole * p.fat_share)
            found = (water[tissue, row, column], fat[tissue, row, column])
            assert expected == pytest.approx(found, rel=1e-6, abs=1e-9)


def test_uptake_without_contrast_agent_changes_nothing() -> None:
    water, fat = gradient_echo_tables(PLAIN, np.zeros(len(PLAIN)), FLASH, 1.5)
    for table in (water, fat):
        np.testing.assert_array_equal(
            table, np.broadcast_to(table[:, :1], (len(PLAIN), UPTAKE_STEPS, 9))
        )


def test_a_fat_suppression_pulse_saturates_bound_water_and_leaves_fat_to_the_gains() -> None:
    amounts = np.full(len(PLAIN), 0.3)
    plain = gradient_echo_tables(PLAIN, amounts, FLASH, 1.5)
    suppressed = gradient_echo_tables(
        PLAIN, amounts, replace(FLASH, fat=FatHandling.SUPPRESSED), 1.5
    )
    for tissue in TISSUE_NAMES:
        np.testing.assert_allclose(
            TISSUES[tissue].saturated * plain[0][tissue], suppressed[0][tissue], rtol=1e-6
        )
    np.testing.assert_array_equal(plain[1], suppressed[1])
    assert TISSUES[Tissue.MUSCLE].saturated < TISSUES[Tissue.FIBROGLANDULAR].saturated
    dixon = gradient_echo_tables(PLAIN, amounts, replace(FLASH, fat=FatHandling.DIXON), 1.5)
    np.testing.assert_array_equal(plain[0], dixon[0])


def test_signals_are_proportional_to_proton_density() -> None:
    def tables(factor: float) -> list[np.ndarray]:
        codes = [
            replace(c, tissue=replace(c.tissue, proton_density=factor * c.tissue.proton_density))
            for c in PLAIN
        ]
        return [
            *gradient_echo_tables(codes, np.full(len(codes), 0.5), FLASH, 3.0),
            *spin_echo_tables(codes, TurboSpinEcho(GRID), 3.0),
            *diffusion_tables(codes, DiffusionEcho(GRID), 800.0, 3.0),
        ]

    for once, thrice in zip(tables(1.0), tables(3.0), strict=True):
        np.testing.assert_allclose(3 * once, thrice, rtol=1e-6)


def test_air_and_free_codes_are_silent() -> None:
    free = [n for n in range(24) if n not in Tissue._value2member_map_]
    assert free
    water, fat = gradient_echo_tables(PLAIN, np.full(len(PLAIN), 1.0), FLASH, 1.5)
    assert np.all(water[[0, *free]] == 0)
    assert np.all(fat[[0, *free]] == 0)


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_turbo_spin_echo_is_its_closed_form_with_bright_fat_and_faint_blood(field_t: float) -> None:
    water, fat = spin_echo_tables(PLAIN, TurboSpinEcho(GRID, 4000.0, 90.0), field_t)
    at = int(field_t == 3.0)
    for tissue, t2, left in (
        (Tissue.FIBROGLANDULAR, TISSUES[Tissue.FIBROGLANDULAR].t2_ms[at], 1.0),
        (Tissue.CYST, TISSUES[Tissue.CYST].t2_ms[at], 1.0),
        (Tissue.FAT, TSE_FAT_T2_MS, 1.0),
        (Tissue.MARROW, TSE_FAT_T2_MS, 1.0),
        (Tissue.BLOOD, TISSUES[Tissue.BLOOD].t2_ms[at], 0.12),
        (Tissue.VEIN, TISSUES[Tissue.VEIN].t2_ms[at], 0.12),
    ):
        p = TISSUES[tissue]
        whole = left * p.proton_density * (1 - np.exp(-4000 / p.t1_ms[at])) * np.exp(-90 / t2)
        np.testing.assert_allclose(whole * (1 - p.fat_share), water[tissue], rtol=1e-6)
        np.testing.assert_allclose(whole * p.fat_share, fat[tissue], rtol=1e-6)


def test_stir_nulls_fat_and_keeps_gland() -> None:
    fat_t1 = TISSUES[Tissue.FAT].t1_ms[0]
    stir = TurboSpinEcho(GRID, 60000.0, 60.0, inversion_time_ms=fat_t1 * np.log(2))
    water, fat = spin_echo_tables(PLAIN, stir, 1.5)
    assert np.all(np.abs(fat[Tissue.FAT]) < 1e-7)
    p = TISSUES[Tissue.FIBROGLANDULAR]
    expected = p.proton_density * abs(1 - 2 * 2 ** (-fat_t1 / p.t1_ms[0])) * np.exp(-60 / 57)
    np.testing.assert_allclose(expected, water[Tissue.FIBROGLANDULAR], rtol=1e-6)


def test_diffusion_weighting_of_a_tissue_is_that_of_its_adc() -> None:
    echo = DiffusionEcho(GRID)
    still, _ = diffusion_tables(PLAIN, echo, 0.0, 3.0)
    weighted, fat = diffusion_tables(PLAIN, echo, 600.0, 3.0)
    for tissue in (Tissue.FIBROGLANDULAR, Tissue.MUSCLE, Tissue.CYST):
        p = TISSUES[tissue]
        np.testing.assert_allclose(
            np.exp(-0.6 * p.adc) * still[tissue], weighted[tissue], rtol=1e-6
        )
        expected = (1 - np.exp(-7000 / p.t1_ms[1])) * np.exp(-75 / p.t2_ms[1]) * p.proton_density
        np.testing.assert_allclose(expected, still[tissue], rtol=1e-6)
    p = TISSUES[Tissue.FAT]
    expected = p.proton_density * (1 - np.exp(-7000 / p.t1_ms[1])) * np.exp(-75 / p.t2_ms[1])
    np.testing.assert_allclose(expected * np.exp(-0.6 * p.adc), fat[Tissue.FAT], rtol=1e-6)


def _slow(code: CodeProperties, time_s: float, bolus_delay_s: float) -> float:
    """Extended Tofts by adaptive integration over the time since arrival."""
    arrival = bolus_delay_s + code.delay_s
    end = (time_s - arrival) / 60
    if end < 0:
        return 0.0
    p = code.tissue
    per_plasma = 1.0 if code.is_blood else 1 / (1 - 0.42)

    def plasma(t: float) -> float:
        return per_plasma * float(parker_blood(np.array([60 * t]))[0])

    kep = p.ktrans_per_min / p.ve
    bends = [t for t in (0.05, 0.17, 0.365, 0.5, 0.7) if t < end]
    area, _ = quad(
        lambda t: plasma(t) * np.exp(-kep * (end - t)), 0, end, points=bends or None, limit=200
    )
    return p.vp * plasma(end) + p.ktrans_per_min * area


@pytest.mark.parametrize("bolus_delay_s", [18.0, 23.37])
def test_concentrations_are_the_slow_convolution_with_the_arrival_of_each_tissue(
    bolus_delay_s: float,
) -> None:
    codes = code_properties(demo_woman(7).lesions)
    times = np.array([10.0, 29.5, 36.2, 48.0, 75.0, 142.5, 367.5])
    found = concentrations(codes, times, bolus_delay_s)
    chosen = (
        Tissue.FIBROGLANDULAR,
        Tissue.MUSCLE,
        Tissue.NODE,
        Tissue.BLOOD,
        Tissue.VEIN,
        Tissue.LESION,
        Tissue.LESION + 3,
    )
    for code in chosen:
        expected = [_slow(codes[code], t, bolus_delay_s) for t in times]
        # The first pass, 6 mM high and 3.4 s wide, bends by up to 0.5 mM/s2 (0.9 in plasma);
        # straight lines over 0.25 s cut 0.25^2 / 8 of it.
        atol = 0.0078 * 0.9 * codes[code].tissue.vp + 2e-5
        np.testing.assert_allclose(expected, found[:, code], atol=atol, rtol=1e-4)


def test_nothing_arrives_before_the_injection_the_bolus_and_the_delay_of_the_tissue() -> None:
    codes = code_properties(demo_woman(7).lesions)
    before = concentrations(codes, np.array([-60.0, 0.0, 17.999]), 18.0)
    assert np.all(before == 0)
    later = concentrations(codes, 18.0 + np.array([2.9, 4.9, 7.9]), 18.0)
    malignant, benign = Tissue.LESION, Tissue.LESION + 2
    assert np.all(later[:, Tissue.BLOOD] > 0)
    assert later[0, malignant] == 0 < later[1, malignant]
    assert later[1, Tissue.MUSCLE] == 0 < later[2, Tissue.MUSCLE]
    assert later[2, benign] == later[2, Tissue.FIBROGLANDULAR] == 0


def test_blood_carries_the_whole_blood_curve() -> None:
    times = 20.0 + np.linspace(-20, 180, 41)  # at samples of the input
    found = concentrations(PLAIN, times, 20.0)[:, Tissue.BLOOD]
    expected = parker_blood(times, delay_s=20.0)
    np.testing.assert_allclose(expected, found, rtol=1e-9)


def test_a_lesion_has_its_plan_and_its_core_is_watery_and_hardly_perfused() -> None:
    tissue = LesionTissue((1300.0, 1500.0), (90.0, 84.0), 1.0)
    plan = replace(demo_woman(7).lesions[0], tissue=tissue)
    codes = code_properties((demo_woman(7).lesions[1], plan))
    assert len(codes) == Tissue.LESION + 4
    body, core = (c.tissue for c in codes[Tissue.LESION + 2 :])
    kinetics = plan.kinetics
    assert (tissue.t1_ms, tissue.t2_ms, tissue.adc) == (body.t1_ms, body.t2_ms, body.adc)
    assert (kinetics.ktrans_per_min, kinetics.ve, kinetics.vp) == (
        body.ktrans_per_min,
        body.ve,
        body.vp,
    )
    assert (1625.0, 1875.0) == core.t1_ms
    assert pytest.approx((171.0, 159.6)) == core.t2_ms
    assert pytest.approx(1.6) == core.adc
    assert pytest.approx(0.22 * kinetics.ktrans_per_min) == core.ktrans_per_min
    assert pytest.approx(0.22 * kinetics.vp) == core.vp
    # Free water at body temperature moves at about 3e-3 mm2/s: no core comes near.
    watery = replace(plan, tissue=replace(tissue, adc=2.2))
    assert code_properties((watery,))[Tissue.LESION + 1].tissue.adc == 2.6

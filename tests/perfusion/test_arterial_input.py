"""Population input functions against published values.

The OSIPI collection (Apache-2.0) holds reference curves with its tolerances: Parker within 1e-4 mM
and 1 %, delayed ones within 0.1 mM and 10 %. Ours are held to 1e-12, for the formula is printed in
full. Values of Georgiou's curve are from the same collection, which has them from the supplement
of the paper; the paper prints its constants with two to four digits, and the tolerance is what
these digits leave.
"""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, signal

from mamri.perfusion.arterial_input import (
    BloodMedium,
    PopulationInput,
    blood_from_plasma,
    georgiou_blood,
    parker_blood,
    plasma_from_blood,
    population_input,
    weinmann_plasma,
)
from mamri.records import InputError

CURVES = (parker_blood, georgiou_blood, weinmann_plasma)
PARKER_LABELS = (
    "original_AIF",
    *(f"temp_res_{step}s" for step in (0.5, 1.0, 2.0, 2.5, 5.0, 7.5)),
    *(f"acq_time_{minutes}min" for minutes in (3, 5, 7, 10)),
)
DELAYED_LABELS = tuple(f"delay_{s}s" for s in (0.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 18.0, 31.0))


def reference(folder, name, label):
    """Times in s, whole blood in mM and delay in s of one curve of the collection."""
    with open(folder / "osipi" / "aif" / name, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label]
    columns = ("time", "Cb", "delay")
    times, blood, delay = (np.array([float(row[key]) for row in rows]) for key in columns)
    assert times.size > 0
    return 60 * times, blood, float(delay[0])


@pytest.mark.parametrize("label", PARKER_LABELS)
def test_parker_equals_the_reference_curves(shared_data, label):
    times, blood, _ = reference(shared_data, "ParkerAIF_ref.csv", label)
    np.testing.assert_allclose(blood, parker_blood(times), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("label", DELAYED_LABELS)
def test_delayed_parker_equals_the_reference_curves(shared_data, label):
    times, blood, delay = reference(shared_data, "ParkerAIF_ref_with_delay.csv", label)
    np.testing.assert_allclose(blood, parker_blood(times, delay_s=delay), rtol=1e-12, atol=1e-12)


def test_parker_input_starts_after_its_delay_and_keeps_the_published_bolus() -> None:
    times = np.arange(0.0, 400.0, 0.05)
    blood = parker_blood(times, delay_s=20.0)
    assert np.all(blood[times < 20.0] == 0)
    # The first pass peaks 0.17 min after arrival at about 6 mM (figure 4 of the paper).
    assert times[np.argmax(blood)] - 20.0 == pytest.approx(0.17046 * 60, abs=0.2)
    assert blood.max() == pytest.approx(6.07, abs=0.01)


def test_both_gaussians_of_the_parker_input_have_their_published_areas() -> None:
    def gaussians(t: float) -> float:
        tail = 1.050 * np.exp(-0.1685 * t) / (1 + np.exp(-38.078 * (t - 0.483)))
        return float(parker_blood(np.array([60 * t]))[0]) - tail

    area, _ = integrate.quad(gaussians, 0.0, 2.0, points=[0.17, 0.365])
    assert area == pytest.approx(0.809 + 0.330, rel=3e-3)  # the tails before zero are cut


@pytest.mark.parametrize(
    ("minutes", "published"),
    [
        (0.02, 0.0583),
        (0.06, 3.0896),
        (0.125, 8.6455),
        (0.2, 5.1064),
        (0.34, 1.1438),
        (0.5, 2.0072),
        (3.81, 0.7507),
        (4.25, 0.7103),
    ],
)
def test_georgiou_equals_the_published_table(minutes, published):
    # 1 % by rounding of the constants; 0.06 mM where the curve rises by 130 mM per minute.
    blood = georgiou_blood(np.array([60 * minutes]))[0]
    assert published == pytest.approx(blood, rel=0.01, abs=0.06 if minutes < 0.1 else 0)


def test_georgiou_is_a_decay_times_passages_that_repeat_the_first():
    """The slow way: each passage is the one before, later by tau and convolved with the first."""
    step = 1e-4  # min
    t = np.arange(0, 1.2, step)
    first = (t / 0.032) ** 5.26 * np.exp(-t / 0.032)
    first /= first.sum() * step
    passage, total = first, np.zeros_like(t)
    for _ in range(4):
        total += passage
        again = signal.fftconvolve(passage, first)[: t.size] * step
        passage = np.concatenate([np.zeros(1290), again])[: t.size]
    decay = sum(a * np.exp(-m * t) for a, m in ((0.37, 0.11), (0.33, 1.17), (10.06, 16.02)))
    early = t < 0.9  # the fifth passage has hardly begun: 1e-7 of it
    expected = (decay * total)[early]
    # Sums in place of integrals: second order in the step.
    np.testing.assert_allclose(expected, georgiou_blood(60 * t[early]), rtol=1e-4, atol=1e-5)


def test_georgiou_goes_on_smoothly_for_hours():
    times = np.arange(240.0, 7200, 0.5)
    blood = georgiou_blood(times)
    change = np.diff(np.log(blood)) / np.diff(times / 60)
    # The slowest decay is left; the next one was 0.3 mM and fell by exp(-1.06) a minute.
    np.testing.assert_allclose(-0.11, change[times[1:] > 600], rtol=3e-4)
    assert np.all(change < 0)


def test_weinmann_starts_at_its_highest_and_has_the_area_of_its_two_decays():
    assert 0.1 * (3.99 + 4.78) == pytest.approx(weinmann_plasma(np.array([0.0]))[0])
    area, _ = integrate.quad(lambda t: weinmann_plasma(np.array([60 * t]))[0], 0, 90)
    expected = sum(0.1 * a / m * -np.expm1(-m * 90) for a, m in ((3.99, 0.144), (4.78, 0.0111)))
    assert expected == pytest.approx(area, rel=1e-8)


def test_parker_peaks_at_six_millimolar_ten_seconds_after_arrival():
    times = np.arange(0, 60, 0.01)
    blood = parker_blood(times)
    assert 10.35 == pytest.approx(times[np.argmax(blood)], abs=0.02)
    assert 6.07 == pytest.approx(blood.max(), abs=0.01)


@pytest.mark.parametrize("curve", CURVES)
def test_nothing_is_there_before_arrival(curve):
    times = np.array([-100.0, 0.0, 11.9, 12.0, 13.0])
    concentration = curve(times, delay_s=12.0)
    np.testing.assert_array_equal(0.0, concentration[:3])
    assert concentration[4] > 0


@pytest.mark.parametrize("curve", CURVES)
@given(dose=st.floats(0.01, 0.4), delay=st.floats(-30, 60))
def test_dose_scales_and_delay_shifts(curve, dose, delay):
    times = np.linspace(0, 600, 61)
    expected = dose / 0.1 * curve(times)
    shifted = curve(times + delay, dose_mmol_per_kg=dose, delay_s=delay)
    # Adding and taking off the delay again moves times by rounding, and the steep rise with them.
    np.testing.assert_allclose(expected[1:], shifted[1:], rtol=1e-9)


@given(haematocrit=st.floats(0, 0.7))
def test_plasma_holds_what_red_cells_leave(haematocrit):
    blood = np.array([0.0, 1.0, 5.8])
    plasma = plasma_from_blood(blood, haematocrit=haematocrit)
    np.testing.assert_allclose(blood / (1 - haematocrit), plasma, rtol=1e-12)
    np.testing.assert_allclose(
        blood, blood_from_plasma(plasma, haematocrit=haematocrit), rtol=1e-12
    )


@pytest.mark.parametrize("curve", list(PopulationInput))
def test_every_curve_comes_in_plasma_and_in_blood(curve):
    times = np.linspace(0, 300, 31)
    plasma = population_input(times, curve, haematocrit=0.35)
    blood = population_input(times, curve, haematocrit=0.35, medium=BloodMedium.WHOLE_BLOOD)
    np.testing.assert_allclose(blood, 0.65 * plasma, rtol=1e-12)


def test_names_choose_the_curves():
    times = np.linspace(0, 300, 31)
    for curve, expected in (
        (PopulationInput.PARKER, parker_blood(times) / 0.58),
        (PopulationInput.GEORGIOU, georgiou_blood(times) / 0.58),
        (PopulationInput.WEINMANN, weinmann_plasma(times)),
    ):
        np.testing.assert_allclose(expected, population_input(times, curve), rtol=1e-12)


@pytest.mark.parametrize("curve", CURVES)
def test_times_that_are_no_times_give_no_concentration(curve):
    concentration = curve(np.array([np.nan, np.inf, -np.inf, 30.0]))
    np.testing.assert_array_equal([True, True, True, False], np.isnan(concentration))


@pytest.mark.parametrize("curve", CURVES)
def test_any_shape_goes_through_and_comes_back_unchanged(curve):
    times = np.array([[0.0, 60.0], [-5.0, 300.0]])
    before = times.copy()
    concentration = curve(times)
    np.testing.assert_array_equal(before, times)
    np.testing.assert_array_equal(curve(times.ravel()).reshape(2, 2), concentration)
    assert () == curve(np.array(30.0)).shape
    assert (0,) == curve(np.array([])).shape


@pytest.mark.parametrize("haematocrit", [-0.1, 1.0, 42, np.nan])
def test_an_impossible_haematocrit_is_refused(haematocrit):
    with pytest.raises(InputError, match="as a fraction"):
        plasma_from_blood(np.ones(1), haematocrit=haematocrit)
    with pytest.raises(InputError, match="as a fraction"):
        blood_from_plasma(np.ones(1), haematocrit=haematocrit)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("dose", [0.0, -0.1, np.nan, np.inf])
def test_an_impossible_dose_is_refused(curve, dose):
    with pytest.raises(InputError, match="dose"):
        curve(np.zeros(1), dose_mmol_per_kg=dose)


@pytest.mark.parametrize("curve", CURVES)
def test_an_unknown_delay_is_refused(curve):
    with pytest.raises(InputError, match="delay"):
        curve(np.zeros(1), delay_s=np.nan)

"""Signal to concentration against the OSIPI collection, and back again.

OSIPI (Apache-2.0): five cases with tolerance 1e-5; the formula is exact, so 1e-10 is asked. The
in vivo breast (DCEMRI.jl, MIT) gives regression figures, not accuracy.
"""

import csv
import importlib

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from mamri.perfusion.signal_to_concentration import (
    SpoiledGradientEcho,
    baseline_points,
    concentration_to_signal,
    signal_to_concentration,
)
from mamri.perfusion.t1_mapping import t1_nonlinear
from mamri.records import GeometryError, InputError, TimingError
from mamri.simulation.physics import spoiled_gradient_echo

SEQUENCE = SpoiledGradientEcho(tr_ms=5.0, flip_angle_deg=12.0)


def convert(signal, **changes):
    arguments = {"t1_ms": 1400.0, "r1": 4.5, "baseline": [0]} | changes
    return signal_to_concentration(np.asarray(signal), SEQUENCE, **arguments)


def numbers(text):
    return np.array([float(word) for word in text.split()])


@pytest.mark.parametrize("label", [f"vox_{k}" for k in range(1, 6)])
def test_the_reference_curves_are_reproduced(shared_data, label):
    path = shared_data / "osipi" / "si_to_conc" / "SI2Conc_data.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["label"] == label]
    found = signal_to_concentration(
        numbers(row["s"]),
        SpoiledGradientEcho(1000 * float(row["TR"]), float(row["FA"])),
        t1_ms=1000 * float(row["T1base"]),
        r1=float(row["r1"]),
        baseline=range(1, int(row["numbaselinepts"])),
    )
    np.testing.assert_allclose(numbers(row["conc"])[1:], found[1:], rtol=1e-10, atol=1e-10)


def test_a_signal_made_from_a_rate_gives_the_concentration_of_that_rate():
    concentration = np.array([0.0, 0.3, 2.0, 6.0])
    rate = 1000 / 1400 + 4.5 * concentration
    signal = 730 * spoiled_gradient_echo(rate, tr_ms=5.0, flip_angle_deg=12.0)
    np.testing.assert_allclose(concentration, convert(signal), rtol=1e-9, atol=1e-12)


def test_the_forward_signal_is_that_of_the_simulated_exams():
    concentration = np.linspace(0, 8, 9)
    rate = 1000 / 1400 + 4.5 * concentration
    expected = spoiled_gradient_echo(rate, tr_ms=5.0, flip_angle_deg=12.0)
    found = concentration_to_signal(
        concentration, SEQUENCE, t1_ms=1400.0, r1=4.5, baseline_signal=expected[0]
    )
    np.testing.assert_allclose(expected, found, rtol=1e-12)


@given(
    t1=st.floats(200, 4000),
    r1=st.floats(2, 13),
    tr=st.floats(2, 20),
    angle=st.floats(3, 60),
    b1=st.floats(0.7, 1.3),
    level=st.floats(1e-3, 1e6),
    seed=st.integers(0, 2**31),
)
def test_there_and_back_again(t1, r1, tr, angle, b1, level, seed):
    sequence = SpoiledGradientEcho(tr, angle)
    concentration = np.random.default_rng(seed).uniform(-0.01, 5, (6, 2, 3))
    concentration[0] = 0
    known = {"t1_ms": t1, "r1": r1, "b1": b1}
    signal = concentration_to_signal(concentration, sequence, baseline_signal=level, **known)
    found = signal_to_concentration(signal, sequence, baseline=[0], **known)
    # Near full recovery the signal hardly changes: R1 is lost by exp(R1 TR), at most exp(1.4).
    np.testing.assert_allclose(concentration, found, atol=1e-8)


@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 2**31))
def test_concentration_does_not_depend_on_the_intensity_scale(scale, seed):
    signal = np.random.default_rng(seed).uniform(50, 400, (5, 4))
    np.testing.assert_allclose(convert(signal), convert(scale * signal), rtol=1e-9, atol=1e-12)


def test_twice_the_relaxivity_is_half_the_concentration():
    signal = np.array([100.0, 180.0, 300.0])
    np.testing.assert_allclose(convert(signal), 2 * convert(signal, r1=9.0), rtol=1e-12)


def test_maps_of_t1_and_b1_serve_each_voxel():
    random = np.random.default_rng(4)
    signal = random.uniform(50, 300, (4, 2, 3, 5))
    t1, b1 = random.uniform(300, 2000, (2, 3, 5)), random.uniform(0.8, 1.2, (2, 3, 5))
    together = convert(signal, t1_ms=t1, b1=b1)
    for s, r, c in np.ndindex(2, 3, 5):
        alone = convert(signal[:, s, r, c], t1_ms=t1[s, r, c], b1=float(b1[s, r, c]))
        np.testing.assert_allclose(alone, together[:, s, r, c], rtol=1e-12)


def test_a_true_angle_is_the_nominal_one_times_b1():
    signal = np.array([100.0, 180.0])
    truly = signal_to_concentration(
        signal, SpoiledGradientEcho(5.0, 15.0), t1_ms=1400.0, r1=4.5, baseline=[0]
    )
    np.testing.assert_allclose(truly, convert(signal, b1=15 / 12), rtol=1e-12)


def test_many_slabs_equal_one(monkeypatch):
    random = np.random.default_rng(5)
    signal = random.integers(50, 400, (4, 7, 3, 5)).astype(np.int16)
    t1 = random.uniform(300, 2000, (7, 3, 5))
    whole = convert(signal, t1_ms=t1)
    signals = concentration_to_signal(whole, SEQUENCE, t1_ms=t1, r1=4.5, baseline_signal=t1)
    # The package shows the function under the name of its module.
    module = importlib.import_module("mamri.perfusion.signal_to_concentration")
    monkeypatch.setattr(module, "_SLAB_VALUES", 4 * 3 * 5 * 2)
    np.testing.assert_array_equal(whole, convert(signal, t1_ms=t1))
    np.testing.assert_array_equal(
        signals,
        concentration_to_signal(whole, SEQUENCE, t1_ms=t1, r1=4.5, baseline_signal=t1),
    )


def test_storage_types_agree_and_keep_their_precision():
    whole = np.random.default_rng(0).integers(50, 400, (4, 2, 3, 4))
    reference = convert(whole.astype(np.float64))
    assert np.float64 == reference.dtype
    for dtype in (np.int16, ">i2", np.uint16, np.float32):
        found = convert(whole.astype(dtype))
        assert np.float32 == found.dtype
        np.testing.assert_allclose(reference, found, rtol=1e-6, atol=1e-7)


def test_only_impossible_points_of_a_curve_are_undefined():
    full = 100 * (1 - np.exp(-5 / 1400) * np.cos(np.deg2rad(12))) / (1 - np.exp(-5 / 1400))
    signal = np.array([100.0, 0.0, -3.0, full, 1.5 * full, 1e12, np.nan, np.inf, -np.inf, 150.0])
    undefined = np.isnan(convert(signal))  # not infinite either, at full recovery
    np.testing.assert_array_equal([False, *[True] * 8, False], undefined)


@pytest.mark.parametrize("base", [0.0, -5.0, np.nan, np.inf])
def test_without_a_baseline_the_whole_curve_is_undefined(base):
    assert np.isnan(convert([base, 100.0, 200.0])).all()


@pytest.mark.parametrize("t1", [0.0, -100.0, np.nan, np.inf])
def test_without_a_t1_the_whole_curve_is_undefined(t1):
    assert np.isnan(convert([100.0, 150.0], t1_ms=t1)).all()
    assert np.isnan(
        concentration_to_signal(
            np.array([0.0, 1.0]), SEQUENCE, t1_ms=t1, r1=4.5, baseline_signal=100.0
        )
    ).all()


@pytest.mark.parametrize("b1", [0.0, -1.0, np.nan, 15.1])
def test_without_a_possible_angle_the_whole_curve_is_undefined(b1):
    assert np.isnan(convert([100.0, 150.0], b1=b1)).all()


def test_a_constant_signal_holds_no_contrast_agent():
    np.testing.assert_allclose(0, convert(np.full((5, 2), 77.0)), atol=1e-12)


def test_noise_below_the_baseline_is_kept_as_negative_concentration():
    assert convert([100.0, 98.0])[1] < 0


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_impossible_concentrations_have_no_signal(value):
    signal = concentration_to_signal(
        np.array([value, 0.5]), SEQUENCE, t1_ms=1400.0, r1=4.5, baseline_signal=100.0
    )
    expected = value == np.inf  # all relaxed: the full signal
    np.testing.assert_array_equal([expected, True], np.isfinite(signal))


@pytest.mark.parametrize("level", [0.0, -1.0, np.nan])
def test_impossible_baselines_have_no_signal(level):
    signal = concentration_to_signal(
        np.array([0.5]), SEQUENCE, t1_ms=1400.0, r1=4.5, baseline_signal=level
    )
    assert np.isnan(signal).all()


def test_input_is_left_alone():
    signal, t1 = np.array([[100.0], [150.0]]), np.array([-900.0])
    kept = signal.copy(), t1.copy()
    convert(signal, t1_ms=t1)
    concentration_to_signal(signal, SEQUENCE, t1_ms=t1, r1=4.5, baseline_signal=1.0)
    np.testing.assert_array_equal(kept[0], signal)
    np.testing.assert_array_equal(kept[1], t1)


def test_several_baseline_points_are_averaged():
    np.testing.assert_allclose(
        convert([100.0, 150.0])[1], convert([90.0, 110.0, 150.0], baseline=[0, 1])[2], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("leave_out", "expected"), [(0, (0, 1, 2)), (1, (1, 2)), (2, (2,)), (3, (2,)), (9, (2,))]
)
def test_the_first_points_can_be_left_out_but_never_all(leave_out, expected):
    times = np.array([-20.0, -10.0, 0.0, 10.0])
    assert expected == baseline_points(times, leave_out=leave_out)


def test_a_series_without_a_point_before_contrast_has_no_baseline():
    with pytest.raises(TimingError, match="at or before the injection"):
        baseline_points(np.array([5.0, 10.0]))


@pytest.mark.parametrize("points", [[], [-1], [3]])
def test_baseline_points_outside_the_series_are_refused(points):
    with pytest.raises(InputError, match="among the 3"):
        convert([100.0, 110.0, 120.0], baseline=points)


@pytest.mark.parametrize("r1", [0.0, -4.0, np.nan])
def test_an_impossible_relaxivity_is_refused(r1):
    with pytest.raises(InputError, match="relaxivity"):
        convert([100.0, 110.0], r1=r1)


def test_maps_on_another_grid_are_refused():
    with pytest.raises(GeometryError, match="T1 must be"):
        convert(np.ones((2, 3)), t1_ms=np.ones(2))
    with pytest.raises(GeometryError, match="B1 must be"):
        convert(np.ones((2, 3)), b1=np.ones((1, 3)))


def test_a_number_is_no_series():
    with pytest.raises(GeometryError, match="first axis of time"):
        convert(3.0)


@pytest.mark.parametrize(("tr", "angle"), [(0, 10), (np.nan, 10), (5, 0), (5, 180), (5, np.nan)])
def test_an_impossible_sequence_is_refused(tr, angle):
    with pytest.raises(InputError):
        SpoiledGradientEcho(tr, angle)


def test_a_breast_tumor_takes_up_contrast_agent_and_never_holds_less_than_none(shared_data):
    """Regression figures in one woman at 3 T: medians over regions seen by eye."""
    data = scipy.io.loadmat(shared_data / "dcemri_invivo" / "invivo.mat")
    tr = 1000 * float(data["TR"].item())
    t1 = t1_nonlinear(data["T1data"], data["T1flip"].ravel().astype(float), tr).t1_ms
    concentration = signal_to_concentration(
        data["DCEdata"],
        SpoiledGradientEcho(tr, float(data["DCEflip"].item())),
        t1_ms=t1,
        r1=float(data["relaxivity"].item()),
        baseline=range(3),  # its plasma curve starts to rise at the fourth
    )
    tumor = np.median(concentration[:, 102:120, 90:96], axis=(1, 2))
    gland = np.nanmedian(concentration[:, 65:95, 35:60], axis=(1, 2))
    assert np.isfinite(tumor).all()
    assert tumor[:4] == pytest.approx(0, abs=0.01)
    assert tumor.max() == pytest.approx(0.30, abs=0.02)
    assert tumor[-1] == pytest.approx(0.27, abs=0.02)
    assert gland[-1] == pytest.approx(0.04, abs=0.01)
    assert min(tumor.min(), gland.min()) > -0.01  # noise

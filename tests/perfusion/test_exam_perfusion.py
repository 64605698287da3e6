"""An exam made by the equations gives its parameters back; one that cannot bear them says why."""

from dataclasses import replace

import numpy as np
import pytest

from mamri.perfusion import (
    ChoiceSettings,
    PerfusionSettings,
    SpoiledGradientEcho,
    agent_in_text,
    concentration_to_signal,
    exam_perfusion,
    population_input,
    relaxivity,
    tissue_curve,
)
from mamri.perfusion.exponential_basis import ArterialInput
from mamri.records import Acquisition, DynamicSeries, GeometryError, LabelMap, Status

SHAPE = (6, 16, 16)
ACQUISITION = Acquisition(
    field_strength_t=3.0, tr_ms=5.0, flip_angle_deg=12.0, contrast_agent="10 ml Gadavist IV"
)
FEW = np.array([-60.0, 60.0, 140.0, 220.0, 300.0, 380.0])
FAST = np.concatenate([[-30.0, -20.0, -10.0], np.arange(0.0, 420.0, 6.0)])
TRUTH = {"ktrans_per_min": 0.2, "ve": 0.4, "vp": 0.04}


def _labels() -> LabelMap:
    array = np.zeros(SHAPE, np.uint16)
    array[1:5, 3:8, 3:8] = 1
    return LabelMap(array, np.eye(4))


def _series(
    times: np.ndarray,
    *,
    arrival: float = 18.0,
    noise: float = 5.0,
    tissue: dict[str, float] | None = None,
) -> DynamicSeries:
    """Enhancing cubes in tissue that does not enhance."""
    fine = np.arange(0.0, times[-1] + 2.0)
    aif = ArterialInput(fine, population_input(fine, delay_s=arrival))
    curve = tissue_curve("extended_tofts", tissue or TRUTH, times, aif)
    signal = concentration_to_signal(
        curve,
        SpoiledGradientEcho(5.0, 12.0),
        t1_ms=1445.0,
        r1=relaxivity("gadobutrol", 3.0).r1,
        baseline_signal=200.0,
    )
    array = np.full((times.size, *SHAPE), 200.0)
    array[:, _labels().array > 0] = signal[:, None]
    array += np.random.default_rng(3).normal(0, noise, array.shape)
    return DynamicSeries(array.astype(np.float32), np.eye(4), times)


REGION = np.ones(SHAPE, bool)


def test_few_phases_hold_the_plasma_fraction_and_give_the_rest_back() -> None:
    found = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels())

    (lesion,) = found.findings.values()
    assert lesion.status is Status.OK
    assert lesion.model == "extended_tofts"
    assert lesion.assumed_vp == 0.04
    assert lesion.ktrans_per_min == pytest.approx(0.2, rel=0.04)
    assert lesion.kep_per_min == pytest.approx(0.5, rel=0.03)
    assert lesion.ve == pytest.approx(0.4, rel=0.03)
    assert 0.02 < lesion.standard_errors["ktrans_per_min"] < 0.1  # with the spread of T1 and vp
    assert lesion.ktrans_median_per_min == pytest.approx(0.2, rel=0.05)
    assert lesion.fitted_percent == 100.0
    assert set(found.maps) == {"ktrans", "kep", "ve"}
    inside = _labels().array > 0
    np.testing.assert_array_equal(np.isfinite(found.maps["ktrans"].array), inside)
    assert {c.code for c in found.caveats} == {"perfusion_assumptions", "perfusion_few_images"}
    text = found.caveats[0].message
    for part in ("1445 ms", "gadobutrol", "Parker", "18 s"):
        assert part in text


@pytest.mark.parametrize("arrival", [8.0, 30.0])
def test_fast_images_show_the_arrival_and_fit_all(arrival: float) -> None:
    found = exam_perfusion(_series(FAST, arrival=arrival), ACQUISITION, REGION, _labels())

    (lesion,) = found.findings.values()
    assert lesion.assumed_vp is None
    assert lesion.ktrans_per_min == pytest.approx(0.2, rel=0.05)
    assert lesion.vp == pytest.approx(0.04, abs=0.01)
    assert set(found.maps) == {"ktrans", "kep", "ve", "vp"}
    assert found.provenance.settings["arrival_s"] == pytest.approx(arrival, abs=1.5)
    assert "as the brightest voxels show" in found.provenance.method


@pytest.mark.parametrize(
    ("acquisition", "words"),
    [
        (replace(ACQUISITION, tr_ms=None), "does not say its repetition time"),
        (replace(ACQUISITION, flip_angle_deg=None), "does not say its flip angle"),
        (replace(ACQUISITION, field_strength_t=None), "does not say its field strength"),
        (replace(ACQUISITION, tr_ms=500.0), "not those of a spoiled gradient echo"),
        (replace(ACQUISITION, field_strength_t=7.0), "not known at 7 T"),
    ],
)
def test_what_is_missing_is_said_and_nothing_guessed(acquisition: Acquisition, words: str) -> None:
    found = exam_perfusion(_series(FEW), acquisition, REGION, _labels())

    assert not found.maps
    assert words in found.findings[1].reason
    assert words in found.provenance.method
    assert found.findings[1].status is Status.NOT_COMPUTED
    assert np.isnan(found.findings[1].ktrans_per_min)
    assert not found.caveats


def test_too_few_phases_and_too_much_noise_are_refused() -> None:
    few = exam_perfusion(_series(FEW[:3]), ACQUISITION, REGION, _labels())
    strict = PerfusionSettings(choice=ChoiceSettings(max_relative_error=0.005))
    noisy = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels(), strict)

    assert "three after contrast" in few.findings[1].reason
    assert not noisy.maps
    assert "do not identify" in noisy.findings[1].reason


def test_an_unknown_agent_gets_an_assumed_relaxivity_that_is_said() -> None:
    acquisition = replace(ACQUISITION, contrast_agent=None)
    found = exam_perfusion(_series(FEW), acquisition, REGION, _labels())
    known = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels())

    assert "assumed, as the agent is not known" in found.provenance.method
    ratio = found.findings[1].ktrans_per_min / known.findings[1].ktrans_per_min
    assert ratio == pytest.approx(4.97 / 4.5, rel=0.03)


def test_voxels_outside_the_region_are_not_fitted_unless_a_finding_says_so() -> None:
    nothing = np.zeros(SHAPE, bool)
    without = LabelMap(np.zeros(SHAPE, np.uint16), np.eye(4))

    labelled = exam_perfusion(_series(FEW), ACQUISITION, nothing, _labels())
    empty = exam_perfusion(_series(FEW), ACQUISITION, nothing, without)

    assert np.isfinite(labelled.maps["ktrans"].array).sum() == np.count_nonzero(_labels().array)
    assert not empty.maps
    assert "too few voxels enhance" in empty.provenance.method
    with pytest.raises(GeometryError, match="grid of the series"):
        exam_perfusion(_series(FEW), ACQUISITION, nothing[:3], _labels())


def test_the_doubt_of_what_is_assumed_is_in_the_errors() -> None:
    def error(**changes: float) -> float:
        choice = ChoiceSettings(assumed_vp_sd=changes.get("assumed_vp_sd", 0.0))
        settings = PerfusionSettings(t1_sd=changes.get("t1_sd", 0.0), choice=choice)
        found = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels(), settings)
        return found.findings[1].standard_errors["ktrans_per_min"]

    alone, t1, vp = error(), error(t1_sd=0.15), error(assumed_vp_sd=0.03)
    assert 0 < alone < 0.01
    assert 0.02 < t1 < 0.08
    assert 0.005 < vp < 0.06
    both = error(t1_sd=0.15, assumed_vp_sd=0.03)
    assert both == pytest.approx(np.sqrt(t1**2 + vp**2 - alone**2), rel=1e-3)


def test_a_tissue_faster_than_the_images_has_no_number() -> None:
    fast = {"ktrans_per_min": 4.0, "ve": 0.4, "vp": 0.04}
    found = exam_perfusion(_series(FEW, tissue=fast), ACQUISITION, REGION, _labels())
    seen = exam_perfusion(_series(FAST, tissue=fast), ACQUISITION, REGION, _labels())

    assert found.findings[1].status is Status.UNDEFINED
    assert "faster than these images" in found.findings[1].reason
    assert np.isnan(found.findings[1].ktrans_per_min)
    # Noise makes some voxels look slow, which the images cannot tell; none looks too fast.
    assert np.nanmax(found.maps["kep"].array) <= 3 / (42.0 / 60)
    assert seen.findings[1].ktrans_per_min == pytest.approx(4.0, rel=0.2)


def test_an_error_above_the_value_is_no_number() -> None:
    settings = PerfusionSettings(max_relative_error=0.01)
    found = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels(), settings)

    assert found.findings[1].status is Status.UNDEFINED
    assert "whose error exceeds it" in found.findings[1].reason
    assert found.findings[1].standard_errors == {}
    assert found.findings[1].ktrans_median_per_min == pytest.approx(0.2, rel=0.05)


def test_settings_reach_the_fit() -> None:
    slow = PerfusionSettings(t1_ms=2000.0)
    found = exam_perfusion(_series(FEW), ACQUISITION, REGION, _labels(), slow)

    assert "2000 ms (as set)" in found.provenance.method
    assert found.findings[1].ktrans_per_min < 0.17


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("DOTAREM 0.2 ml/kg", "gadoterate"),
        ("gadoteric acid", "gadoterate"),
        ("Magnevist", "gadopentetate"),
        ("saline", None),
        ("", None),
        ("Gadovist or Dotarem", None),
    ],
)
def test_agents_are_known_by_the_names_of_headers(text: str, agent: str | None) -> None:
    assert agent_in_text(text) == agent

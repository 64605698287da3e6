"""Findings get perfusion and diffusion, read on their own grids, or the reason why not."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import AFFINE, SHAPE, TIMES, example_result

from mamri.geometry import affine_from_axes
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.enhancing_regions import EnhancingRegions
from mamri.pipeline.quantify import Quantified, quantify
from mamri.pipeline.step_clock import StepClock
from mamri.records import Acquisition, DiffusionSeries, Exam, GeometryError, Status
from mamri.registration import AlignmentKind, AlignmentSettings

UNMOVED = replace(AnalysisSettings(), alignment=AlignmentSettings(AlignmentKind.NONE))
# Coarser, turned and shifted against the anatomy: slices run from head to feet.
COARSE = affine_from_axes(
    np.array([-42.0, -61.0, 30.0]),
    np.array([0.0, 0.0, -2.5]),
    np.array([0.0, 1.5, 0.0]),
    np.array([1.5, 0.0, 0.0]),
)


def _diffusion(b_values: tuple[float, ...] = (0.0, 800.0)) -> DiffusionSeries:
    """ADC 1.0 at the back, 2.0 in front, where the first finding lies."""
    shape = (25, 20, 56)
    adc = np.full(shape, 1.0e-3)
    adc[:, :7] = 2.0e-3
    signal = 500 * np.exp(-np.array(b_values)[:, None, None, None] * adc)
    return DiffusionSeries(signal, COARSE, np.array(b_values))


def _quantified(exam: Exam) -> Quantified:
    result = example_result()
    assert exam.dynamic is not None
    regions = EnhancingRegions(result.vessels.array > 0, result.lesions, {}, {}, (), ())
    return quantify(
        exam, exam.dynamic, result.anatomy, regions, result.findings, UNMOVED, StepClock()
    )


def test_findings_have_the_adc_of_where_they_lie_on_the_other_grid() -> None:
    found = _quantified(replace(example_result().exam, diffusion=_diffusion()))
    front, back = (f.diffusion for f in found.findings)

    assert front is not None
    assert back is not None
    assert front.adc_mean == pytest.approx(2.0, abs=0.02)
    assert back.adc_mean == pytest.approx(1.0, abs=0.02)
    assert found.maps["adc"].shape == SHAPE
    np.testing.assert_array_equal(found.maps["adc"].affine, AFFINE)
    lesion = example_result().lesions.array == 2
    assert np.nanmean(found.maps["adc"].array[lesion]) == pytest.approx(1.0, abs=0.02)
    assert found.alignment is not None
    assert {"diffusion", "perfusion"} <= {step.step for step in found.provenance}


def test_without_diffusion_nothing_is_said_of_it() -> None:
    found = _quantified(example_result().exam)

    assert all(f.diffusion is None for f in found.findings)
    assert found.alignment is None
    assert "adc" not in found.maps


def test_b_values_out_of_the_consensus_are_told() -> None:
    few = _quantified(replace(example_result().exam, diffusion=_diffusion((0.0, 500.0))))
    none = _quantified(replace(example_result().exam, diffusion=_diffusion((0.0, 100.0))))

    assert "low_highest_b" in {c.code for c in few.caveats}
    assert "diffusion_not_measured" in {c.code for c in none.caveats}
    assert "adc" not in none.maps
    (first, _) = none.findings
    assert first.diffusion is not None
    assert first.diffusion.status is Status.NOT_COMPUTED


def test_diffusion_that_cannot_be_used_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise GeometryError("axes must be at right angles, got others; resample the series")

    monkeypatch.setattr("mamri.pipeline.quantify.align_diffusion", refuse)
    found = _quantified(replace(example_result().exam, diffusion=_diffusion()))

    (caveat,) = (c for c in found.caveats if c.code == "diffusion_not_measured")
    assert "right angles" in caveat.message
    assert all(f.diffusion is None and f.perfusion is not None for f in found.findings)


def test_perfusion_needs_what_the_equations_need() -> None:
    exam = example_result().exam
    known = Acquisition(field_strength_t=3.0, tr_ms=5.0, flip_angle_deg=12.0)

    silent, told = _quantified(exam), _quantified(replace(exam, acquisition=known))

    assert len(TIMES) == 4
    assert all("repetition time" in f.perfusion.reason for f in silent.findings if f.perfusion)
    assert all(f.perfusion is not None for f in silent.findings)
    assert not silent.maps
    first = told.findings[0].perfusion
    assert first is not None
    assert "repetition time" not in first.reason

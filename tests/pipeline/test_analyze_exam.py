"""What the whole chain says of exams that lack something; the chain itself has its own tests."""

import numpy as np
import pytest

from mamri.geometry import affine_from_axes
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.analyze_exam import analyze_exam
from mamri.radiomics import RadiomicsSettings
from mamri.records import DynamicSeries, Exam, ExamResult, LabelMap

AFFINE = affine_from_axes(
    np.zeros(3), np.array([0, 0, 3.0]), np.array([0, 3.0, 0]), np.array([3.0, 0, 0])
)


def analysed_noise(
    times_s: tuple[float, ...],
    lesions: LabelMap | None = None,
    settings: AnalysisSettings | None = None,
) -> ExamResult:
    """Noise without a breast: quick, and every step answers it."""
    noise = np.random.default_rng(0).rayleigh(5.0, (len(times_s), 16, 24, 24))
    series = DynamicSeries(noise.astype(np.float32), AFFINE, np.array(times_s))
    return analyze_exam(Exam((), series), settings, lesions=lesions)


@pytest.mark.parametrize(
    ("times_s", "reason"),
    [
        ((0.0,), "single_phase"),
        ((90.0,), "single_phase"),
        ((-120.0, -60.0), "no_post_contrast_phase"),
        ((60.0, 150.0, 450.0), "no_pre_contrast_phase"),
    ],
)
def test_one_sentence_says_why_nothing_dynamic_was_computed(
    times_s: tuple[float, ...], reason: str
) -> None:
    caveats = analysed_noise(times_s).caveats

    assert [reason] == [c.code for c in caveats if "phase" in c.code]
    assert 1 == sum("could not be computed" in c.message for c in caveats)


def test_a_dynamic_exam_keeps_the_doubts_of_its_kinetics() -> None:
    codes = {caveat.code for caveat in analysed_noise((-60.0, 90.0)).caveats}

    assert "no_late_phase" in codes
    assert "single_phase" not in codes


@pytest.mark.parametrize("times_s", [(-60.0, 90.0, 240.0), (0.0,)])
def test_outlines_of_a_person_are_the_findings(times_s: tuple[float, ...]) -> None:
    labels = np.zeros((16, 24, 24), np.uint8)
    labels[4:8, 4:9, 5:9] = 3
    labels[10:12, 14:16, 15:18] = 1

    result = analysed_noise(times_s, LabelMap(labels, AFFINE))

    assert [1, 3] == [finding.id for finding in result.findings]
    np.testing.assert_array_equal(labels, result.lesions.array)
    assert result.findings[1].volume_ml == pytest.approx(80 * 0.027)
    assert any("outlined by a person" in step.method for step in result.provenance)


def test_radiomics_comes_only_where_it_is_asked_for() -> None:
    labels = np.zeros((16, 24, 24), np.uint8)
    labels[4:8, 4:9, 5:9] = 1
    times_s, outline = (-60.0, 90.0, 240.0), LabelMap(labels, AFFINE)
    bare = analysed_noise(times_s, outline)
    asked = analysed_noise(times_s, outline, AnalysisSettings(radiomics=RadiomicsSettings()))

    assert bare.findings[0].radiomics is None
    assert "radiomics" not in bare.timings_s
    assert asked.findings[0].radiomics is not None
    columns = asked.findings[0].radiomics.columns()
    assert columns["radiomics__lesion__first_post__stat_mean_Q4LE"] is not None
    assert "radiomics" in {step.step for step in asked.provenance}
    assert "radiomics" in asked.timings_s

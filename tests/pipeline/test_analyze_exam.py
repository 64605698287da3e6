"""What the whole chain says of exams that lack something; the chain itself has its own tests."""

import numpy as np
import pytest

from mamri.geometry import affine_from_axes
from mamri.pipeline.analyze_exam import analyze_exam
from mamri.records import DynamicSeries, Exam, ExamResult

AFFINE = affine_from_axes(
    np.zeros(3), np.array([0, 0, 3.0]), np.array([0, 3.0, 0]), np.array([3.0, 0, 0])
)


def analysed_noise(times_s: tuple[float, ...]) -> ExamResult:
    """Noise without a breast: quick, and every step answers it."""
    noise = np.random.default_rng(0).rayleigh(5.0, (len(times_s), 16, 24, 24))
    return analyze_exam(
        Exam((), DynamicSeries(noise.astype(np.float32), AFFINE, np.array(times_s)))
    )


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

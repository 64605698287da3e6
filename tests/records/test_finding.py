"""Findings: curves are kept as read-only numbers."""

import numpy as np
import pytest

from mamri.records import Assessment, DelayedPhase, Description, FindingKinetics, Status


def _kinetics() -> FindingKinetics:
    return FindingKinetics(
        times_s=[-30, 90, 270],
        mean_signal=[100, 250, 220],
        sd_signal=[10, 20, 20],
        initial=None,
        delayed=DelayedPhase.WASHOUT,
        worst_signal=[100, 300, 210],
        worst_centre_mm_lps=None,
        peak_enhancement_percent=150.0,
        ser_mean=1.25,
        washout_fraction=0.4,
        ftv_ml=1.0,
    )


@pytest.mark.parametrize("name", ["times_s", "mean_signal", "sd_signal", "worst_signal"])
def test_curves_are_read_only_floats(name: str) -> None:
    curve = getattr(_kinetics(), name)
    assert curve.dtype == np.float64
    assert not curve.flags.writeable


def test_curve_types_read_as_words() -> None:
    assert f"{_kinetics().delayed}" == "washout"


def test_a_descriptor_that_was_not_decided_says_so() -> None:
    assert Description(margin="irregular").shape == "undetermined"


def test_an_unanswered_question_keeps_its_status() -> None:
    answer = Assessment("kaiser_score", None, "", None, "none", "no margin", Status.UNDEFINED)
    assert answer.value is None
    assert answer.status == "undefined"

from dataclasses import replace

import numpy as np
import pytest
from example_result import quantified_result
from findings.phantom import Phantom

from mamri.findings import measure_findings
from mamri.findings.assess import assess_finding
from mamri.records import (
    DelayedPhase,
    Description,
    Finding,
    LabelMap,
    Status,
)


@pytest.fixture(scope="module")
def finding() -> Finding:
    phantom = Phantom()
    mask = phantom.ball((30, 40, 40), 7.0)
    series = phantom.series()
    labels = LabelMap(mask.astype(np.uint16), phantom.affine)
    (found,) = measure_findings(labels, series, phantom.maps(series), phantom.anatomy())
    return found


def _with(finding: Finding, delayed: DelayedPhase | None, **words: str) -> Finding:
    kinetics = replace(finding.kinetics, delayed=delayed)
    return replace(finding, kinetics=kinetics, description=Description(**words))


def test_what_is_not_known_leaves_the_range_that_it_allows(finding: Finding) -> None:
    (score,) = assess_finding(_with(finding, DelayedPhase.WASHOUT))

    assert ("kaiser_score", None, (4.0, 11.0)) == (score.target, score.value, score.interval)
    assert score.status is Status.UNDEFINED
    assert "root sign: unknown" in score.evidence


def test_a_decided_path_gives_one_number(finding: Finding) -> None:
    described = _with(
        finding,
        DelayedPhase.WASHOUT,
        margin="circumscribed",
        internal_enhancement="homogeneous",
    )

    (score,) = assess_finding(described)

    assert (4, (4.0, 4.0), Status.OK) == (score.value, score.interval, score.status)
    assert "BI-RADS 2 or 3" in score.evidence


def test_spicules_leave_oedema_open(finding: Finding) -> None:
    (score,) = assess_finding(_with(finding, DelayedPhase.PLATEAU, margin="spiculated"))

    assert (7.0, 10.0) == score.interval


def test_an_undefined_curve_is_not_guessed(finding: Finding) -> None:
    (score,) = assess_finding(_with(finding, None, margin="irregular"))

    assert (3.0, 8.0) == score.interval


@pytest.mark.parametrize(
    ("adc", "answer"), [(1.51, "above"), (1.49, "not above"), (0.9, "not above")]
)
def test_the_adc_supplement_is_told_beside_the_score(
    finding: Finding, adc: float, answer: str
) -> None:
    diffusion = quantified_result().findings[0].diffusion
    assert diffusion is not None
    measured = replace(finding, diffusion=replace(diffusion, adc_darkest=adc))

    score, supplement = assess_finding(measured)

    assert ("kaiser_score", "kaiser_adc_supplement") == (score.target, supplement.target)
    assert answer == supplement.value
    assert f"{adc:.2f}e-3" in supplement.evidence
    assert score == assess_finding(finding)[0]  # no part of the score


def test_an_adc_that_was_not_measured_gives_no_supplement(finding: Finding) -> None:
    diffusion = quantified_result().findings[0].diffusion
    assert diffusion is not None
    unmeasured = replace(diffusion, status=Status.UNDEFINED)

    assert 1 == len(assess_finding(replace(finding, diffusion=unmeasured)))

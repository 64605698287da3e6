from dataclasses import replace

import numpy as np
import pytest
from example_result import quantified_result
from findings.phantom import Phantom

from mamri.findings import measure_findings
from mamri.findings.assess import assess_finding, kaiser_descriptors
from mamri.findings.kaiser_score import KaiserDescriptors
from mamri.findings.lexicon import load_lexicon
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
    ("words", "answers"),
    [
        ({}, KaiserDescriptors()),
        ({"margin": "spiculated"}, KaiserDescriptors(root_sign=True, circumscribed=False)),
        ({"margin": "irregular"}, KaiserDescriptors(root_sign=False, circumscribed=False)),
        ({"margin": "circumscribed"}, KaiserDescriptors(root_sign=False, circumscribed=True)),
        ({"internal_enhancement": "homogeneous"}, KaiserDescriptors(homogeneous=True)),
        ({"internal_enhancement": "heterogeneous"}, KaiserDescriptors(homogeneous=False)),
        ({"internal_enhancement": "rim"}, KaiserDescriptors(homogeneous=False)),
        ({"internal_enhancement": "clumped"}, KaiserDescriptors(homogeneous=False)),
        ({"oedema": "absent"}, KaiserDescriptors(oedema=False)),
        ({"oedema": "perifocal"}, KaiserDescriptors(oedema=True)),
        ({"oedema": "diffuse"}, KaiserDescriptors(oedema=True)),
        ({"margin": "a word of no lexicon"}, KaiserDescriptors()),
        ({"type": "mass"}, KaiserDescriptors()),
        ({"type": "focus"}, KaiserDescriptors()),
        ({"type": "non-mass enhancement"}, KaiserDescriptors(circumscribed=False)),
    ],
)
def test_answers_follow_from_words(
    finding: Finding, words: dict[str, str], answers: KaiserDescriptors
) -> None:
    assert answers == kaiser_descriptors(_with(finding, None, **words))


def test_every_word_of_the_lexicon_has_an_answer(finding: Finding) -> None:
    terms = load_lexicon().terms
    for descriptor, answer in (
        ("margin", "root_sign"),
        ("margin", "circumscribed"),
        ("internal_enhancement", "homogeneous"),
        ("oedema", "oedema"),
    ):
        for word in terms[descriptor].values():
            found = kaiser_descriptors(_with(finding, None, **{descriptor: word}))
            assert getattr(found, answer) is not None


@pytest.mark.parametrize(
    ("delayed", "interval"),
    [
        (DelayedPhase.PERSISTENT, (3.0, 6.0)),
        (DelayedPhase.PLATEAU, (5.0, 10.0)),
        (DelayedPhase.WASHOUT, (4.0, 11.0)),
    ],
)
def test_spicules_of_a_non_mass_enhancement_stay_open(
    finding: Finding, delayed: DelayedPhase, interval: tuple[float, float]
) -> None:
    (score,) = assess_finding(_with(finding, delayed, type="non-mass enhancement"))

    assert interval == score.interval
    assert "root sign: unknown" in score.evidence


@pytest.mark.parametrize(("oedema", "value"), [("absent", 9), ("perifocal", 11), ("diffuse", 11)])
def test_oedema_decides_where_there_are_spicules(finding: Finding, oedema: str, value: int) -> None:
    described = _with(finding, DelayedPhase.WASHOUT, margin="spiculated", oedema=oedema)

    assert value == assess_finding(described)[0].value


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

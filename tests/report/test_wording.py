"""Findings in the words of the page."""

from dataclasses import replace

import pytest
from example_result import described_result, example_result

from mamri.records import Description, Finding, FindingRelation, Measure
from mamri.report.wording import (
    descriptor_rows,
    finding_line,
    finding_sentence,
    limit_sources,
    measured,
    morphology,
    relation,
)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def bare_finding(**changes: object) -> Finding:
    """A finding of which nothing is known but what is given."""
    finding = example_result(n_findings=1).findings[0]
    nan = float("nan")
    unknown = replace(
        finding,
        quadrant="undetermined",
        clock_face="undetermined",
        diameters_mm=(nan, nan, nan),
        kinetics=replace(finding.kinetics, initial=None, delayed=None),
    )
    return replace(unknown, **changes)


def test_a_mass_is_told_in_the_order_of_a_radiologist():
    assert plain(finding_sentence(described_result().findings[0])) == (
        "Irregular mass, spiculated margin, rim enhancement, upper outer quadrant, 10 o'clock, "
        "posterior third, 23 × 18 × 15 mm; fast initial, wash-out delayed phase; "
        "perifocal oedema."
    )


def test_a_non_mass_enhancement_is_told_by_its_distribution():
    description = Description(
        type="non-mass enhancement",
        distribution="segmental",
        internal_enhancement="clumped",
        t2_signal="high",
        oedema="absent",
    )
    assert finding_sentence(bare_finding(description=description)) == (
        "Non-mass enhancement, segmental distribution, clumped enhancement; "
        "high T2 signal, no oedema."
    )


def test_what_is_undetermined_is_left_out():
    assert finding_sentence(bare_finding()) == "Enhancing finding."


def test_a_central_finding_is_so_once():
    central = bare_finding(quadrant="central", clock_face="central", depth="anterior")

    assert finding_sentence(central) == "Enhancing finding, central, anterior third."


def test_one_phase_of_two_is_told_alone():
    kinetics = example_result(n_findings=1).findings[0].kinetics
    initial = bare_finding(kinetics=replace(kinetics, delayed=None))
    delayed = bare_finding(kinetics=replace(kinetics, initial=None))

    assert finding_sentence(initial) == "Enhancing finding; fast initial phase."
    assert finding_sentence(delayed) == "Enhancing finding; wash-out delayed phase."


@pytest.mark.parametrize(
    ("description", "words"),
    [
        (Description(), ""),
        (Description(type="focus"), "focus"),
        (Description(shape="oval", margin="irregular"), "oval shape, irregular margin"),
        (Description(internal_enhancement="dark internal septations"), "dark internal septations"),
        (Description(internal_enhancement="rim enhancement"), "rim enhancement"),
    ],
)
def test_looks_are_told_in_few_words(description: Description, words: str):
    assert words == morphology(description)


def test_the_line_of_a_finding_names_its_looks_where_they_are_known():
    first, second = described_result().findings

    assert ": irregular mass, spiculated margin, rim enhancement, 23 ×" in finding_line(first)
    assert "10 o'clock: 9 ×" in finding_line(second)


def test_descriptors_without_word_reason_and_measure_have_no_row():
    first, second = (descriptor_rows(f.description) for f in described_result().findings)

    # The first is a mass: its distribution has a reason, but nobody asks for it.
    assert ["Type", "Shape", "Margin", "Internal enhancement", "T2 signal", "Oedema"] == [
        row.title for row in first
    ]
    assert ["Type", "Margin", "Oedema"] == [row.title for row in second]
    assert () == descriptor_rows(Description())


def test_a_descriptor_comes_with_its_measures_and_its_reason():
    rows = {row.title: row for row in descriptor_rows(described_result().findings[0].description)}

    assert ["thin protrusions", "spicules"] == [m.name for m in rows["Margin"].measures]
    assert ("undetermined", "the exam has no T2 series") == (
        rows["T2 signal"].word,
        rows["T2 signal"].reason,
    )


def test_a_reason_stands_only_beside_undetermined():
    (row,) = descriptor_rows(Description(margin="smooth", reasons={"margin": "too small"}))

    assert ("smooth", "") == (row.word, row.reason)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (3.0, "", "x 3"),
        (0.8123, "", "x 0.81"),
        (0.155, "mm", "x 0.15 mm"),
        (4.26, "mm", "x 4.3 mm"),
        (62.0, "%", "x 62 %"),
        (float("nan"), "", "x –"),
        (float("nan"), "mm", "x –"),
    ],
)
def test_a_measure_stands_with_its_unit(value: float, unit: str, words: str):
    assert words == plain(measured(Measure("margin", "x", value, unit, "", "")))


def test_each_source_of_limits_is_named_once_with_its_measures():
    first = described_result().findings[0]

    assert limit_sources(first.description) == (
        "assumption (solidity, rim); Doe 2001 (thin protrusions, spicules)"
    )
    assert limit_sources(Description(measures=(Measure("margin", "x", 1.0, "", "", ""),))) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (FindingRelation(), ""),
        (FindingRelation("unifocal"), "unifocal"),
        (
            FindingRelation("multifocal", 2, 12.34, (2, 3)),
            "multifocal; nearest: finding 2 at 12 mm; satellites: 2, 3",
        ),
        (FindingRelation(nearest_id=4, nearest_mm=8.0), "undetermined; nearest: finding 4 at 8 mm"),
    ],
)
def test_the_relation_to_others_is_told_as_far_as_it_is_known(value: FindingRelation, words: str):
    assert words == plain(relation(value))

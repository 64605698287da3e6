"""Marks against lesions: the figures of a small study, by hand."""

import json
from pathlib import Path

import pytest

from mamri.pipeline.evaluate_detection import DetectionEvaluation, evaluate_detection
from mamri.records import InputError
from mamri.report.evaluation_html import render_evaluation

# Three breasts with lesions (a has two), two without.
LESIONS = """image,patient,x_mm,y_mm,z_mm,diameter_mm
a,1,0,0,0,10
a,1,50,0,0,10
b,2,0,0,0,10
c,3,0,0,0,10
d,4,,,,
e,5,,,,
"""
# Hits at 0.9 (a, first), 0.7 (b); false at 0.8 (d) and 0.4 (c).
MARKS = """image,score,x_mm,y_mm,z_mm
a,0.9,1,0,0
a,0.5,2,0,0
b,0.7,0,4,0
c,0.4,0,0,30
d,0.8,3,3,3
"""


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    lesions, marks = tmp_path / "lesions.csv", tmp_path / "marks.csv"
    lesions.write_text(LESIONS, encoding="utf-8")
    marks.write_text(MARKS, encoding="utf-8")
    return lesions, marks


def test_figures_are_those_by_hand(tables: tuple[Path, Path]) -> None:
    document = evaluate_detection(*tables, DetectionEvaluation(bootstrap=100))

    counts = ("images", "normal_images", "lesions", "marks", "false_marks", "patients")
    assert (5, 2, 4, 5, 2, 5) == tuple({**document, **document["figures"]}[name] for name in counts)
    figures = document["figures"]
    assert 0.25 == figures["sensitivity_at_0.125"]["value"]  # 0.9 before any false mark
    assert 0.5 == figures["sensitivity_at_0.25"]["value"]  # one false mark in five images: 0.2
    # Against normal images (0.8, unmarked): 0.9 beats both, 0.7 one, two unmarked tie with one.
    assert (2 + 1 + 2 * 0.5) / 8 == figures["afroc"]["value"]
    # Each of three images the same: a has (0.9, unmarked).
    assert figures["weighted_afroc"]["value"] == pytest.approx(
        ((2 + 0.5) / 4 + 1 / 2 + 0.5 / 2) / 3, abs=1e-4
    )
    # Highest marks: a 0.9 right, b 0.7 right, c wrong; d 0.8, e none.
    assert figures["lroc"]["value"] == pytest.approx((2 + 1) / 6, abs=1e-4)
    assert figures["afroc"]["lower"] < figures["afroc"]["value"] < figures["afroc"]["upper"]
    assert [0.9, None, 0.7, None] == [row["score"] for row in document["figures"]["per_lesion"]]
    json.dumps(document, allow_nan=False)


def test_a_wider_reach_hits_more(tables: tuple[Path, Path]) -> None:
    document = evaluate_detection(*tables, DetectionEvaluation(within_mm=31, bootstrap=20))

    assert 1 == document["figures"]["false_marks"]


def test_without_normal_images_afroc_and_lroc_are_told_to_be_missing(
    tables: tuple[Path, Path],
) -> None:
    lesions, marks = tables
    lesions.write_text(LESIONS.replace("d,4,,,,\ne,5,,,,\n", ""), encoding="utf-8")
    marks.write_text(MARKS.replace("d,0.8,3,3,3\n", ""), encoding="utf-8")

    document = evaluate_detection(lesions, marks, DetectionEvaluation(bootstrap=20))

    assert {"afroc", "weighted_afroc", "lroc"} == set(document["figures"]["not_measured"])
    assert document["figures"]["afroc_curve"] is None
    assert document["figures"]["lroc_curve"] is None
    assert document["figures"]["afroc_all_images"]["value"] is not None


def test_images_without_any_lesion_are_refused(tables: tuple[Path, Path]) -> None:
    lesions, marks = tables
    lesions.write_text("image,x_mm,y_mm,z_mm\nd,,,\ne,,,\n", encoding="utf-8")
    marks.write_text("image,score,x_mm,y_mm,z_mm\n", encoding="utf-8")

    with pytest.raises(InputError, match="a lesion at least was needed"):
        evaluate_detection(lesions, marks)


def test_the_report_tells_sensitivity_at_one_false_mark_and_what_is_missing(
    tables: tuple[Path, Path],
) -> None:
    settings = DetectionEvaluation(bootstrap=50)
    html = render_evaluation(evaluate_detection(*tables, settings))

    assert "50 % of 4 lesions" in html
    assert "are marked at 1 false mark an image" in html
    assert 2 == html.count("<svg")

    lesions, marks = tables
    lesions.write_text(LESIONS.replace("d,4,,,,\ne,5,,,,\n", ""), encoding="utf-8")
    marks.write_text(MARKS.replace("d,0.8,3,3,3\n", ""), encoding="utf-8")
    html = render_evaluation(evaluate_detection(lesions, marks, settings))
    assert "No LROC: images with and without a lesion" in html
    assert 1 == html.count("<svg")


def test_rates_are_needed() -> None:
    with pytest.raises(InputError, match="a rate of false marks"):
        DetectionEvaluation(rates=())

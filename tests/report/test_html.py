"""The report as a page: complete, self-contained, safe."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from example_result import (
    SHAPE,
    SPACING,
    described_result,
    example_result,
    quantified_result,
    radiomics_result,
)
from PIL import Image

from mamri.records import (
    Caveat,
    Description,
    ExamResult,
    FatSuppressionSeen,
    Laterality,
    Measure,
)
from mamri.report.exam_windows import exam_windows
from mamri.report.finding_pictures import finding_pictures
from mamri.report.html import MOST_ILLUSTRATED, render_report
from mamri.report.picture import Picture
from mamri.report.projection_pictures import projection_pictures

CREATED = "2026-01-02T03:04:05+00:00"
VOID = {"meta", "br", "image", "path", "ellipse", "circle", "rect", "polyline", "input", "hr"}


def page(result: ExamResult) -> str:
    return render_report(result, created=CREATED)


def pixels(picture: Picture) -> np.ndarray:
    encoded = picture.uri.partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("L"), float)


def middle_of_light(picture: Picture) -> tuple[float, float]:
    """Centre of brightness as shares of height and width."""
    values = pixels(picture)
    values[values < 0.6 * values.max()] = 0
    rows, columns = np.indices(values.shape)
    height, width = values.shape
    total = values.sum()
    return float((rows * values).sum() / total / height), float(
        (columns * values).sum() / total / width
    )


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


RESULTS = {
    "quantified": quantified_result(),
    "described": described_result(),
    "full": example_result(),
    "no finding": example_result(n_findings=0),
    "one phase": example_result((-30.0,), n_findings=0),
    "two phases": example_result((-30.0, 90.0)),
    "sixty phases": example_result(tuple(np.linspace(-20.0, 600.0, 60))),
    "one breast": example_result(sides=(Laterality.RIGHT,), n_findings=1),
    "nothing recorded": replace(
        example_result(n_findings=0), checks=(), caveats=(), provenance=(), breasts=(), timings_s={}
    ),
    "no dynamic series": replace(
        example_result(n_findings=0),
        exam=replace(example_result().exam, dynamic=None, timing=None, series=()),
        maps={},
        mips={},
    ),
    "no breast found": replace(
        example_result(n_findings=0),
        anatomy=replace(
            example_result().anatomy, breast=np.zeros(SHAPE, np.uint8), nipples_mm_lps={}
        ),
    ),
}


@pytest.mark.parametrize("name", list(RESULTS))
def test_every_kind_of_exam_makes_a_whole_page(name: str):
    html = page(RESULTS[name])
    balance = Balance()
    balance.feed(html)
    assert balance.open == []
    for heading in ("Breast composition", "Findings", "Acquisition checks", "Methods"):
        assert f">{heading}</h2>" in html
    assert "not a medical device" in html


@pytest.mark.parametrize("name", list(RESULTS))
def test_nothing_is_loaded_from_elsewhere(name: str):
    html = page(RESULTS[name])
    for address in re.findall(r'(?:href|src|action|data)\s*=\s*"([^"]*)"', html):
        assert address.startswith(("data:image/jpeg;base64,", "#"))
    assert not re.search(r"url\(|@import|<script|<iframe|<link|<object", html)


def test_every_finding_is_told_and_shown():
    html = page(example_result())
    for number, side in ((1, "right"), (2, "left")):
        assert f'id="finding-{number}"' in html
        assert f"Finding {number}: {side} breast" in html
    assert "Two enhancing findings: one right and one left." in html
    # 3 planes x 4 columns each, 4 projections, 3 pictures of the anatomy
    assert html.count("<image ") == 2 * 12 + 4 + 3


def test_a_long_list_of_findings_is_told_whole_and_shown_in_part():
    result = example_result()
    many = tuple(replace(result.findings[0], id=i) for i in range(1, MOST_ILLUSTRATED + 4))
    html = page(replace(result, findings=many))
    assert html.count('<article class="finding"') == MOST_ILLUSTRATED
    assert f'<th scope="row">{MOST_ILLUSTRATED + 3}</th>' in html


def test_hostile_text_is_escaped():
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    result = example_result(description=attack, study_instance_uid=attack[-16:])
    description = Description(
        margin=attack,
        reasons={"shape": attack},
        measures=(Measure("margin", attack, 1.0, attack, attack, attack),),
        lexicon=attack,
    )
    finding = replace(result.findings[0], quadrant=attack, description=description, depth=attack)
    hostile = replace(result, findings=(finding,), caveats=(Caveat("code", attack),))
    html = page(hostile)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_one_phase_says_what_could_not_be_computed():
    html = page(RESULTS["one phase"])
    assert "Enhancement could not be assessed" in html
    assert "none could be made" in html
    assert "not timed" in html


def test_two_phases_say_that_there_are_no_curve_types():
    html = page(RESULTS["two phases"])
    assert "No curve types" in html
    assert html.count("<image ") == 2 * 9 + 4 + 3


def test_the_left_breast_is_compared_with_the_right_one():
    html = page(example_result())
    row = html[html.index("Left against right</th>") :].partition("</tr>")[0]
    cells = re.findall(r'<td class="n">([^<]*)</td>', row)
    assert cells == ["+3\xa0%", "\u221212\xa0%", "\u22121.5\xa0points", "–"]


def test_one_breast_says_why_it_is_not_compared():
    html = page(RESULTS["one breast"])
    assert "Left against right" not in html
    assert "Symmetry was not measured: Only the right breast was found." in html


def test_fat_suppression_seen_only_in_the_image_says_so():
    result = example_result()
    silent = replace(
        result.exam,
        acquisition=replace(result.exam.acquisition, fat_suppressed=None),
        fat_suppression_seen=FatSuppressionSeen(True, 0.75),
    )
    assert "<dd>yes, by the image</dd>" in page(replace(result, exam=silent))
    assert "<dd>yes</dd>" in page(result)


def test_undefined_numbers_are_dashes():
    html = page(example_result())
    assert not re.search(r">\s*nan", html, flags=re.IGNORECASE)
    assert "None" not in html


def test_methods_cite_their_references():
    html = page(example_result())
    assert "Enhancement was read at 90 s.<sup>1</sup>" in html
    assert "<li>Doe J. A title." in html
    assert "@misc{doe2001" in html


def test_the_same_result_makes_the_same_page():
    assert page(example_result()) == page(example_result())


def test_the_result_is_left_unchanged():
    result = example_result()
    before = result.exam.dynamic.array.copy(), result.lesions.array.copy()
    page(result)
    assert np.array_equal(before[0], result.exam.dynamic.array)
    assert np.array_equal(before[1], result.lesions.array)


def test_all_pictures_have_words_and_letters():
    html = page(example_result())
    pictures = re.findall(r"<svg[^>]*>", html)
    assert pictures
    assert all('role="img"' in tag and "aria-label=" in tag for tag in pictures)
    for letter in "RLAPHF":
        assert f">{letter}</text>" in html


@pytest.mark.parametrize("number", [1, 2])
def test_a_finding_is_in_the_middle_of_its_pictures(number: int):
    result = example_result()
    rows = finding_pictures(result, result.findings[number - 1], exam_windows(result))
    for row in rows:
        subtraction = row.pictures[2]
        assert subtraction.heading == "Subtraction"
        # The block is at most 10 mm of a picture of 70 mm.
        assert (0.5, 0.5) == pytest.approx(middle_of_light(subtraction), abs=0.04)
        assert pixels(subtraction)[155:165, 155:165].mean() > 200


def test_projections_show_a_right_front_upper_finding_in_its_corner():
    # The finding of the right breast lies at the front, at the top and to the right.
    only = example_result(n_findings=1)
    pictures = {p.heading: p for row in projection_pictures(only) for p in row}
    down, across = middle_of_light(pictures["Axial"])
    assert (down < 0.5, across < 0.5) == (True, True)
    down, across = middle_of_light(pictures["Coronal"])
    assert (down < 0.5, across < 0.5) == (True, True)
    down, across = middle_of_light(pictures["Sagittal, right breast"])
    assert (down < 0.5, across < 0.5) == (True, True)


def test_rings_lie_on_the_findings():
    only = example_result(n_findings=1)
    for row in projection_pictures(only):
        for picture in row:
            for ring in picture.rings:
                down, across = middle_of_light(picture)
                assert down * picture.height == pytest.approx(ring.y, abs=3.0)
                assert across * picture.width == pytest.approx(ring.x, abs=3.0)


def test_each_sagittal_projection_rings_its_own_side():
    pictures = {p.heading: p for row in projection_pictures(example_result()) for p in row}
    assert [1] == [ring.number for ring in pictures["Sagittal, right breast"].rings]
    assert [2] == [ring.number for ring in pictures["Sagittal, left breast"].rings]
    assert [1, 2] == [ring.number for ring in pictures["Axial"].rings]


def test_pictures_keep_true_proportions():
    for row in projection_pictures(example_result()):
        for picture in row:
            if picture.heading == "Axial":
                breast = example_result().anatomy.breast > 0
                across = np.ptp(np.flatnonzero(breast.any(axis=(0, 1)))) + 1
                down = np.ptp(np.flatnonzero(breast.any(axis=(0, 2)))) + 1
                expected = (across * SPACING[2] + 20) / (down * SPACING[1] + 20)
                assert expected == pytest.approx(picture.aspect, rel=0.03)


def test_perfusion_and_diffusion_are_told_with_units_errors_and_pictures():
    html = page(quantified_result()).replace("\N{NO-BREAK SPACE}", " ")

    assert "0.234 ± 0.021 /min" in html or "0.235 ± 0.021 /min" in html
    assert "held at 0.04" in html
    assert "0.95 × 10⁻³ mm²/s (low)" in html
    assert "not computed: too few images" in html
    assert "not defined: it fills 2 voxels" in html
    assert "Moved by 2 mm." in html
    assert "no limits of malignancy" in html
    assert html.count("Ktrans, 0 to 0.5 /min</div>") == 2
    assert html.count("<image ") == 2 * 14 + 4 + 3


def test_an_error_that_is_not_known_is_said_so():
    result = quantified_result()
    first = result.findings[0]
    bare = replace(first, perfusion=replace(first.perfusion, standard_errors={}))
    html = page(replace(result, findings=(bare,)))

    assert "± unknown" in html


def test_a_page_without_perfusion_does_not_speak_of_it():
    html = page(example_result())

    assert "Ktrans" not in html
    assert "ADC" not in html


def test_radiomics_is_one_line_and_only_where_it_was_asked_for():
    html = page(radiomics_result())

    assert 1 == html.count("2 of 3 features have a value; they are in features.csv")
    assert "features have a value" not in page(example_result())


def test_the_table_of_findings_has_confidence_where_a_model_gave_it() -> None:
    result = example_result()
    sure = replace(result, findings=tuple(replace(f, confidence=0.87) for f in result.findings))
    unsure = replace(result, findings=tuple(replace(f, confidence=None) for f in result.findings))

    assert '<th scope="col" class="n">Confidence</th>' in page(sure)
    assert '<td class="n">0.87</td>' in page(sure)
    assert "Confidence" not in page(unsure)


def test_a_described_finding_has_a_sentence_and_a_table_of_what_was_measured() -> None:
    html = page(described_result()).replace("\N{NO-BREAK SPACE}", " ")
    first, second = html.split('<article class="finding"')[1:]
    margin = first[first.index(">Margin</th>") :].partition("</tr>")[0]
    oedema = second[second.index(">Oedema</th>") :].partition("</tr>")[0]

    assert "<p>Irregular mass, spiculated margin, rim enhancement, upper outer quadrant" in first
    assert ">Description</h3>" in first
    assert "<td>spiculated</td>" in margin
    assert "thin protrusions 4.3 mm<small" in margin
    assert "spicules 3<small" in margin
    assert "3 or more: spiculated</small>" in margin
    assert "undetermined<small" in first
    assert "the exam has no T2 series</small>" in first
    assert "Words: BI-RADS MRI, 5th edition. Limits: assumption (solidity, rim); Doe" in first
    assert "<td>undetermined</td>" in oedema
    assert "bright fluid 1.5 %</div>" in oedema
    assert "words of a program" in html


def test_depth_and_other_findings_have_rows_where_they_are_known() -> None:
    html = page(described_result()).replace("\N{NO-BREAK SPACE}", " ")

    assert 1 == html.count(">Depth</th><td>posterior third</td>")
    assert 1 == html.count(">Depth</th>")
    assert 1 == html.count(">multicentric; nearest: finding 2 at 12 mm; satellites: 2, 3</td>")
    assert 1 == html.count(">Multiplicity</th>")


def test_a_page_without_descriptions_has_no_table_of_them() -> None:
    html = page(example_result())

    assert ">Description</h3>" not in html
    assert ">Type</th>" not in html
    assert "words of a program" not in html
    assert "<p>Enhancing finding, upper outer quadrant" in html


def test_the_table_of_findings_has_types_where_one_is_known() -> None:
    table = page(described_result()).partition('<article class="finding"')[0]

    assert '<th scope="col">Type</th>' in table
    assert "<td>irregular mass</td>" in table
    assert "<td>–</td>" in table

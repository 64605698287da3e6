"""Checklists for authors: complete, filled as far as the document goes, safe in any Markdown."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from evaluated_documents import KINDS, OF_IMAGES, document
from markdown_it import MarkdownIt

from mamri.report.checklists import CHECKLISTS, TO_WRITE, render_checklist
from mamri.report.evaluation_detection import detection_headline
from mamri.report.evaluation_readers import readers_headline
from mamri.report.evaluation_segmentation import segmentation_headline

CLAIM, TRIPOD = "checklist-claim.md", "checklist-tripod-ai.md"
# Parts of the items of TRIPOD+AI that have any, by number; all other items are one.
PARTS = {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3}
ITEMS = {
    CLAIM: [str(k) for k in range(1, 45)],
    TRIPOD: [
        f"{k}{part}"
        for k in range(1, 28)
        for part in ("abcdefg"[: PARTS[k]] if k in PARTS else [""])
    ],
}
HEADLINES: dict[str, Callable[..., str]] = {
    "segmentation": segmentation_headline,
    "detection": detection_headline,
    "readers": readers_headline,
}
HOSTILE = (
    "a|b\\|c\n| 99 | x |\r\n<script>alert(1)</script> &lt;b&gt; *c* _d_ `e` [f](g) ~~h~~ $i$ \\"
)


def rows_of(text: str) -> dict[str, str]:
    """Last cell of each row by the item's number, as written."""
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    cells = [re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |")) for line in lines]
    return {row[0]: row[-1] for row in cells}


def row(given: dict[str, Any], item: str, name: str = CLAIM) -> str:
    return rows_of(render_checklist(given, name))[item]


def with_hostile_names(value: Any, words: set[str]) -> Any:
    """A document in which some names, as keys or values, are hostile."""
    if isinstance(value, dict):
        return {
            HOSTILE if key in words else key: with_hostile_names(one, words)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [with_hostile_names(one, words) for one in value]
    return HOSTILE if isinstance(value, str) and value in words else value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHECKLISTS)
def test_every_item_stands_once_in_order_in_a_row_of_four_cells(kind: str, name: str) -> None:
    text = render_checklist(document(kind), name)
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]

    assert ITEMS[name] == [line.split("|")[1].strip() for line in lines]
    assert {5} == {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert all(TO_WRITE in line for line in lines)
    assert not re.search(r"None|\bnan\b", text)


def test_items_that_no_table_can_fill_are_left_to_the_authors() -> None:
    told = rows_of(render_checklist(document("classification"), CLAIM))

    assert {f"*{TO_WRITE}*"} == {told[item] for item in ("1", "8", "14", "22", "34", "44")}


def test_a_classification_fills_size_results_groups_and_software() -> None:
    given = document("classification")
    told = rows_of(render_checklist(given, CLAIM))
    one = given["figures"]["scores"]["model"]
    auc, point = one["auc"], one["at_threshold"]

    assert "90 cases of 80 patients: 30 positive and 60 negative." in told["35"]
    assert (
        f"model: AUC {auc['value']:.2f} ({auc['lower']:.2f} to {auc['upper']:.2f});" in told["37"]
    )
    assert f"model at 0.5: sensitivity {point['sensitivity']['value']:.2f} (" in told["38"]
    assert f"model: {point['false_positives']} false positive and" in told["39"]
    assert "-49 (46), 50- (44); site: north \\<b\\> (80), south (10)." in told["36"]
    assert "groups of age\\_group and site: subgroups.csv" in told["30"]
    version = given["software"]["version"]
    assert f"Evaluated with mamri {version}." in told["23"]
    assert f"Table: binary.csv. Software: mamri {version}." in render_checklist(given, CLAIM)


def test_a_classification_fills_imbalance_and_thresholds() -> None:
    told = rows_of(render_checklist(document("classification"), TRIPOD))

    assert "of cases are positive; nothing was resampled." in told["13"]
    assert "model: threshold 0.5 (default of probabilities);" in told["15"]
    assert "birads: threshold 5 (specificity 0.9 on these cases)." in told["15"]


def test_a_threshold_that_no_score_reaches_is_told() -> None:
    given = document("classification")
    given["figures"]["scores"]["birads"]["at_threshold"]["threshold"] = None

    assert "birads: threshold above all scores" in row(given, "15", TRIPOD)


@pytest.mark.parametrize(
    ("kind", "item", "sentence"),
    [
        ("classes", "35", "90 cases: 30 of class a, 30 of class b and 30 of class c."),
        ("classes", "37", "probabilities: mean AUC 0."),
        ("numbers", "37", "model: R2 0."),
        ("survival", "35", "90 cases: 66 with the event and 24 censored."),
        ("survival", "37", "model: concordance 0."),
        ("survival", "36", "site: north (45), south (45)."),
        ("ordinal", "18", "anna and ben: weighted kappa 0."),
        ("segmentation", "35", "Three cases of two patients."),
        ("segmentation", "36", "density: c (1), dense \\<b\\> (1), unknown (1)."),
        ("segmentation", "30", "groups of density: measures.csv, report.html."),
        ("detection", "35", "Four cases: two lesions and two cases without any."),
        ("readers", "35", "12 cases: 6 positive, read by three readers."),
    ],
)
def test_what_is_filled_in_depends_on_the_kind(kind: str, item: str, sentence: str) -> None:
    assert sentence in row(document(kind), item)


@pytest.mark.parametrize("kind", OF_IMAGES)
def test_masks_marks_and_readers_have_their_headline_for_a_result(kind: str) -> None:
    given = document(kind)
    # Narrow spaces are plain ones here.
    headline = " ".join(HEADLINES[kind](given).split())

    for name, item in ((CLAIM, "37"), (TRIPOD, "23a")):
        assert row(given, item, name).startswith(headline)
    for item in ("38", "39"):
        assert f"*{TO_WRITE}*" == row(given, item)


def test_small_p_values_of_readers_do_not_open_a_tag() -> None:
    given = document("readers")
    given["figures"]["analyses"][0]["differences"][0]["p"] = 1e-5

    assert "p \\< 0.001" in row(given, "37")


def test_patients_are_one_cluster_only_where_the_method_says_so() -> None:
    """Wilson's and other intervals of these documents take cases for independent."""
    assert "DeLong's method, bootstrap and jackknife; all others take cases" in row(
        document("classification"), "29"
    )


def test_without_a_column_of_patients_none_are_counted() -> None:
    given = document("numbers")

    assert not given["has_patients"]
    assert row(given, "35").startswith("90 cases. ")
    assert "Cases were taken for independent; which are of one patient is not known" in row(
        given, "29"
    )


def test_p_values_are_called_adjusted_only_where_scores_are_compared() -> None:
    given = document("classification")
    assert "Holm" in row(given, "29")

    given["figures"]["comparisons"] = []
    assert "Holm" not in row(given, "29")


def test_a_document_without_groups_or_results_leaves_both_to_the_authors() -> None:
    given = document("classification")
    for one in given["figures"]["scores"].values():
        one["subgroups"], one["auc"] = [], None

    told = rows_of(render_checklist(given, CLAIM))
    assert {f"*{TO_WRITE}*"} == {told[item] for item in ("30", "36", "37")}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("classification", {"binary.csv", "model", "clinical", "age_group", "50-"}),
        ("classes", {"classes.csv", "probabilities", "a"}),
        ("ordinal", {"ordinal.csv", "anna"}),
        ("survival", {"survival.csv", "model", "site", "north"}),
        ("segmentation", {"cases.csv", "density", "unknown"}),
        ("detection", {"lesions.csv and marks.csv"}),
        ("readers", {"scores.csv and truth.csv", "new", "x"}),
    ],
)
@pytest.mark.parametrize("name", CHECKLISTS)
def test_no_text_of_the_input_breaks_the_table_or_brings_markup(
    kind: str, words: set[str], name: str
) -> None:
    given = with_hostile_names(document(kind), words)

    text = render_checklist(given, name)
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)

    assert 4 * (len(ITEMS[name]) + 1) == len(re.findall(r"<t[dh]>", page))
    tags = set(re.findall(r"</?([\w-]+)", page))
    assert {"h1", "p", "table", "thead", "tbody", "tr", "th", "td", "em"} == tags
    # A cell too many would be dropped: the last one is there in every row.
    assert {TO_WRITE, f"The rest is {TO_WRITE}."} == set(re.findall(r"<em>(.*?)</em>", page))
    assert len(ITEMS[name]) == page.count("</em></td>")
    # A reader sees the text as it was given, on one line.
    seen = re.sub(r"<[^>]*>", "", page)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        seen = seen.replace(entity, sign)
    assert f"Table: {' '.join(HOSTILE.split())}." in seen


def test_the_document_is_left_as_it_is() -> None:
    given = document("segmentation")

    render_checklist(given, CLAIM)

    assert document("segmentation") == given

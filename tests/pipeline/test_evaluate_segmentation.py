"""Masks of a folder against true masks: what stands in the document."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.evaluation.lesion_matching import MatchingSettings
from mamri.io.evaluation_tables import CaseColumns
from mamri.pipeline.evaluate_segmentation import SegmentationEvaluation, evaluate_segmentation
from mamri.records import InputError
from mamri.report.evaluation_html import render_evaluation

SETTINGS = SegmentationEvaluation(lesions=MatchingSettings(min_iou=0.1), bootstrap=200)


def _write(folder: Path, case: str, *boxes: tuple[int, slice]) -> None:
    """Boxes of 4 rows and columns along some slices, each with its label."""
    array = np.zeros((20, 20, 12), np.uint8)  # columns, rows, slices of 3 mm
    for label, columns in boxes:
        array[columns, 4:8, 2:6] = label
    folder.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.diag([1, 1, 3.0, 1])), folder / f"{case}.nii.gz")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Right; half of it; nothing there; a lesion missed and another invented; nothing found."""
    truth, found = tmp_path / "truth", tmp_path / "found"
    lesion, other = slice(2, 6), slice(12, 16)
    for case, true, said in (
        ("a", [(1, lesion)], [(1, lesion)]),
        ("b", [(1, lesion)], [(1, slice(2, 4))]),
        ("c", [], []),
        ("d", [(1, lesion)], [(1, other)]),
        ("e", [(1, lesion)], []),
    ):
        _write(truth, case, *true)
        _write(found, case, *said)
    return truth, found


def test_cases_are_measured_and_summed_up(folders: tuple[Path, Path]) -> None:
    document = evaluate_segmentation(*folders, SETTINGS)

    rows = {row["case"]: row for row in document["figures"]["per_case"]}
    assert [1, 2 / 3, 1, 0, 0] == pytest.approx([rows[c]["dice"] for c in "abcde"], abs=1e-4)
    # 4 x 4 x 4 voxels of 3 mm3.
    assert 0.192 == rows["a"]["volume_truth_ml"]
    assert 10.0 == rows["d"]["hausdorff_mm"]
    assert rows["e"]["hausdorff_mm"] is None
    dice = document["figures"]["labels"]["any"]["dice"]
    assert dice["value"] == pytest.approx((1 + 2 / 3 + 1) / 5, abs=1e-4)
    assert dice["lower"] < dice["value"] < dice["upper"]
    assert 1 == document["figures"]["labels"]["any"]["hausdorff95_mm"]["undefined"]
    assert {"both": 1, "truth_alone": 0, "prediction_alone": 1} == document["figures"]["empty"]
    json.dumps(document, allow_nan=False)


def test_lesions_are_counted_over_all_cases(folders: tuple[Path, Path]) -> None:
    lesions = evaluate_segmentation(*folders, SETTINGS)["figures"]["lesions"]

    assert (4, 2, 1) == (lesions["true"], lesions["found"], lesions["false_positives"])
    assert 0.5 == lesions["sensitivity"]["value"]
    assert lesions["precision"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert lesions["f1"] == pytest.approx(2 * 2 / (4 + 2 + 1), abs=1e-4)
    assert lesions["mean_dice_of_pairs"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)


def test_labels_are_measured_apart_and_together(tmp_path: Path) -> None:
    truth, found = tmp_path / "truth", tmp_path / "found"
    _write(truth, "a", (1, slice(0, 4)), (2, slice(4, 8)))
    _write(found, "a", (1, slice(0, 4)), (2, slice(4, 6)))
    _write(truth, "b", (2, slice(4, 8)))
    _write(found, "b", (1, slice(4, 8)))

    labels = evaluate_segmentation(truth, found, SegmentationEvaluation(bootstrap=50))["figures"][
        "labels"
    ]

    assert ["any", "1", "2"] == list(labels)
    assert labels["any"]["dice"]["value"] == pytest.approx((12 / 14 + 1) / 2, abs=1e-4)
    assert 0.5 == labels["1"]["dice"]["value"]
    assert labels["2"]["dice"]["value"] == pytest.approx((2 / 3 + 0) / 2, abs=1e-4)


def test_numbers_of_lesions_are_no_labels(tmp_path: Path) -> None:
    truth, found = tmp_path / "truth", tmp_path / "found"
    _write(truth, "a", (1, slice(0, 4)), (2, slice(10, 14)))
    _write(found, "a", (2, slice(0, 4)), (1, slice(10, 14)))

    figures = evaluate_segmentation(truth, found, SETTINGS)["figures"]

    assert ["any"] == list(figures["labels"])
    assert 1.0 == figures["labels"]["any"]["dice"]["value"]
    assert (2, 2) == (figures["lesions"]["true"], figures["lesions"]["found"])


def test_a_label_that_neither_mask_has_is_two_empty_masks(tmp_path: Path) -> None:
    truth, found = tmp_path / "truth", tmp_path / "found"
    for folder in (truth, found):
        _write(folder, "a", (1, slice(0, 4)), (2, slice(4, 8)))
        _write(folder, "b", (1, slice(0, 4)))

    document = evaluate_segmentation(truth, found, SegmentationEvaluation(bootstrap=50))

    assert (1.0, 2) == (document["figures"]["labels"]["2"]["dice"]["value"],
                        document["figures"]["labels"]["2"]["dice"]["cases"])  # fmt: skip


def test_groups_of_a_table_have_figures_of_their_own(folders: tuple[Path, Path]) -> None:
    table = CaseColumns(
        "cases.csv", tuple("abcde"), tuple("ppqrs"), True, {"density": ("low", "low", "", "b", "b")}
    )

    document = evaluate_segmentation(*folders, SETTINGS, table=table, subgroups=["density"])

    groups = document["figures"]["subgroups"]["density"]
    assert 4 == document["patients"]
    assert {"b", "low", "unknown"} == set(groups)
    assert (0.0, 2) == (groups["b"]["dice"]["value"], groups["b"]["dice"]["cases"])
    assert groups["unknown"]["dice"]["lower"] is None


def test_intervals_are_by_patient(tmp_path: Path) -> None:
    """Each patient has the same case four times, which tells no more than once."""
    truth, found = tmp_path / "truth", tmp_path / "found"
    cases, patients = [], []
    for patient, width in enumerate((1, 2, 3, 4, 1, 3)):
        for copy in range(4):
            cases.append(f"{patient}-{copy}")
            patients.append(f"p{patient}")
            _write(truth, cases[-1], (1, slice(2, 6)))
            _write(found, cases[-1], (1, slice(2, 2 + width)))
    table = CaseColumns("cases.csv", tuple(cases), tuple(patients), True, {})
    settings = SegmentationEvaluation(bootstrap=500)

    by_case, by_patient = (
        evaluate_segmentation(truth, found, settings, table=one)["figures"]["labels"]["any"]["dice"]
        for one in (None, table)
    )

    widths = [one["upper"] - one["lower"] for one in (by_case, by_patient)]
    assert widths[1] > 1.6 * widths[0]  # twice, but for chance and few patients


def test_a_table_without_a_case_is_refused(folders: tuple[Path, Path]) -> None:
    table = CaseColumns("cases.csv", tuple("abx"), tuple("abx"), False, {})

    with pytest.raises(InputError, match=r"needs its row in cases\.csv, 3 of 5 have none"):
        evaluate_segmentation(*folders, SETTINGS, table=table)
    with pytest.raises(InputError, match="subgroups are columns of a table"):
        evaluate_segmentation(*folders, SETTINGS, subgroups=["density"])


def test_the_challenge_scores_are_told_beside_distances_in_mm(folders: tuple[Path, Path]) -> None:
    columns = {
        "age": ("35", "45", "", "45", "72"),
        "menopause": ("pre", "post", "", "post", "pre"),
        "density": ("a", "b", "B", "", "a"),
    }
    table = CaseColumns("cases.csv", tuple("abcde"), tuple("abcde"), False, columns)
    settings = SegmentationEvaluation(challenge=True, bootstrap=50)

    challenge = evaluate_segmentation(*folders, settings, table=table)["figures"]["challenge"]

    # The challenge gives two empty masks a Dice of 0.
    assert challenge["dice"] == pytest.approx((1 + 2 / 3) / 5, abs=1e-4)
    assert challenge["rank"] == pytest.approx(
        (challenge["performance"] + challenge["fairness"]) / 2, abs=1e-4
    )
    assert {"age", "menopause", "density"} == set(challenge["fairness_by_variable"])
    assert 1 == challenge["without_distance"]
    # Off by up to ten columns of 1 mm: the same in voxels.
    assert challenge["hausdorff95_voxels"] == challenge["hausdorff95_mm"]


def test_the_challenge_needs_its_columns(folders: tuple[Path, Path]) -> None:
    settings = SegmentationEvaluation(challenge=True)
    table = CaseColumns("c.csv", tuple("abcde"), tuple("abcde"), False, {"age": ("40",) * 5})

    with pytest.raises(InputError, match="has no column menopause, density"):
        evaluate_segmentation(*folders, settings, table=table)
    words = {"age": ("old",) * 5, "menopause": ("pre",) * 5, "density": ("a",) * 5}
    table = CaseColumns("c.csv", tuple("abcde"), tuple("abcde"), False, words)
    with pytest.raises(InputError, match="ages are numbers in years"):
        evaluate_segmentation(*folders, settings, table=table)


def test_the_report_names_what_was_not_found_and_the_worst_cases(
    folders: tuple[Path, Path],
) -> None:
    columns = {
        "age": ("35",) * 5,
        "menopause": ("pre",) * 5,
        "density": ("fatty",) * 2 + ("dense",) * 3,
    }
    table = CaseColumns("<b>.csv", tuple("abcde"), tuple("abcde"), False, columns)
    settings = replace(SETTINGS, challenge=True)

    html = render_evaluation(
        evaluate_segmentation(*folders, settings, table=table, subgroups=["density"])
    )

    assert "nothing was found though there was something: 1" in html
    assert "2 of 4 lesions were found, with 1 false, 0.20 a case" in html
    assert "In 1 of 5 cases neither mask has it" in html
    assert "HD95, voxels (the challenge" in html
    assert "By density" in html
    assert "<b>" not in html
    assert html.index('<th scope="row">d</th>') < html.index('<th scope="row">b</th>')

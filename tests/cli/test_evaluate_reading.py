"""Masks, marks and readers are evaluated from the command line."""

import csv
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner
from van_dyke import van_dyke

from mamri.cli.main import app

RUNNER = CliRunner()


def _run(*arguments: object) -> str:
    found = RUNNER.invoke(app, ["evaluate", *map(str, arguments)], catch_exceptions=False)
    assert 0 == found.exit_code, found.output
    return found.output


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def masks(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "truth", tmp_path / "found"
    for width, folder in zip((4, 3), folders, strict=True):
        folder.mkdir()
        for n in range(3):
            array = np.zeros((12, 12, 8), np.uint8)
            array[2 : 2 + width, 2:6, n : n + 3] = 1
            nib.save(nib.Nifti1Image(array, np.diag([1, 1, 2.0, 1])), folder / f"c{n}.nii.gz")
    return folders


def test_masks_become_a_report_and_tables(masks: tuple[Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "out"

    told = _run("segmentation", *masks, "-o", output, "--lesions", "--bootstrap", 50)

    assert "all labels: Dice 0.857" in told
    assert "lesions: 3 of 3 found, 0 false" in told
    assert {
        "report.html", "evaluation.json", "measures.csv", "cases.csv", "lesions.csv",
        "checklist-claim.md", "checklist-tripod-ai.md",
    } == {path.name for path in output.iterdir()}  # fmt: skip
    assert ["c0", "c1", "c2"] == [row["case"] for row in _rows(output / "cases.csv")]
    measures = {row["measure"]: row for row in _rows(output / "measures.csv")}
    assert float(measures["dice"]["value"]) == pytest.approx(6 / 7, abs=1e-4)
    assert "Mean Dice 0.86" in (output / "checklist-claim.md").read_text(encoding="utf-8")


def test_masks_of_another_grid_are_refused_and_nothing_is_written(
    masks: tuple[Path, Path], tmp_path: Path
) -> None:
    array = np.zeros((12, 12, 9), np.uint8)
    nib.save(nib.Nifti1Image(array, np.diag([1, 1, 2.0, 1])), masks[1] / "c1.nii.gz")

    found = RUNNER.invoke(
        app, ["evaluate", "segmentation", *map(str, masks), "-o", str(tmp_path / "out")]
    )

    assert 0 != found.exit_code
    assert "must lie on one grid, those of c1" in str(found.exception)
    assert not (tmp_path / "out").exists()


def test_marks_become_a_report_and_tables(tmp_path: Path) -> None:
    lesions, marks = tmp_path / "lesions.csv", tmp_path / "marks.csv"
    lesions.write_text(
        "image,x_mm,y_mm,z_mm,diameter_mm\na,0,0,0,10\nb,0,0,0,10\nc,,,,\n", encoding="utf-8"
    )
    marks.write_text("image,score,x_mm,y_mm,z_mm\na,0.9,1,0,0\nc,0.5,0,0,0\n", encoding="utf-8")

    told = _run("detection", lesions, marks, "-o", tmp_path / "out", "--bootstrap", 50)

    assert "2 lesions in 3 images" in told
    assert "sensitivity at 1: 0.500" in told
    figures = {row["figure"]: row["value"] for row in _rows(tmp_path / "out" / "figures.csv")}
    assert 0.5 == float(figures["afroc"])
    assert ["0.9", ""] == [row["score"] for row in _rows(tmp_path / "out" / "lesions.csv")]


def test_a_reader_study_is_planned_read_analysed_and_plans_the_next(tmp_path: Path) -> None:
    study = van_dyke()
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "\n".join(
            [
                "case,truth",
                *(f"{c},{int(t)}" for c, t in zip(study.cases, study.labels, strict=True)),
            ]
        ),
        encoding="utf-8",
    )
    names = [part for reader in study.readers for part in ("--reader", reader)]
    plan = tmp_path / "plan"
    told = _run(
        "plan-reading", truth, *names, "--modalities", "cine,spin-echo", "--balance", "truth",
        "-o", plan,
    )  # fmt: skip
    assert "114 cases twice, 28 days between two readings" in told

    # The reading room fills in the lists; all of them become one file.
    rows = []
    for path in sorted(plan.glob("reading-list-*.csv")):
        for row in _rows(path):
            place = (
                study.modalities.index(row["modality"]),
                study.readers.index(row["reader"]),
                study.cases.index(row["case"]),
            )
            rows.append({**row, "score": study.scores[place]})
    scores = tmp_path / "scores.csv"
    with scores.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    output = tmp_path / "out"
    told = _run("readers", scores, truth, "--new", "spin-echo", "--margin", 0.02, "-o", output)
    assert "spin-echo: 0.941" in told
    assert "spin-echo: no worse than cine by 0.02" in told
    assert 10 == len(_rows(output / "readers.csv"))
    assert 6 + 5 == len(_rows(output / "differences.csv"))
    checklist = (output / "checklist-claim.md").read_text(encoding="utf-8")
    assert "spin-echo less cine: mean AUC differs by +0.0438" in checklist

    told = _run("reader-power", "--pilot", output, "--difference", 0.05, "--readers", 8, "--json")
    planned = json.loads(told)
    assert planned["power"] >= 0.8
    assert f"{planned['cases']} cases" in _run(
        "reader-power", "--pilot", output, "--difference", 0.05, "--readers", 8
    )


def test_two_modalities_are_needed_for_a_plan(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("case\na\nb\n", encoding="utf-8")

    found = RUNNER.invoke(
        app,
        ["evaluate", "plan-reading", str(cases), "--reader", "A", "--modalities", "one",
         "-o", str(tmp_path / "out")],
    )  # fmt: skip

    assert 2 == found.exit_code

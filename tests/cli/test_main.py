"""The command line as a user meets it: exit codes, messages, JSON, nothing half-written."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest


def _run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mamri.cli.main", *arguments],
        capture_output=True, text=True, cwd=cwd, check=False,
    )  # fmt: skip


def _nifti(path: Path, value: int = 1) -> str:
    nib.save(nib.Nifti1Image(np.full((4, 5, 3), value, np.int16), np.diag([1, 1, 2, 1])), path)
    return str(path)


def test_a_refusal_is_one_sentence_exit_code_3_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "notes.txt").write_text("not an image")

    run = _run("analyze", "exam", "-o", "out", cwd=tmp_path)

    assert 3 == run.returncode
    assert "mamri: a DICOM image was needed" in run.stderr
    assert "Traceback" not in run.stderr
    assert "" == run.stdout
    assert ["exam"] == [path.name for path in tmp_path.iterdir()]


def test_json_holds_a_refusal_too(tmp_path: Path) -> None:
    run = _run("analyze", "nowhere", "-o", "out", "--json", cwd=tmp_path)

    document = json.loads(run.stdout)
    assert 3 == run.returncode == document["exit_code"]
    assert "InputError" == document["error"]
    assert "does not exist" in document["message"]


@pytest.mark.parametrize(
    "arguments", [("analyze",), ("inspect",), ("analyze", "x", "--registration", "magic")]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert 2 == _run(*arguments, cwd=tmp_path).returncode


def test_times_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    run = _run("inspect", _nifti(tmp_path / "a.nii"), "--times", "0,early", cwd=tmp_path)

    assert 3 == run.returncode
    assert "--times takes numbers of seconds" in run.stderr


def test_inspect_lists_phases_as_a_table_and_as_json(tmp_path: Path) -> None:
    phases = ("--phase", _nifti(tmp_path / "pre.nii") + ":-20")
    phases += ("--phase", _nifti(tmp_path / "post.nii", 2) + ":90")

    table = _run("inspect", *phases, cwd=tmp_path)
    document = json.loads(_run("inspect", *phases, "--json", cwd=tmp_path).stdout)

    assert 0 == table.returncode
    assert "t1_pre" in table.stdout
    assert [-20.0, 90.0] == [row["time_s"] for row in document["phases"]]


def test_an_unknown_preset_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    run = _run("simulate", "-o", "out", "--preset", "mars", cwd=tmp_path)

    assert 3 == run.returncode
    assert "demo, axial-fs, axial-plain, sagittal" in run.stderr
    assert not (tmp_path / "out").exists()


def test_version_is_printed(tmp_path: Path) -> None:
    assert _run("--version", cwd=tmp_path).stdout.startswith("mamri 0.")


def test_an_exam_without_a_breast_gives_caveats_not_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    phases = []
    for name, seconds in (("pre", 0), ("post", 90)):
        noise = rng.rayleigh(5, (32, 32, 12)).astype(np.int16)
        nib.save(nib.Nifti1Image(noise, np.diag([2.0, 2.0, 3.0, 1])), tmp_path / f"{name}.nii")
        phases += ["--phase", f"{tmp_path / name}.nii:{seconds}"]

    run = _run("analyze", *phases, "-o", "out", "--json", "--radiomics", cwd=tmp_path)

    assert 0 == run.returncode
    document = json.loads(run.stdout)
    assert [] == document["findings"]
    assert "radiomics" in [step["step"] for step in document["provenance"]]
    assert document["quality"]["caveats"]
    assert (tmp_path / "out" / "report.html").is_file()

"""``mamri simulate`` as a user meets it, on a protocol of coarse voxels."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from mamri.cli.main import run
from mamri.simulation import PROTOCOLS
from mamri.simulation.sequences import Grid

_DEMO = PROTOCOLS["demo"]
_SMALL = replace(
    _DEMO,
    name="abbreviated",
    dynamic=replace(
        _DEMO.dynamic, grid=Grid((16, 40, 48), (11.0, 8.0, 8.0)), times_s=(-60.0, 90.0)
    ),
)


class _Run(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mamri(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command in this process, with a small protocol for the abbreviated preset."""
    monkeypatch.setitem(PROTOCOLS, "abbreviated", _SMALL)

    def call(*arguments: str) -> _Run:
        monkeypatch.setattr(sys, "argv", ["mamri", *arguments])
        with pytest.raises(SystemExit) as stopped:
            run()
        captured = capsys.readouterr()
        return _Run(int(stopped.value.code or 0), captured.out, captured.err)

    return call


def test_list_shows_every_preset_and_vendor_and_writes_nothing(
    mamri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = mamri("simulate", "--list")
    assert 0 == done.code
    lines = done.out.splitlines()
    assert list(PROTOCOLS) == [line.split()[0] for line in lines[:-1]]
    assert lines[-1].startswith("vendors: siemens, siemens-xa, ge")
    assert [] == list(tmp_path.iterdir())


def test_list_as_json_names_models_and_vendors(mamri) -> None:
    document = json.loads(mamri("simulate", "--list", "--json").out)
    assert list(PROTOCOLS) == list(document["presets"])
    assert all(document["presets"].values())
    assert {"siemens", "ge", "philips", "philips-enhanced"} <= set(document["vendors"])


def test_the_presets_modelled_on_public_collections_are_all_there(mamri) -> None:
    presets = json.loads(mamri("simulate", "--list", "--json").out)["presets"]
    wanted = {"axial-fs", "axial-plain", "sagittal", "dixon", "ultrafast", "abbreviated"}
    assert wanted <= set(presets)


def test_no_output_folder_is_wrong_usage(mamri) -> None:
    done = mamri("simulate", "--preset", "abbreviated")
    assert 2 == done.code
    assert "-o DIR" in done.err


@pytest.mark.parametrize("arguments", [("--n", "0"), ("--format", "jpeg"), ("--seed", "-1")])
def test_values_out_of_range_are_wrong_usage(mamri, tmp_path: Path, arguments) -> None:
    done = mamri("simulate", "-o", str(tmp_path / "out"), *arguments)
    assert 2 == done.code
    assert not (tmp_path / "out").exists()


def test_an_unknown_vendor_is_refused_with_the_known_ones(mamri, tmp_path: Path) -> None:
    done = mamri("simulate", "-o", str(tmp_path / "out"), "--vendor", "acme", "--json")
    assert 3 == done.code == json.loads(done.out)["exit_code"]
    assert "a vendor is one of siemens" in done.err
    assert not (tmp_path / "out").exists()


def test_one_exam_is_written_where_it_should_be(mamri, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = mamri("simulate", "-o", str(out), "--preset", "abbreviated", "--seed", "4")
    assert 0 == done.code
    assert f"simulated exam: {out}" in done.out
    assert ["dicom", "truth", "truth.json"] == sorted(path.name for path in out.iterdir())
    assert (out / "truth" / "ktrans_per_min.nii.gz").is_file()  # maps unless --no-maps
    assert 4 == json.loads((out / "truth.json").read_text())["seed"]

    again = mamri("simulate", "-o", str(out), "--preset", "abbreviated")
    assert 3 == again.code
    assert "--overwrite" in again.err
    assert 4 == json.loads((out / "truth.json").read_text())["seed"]


def test_n_exams_count_seeds_up_and_are_listed_as_json(mamri, tmp_path: Path) -> None:
    arguments = ("simulate", "-o", str(tmp_path / "out"), "--preset", "abbreviated", "--seed", "7")
    arguments += ("--n", "2", "--format", "nifti", "--no-maps", "--json")
    done = mamri(*arguments)
    assert 0 == done.code
    document = json.loads(done.out)
    assert [7, 8] == [row["seed"] for row in document["exams"]]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert ["exams.csv", "seed-000007", "seed-000008"] == names
    exam = tmp_path / "out" / "seed-000007"
    assert (exam / "nifti" / "exam.json").is_file()
    assert not (exam / "truth" / "ktrans_per_min.nii.gz").exists()

    # Asked again, what is there is kept; the table and the answer are the same.
    table = (tmp_path / "out" / "exams.csv").read_bytes()
    again = mamri(*arguments)
    assert document == json.loads(again.out)
    assert table == (tmp_path / "out" / "exams.csv").read_bytes()

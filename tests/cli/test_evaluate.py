"""``mamri evaluate`` as a user meets it."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from prediction.cohorts import telling_table

from mamri.cli.evaluate import lines
from mamri.cli.main import run
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.experiment import (
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    Target,
    TargetKind,
    Validation,
)

MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))


class _Run(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mamri(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command in this process."""

    def call(*arguments: str | Path) -> _Run:
        monkeypatch.setattr(sys, "argv", ["mamri", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            run()
        captured = capsys.readouterr()
        return _Run(int(stopped.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs")
    telling_table(40, 1).to_csv(path / "cohort.csv", index=False)
    for name, model in (("one", "logistic"), ("two", "lasso")):
        experiment = Experiment(
            name, CohortSource("cohort.csv"), MALIGNANT, (ModelChoice(model),),
            FeatureChoice(("x*",)), Validation(folds=2, inner_folds=2), bootstrap=20,
            final_model=False,
        )  # fmt: skip
        run_experiment(experiment, path, path / name)
    rows = [f"p{k:04d},{k % 5}" for k in range(40)]
    (path / "readers.csv").write_text("\n".join(["case,anna", *rows]) + "\n")
    return path


def test_figures_and_comparisons_are_told_line_by_line(mamri, folder):
    found = mamri("evaluate", "compare", folder / "one", folder / "two")

    assert (0, "") == (found.code, found.err)
    said = found.out.splitlines()
    assert "40 cases of 40 patients" == said[0]
    assert said[1].startswith("logistic: auc 0.")
    assert said[2].startswith("lasso: auc 0.")
    assert said[3].startswith("logistic less lasso: ")
    assert said[3].endswith("after Holm")
    assert 4 == len(said)


def test_json_holds_the_document_and_the_file_the_same(mamri, folder, tmp_path):
    runs = (folder / "one", folder / "two")
    readers = ("--readers", folder / "readers.csv")

    found = mamri("evaluate", "compare", *runs, *readers, "--json", "-o", tmp_path / "c.json")

    assert 0 == found.code
    document = json.loads(found.out)
    assert "mamri-comparison/1" == document["schema"]
    assert ["logistic", "lasso", "reader: anna"] == list(document["figures"]["models"])
    assert document == json.loads((tmp_path / "c.json").read_text())


def test_the_file_is_written_beside_the_lines(mamri, folder, tmp_path):
    found = mamri("evaluate", "compare", folder / "one", "--output", tmp_path / "c.json")

    assert found.out.startswith("40 cases of 40 patients\nlogistic: auc ")
    assert ["one"] == json.loads((tmp_path / "c.json").read_text())["runs"]


def test_a_folder_without_a_run_is_refused(mamri, folder, tmp_path):
    found = mamri("evaluate", "compare", folder / "one", tmp_path, "-o", tmp_path / "c.json")

    assert (3, "") == (found.code, found.out)
    assert "a run of an experiment was needed" in found.err
    assert not (tmp_path / "c.json").exists()


def test_no_runs_are_wrong_usage(mamri):
    assert 2 == mamri("evaluate", "compare").code


def test_what_is_undefined_is_told_as_such():
    none = {"value": None, "lower": None, "upper": None}
    document = {
        "figures": {
            "cases": 3,
            "patients": 2,
            "main_figure": "spearman",
            "models": {
                "a": {"spearman": None},
                "b": {"spearman": none},
                "c": {"spearman": {"value": 0.5, "lower": None, "upper": 0.7}},
                "d": {"spearman": {"value": 0.5, "lower": 0.25, "upper": 0.75}},
            },
            "comparisons": [
                {"first": "a", "second": "b", "difference": none, "p": None, "p_holm": None}
            ],
        }
    }

    assert [
        "3 cases of 2 patients",
        "a: spearman undefined",
        "b: spearman undefined",
        "c: spearman 0.500",
        "d: spearman 0.500 (0.250 to 0.750)",
        "a less b: undefined, p undefined",
    ] == lines(document)

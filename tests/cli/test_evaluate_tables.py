"""``mamri evaluate`` on tables of cases, as a user meets it."""

import json

import pytest
from cli.test_evaluate import mamri  # noqa: F401  a fixture
from evaluated_tables import write_table

FILES = {
    "checklist-claim.md", "checklist-tripod-ai.md", "comparisons.csv", "evaluation.json",
    "report.html", "scores.csv", "subgroups.csv",
}  # fmt: skip
FEW = ("--bootstrap", "4")


@pytest.fixture
def cases(tmp_path):
    return write_table(tmp_path, "binary")


def test_a_table_of_two_classes_becomes_a_folder(mamri, cases, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    asked = ("--subgroups", "age_group,site", "--prevalence", "0.01", "--threshold", "0.5")
    found = mamri("evaluate", "classification", cases, "-o", out, *asked, "--title", "Two", *FEW)

    assert (0, "") == (found.code, found.err)
    assert FILES == {path.name for path in out.iterdir()}
    said = found.out.splitlines()
    assert "90 cases of 80 patients" == said[0]
    assert said[1].startswith("model: AUC 0.")
    assert any(line.startswith("model less clinical: ") for line in said)
    assert any(line.startswith("mind: ") for line in said)
    assert "<h1>Two</h1>" in (out / "report.html").read_text()


def test_json_is_the_document_that_was_written(mamri, cases, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    asked = ("--scores", "model,clinical", "--json")
    found = mamri("evaluate", "classification", cases, "-o", out, *asked, *FEW)

    assert 0 == found.code
    assert json.loads(found.out) == json.loads((out / "evaluation.json").read_text())


def test_survival_becomes_a_folder(mamri, tmp_path):  # noqa: F811
    pytest.importorskip("sksurv")
    out = tmp_path / "out"
    path = write_table(tmp_path, "survival")
    asked = ("--subgroups", "site", "--times", "300,600", "--unit", "days")
    found = mamri("evaluate", "survival", path, "-o", out, *asked, *FEW)

    assert (0, "") == (found.code, found.err)
    assert FILES == {path.name for path in out.iterdir()}
    assert found.out.splitlines()[1].startswith("model: concordance 0.")


def test_categories_are_told_by_pair(mamri, tmp_path):  # noqa: F811
    path = write_table(tmp_path, "ordinal")
    found = mamri("evaluate", "classification", path, "-o", tmp_path / "o", "--ordinal", *FEW)

    assert 0 == found.code
    assert "anna and ben: weighted kappa 0." in found.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--truth", "outcome"), "a column outcome was needed"),
        (("--subgroups", "age_group"), "must hold numbers"),
        (("--prevalence", "7"), "1 % is written"),
    ],
)
def test_refusals_write_nothing(mamri, cases, tmp_path, options, message):  # noqa: F811
    found = mamri("evaluate", "classification", cases, "-o", tmp_path / "out", *options, *FEW)

    assert (3, "") == (found.code, found.out)
    assert message in found.err
    assert {"binary.csv"} == {path.name for path in tmp_path.iterdir()}


def test_an_output_that_holds_something_is_refused(mamri, cases, tmp_path):  # noqa: F811
    found = mamri("evaluate", "classification", cases, "-o", tmp_path, *FEW)

    assert 3 == found.code
    assert "choose another -o" in found.err


def test_an_earlier_evaluation_is_replaced_where_asked(mamri, tmp_path):  # noqa: F811
    path, out = write_table(tmp_path, "ordinal"), tmp_path / "out"
    call = ("evaluate", "classification", path, "-o", out, "--ordinal", *FEW)
    assert 0 == mamri(*call).code
    assert 3 == mamri(*call).code
    assert 0 == mamri(*call, "--overwrite").code


@pytest.mark.parametrize(
    "arguments",
    [
        ("classification",),
        ("classification", "x.csv", "-o", "y", "--numbers", "--ordinal"),
        ("survival", "x.csv", "-o", "y", "--times", "soon"),
    ],
)
def test_wrong_usage_is_told(mamri, arguments):  # noqa: F811
    assert 2 == mamri("evaluate", *arguments).code

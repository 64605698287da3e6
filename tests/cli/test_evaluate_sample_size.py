"""Sizes of studies from the command line."""

import json

import pytest
from typer.testing import CliRunner

from mamri.cli.main import app
from mamri.evaluation import (
    cases_for_auc_precision,
    cases_for_auc_test,
    cases_for_sensitivity_and_specificity,
    cases_for_two_aucs,
)


def _run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["evaluate", "sample-size", *arguments])
    return found.exit_code, found.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--auc", "0.85", "--width", "0.05"), cases_for_auc_precision(0.85, 0.05)),
        (
            ("--auc", "0.85", "--null", "0.75", "--prevalence", "0.3", "--power", "0.9"),
            cases_for_auc_test(0.85, 0.75, prevalence=0.3, power=0.9),
        ),
        (
            ("--auc", "0.85", "--other", "0.8", "--correlation", "0.5"),
            cases_for_two_aucs(0.85, 0.8, correlation=0.5),
        ),
        (
            ("--sensitivity", "0.9", "--specificity", "0.8", "--width", "0.05"),
            cases_for_sensitivity_and_specificity(0.9, 0.8, 0.05, prevalence=0.5),
        ),
    ],
)
def test_each_question_has_its_calculator(arguments, expected):
    code, told = _run(*arguments, "--json")

    assert 0 == code
    assert {
        "cases": expected.total, "positive": expected.positives, "negative": expected.negatives
    } == json.loads(told)  # fmt: skip
    assert f"{expected.total} cases: {expected.positives} positive" in _run(*arguments)[1]


@pytest.mark.parametrize(
    "arguments", [(), ("--auc", "0.8"), ("--auc", "0.8", "--null", "0.7", "--width", "0.1")]
)
def test_half_a_question_is_refused(arguments):
    code, told = _run(*arguments)

    assert 2 == code
    assert "ask for one of" in told

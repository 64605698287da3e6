"""Which prediction sets fall short of their level: Wilson's interval wholly below it."""

from typing import Any

from report.test_experiment_plots import document

from mamri.report.experiment_coverage import WHOLE, short_coverages, short_models


def with_coverage(whole: float, yes: float) -> dict[str, Any]:
    given = document("binary")
    given["figures"].update(cases=100, counts={"no": 50, "yes": 50})
    for label, one in given["figures"]["models"].items():
        mine = label == "random_forest"
        one["sets"] = {
            "level": 0.9,
            "coverage": whole if mine else 0.9,
            "coverage_by_class": {"no": 0.9, "yes": yes if mine else 0.9},
        }
    return given


def test_a_coverage_is_short_where_its_interval_ends_below_the_level() -> None:
    # The formula of Wilson's interval alone, with z 1.96: 84 of 100 ends at 0.8990, 85 at 0.9069.
    assert {WHOLE} == short_coverages(with_coverage(0.84, 0.9), "random_forest")
    assert not short_coverages(with_coverage(0.85, 0.9), "random_forest")


def test_a_coverage_above_the_level_is_not_short() -> None:
    assert not short_coverages(with_coverage(1.0, 1.0), "random_forest")


def test_a_class_may_be_short_alone() -> None:
    given = with_coverage(0.88, 0.7)
    assert {"yes"} == short_coverages(given, "random_forest")
    assert ["random_forest"] == short_models(given)


def test_classes_without_a_number_of_cases_are_not_judged() -> None:
    given = with_coverage(0.88, 0.7)
    del given["figures"]["counts"]
    assert [] == short_models(given)


def test_models_without_sets_are_not_judged() -> None:
    assert [] == short_models(document("number"))

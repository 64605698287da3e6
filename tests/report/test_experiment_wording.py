"""What the report says of sites, of cases tested on, and of cases learned from."""

from typing import Any

import pytest
from report.test_experiment_plots import document

from mamri.report.experiment_wording import facts, how_tested, site_differences


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def with_sites(**change: Any) -> dict[str, Any]:
    given = document("binary")
    given["experiment"]["harmonisation"] = "combat"
    given["site_effect"] = {
        "features": 98, "before": 71, "after": 3, "explained_before": 0.24, "explained_after": 0.01,
        **change,
    }  # fmt: skip
    return given


def test_sites_are_told_before_and_after_harmonisation() -> None:
    text = plain(site_differences(with_sites()))
    assert (
        "Of 98 features 71 differ by site (false discovery rate 5 %); after ComBat 3 do. "
        "Sites explain a median of 24 % of the variance of the features' ranks, afterwards 1 %."
    ) in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"after": None, "explained_after": None}, "Of 98 features 71 differ by site (false"),
        ({"before": 1}, "Of 98 features 1 differs"),
        ({"before": 0, "after": 0}, "Of 98 features none differ by site"),
        ({"after": 1}, "after ComBat 1 does."),
        ({"after": 0}, "after ComBat none do."),
    ],
)
def test_sites_are_told_in_good_grammar(change: dict[str, Any], words: str) -> None:
    assert words in plain(site_differences(with_sites(**change)))
    if change.get("after", 3) is None:
        assert "ComBat" not in site_differences(with_sites(**change))


@pytest.mark.parametrize("effect", [None, "absent"])
def test_without_sites_nothing_is_said(effect: str | None) -> None:
    given = document("binary")
    if effect is None:
        given["site_effect"] = None
    assert "" == site_differences(given)


def test_tested_cases_are_told_by_class() -> None:
    given = document("binary")
    given["figures"]["counts"] = {"no": 41, "yes": 19}
    assert "60 of 60 patients: 41 no, 19 yes" == dict(facts(given))["Cases tested on"]
    del given["figures"]["counts"]
    assert "60 of 60 patients" == dict(facts(given))["Cases tested on"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([1257], "There were 1257 cases to learn from."),
        ([48, 48], "There were 48 cases to learn from each time."),
        ([47, 48, 49], "There were 47 to 49 cases to learn from, 48 on average."),
    ],
)
def test_the_number_of_training_cases_is_told(counts: list[int], words: str) -> None:
    given = document("binary")
    given["cohort"]["trained_on"] = counts
    assert words in how_tested(given)[0]
    assert "to learn from" not in how_tested(document("binary"))[0]

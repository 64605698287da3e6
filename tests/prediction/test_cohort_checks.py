"""Signs of leakage in a cohort, each beside a cohort that is fine; and the data dictionary."""

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import MALIGNANT, cohort_and_outcome, columns, noise_table

from mamri.prediction.cohort import make_cohort
from mamri.prediction.cohort_checks import CohortCheck, check_cohort, data_dictionary
from mamri.prediction.experiment import Target, TargetKind

NUMBER = Target("ki67", TargetKind.NUMBER, "x0")
TIME = Target("rfs", TargetKind.SURVIVAL, "days", event="event")


def _checks(table: pd.DataFrame, target: Target = MALIGNANT) -> dict[str, CohortCheck]:
    named = {name: name for name in ("site", "finding") if name in table}
    cohort, outcome = cohort_and_outcome(table, target, **named)
    names = [c for c in table.columns if c.startswith("x")]
    found = check_cohort(cohort, outcome, table[names].to_numpy(float), names)
    return {check.name: check for check in found}


def test_a_plain_cohort_is_fine():
    found = _checks(noise_table(80, 5, 1, sites=2))

    assert {"patients", "names", "copies", "sites", "single_feature", "missing"} == set(found)
    assert all(check.is_fine for check in found.values())
    assert found["patients"].message.startswith("80 cases of 80 patients")
    assert "0 % of the values of features are missing" in found["missing"].message


def test_outcomes_that_go_with_the_site_are_found():
    table = noise_table(80, 5, 1, sites=2)
    table["site"] = np.where(table["malignant"] == 1, "A", "B")

    check = _checks(table)["sites"]

    assert not check.is_fine
    assert "by site: A 100 % of 40, B 0 % of 40" in check.message
    assert "leave sites out in turn" in check.message


@pytest.mark.parametrize("target", [NUMBER, TIME])
def test_numbers_and_events_that_go_with_the_site_are_found(target):
    table = noise_table(80, 5, 1, sites=2).assign(days=100.0)
    table["event"] = np.arange(80) % 2
    assert _checks(table, target)["sites"].is_fine

    far = table["site"] == "site 1"
    table.loc[far, "x0"] += 5
    table.loc[far, "event"] = 1
    assert not _checks(table, target)["sites"].is_fine


def test_events_of_all_cases_cannot_go_with_the_site():
    table = noise_table(40, 5, 1, sites=2).assign(days=np.arange(40.0), event=1)

    assert _checks(table, TIME)["sites"].is_fine


def test_one_site_alone_is_not_looked_at():
    assert "sites" not in _checks(noise_table(40, 5, 1))


def test_an_exam_under_two_names_is_found():
    table = noise_table(80, 5, 1)
    assert _checks(table)["copies"].is_fine

    table.loc[7, table.columns[2:]] = table.loc[3, table.columns[2:]]
    assert not _checks(table)["copies"].is_fine
    assert _checks(table)["copies"].message.startswith("1 sets of features")

    table.loc[7, "patient"] = table.loc[3, "patient"]  # two cases of one patient may be alike
    assert _checks(table.assign(finding=range(80)))["copies"].is_fine


def test_features_of_few_values_are_no_copies():
    table = noise_table(80, 5, 1)
    for name in table.columns[2:]:
        table[name] = np.arange(80) % 2

    assert _checks(table)["copies"].is_fine


@pytest.mark.parametrize(
    ("first", "second", "is_fine"),
    [
        ("17", "017", False),
        ("P-1", "p001", False),
        ("A B 7", "ab-07", False),
        ("1.10", "11-0", False),
        ("Q1", "Q10", True),
        ("Q100", "Q1", True),
        ("Q101", "Q11", True),
    ],
)
def test_names_that_are_one_but_for_zeros_signs_and_capitals_are_found(first, second, is_fine):
    table = noise_table(40, 3, 1)
    table.loc[[2, 9], "patient"] = [first, second]

    assert is_fine == _checks(table)["names"].is_fine


def test_a_feature_that_gives_the_outcome_away_is_found():
    table = noise_table(80, 5, 1)
    table["x3"] = -table["malignant"] + 0.01 * table["x3"]

    check = _checks(table)["single_feature"]

    assert not check.is_fine
    assert "x3, AUC 1.00" in check.message
    assert check.message.endswith("Does it know the outcome?")


def test_values_that_are_missing_in_one_class_are_found():
    table = noise_table(80, 5, 1)
    rng = np.random.default_rng(2)
    holes = rng.random(80) < 0.3
    table.loc[holes, "x1"] = np.nan
    assert _checks(table)["missing"].is_fine

    table.loc[table["malignant"] == 1, "x2"] = np.nan
    check = _checks(table)["missing"]
    assert not check.is_fine
    assert "not alike in all classes" in check.message


def test_cohorts_without_features_of_tables_are_checked_without_them():
    cohort, outcome = cohort_and_outcome(noise_table(30, 1, 1))

    found = check_cohort(cohort, outcome, np.zeros((30, 0)), [])

    assert ["patients", "names"] == [check.name for check in found]


def test_the_data_dictionary_says_what_each_column_holds():
    table = pd.DataFrame(
        {
            "patient": ["a", "b", "c"],
            "age": ["50", None, "61.5"],
            "shape": ["oval", "oval", "round"],
            "note": [None, None, None],
            "code": ["w1", "w2", "w3"],
        },
        dtype=object,
    )
    rows = {row["column"]: row for row in data_dictionary(make_cohort(table, columns()))}

    assert {"column": "patient", "kind": "name", "missing": 0, "values": "3 different"} == rows[
        "patient"
    ]
    assert ("number", 1, "50 to 61.5") == tuple(rows["age"].values())[1:]
    assert ("word", 0, "oval (2), round (1)") == tuple(rows["shape"].values())[1:]
    assert ("word", 3, "") == tuple(rows["note"].values())[1:]


def test_long_lists_of_words_are_cut_and_names_of_patients_not_shown():
    table = pd.DataFrame(
        {"patient": [f"Mrs {k}" for k in range(9)], "w": [f"w{k}" for k in range(9)]}
    )
    rows = {row["column"]: row for row in data_dictionary(make_cohort(table, columns()))}

    assert rows["w"]["values"].endswith(", ...")
    assert 6 == rows["w"]["values"].count("(1)")
    assert "Mrs" not in rows["patient"]["values"]

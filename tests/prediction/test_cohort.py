"""Tables arranged as cases with visits, and which numbers a choice of features takes of them."""

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import PLAIN, columns

from mamri.prediction.cohort import features_of, make_cohort
from mamri.prediction.experiment import FeatureChoice, VisitChange
from mamri.records import InputError


def _visits() -> pd.DataFrame:
    """Two women, the second without her visit 10; rows in no order."""
    return pd.DataFrame(
        {
            "patient": ["b", "a", "a", "b", "a"],
            "visit": ["2", "10", "2", "1", "1"],
            "volume": ["3", "0", "5", "2", "10"],
            "shape": ["oval", "round", "round", "oval", "oval"],
            "age": ["60", "50", "50", "60", "50"],
        },
        dtype=object,
    )


def test_a_table_with_one_row_a_case_is_kept_as_it_is():
    table = pd.DataFrame({"patient": ["a", "a"], "finding": [1, 2], "x": [1.0, 2.0]}, index=[7, 3])

    cohort = make_cohort(table, columns(finding="finding"), ("one", "two"))

    assert 2 == len(cohort)
    assert ["a/1", "a/2"] == cohort.names
    assert ["a", "a"] == cohort.patients.tolist()
    assert ["", ""] == cohort.sites.tolist()
    assert [""] == list(cohort.visits)
    assert ("one", "two") == cohort.crops


def test_visits_are_arranged_in_their_order_with_gaps():
    cohort = make_cohort(_visits(), columns(visit="visit"), ("b2", "a10", "a2", "b1", "a1"))

    assert ["1", "2", "10"] == list(cohort.visits)  # as numbers, not as words
    assert ["b", "a"] == cohort.patients.tolist()  # in the order of their first visits
    assert ("b1", "a1") == cohort.crops
    assert ["2", "10"] == cohort.cases["volume"].tolist()
    assert ["3", "5"] == cohort.visits["2"]["volume"].tolist()
    assert [True, False] == cohort.visits["10"]["volume"].isna().tolist()


def test_a_case_that_lacks_the_first_visit_is_as_at_its_own_first():
    table = _visits().drop(index=3)

    cohort = make_cohort(table, columns(visit="visit"))

    assert [("b", "3"), ("a", "10")] == list(
        zip(cohort.patients, cohort.cases["volume"], strict=True)
    )


def test_one_visit_alone_is_no_visit():
    table = _visits()[lambda t: t.visit == "1"]

    assert [""] == list(make_cohort(table, columns(visit="visit")).visits)


def test_values_and_changes_of_visits_become_features():
    cohort = make_cohort(_visits(), columns(visit="visit"))
    choice = FeatureChoice(
        columns=("volume", "shape"),
        visits=("1",),
        changes=(VisitChange("1", "2"), VisitChange("2", "10", "difference")),
    )

    x, names = features_of(cohort, choice)

    assert [
        "visit_1__volume",
        "visit_1__shape=oval",
        "change_1_2__volume",
        "change_2_10__volume",
    ] == names
    expected = [[2, 1, 50, np.nan], [10, 1, -50, -5]]
    np.testing.assert_allclose(x, expected, equal_nan=True)


def test_percent_of_nothing_is_missing():
    table = _visits()
    table.loc[table.visit == "1", "volume"] = ["0", "-4"]
    cohort = make_cohort(table, columns(visit="visit"))

    x, _ = features_of(cohort, FeatureChoice(("volume",), changes=(VisitChange("1", "2"),)))

    np.testing.assert_allclose([[np.nan], [225.0]], x, equal_nan=True)  # of the absolute value


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (FeatureChoice(("volume",)), "say with features.visits"),
        (FeatureChoice(("volume",), visits=("3",)), "visits 3, the cohort has 1, 2, 10"),
        (
            FeatureChoice(("volume",), changes=(VisitChange("1", "x"),)),
            "visits x, the cohort has 1, 2, 10",
        ),
    ],
)
def test_visits_are_named_and_known(choice, said):
    cohort = make_cohort(_visits(), columns(visit="visit"))

    with pytest.raises(InputError, match=said):
        features_of(cohort, choice)


def test_visits_are_refused_where_there_are_none():
    cohort = make_cohort(pd.DataFrame({"patient": ["a"], "x": [1.0]}), PLAIN)

    with pytest.raises(InputError, match="visits 1, the cohort has no visits"):
        features_of(cohort, FeatureChoice(("x",), visits=("1",)))


@pytest.mark.parametrize("empty", [None, "", "  ", np.nan])
def test_every_row_needs_a_patient(empty):
    table = pd.DataFrame({"patient": ["a", empty], "x": [1, 2]}, dtype=object)

    with pytest.raises(InputError, match="column patient, row 3 has none"):
        make_cohort(table, PLAIN)


def test_a_case_is_not_there_twice():
    plain = pd.DataFrame({"patient": ["a", "b", "a"], "side": ["left", "left", "left"]})
    with pytest.raises(InputError, match="its own patient, side, row 4 of the cohort repeats"):
        make_cohort(plain, columns(side="side"))

    visits = pd.concat([_visits(), _visits().iloc[[1]]])
    with pytest.raises(InputError, match="its own patient, visit, row 7"):
        make_cohort(visits, columns(visit="visit"))

    sides = plain.assign(side=["left", "left", "right"])
    assert 3 == len(make_cohort(sides, columns(side="side")))


def test_missing_sites_are_empty_words():
    table = pd.DataFrame({"patient": ["a", "b"], "site": ["x", None]})

    assert ["x", ""] == make_cohort(table, columns(site="site")).sites.tolist()

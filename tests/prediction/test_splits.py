"""Splits keep patients whole, whatever the table; each kind of validation tests whom it says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction.cohorts import MALIGNANT, cohort_and_outcome, noise_table

from mamri.prediction.experiment import Target, TargetKind, Validation, ValidationKind
from mamri.prediction.outcome import outcome_of
from mamri.prediction.splits import grouped_folds, outer_splits, strata
from mamri.records import InputError

COLUMNS = {"finding": "finding", "site": "site", "date": "date"}


@st.composite
def tables(draw) -> pd.DataFrame:
    """Patients with one to four cases, of any class, at several sites and dates."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=12, max_size=30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    patient = np.repeat([f"p{k}" for k in range(len(sizes))], sizes)
    n = len(patient)
    per_patient = rng.integers(0, 3, len(sizes))
    y = rng.integers(0, 2, n)
    y[:6], y[-6:] = 0, 1
    return pd.DataFrame(
        {
            "patient": patient,
            "finding": np.arange(n),
            "site": np.repeat([f"s{k}" for k in per_patient], sizes),
            "part": np.repeat([("train", "test", "neither")[k] for k in per_patient], sizes),
            "date": [f"20{rng.integers(10, 13)}-0{rng.integers(1, 9)}-11" for _ in range(n)],
            "malignant": y,
        }
    ).sample(frac=1, random_state=0)


VALIDATIONS = [
    Validation(folds=3, repeats=2),
    Validation(ValidationKind.SITES),
    Validation(ValidationKind.TEMPORAL),
    Validation(ValidationKind.GIVEN, column="part", test=("test",), leave_out=("neither",)),
]


@pytest.mark.parametrize("validation", VALIDATIONS, ids=lambda v: v.kind.value)
@given(table=tables(), seed=st.integers(0, 99))
def test_no_patient_is_on_both_sides(validation, table, seed):
    cohort, outcome = cohort_and_outcome(table, **COLUMNS)
    patients = cohort.patients[outcome.rows]
    try:
        splits = outer_splits(cohort, outcome, validation, seed)
    except InputError:
        return  # too few of a class, of sites, of dates or of parts

    for split in splits:
        assert not set(patients[split.train]) & set(patients[split.test])
        assert split.train.size
        assert split.test.size
        for train, test in _inner(outcome, patients, split.train):
            assert not set(patients[train]) & set(patients[test])
            assert set(train) | set(test) == set(split.train)
    if validation.kind is ValidationKind.NESTED:
        for repeat in (1, 2):
            tested = np.concatenate([s.test for s in splits if s.repeat == repeat])
            assert list(range(len(table))) == sorted(tested)


def _inner(outcome, patients, rows):
    try:
        folds = grouped_folds(strata(outcome)[rows], patients[rows], 2, 1)
    except InputError:
        return []
    return [(rows[train], rows[test]) for train, test in folds]


def test_folds_are_the_same_for_the_same_seed_and_others_for_another_repeat():
    cohort, outcome = cohort_and_outcome(noise_table(60, 1, 1))

    def tests(seed, repeats=1):
        validation = Validation(folds=3, repeats=repeats)
        return [s.test.tolist() for s in outer_splits(cohort, outcome, validation, seed)]

    assert tests(1) == tests(1)
    assert tests(1) != tests(2)
    twice = tests(1, 2)
    assert tests(1) == twice[:3]
    assert twice[:3] != twice[3:]


def test_folds_spread_classes_and_quarters_of_numbers_evenly():
    table = noise_table(100, 1, 1)
    table["malignant"] = [1] * 20 + [0] * 80
    number = Target("n", TargetKind.NUMBER, "x0")
    for target in (MALIGNANT, number):
        cohort, outcome = cohort_and_outcome(table, target)
        groups = strata(outcome)
        for split in outer_splits(cohort, outcome, Validation(), 1):
            for k in np.unique(groups):
                assert abs(np.mean(groups[split.test] == k) - np.mean(groups == k)) < 0.06


def test_folds_of_times_are_balanced_by_events():
    table = noise_table(50, 1, 1).assign(days=1.0, event=[1] * 10 + [0] * 40)
    cohort, outcome = cohort_and_outcome(
        table, Target("t", TargetKind.SURVIVAL, "days", event="event")
    )
    for split in outer_splits(cohort, outcome, Validation(), 1):
        assert 2 == outcome.event[split.test].sum()


def test_every_site_is_left_out_once():
    cohort, outcome = cohort_and_outcome(noise_table(30, 1, 1, sites=3), site="site")

    splits = outer_splits(cohort, outcome, Validation(ValidationKind.SITES), 1)

    assert ["site 0", "site 1", "site 2"] == [s.name for s in splits]
    for split in splits:
        assert {split.name} == set(cohort.sites[split.test])
        assert split.name not in set(cohort.sites[split.train])


def test_the_latest_patients_test_by_their_first_exam():
    table = noise_table(20, 1, 1)
    table["date"] = [f"2020-01-{k + 1:02d}" for k in range(20)]
    later = table.iloc[[0]].assign(date="2021-01-01")  # a late exam of the earliest patient
    table = pd.concat([table.assign(finding=1), later.assign(finding=2)], ignore_index=True)
    cohort, outcome = cohort_and_outcome(table, **{k: k for k in ("date", "finding")})

    (split,) = outer_splits(cohort, outcome, Validation(ValidationKind.TEMPORAL), 1)

    assert list(range(14, 20)) == split.test.tolist()  # 30 % of 20 patients
    assert 20 in split.train


def test_the_share_is_of_patients_not_of_dates():
    table = noise_table(20, 1, 1)
    table["date"] = ["2020-01-01"] * 10 + [f"2020-02-{k + 1:02d}" for k in range(10)]
    cohort, outcome = cohort_and_outcome(table, date="date")

    def tested(share):
        validation = Validation(ValidationKind.TEMPORAL, test_share=share)
        return outer_splits(cohort, outcome, validation, 1)[0].test.size

    assert 4 == tested(0.2)
    assert 10 == tested(0.5)
    assert 10 == tested(0.9)  # the first date trains, whatever the share


def test_a_column_says_who_tests_and_who_is_left_out():
    table = noise_table(12, 1, 1)
    table["part"] = [0, 1.0, 2] * 4
    cohort, outcome = cohort_and_outcome(table)
    validation = Validation(ValidationKind.GIVEN, column="part", test=("1",), leave_out=("2.0",))

    (split,) = outer_splits(cohort, outcome, validation, 1)

    assert [1, 4, 7, 10] == split.test.tolist()
    assert [0, 3, 6, 9] == split.train.tolist()


def _two_of_one_patient() -> pd.DataFrame:
    table = noise_table(12, 1, 1, sites=2).assign(finding=range(12))
    table["part"] = ["train", "test"] * 6
    table["site"] = ["a", "b"] * 6
    table.loc[1, "patient"] = table.loc[0, "patient"]
    return table


@pytest.mark.parametrize("validation", [VALIDATIONS[1], VALIDATIONS[3]])
def test_a_patient_on_both_sides_is_refused(validation):
    cohort, outcome = cohort_and_outcome(_two_of_one_patient(), finding="finding", site="site")

    with pytest.raises(InputError, match="1 patients have cases on both sides of the split"):
        outer_splits(cohort, outcome, validation, 1)


@pytest.mark.parametrize(
    ("changed", "validation", "said"),
    [
        ({}, Validation(folds=7), "7 folds need as many patients of every class, one class has 6"),
        ({"site": "a"}, VALIDATIONS[1], "two sites or more, the cohort has a;"),
        ({"site": ["a", None] * 6}, VALIDATIONS[1], "cases without one, a;"),
        ({"date": "1/2/2020"}, VALIDATIONS[2], "written YYYY-MM-DD"),
        ({"date": ["2020-01-01", None] * 6}, VALIDATIONS[2], "written YYYY-MM-DD"),
        ({"date": "2020-01-01"}, VALIDATIONS[2], "exams of several dates"),
        ({}, VALIDATIONS[3], "column part, which the cohort lacks"),
        ({"part": "dev"}, VALIDATIONS[3], "it holds dev; correct validation.test"),
        ({"part": "test"}, VALIDATIONS[3], "it holds test"),
    ],
)
def test_what_does_not_allow_a_split_is_refused(changed, validation, said):
    table = noise_table(12, 1, 1).assign(**changed)
    names = {name: name for name in ("site", "date") if name in table}
    cohort, outcome = cohort_and_outcome(table, **names)

    with pytest.raises(InputError, match=said):
        outer_splits(cohort, outcome, validation, 1)


def test_a_temporal_split_needs_a_column_of_dates():
    cohort, outcome = cohort_and_outcome(noise_table(12, 1, 1))

    with pytest.raises(InputError, match="needs a column of dates"):
        outer_splits(cohort, outcome, VALIDATIONS[2], 1)


def test_strata_of_numbers_are_quarters():
    outcome = outcome_of(pd.DataFrame({"x": range(8)}), Target("n", TargetKind.NUMBER, "x"))
    assert [0, 0, 1, 1, 2, 2, 3, 3] == strata(outcome).tolist()

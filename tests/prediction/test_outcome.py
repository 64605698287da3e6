"""Outcomes of every kind of target, and what is refused with which words."""

import numpy as np
import pandas as pd
import pytest

from mamri.prediction.experiment import Target, TargetKind
from mamri.prediction.outcome import cell_word, outcome_of
from mamri.records import InputError


def _table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=object)


def test_values_that_count_as_yes_may_be_written_with_a_point_or_without():
    target = Target("pcr", TargetKind.BINARY, "pcr", positive=("1.0", "yes"))

    found = outcome_of(_table(pcr=["1", 1, 1.0, "yes", " yes ", "0", 0.0, "2", "no"]), target)

    assert [1, 1, 1, 1, 1, 0, 0, 0, 0] == found.y.tolist()
    assert ("no", "yes") == found.classes
    assert {"no": 4, "yes": 5} == found.counts()


@pytest.mark.parametrize(
    ("cell", "word"),
    [("1.0", "1"), (1, "1"), (1.0, "1"), (" a ", "a"), ("1.5", "1.5"), (True, "True")],
)
def test_cells_are_words_that_do_not_depend_on_the_file(cell, word):
    assert word == cell_word(cell)


def test_cut_off_counts_from_the_number_on():
    target = Target("ki67", TargetKind.BINARY, "ki67", cut_off=20.0)

    assert [0, 1, 1] == outcome_of(_table(ki67=["19.9", "20", 35]), target).y.tolist()


def test_cases_without_an_outcome_are_left_out():
    target = Target("ki67", TargetKind.NUMBER, "ki67")

    found = outcome_of(_table(ki67=["5", None, "7", np.nan]), target)

    assert [0, 2] == found.rows.tolist()
    assert [5.0, 7.0] == found.y.tolist()
    assert {"known": 2} == found.counts()
    assert () == found.classes


def test_classes_keep_their_order_and_are_alphabetical_without_one():
    table = _table(subtype=["her2", "luminal", "her2", "basal"])
    named = Target("s", TargetKind.CLASSES, "subtype", classes=("luminal", "her2", "basal"))

    assert [1, 0, 1, 2] == outcome_of(table, named).y.tolist()
    free = outcome_of(table, Target("s", TargetKind.CLASSES, "subtype"))
    assert ("basal", "her2", "luminal") == free.classes
    assert [1, 2, 1, 0] == free.y.tolist()


def test_survival_has_times_and_events_and_needs_both():
    target = Target("rfs", TargetKind.SURVIVAL, "days", event="event")
    table = _table(days=["10", 20, None, "40"], event=["1", 0, 1, None])

    found = outcome_of(table, target)

    assert [0, 1] == found.rows.tolist()
    assert [10.0, 20.0] == found.y.tolist()
    assert [True, False] == found.event.tolist()
    assert {"event": 1, "censored": 1} == found.counts()


_BINARY = Target("t", TargetKind.BINARY, "a", positive=("1",))
_CUT = Target("t", TargetKind.BINARY, "a", cut_off=1.0)
_CLASSES = Target("t", TargetKind.CLASSES, "a", classes=("x", "y"))
_TIME = Target("t", TargetKind.SURVIVAL, "a", event="b")


@pytest.mark.parametrize(
    ("columns", "target", "said"),
    [
        ({"z": ["1"]}, _BINARY, "column a, which the cohort lacks"),
        ({"a": ["1"]}, _TIME, "column b, which the cohort lacks"),
        ({"a": [None, None]}, _BINARY, "column a has no outcome in any case"),
        ({"a": ["1", "1"]}, _BINARY, "needs cases of every class, the cohort has no 0, yes 2"),
        ({"a": ["0", "0"]}, _BINARY, "needs cases of every class, the cohort has no 2, yes 0"),
        ({"a": ["12,5", "3"]}, _CUT, "column a should hold numbers, it holds '12,5'"),
        ({"a": ["x", "z"]}, _CLASSES, "classes of t are x, y, column a holds also z"),
        ({"a": ["x", "x"]}, _CLASSES, "the cohort has x 2, y 0"),
        ({"a": ["x"]}, Target("t", TargetKind.CLASSES, "a"), "the cohort has x 1"),
        ({"a": ["soon", "3"], "b": [1, 1]}, _TIME, "column a should hold numbers"),
        ({"a": ["2", "3"], "b": [1, 2]}, _TIME, "0 or 1 in b"),
        ({"a": ["-2", "3"], "b": [1, 1]}, _TIME, "times of 0 and more in a"),
        ({"a": ["2", "3"], "b": [0, 0]}, _TIME, "survival needs events, column b has none"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(columns, target, said):
    with pytest.raises(InputError, match=said):
        outcome_of(_table(**columns), target)

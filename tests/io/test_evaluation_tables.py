"""Tables to be evaluated: what is read, and what is refused with the remedy."""

from pathlib import Path

import numpy as np
import pytest

from mamri.io.evaluation_tables import (
    events_of,
    groups_of,
    numbers_of,
    probabilities_of,
    read_cases,
    score_columns,
    words_of,
    yes_or_no,
)
from mamri.records import InputError

GOOD = "case,patient,truth,model,site\na,p,1,0.5,x\nb,p,0,0.25,\nc,q,0,1.5,y\n"


def table(tmp_path: Path, text: str = GOOD):
    path = tmp_path / "cases.csv"
    path.write_text(text, encoding="utf-8")
    return read_cases(path)


def test_cases_patients_and_columns_are_read(tmp_path):
    found = table(tmp_path, "\ufeff" + GOOD + "\n")
    assert ("a", "b", "c") == found.cases
    assert ("p", "p", "q") == found.patients
    assert found.has_patients
    assert ["truth", "model", "site"] == list(found.columns)
    assert [True, False, False] == yes_or_no(found, "truth").tolist()
    assert [0.5, 0.25, 1.5] == numbers_of(found, "model").tolist()
    assert ["x", "unknown", "y"] == groups_of(found, "site").tolist()
    assert ("model",) == score_columns(found, others=("truth", "site"))
    assert ("model",) == score_columns(found, chosen=("model",), others=("truth",))


def test_cases_are_their_own_patients_where_none_are_named(tmp_path):
    found = table(tmp_path, "case,m\na,1\nb,2\n")
    assert found.cases == found.patients
    assert not found.has_patients


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header"),
        ("patient,truth\np,1\nq,0\n", "one of them case"),
        ("case,m,m\na,1,2\nb,1,2\n", "names every column once"),
        ("case,m\na,1\n", "two cases at least"),
        ("case,m\na,1\nb,1,2\n", "row 3"),
        ("case,m\na,1\na,2\n", "each case must be named once"),
        ("case,m\na,1\n,2\n", "every row needs its case"),
        ("case,patient,m\na,p,1\nb,,2\n", "needs its patient"),
    ],
)
def test_what_is_no_table_of_cases_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        table(tmp_path, text)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_cases(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"case,\xff\xfe\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_cases(tmp_path / "odd.csv")


def test_columns_that_do_not_fit_are_refused(tmp_path):
    found = table(tmp_path)
    with pytest.raises(InputError, match="column reader was needed"):
        numbers_of(found, "reader")
    with pytest.raises(InputError, match="1 of 3 have none"):
        words_of(found, "site")
    with pytest.raises(InputError, match=r"from 0 to 1, it holds 0\.25 to 1\.5"):
        probabilities_of(found, "model")
    with pytest.raises(InputError, match="asked for both"):
        score_columns(found, chosen=("truth",), others=("truth",))
    with pytest.raises(InputError, match="a column of scores"):
        score_columns(found, others=("truth", "model", "site"))
    words = table(tmp_path, "case,m,n\na,low,inf\nb,high,1\n")
    with pytest.raises(InputError, match="must hold numbers"):
        numbers_of(words, "m")
    with pytest.raises(InputError, match="finite"):
        numbers_of(words, "n")


def test_a_truth_needs_two_values_of_which_one_is_yes(tmp_path):
    one = table(tmp_path, "case,t\na,1\nb,1\n")
    with pytest.raises(InputError, match="two classes were needed, column t has 1"):
        yes_or_no(one, "t")
    words = table(tmp_path, "case,t\na,benign\nb,malignant\n")
    with pytest.raises(InputError, match="--positive"):
        yes_or_no(words, "t")
    with pytest.raises(InputError, match="none is cancer"):
        yes_or_no(words, "t", positive="cancer")
    assert [False, True] == yes_or_no(words, "t", positive="malignant").tolist()
    decimals = table(tmp_path, "case,t\na,0.0\nb,1.0\n")
    assert [False, True] == yes_or_no(decimals, "t").tolist()


def test_events_are_0_or_1_and_one_at_least(tmp_path):
    assert [True, False] == events_of(table(tmp_path, "case,event\na,1\nb,no\n")).tolist()
    with pytest.raises(InputError, match="1 for an event"):
        events_of(table(tmp_path, "case,event\na,1\nb,dead\n"))
    with pytest.raises(InputError, match="one event at least"):
        events_of(table(tmp_path, "case,event\na,0\nb,0\n"))


def test_a_number_is_no_group(tmp_path):
    rows = "".join(f"c{k},{k}\n" for k in range(40))
    with pytest.raises(InputError, match="40 different values"):
        groups_of(table(tmp_path, "case,age\n" + rows), "age")


def test_a_message_names_no_patient(tmp_path):
    with pytest.raises(InputError) as refused:
        table(tmp_path, "case,m\nJane,1\nJane,2\n")
    assert "Jane" not in str(refused.value)


def test_numbers_are_floats(tmp_path):
    assert np.float64 == numbers_of(table(tmp_path), "model").dtype

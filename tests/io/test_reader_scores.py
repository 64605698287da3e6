"""Tables of a reading room become a study, or are refused for a reason that names no patient."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from mamri.evaluation.reading_order import plan_reading
from mamri.io.reader_scores import read_reader_scores, write_reading_list
from mamri.records import InputError

TRUTH = "case,truth\nc1,0\nc2,1\n"
ROWS = ("A,c1,with,1.5", "A,c2,with,4", "B,c1,with,2", "B,c2,with,3")


@pytest.fixture
def read(tmp_path: Path):
    def reader(scores: str | bytes, truth: str = TRUTH):
        for name, text in (("scores.csv", scores), ("truth.csv", truth)):
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / name).write_bytes(data)
        return read_reader_scores(tmp_path / "scores.csv", tmp_path / "truth.csv")

    return reader


def table(*rows: str, header: str = "reader,case,modality,score") -> str:
    return "\n".join((header, *rows)) + "\n"


def test_scores_in_the_order_of_the_truth(read):
    found = read(table(*ROWS), "case,truth\nc2,1\nc1,0\n").study
    np.testing.assert_array_equal([[[4, 1.5], [3, 2]]], found.scores)
    assert ("c2", "c1") == found.cases
    assert [True, False] == found.labels.tolist()
    assert (("A", "B"), ("with",), None) == (found.readers, found.modalities, found.groups)


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_spreadsheets_of_all_kinds_give_the_same(read, start: str, end: str, separator: str):
    text = table(*ROWS, "").replace("\n", end).replace(",", separator)
    found = read(start + text, start + TRUTH.replace("\n", end).replace(",", separator))
    np.testing.assert_array_equal([[[1.5, 4], [2, 3]]], found.study.scores)


def test_a_decimal_comma_with_semicolons(read):
    text = table(*ROWS).replace(",", ";").replace("1.5", "1,5")
    assert 1.5 == read(text).study.scores[0, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        table('A,c1,with,"1,5"', *ROWS[1:]),
        table(*ROWS).replace(",", ";").replace("1.5", "1.500,5"),
        table("A;c1;with;1,5", "A;c2;with;4.5", header="reader;case;modality;score"),
        table("A,c1,with,high", *ROWS[1:]),
        table("A,c1,with,nan", *ROWS[1:]),
        table("A,c1,with,1_000", *ROWS[1:]),
    ],
    ids=["comma in comma", "thousands", "both marks", "word", "nan", "underscore"],
)  # fmt: skip
def test_numbers_that_can_be_read_in_two_ways_are_refused(read, text: str):
    with pytest.raises(InputError, match=r"cells of another form .reader A of case"):
        read(text)


def test_optional_columns_are_kept_and_others_reported(read):
    header = "Reader,case,modality,score,bi_rads,seconds,finding,comment,session,room"
    rows = [f"{row},4A,61.5,mass,clear,1,7" for row in ROWS[:3]]
    found = read(
        table(*rows, f"{ROWS[3]},,,,,,", header=header), "case,truth,site\nc1,0,x\nc2,1,y\n"
    )
    assert ("room", "site") == found.ignored_columns
    first, last = found.readings[0], found.readings[-1]
    assert ("4A", 61.5, "mass", "clear", "1") == (
        first.bi_rads, first.seconds, first.finding, first.comment, first.session,
    )  # fmt: skip
    assert "" == last.bi_rads == last.comment
    assert math.isnan(last.seconds)


def test_patients_become_groups(read):
    found = read(table(*ROWS), "case,truth,patient\nc1,0,p1\nc2,1,p2\n").study
    assert found.groups is not None
    assert ["p1", "p2"] == found.groups.tolist()


def test_a_reading_twice_is_refused(read):
    with pytest.raises(InputError, match=r"got 1 repeated .reader A of case c1 in with"):
        read(table(*ROWS, "A,c1,with,3"))


def test_gaps_are_counted_and_three_named(read):
    truth = "case,truth\n" + "".join(f"c{i},{i % 2}\n" for i in range(1, 7))
    with pytest.raises(InputError, match="got 9 of 12 scores missing") as found:
        read(table("A,c1,with,1", "A,c2,with,", "B,c2,with,2", "B,c1,with,2"), truth)
    message = str(found.value)
    assert "(reader A of case c2 in with, reader A of case c3 in with, " in message
    assert 3 == message.count(" of case ")


def test_a_list_that_was_not_filled_in_is_refused(read, tmp_path: Path):
    write_reading_list(plan_reading(["A"], ["c1", "c2"]), tmp_path / "list.csv")
    with pytest.raises(InputError, match="got 4 of 4 scores missing"):
        read((tmp_path / "list.csv").read_bytes())


def test_a_case_without_truth_is_refused(read):
    with pytest.raises(InputError, match=r"got 1 without \(c9\)"):
        read(table(*ROWS, "A,c9,with,3"))


@pytest.mark.parametrize(
    ("truth", "match"),
    [
        ("case,truth\nc1,0\nc2,yes\n", "its truth, 0 or 1"),
        ("case,truth\nc1,0\nc1,1\n", "cases of truth.csv must be there once"),
        ("case,truth,patient\nc1,0,p\nc2,1,\n", "patient of every case, or of none"),
        ("case\nc1\n", "needs the columns case, truth"),
        ("case,truth\n", "needs a case and its truth"),
        ("", "needs the columns case, truth"),
    ],
)
def test_a_truth_that_is_not_whole_is_refused(read, truth: str, match: str):
    with pytest.raises(InputError, match=match):
        read(table(*ROWS), truth)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (table("A,c1,1", header="reader,case,score"), "1 missing .modality."),
        (table(header="reader,case,modality,score,score"), "1 repeated"),
        (table(header="reader,case;modality,score"), "has both"),
        (table(*ROWS, "A,c3,with,4,5"), "rows with more or fewer, first row 6"),
        (table(*ROWS, ",c1,with,3"), "got 1 rows without"),
        (table(*ROWS, '"A'), "quotes in pairs"),
        (table(*ROWS).encode("utf-16"), "cannot be read as one .UnicodeDecodeError."),
        (table(), "got 0 of 0 scores"),
    ],
)
def test_a_table_that_is_no_table_is_refused(read, text: str | bytes, match: str):
    with pytest.raises(InputError, match=match):
        read(text)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.csv cannot be read"):
        read_reader_scores(tmp_path / "none.csv", tmp_path / "truth.csv")


def test_messages_keep_patients_and_comments_to_themselves(read):
    header = "reader,case,modality,score,comment"
    rows = [f"{row},Jane Roe" for row in (*ROWS[:3], "B,c2,with,odd")]
    with pytest.raises(InputError) as found:
        read(table(*rows, header=header), "case,truth,patient\nc1,0,Jane Roe\nc2,1,Ann Poe\n")
    assert "Roe" not in str(found.value)
    with pytest.raises(InputError) as found:
        read(table(*ROWS), "case,truth,patient\nc1,0,Jane Roe\nc2,1,\n")
    assert "Roe" not in str(found.value)


def test_a_filled_list_comes_back_as_a_study(read, tmp_path: Path):
    plan = plan_reading(["A", "B"], ["c1", "c2"])
    for reader in plan.readers:
        write_reading_list(plan, tmp_path / f"{reader}.csv", reader=reader)
    rows: list[dict[str, str]] = []
    for reader in plan.readers:
        with (tmp_path / f"{reader}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows += list(csv.DictReader(file))
    score = {("A", "c1"): 1, ("A", "c2"): 5, ("B", "c1"): 2, ("B", "c2"): 3}
    lines = []
    for row in rows:
        assert "" == row["score"] == row["bi_rads"]
        value = score[row["reader"], row["case"]] + (row["modality"] == "with AI") / 4
        lines.append(",".join(str(value) if key == "score" else cell for key, cell in row.items()))
    found = read(table(*lines, header=",".join(rows[0])))
    assert () == found.ignored_columns
    study = found.study
    i, j = study.modalities.index("with AI"), study.readers.index("B")
    np.testing.assert_array_equal([2.25, 3.25], study.scores[i, j])
    assert {"1", "2"} == {r.session for r in found.readings}


def test_a_list_holds_the_readings_of_one_reader_in_order(tmp_path: Path):
    plan = plan_reading(["A", "B"], ["c1", "c2", "c3"])
    write_reading_list(plan, tmp_path / "b.csv", reader="B")
    lines = (tmp_path / "b.csv").read_text(encoding="utf-8-sig").splitlines()
    assert "reader,session,position,earliest_day,latest_day,case,modality,score" in lines[0]
    places = [line.split(",")[:3] for line in lines[1:]]
    assert [["B", str(s), str(p)] for s in (1, 2) for p in (1, 2, 3)] == places


def test_names_that_become_formulas_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="got 1 that begin like a formula"):
        write_reading_list(plan_reading(["A"], ["c1", "=c2"]), tmp_path / "list.csv")


def test_a_reader_who_is_not_in_the_plan_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="a reader of the plan"):
        write_reading_list(plan_reading(["A"], ["c1", "c2"]), tmp_path / "x.csv", reader="Z")

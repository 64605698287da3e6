"""Files of a run: begun once, parts that come back as they were, tables that can be read."""

import csv
import json

import numpy as np
import pytest

from mamri.io.experiment_files import (
    begin_folder,
    read_document,
    read_part,
    write_document,
    write_part,
    write_predictions,
)
from mamri.prediction.answers import Answers
from mamri.prediction.answers import PartAnswers as Part
from mamri.prediction.experiment import CohortSource, Experiment, ModelChoice, Target, TargetKind
from mamri.prediction.splits import Split
from mamri.records import InputError

EXPERIMENT = Experiment(
    "e",
    CohortSource("a.csv"),
    Target("t", TargetKind.BINARY, "a", positive=("1",)),
    (ModelChoice("svm"),),
)


def _part(model="m", split="fold 1", repeat=1, rows=(2, 0), columns=2) -> Part:
    rng = np.random.default_rng(1)
    answer = rng.random((len(rows), columns))
    sets = answer > 0.5 if columns > 1 else np.zeros((len(rows), 0), bool)
    return Part(model, split, repeat, np.array(rows), answer, sets, {"C": 0.1, "word": "ü"})


def _split(part: Part) -> Split:
    return Split(part.split, part.repeat, np.array([1]), part.rows)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_part_comes_back_to_the_last_bit(tmp_path, columns):
    part = _part(columns=columns)

    write_part(tmp_path, part)
    found = read_part(tmp_path, "m", _split(part))

    np.testing.assert_array_equal(part.rows, found.rows)
    np.testing.assert_array_equal(part.answer, found.answer)
    np.testing.assert_array_equal(part.sets, found.sets)
    assert part.sets.shape == found.sets.shape
    assert part.about == found.about
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_parts_of_like_names_are_kept_apart(tmp_path):
    parts = [
        _part("a b"), _part("a-b"), _part("a_b"), _part("a"), _part("x" * 200),
        _part("x" * 201), _part("a", "b fold 1"), _part("a", repeat=2), _part("A/b"),
    ]  # fmt: skip
    for part in parts:
        write_part(tmp_path, part)
    write_part(tmp_path, _part("a"), "n50")

    assert 10 == len(list((tmp_path / "parts").iterdir()))
    for part in parts:
        found = read_part(tmp_path, part.model, _split(part))
        assert (part.model, part.split, part.repeat) == (found.model, found.split, found.repeat)


def test_a_part_that_is_not_there_is_none(tmp_path):
    write_part(tmp_path, _part())

    assert read_part(tmp_path, "other", _split(_part())) is None
    assert read_part(tmp_path, "m", _split(_part()), "n50") is None


def test_a_folder_is_begun_once_and_gone_on_with(tmp_path):
    output = tmp_path / "run"
    begin_folder(output, EXPERIMENT, "abc")
    first = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}

    begin_folder(output, EXPERIMENT, "abc")

    assert first == {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}


def test_the_folder_of_another_run_or_of_other_files_is_refused(tmp_path):
    begin_folder(tmp_path / "run", EXPERIMENT, "abc")
    with pytest.raises(InputError, match="run holds a run of another experiment"):
        begin_folder(tmp_path / "run", EXPERIMENT, "xyz")

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(InputError, match="mine holds other files"):
        begin_folder(tmp_path / "mine", EXPERIMENT, "abc")


def _answers(kind: TargetKind, **values) -> Answers:
    classes = ("no", "yes") if kind is TargetKind.BINARY else ()
    names = ("p1/left", 'p"2", x', "p3")
    return Answers(
        kind, classes, names, np.array(["p1", "p2", "p3"]), np.array(["A", "", "B"]),
        np.array(values["y"]), np.array(values["event"]), values["by_model"], {},
    )  # fmt: skip


def _rows(path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_predictions_have_one_row_a_case_with_its_split(tmp_path):
    p = np.array([0.25, 0.5, 1 / 3])
    answers = _answers(
        TargetKind.BINARY,
        y=[0, 1, 1],
        event=[True] * 3,
        by_model={"m": np.column_stack([1 - p, p])},
    )
    parts = [
        _part(rows=(5, 2)),
        _part(split="fold 2", rows=(9,)),
        _part(split="fold 9", repeat=2, rows=(2, 5, 9)),
    ]

    rows = _rows(write_predictions(tmp_path, answers, parts))

    assert ["p1/left", 'p"2", x', "p3"] == [row["case"] for row in rows]
    assert ["fold 1", "fold 1", "fold 2"] == [row["split"] for row in rows]
    assert ["no", "yes", "yes"] == [row["outcome"] for row in rows]
    np.testing.assert_allclose(p, [float(row["m__yes"]) for row in rows], rtol=1e-7)
    assert ["predictions.csv"] == [path.name for path in tmp_path.iterdir()]


def test_predictions_of_risks_have_times_and_events(tmp_path):
    answers = _answers(
        TargetKind.SURVIVAL,
        y=[10.0, 20.5, 3.0],
        event=[True, False, True],
        by_model={"cox": np.array([[0.1], [-2.0], [3.0]])},
    )

    rows = _rows(write_predictions(tmp_path, answers, [_part(rows=(0, 1, 2))]))

    assert ["10.0", "20.5", "3.0"] == [row["outcome"] for row in rows]
    assert ["1", "0", "1"] == [row["event"] for row in rows]
    assert ["0.1", "-2", "3"] == [row["cox"] for row in rows]


def test_a_document_comes_back_and_nan_is_refused(tmp_path):
    write_document(tmp_path, {"a": 1, "ü": [None, "é"]}, "<p>é</p>")

    assert {"a": 1, "ü": [None, "é"]} == read_document(tmp_path)
    assert "<p>é</p>" == (tmp_path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="JSON"):
        write_document(tmp_path, {"a": float("nan")}, "")
    assert {"a": 1, "ü": [None, "é"]} == read_document(tmp_path)


def test_a_run_that_has_not_ended_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"has no readable experiment.json"):
        read_document(tmp_path)
    (tmp_path / "experiment.json").write_text(json.dumps({"a": 1})[:-1])
    with pytest.raises(InputError, match="let it end first"):
        read_document(tmp_path)

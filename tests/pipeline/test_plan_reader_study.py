"""A reading plan as files, and power from an earlier study."""

import csv
import json
from pathlib import Path

import pytest

from mamri.evaluation.obuchowski_rockette import ReaderVariance
from mamri.evaluation.reader_power import PlannedTest
from mamri.evaluation.reading_order import ReadingSettings
from mamri.pipeline.plan_reader_study import pilot_variance, plan_power, plan_reader_study
from mamri.records import InputError

# MRMCaov's components of the Van Dyke data by DeLong; tests/peers/van_dyke.md.
VARIANCE = ReaderVariance(
    0.0015364254, 0.0002045840, 0.0007921325, 0.0003420090, 0.0003395265, 0.0002358497, 114
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    rows = [f"c{n:02},{n % 2},{'A' if n < 10 else 'B'}" for n in range(20)]
    path.write_text("\n".join(["case,truth,site", *rows]) + "\n", encoding="utf-8")
    return path


def test_each_reader_gets_a_list_of_both_sessions(cases: Path, tmp_path: Path) -> None:
    document = plan_reader_study(cases, ["R1", "R2"], tmp_path / "plan", balance=["truth", "site"])

    assert {"reading-list-1.csv": "R1", "reading-list-2.csv": "R2"} == document["readers"]
    assert (80, 28, [5, 5, 5, 5]) == (
        document["readings"], document["washout_days"], document["strata"]
    )  # fmt: skip
    with (tmp_path / "plan" / "reading-list-2.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert 40 == len(rows)
    assert {"R2"} == {row["reader"] for row in rows}
    assert {""} == {row["score"] for row in rows}
    assert 40 == len({(row["case"], row["modality"]) for row in rows})
    # Whoever reads the list learns nothing of the truth.
    assert not {"truth", "site", "strata"} & set(rows[0])
    assert document == json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))


def test_halves_share_the_columns_that_they_are_balanced_by(tmp_path: Path) -> None:
    """Without balance, 24 cases in two halves would part four strata evenly in one of 200 draws."""
    path = tmp_path / "cases.csv"
    stratum = {f"c{n:02}": n % 4 for n in range(24)}
    path.write_text(
        "\n".join(["case,stratum", *(f"{c},{s}" for c, s in stratum.items())]), encoding="utf-8"
    )
    for seed in range(3):
        output = tmp_path / f"plan-{seed}"
        plan_reader_study(
            path, ["R1"], output, balance=["stratum"], settings=ReadingSettings(seed=seed)
        )
        with (output / "reading-list-1.csv").open(encoding="utf-8-sig") as stream:
            first = [
                row for row in csv.DictReader(stream)
                if (row["session"], row["modality"]) == ("1", "with AI")
            ]  # fmt: skip
        counts = [sum(stratum[row["case"]] == k for row in first) for k in range(4)]
        assert [3, 3, 3, 3] == counts


def test_the_same_seed_gives_the_same_lists(cases: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        plan_reader_study(cases, ["R1"], tmp_path / name, settings=ReadingSettings(seed=seed))

    first, again, other = (
        (tmp_path / name / "reading-list-1.csv").read_bytes() for name in ("a", "b", "c")
    )
    assert first == again != other


def test_a_column_that_is_not_there_leaves_nothing_behind(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="density"):
        plan_reader_study(cases, ["R1"], tmp_path / "plan", balance=["density"])

    assert not (tmp_path / "plan").exists()


def test_components_of_an_earlier_study_are_read(tmp_path: Path) -> None:
    names = ("reader", "modality_reader", "error", "cov_1", "cov_2", "cov_3")
    variance = {name: getattr(VARIANCE, name) for name in names} | {"cases": 114}
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps({"figures": {"variance": variance}}), encoding="utf-8")

    assert VARIANCE == pilot_variance(tmp_path) == pilot_variance(file)
    without = {"figures": {"variance": variance | {"reader": None}}}
    file.write_text(json.dumps(without), encoding="utf-8")
    with pytest.raises(InputError, match=r"variance components are in evaluation\.json"):
        pilot_variance(tmp_path)


def test_power_and_what_reaches_it_agree() -> None:
    test = PlannedTest(0.05)

    needed = plan_power(VARIANCE, test, n_readers=8, power=0.8)
    reached = plan_power(VARIANCE, test, n_readers=8, n_cases=needed["cases"])
    fewer = plan_power(VARIANCE, test, n_readers=8, n_cases=needed["cases"] - 1)

    assert needed["power"] == reached["power"] >= 0.8 > fewer["power"]
    assert plan_power(VARIANCE, test, n_cases=needed["cases"], power=0.8)["readers"] <= 8
    with pytest.raises(InputError, match="readers or cases were needed"):
        plan_power(VARIANCE, test)

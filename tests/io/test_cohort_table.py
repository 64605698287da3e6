"""Cohort tables as people write them, joined to what an analysis wrote for each case."""

from pathlib import Path

import pandas as pd
import pytest

from mamri.io.cohort_table import read_cohort
from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import CohortColumns, CohortSource
from mamri.records import InputError


def _read(folder: Path, text: str | bytes, name: str = "cohort.csv", **source) -> Cohort:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    return read_cohort(CohortSource(name, **source), folder)


def _excel(folder: Path, rows: list[list[object]], **source) -> Cohort:
    pytest.importorskip("openpyxl")
    pd.DataFrame(rows).to_excel(folder / "cohort.xlsx", index=False, header=False)
    return read_cohort(CohortSource("cohort.xlsx", **source), folder)


def _result(folder: Path, name: str, *findings: tuple[int, float], crops: tuple[int, ...] = ()):
    (folder / name).mkdir()
    lines = [f"1.2.{n},{n},left,upper outer,3,{volume},oval" for n, volume in findings]
    header = "study_instance_uid,finding_id,side,quadrant,clock_face,volume_ml,shape"
    (folder / name / "features.csv").write_text("\n".join([header, *lines]) + "\n")
    for n in crops:
        (folder / name / "crops").mkdir(exist_ok=True)
        (folder / name / "crops" / f"finding_{n}.safetensors").touch()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_csv_in_utf_8_with_and_without_a_mark_at_its_start(tmp_path, mark, line):
    text = 'patient,größe , note\n 01 ,3.5," a, b "\n02,,NA\n'.encode()

    cohort = _read(tmp_path, mark + text.replace(b"\n", line))

    assert ["patient", "größe", "note"] == list(cohort.cases.columns)
    assert ["01", "02"] == cohort.patients.tolist()  # zeros at the start are kept
    assert ["3.5", None] == cohort.cases["größe"].tolist()
    assert ["a, b", None] == cohort.cases["note"].tolist()


def test_words_that_pandas_takes_for_gaps_are_words(tmp_path):
    table = "patient,a\n1,None\n2,null\n3,n/a\n4,nan\n5,NaN\n"

    assert ["None", "null", "n/a", None, None] == _read(tmp_path, table).cases["a"].tolist()
    rows = [line.split(",") for line in table.split()]
    assert ["None", "null", "n/a", None, None] == _excel(tmp_path, rows).cases["a"].tolist()


def test_workbooks_keep_numbers_and_gaps(tmp_path):
    cohort = _excel(
        tmp_path, [["patient", " side", "x"], [1, "left", 2.5], [2, None, None], [3, "right", 4]]
    )

    assert ["1", "2", "3"] == cohort.patients.tolist()
    assert [1, 2, 3] == cohort.cases["patient"].tolist()
    assert ["left", None, "right"] == cohort.cases["side"].tolist()
    assert cohort.cases["x"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "text",
    ["patient,a,a\n1,2,3\n", "patient,a, a\n1,2,3\n", "patient,,b\n1,2,3\n", "patient,a,\n1,2,3\n"],
)
def test_headers_name_every_column_once(tmp_path, text):
    with pytest.raises(InputError, match=r"first row of cohort.csv must name every column once"):
        _read(tmp_path, text)
    with pytest.raises(InputError, match=r"first row of cohort.xlsx must name every column once"):
        _excel(tmp_path, [line.split(",") for line in text.split("\n")[:2]])


@pytest.mark.parametrize(
    "data",
    ["patient,größe\n1,2\n".encode("latin-1"), b"", b"patient,a\n1,2,3\n", b"a,b\n1,2\n3,4,5,6\n"],
    ids=["not UTF-8", "empty", "all rows longer than the header", "a longer row"],
)
def test_what_is_no_table_is_refused(tmp_path, data):
    with pytest.raises(InputError, match=r"CSV in UTF-8 or XLSX, cohort.csv cannot be read as one"):
        _read(tmp_path, data)


def test_a_missing_or_damaged_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none.csv cannot be read as one \(FileNotFoundError\)"):
        read_cohort(CohortSource("none.csv"), tmp_path)
    with pytest.raises(InputError, match=r"cohort.xlsx cannot be read as one"):
        _read(tmp_path, "patient,a\n1,2\n", "cohort.xlsx")


def test_columns_of_other_names_are_found_and_usual_ones_may_lack(tmp_path):
    text = "who,hospital,x\n1,A,2\n2,B,3\n"

    cohort = _read(tmp_path, text, columns=CohortColumns(patient="who", site="hospital"))

    assert ["A", "B"] == cohort.sites.tolist()
    assert ("", "", "") == (cohort.columns.visit, cohort.columns.side, cohort.columns.result)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (CohortColumns(), "a column 'patient' for the patient, it has who, x"),
        (CohortColumns(patient="who", site="centre"), "a column 'centre' for the site"),
    ],
)
def test_columns_that_lack_are_refused(tmp_path, columns, said):
    with pytest.raises(InputError, match=said):
        _read(tmp_path, "who,x\n1,2\n", columns=columns)


def test_rows_are_kept_by_value(tmp_path):
    text = "patient,type,grade\n1,mass,1.0\n2,nme,2\n3,mass,3\n4,focus,1\n"

    def kept(**keep: object) -> list[str]:
        return _read(tmp_path, text, keep=keep).patients.tolist()

    assert ["1", "3"] == kept(type="mass")
    assert ["1", "2", "3"] == kept(type=["mass", "nme"])
    assert ["1", "4"] == kept(grade=1)
    assert ["1"] == kept(grade=["1"], type="mass")
    with pytest.raises(InputError, match="no rows that are kept"):
        kept(type="cyst")
    with pytest.raises(InputError, match="kept by column kind, which the cohort lacks"):
        kept(kind="mass")
    with pytest.raises(InputError, match="no rows that are kept"):
        _read(tmp_path, "patient,x\n")


def test_features_and_crops_of_each_finding_are_joined(tmp_path):
    (tmp_path / "tables").mkdir()
    _result(tmp_path / "tables", "one", (1, 1.5), (2, 2.5), crops=(2,))
    _result(tmp_path / "tables", "two", (1, 3.5), crops=(1,))
    text = "patient,result,finding,side\na,one,2,right\na,one,1,left\nb,two,,left\nc,,,left\n"
    (tmp_path / "tables" / "cohort.csv").write_text(text)

    cohort = read_cohort(CohortSource("tables/cohort.csv"), tmp_path)

    assert ["2.5", "1.5", "3.5"] == cohort.cases["volume_ml"].tolist()[:3]
    assert cohort.cases["volume_ml"].isna().tolist() == [False, False, False, True]
    assert ["right", "left", "left", "left"] == cohort.cases["side"].tolist()  # the table's
    assert not {"study_instance_uid", "finding_id"} & set(cohort.cases.columns)
    at = tmp_path / "tables"
    assert (
        str(at / "one" / "crops" / "finding_2.safetensors"), "",
        str(at / "two" / "crops" / "finding_1.safetensors"), "",
    ) == cohort.crops  # fmt: skip


def test_workbooks_are_joined_as_well(tmp_path):
    _result(tmp_path, "one", (1, 1.5), (2, 2.5))

    cohort = _excel(
        tmp_path,
        [["patient", "result", "finding"], ["a", "one", 2], ["b", None, None], ["c", "one", 1.0]],
    )

    volumes = cohort.cases["volume_ml"].tolist()
    assert ("2.5", "1.5") == (volumes[0], volumes[2])
    assert pd.isna(volumes[1])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,nowhere,1", r"row 2 .* names the result nowhere, which has no readable features.csv"),
        ("a,one,7", "row 2 of the cohort names finding 7, its result has 1, 2; correct it"),
        ("a,one,", "row 2 of the cohort names no finding, and its result has 2"),
        ("a,empty,", "names no finding, and its result has 0"),
        ("a,empty,1", "names finding 1, its result has none"),
    ],
)
def test_results_and_findings_that_lack_are_refused(tmp_path, row, said):
    _result(tmp_path, "one", (1, 1.5), (2, 2.5))
    _result(tmp_path, "empty")

    with pytest.raises(InputError, match=said):
        _read(tmp_path, f"patient,result,finding\n{row}\n")


def test_columns_named_like_features_are_refused(tmp_path):
    _result(tmp_path, "one", (1, 1.5))

    with pytest.raises(InputError, match="named like features of mamri analyze: volume_ml"):
        _read(tmp_path, "patient,result,volume_ml\na,one,3\n")

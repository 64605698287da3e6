"""True lesions and marks are read from two tables that name every image."""

from pathlib import Path

import pytest

from mamri.io.detection_tables import read_searched_images
from mamri.records import InputError

LESIONS = """image,patient,x_mm,y_mm,z_mm,diameter_mm
a-left,a,10,20,-30,12
a-left,a,15.5,-4,7,
a-right,a,,,,
b,b,1,2,3,8
"""
MARKS = """image,score,x_mm,y_mm,z_mm
a-right,0.3,5,6,7
a-left,0.9,10,20,-28
"""


def _read(folder: Path, lesions: str = LESIONS, marks: str = MARKS):
    (folder / "lesions.csv").write_text(lesions, encoding="utf-8")
    (folder / "marks.csv").write_text(marks, encoding="utf-8")
    return read_searched_images(folder / "lesions.csv", folder / "marks.csv")


def test_every_image_has_its_lesions_and_marks(tmp_path: Path) -> None:
    left, right, other = _read(tmp_path)

    assert ("a-left", "a") == (left.name, left.patient)
    assert [(10, 20, -30), (15.5, -4, 7)] == left.centres_mm
    assert [6, 0] == left.radii_mm
    assert ([(10, 20, -28)], [0.9]) == (left.marks_mm, left.scores)
    assert ([], [(5, 6, 7)]) == (right.centres_mm, right.marks_mm)
    assert [] == other.marks_mm


def test_an_image_is_its_own_patient_unless_told(tmp_path: Path) -> None:
    images = _read(
        tmp_path, "image,x_mm,y_mm,z_mm\na,1,2,3\nb,,,\n", "image,score,x_mm,y_mm,z_mm\n"
    )

    assert ["a", "b"] == [image.patient for image in images]


@pytest.mark.parametrize(
    ("lesions", "marks", "message"),
    [
        (LESIONS.replace("z_mm", "z"), MARKS, "needs the columns image, x_mm, y_mm, z_mm, each"),
        (LESIONS, MARKS.replace("a-right", "c"), "row 2 of marks.csv is not"),
        (LESIONS, MARKS.replace("0.9", "high"), "row 3 of marks.csv holds something else"),
        (LESIONS, MARKS.replace("0.9", "nan"), "row 3 of marks.csv holds something else"),
        (LESIONS.replace("a-right,a,,,", "a-right,a,1,,"), MARKS, "row 4 of lesions.csv holds"),
        (LESIONS + "b,b,,,,\n", MARKS, "1 in lesions.csv have lesions too"),
        (LESIONS.replace("a-left,a,15.5", "a-left,b,15.5"), MARKS, "row 3 of lesions.csv gives"),
        (LESIONS, MARKS + ",0.1,1,2,3\n", "row 4 of marks.csv has none"),
        (LESIONS, MARKS + "b,0.1,1\n", "row 4 of marks.csv has another number"),
        (LESIONS, MARKS.replace("score", "x_mm"), "lacks score"),
    ],
)
def test_faults_are_named_with_their_row(
    tmp_path: Path, lesions: str, marks: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        _read(tmp_path, lesions, marks)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as one"):
        read_searched_images(tmp_path / "lesions.csv", tmp_path / "marks.csv")

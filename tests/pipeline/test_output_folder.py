from pathlib import Path

import pytest

from mamri.pipeline.output_folder import whole_folder
from mamri.records import InputError


def test_a_folder_appears_whole_at_the_end(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "out"

    with whole_folder(output, overwrite=False, marker="result.json") as folder:
        (folder / "result.json").write_text("{}")
        assert not output.exists()

    assert ["result.json"] == [path.name for path in output.iterdir()]
    assert [output] == list(output.parent.iterdir())


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    def write_and_fail() -> None:
        with whole_folder(tmp_path / "out", overwrite=False, marker="result.json") as folder:
            (folder / "half").write_text("x")
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        write_and_fail()
    assert [] == list(tmp_path.iterdir())


def test_an_earlier_result_is_replaced_only_on_request(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "result.json").write_text("old")
    (output / "stale").write_text("old")

    with (
        pytest.raises(InputError, match="add --overwrite"),
        whole_folder(output, overwrite=False, marker="result.json"),
    ):
        pass
    with whole_folder(output, overwrite=True, marker="result.json") as folder:
        (folder / "result.json").write_text("new")

    assert "new" == (output / "result.json").read_text()
    assert not (output / "stale").exists()


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with (
        pytest.raises(InputError, match="holds other files"),
        whole_folder(tmp_path, overwrite=True, marker="result.json"),
    ):
        pass
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")

    with (
        pytest.raises(InputError, match="a file of this name exists"),
        whole_folder(tmp_path / "out", overwrite=True, marker="result.json"),
    ):
        pass

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.io.nifti_exam import TimedFile, read_exam_json, read_nifti_4d, read_nifti_exam
from mamri.io.read_exam import parse_phase, read_exam
from mamri.records import GeometryError, InputError, SeriesRole, TimingError


def _phase(
    folder: Path, name: str, value: int, *, shape: tuple[int, ...] = (4, 5, 3), shift: float = 0.0
) -> Path:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[0, 3] = shift
    nib.save(nib.Nifti1Image(np.full(shape, value, np.int16), affine), folder / name)
    return folder / name


def test_phases_are_sorted_by_the_times_of_the_user_not_by_name(tmp_path: Path) -> None:
    late, pre, early = (
        _phase(tmp_path, name, value)
        for name, value in (("a.nii.gz", 3), ("b.nii.gz", 1), ("c.nii.gz", 2))
    )

    exam = read_nifti_exam([TimedFile(late, 300), TimedFile(pre, -20), TimedFile(early, 90)])

    assert exam.dynamic is not None
    assert [1, 2, 3] == exam.dynamic.array[:, 0, 0, 0].tolist()
    assert [-20, 90, 300] == exam.dynamic.times_s.tolist()
    assert exam.dynamic.array.dtype == np.int16
    roles = [record.role for record in exam.series]
    assert [SeriesRole.T1_PRE, SeriesRole.DYNAMIC, SeriesRole.DYNAMIC] == roles


def test_one_phase_is_an_exam_without_timing(tmp_path: Path) -> None:
    exam = read_nifti_exam([TimedFile(_phase(tmp_path, "pre.nii.gz", 1), 40.0)])

    assert exam.dynamic is not None
    assert 1 == exam.dynamic.n_phases
    assert exam.timing is None


def test_phases_without_a_pre_contrast_one_are_refused(tmp_path: Path) -> None:
    phases = [TimedFile(_phase(tmp_path, f"{t}.nii.gz", t), t) for t in (60, 120)]

    with pytest.raises(TimingError, match=r"one phase must be pre-contrast .* earliest is at 60 s"):
        read_nifti_exam(phases)


def test_two_phases_at_one_time_are_refused(tmp_path: Path) -> None:
    phases = [TimedFile(_phase(tmp_path, f"{k}.nii.gz", k), 0.0) for k in (1, 2)]

    with pytest.raises(TimingError, match="every phase needs its own time"):
        read_nifti_exam(phases)


@pytest.mark.parametrize("kwargs", [{"shape": (4, 5, 4)}, {"shift": 3.0}])
def test_a_phase_on_another_grid_is_refused_by_name(tmp_path: Path, kwargs: dict) -> None:
    pre = _phase(tmp_path, "pre.nii.gz", 1)
    moved = _phase(tmp_path, "moved.nii.gz", 2, **kwargs)

    with pytest.raises(GeometryError, match=r"one grid, moved\.nii\.gz"):
        read_nifti_exam([TimedFile(pre, 0), TimedFile(moved, 90)])


def test_signal_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    array = np.full((4, 5, 3), np.nan, np.float32)
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "nan.nii.gz")

    with pytest.raises(InputError, match="must be finite"):
        read_nifti_exam([TimedFile(tmp_path / "nan.nii.gz", 0)])


def test_a_4d_file_needs_one_time_a_phase(tmp_path: Path) -> None:
    path = _phase(tmp_path, "all.nii.gz", 1, shape=(4, 5, 3, 3))

    with pytest.raises(TimingError, match="holds 3 phases and needs 3 times, got none"):
        read_nifti_4d(path, None)
    with pytest.raises(TimingError, match="must increase and start at or below 0"):
        read_nifti_4d(path, [10, 90, 180])
    exam = read_nifti_4d(path, [0, 90, 180])
    assert exam.dynamic is not None
    assert (3, 3, 5, 4) == exam.dynamic.array.shape


def test_exam_json_gives_phases_and_protocol(tmp_path: Path) -> None:
    _phase(tmp_path, "pre.nii.gz", 1)
    _phase(tmp_path, "post.nii.gz", 2)
    (tmp_path / "exam.json").write_text(
        json.dumps(
            {
                "schema": "mamri-nifti-exam/1",
                "phases": [
                    {"file": "post.nii.gz", "time_s": 90},
                    {"file": "pre.nii.gz", "time_s": 0},
                ],
                "acquisition": {"fat_suppressed": True, "tr_ms": 5},
            }
        )
    )

    exam = read_exam(tmp_path)

    assert exam.acquisition.fat_suppressed is True
    assert exam.acquisition.tr_ms == 5
    assert exam.timing is not None
    assert "exam.json" == exam.timing.time_source


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("not json", "must be a JSON document"),
        ({"phases": "pre"}, 'must hold a list "phases"'),
        ({"phases": [], "colour": 1}, "got also colour"),
        ({"phases": [{"file": "pre.nii.gz"}]}, "each phase of exam.json is"),
        ({"phases": [{"file": "pre.nii.gz", "time_s": "0"}]}, "time_s in exam.json"),
        ({"phases": [{"file": "../pre.nii.gz", "time_s": 0}]}, "files of its own folder"),
        ({"phases": []}, "at least one phase was needed"),
        (
            {"phases": [{"file": "pre.nii.gz", "time_s": 0}], "acquisition": {"tr_ms": "5"}},
            "acquisition.tr_ms in exam.json must be a float",
        ),
        (
            {"phases": [{"file": "pre.nii.gz", "time_s": 0}], "acquisition": {"name": "x"}},
            "acquisition in exam.json may hold",
        ),
    ],
)
def test_a_faulty_exam_json_is_refused_with_the_reason(
    tmp_path: Path, document: object, message: str
) -> None:
    _phase(tmp_path, "pre.nii.gz", 1)
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / "exam.json").write_text(text)

    with pytest.raises(InputError, match=message):
        read_exam_json(tmp_path / "exam.json")


def test_nifti_files_without_times_are_refused_with_the_remedy(tmp_path: Path) -> None:
    _phase(tmp_path, "pre.nii.gz", 1)
    _phase(tmp_path, "post.nii.gz", 2)

    with pytest.raises(InputError, match=r"holds 2 files without \(post.*give --phase FILE"):
        read_exam(tmp_path)


def test_phase_files_are_found_from_the_exam_folder(tmp_path: Path) -> None:
    _phase(tmp_path, "pre.nii.gz", 1)

    exam = read_exam(tmp_path, phases=[("pre.nii.gz", 0.0)])
    assert exam.dynamic is not None
    with pytest.raises(InputError, match=r"post\.nii\.gz is not"):
        read_exam(tmp_path, phases=[("post.nii.gz", 0.0)])


def test_an_input_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this path does not exist"):
        read_exam(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["pre.nii.gz", "pre.nii.gz:", "pre.nii.gz:early"])
def test_a_phase_without_seconds_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="SOURCE:SECONDS"):
        parse_phase(text)


def test_the_last_colon_of_a_phase_separates_the_seconds() -> None:
    assert ("C:/exam/pre.nii.gz", -12.5) == parse_phase("C:/exam/pre.nii.gz:-12.5")

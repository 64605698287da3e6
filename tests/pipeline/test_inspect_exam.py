from pathlib import Path

import nibabel as nib
import numpy as np

from mamri.pipeline.inspect_exam import inspect_exam


def _nifti_phases(folder: Path) -> list[tuple[str, float]]:
    phases = []
    for name, seconds in (("pre", -20.0), ("post", 90.0)):
        nib.save(
            nib.Nifti1Image(np.ones((4, 5, 3), np.int16), np.diag([1, 1, 2, 1])),
            folder / f"{name}.nii.gz",
        )
        phases.append((str(folder / f"{name}.nii.gz"), seconds))
    return phases


def test_nifti_phases_are_listed_with_roles_and_times(tmp_path: Path) -> None:
    document = inspect_exam(None, phases=_nifti_phases(tmp_path))

    assert ["t1_pre", "dynamic"] == [row["role"] for row in document["series"]]
    assert [-20.0, 90.0] == [row["time_s"] for row in document["phases"]]
    assert document["refusal"] is None


def test_a_dicom_exam_is_explained_without_reading_pixels(shared_data: Path) -> None:
    document = inspect_exam(shared_data / "duke_001_pre_dicom")

    (row,) = [row for row in document["series"] if row["used"]]
    assert "t1_pre" == row["role"]
    assert row["reason"]
    assert [160, 448, 448] == row["shape"]
    assert 1 == len(document["phases"])

"""Label images are read as they are; what is none is refused with the reason."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.io.lesion_outlines import read_lesion_outlines
from mamri.records import DicomError, InputError

LABELS = np.zeros((6, 7, 8), np.uint8)
LABELS[1:3, 2:4, 3:5] = 1
LABELS[4, 5, 6] = 7


def _file(folder: Path, array: np.ndarray, name: str = "outlines.nii.gz") -> Path:
    path = folder / name
    nib.save(nib.nifti1.Nifti1Image(array, np.diag([2.0, 2.0, 3.0, 1.0])), path)
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_labels_keep_their_numbers_and_places(tmp_path: Path, dtype: type) -> None:
    read = read_lesion_outlines(_file(tmp_path, LABELS.astype(dtype)))

    assert {0, 1, 7} == set(np.unique(read.array))
    assert np.count_nonzero(read.array == 1) == 8
    place = np.argwhere(read.array == 7)[0]
    x, y, z, _ = read.affine @ np.append(place, 1)
    assert (-8.0, -10.0, 18.0) == (x, y, z)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 4), np.uint8), "outlines no lesion"),
        (np.full((4, 4, 4), 0.5, np.float32), "fractions"),
        (np.full((4, 4, 4), -1, np.int16), "whole numbers from 0"),
        (np.full((4, 4, 4), 70000, np.int32), "whole numbers from 0"),
        (np.full((4, 4, 4), np.nan, np.float32), "whole numbers from 0"),
        (np.ones((4, 4, 4, 2), np.uint8), "one three-dimensional image"),
    ],
)
def test_what_is_no_label_image_is_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_lesion_outlines(_file(tmp_path, array))


def test_what_is_no_file_or_no_segmentation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seg.dcm"
    path.write_bytes(b"DICM")
    with pytest.raises(DicomError, match="cannot be read"):
        read_lesion_outlines(path)
    with pytest.raises(InputError, match="check its name"):
        read_lesion_outlines(tmp_path / "nothing.nii.gz")

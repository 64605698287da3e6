"""Label images to compare are paired by name and must lie on one grid."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.io.mask_pairs import MaskPair, find_mask_pairs, read_mask_pair
from mamri.records import GeometryError, InputError

RAS = np.diag([0.8, 0.8, 2.0, 1.0])


def _write(path: Path, array: np.ndarray, affine: np.ndarray = RAS) -> Path:
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(array.astype(np.uint8), affine), path)
    return path


@pytest.fixture
def mask() -> np.ndarray:
    array = np.zeros((6, 5, 4), np.uint8)
    array[1:3, 2, 1:4] = 2
    return array


def test_files_of_two_folders_are_paired_by_name(tmp_path: Path, mask: np.ndarray) -> None:
    for name in ("b.nii.gz", "a.nii"):
        _write(tmp_path / "truth" / name, mask)
    _write(tmp_path / "found" / "b.nii", mask)
    _write(tmp_path / "found" / "a.nii.gz", mask)

    pairs = find_mask_pairs(tmp_path / "truth", tmp_path / "found")

    assert ("a", "b") == tuple(pair.case for pair in pairs)
    assert ("a.nii", "a.nii.gz") == (pairs[0].truth.name, pairs[0].predicted.name)


def test_two_files_are_one_case(tmp_path: Path, mask: np.ndarray) -> None:
    first, second = (_write(tmp_path / f"{name}.nii.gz", mask) for name in ("one", "two"))

    assert (MaskPair("one", first, second),) == find_mask_pairs(first, second)


def test_the_same_grid_along_other_axes_is_brought_together(
    tmp_path: Path, mask: np.ndarray
) -> None:
    image = nib.Nifti1Image(mask, RAS)
    turned = image.as_reoriented(nib.orientations.axcodes2ornt("PIR"))
    first = _write(tmp_path / "one.nii.gz", mask)
    nib.save(turned, tmp_path / "two.nii.gz")

    truth, found = read_mask_pair(MaskPair("a", first, tmp_path / "two.nii.gz"))

    assert np.array_equal(truth.array, found.array)
    assert np.count_nonzero(truth.array == 2) == np.count_nonzero(mask)


def test_an_empty_mask_is_read(tmp_path: Path, mask: np.ndarray) -> None:
    first = _write(tmp_path / "one.nii.gz", mask)
    second = _write(tmp_path / "two.nii.gz", np.zeros_like(mask))

    _, found = read_mask_pair(MaskPair("a", first, second))

    assert not found.array.any()


def test_one_slice_and_one_volume_of_a_series_are_read(tmp_path: Path, mask: np.ndarray) -> None:
    slice_ = _write(tmp_path / "slice.nii.gz", mask[:, :, 1:2])
    series = _write(tmp_path / "series.nii.gz", mask[..., None])

    (one, _), (all_, _) = (read_mask_pair(MaskPair("a", p, p)) for p in (slice_, series))

    assert (1, 5, 6) == one.array.shape
    assert np.count_nonzero(one.array) == np.count_nonzero(mask[:, :, 1])
    assert (4, 5, 6) == all_.array.shape


@pytest.mark.parametrize("change", ["shape", "place"])
def test_another_grid_is_refused(tmp_path: Path, mask: np.ndarray, change: str) -> None:
    moved = RAS.copy()
    moved[0, 3] = 0.5 if change == "place" else 0
    first = _write(tmp_path / "one.nii.gz", mask)
    second = _write(tmp_path / "two.nii.gz", mask[1:] if change == "shape" else mask, moved)

    with pytest.raises(GeometryError, match="must lie on one grid, those of a have shapes"):
        read_mask_pair(MaskPair("a", first, second))


def test_cases_of_one_folder_alone_are_refused_with_three_names(
    tmp_path: Path, mask: np.ndarray
) -> None:
    for n in range(5):
        _write(tmp_path / "truth" / f"{n}.nii.gz", mask)
    _write(tmp_path / "found" / "0.nii.gz", mask)

    with pytest.raises(InputError, match=r"4 of 5 \(1, 2, 3, \.\.\.\) have no prediction"):
        find_mask_pairs(tmp_path / "truth", tmp_path / "found")
    with pytest.raises(InputError, match=r"4 of 5 \(1, 2, 3, \.\.\.\) have no truth"):
        find_mask_pairs(tmp_path / "found", tmp_path / "truth")


def test_what_holds_no_masks_is_refused(tmp_path: Path, mask: np.ndarray) -> None:
    (tmp_path / "truth").mkdir()
    with pytest.raises(InputError, match="holds no file that ends in"):
        find_mask_pairs(tmp_path / "truth", tmp_path / "truth")
    with pytest.raises(InputError, match="two folders of label images"):
        find_mask_pairs(tmp_path / "truth", tmp_path / "nowhere")
    _write(tmp_path / "truth" / "a.nii", mask)
    _write(tmp_path / "truth" / "a.nii.gz", mask)
    with pytest.raises(InputError, match="each case must have one file"):
        find_mask_pairs(tmp_path / "truth", tmp_path / "truth")

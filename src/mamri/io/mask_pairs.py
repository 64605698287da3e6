"""Pairs of label images to compare: the truth, and what was found, by the names of their files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamri.geometry.orientation import anatomical_orientation
from mamri.io.lesion_outlines import read_label_image
from mamri.records import GeometryError, InputError, LabelMap

_SUFFIXES = (".nii.gz", ".nii", ".dcm")
_NAMED = 3  # files that a message names
# Two affines place every corner of a grid alike within this, in mm: NIfTI keeps single precision.
_TOLERANCE_MM = 0.05


@dataclass(frozen=True, slots=True)
class MaskPair:
    """Files of one case."""

    case: str
    truth: Path
    predicted: Path


def find_mask_pairs(truth: Path, predicted: Path) -> tuple[MaskPair, ...]:
    """Pair label images of two folders by name, or two files.

    Parameters
    ----------
    truth, predicted : Path
        Folders of ``.nii.gz``, ``.nii`` or ``.dcm`` (DICOM Segmentation), a file a case, named
        alike in both; or one file each.

    Returns
    -------
    tuple of MaskPair
        By name.

    Raises
    ------
    InputError
        If there is none, or a case is in one folder alone.
    """
    if truth.is_file() and predicted.is_file():
        return (MaskPair(_case(truth), truth, predicted),)
    for folder in (truth, predicted):
        if not folder.is_dir():
            raise InputError(
                "two folders of label images, or two files, were needed, "
                f"{folder.name or folder} is none of them; check both paths"
            )
    true_files, found_files = _by_case(truth), _by_case(predicted)
    if not true_files:
        raise InputError(
            f"label images were needed, {truth.name} holds no file that ends in "
            f"{', '.join(_SUFFIXES)}; give the folder with the masks"
        )
    for own, other, words in (
        (
            true_files,
            found_files,
            "have no prediction; write an empty mask where nothing was found",
        ),
        (found_files, true_files, "have no truth; name files alike in both folders"),
    ):
        alone = sorted(set(own) - set(other))
        if alone:
            named = ", ".join(alone[:_NAMED]) + (", ..." if len(alone) > _NAMED else "")
            raise InputError(
                f"every case was needed in both folders, {len(alone)} of {len(own)} ({named}) "
                f"{words}"
            )
    return tuple(MaskPair(name, true_files[name], found_files[name]) for name in sorted(true_files))


def read_mask_pair(pair: MaskPair) -> tuple[LabelMap, LabelMap]:
    """Read both label images of a case in anatomical order.

    Parameters
    ----------
    pair : MaskPair

    Returns
    -------
    truth, predicted : LabelMap
        On the same grid: files may store it along other axes.

    Raises
    ------
    InputError
        If a file cannot be read.
    GeometryError
        If the grids differ, for resampling would change the measures.
    """
    truth, predicted = (_anatomical(read_label_image(p)) for p in (pair.truth, pair.predicted))
    corners = np.array(
        [(s, r, c, 1) for s in (0, 1) for r in (0, 1) for c in (0, 1)], np.float64
    ) * [*truth.array.shape, 1]
    apart = np.abs((truth.affine - predicted.affine) @ corners.T).max()
    if truth.array.shape != predicted.array.shape or apart > _TOLERANCE_MM:
        raise GeometryError(
            f"both masks of a case must lie on one grid, those of {pair.case} have shapes "
            f"{truth.array.shape} and {predicted.array.shape} and corners up to {apart:.3g} mm "
            "apart; resample the prediction onto the grid of the truth, nearest neighbour"
        )
    return truth, predicted


def _by_case(folder: Path) -> dict[str, Path]:
    files = [p for p in folder.iterdir() if p.is_file() and p.name.lower().endswith(_SUFFIXES)]
    found = {_case(path): path for path in files if not path.name.startswith(".")}
    if len(found) < len(files):
        raise InputError(
            f"each case must have one file, {folder.name} has two of the same name with other "
            "endings; keep one"
        )
    return found


def _case(path: Path) -> str:
    for suffix in _SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def _anatomical(labels: LabelMap) -> LabelMap:
    orientation = anatomical_orientation(labels.affine)
    return LabelMap(
        orientation.apply(labels.array),
        orientation.apply_affine(labels.affine, labels.array.shape),
    )

"""A DICOM Segmentation object as labels on a grid of its own.

Of an object's frames each is one slice of one segment; where it lies stands in its functional
groups. The grid is put together from these, so slices that hold nothing may be missing.
"""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence
from pydicom.uid import SegmentationStorage

from mamri.records import DicomError, GeometryError, LabelMap

# A larger file is no outline of lesions, MB; nor is a larger grid, voxels (assumptions).
_MAX_MB, _MAX_VOXELS = 512, 2**28
# Slices may lie so far from their place, as a share of their distance (assumption).
_UNEVEN = 0.1
_SHARE = 0.5  # of the largest value, from which a voxel of a fractional segment belongs to it


def read_dicom_segmentation(path: Path) -> LabelMap:
    """Read the segments of a DICOM Segmentation object.

    Parameters
    ----------
    path : Path

    Returns
    -------
    LabelMap
        Value = segment number; axes (slice, row, column) as stored.

    Raises
    ------
    DicomError
        If the file is no segmentation, or lacks what places its frames.
    GeometryError
        If its slices are uneven or not parallel, or segments overlap.
    """
    if path.stat().st_size > _MAX_MB * 2**20:
        raise DicomError(
            f"a segmentation of at most {_MAX_MB} MB was needed, {path.name} is larger; give one "
            "that holds the lesions alone"
        )
    try:
        data = pydicom.dcmread(path)
        if data.get("SOPClassUID") != SegmentationStorage:
            raise DicomError(
                f"a DICOM Segmentation object was needed, {path.name} is another kind; "
                "give the segmentation of this exam"
            )
        return _labels(data, path.name)
    except (DicomError, GeometryError):
        raise
    except (InvalidDicomError, AttributeError, KeyError, IndexError, ValueError, TypeError) as e:
        raise DicomError(
            f"a whole DICOM Segmentation object was needed, {path.name} cannot be read "
            f"({type(e).__name__}); export it again"
        ) from e


def _labels(data: Dataset, name: str) -> LabelMap:
    shared = data.SharedFunctionalGroupsSequence[0]
    frames = data.PerFrameFunctionalGroupsSequence
    pixels = np.asarray(data.pixel_array)
    pixels = pixels[None] if pixels.ndim == 2 else pixels
    if len(frames) != len(pixels):
        raise DicomError(
            f"each frame needs its place, {name} has {len(pixels)} frames and {len(frames)} "
            "places; export it again"
        )
    measures = _group(shared, frames[0], "PixelMeasuresSequence")
    along_row, along_column = _directions(shared, frames, name)
    normal = np.cross(along_row, along_column)
    places = np.array([f.PlanePositionSequence[0].ImagePositionPatient for f in frames], np.float64)
    depth = places @ normal
    spacing = _slice_spacing(depth, measures, name)
    number = np.rint((depth - depth.min()) / spacing).astype(int)
    shape = (int(number.max()) + 1, *pixels.shape[1:])
    if np.prod(shape, dtype=np.int64) > _MAX_VOXELS:
        raise GeometryError(
            f"a segmentation must have at most {_MAX_VOXELS} voxels, {name} has {shape}; "
            "give one on the grid of the exam"
        )
    top = float(data.get("MaximumFractionalValue", 1)) if data.SegmentationType != "BINARY" else 1.0
    labels = np.zeros(shape, np.uint16)
    for frame, image, slice_number in zip(frames, pixels, number, strict=True):
        segment = int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        inside = image >= _SHARE * top
        plane = labels[slice_number]
        if np.any((plane[inside] > 0) & (plane[inside] != segment)):
            raise GeometryError(
                f"segments must not overlap, those of {name} do; give one segmentation a lesion"
            )
        plane[inside] = segment
    affine = np.eye(4)
    row_mm, column_mm = (float(v) for v in measures.PixelSpacing)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (
        spacing * normal, row_mm * along_column, column_mm * along_row,
    )  # fmt: skip
    affine[:3, 3] = places[int(np.argmin(depth))]
    return LabelMap(labels, affine)


def _group(shared: Dataset, frame: Dataset, name: str) -> Dataset:
    """First item of a functional group, of all frames or of one."""
    return (shared if name in shared else frame)[name].value[0]


def _directions(shared: Dataset, frames: Sequence, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along rows and columns, the same in all frames."""
    found = {
        tuple(round(float(v), 4) for v in _group(shared, f, "PlaneOrientationSequence")
              .ImageOrientationPatient)
        for f in frames
    }  # fmt: skip
    if len(found) != 1:
        raise GeometryError(
            f"frames must be parallel, those of {name} have {len(found)} orientations; "
            "give one stack of slices"
        )
    exact = np.array(
        _group(shared, frames[0], "PlaneOrientationSequence").ImageOrientationPatient, np.float64
    )
    return exact[:3], exact[3:]


def _slice_spacing(depth: np.ndarray, measures: Dataset, name: str) -> float:
    """Distance of the slices, from their places; as stated where there is one slice."""
    steps = np.diff(np.unique(np.round(depth, 3)))
    stated = float(measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 0.0)
    if not steps.size:
        if stated <= 0:
            raise GeometryError(
                f"a single slice needs a stated thickness, {name} states none; export it again"
            )
        return stated
    spacing = float(steps.min())
    if stated > 0 and abs(spacing / stated - round(spacing / stated)) < _UNEVEN:
        spacing = stated  # slices between may hold nothing
    away = (depth - depth.min()) / spacing
    if np.abs(away - np.rint(away)).max() > _UNEVEN:
        raise GeometryError(
            f"slices must be evenly spaced, those of {name} are not; resample the segmentation"
        )
    return spacing

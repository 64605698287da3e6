"""Segmentation objects as others write them: frames by segment, empty slices left out."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, SegmentationStorage, generate_uid

from mamri.io.dicom_segmentation import read_dicom_segmentation
from mamri.io.lesion_outlines import read_lesion_outlines
from mamri.records import DicomError, GeometryError

# Sagittal slices 3 mm apart, rows 1 mm, columns 2 mm.
ROW, COLUMN = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])
NORMAL = np.cross(ROW, COLUMN)
ORIGIN = np.array([10.0, -40.0, 60.0])
Frame = tuple[int, int, np.ndarray]  # slice, segment, image


def _item(**values: object) -> Sequence:
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return Sequence([item])


def _written(
    folder: Path, frames: list[Frame], *, fractional: bool = False, **changes: object
) -> Path:
    images = np.stack([image for _, _, image in frames])
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = SegmentationStorage, generate_uid()
    data.SegmentationType = "FRACTIONAL" if fractional else "BINARY"
    data.MaximumFractionalValue = 200
    data.NumberOfFrames, data.Rows, data.Columns = images.shape
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = (
        1,
        "MONOCHROME2",
        0,
    )
    bits = 8 if fractional else 1
    data.BitsAllocated = data.BitsStored = bits
    data.HighBit = bits - 1
    shared = Dataset()
    shared.PixelMeasuresSequence = _item(PixelSpacing=[1.0, 2.0], SpacingBetweenSlices=3.0)
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=[*ROW, *COLUMN])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    places = []
    for number, segment, _ in frames:
        place = Dataset()
        position = ORIGIN + 3.0 * number * NORMAL
        place.PlanePositionSequence = _item(ImagePositionPatient=position.tolist())
        place.SegmentIdentificationSequence = _item(ReferencedSegmentNumber=segment)
        places.append(place)
    data.PerFrameFunctionalGroupsSequence = Sequence(places)
    data.PixelData = images.astype(np.uint8).tobytes() if fractional else pack_bits(images)
    for name, value in changes.items():
        setattr(data, name, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    path = folder / "seg.dcm"
    data.save_as(path, enforce_file_format=True)
    return path


def _image(*voxels: tuple[int, int], value: int = 1) -> np.ndarray:
    image = np.zeros((5, 7), np.uint8)
    for row, column in voxels:
        image[row, column] = value
    return image


def test_segments_come_to_their_places_with_empty_slices_left_out(tmp_path: Path) -> None:
    frames = [(5, 1, _image((1, 2))), (2, 1, _image((1, 2), (1, 3))), (5, 2, _image((4, 6)))]

    found = read_lesion_outlines(_written(tmp_path, frames))

    assert found.array.shape == (4, 5, 7)
    assert [[0, 1, 2, 1], [0, 1, 3, 1], [3, 1, 2, 1], [3, 4, 6, 2]] == [
        [*index, int(found.array[tuple(index)])] for index in np.argwhere(found.array).tolist()
    ]
    place = found.affine @ np.array([3, 4, 6, 1])
    np.testing.assert_allclose(
        ORIGIN + 3.0 * 5 * NORMAL + 6 * 2.0 * ROW + 4 * 1.0 * COLUMN, place[:3], atol=1e-9
    )


def test_a_fractional_segment_begins_at_one_half(tmp_path: Path) -> None:
    image = _image((1, 1), value=200) + _image((2, 2), value=100) + _image((3, 3), value=99)

    found = read_dicom_segmentation(_written(tmp_path, [(0, 1, image)], fractional=True))

    assert [[0, 1, 1], [0, 2, 2]] == np.argwhere(found.array).tolist()


def test_overlap_uneven_slices_and_other_objects_are_refused(tmp_path: Path) -> None:
    twice = [(0, 1, _image((1, 1))), (0, 2, _image((1, 1)))]
    with pytest.raises(GeometryError, match="must not overlap"):
        read_dicom_segmentation(_written(tmp_path, twice))
    uneven = [(0, 1, _image((1, 1))), (1, 1, _image((1, 1))), (2.4, 1, _image((1, 1)))]
    with pytest.raises(GeometryError, match="evenly spaced"):
        read_dicom_segmentation(_written(tmp_path, uneven))  # type: ignore[arg-type]
    with pytest.raises(DicomError, match="another kind"):
        read_dicom_segmentation(
            _written(tmp_path, [(0, 1, _image((1, 1)))], SOPClassUID=MRImageStorage)
        )


@pytest.mark.parametrize(
    "lost", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "PixelData"]
)
def test_a_segmentation_without_its_parts_is_refused(tmp_path: Path, lost: str) -> None:
    import pydicom

    path = _written(tmp_path, [(0, 1, _image((1, 1)))])
    data = pydicom.dcmread(path)
    delattr(data, lost)
    data.save_as(path)
    with pytest.raises(DicomError, match="cannot be read"):
        read_dicom_segmentation(path)

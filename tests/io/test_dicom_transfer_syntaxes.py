"""The same exam under every transfer syntax that is read gives the same voxels."""

from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from mamri.io.dicom_reader import read_dicom_exam

from .dicom_factory import Phase, voxel_values, write_series

PHASES = [Phase("100000"), Phase("100300")]
COMPRESSED = {
    "rle": gdcm.TransferSyntax.RLELossless,
    "jpeg lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "jpeg-ls": gdcm.TransferSyntax.JPEGLSLossless,
    "jpeg 2000": gdcm.TransferSyntax.JPEG2000Lossless,
}


def compress(path: Path, syntax: int) -> None:
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def assert_voxels_as_written(folder: Path) -> None:
    dynamic = read_dicom_exam(folder).dynamic
    assert dynamic is not None
    assert np.uint16 == dynamic.array.dtype
    for t in range(2):
        np.testing.assert_array_equal(voxel_values(t, 4, 12, 10), dynamic.array[t])


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_pixels_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    for path in write_series(tmp_path, PHASES):
        compress(path, COMPRESSED[name])
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_compressed
    assert_voxels_as_written(tmp_path)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_plain_pixels_come_back_in_either_byte_order(tmp_path: Path, syntax: str) -> None:
    for path in write_series(tmp_path, PHASES):
        dataset = pydicom.dcmread(path)
        values = dataset.pixel_array
        dataset.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            dataset["PixelData"].VR = "OW"
            dataset.PixelData = values.astype(">u2").tobytes()
        little = syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(
            path, dataset, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little,
            enforce_file_format=False,
        )  # fmt: skip
    assert_voxels_as_written(tmp_path)

"""DICOM objects as bytes: explicit VR little endian, element by element."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

IMPLEMENTATION_UID = UID("2.25.164861912303812570943310947331082531041")


@dataclass(frozen=True, slots=True, eq=False)
class EncodedObject:
    """One DICOM object, ready to be written.

    Parameters
    ----------
    sop_class, sop_instance : str
    elements : mapping of tag to bytes
        Encoded elements, in any order.
    """

    sop_class: str
    sop_instance: str
    elements: Mapping[int, bytes]

    def write(self, path: Path) -> None:
        """Write a DICOM file."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = UID(self.sop_class)
        meta.MediaStorageSOPInstanceUID = UID(self.sop_instance)
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.ImplementationClassUID = IMPLEMENTATION_UID
        head = _buffer()
        head.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(head, meta, enforce_standard=True)
        with path.open("wb") as stream:
            stream.write(head.getvalue())
            for tag in sorted(self.elements):
                stream.write(self.elements[tag])


def encode_elements(dataset: Dataset) -> dict[int, bytes]:
    """Each element of a dataset as bytes, by its tag."""
    encoded = {}
    for element in dataset:
        buffer = _buffer()
        write_data_element(buffer, element, ["utf8"])
        encoded[int(element.tag)] = buffer.getvalue()
    return encoded


def _buffer() -> DicomBytesIO:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    return buffer

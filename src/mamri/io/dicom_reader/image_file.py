"""Read the header of one DICOM file, and check that its pixels can be there.

Nothing is allocated for pixels here: what the header declares is compared with the bytes present.
"""

import os
import struct
from dataclasses import dataclass

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.elements import (
    Elements,
    MalformedHeaderError,
    MoreBytesNeededError,
    walk_elements,
)
from mamri.io.dicom_reader.input_files import InputFile
from mamri.io.dicom_reader.values import HeaderValues

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
# Compressed syntaxes that python-gdcm decodes: JPEG baseline, extended, lossless; JPEG-LS; J2K.
GDCM_SYNTAXES = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)
)
NATIVE_SYNTAXES = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG})

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = frozenset({"1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4"})
# Most headers end within the first chunk; longer ones (private blocks) need the next.
_CHUNKS = (16 * 1024, 256 * 1024, 4 * 1024**2)
# No MR slice is larger (assumption; the largest matrices in use are 1024 x 1024).
_MAX_SIDE = 8192


class FileRefusedError(Exception):
    """One file cannot be used; the rest of the input may be.

    Parameters
    ----------
    code : str
        Stable identifier, e.g. ``truncated``.
    why : str
        What is wrong, to follow "FILE ...", e.g. "is truncated".
    values : HeaderValues or None
        What could be read of the header.
    """

    def __init__(self, code: str, why: str, values: HeaderValues | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.values = values


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """One DICOM file whose header could be read.

    Parameters
    ----------
    file : InputFile
    syntax : str
        Transfer syntax UID.
    values : HeaderValues
    elements : Elements
    size : int, bytes
    has_executable_preamble : bool
        The 128 bytes before the DICOM mark begin like a program.
    """

    file: InputFile
    syntax: str
    values: HeaderValues
    elements: Elements
    size: int
    has_executable_preamble: bool

    @property
    def is_mr(self) -> bool:
        """Whether the file is an MR image by its class or modality."""
        sop_class = self.values.text(tags.SOP_CLASS_UID)
        return (
            sop_class == MR_IMAGE
            or sop_class in ENHANCED_MR
            or (self.values.text(tags.MODALITY) == "MR" and self.elements.pixel_tag is not None)
        )

    @property
    def is_enhanced(self) -> bool:
        """Whether the file is an Enhanced (multi-frame) MR image."""
        return self.values.text(tags.SOP_CLASS_UID) in ENHANCED_MR


def read_header(file: InputFile) -> ImageFile:
    """Read one header up to the pixel data.

    Raises
    ------
    FileRefusedError
        Code ``not_dicom`` for anything without a DICOM mark; otherwise what is wrong with it.
    """
    try:
        descriptor = os.open(file.path, os.O_RDONLY)
    except OSError as error:
        raise FileRefusedError("unreadable", f"cannot be opened ({type(error).__name__})") from None
    try:
        size = os.fstat(descriptor).st_size
        if size == 0:
            raise FileRefusedError("not_dicom", "is empty")
        data = os.read(descriptor, _CHUNKS[0])
        if data[128:132] != b"DICM":
            raise FileRefusedError("not_dicom", "is not DICOM (no DICM mark)")
        for chunk in (*_CHUNKS[1:], size):
            try:
                return _parse(file, data, size)
            except MoreBytesNeededError:
                data = os.pread(descriptor, min(chunk, size), 0)
        return _parse(file, data, size)
    except OSError as error:
        raise FileRefusedError("unreadable", f"cannot be read ({type(error).__name__})") from None
    finally:
        os.close(descriptor)


def _parse(file: InputFile, data: bytes, size: int) -> ImageFile:
    syntax, start = _file_meta(data)
    if not syntax:
        raise FileRefusedError("no_transfer_syntax", "has no TransferSyntaxUID (0002,0010)")
    if syntax == DEFLATED:
        raise FileRefusedError(
            "deflated", "is written in the deflated transfer syntax, which is not accepted"
        )
    little = syntax != EXPLICIT_BIG
    try:
        elements = walk_elements(
            data,
            start,
            explicit=syntax != IMPLICIT_LITTLE,
            little=little,
            wanted=tags.WANTED,
            whole_file=len(data) >= size,
        )
    except MalformedHeaderError as error:
        raise FileRefusedError("malformed", f"has a malformed header: {error}") from None
    values = HeaderValues(elements.values, little)
    for tag, name in (
        (tags.SOP_INSTANCE_UID, "SOPInstanceUID (0008,0018)"),
        (tags.STUDY_INSTANCE_UID, "StudyInstanceUID (0020,000D)"),
        (tags.SERIES_INSTANCE_UID, "SeriesInstanceUID (0020,000E)"),
    ):
        if not values.text(tag):
            raise FileRefusedError("missing_uid", f"has no {name}", values)
    is_program = data[:2] == b"MZ" or data[:4] == b"\x7fELF" or data[:2] == b"#!"
    return ImageFile(file, syntax, values, elements, size, is_program)


def _file_meta(data: bytes) -> tuple[str, int]:
    """Transfer syntax and index of the first element after the file meta information."""
    syntax, position = "", 132
    while position + 12 <= len(data):
        group, element, vr, length = struct.unpack_from("<HH2sH", data, position)
        if group != 2:
            break
        begin = position + 8
        if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ"):
            length, begin = struct.unpack_from("<I", data, position + 8)[0], position + 12
        if element == 0x0010:
            syntax = data[begin : begin + length].decode("ascii", "replace").strip(" \0")
        position = begin + length
    return syntax, position


def check_pixels(image: ImageFile) -> None:
    """Check that declared image size, pixel format and bytes present agree.

    Raises
    ------
    FileRefusedError
        If they do not, or if the pixels are of a kind that is not read.
    """
    values, elements = image.values, image.elements

    def refuse(code: str, why: str) -> FileRefusedError:
        return FileRefusedError(code, why, values)

    if elements.pixel_tag is None:
        raise refuse("no_pixel_data", "has no pixel data")
    rows, columns = values.integer(tags.ROWS), values.integer(tags.COLUMNS)
    if not rows or not columns:
        raise refuse("no_matrix", "has no Rows (0028,0010) or Columns (0028,0011) above 0")
    if elements.pixel_tag != tags.PIXEL_DATA:
        raise refuse("pixel_format", "holds floating-point pixels, not MR image values")
    bits = values.integer(tags.BITS_ALLOCATED)
    if bits not in (8, 16, 32):
        raise refuse("pixel_format", f"has {bits} bits allocated (8, 16 or 32 are read)")
    frames = values.integer(tags.NUMBER_OF_FRAMES) or 1
    samples = values.integer(tags.SAMPLES_PER_PIXEL) or 1
    needed = rows * columns * samples * frames * bits // 8
    present = image.size - elements.pixel_offset
    if image.syntax in NATIVE_SYNTAXES:
        length = elements.pixel_length
        if length is None or length < needed:
            raise refuse(
                "size_mismatch",
                f"declares {columns} x {rows} pixels x {frames} frames = {needed} bytes "
                f"but its pixel data has {length}",
            )
        if present < length:
            raise refuse(
                "truncated", f"is truncated: {present} of {length} bytes of pixel data are there"
            )
        return
    if image.syntax != RLE and image.syntax not in GDCM_SYNTAXES:
        raise refuse("syntax", f"is compressed in a way that is not read ({image.syntax})")
    if elements.pixel_length is not None:
        raise refuse(
            "size_mismatch", "declares compression, but its pixel data is not in fragments"
        )
    if max(rows, columns) > _MAX_SIDE:
        raise refuse("size_mismatch", f"declares an implausible matrix of {columns} x {rows}")

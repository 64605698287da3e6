"""Pixels of planned frames, straight from the files into one array.

Native pixels are read into place without a copy; compressed ones are decoded one file at a time by
GDCM (JPEG, JPEG-LS, JPEG 2000) or pydicom (RLE).
"""

import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pydicom
from pydicom.pixels.decoders.base import get_decoder

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.frames import Frame
from mamri.io.dicom_reader.image_file import EXPLICIT_BIG, NATIVE_SYNTAXES, RLE
from mamri.records import DicomError

_THREADS = 4


def read_volumes(volumes: Sequence[Sequence[Frame]]) -> np.ndarray:
    """Signal of frames.

    Parameters
    ----------
    volumes : sequence (T) of sequence (S) of Frame
        All of one matrix.

    Returns
    -------
    (T, S, R, C) int16, uint16 or float32, a.u.
        Integers where no frame is rescaled, else float32 with slope and intercept applied frame by
        frame.

    Raises
    ------
    DicomError
        If a file cannot be decoded, naming it.
    """
    frames = [frame for volume in volumes for frame in volume]
    first = frames[0].values
    rows, columns = first.integer(tags.ROWS) or 0, first.integer(tags.COLUMNS) or 0
    stored = {_stored_dtype(frame) for frame in frames}
    rescaled = any(frame.rescale != (1.0, 0.0) for frame in frames)
    small = stored <= {np.dtype(np.int16), np.dtype(np.uint16), np.dtype(np.uint8)}
    plain = not rescaled and len(stored) == 1 and small
    dtype = stored.copy().pop() if plain else np.dtype(np.float32)
    array = np.empty((len(volumes), len(volumes[0]), rows, columns), dtype)
    targets = array.reshape(len(frames), rows, columns)
    cache = _DecodedFiles()

    def read(job: tuple[int, Frame]) -> None:
        index, frame = job
        pixels = cache.decoded(frame) if frame.image.syntax not in NATIVE_SYNTAXES else None
        if plain and pixels is None and frame.image.syntax != EXPLICIT_BIG:
            _read_into(frame, targets[index])
            return
        values = _native(frame) if pixels is None else pixels[frame.index]
        slope, intercept = frame.rescale
        targets[index] = values if plain else values * np.float32(slope) + np.float32(intercept)

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(read, enumerate(frames)):
            pass
    return array


def _stored_dtype(frame: Frame) -> np.dtype:
    bits = frame.values.integer(tags.BITS_ALLOCATED) or 16
    kind = "i" if frame.values.integer(tags.PIXEL_REPRESENTATION) == 1 else "u"
    return np.dtype(f"{kind}{bits // 8}")


def _frame_bytes(frame: Frame) -> int:
    values = frame.values
    rows, columns = values.integer(tags.ROWS) or 0, values.integer(tags.COLUMNS) or 0
    return rows * columns * _stored_dtype(frame).itemsize


def _read_into(frame: Frame, target: np.ndarray) -> None:
    """Read native little-endian pixels into their place."""
    with open(frame.image.file.path, "rb", buffering=0) as stream:
        stream.seek(frame.image.elements.pixel_offset + frame.index * _frame_bytes(frame))
        if stream.readinto(target.data.cast("B")) != target.nbytes:
            raise _undecodable(frame)


def _native(frame: Frame) -> np.ndarray:
    dtype = _stored_dtype(frame).newbyteorder(">" if frame.image.syntax == EXPLICIT_BIG else "<")
    offset = frame.image.elements.pixel_offset + frame.index * _frame_bytes(frame)
    values = frame.values
    rows, columns = values.integer(tags.ROWS) or 0, values.integer(tags.COLUMNS) or 0
    pixels = np.fromfile(frame.image.file.path, dtype, rows * columns, offset=offset)
    if pixels.size != rows * columns:
        raise _undecodable(frame)
    return pixels.reshape(rows, columns).astype(np.float32)


def _undecodable(frame: Frame, why: str = "is truncated") -> DicomError:
    return DicomError(
        f"the pixels of every image were needed, but {frame.name} {why}; "
        "export the exam again from its source"
    )


class _DecodedFiles:
    """Frames of the compressed file at hand; the last one is kept for its other frames."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path = ""
        self._frames: np.ndarray = np.empty(0)

    def decoded(self, frame: Frame) -> np.ndarray:
        """All frames of the file of a frame, (F, R, C)."""
        with self._lock:
            if frame.image.file.path != self._path:
                self._frames = _decode(frame)
                self._path = frame.image.file.path
            return self._frames


def _decode(frame: Frame) -> np.ndarray:
    plugin = "pydicom" if frame.image.syntax == RLE else "gdcm"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings repeat header values
            dataset = pydicom.dcmread(frame.image.file.path)
            decoder = get_decoder(frame.image.syntax)
            pixels, _ = decoder.as_array(dataset, raw=True, decoding_plugin=plugin)
    except Exception as error:  # any decoder's error on a bad file ends here
        raise _undecodable(frame, f"cannot be decoded ({type(error).__name__})") from None
    pixels = pixels if pixels.ndim == 3 else pixels[None]
    values = frame.values
    if pixels.shape[1:] != (values.integer(tags.ROWS), values.integer(tags.COLUMNS)):
        raise _undecodable(frame, "decodes to another matrix than it declares")
    return np.asarray(pixels)

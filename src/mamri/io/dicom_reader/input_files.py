"""Find the files of an examination: a folder, a zip archive or one file."""

import contextlib
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from mamri.records import DicomError

# Limits of one archive or folder. An examination of 3000 slices of 512x512 is about 1.6 GB, packed
# perhaps threefold; the limits leave an order of magnitude (assumption).
MAX_FILES = 200_000
MAX_UNPACKED_BYTES = 20 * 1024**3
MAX_RATIO = 200.0
_COPY_BYTES = 1024 * 1024
_IGNORED_NAMES = frozenset({"dicomdir", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of the input.

    Parameters
    ----------
    path : str
        Where it can be opened now (a temporary place for a zip member).
    name : str
        Its name relative to the input, with forward slashes, for messages.
    """

    path: str
    name: str


@contextlib.contextmanager
def open_input(path: Path) -> Iterator[tuple[InputFile, ...]]:
    """Files of the input, in order of name; zip members live until the context is left.

    Directory indexes and hidden files are left out; links to folders are not followed.

    Raises
    ------
    DicomError
        If the input does not exist, holds no file, or is an archive that is unsafe to unpack.
    """
    path = Path(path)
    if path.is_dir():
        files = tuple(_folder_files(path))
    elif path.is_file() and zipfile.is_zipfile(path) and not _has_dicom_mark(path):
        with tempfile.TemporaryDirectory(prefix="mamri-") as folder:
            yield _required(_unpack(path, Path(folder)), path)
        return
    elif path.is_file():
        files = (InputFile(str(path), path.name),)
    else:
        raise DicomError(
            f"a folder, a zip archive or a DICOM file is needed, but there is none at {path}; "
            "check the path"
        )
    yield _required(files, path)


def _required(files: tuple[InputFile, ...], path: Path) -> tuple[InputFile, ...]:
    if not files:
        raise DicomError(
            f"DICOM files are needed, but {path.name} holds no files; "
            "give the folder that contains the images"
        )
    return files


def _has_dicom_mark(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _IGNORED_NAMES


def _folder_files(root: Path) -> list[InputFile]:
    found: list[InputFile] = []
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not _is_ignored(name))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not _is_ignored(name) and stat.S_ISREG(_mode(path)):
                found.append(InputFile(path, os.path.relpath(path, root).replace(os.sep, "/")))
        if len(found) > MAX_FILES:
            raise DicomError(
                f"at most {MAX_FILES} files can be one examination, {root.name} holds more; "
                "give the folder of one examination"
            )
    return found


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:  # a broken link, or gone meanwhile
        return 0


def _unpack(archive: Path, folder: Path) -> tuple[InputFile, ...]:
    """Unpack a zip archive under numbers as names, after checking every member."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [
                member
                for member in opened.infolist()
                if not member.is_dir() and not _is_ignored(PurePosixPath(member.filename).name)
            ]
            _check_members(members, archive)
            files = []
            for number, member in enumerate(members):
                target = folder / f"{number:06d}"
                with opened.open(member) as source, target.open("wb") as sink:
                    _copy_bounded(source, sink, member.file_size)
                files.append(InputFile(str(target), member.filename))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise DicomError(
            f"a readable zip archive is needed, but {archive.name} cannot be unpacked "
            f"({type(error).__name__}); unpack it yourself and give the folder"
        ) from None
    return tuple(sorted(files, key=lambda file: file.name))


def _check_members(members: list[zipfile.ZipInfo], archive: Path) -> None:
    problem = ""
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_FILES:
        problem = f"has {len(members)} members (at most {MAX_FILES})"
    elif unpacked > MAX_UNPACKED_BYTES:
        problem = f"unpacks to {unpacked} bytes (at most {MAX_UNPACKED_BYTES})"
    elif unpacked > MAX_RATIO * max(packed, 1):
        problem = (
            f"grows {unpacked / max(packed, 1):.0f} times in unpacking (at most {MAX_RATIO:.0f})"
        )
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or name.parts[0].endswith(":"):
            problem = "has a member whose name leaves the archive"
        elif stat.S_ISLNK(member.external_attr >> 16):
            problem = "has a member that is a symbolic link"
        elif member.flag_bits & 0x1:
            problem = "is encrypted"
    if problem:
        raise DicomError(
            f"a plain zip archive of one examination is needed, but {archive.name} {problem}; "
            "unpack it yourself and give the folder"
        )


def _copy_bounded(source: IO[bytes], sink: IO[bytes], limit: int) -> None:
    copied = 0
    while chunk := source.read(_COPY_BYTES):
        copied += len(chunk)
        if copied > limit:
            raise zipfile.BadZipFile("longer than declared")
        sink.write(chunk)

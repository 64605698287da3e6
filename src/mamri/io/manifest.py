"""Manifests of digests, in the format of ``sha256sum``."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

MANIFEST = "manifest.sha256"


def write_manifest(path: Path) -> None:
    """Write the digest of every file of a folder into ``manifest.sha256``.

    Parameters
    ----------
    path : Path
    """
    files = sorted(file for file in path.iterdir() if file.name != MANIFEST)
    lines = [f"{digest(file)}  {file.name}\n" for file in files]
    (path / MANIFEST).write_text("".join(lines), encoding="utf-8")


def read_manifest(path: Path, needed: Iterable[str] = ()) -> dict[str, str]:
    """File name to digest.

    Parameters
    ----------
    path : Path
    needed : iterable of str
        Files that it must name, for one that it does not name could be changed.

    Raises
    ------
    OSError, ValueError
        If it is missing, a name leads out of the folder, or a file is not named.
    """
    named = {}
    for line in (path / MANIFEST).read_text(encoding="utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        if name in ("", "..") or Path(name).name != name:
            raise ValueError(f"{MANIFEST} names a file outside of its folder")
        named[name] = sha256
    if lacking := sorted(set(needed) - set(named)):
        raise ValueError(f"{MANIFEST} does not name {', '.join(lacking)}")
    return named


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

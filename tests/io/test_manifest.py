"""Manifests: in the format of ``sha256sum``, over every file, and never out of the folder."""

import hashlib
import shutil
import subprocess

import pytest

from mamri.io.manifest import MANIFEST, digest, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b.bin").write_bytes(b"\x00\x01" * 5000)
    (tmp_path / "a name.txt").write_text("words")
    (tmp_path / "empty").write_bytes(b"")
    return tmp_path


def test_every_file_is_listed_with_its_digest(folder):
    write_manifest(folder)

    found = read_manifest(folder)

    assert ["a name.txt", "b.bin", "empty"] == list(found)
    for name, sha256 in found.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
        assert digest(folder / name) == sha256


def test_a_known_digest_is_found(tmp_path):
    """The one-block message of FIPS 180-2, appendix B.1."""
    (tmp_path / "x").write_bytes(b"abc")

    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" == digest(
        tmp_path / "x"
    )


def test_writing_again_gives_the_same_bytes(folder):
    write_manifest(folder)
    before = (folder / MANIFEST).read_bytes()

    write_manifest(folder)

    assert before == (folder / MANIFEST).read_bytes()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is of coreutils")
def test_sha256sum_agrees(folder):
    write_manifest(folder)
    check = ["sha256sum", "--check", "--strict", MANIFEST]

    assert 0 == subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode
    (folder / "b.bin").write_bytes(b"changed")
    assert 1 == subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "inner/x", "./x", "..", ".", ""])
def test_a_name_that_leads_elsewhere_is_refused(folder, name):
    (folder / MANIFEST).write_text(f"{'0' * 64}  {name}\n")

    with pytest.raises(ValueError, match="names a file outside of its folder"):
        read_manifest(folder)


def test_a_missing_manifest_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match=MANIFEST):
        read_manifest(tmp_path)


def test_a_file_that_is_needed_must_be_named(folder):
    write_manifest(folder)

    assert "empty" in read_manifest(folder, ("empty", "b.bin"))
    with pytest.raises(ValueError, match=r"does not name other\.bin, weights"):
        read_manifest(folder, ("weights", "empty", "other.bin"))

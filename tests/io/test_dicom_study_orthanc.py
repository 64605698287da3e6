"""A PACS takes written studies and gives them back: Orthanc on the loopback interface.

Orthanc is no Python package (Debian: ``apt-get install orthanc``); without it these tests skip.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from mamri.io.dicom_writer import write_dicom_study
from mamri.io.read_exam import read_exam
from mamri.io.scanner_habits import (
    GE_HABITS,
    PHILIPS_ENHANCED_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    SIEMENS_XA_HABITS,
    ScannerHabits,
)

from .study_factory import axial_fat_suppressed

_START_S = 20.0
pytestmark = pytest.mark.slow  # all together


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running, empty Orthanc."""
    # Debian installs it outside the search path of ordinary users.
    program = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed (Debian: apt-get install orthanc)")
    folder = tmp_path_factory.mktemp("orthanc")
    port = _free_port()
    settings = {
        "Name": "TEST",
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "Plugins": [], "HttpPort": port, "RemoteAccessAllowed": False, "HttpVerbose": False,
        "DicomServerEnabled": False, "AuthenticationEnabled": False, "SslEnabled": False,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=_START_S)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            _get(f"{address}/system")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Orthanc did not answer within {_START_S:.0f} s")


def _get(address: str, data: bytes | None = None) -> bytes:
    request = urllib.request.Request(address, data=data)
    with urllib.request.urlopen(request, timeout=_START_S) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize(
    "habits",
    [SIEMENS_HABITS, GE_HABITS, PHILIPS_HABITS, SIEMENS_XA_HABITS, PHILIPS_ENHANCED_HABITS],
    ids=["siemens", "ge", "philips", "siemens-xa", "philips-enhanced"],
)
def test_orthanc_stores_a_study_and_gives_it_back(
    orthanc: str, tmp_path: Path, habits: ScannerHabits
) -> None:
    uid = f"2.25.{100 + len(json.loads(_get(f'{orthanc}/studies')))}"
    paths = write_dicom_study(
        axial_fat_suppressed(), tmp_path / "in", habits, study_instance_uid=uid, patient_number=4
    )
    answers = [json.loads(_get(f"{orthanc}/instances", path.read_bytes())) for path in paths]
    assert {"Success"} == {answer["Status"] for answer in answers}
    (study,) = {answer["ParentStudy"] for answer in answers}
    held = json.loads(_get(f"{orthanc}/studies/{study}"))
    assert uid == held["MainDicomTags"]["StudyInstanceUID"]
    assert "SIM-4" == held["PatientMainDicomTags"]["PatientID"]
    assert len({path.parent for path in paths}) == len(held["Series"])

    back = tmp_path / "back"
    back.mkdir()
    for path, answer in zip(paths, answers, strict=True):
        stored = _get(f"{orthanc}/instances/{answer['ID']}/file")
        assert path.read_bytes() == stored
        (back / path.name).write_bytes(stored)
    dynamic, original = read_exam(back).dynamic, read_exam(tmp_path / "in").dynamic
    assert dynamic is not None
    assert original is not None
    assert original.times_s.tolist() == dynamic.times_s.tolist()
    assert original.array.tobytes() == dynamic.array.tobytes()


def test_orthanc_decodes_the_pixels(orthanc: str, tmp_path: Path) -> None:
    paths = write_dicom_study(
        axial_fat_suppressed(), tmp_path / "in", SIEMENS_XA_HABITS, study_instance_uid="2.25.88",
        patient_number=4,
    )  # fmt: skip
    path = next(p for p in paths if pydicom.dcmread(p).SeriesDescription == "ax dyn")
    answer = json.loads(_get(f"{orthanc}/instances", path.read_bytes()))
    frames = json.loads(_get(f"{orthanc}/instances/{answer['ID']}/frames"))
    assert len(frames) == pydicom.dcmread(path).NumberOfFrames
    image = _get(f"{orthanc}/instances/{answer['ID']}/frames/3/image-uint16")
    assert image.startswith(b"\x89PNG")

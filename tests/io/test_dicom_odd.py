"""Hostile files end in one sentence, in little time and memory; vendor series in what they are."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mamri.io.dicom_reader import catalogue, read_dicom_exam
from mamri.records import DicomError, SeriesRole

# Address space and processor time of the child that reads every hostile file: python with numpy,
# scipy and pydicom takes about half of it; the deflated file alone would inflate to 500 MB.
_MEMORY_BYTES = 2 * 1024**3
_SECONDS = 60

_READ_EACH = """
import json, resource, sys, time, tracemalloc
from pathlib import Path
from mamri.io.dicom_reader import read_dicom_exam
from mamri.records import MamriError
outcomes = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    tracemalloc.start()
    begun = time.perf_counter()
    try:
        exam = read_dicom_exam(path)
        said = "read " + " ".join(c.message for c in exam.caveats)
    except MamriError as error:
        said = f"refused {error}"
    outcomes[path.name] = (said, time.perf_counter() - begun, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
print(json.dumps(outcomes))
"""


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


@pytest.fixture(scope="module")
def outcomes(shared_data: Path) -> dict[str, tuple[str, float, int]]:
    """What reading each hostile file said, its seconds, and its peak of Python memory in bytes."""
    folder = shared_data / "dicom_odd" / "odd_mr"
    done = subprocess.run(
        [sys.executable, "-c", _READ_EACH, str(folder)],
        preexec_fn=_limit, capture_output=True, text=True, check=False,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": ""},
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    assert "" == done.stderr
    return json.loads(done.stdout)


def test_every_hostile_file_ends_in_one_sentence_without_a_name(
    outcomes: dict[str, tuple[str, float, int]],
) -> None:
    assert 36 == len(outcomes)
    for name, (said, _, _) in outcomes.items():
        assert len(said) < 400, name
        for secret in ("Synth", "passwd", "HYPERLINK", "script", "DROP", "../.."):
            assert secret not in said, name


def test_every_hostile_file_takes_little_time_and_memory(
    outcomes: dict[str, tuple[str, float, int]],
) -> None:
    for name, (_, seconds, peak) in outcomes.items():
        assert seconds < 2, name
        assert peak < 8 * 1024**2, name  # the largest file is 754 kB, an image 33 kB


def test_signed_values_stay_signed(shared_data: Path) -> None:
    exam = read_dicom_exam(shared_data / "dicom_odd" / "odd_mr" / "signed16.dcm")
    assert exam.dynamic is not None
    assert np.int16 == exam.dynamic.array.dtype


def test_hostile_files_beside_a_whole_exam_are_counted_and_left_out(
    shared_data: Path, tmp_path: Path
) -> None:
    odd = shared_data / "dicom_odd" / "odd_mr"
    for name in ("valid_nested_5", "random", "deep_nesting_5000", "deflate_bomb_500MB", "empty"):
        (tmp_path / f"{name}.dcm").write_bytes((odd / f"{name}.dcm").read_bytes())
    found = catalogue(tmp_path)
    assert 1 == len(found.series)
    assert 2 == found.not_dicom
    assert {"random.dcm", "deep_nesting_5000.dcm", "deflate_bomb_500MB.dcm", "empty.dcm"} == {
        name for name, _ in found.skipped
    }
    (caveat,) = [c for c in found.caveats if c.code == "files_refused"]
    assert caveat.message.startswith("2 of 5 files were not used")


def test_an_enhanced_dynamic_in_several_files_is_four_volumes(shared_data: Path) -> None:
    folder = shared_data / "dicom_odd" / "enhanced_siemens_xa10_bold"
    found = catalogue(folder)
    assert ("4 volumes by TemporalPositionIndex (0020,9128)",) == found.volumes
    assert (6, 64, 64) == found.series[0].shape


def test_a_field_map_is_no_dynamic_series(shared_data: Path) -> None:
    with pytest.raises(DicomError, match="none of the 1 series"):
        read_dicom_exam(shared_data / "dicom_odd" / "enhanced_philips_fieldmap")


def test_derived_diffusion_maps_stay_apart_from_the_measured_volumes(shared_data: Path) -> None:
    found = catalogue(shared_data / "dicom_odd" / "enhanced_siemens_xa30_dwi")
    roles = {record.description: (record.role, record.used) for record in found.series}
    assert (SeriesRole.ADC, False) == roles["DWI_dir80_PA_ADC"]
    assert not roles["DWI_dir80_PA_TRACEW"][1]
    assert (SeriesRole.DWI, True) == roles["DWI_dir80_PA"]
    assert (0, 2500) == found.b_values


def test_ge_diffusion_flags_are_taken_off_the_b_value(shared_data: Path) -> None:
    exam = read_dicom_exam(shared_data / "dicom_odd" / "ge_dwi_private_b")
    assert exam.diffusion is not None
    assert [0.0] + [1000.0] * 6 == exam.diffusion.b_values.tolist()
    assert (7, 2, 256, 256) == exam.diffusion.array.shape  # directions apart, none averaged
    assert 6375 == exam.diffusion.array.max()


def test_volumes_without_a_key_are_offered_by_instance_number_only_at_the_users_word(
    shared_data: Path,
) -> None:
    (volumes,) = catalogue(shared_data / "dicom_odd" / "ge_epi_no_time_key").volumes
    assert volumes is not None
    assert "--times with 3 values" in volumes
    assert "instance number" in volumes

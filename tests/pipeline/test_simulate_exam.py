"""Simulated exams as files: what is written, where it lies, and that nothing is half-written.

A small protocol stands in for that of the preset: a dynamic series of three phases, T2 and
diffusion, of coarse voxels that are longest along the slices.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
import pydicom
import pytest

from mamri.geometry import to_index
from mamri.io.read_exam import read_exam
from mamri.pipeline import simulate_exam as pipeline
from mamri.pipeline.simulate_exam import (
    N_STEPS,
    ExamForm,
    SimulationRequest,
    simulate_many,
    simulate_to_folder,
)
from mamri.records import Exam, InputError
from mamri.simulation import DEMO_LESIONS, PROTOCOLS, LesionMix, SimulatedExam
from mamri.simulation.sequences import DiffusionEcho, Grid, TurboSpinEcho

SEED = 5
_DEMO = PROTOCOLS["demo"]
TINY = replace(
    _DEMO,
    name="axial-fs",
    dynamic=replace(
        _DEMO.dynamic, grid=Grid((24, 52, 60), (8.0, 6.2, 6.2)), times_s=(-60.0, 90.0, 300.0)
    ),
    t2=TurboSpinEcho(Grid((14, 40, 44), (14.0, 8.0, 8.0))),
    diffusion=DiffusionEcho(Grid((12, 32, 40), (16.0, 9.0, 9.0)), b_values=(0.0, 800.0)),
)
CANCERS = LesionMix(with_lesion=1.0, malignant=1.0, further_benign=1.0)
DICOM = SimulationRequest("axial-fs", maps=True, mix=CANCERS)
NIFTI = replace(DICOM, form=ExamForm.NIFTI)
MASKS = ("breast", "fibroglandular", "vessels", "lesions", "tissue")
MAPS = ("ktrans_per_min", "ve", "vp", "t1_ms", "t2_ms", "adc")


@pytest.fixture(scope="module", autouse=True)
def simulate_once() -> Iterator[None]:
    """Small presets, and every exam simulated once: writing is what is tested."""
    known: dict[Any, SimulatedExam] = {}
    real = pipeline.simulated_exam

    def simulated(request: SimulationRequest, seed: int) -> SimulatedExam:
        key = (request.preset, request.mix, seed)
        if key not in known:
            known[key] = real(request, seed)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "axial-fs", TINY)
        patch.setitem(PROTOCOLS, "demo", replace(TINY, name="demo", t2=None, diffusion=None))
        patch.setattr(pipeline, "simulated_exam", simulated)
        yield


class _Written(NamedTuple):
    folder: Path
    truth: dict[str, Any]
    simulated: SimulatedExam
    exam: Exam


def _write(folder: Path, request: SimulationRequest) -> _Written:
    simulate_to_folder(folder, request=request, seed=SEED)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    simulated = pipeline.simulated_exam(request, SEED)
    return _Written(folder, truth, simulated, read_exam(folder / request.form.value))


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> _Written:
    return _write(tmp_path_factory.mktemp("dicom") / "exam", DICOM)


@pytest.fixture(scope="module")
def nifti(tmp_path_factory: pytest.TempPathFactory) -> _Written:
    return _write(tmp_path_factory.mktemp("nifti") / "exam", NIFTI)


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Images


@pytest.mark.parametrize("form", ["dicom", "nifti"])
def test_the_reader_gets_back_voxels_places_and_times(
    form: str, request: pytest.FixtureRequest
) -> None:
    written: _Written = request.getfixturevalue(form)
    expected, got = written.simulated.exam.dynamic, written.exam.dynamic
    assert expected is not None
    assert got is not None
    # Stored order may differ from the simulated one: compare voxel by voxel by place.
    index = np.argwhere(np.ones(got.array.shape[1:], bool))[::7]
    points = index @ got.affine[:3, :3].T + got.affine[:3, 3]
    there = np.rint(to_index(expected.affine, points)).astype(int)
    np.testing.assert_allclose(to_index(expected.affine, points), there, atol=1e-3)
    np.testing.assert_array_equal(
        expected.array[(slice(None), *there.T)], got.array[(slice(None), *index.T)]
    )
    # DICOM times are written in whole milliseconds.
    np.testing.assert_allclose(written.truth["times_s"], got.times_s, atol=0.01)
    np.testing.assert_allclose(expected.times_s, got.times_s, atol=0.01)


@pytest.mark.parametrize("form", ["dicom", "nifti"])
def test_the_t2_image_is_read_back(form: str, request: pytest.FixtureRequest) -> None:
    written: _Written = request.getfixturevalue(form)
    expected, got = written.simulated.exam.t2, written.exam.t2
    assert expected is not None
    assert got is not None
    assert int(expected.array.sum()) == int(got.array.sum())
    assert sorted(expected.array.shape) == sorted(got.array.shape)


def test_a_nifti_exam_names_its_acquisition(nifti: _Written) -> None:
    expected, got = nifti.simulated.exam.acquisition, nifti.exam.acquisition
    for name in ("manufacturer", "field_strength_t", "tr_ms", "te_ms", "flip_angle_deg"):
        assert getattr(expected, name) == getattr(got, name)
    assert expected.fat_suppressed is got.fat_suppressed is True


def test_a_nifti_exam_holds_each_volume_of_each_series_once(nifti: _Written) -> None:
    names = sorted(path.name for path in (nifti.folder / "nifti").glob("*.nii.gz"))
    n_volumes = sum(len(series.array) for series in nifti.simulated.series)
    assert n_volumes == len(names)
    assert [f"dwi_b{b}.nii.gz" for b in (0, 800)] == [n for n in names if n.startswith("dwi")]


@pytest.mark.parametrize(("vendor", "maker"), [("ge", "GE"), ("philips", "Philips")])
def test_a_vendor_sets_the_tags_and_not_the_voxels(
    tmp_path: Path, dicom: _Written, vendor: str, maker: str
) -> None:
    simulate_to_folder(tmp_path / "exam", request=replace(DICOM, vendor=vendor), seed=SEED)
    files = [p for p in (tmp_path / "exam" / "dicom").rglob("*") if p.is_file()]
    first = pydicom.dcmread(files[0], stop_before_pixels=True)
    assert maker.lower() in first.Manufacturer.lower()
    other, usual = read_exam(tmp_path / "exam" / "dicom").dynamic, dicom.exam.dynamic
    assert other is not None
    assert usual is not None
    # Philips stores scaled values, whose steps are about 1.
    np.testing.assert_allclose(usual.array, other.array, atol=1.0)
    assert vendor == json.loads((tmp_path / "exam" / "truth.json").read_text())["vendor"]


# Truth


def test_truth_has_its_keys(dicom: _Written, nifti: _Written) -> None:
    keys = {
        "software", "preset", "vendor", "intended_use", "seed", "shape", "affine", "times_s",
        "injection_s", "bolus_delay_s", "shifts_mm", "woman", "density_percent", "nipples_mm_lps",
        "lesions",
    }  # fmt: skip
    assert keys == set(dicom.truth) == set(nifti.truth)
    assert "axial-fs" == dicom.truth["preset"]
    assert "siemens" == dicom.truth["vendor"]
    assert nifti.truth["vendor"] is None
    assert SEED == dicom.truth["seed"] == dicom.truth["woman"]["seed"]
    assert {"right", "left"} == set(dicom.truth["density_percent"])
    assert "mamri" == dicom.truth["software"]["name"]


def test_each_lesion_of_the_truth_has_its_biology_and_kinetics(dicom: _Written) -> None:
    assert dicom.truth["lesions"]
    plans = dict(enumerate(dicom.simulated.woman.lesions, start=1))
    for lesion in dicom.truth["lesions"]:
        plan = plans[lesion["label"]]
        assert plan.malignant is lesion["malignant"] is (lesion["biology"] is not None)
        assert plan.side.word == lesion["side"]
        assert plan.kinetics.ktrans_per_min == lesion["ktrans_per_min"]
        assert lesion["ktrans_per_min"] / lesion["ve"] == pytest.approx(lesion["kep_per_min"])
        assert len(dicom.truth["times_s"]) == len(lesion["signal"])


@pytest.mark.parametrize("name", [*MASKS, *MAPS])
def test_masks_and_maps_lie_on_the_dynamic_grid(dicom: _Written, name: str) -> None:
    image = nib.load(dicom.folder / "truth" / f"{name}.nii.gz")
    truth_affine = np.array(dicom.truth["affine"])
    assert sorted(dicom.truth["shape"]) == sorted(image.shape)
    # Corners: file index to RAS by the file, to LPS by two signs, to a voxel of the truth's grid.
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.shape])).reshape(3, -1).T
    lps = nib.affines.apply_affine(image.affine, corners) * [-1, -1, 1]
    index = np.rint(to_index(truth_affine, lps)).astype(int)
    np.testing.assert_allclose(to_index(truth_affine, lps), index, atol=1e-3)
    assert index.min() == 0
    np.testing.assert_array_equal(np.array(dicom.truth["shape"]) - 1, index.max(axis=0))


def _at(folder: Path, name: str, points_lps: np.ndarray) -> np.ndarray:
    image = nib.load(folder / "truth" / f"{name}.nii.gz")
    ras = np.asarray(points_lps) * [-1, -1, 1]
    index = np.rint(nib.affines.apply_affine(np.linalg.inv(image.affine), ras)).astype(int)
    return np.asarray(image.dataobj)[tuple(index.T)]


def test_masks_in_files_are_those_of_the_exam_in_its_place(dicom: _Written) -> None:
    truth = dicom.simulated.truth
    index = np.argwhere(np.ones(truth.breast.shape, bool))
    points = index @ truth.affine[:3, :3].T + truth.affine[:3, 3]
    for name in MASKS:
        np.testing.assert_array_equal(
            np.asarray(getattr(truth, name))[tuple(index.T)], _at(dicom.folder, name, points)
        )
    breast = _at(dicom.folder, "breast", points)
    assert np.all(points[breast == 1, 0] < 0)
    assert np.all(points[breast == 2, 0] > 0)


def test_lesion_labels_are_those_of_truth_json(dicom: _Written) -> None:
    image = nib.load(dicom.folder / "truth" / "lesions.nii.gz")
    labels = np.asarray(image.dataobj)
    voxel_ml = abs(np.linalg.det(image.affine[:3, :3])) / 1000
    for lesion in dicom.truth["lesions"]:
        where = np.argwhere(labels == lesion["label"])
        assert lesion["volume_ml"] == pytest.approx(len(where) * voxel_ml, rel=1e-4)
        centre = nib.affines.apply_affine(image.affine, where).mean(axis=0) * [-1, -1, 1]
        np.testing.assert_allclose(lesion["centroid_mm_lps"], centre, atol=0.01)


def test_parameter_maps_hold_the_values_of_the_lesions(dicom: _Written) -> None:
    """Mixed voxels and uneven uptake spread them; the first lesion's median is near its plan."""
    lesion = max(dicom.truth["lesions"], key=lambda one: one["volume_ml"])
    truth = dicom.simulated.truth
    index = np.argwhere(truth.lesions == lesion["label"])
    points = index @ truth.affine[:3, :3].T + truth.affine[:3, 3]
    for name in MAPS:
        values = _at(dicom.folder, name, points)
        assert np.all(np.isfinite(values))
        assert np.all(values >= 0)
    assert 0.3 < np.median(_at(dicom.folder, "ktrans_per_min", points)) / lesion["ktrans_per_min"]
    assert np.median(_at(dicom.folder, "ktrans_per_min", points)) < 1.7 * lesion["ktrans_per_min"]


def test_maps_are_written_only_when_asked_for(tmp_path: Path) -> None:
    simulate_to_folder(tmp_path / "exam", request=replace(DICOM, maps=False), seed=SEED)
    names = {path.name.removesuffix(".nii.gz") for path in (tmp_path / "exam/truth").iterdir()}
    assert set(MASKS) == names


def test_the_demonstration_has_its_four_masses(tmp_path: Path) -> None:
    request = SimulationRequest("demo")
    simulated = pipeline.simulated_exam(request, 1)
    assert DEMO_LESIONS == simulated.woman.lesions


# Sameness


def test_same_seed_gives_the_same_bytes_of_every_file(
    tmp_path: Path, dicom: _Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = _simulated_anew(DICOM, SEED)
    monkeypatch.setattr(pipeline, "simulated_exam", lambda request, seed: again)
    simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED)
    assert _digests(dicom.folder) == _digests(tmp_path / "exam")


def _simulated_anew(request: SimulationRequest, seed: int) -> SimulatedExam:
    """Past the memory of this file."""
    from mamri.simulation import draw_woman, simulate_exam
    from mamri.simulation.protocols import aimed_at

    woman = draw_woman(seed, request.mix)
    return simulate_exam(woman, aimed_at(PROTOCOLS[request.preset], woman))


def test_another_seed_gives_other_images_and_another_truth(tmp_path: Path, dicom: _Written) -> None:
    simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED + 1)
    first, second = _digests(dicom.folder), _digests(tmp_path / "exam")
    shared = set(first.values()) & set(second.values())
    # Voxels of 6 x 6 x 8 mm hold no vessel in either.
    assert shared <= {first["truth/vessels.nii.gz"]}


# Folders


def test_unknown_presets_and_vendors_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="a preset is one of demo, axial-fs"):
        SimulationRequest("mars")
    with pytest.raises(InputError, match="a vendor is one of siemens, siemens-xa, ge"):
        SimulationRequest("axial-fs", vendor="acme")


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="new or empty"):
        simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED, overwrite=True)
    assert ["notes.txt"] == [p.name for p in (tmp_path / "exam").iterdir()]


def test_an_earlier_simulation_is_replaced_only_when_asked(tmp_path: Path) -> None:
    simulate_to_folder(tmp_path / "exam", request=NIFTI, seed=SEED)
    with pytest.raises(InputError, match="--overwrite"):
        simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED)
    assert (tmp_path / "exam" / "nifti").is_dir()
    simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED, overwrite=True)
    assert ["dicom", "truth", "truth.json"] == sorted(p.name for p in (tmp_path / "exam").iterdir())


def test_steps_are_named_as_many_as_promised(tmp_path: Path) -> None:
    steps: list[str] = []
    simulate_to_folder(tmp_path / "exam", request=DICOM, seed=SEED, begin_step=steps.append)
    assert ["simulating", "writing_dicom", "writing_truth"] == steps
    assert N_STEPS == len(steps)


def _fail_at(seed: int) -> Callable[[SimulationRequest, int], SimulatedExam]:
    remembered = pipeline.simulated_exam

    def simulated(request: SimulationRequest, wanted: int) -> SimulatedExam:
        if wanted == seed:
            raise KeyboardInterrupt
        return remembered(request, wanted)

    return simulated


def test_many_exams_have_a_folder_each_and_a_table(tmp_path: Path) -> None:
    rows = simulate_many(tmp_path / "many", request=NIFTI, first_seed=SEED, n=2)
    names = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert ["exams.csv", "seed-000005", "seed-000006"] == names
    with (tmp_path / "many" / "exams.csv").open(newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    as_text = [{key: "" if v is None else str(v) for key, v in row.items()} for row in rows]
    assert as_text == table
    for row in table:
        truth = json.loads((tmp_path / "many" / row["folder"] / "truth.json").read_text())
        assert truth["seed"] == int(row["seed"])
        assert len(truth["lesions"]) == int(row["n_lesions"])
        assert sum(lesion["malignant"] for lesion in truth["lesions"]) == int(row["n_malignant"])
        assert truth["woman"]["density_category"] == row["density_category"]


def test_an_interrupted_series_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "many"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "simulated_exam", _fail_at(SEED + 1))
        with pytest.raises(KeyboardInterrupt):
            simulate_many(output, request=NIFTI, first_seed=SEED, n=2)
    assert ["seed-000005"] == [path.name for path in output.iterdir()]
    kept, times = _digests(output), (output / "seed-000005" / "truth.json").stat().st_mtime_ns

    steps: list[str] = []
    rows = simulate_many(output, request=NIFTI, first_seed=SEED, n=2, begin_step=steps.append)

    assert 2 == len(rows)
    assert ["keeping_seed-000005", "simulating", "writing_nifti", "writing_truth"] == steps
    now = _digests(output)
    assert kept == {name: digest for name, digest in now.items() if name.startswith("seed-000005")}
    assert times == (output / "seed-000005" / "truth.json").stat().st_mtime_ns


def test_an_exam_that_fails_while_it_is_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pipeline, "_write_truth", full_disk)
    with pytest.raises(OSError, match="no space"):
        simulate_many(tmp_path / "many", request=NIFTI, first_seed=SEED, n=2)
    assert [] == list((tmp_path / "many").iterdir())


@pytest.mark.parametrize(
    "other",
    [
        replace(NIFTI, preset="demo"),
        replace(NIFTI, form=ExamForm.DICOM),
    ],
)
def test_a_series_of_another_preset_or_format_is_refused(
    tmp_path: Path, other: SimulationRequest
) -> None:
    simulate_many(tmp_path / "many", request=NIFTI, first_seed=SEED, n=1)
    before = _digests(tmp_path / "many")
    with pytest.raises(InputError, match=r"seed-000005 should hold a .* exam of preset"):
        simulate_many(tmp_path / "many", request=other, first_seed=SEED, n=2)
    assert before == _digests(tmp_path / "many")


def test_a_series_of_another_vendor_is_refused(tmp_path: Path) -> None:
    request = replace(DICOM, maps=False)
    simulate_many(tmp_path / "many", request=request, first_seed=SEED, n=1)
    with pytest.raises(InputError, match="vendor's habits, it holds another"):
        simulate_many(
            tmp_path / "many", request=replace(request, vendor="ge"), first_seed=SEED, n=1
        )

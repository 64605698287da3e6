"""What the habits of each scanner put into the files: one test for each habit."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mamri.io.dicom_writer import write_dicom_study
from mamri.io.scanner_habits import (
    GE_HABITS,
    GE_SLICE_TRIGGER_HABITS,
    PHILIPS_ENHANCED_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    SIEMENS_XA_HABITS,
    ScannerHabits,
)
from mamri.records import AcquiredSeries, DicomError, GeometryError, InputError, SeriesRole

from .study_factory import (
    DYNAMIC_TIMES,
    abbreviated,
    axial_fat_suppressed,
    dixon,
    sagittal_one_breast,
    ultrafast_and_conventional,
)

ALL = (
    SIEMENS_HABITS, GE_HABITS, GE_SLICE_TRIGGER_HABITS, PHILIPS_HABITS, SIEMENS_XA_HABITS,
    PHILIPS_ENHANCED_HABITS,
)  # fmt: skip
EVERY_SCANNER = pytest.mark.parametrize(
    "habits", ALL, ids=["siemens", "ge", "ge-slice-trigger", "philips", "xa", "philips-enhanced"]
)
Series = dict[str, list[pydicom.Dataset]]
Layout = Callable[[ScannerHabits, str], Series]
STUDIES = {
    "axial-fs": axial_fat_suppressed,
    "dixon": dixon,
    "ultrafast": ultrafast_and_conventional,
    "sagittal": sagittal_one_breast,
}


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Headers of a written study by series description, in order of instance number."""
    known: dict[tuple[str, str], Series] = {}

    def write(habits: ScannerHabits, kind: str) -> Series:
        key = (repr(habits), kind)
        if key not in known:
            folder = tmp_path_factory.mktemp("layout") / "in"
            paths = write_dicom_study(
                STUDIES[kind](), folder, habits, study_instance_uid="2.25.12", patient_number=3
            )
            series = defaultdict(list)
            for path in paths:
                d = pydicom.dcmread(path, stop_before_pixels=True)
                series[d.SeriesDescription].append(d)
            known[key] = dict(series)
        return known[key]

    return write


def test_siemens_makes_a_series_of_each_phase(layout: Layout) -> None:
    series = layout(SIEMENS_HABITS, "axial-fs")
    names = ["ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass",
             "ax dyn 4th pass"]  # fmt: skip
    numbers = [series[name][0].SeriesNumber for name in names]
    assert list(range(numbers[0], numbers[0] + 5)) == numbers
    first = series["ax dyn pre"][0]
    assert "TemporalPositionIdentifier" not in first
    assert float(first[0x0019, 0x100B].value) == 75_000
    assert "SIEMENS MR HEADER" == first[0x0019, 0x0010].value


def test_ge_and_philips_keep_all_phases_in_one_series(layout: Layout) -> None:
    for habits, name in (
        (GE_HABITS, "Ax Vibrant MultiPhase"),
        (PHILIPS_HABITS, "dyn_eTHRIVE SENSE"),
    ):
        images = layout(habits, "axial-fs")[name]
        positions = [d.TemporalPositionIdentifier for d in images]
        assert [p for p in range(1, 6) for _ in range(10)] == positions
        assert {5} == {d.NumberOfTemporalPositions for d in images}
        assert 1 == len({d.AcquisitionTime for d in images})
        assert 5 == len({float(d.TriggerTime) for d in images})


def test_ge_trigger_times_can_be_unique_to_each_slice(layout: Layout) -> None:
    images = layout(GE_SLICE_TRIGGER_HABITS, "axial-fs")["Ax Vibrant MultiPhase"]
    assert len(images) == len({float(d.TriggerTime) for d in images})
    assert 1 == len({(d.AcquisitionTime, d.ContentTime) for d in images})


def test_b_values_stand_where_each_scanner_writes_them(layout: Layout) -> None:
    siemens = layout(SIEMENS_HABITS, "axial-fs")["ep2d_diff_ax_TRACEW"]
    assert {0, 400, 800} == {d[0x0019, 0x100C].value for d in siemens}
    assert {"IS"} == {d[0x0019, 0x100C].VR for d in siemens}
    assert not any("DiffusionBValue" in d for d in siemens)
    assert {"*ep_b0t", "*ep_b400t", "*ep_b800t"} == {d.SequenceName for d in siemens}
    ge = layout(GE_HABITS, "axial-fs")["Ax DWI"]
    assert {1_000_000_000, 1_000_000_400, 1_000_000_800} == {d[0x0043, 0x1039].value[0] for d in ge}
    assert {"GEMS_PARM_01"} == {d[0x0043, 0x0010].value for d in ge}
    assert {None, 400.0, 800.0} == {d.get("DiffusionBValue") for d in ge}
    philips = layout(PHILIPS_HABITS, "axial-fs")["DWI_tra"]
    assert {0.0, 400.0, 800.0} == {d[0x2001, 0x1003].value for d in philips}
    assert {"FL"} == {d[0x2001, 0x1003].VR for d in philips}
    assert {1} == {d.TemporalPositionIdentifier for d in philips}
    assert 1 == len({d.AcquisitionTime for d in philips})


def test_philips_rescales_to_twelve_bits(layout: Layout) -> None:
    for images in layout(PHILIPS_HABITS, "axial-fs").values():
        first = images[0]
        slope, scale = float(first.RescaleSlope), first[0x2005, 0x100E].value
        assert 12 == first.BitsStored
        assert 0 < slope <= 1
        assert 0.1 / slope == pytest.approx(scale, rel=1e-6)
    assert "RescaleSlope" not in layout(GE_HABITS, "axial-fs")["Ax T2 FSE"][0]


def test_dixon_parts_are_told_in_the_vendors_words(layout: Layout) -> None:
    siemens = layout(SIEMENS_HABITS, "dixon")
    assert {"WATER", "FAT", "IN_PHASE", "OPP_PHASE"} == {
        siemens[f"ax dyn pre_{part}"][0].ImageType[3] for part in ("W", "F", "in", "opp")
    }
    ge = layout(GE_HABITS, "dixon")
    assert {"WATER", "FAT", "IN_PHASE", "OUT_PHASE"} == {
        ge[f"{part}: Ax Vibrant MultiPhase"][0].ImageType[3]
        for part in ("WATER", "FAT", "InPhase", "OutPhase")
    }
    philips = layout(PHILIPS_HABITS, "dixon")["dyn_eTHRIVE SENSE"]
    assert {"W": 50, "F": 50, "IP": 50, "OP": 50} == {
        part: sum(d.ImageType[2] == part for d in philips) for part in ("W", "F", "IP", "OP")
    }
    assert [*range(1, 201)] == [d.InstanceNumber for d in philips]


def test_siemens_xa_makes_an_enhanced_object_of_each_phase(layout: Layout) -> None:
    series = layout(SIEMENS_XA_HABITS, "axial-fs")
    phases = series["ax dyn"]
    assert [10] * 5 == [d.NumberOfFrames for d in phases]
    content = [d.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0] for d in phases]
    assert [1, 2, 3, 4, 5] == [c.TemporalPositionIndex for c in content]
    starts = [datetime.strptime(c.FrameAcquisitionDateTime, "%Y%m%d%H%M%S.%f") for c in content]
    expected = [SIEMENS_XA_HABITS.start + timedelta(seconds=t - 37.5) for t in DYNAMIC_TIMES]
    assert expected == starts
    pointers = [item.DimensionIndexPointer for item in phases[0].DimensionIndexSequence]
    assert [0x00209056, 0x00209057, 0x00209128] == pointers
    used = [d.get("ContrastBolusAgentSequence") is not None for d in phases]
    assert [False, True, True, True, True] == used
    diffusion = series["ep2d_diff_ax_TRACEW"]
    shared = [d.SharedFunctionalGroupsSequence[0].MRDiffusionSequence[0] for d in diffusion]
    assert [0.0, 400.0, 800.0] == [item.DiffusionBValue for item in shared]


def test_philips_enhanced_makes_one_object_of_a_scan(layout: Layout) -> None:
    (scan,) = layout(PHILIPS_ENHANCED_HABITS, "dixon")["dyn_eTHRIVE SENSE"]
    frames = scan.PerFrameFunctionalGroupsSequence
    assert 4 * 5 * 10 == scan.NumberOfFrames == len(frames)
    indices = [tuple(f.FrameContentSequence[0].DimensionIndexValues) for f in frames]
    assert len(frames) == len(set(indices))
    parts = [f.MRImageFrameTypeSequence[0].FrameType[3] for f in frames]
    assert ["WATER", "FAT", "IN_PHASE", "OUT_PHASE"] == list(dict.fromkeys(parts))
    assert ["DERIVED", "PRIMARY", "DIXON", "MIXED"] == list(scan.ImageType)


@EVERY_SCANNER
def test_series_times_follow_the_injection(layout: Layout, habits: ScannerHabits) -> None:
    def seconds(kind: str) -> list[float]:
        starts = []
        for first, *_ in layout(habits, kind).values():
            begun = datetime.strptime(first.SeriesDate + first.SeriesTime, "%Y%m%d%H%M%S.%f")
            starts.append((begun - habits.start).total_seconds())
        return starts

    # T2, STIR, DWI, ADC, T1, dynamic, late T1, each from its start in the study.
    acquired = {-560.0, -430.0, -300.0, -200.0, -99.5, 360.0}
    assert acquired <= set(seconds("axial-fs"))
    assert {-560.0, -99.5, -5.5} <= set(seconds("ultrafast"))


@EVERY_SCANNER
def test_one_breast_is_named_and_two_are_not(layout: Layout, habits: ScannerHabits) -> None:
    def sides(kind: str) -> set[str]:
        found = set()
        for images in layout(habits, kind).values():
            for d in images:
                shared = d.get("SharedFunctionalGroupsSequence")
                anatomy = shared[0].FrameAnatomySequence[0] if shared else None
                found.add(anatomy.FrameLaterality if anatomy else d.Laterality)
        return found

    assert {"L"} == sides("sagittal")
    assert sides("axial-fs") == ({"B"} if habits in ALL[-2:] else {""})


@EVERY_SCANNER
def test_identifiers_are_unique_and_numbers_too(layout: Layout, habits: ScannerHabits) -> None:
    series = layout(habits, "dixon")
    datasets = [d for images in series.values() for d in images]
    assert len(datasets) == len({d.SOPInstanceUID for d in datasets})
    assert len(series) == len({d.SeriesInstanceUID for d in datasets})
    assert len(series) == len({d.SeriesNumber for d in datasets})
    assert {"2.25.12"} == {d.StudyInstanceUID for d in datasets}
    assert {"SIM-3"} == {d.PatientID for d in datasets}
    assert 1 == len({d.FrameOfReferenceUID for d in datasets})
    uids = [d.SOPInstanceUID for d in datasets] + [d.SeriesInstanceUID for d in datasets]
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)


@EVERY_SCANNER
def test_the_same_study_is_written_byte_for_byte(tmp_path: Path, habits: ScannerHabits) -> None:
    told: list[str] = []
    first, second = (
        write_dicom_study(
            abbreviated(), tmp_path / name, habits, study_instance_uid="2.25.9", patient_number=1,
            begin=told.append,
        )
        for name in "ab"
    )  # fmt: skip
    assert [p.name for p in first] == [p.name for p in second]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    assert len({p.parent for p in first}) == len(told) // 2


def test_habits_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="got both"):
        replace(SIEMENS_HABITS, dixon_in_one_series=True)


def test_a_late_series_names_the_contrast_agent(layout: Layout) -> None:
    series = layout(SIEMENS_HABITS, "axial-fs")
    assert "gadobutrol" == series["ax t1 fs hires post"][0].ContrastBolusAgent
    assert "ContrastBolusAgent" not in series["t2_tse_ax"][0]


def _refused(study: tuple[AcquiredSeries, ...], folder: Path) -> None:
    write_dicom_study(study, folder, study_instance_uid="2.25.9", patient_number=1)


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    t2, dynamic = abbreviated()
    with pytest.raises(DicomError, match="at least one series"):
        _refused((), tmp_path / "a")
    with pytest.raises(DicomError, match="a scanner acquires"):
        _refused((replace(t2, role=SeriesRole.MIP),), tmp_path / "b")
    with pytest.raises(DicomError, match="times or b-values"):
        _refused((replace(dynamic, times_s=None),), tmp_path / "c")
    with pytest.raises(DicomError, match="whole numbers"):
        _refused((replace(t2, array=t2.array - 4000),), tmp_path / "d")
    sheared = np.array(t2.affine)
    sheared[:3, 0] += 0.3 * sheared[:3, 1]
    with pytest.raises(GeometryError, match="sheared"):
        _refused((replace(t2, affine=sheared),), tmp_path / "e")
    assert not list(tmp_path.iterdir())

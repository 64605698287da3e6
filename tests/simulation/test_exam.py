import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mamri.geometry import slice_plane, spacing_mm
from mamri.records import Laterality, Plane, SeriesRole, TimingError
from mamri.simulation import (
    DEMO_CONDITION,
    PROTOCOLS,
    Protocol,
    SimulatedExam,
    Tissue,
    demo_woman,
    draw_woman,
    simulate_exam,
)
from mamri.simulation.protocols import aimed_at
from mamri.simulation.sequences import FatHandling, Grid

_COARSE = {Plane.AXIAL: (16, 64, 64), Plane.SAGITTAL: (14, 56, 56), Plane.CORONAL: (14, 50, 64)}


def _coarse(protocol: Protocol) -> Protocol:
    """The protocol on small grids over the same field of view."""

    def shrunk(grid: Grid) -> Grid:
        shape = _COARSE[grid.plane]
        spacing = tuple(
            n * d / m for n, d, m in zip(grid.shape, grid.spacing_mm, shape, strict=True)
        )
        return replace(grid, shape=shape, spacing_mm=spacing)

    def scan(dynamic):
        return None if dynamic is None else replace(dynamic, grid=shrunk(dynamic.grid))

    return replace(
        protocol,
        dynamic=scan(protocol.dynamic),
        ultrafast=scan(protocol.ultrafast),
        t2=scan(protocol.t2),
        diffusion=scan(protocol.diffusion),
    )


def test_same_seed_gives_the_same_bytes(
    small_exam: SimulatedExam, small_protocol: Protocol
) -> None:
    again = simulate_exam(demo_woman(7), small_protocol, condition=DEMO_CONDITION)
    first, second = small_exam.exam.dynamic, again.exam.dynamic
    assert first is not None
    assert second is not None
    assert first.array.tobytes() == second.array.tobytes()
    assert small_exam.truth.lesions.tobytes() == again.truth.lesions.tobytes()
    assert small_exam.exam.study_instance_uid == again.exam.study_instance_uid


_ON_A_PLAIN_PROCESSOR = """
import numpy as np, sys
from dataclasses import replace
from mamri.simulation import DEMO_CONDITION, PROTOCOLS, demo_woman, simulate_exam
from mamri.simulation.sequences import Grid
demo = PROTOCOLS["demo"]
scan = replace(demo.dynamic, grid=Grid((20, 56, 56), (8.0, 6.0, 6.0)), times_s=(-60.0, 90.0))
exam = simulate_exam(demo_woman(7), replace(demo, dynamic=scan), condition=DEMO_CONDITION)
np.savez(sys.argv[1], phases=exam.exam.dynamic.array, labels=exam.truth.tissue)
"""


@pytest.mark.slow
def test_another_processor_gives_the_same_exam_within_rounding(tmp_path, monkeypatch) -> None:
    """The compiled code for a processor without vector extensions stands for another machine."""
    files = []
    for name, settings in (
        ("native", {}),
        (
            "generic",
            {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_NUM_THREADS": "1"},
        ),
    ):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / name))
        for key, value in settings.items():
            monkeypatch.setenv(key, value)
        files.append(tmp_path / f"{name}.npz")
        subprocess.run(
            [sys.executable, "-c", _ON_A_PLAIN_PROCESSOR, str(files[-1])],
            check=True,
            capture_output=True,
        )
    native, generic = (np.load(f) for f in files)
    # Rounding to whole numbers can turn a last-bit difference into 1; a tissue can change where two
    # have equal shares.
    difference = np.abs(native["phases"].astype(int) - generic["phases"])
    assert difference.max() <= 2
    assert np.mean(difference > 0) < 0.01
    assert np.mean(native["labels"] != generic["labels"]) < 1e-4


def test_another_seed_gives_another_woman(
    small_exam: SimulatedExam, small_protocol: Protocol
) -> None:
    other = simulate_exam(demo_woman(8), small_protocol, condition=DEMO_CONDITION)
    assert np.mean(other.truth.breast != small_exam.truth.breast) > 0.01
    assert other.exam.study_instance_uid != small_exam.exam.study_instance_uid


def test_another_visit_of_the_same_woman_keeps_her_anatomy(
    small_exam: SimulatedExam, small_protocol: Protocol
) -> None:
    later = simulate_exam(demo_woman(7), small_protocol, seed=99)
    assert later.truth.tissue.tobytes() == small_exam.truth.tissue.tobytes()
    assert later.exam.dynamic is not None
    assert small_exam.exam.dynamic is not None
    assert np.mean(later.exam.dynamic.array != small_exam.exam.dynamic.array) > 0.5


def test_lesions_rise_and_muscle_hardly_does(small_exam: SimulatedExam) -> None:
    dynamic, truth = small_exam.exam.dynamic, small_exam.truth
    assert dynamic is not None
    rise = dynamic.array[2].astype(float) / np.maximum(dynamic.array[0], 1)
    washout = truth.lesion_list[0]
    assert np.median(rise[truth.lesions == washout.label]) > 2
    assert np.median(rise[truth.fibroglandular]) < 1.7
    assert np.median(rise[truth.tissue == Tissue.MUSCLE]) < 1.7


def test_images_follow_the_noise_free_curve(small_exam: SimulatedExam) -> None:
    dynamic, truth = small_exam.exam.dynamic, small_exam.truth
    assert dynamic is not None
    for lesion in truth.lesion_list:
        curve = dynamic.array[:, truth.lesions == lesion.label].mean(axis=1)
        # Noise of the mean, half a millimetre of motion, blur of a lesion of a few voxels, and the
        # flip angle's and the coil's slope across it.
        np.testing.assert_allclose(curve / curve[0], lesion.signal / lesion.signal[0], rtol=0.2)


def test_suppressed_fat_is_darker_than_glandular_tissue_and_unsuppressed_brighter(
    small_exam: SimulatedExam, small_protocol: Protocol
) -> None:
    scan = small_protocol.dynamic
    sequence = replace(scan.sequence, te_ms=4.6, fat=FatHandling.NONE)
    unsuppressed = replace(
        small_protocol, dynamic=replace(scan, sequence=sequence, times_s=(-60.0,))
    )
    plain = simulate_exam(demo_woman(7), unsuppressed, condition=DEMO_CONDITION)
    for exam, brighter in ((small_exam, False), (plain, True)):
        assert exam.exam.dynamic is not None
        first, truth = exam.exam.dynamic.array[0], exam.truth
        fat = first[(truth.tissue == Tissue.FAT) & (truth.breast > 0)]
        assert (np.median(fat) > np.median(first[truth.fibroglandular])) == brighter


def test_first_phase_defines_the_position(small_exam: SimulatedExam) -> None:
    shifts = small_exam.truth.shifts_mm
    assert np.all(shifts[0] == 0)
    lengths = np.linalg.norm(shifts, axis=1)
    assert lengths.max() <= DEMO_CONDITION.motion_mm
    assert lengths[1:].min() > 0


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_protocol_gives_its_series_on_its_grids(name: str) -> None:
    protocol = _coarse(PROTOCOLS[name])
    woman = draw_woman(11)
    exam = simulate_exam(woman, aimed_at(protocol, woman))
    roles = [(s.role, s.contrast) for s in exam.series]
    assert (SeriesRole.DYNAMIC, "ultrafast") in roles or protocol.ultrafast is None
    assert (SeriesRole.DWI in dict(roles)) == (protocol.diffusion is not None)
    assert ({SeriesRole.T2, SeriesRole.STIR} & set(dict(roles)) != set()) == (
        protocol.t2 is not None
    )
    is_dixon = protocol.dynamic.sequence.fat is FatHandling.DIXON
    assert ((SeriesRole.DIXON, "fat") in roles) == is_dixon
    dynamic = exam.exam.dynamic
    assert dynamic is not None
    np.testing.assert_array_equal(dynamic.times_s, protocol.dynamic.times_s)
    assert dynamic.array.shape[1:] == protocol.dynamic.grid.shape
    assert slice_plane(dynamic.affine) is protocol.dynamic.grid.plane
    assert spacing_mm(dynamic.affine) == pytest.approx(protocol.dynamic.grid.spacing_mm)
    for series in exam.series:
        assert series.array.dtype == np.int16
        assert series.array.min() >= 0
        assert np.percentile(series.array, 99) > 20
        breast = exam.truth.breast > 0
        if series.role is SeriesRole.DYNAMIC and series.contrast != "ultrafast":
            # The breasts stand out from the air, whose noise intensity correction raises.
            inside, outside = series.array[0][breast], series.array[0][exam.truth.tissue == 0]
            assert np.median(inside) > 1.5 * np.median(outside)


def test_one_breast_is_in_the_field_of_a_sagittal_exam_that_of_the_first_lesion() -> None:
    for seed in (3, 11):
        woman = draw_woman(seed)
        protocol = aimed_at(_coarse(PROTOCOLS["sagittal"]), woman)
        sides = set(np.unique(simulate_exam(woman, protocol).truth.breast))
        assert sides == {0, int(protocol.dynamic.grid.side or 0)}
        if woman.lesions:
            assert protocol.dynamic.grid.side is woman.lesions[0].side


def test_tilting_the_grid_leaves_the_woman_where_she_is(
    small_exam: SimulatedExam, small_protocol: Protocol
) -> None:
    scan = small_protocol.dynamic
    tilted = replace(small_protocol, dynamic=replace(scan, grid=replace(scan.grid, tilt_deg=4.0)))
    turned = simulate_exam(demo_woman(7), tilted, condition=DEMO_CONDITION).truth
    for before, after in zip(small_exam.truth.lesion_list, turned.lesion_list, strict=True):
        # Centroids of masks on two grids: within half a voxel, 1.8 mm.
        assert np.linalg.norm(np.subtract(before.centroid_mm_lps, after.centroid_mm_lps)) < 1.8


def test_settings_refuse_phases_out_of_order(small_protocol: Protocol) -> None:
    with pytest.raises(TimingError, match="must increase and begin at or before the injection"):
        replace(small_protocol.dynamic, times_s=(10.0, 20.0))


@pytest.mark.parametrize("seed", [1, 4])
def test_every_demonstration_has_its_lesions_in_the_breasts(
    small_protocol: Protocol, seed: int
) -> None:
    woman = demo_woman(seed)
    truth = simulate_exam(woman, small_protocol, condition=DEMO_CONDITION).truth
    assert [lesion.curve for lesion in truth.lesion_list] == [plan.curve for plan in woman.lesions]
    for lesion in truth.lesion_list:
        assert np.all(truth.breast[truth.lesions == lesion.label] == lesion.side)


def test_folded_tissue_is_that_beyond_the_field_of_view(small_protocol: Protocol) -> None:
    narrow = replace(
        small_protocol,
        dynamic=replace(
            small_protocol.dynamic, times_s=(-60.0,), grid=Grid((8, 60, 50), (8, 5, 5))
        ),
    )
    still = replace(DEMO_CONDITION, ghost=0.0, coil_ghost=0.0, noise_factor=0.1)
    plain = simulate_exam(demo_woman(7), narrow, condition=still)
    folded = simulate_exam(demo_woman(7), replace(narrow, wrap_mm=40.0), condition=still)
    assert plain.truth.tissue.tobytes() == folded.truth.tissue.tobytes()
    assert plain.exam.dynamic is not None
    assert folded.exam.dynamic is not None
    more = folded.exam.dynamic.array[0].astype(float) - plain.exam.dynamic.array[0]
    edges = np.concatenate([more[..., :8], more[..., -8:]], axis=-1)
    assert edges.mean() > 5 * abs(more[..., 12:-12].mean())


@pytest.mark.slow
def test_the_benchmark_exam_stays_under_three_gibibytes() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process is read from /proc, which this system lacks")
    # Not ru_maxrss: it begins with what the tests themselves hold, for a child inherits it.
    code = (
        "from pathlib import Path; from mamri.simulation import *;"
        "simulate_exam(demo_woman(11), PROTOCOLS['benchmark'], condition=DEMO_CONDITION);"
        "status = Path('/proc/self/status').read_text().splitlines();"
        "print(next(line.split()[1] for line in status if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 3 * 2**20  # KiB


def test_laterality_follows_patient_coordinates(small_exam: SimulatedExam) -> None:
    truth = small_exam.truth
    for side in Laterality:
        index = np.argwhere(truth.breast == side)
        x = index @ truth.affine[0, :3] + truth.affine[0, 3]
        assert np.all(x > 0) if side is Laterality.LEFT else np.all(x < 0)

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mamri.geometry import slice_plane, spacing_mm
from mamri.records import Laterality, Plane, TimingError
from mamri.simulation import (
    SAGITTAL,
    SimulatedExam,
    SimulationSettings,
    Tissue,
    simulate_exam,
)


def test_same_seed_gives_the_same_bytes(
    small_exam: SimulatedExam, small_settings: SimulationSettings
) -> None:
    again = simulate_exam(small_settings)
    first, second = small_exam.exam.dynamic, again.exam.dynamic
    assert first is not None
    assert second is not None
    assert first.array.tobytes() == second.array.tobytes()
    assert small_exam.truth.lesions.tobytes() == again.truth.lesions.tobytes()
    assert small_exam.exam.study_instance_uid == again.exam.study_instance_uid


def test_another_seed_gives_another_woman(
    small_exam: SimulatedExam, small_settings: SimulationSettings
) -> None:
    other = simulate_exam(replace(small_settings, seed=small_settings.seed + 1))
    assert np.mean(other.truth.breast != small_exam.truth.breast) > 0.01
    assert other.exam.study_instance_uid != small_exam.exam.study_instance_uid


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
        # Noise of the mean, half a millimetre of motion, and the coil's slope across the lesion.
        np.testing.assert_allclose(curve / curve[0], lesion.signal / lesion.signal[0], rtol=0.12)


def test_suppressed_fat_is_darker_than_glandular_tissue_and_unsuppressed_brighter(
    small_exam: SimulatedExam, small_settings: SimulationSettings
) -> None:
    plain = simulate_exam(replace(small_settings, fat_suppressed=False, lesions=()))
    for exam, brighter in ((small_exam, False), (plain, True)):
        assert exam.exam.dynamic is not None
        first, truth = exam.exam.dynamic.array[0], exam.truth
        fat = first[(truth.tissue == Tissue.FAT) & (truth.breast > 0)].mean()
        assert (fat > first[truth.fibroglandular].mean()) == brighter


def test_first_phase_defines_the_position(small_exam: SimulatedExam) -> None:
    shifts = small_exam.truth.shifts_mm
    assert np.all(shifts[0] == 0)
    lengths = np.linalg.norm(shifts, axis=1)
    assert lengths.max() <= small_exam.settings.motion_mm
    assert lengths[1:].min() > 0


def test_sagittal_exam_holds_one_breast_on_a_sagittal_grid() -> None:
    settings = replace(SAGITTAL, shape=(30, 64, 64), spacing_mm=(4.8, 3.2, 3.2))
    simulated = simulate_exam(settings)
    assert set(np.unique(simulated.truth.breast)) == {0, int(Laterality.LEFT)}
    assert slice_plane(simulated.truth.affine) is Plane.SAGITTAL
    assert spacing_mm(simulated.truth.affine) == pytest.approx(settings.spacing_mm)
    assert {lesion.side for lesion in simulated.truth.lesion_list} == {Laterality.LEFT}


def test_tilting_the_grid_leaves_the_woman_where_she_is(
    small_exam: SimulatedExam, small_settings: SimulationSettings
) -> None:
    tilted = simulate_exam(replace(small_settings, tilt_deg=4.0))
    for straight, turned in zip(
        small_exam.truth.lesion_list, tilted.truth.lesion_list, strict=True
    ):
        # Centroids of masks on two grids: within half a voxel, 1.8 mm.
        assert np.linalg.norm(np.subtract(straight.centroid_mm_lps, turned.centroid_mm_lps)) < 1.8


def test_settings_refuse_phases_out_of_order(small_settings: SimulationSettings) -> None:
    with pytest.raises(TimingError, match="must increase and begin at or before the injection"):
        replace(small_settings, times_s=(10.0, 20.0))


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_woman_has_her_lesions_in_her_breasts(
    small_settings: SimulationSettings, seed: int
) -> None:
    truth = simulate_exam(replace(small_settings, seed=seed)).truth
    assert [lesion.curve for lesion in truth.lesion_list] == [
        spec.curve for spec in small_settings.lesions
    ]
    for lesion in truth.lesion_list:
        assert np.all(truth.breast[truth.lesions == lesion.label] == lesion.side)


@pytest.mark.slow
def test_the_benchmark_exam_stays_under_three_gibibytes() -> None:
    code = (
        "import resource; from mamri.simulation import BENCHMARK, simulate_exam;"
        "simulate_exam(BENCHMARK);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 3 * 2**20  # KiB on Linux

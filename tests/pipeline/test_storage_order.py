"""The way an exam is stored must not change what is found in it."""

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.io.read_exam import read_exam
from mamri.pipeline.analyze_exam import analyze_exam
from mamri.records import ExamResult
from mamri.simulation import (
    DEMO_CONDITION,
    PROTOCOLS,
    SimulatedExam,
    demo_woman,
    simulate_exam,
)


@pytest.fixture(scope="module")
def simulated() -> SimulatedExam:
    sagittal = replace(PROTOCOLS["sagittal"], t2=None)
    return simulate_exam(demo_woman(3), sagittal, condition=DEMO_CONDITION)


def _stored(simulated: SimulatedExam, folder: Path, axes: tuple[int, ...], flips: tuple[int, ...]):
    """Phases as NIfTI files whose axes run in another order."""
    dynamic = simulated.exam.dynamic
    assert dynamic is not None
    flipped = np.flip(dynamic.array, [axis + 1 for axis in flips])
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ dynamic.affine
    for axis in flips:
        affine[:, 3] += affine[:, axis] * (dynamic.array.shape[axis + 1] - 1)
        affine[:, axis] *= -1
    affine[:, :3] = affine[:, list(axes)]
    phases = []
    for index, time in enumerate(dynamic.times_s):
        order = np.ascontiguousarray(flipped[index].transpose(axes))
        path = folder / f"phase{index}.nii.gz"
        stored = nib.Nifti1Image(order, affine)
        stored.set_qform(affine, code=1)
        stored.set_sform(affine, code=1)
        nib.save(stored, path)
        phases.append((str(path), float(time)))
    return phases


def _answer(result: ExamResult) -> list[tuple[object, ...]]:
    return [
        (
            *(f.side, f.quadrant, f.clock_face, f.depth, f.kinetics.delayed),
            *(round(f.volume_ml, 2), f.relation.multiplicity, f.relation.nearest_id),
            *(replace(f.description, measures=(), reasons={}), f.assessments[0].interval),
        )
        for f in result.findings
    ] + [(b.side, round(b.volume_ml, 1), round(b.fgt_ml, 1)) for b in result.breasts]


@pytest.mark.slow
def test_findings_sides_and_volumes_do_not_depend_on_the_storage_order(
    simulated: SimulatedExam, tmp_path: Path
) -> None:
    answers = []
    for name, axes, flips in (
        ("a", (2, 1, 0), ()),
        ("b", (0, 2, 1), (0, 2)),
        ("c", (1, 0, 2), (1,)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        exam = read_exam(phases=_stored(simulated, folder, axes, flips))
        answers.append(_answer(analyze_exam(exam)))

    assert len(answers[0]) > 1
    assert answers[0] == answers[1]
    assert answers[0] == answers[2]


def test_two_phases_give_enhancement_but_say_what_is_missing(simulated: SimulatedExam) -> None:
    dynamic = simulated.exam.dynamic
    assert dynamic is not None
    exam = replace(
        simulated.exam,
        dynamic=type(dynamic)(dynamic.array[:2], dynamic.affine, dynamic.times_s[:2]),
    )

    result = analyze_exam(exam)

    assert "percent_enhancement" in result.maps
    assert "washout" not in result.maps
    assert {"no_late_phase"} <= {caveat.code for caveat in result.caveats}
    assert all(f.kinetics.delayed is None for f in result.findings)

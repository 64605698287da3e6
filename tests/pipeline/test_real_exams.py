"""Regression on real exams: a handful of patients, never an accuracy claim."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mamri.io.read_exam import read_exam
from mamri.pipeline.analyze_exam import analyze_exam
from mamri.pipeline.analyze_to_folder import analyze_to_folder
from mamri.records import Coverage, DelayedPhase, Plane

pytestmark = pytest.mark.slow


def _ispy1_phases(folder: Path, number: int) -> list[tuple[str, float]]:
    # the protocol of I-SPY 1: early about 2.5 min, late about 7.5 min after injection
    times = {"pre": 0.0, "post_early": 150.0, "post_late": 450.0}
    return [(str(folder / f"ISPY1_{number}_{name}.nii.gz"), t) for name, t in times.items()]


def _tcga_phases(folder: Path, breast: str) -> list[tuple[str, float]]:
    # no times are known; an assumption that fits the usual protocol of that time
    posts = [(f"post{k}", 60.0 + 90.0 * (k - 1)) for k in range(1, 6)]
    return [
        (str(folder / f"TCGA-AO-A03M_breast{breast}_{name}.nii.gz"), t)
        for name, t in [("pre", 0.0), *posts]
    ]


@pytest.mark.parametrize("number", [1001, 1002, 1003, 1008])
def test_the_labelled_lesion_of_an_ispy1_exam_is_found(
    shared_data: Path, tmp_path: Path, number: int
) -> None:
    folder = shared_data / "ispy1"
    label = nib.load(folder / f"ISPY1_{number}_lesion.nii.gz").get_fdata() > 0

    result, _ = analyze_to_folder(None, tmp_path / "out", phases=_ispy1_phases(folder, number))

    lesions = nib.load(tmp_path / "out" / "masks" / "lesions.nii.gz").get_fdata()
    assert lesions.shape == label.shape
    shares = [np.count_nonzero(label & (lesions == f.id)) / label.sum() for f in result.findings]
    assert max(shares) > 0.25
    false = [f for f in result.findings if np.mean(label[lesions == f.id]) < 0.1]
    assert len(false) <= 2
    found = lesions > 0
    assert 2 * (found & label).sum() / (found.sum() + label.sum()) > 0.6
    assert result.coverage is (Coverage.LEFT if number in (1001, 1003) else Coverage.RIGHT)
    assert result.plane is Plane.SAGITTAL


def test_the_lesion_near_the_chest_wall_of_tcga_breast_a_washes_out(shared_data: Path) -> None:
    folder = shared_data / "tcga_ao_a03m"

    result = analyze_exam(read_exam(phases=_tcga_phases(folder, "A")))

    # read off the images: file voxel (120, 152, 25) lies in the lesion
    affine = nib.load(folder / "TCGA-AO-A03M_breastA_pre.nii.gz").affine
    centre = (affine @ [120, 152, 25, 1.0])[:3] * (-1, -1, 1)
    nearest = min(
        result.findings, key=lambda f: np.linalg.norm(np.subtract(f.centroid_mm_lps, centre))
    )
    assert np.linalg.norm(np.subtract(nearest.centroid_mm_lps, centre)) < 15
    assert nearest.kinetics.delayed is DelayedPhase.WASHOUT
    assert result.coverage is Coverage.LEFT


def test_one_phase_gives_breasts_and_an_honest_caveat(shared_data: Path) -> None:
    result = analyze_exam(read_exam(shared_data / "duke_001_pre_dicom"))

    assert () == result.findings
    assert "single_phase" in {caveat.code for caveat in result.caveats}
    assert result.coverage is Coverage.BILATERAL
    assert result.exam.acquisition.fat_suppressed is True
    volumes = [breast.volume_ml for breast in result.breasts]
    assert 300 < min(volumes) < max(volumes) < 3500

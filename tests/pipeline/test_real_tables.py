"""Public tables of real patients: what is known of them is found again.

I-SPY 1 (222 women, recurrence-free survival): receptors and the longest diameter tell something
of the risk. ACRIN 6698: radiomics of ADC maps at up to four visits.
"""

from pathlib import Path

import pandas as pd
import pytest

from mamri.io.cohort_table import read_cohort
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.cohort import features_of
from mamri.prediction.experiment import (
    CohortColumns,
    CohortSource,
    Experiment,
    FeatureChoice,
    ModelChoice,
    Target,
    TargetKind,
    Validation,
    VisitChange,
)


@pytest.fixture
def tables(shared_data: Path) -> Path:
    folder = shared_data / "tables"
    if not folder.is_dir():
        pytest.skip(f"no public tables at {folder}")
    return folder


def test_receptors_and_diameter_tell_of_recurrence_in_ispy1(tables, tmp_path):
    pytest.importorskip("sksurv")
    experiment = Experiment(
        "I-SPY 1",
        CohortSource(
            str(tables / "ispy1_clinical_outcome.csv"), CohortColumns(patient="SUBJECTID")
        ),
        Target("survival", TargetKind.SURVIVAL, "RFS", event="rfs_ind", unit="days"),
        (ModelChoice("cox"),),
        FeatureChoice(("HR_HER2_STATUS", "MRI LD Baseline", "MRI LD 1-3dAC")),
        Validation(inner_folds=3),
        bootstrap=200,
        final_model=False,
    )

    run = run_experiment(experiment, tmp_path, tmp_path / "run")

    found = run.document["figures"]["models"]["cox"]
    assert found["concordance"]["lower"] > 0.5
    assert found["thirds"]["log_rank_p"] < 0.05


def test_acrin_6698_is_265_women_at_four_visits(tables):
    source = CohortSource(
        str(tables / "acrin6698_radiomics_by_visit.csv"), CohortColumns(patient="patient_id")
    )
    cohort = read_cohort(source, tables)

    assert 265 == len(cohort)
    assert ["0", "1", "2", "3"] == list(cohort.visits)
    assert all(265 == len(rows) for rows in cohort.visits.values())
    plain = pd.read_csv(tables / "acrin6698_radiomics_by_visit.csv")
    volume = "original_shape_VoxelVolume"
    for visit, rows in cohort.visits.items():
        own = plain[plain["visit"].astype(str) == visit].set_index("patient_id")[volume]
        assert len(own) == rows[volume].notna().sum()

    x, (name,) = features_of(cohort, FeatureChoice((volume,), changes=(VisitChange("0", "1"),)))
    assert f"change_0_1__{volume}" == name
    by_woman = plain.pivot(index="patient_id", columns="visit", values=volume)
    expected = 100 * (by_woman[1] / by_woman[0] - 1)
    at = {str(patient): value for patient, value in expected.items()}
    for patient, value in zip(cohort.patients, x[:, 0], strict=True):
        assert at[patient] == pytest.approx(value, nan_ok=True)

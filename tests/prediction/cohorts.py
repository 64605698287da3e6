"""Small synthetic cohorts for the tests of predictions."""

from dataclasses import replace

import numpy as np
import pandas as pd

from mamri.prediction.cohort import Cohort, make_cohort
from mamri.prediction.experiment import CohortColumns, Target, TargetKind, Validation
from mamri.prediction.learner import LearningTask
from mamri.prediction.outcome import Outcome, outcome_of
from mamri.prediction.splits import strata

PLAIN = CohortColumns("patient", "", "", "", "", "", "", "", "")
MALIGNANT = Target("malignant", TargetKind.BINARY, "malignant", positive=("1",))


def columns(**names: str) -> CohortColumns:
    """Columns of a table that has the patient and those given."""
    return replace(PLAIN, **names)


def noise_table(n: int, features: int, seed: int, *, sites: int = 0) -> pd.DataFrame:
    """Features that know nothing of the outcome, one case a patient."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(n, features)), columns=[f"x{k}" for k in range(features)])
    table.insert(0, "patient", [f"p{k:04d}" for k in range(n)])
    table.insert(1, "malignant", rng.permutation(np.arange(n) % 2))
    if sites:
        table.insert(2, "site", rng.permutation([f"site {k % sites}" for k in range(n)]))
    return table


def telling_table(n: int, seed: int, *, shift: float = 1.5, features: int = 4) -> pd.DataFrame:
    """As `noise_table`, but x0 is higher by ``shift`` in malignant cases."""
    table = noise_table(n, features, seed)
    table["x0"] += shift * table["malignant"]
    return table


def cohort_and_outcome(
    table: pd.DataFrame, target: Target = MALIGNANT, **names: str
) -> tuple[Cohort, Outcome]:
    """A cohort of a table and the outcomes of its cases."""
    cohort = make_cohort(table, columns(**names))
    return cohort, outcome_of(cohort.cases, target)


def task_of(cohort: Cohort, outcome: Outcome, *, inner_folds: int = 4, seed: int = 1):
    """The task of all cases with an outcome."""
    return LearningTask(
        kind=outcome.kind,
        y=outcome.y,
        event=outcome.event,
        n_classes=len(outcome.classes),
        strata=strata(outcome),
        patients=cohort.patients[outcome.rows],
        sites=cohort.sites[outcome.rows],
        inner_folds=inner_folds,
        seed=seed,
    )


def nested(**settings: int) -> Validation:
    """Nested cross-validation."""
    return Validation(**settings)

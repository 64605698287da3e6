"""Scores of readers beside the answers of models."""

from dataclasses import replace

import numpy as np
import pandas as pd

from mamri.prediction.answers import READER, Answers
from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import TargetKind
from mamri.prediction.outcome import Outcome
from mamri.records import InputError


def add_readers(
    answers: Answers, cohort: Cohort, outcome: Outcome, readers: tuple[str, ...]
) -> Answers:
    """Add columns of the cohort as if they were models; only their order counts.

    Parameters
    ----------
    answers : Answers
    cohort : Cohort
    outcome : Outcome
    readers : tuple of str
        Columns with numbers, higher for yes, such as BI-RADS categories or percentages.

    Returns
    -------
    Answers
        Readers are named ``reader: COLUMN``; their second column holds the score scaled to 0 to 1.

    Raises
    ------
    InputError
        If the target is not binary, a column is missing or a case has no score.
    """
    if answers.kind is not TargetKind.BINARY:
        raise InputError("readers' scores are compared for binary targets alone; leave readers out")
    names, answered = cohort.names, set(answers.names)
    tested = [n for n, row in enumerate(outcome.rows) if names[row] in answered]
    by_model = dict(answers.by_model)
    for name in readers:
        if name not in cohort.cases.columns:
            raise InputError(f"readers' scores are in column {name}, which the cohort lacks")
        cells = pd.to_numeric(cohort.cases[name].iloc[outcome.rows[tested]], errors="coerce")
        if cells.isna().any():
            raise InputError(
                f"column {name} needs a score of every case, {int(cells.isna().sum())} have none; "
                "fill them in or leave these cases out"
            )
        by_model[READER + name] = reader_answer(cells.to_numpy(float))
    return replace(answers, by_model=by_model)


def reader_answer(scores: np.ndarray) -> np.ndarray:
    """Scores of a reader in the form of a model's answer: scaled to 0 to 1, only order counts.

    Parameters
    ----------
    scores : (n,) float
        Higher for yes.

    Returns
    -------
    (n, 2) float
    """
    scaled = (scores - scores.min()) / (np.ptp(scores) or 1.0)
    return np.column_stack([1 - scaled, scaled])

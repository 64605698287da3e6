"""Prediction of malignancy, biology, response and survival on a user's own cohort.

Needs the extra ``predict``; survival also the extra ``survival``.
"""

from mamri.prediction.answers import Answers
from mamri.prediction.cohort import Cohort
from mamri.prediction.experiment import Experiment, Target, TargetKind
from mamri.prediction.judge import judge
from mamri.prediction.outcome import Outcome, outcome_of

__all__ = [
    "Answers",
    "Cohort",
    "Experiment",
    "Outcome",
    "Target",
    "TargetKind",
    "judge",
    "outcome_of",
]

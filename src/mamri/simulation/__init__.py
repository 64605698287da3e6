"""Digital breasts: whole simulated dynamic exams with exact truth."""

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.exam import SimulatedExam, simulate_exam
from mamri.simulation.settings import (
    BENCHMARK,
    DEMO,
    DEMO_LESIONS,
    NON_SUPPRESSED,
    SAGITTAL,
    LesionShape,
    LesionSpec,
    SimulationSettings,
)
from mamri.simulation.truth import Truth, TruthLesion, delayed_phase, truth_to_json

__all__ = [
    "BENCHMARK",
    "DEMO",
    "DEMO_LESIONS",
    "NON_SUPPRESSED",
    "SAGITTAL",
    "LesionShape",
    "LesionSpec",
    "SimulatedExam",
    "SimulationSettings",
    "Tissue",
    "Truth",
    "TruthLesion",
    "delayed_phase",
    "simulate_exam",
    "truth_to_json",
]

"""Digital breasts: whole simulated exams with exact truth.

A `Woman` is drawn from published distributions (`draw_woman`) or specified; a `Protocol` says what
is acquired; `simulate_exam` puts one into the other. `build_body` and `render_mixture` give the
anatomy alone, on any grid.
"""

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.condition import ScanCondition, draw_condition
from mamri.simulation.demo_woman import DEMO_CONDITION, DEMO_LESIONS, demo_woman
from mamri.simulation.digital_body import DigitalBody, build_body, render_mixture
from mamri.simulation.draw_lesions import LesionMix
from mamri.simulation.exam import SimulatedExam, simulate_exam
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.mixture import TissueMixture
from mamri.simulation.protocols import PROTOCOLS
from mamri.simulation.sequences import Protocol
from mamri.simulation.signal_tables import code_properties
from mamri.simulation.truth import Truth, TruthLesion, delayed_phase, truth_to_json
from mamri.simulation.voxel_signals import parameter_maps
from mamri.simulation.woman import Woman, draw_woman

__all__ = [
    "DEMO_CONDITION",
    "DEMO_LESIONS",
    "PROTOCOLS",
    "DigitalBody",
    "LesionMix",
    "LesionPlan",
    "Protocol",
    "ScanCondition",
    "SimulatedExam",
    "Tissue",
    "TissueMixture",
    "Truth",
    "TruthLesion",
    "Woman",
    "build_body",
    "code_properties",
    "delayed_phase",
    "demo_woman",
    "draw_condition",
    "draw_woman",
    "parameter_maps",
    "render_mixture",
    "simulate_exam",
    "truth_to_json",
]

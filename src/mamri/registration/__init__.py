"""Motion between the phases of a dynamic series."""

from mamri.registration.motion import correct_motion
from mamri.registration.motion_report import (
    MotionMethod,
    MotionReport,
    MotionSettings,
    PhaseMotion,
    PhaseOutcome,
    Residual,
)

__all__ = [
    "MotionMethod",
    "MotionReport",
    "MotionSettings",
    "PhaseMotion",
    "PhaseOutcome",
    "Residual",
    "correct_motion",
]

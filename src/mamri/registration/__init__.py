"""Motion between the phases of a dynamic series, and alignment of other series with it."""

from mamri.registration.aligned_grids import CarriedMask, carry_mask, resample_aligned
from mamri.registration.diffusion_alignment import align_diffusion
from mamri.registration.diffusion_alignment_report import (
    Agreement,
    AlignmentKind,
    AlignmentSettings,
    DiffusionAlignment,
)
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
    "Agreement",
    "AlignmentKind",
    "AlignmentSettings",
    "CarriedMask",
    "DiffusionAlignment",
    "MotionMethod",
    "MotionReport",
    "MotionSettings",
    "PhaseMotion",
    "PhaseOutcome",
    "Residual",
    "align_diffusion",
    "carry_mask",
    "correct_motion",
    "resample_aligned",
]

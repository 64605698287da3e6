"""What motion correction was asked to do, and what it found and left."""

from dataclasses import dataclass
from enum import StrEnum

from mamri.records import Caveat


class MotionMethod(StrEnum):
    """Which motion is taken out."""

    NONE = "none"
    RIGID = "rigid"
    DEFORMABLE = "deformable"


class PhaseOutcome(StrEnum):
    """What became of one phase."""

    REFERENCE = "reference"
    UNCHANGED = "unchanged"
    RIGID = "rigid"
    DEFORMABLE = "deformable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Settings of motion correction. Limits without a source are assumptions.

    Parameters
    ----------
    method : MotionMethod
    working_spacing_mm : float, mm
        Voxel size at which motion is looked for.
    min_voxel_fraction : float
        A motion whose mean length in the breasts is below this part of the smallest voxel edge is
        not applied: interpolation would cost more than it brings.
    min_gain : float
        Part by which the median measured motion must fall for a motion to be applied.
    rigid_iterations, deformable_iterations : int
        For each resolution.
    grid_spacing_mm : float, mm
        Distance between the control points of the local motion.
    samples : int
        Positions compared in each iteration of the local motion.
    margin_mm : float, mm
        Tissue around the breasts that takes part in full, so that skin and chest wall lead.
    fade_mm : float, mm
        Width over which the local motion fades to the rigid one beyond the margin.
    lattice_mm : float, mm
        Distance of the lattice on which the total motion is kept: a sixth of the control grid.
    max_residual_mm : float, mm
        95th percentile of the residual motion above which the result carries a caveat: about
        half the diameter of a small mass. Still exams measure 0.9 to 1.6 mm, in part from the
        error of the measurement under enhancement.
    threads : int
        Fixed, because the sums of elastix depend on how work is split.
    """

    method: MotionMethod = MotionMethod.RIGID
    working_spacing_mm: float = 2.0
    min_voxel_fraction: float = 0.25
    min_gain: float = 0.1
    rigid_iterations: int = 100
    deformable_iterations: int = 150
    grid_spacing_mm: float = 24.0
    samples: int = 4096
    margin_mm: float = 8.0
    fade_mm: float = 20.0
    lattice_mm: float = 4.0
    max_residual_mm: float = 2.0
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Residual:
    """Measured motion of breast tissue between a phase and the reference.

    Parameters
    ----------
    median_mm, p95_mm : float, mm
        Over blocks of tissue, see `measure_local_shifts`; NaN without a measurable block.
    n_blocks : int
    """

    median_mm: float
    p95_mm: float
    n_blocks: int


@dataclass(frozen=True, slots=True)
class PhaseMotion:
    """Motion of one phase against the reference phase.

    Parameters
    ----------
    phase : int
    outcome : PhaseOutcome
    translation_mm_lps : (3,) float, mm
        Rigid shift of the breasts' centre.
    rotation_deg : float, degrees
    displacement_mean_mm, displacement_p95_mm : float, mm
        Length of the motion found in the breasts, rigid and local together.
    similarity_before, similarity_after : float
        Normalised mutual information with the reference in the breasts, 1 (none) to 2.
    motion_before, motion_after : Residual
        Measured shifts of breast tissue before and after correction.
    """

    phase: int
    outcome: PhaseOutcome
    translation_mm_lps: tuple[float, float, float]
    rotation_deg: float
    displacement_mean_mm: float
    displacement_p95_mm: float
    similarity_before: float
    similarity_after: float
    motion_before: Residual
    motion_after: Residual


@dataclass(frozen=True, slots=True)
class MotionReport:
    """Motion of all phases.

    Parameters
    ----------
    method : MotionMethod
        What was asked for.
    reference_phase : int
    phases : tuple of PhaseMotion
        One for each phase but the reference.
    caveats : tuple of Caveat
    """

    method: MotionMethod
    reference_phase: int
    phases: tuple[PhaseMotion, ...]
    caveats: tuple[Caveat, ...]

"""Motion between the phases of a dynamic series: found, taken out, and what is left of it.

Every phase is compared with the last pre-contrast phase, on whose grid the anatomy is drawn. A
rigid motion is found first, then, if asked for, a smooth local one within the breasts that fades
to the rigid one around them. Each phase is interpolated at most once, straight from the input.
A phase that hardly moved, or that registration would not bring closer, stays bit-identical.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.geometry.affines import spacing_mm
from mamri.geometry.resample import coarsen
from mamri.records import Caveat, DynamicSeries, GeometryError, Provenance, Volume
from mamri.registration.deformable import FreeFormMotion, find_free_form_motion
from mamri.registration.displacement import Displacement, sampled_displacement, warp
from mamri.registration.elastix import RegistrationError, grid_image
from mamri.registration.local_shift import measure_local_shifts
from mamri.registration.rigid import RigidMotion, find_rigid_motion


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
    max_residual_mm : float, mm
        95th percentile of the residual motion above which the result carries a caveat.
    threads : int
        Fixed, because the sums of elastix depend on how work is split.
    """

    method: MotionMethod = MotionMethod.RIGID
    working_spacing_mm: float = 2.0
    min_voxel_fraction: float = 0.25
    rigid_iterations: int = 200
    deformable_iterations: int = 150
    grid_spacing_mm: float = 16.0
    samples: int = 4096
    margin_mm: float = 8.0
    fade_mm: float = 20.0
    max_residual_mm: float = 1.0
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


def correct_motion(
    series: DynamicSeries,
    breast_mask: np.ndarray | None = None,
    *,
    settings: MotionSettings | None = None,
) -> tuple[DynamicSeries, MotionReport, Provenance]:
    """Bring every phase onto the last pre-contrast phase.

    Parameters
    ----------
    series : DynamicSeries
        In anatomical order.
    breast_mask : (S, R, C) bool or int, optional
        Breasts on the grid of the series; by default everything above an Otsu threshold.
    settings : MotionSettings, optional

    Returns
    -------
    DynamicSeries
        Same dtype; phases that were not moved are bit-identical, and the very same series comes
        back if none was.
    MotionReport
    Provenance

    Raises
    ------
    GeometryError
        If the mask has another shape than a phase.
    """
    settings = settings or MotionSettings()
    if breast_mask is not None and breast_mask.shape != series.array.shape[1:]:
        raise GeometryError(
            f"series and mask must share one grid, got {series.array.shape[1:]} and "
            f"{breast_mask.shape}; resample the mask first with geometry.resample_like()"
        )
    reference = max(series.n_pre - 1, 0)
    provenance = _provenance(settings, reference)
    if series.n_phases == 1 or settings.method is MotionMethod.NONE:
        return series, MotionReport(settings.method, reference, (), ()), provenance
    frame = _working_frame(series.phase(reference), breast_mask, settings)
    corrected: np.ndarray | None = None
    phases: list[PhaseMotion] = []
    for index in range(series.n_phases):
        if index == reference:
            continue
        motion, displacement = _find_motion(series.phase(index), index, frame, settings)
        if displacement is not None:
            corrected = series.array.copy() if corrected is None else corrected
            warp(series.array[index], displacement, out=corrected[index])
            moved = _working_image(Volume(corrected[index], series.affine), settings)
            motion = _with_result(motion, moved, frame)
        phases.append(motion)
    report = MotionReport(
        settings.method, reference, tuple(phases), _caveats(phases, settings)
    )
    if corrected is not None:
        series = DynamicSeries(corrected, series.affine, series.times_s)
    return series, report, provenance

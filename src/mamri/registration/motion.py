"""Motion between the phases of a dynamic series: found, taken out, and what is left of it.

Every phase is compared with the last pre-contrast phase, on whose grid the anatomy is drawn. A
rigid motion is found first, then, if asked for, a smooth local one within the breasts that fades
to the rigid one around them. Each phase is interpolated at most once, straight from the input.
A phase that hardly moved, or that registration would not bring closer, stays bit-identical.
"""

from dataclasses import asdict

import numpy as np
from scipy import ndimage

from mamri.records import Caveat, DynamicSeries, GeometryError, Provenance, Volume
from mamri.registration.displacement import warp
from mamri.registration.motion_estimate import (
    FoundMotion,
    WorkingFrame,
    find_motion,
    residual_motion,
    similarity,
    working_array,
    working_frame,
)
from mamri.registration.motion_report import (
    MotionMethod,
    MotionReport,
    MotionSettings,
    PhaseMotion,
    PhaseOutcome,
    Residual,
)

_ELASTIX = (
    "Klein S, Staring M, Murphy K, et al. elastix: a toolbox for intensity-based medical image "
    "registration. IEEE Trans Med Imaging 2010;29:196-205. doi:10.1109/TMI.2009.2035616"
)
_MATTES = (
    "Mattes D, Haynor DR, Vesselle H, et al. PET-CT image registration in the chest using "
    "free-form deformations. IEEE Trans Med Imaging 2003;22:120-128. doi:10.1109/TMI.2003.809072"
)
_RUECKERT = (
    "Rueckert D, Sonoda LI, Hayes C, et al. Nonrigid registration using free-form deformations: "
    "application to breast MR images. IEEE Trans Med Imaging 1999;18:712-721. "
    "doi:10.1109/42.796284"
)
_KEYS = (
    "Keys RG. Cubic convolution interpolation for digital image processing. IEEE Trans Acoust "
    "Speech Signal Process 1981;29:1153-1160. doi:10.1109/TASSP.1981.1163711"
)


def correct_motion(
    series: DynamicSeries,
    breast_mask: np.ndarray | None = None,
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
    frame = working_frame(series.phase(reference), breast_mask, settings)
    corrected: np.ndarray | None = None
    phases: list[PhaseMotion] = []
    for index in range(series.n_phases):
        if index == reference:
            continue
        found = find_motion(series.phase(index), frame, settings)
        after = found.motion_before
        alike = found.similarity_before
        if found.displacement is not None:
            corrected = series.array.copy() if corrected is None else corrected
            warp(
                series.array[index],
                found.displacement,
                out=corrected[index],
                threads=settings.threads,
            )
            moved = working_array(Volume(corrected[index], series.affine), settings)
            after, alike = residual_motion(frame, moved), similarity(frame, moved)
        phases.append(_phase_motion(index, found, after, alike, frame))
    if corrected is not None:
        series = DynamicSeries(corrected, series.affine, series.times_s)
    caveats = _caveats(phases, settings)
    return series, MotionReport(settings.method, reference, tuple(phases), caveats), provenance


def _phase_motion(
    index: int, found: FoundMotion, after: Residual, alike: float, frame: WorkingFrame
) -> PhaseMotion:
    centre = np.zeros(3)
    if frame.breast.any():
        centre = np.array(ndimage.center_of_mass(frame.breast)) * frame.spacing + frame.origin
    directions = frame.affine[:3, :3] / np.array(frame.full_spacing)
    x, y, z = directions @ (found.rigid(centre) - centre)
    return PhaseMotion(
        phase=index,
        outcome=found.outcome,
        translation_mm_lps=(float(x), float(y), float(z)),
        rotation_deg=found.rigid.rotation_deg,
        displacement_mean_mm=float(found.lengths_mm.mean()),
        displacement_p95_mm=float(np.percentile(found.lengths_mm, 95)),
        similarity_before=found.similarity_before,
        similarity_after=alike,
        motion_before=found.motion_before,
        motion_after=after,
    )


def _caveats(phases: list[PhaseMotion], settings: MotionSettings) -> tuple[Caveat, ...]:
    def numbers(chosen: list[PhaseMotion]) -> str:
        return ", ".join(str(p.phase + 1) for p in chosen)

    failed = [p for p in phases if p.outcome is PhaseOutcome.FAILED]
    unmeasured = [p for p in phases if p.motion_after.n_blocks == 0 and p not in failed]
    moving = [p for p in phases if p.motion_after.p95_mm > settings.max_residual_mm]
    caveats = []
    if failed:
        caveats.append(
            Caveat(
                "motion_correction_failed",
                f"Motion correction failed for phase {numbers(failed)}, which was left as it "
                "was; curves and subtractions may be affected by motion.",
            )
        )
    if unmeasured:
        caveats.append(
            Caveat(
                "residual_motion_unknown",
                f"Residual motion of phase {numbers(unmeasured)} could not be measured for lack "
                "of structure in the breasts; curves and subtractions may be affected by it.",
            )
        )
    if moving:
        worst = max(p.motion_after.p95_mm for p in moving)
        caveats.append(
            Caveat(
                "residual_motion",
                f"Breast tissue in phase {numbers(moving)} still lies up to {worst:.1f} mm (95th "
                f"percentile; limit {settings.max_residual_mm:g} mm) from the pre-contrast phase; "
                "small findings and their curves are less reliable.",
            )
        )
    return tuple(caveats)


def _provenance(settings: MotionSettings, reference: int) -> Provenance:
    if settings.method is MotionMethod.NONE:
        method = "Motion between phases was not corrected."
    else:
        method = (
            f"Every phase was aligned with phase {reference + 1}, the last before contrast, by a "
            "rigid motion found by mutual information with adaptive stochastic gradient descent "
            f"on a grid of about {settings.working_spacing_mm:g} mm; motions of less than "
            f"{settings.min_voxel_fraction:g} voxel on average were not applied."
        )
    if settings.method is MotionMethod.DEFORMABLE:
        method += (
            " Local motion was then found by a cubic B-spline free-form deformation with control "
            f"points every {settings.grid_spacing_mm:g} mm within the breasts, faded over "
            f"{settings.fade_mm:g} mm around them; deformations that fold were refused."
        )
    references = {
        MotionMethod.NONE: (),
        MotionMethod.RIGID: (_ELASTIX, _MATTES, _KEYS),
        MotionMethod.DEFORMABLE: (_ELASTIX, _MATTES, _RUECKERT, _KEYS),
    }
    return Provenance("motion", method, asdict(settings), references[settings.method])

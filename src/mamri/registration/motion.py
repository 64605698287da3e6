"""Motion between the phases of a dynamic series: found, taken out, and what is left of it.

Every phase is compared with the last pre-contrast phase, on whose grid the anatomy is drawn. A
rigid motion is found first, then, if asked for, a smooth local one within the breasts that fades
to the rigid one around them. Each phase is interpolated at most once, straight from the input.
A phase that hardly moved, or that registration would not bring closer, stays bit-identical.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.geometry.affines import spacing_mm
from mamri.geometry.resample import coarsen
from mamri.records import Caveat, DynamicSeries, GeometryError, Provenance, Volume
from mamri.registration.deformable import FreeFormMotion, find_free_form_motion
from mamri.registration.displacement import (
    Displacement,
    jacobian_determinant,
    sampled_displacement,
    warp,
)
from mamri.registration.elastix import RegistrationError, grid_image
from mamri.registration.local_shift import measure_local_shifts
from mamri.registration.motion_report import (
    MotionMethod,
    MotionReport,
    MotionSettings,
    PhaseMotion,
    PhaseOutcome,
    Residual,
)
from mamri.registration.rigid import RigidMotion, find_rigid_motion

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
    frame = _working_frame(series.phase(reference), breast_mask, settings)
    corrected: np.ndarray | None = None
    phases: list[PhaseMotion] = []
    for index in range(series.n_phases):
        if index == reference:
            continue
        found = _find_motion(series.phase(index), frame, settings)
        after = found.motion_before
        similarity = found.similarity_before
        if found.displacement is not None:
            corrected = series.array.copy() if corrected is None else corrected
            warp(series.array[index], found.displacement, out=corrected[index])
            moved = _working_array(Volume(corrected[index], series.affine), settings)
            after, similarity = _residual(frame, moved), _similarity(frame, moved)
        phases.append(_phase_motion(index, found, after, similarity, frame))
    if corrected is not None:
        series = DynamicSeries(corrected, series.affine, series.times_s)
    caveats = _caveats(phases, settings)
    return series, MotionReport(settings.method, reference, tuple(phases), caveats), provenance


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """The reference phase on the working grid, and where the breasts are.

    ``spacing`` and ``origin`` are those of the working grid in mm from the first voxel of the
    full grid; ``full_spacing``, ``shape`` and ``affine`` describe the full grid.
    """

    fixed: np.ndarray
    breast: np.ndarray
    region: np.ndarray
    weight: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    shape: tuple[int, int, int]
    affine: np.ndarray
    full_spacing: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Motion of one phase as found, with the displacement to apply, if any."""

    outcome: PhaseOutcome
    rigid: RigidMotion
    lengths_mm: np.ndarray
    similarity_before: float
    motion_before: Residual
    displacement: Displacement | None


def _working_array(phase: Volume, settings: MotionSettings) -> np.ndarray:
    """One phase on the working grid, float32 without NaN."""
    return np.nan_to_num(coarsen(phase, settings.working_spacing_mm).array)


def _working_frame(
    reference: Volume, breast_mask: np.ndarray | None, settings: MotionSettings
) -> _Frame:
    coarse = coarsen(reference, settings.working_spacing_mm)
    fixed = np.nan_to_num(coarse.array)
    if breast_mask is None:
        breast = fixed > threshold_otsu(fixed) if np.ptp(fixed) > 0 else np.zeros(fixed.shape, bool)
    else:
        share = coarsen(Volume(breast_mask > 0, reference.affine), settings.working_spacing_mm)
        breast = share.array > 0.5
    spacing, full_spacing = spacing_mm(coarse.affine), spacing_mm(reference.affine)
    distance = (
        ndimage.distance_transform_edt(~breast, sampling=spacing)
        if breast.any()
        else np.full(breast.shape, np.inf)
    )
    fade = np.clip((distance - settings.margin_mm) / settings.fade_mm, 0.0, 1.0)
    s, r, c = ((np.array(spacing) - full_spacing) / 2).tolist()
    return _Frame(
        fixed=fixed,
        breast=breast,
        region=distance <= settings.margin_mm,
        weight=(1 - fade**2 * (3 - 2 * fade)).astype(np.float32),  # smooth step from 1 to 0
        spacing=spacing,
        origin=(s, r, c),
        shape=reference.shape,
        affine=reference.affine,
        full_spacing=full_spacing,
    )


def _find_motion(phase: Volume, frame: _Frame, settings: MotionSettings) -> _Found:
    """Best motion of a phase that the settings allow and the measurements support."""
    moving = _working_array(phase, settings)
    before, similarity = _residual(frame, moving), _similarity(frame, moving)
    still = RigidMotion(np.eye(4))
    zero = np.zeros(1)

    def unmoved(outcome: PhaseOutcome) -> _Found:
        return _Found(outcome, still, zero, similarity, before, None)

    try:
        rigid = _find_rigid(frame, moving, settings)
    except RegistrationError:
        return unmoved(PhaseOutcome.FAILED)
    best = unmoved(PhaseOutcome.UNCHANGED)
    best_motion = before
    limit = settings.min_voxel_fraction * min(frame.full_spacing)
    candidate = _total_displacement(frame, rigid, None, settings)
    lengths, left, folded = _try(frame, moving, candidate)
    if lengths.mean() >= limit and not folded and _is_closer(left, best_motion):
        best = _Found(PhaseOutcome.RIGID, rigid, lengths, similarity, before, candidate)
        best_motion = left
    if settings.method is MotionMethod.DEFORMABLE:
        try:
            start = best.rigid
            local = _find_local(frame, moving, start, settings)
        except RegistrationError:
            return best
        candidate = _total_displacement(frame, start, local, settings)
        lengths, left, folded = _try(frame, moving, candidate)
        if lengths.mean() >= limit and not folded and _is_closer(left, best_motion):
            return _Found(PhaseOutcome.DEFORMABLE, start, lengths, similarity, before, candidate)
    return best


def _find_rigid(frame: _Frame, moving: np.ndarray, settings: MotionSettings) -> RigidMotion:
    if not frame.breast.any() or np.ptp(moving) == 0 or np.ptp(frame.fixed) == 0:
        raise RegistrationError(
            "registration needs two images with structure and a mask that is not empty, got a "
            "constant image or an empty mask; check the phases, or choose the method 'none'"
        )
    return find_rigid_motion(
        grid_image(frame.fixed, frame.spacing, frame.origin),
        grid_image(moving, frame.spacing, frame.origin),
        grid_image(frame.region.astype(np.uint8), frame.spacing, frame.origin),
        iterations=settings.rigid_iterations,
        threads=settings.threads,
    )


def _find_local(
    frame: _Frame, moving: np.ndarray, rigid: RigidMotion, settings: MotionSettings
) -> FreeFormMotion:
    """Local motion of the phase once the rigid one is taken out, inside the breasts' box."""
    moved = np.empty_like(moving)
    warp(moving, _on_working_grid(frame, _total_displacement(frame, rigid, None, settings)), out=moved)
    box = ndimage.find_objects(frame.region.astype(np.uint8))[0]
    s, r, c = (o + part.start * h for o, part, h in zip(frame.origin, box, frame.spacing, strict=True))
    fixed, cut, mask = (
        grid_image(np.ascontiguousarray(array[box]), frame.spacing, (s, r, c))
        for array in (frame.fixed, moved, frame.region.astype(np.uint8))
    )
    return find_free_form_motion(
        fixed,
        cut,
        mask,
        grid_spacing_mm=settings.grid_spacing_mm,
        iterations=settings.deformable_iterations,
        samples=settings.samples,
        threads=settings.threads,
    )


def _total_displacement(
    frame: _Frame, rigid: RigidMotion, local: FreeFormMotion | None, settings: MotionSettings
) -> Displacement:
    """Rigid motion and faded local motion as one displacement on the full grid."""

    def displacement_at(axes: list[np.ndarray]) -> np.ndarray:
        in_mm = [axis * h for axis, h in zip(axes, frame.full_spacing, strict=True)]
        positions = np.stack(np.meshgrid(*in_mm, indexing="ij"))
        seen = positions
        if local is not None:
            seen = positions + _weight_at(frame, in_mm) * local.on_lattice(in_mm)
        spacing = np.array(frame.full_spacing).reshape(3, 1, 1, 1)
        return (rigid(seen) - positions) / spacing

    s, r, c = (settings.lattice_mm / h for h in frame.full_spacing)
    return sampled_displacement(frame.shape, (s, r, c), displacement_at)


def _weight_at(frame: _Frame, axes_mm: list[np.ndarray]) -> np.ndarray:
    """Weight of the local motion on the lattice of three position vectors in mm."""
    indices = np.meshgrid(
        *[(x - o) / h for x, o, h in zip(axes_mm, frame.origin, frame.spacing, strict=True)],
        indexing="ij",
    )
    return ndimage.map_coordinates(frame.weight, indices, order=1, mode="nearest")


def _on_working_grid(frame: _Frame, displacement: Displacement) -> Displacement:
    """The same displacement for images on the working grid, in its voxels."""
    factor = np.array(frame.spacing) / frame.full_spacing
    axes = [
        np.arange(n) * f + (f - 1) / 2 for n, f in zip(frame.fixed.shape, factor, strict=True)
    ]
    s, r, c = (step / f for step, f in zip(displacement.step, factor, strict=True))

    def displacement_at(points: list[np.ndarray]) -> np.ndarray:
        full = [p * f + (f - 1) / 2 for p, f in zip(points, factor, strict=True)]
        inside = [np.clip(p, axis[0], axis[-1]) for p, axis in zip(full, axes, strict=True)]
        return displacement.at(inside) / factor.reshape(3, 1, 1, 1)

    return sampled_displacement(frame.fixed.shape, (s, r, c), displacement_at)


def _try(
    frame: _Frame, moving: np.ndarray, displacement: Displacement
) -> tuple[np.ndarray, Residual, bool]:
    """Lengths of a motion in the breasts (mm), the residual it leaves, and whether it folds."""
    coarse = _on_working_grid(frame, displacement)
    field = coarse.at([np.arange(n, dtype=float) for n in frame.fixed.shape])
    in_mm = field * np.array(frame.spacing, np.float32).reshape(3, 1, 1, 1)
    lengths = np.sqrt(np.einsum("dv,dv->v", in_mm[:, frame.breast], in_mm[:, frame.breast]))
    moved = np.empty_like(moving)
    warp(moving, coarse, out=moved)
    folded = bool((jacobian_determinant(field)[frame.region] <= 0).any())
    return lengths, _residual(frame, moved), folded


def _residual(frame: _Frame, moving: np.ndarray) -> Residual:
    shifts = measure_local_shifts(frame.fixed, moving, frame.breast, spacing=frame.spacing)
    lengths = shifts.lengths_mm
    if lengths.size == 0:
        return Residual(float("nan"), float("nan"), 0)
    return Residual(
        float(np.median(lengths)), float(np.percentile(lengths, 95)), int(lengths.size)
    )


def _is_closer(after: Residual, before: Residual) -> bool:
    """Whether measured motion fell; without a measurement nothing may be moved."""
    return after.median_mm < before.median_mm and after.n_blocks > 0


def _similarity(frame: _Frame, moving: np.ndarray) -> float:
    """Normalised mutual information (Studholme) in the breasts, 64 bins of equal width."""
    if not frame.breast.any():
        return float("nan")
    counts, _, _ = np.histogram2d(frame.fixed[frame.breast], moving[frame.breast], bins=64)
    joint = counts / counts.sum()

    def entropy(p: np.ndarray) -> float:
        p = p[p > 0]
        return float(-(p * np.log(p)).sum())

    both = entropy(joint)
    return (entropy(joint.sum(0)) + entropy(joint.sum(1))) / both if both > 0 else float("nan")


def _phase_motion(
    index: int, found: _Found, after: Residual, similarity: float, frame: _Frame
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
        similarity_after=similarity,
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

"""The motion of one phase against the reference phase, and how sure it is.

Motion is looked for on a working grid of about 2 mm. A candidate motion is accepted only if
it is large enough to be worth an interpolation, does not fold, and brings the tissue measurably
closer; the measurement (`local_shift`) is another criterion than the one that was optimised.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.geometry.affines import spacing_mm
from mamri.geometry.resample import coarsen
from mamri.records import Volume
from mamri.registration.deformable import FreeFormMotion, find_free_form_motion
from mamri.registration.displacement import (
    Displacement,
    jacobian_determinant,
    sampled_displacement,
    warp,
)
from mamri.registration.elastix import RegistrationError, grid_image
from mamri.registration.local_shift import measure_local_shifts
from mamri.registration.motion_report import MotionMethod, MotionSettings, PhaseOutcome, Residual
from mamri.registration.rigid import RigidMotion, find_rigid_motion


@dataclass(frozen=True, slots=True, eq=False)
class WorkingFrame:
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
class FoundMotion:
    """Motion of one phase as found, with the displacement to apply, if any."""

    outcome: PhaseOutcome
    rigid: RigidMotion
    lengths_mm: np.ndarray
    similarity_before: float
    motion_before: Residual
    displacement: Displacement | None


def working_array(phase: Volume, settings: MotionSettings) -> np.ndarray:
    """One phase on the working grid, float32 without NaN."""
    return np.nan_to_num(coarsen(phase, settings.working_spacing_mm).array)


def working_frame(
    reference: Volume, breast_mask: np.ndarray | None, settings: MotionSettings
) -> WorkingFrame:
    """Prepare the reference phase and the weights of the local motion on the working grid.

    Parameters
    ----------
    reference : Volume
    breast_mask : (S, R, C) bool or int, optional
        By default everything above an Otsu threshold.
    settings : MotionSettings

    Returns
    -------
    WorkingFrame
    """
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
    return WorkingFrame(
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


def find_motion(phase: Volume, frame: WorkingFrame, settings: MotionSettings) -> FoundMotion:
    """Best motion of a phase that the settings allow and the measurements support."""
    moving = working_array(phase, settings)
    before, alike = residual_motion(frame, moving), similarity(frame, moving)
    still = RigidMotion(np.eye(4))
    zero = np.zeros(1)

    def unmoved(outcome: PhaseOutcome) -> FoundMotion:
        return FoundMotion(outcome, still, zero, alike, before, None)

    try:
        rigid = _find_rigid(frame, moving, settings)
    except RegistrationError:
        return unmoved(PhaseOutcome.FAILED)
    best = unmoved(PhaseOutcome.UNCHANGED)
    best_motion = before
    limit = settings.min_voxel_fraction * min(frame.full_spacing)
    candidate = _total_displacement(frame, rigid, None, settings)
    lengths, left, _ = _try(frame, moving, candidate, settings)
    if lengths.mean() >= limit and _is_closer(left, best_motion, settings):
        best = FoundMotion(PhaseOutcome.RIGID, rigid, lengths, alike, before, candidate)
        best_motion = left
    if settings.method is MotionMethod.DEFORMABLE:
        try:
            start = best.rigid
            local = _find_local(frame, moving, start, settings)
        except RegistrationError:
            return best
        candidate = _total_displacement(frame, start, local, settings)
        lengths, left, folded = _try(frame, moving, candidate, settings)
        if lengths.mean() >= limit and not folded and _is_closer(left, best_motion, settings):
            return FoundMotion(PhaseOutcome.DEFORMABLE, start, lengths, alike, before, candidate)
    return best


def _find_rigid(frame: WorkingFrame, moving: np.ndarray, settings: MotionSettings) -> RigidMotion:
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
    frame: WorkingFrame, moving: np.ndarray, rigid: RigidMotion, settings: MotionSettings
) -> FreeFormMotion:
    """Local motion of the phase once the rigid one is taken out, inside the breasts' box."""
    moved = np.empty_like(moving)
    warp(
        moving,
        _on_working_grid(frame, _total_displacement(frame, rigid, None, settings)),
        out=moved,
    )
    box = ndimage.find_objects(frame.region.astype(np.uint8))[0]
    s, r, c = (
        o + part.start * h for o, part, h in zip(frame.origin, box, frame.spacing, strict=True)
    )
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
    frame: WorkingFrame, rigid: RigidMotion, local: FreeFormMotion | None, settings: MotionSettings
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


def _weight_at(frame: WorkingFrame, axes_mm: list[np.ndarray]) -> np.ndarray:
    """Weight of the local motion on the lattice of three position vectors in mm."""
    indices = np.meshgrid(
        *[(x - o) / h for x, o, h in zip(axes_mm, frame.origin, frame.spacing, strict=True)],
        indexing="ij",
    )
    return ndimage.map_coordinates(frame.weight, indices, order=1, mode="nearest")


def _on_working_grid(frame: WorkingFrame, displacement: Displacement) -> Displacement:
    """The same displacement for images on the working grid, in its voxels."""
    factor = np.array(frame.spacing) / frame.full_spacing
    axes = [np.arange(n) * f + (f - 1) / 2 for n, f in zip(frame.fixed.shape, factor, strict=True)]
    s, r, c = (step / f for step, f in zip(displacement.step, factor, strict=True))

    def displacement_at(points: list[np.ndarray]) -> np.ndarray:
        full = [p * f + (f - 1) / 2 for p, f in zip(points, factor, strict=True)]
        inside = [np.clip(p, axis[0], axis[-1]) for p, axis in zip(full, axes, strict=True)]
        return displacement.at(inside) / factor.reshape(3, 1, 1, 1)

    return sampled_displacement(frame.fixed.shape, (s, r, c), displacement_at)


def _try(
    frame: WorkingFrame, moving: np.ndarray, displacement: Displacement, settings: MotionSettings
) -> tuple[np.ndarray, Residual, bool]:
    """Lengths of a motion in the breasts (mm), the residual it leaves, and whether it folds."""
    coarse = _on_working_grid(frame, displacement)
    field = coarse.at([np.arange(n, dtype=float) for n in frame.fixed.shape])
    inside = field[:, frame.breast] * np.array(frame.spacing, np.float32)[:, None]
    lengths = np.sqrt(np.einsum("dv,dv->v", inside, inside))
    folded = bool((jacobian_determinant(field)[frame.region] <= 0).any())
    moved = np.empty_like(moving)
    warp(moving, coarse, out=moved, threads=settings.threads)
    return lengths, residual_motion(frame, moved), folded


def residual_motion(frame: WorkingFrame, moving: np.ndarray) -> Residual:
    """Median and 95th percentile of the measured shifts of breast tissue, mm."""
    shifts = measure_local_shifts(frame.fixed, moving, frame.breast, spacing=frame.spacing)
    lengths = shifts.lengths_mm
    if lengths.size == 0:
        return Residual(float("nan"), float("nan"), 0)
    return Residual(float(np.median(lengths)), float(np.percentile(lengths, 95)), int(lengths.size))


def _is_closer(after: Residual, before: Residual, settings: MotionSettings) -> bool:
    """Whether measured motion fell enough; what cannot be measured is not believed."""
    if after.n_blocks == 0:
        return False
    return before.n_blocks == 0 or after.median_mm < (1 - settings.min_gain) * before.median_mm


def similarity(frame: WorkingFrame, moving: np.ndarray) -> float:
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

"""Which candidates are not lesions: skin, nipple, vessel, chest, motion, background."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from mamri.findings.candidates import Candidate
from mamri.findings.enhancement_levels import EnhancementLevels
from mamri.findings.settings import DetectionSettings

_MOST_VESSEL = 0.3  # share of a candidate's neighbours; above it is what is left of a vessel
_FOCUS_REACH = 4  # samples; a focus this near a vessel is part of it
_CHEST_REACH_MM = 6.0  # how far behind the breast enhancing chest is looked for
_MOST_CHEST = 0.5  # volume of it over that of the candidate
_SHADOW_REACH_MM = 3.0  # how far a moving edge casts its negative copy
_SHADOW_NOISES = 4.0  # how negative it must be, in standard deviations of noise
_MOST_SHADOW = 0.3  # volume of it over that of the candidate
# All assumptions.


class Verdict(StrEnum):
    """Why a candidate is kept or dropped."""

    KEPT = "kept"
    TOO_SMALL = "too small"
    NIPPLE = "nipple"
    SKIN = "skin"
    VESSEL = "vessel"
    CHEST = "chest"
    MOTION = "motion"
    BACKGROUND = "background"
    WEAK_FOCUS = "weak focus"


@dataclass(frozen=True, slots=True)
class CandidateShape:
    """Size and form of a candidate.

    Parameters
    ----------
    diameter_mm : float, mm
        Of the ball of equal volume.
    thickness_mm : float, mm
        Diameter of the largest ball inside.
    length_mm : float, mm
        Four standard deviations along the principal axis plus one step: about the full length of
        a rod or ellipsoid.
    """

    diameter_mm: float
    thickness_mm: float
    length_mm: float


def candidate_shape(mask: np.ndarray, step_mm: float) -> CandidateShape:
    """Size and form of a mask on an isotropic grid."""
    points = np.argwhere(mask) * step_mm
    centred = points - points.mean(axis=0)
    spread = np.linalg.eigvalsh(centred.T @ centred / len(points))[-1]
    depth = float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())
    return CandidateShape(
        diameter_mm=float(np.cbrt(6 / np.pi * len(points))) * step_mm,
        thickness_mm=(2 * depth - 1) * step_mm,
        length_mm=4 * float(np.sqrt(max(spread, 0.0))) + step_mm,
    )


def judge(
    candidate: Candidate, levels: EnhancementLevels, *, settings: DetectionSettings
) -> Verdict:
    """Decide whether a candidate may be a lesion.

    Parameters
    ----------
    candidate : Candidate
    levels : EnhancementLevels
        Of the phase that it was found at.
    settings : DetectionSettings

    Returns
    -------
    Verdict
    """
    step = levels.region.grid.step_mm
    shape = candidate_shape(candidate.mask, step)
    if shape.diameter_mm < settings.min_diameter_mm:
        return Verdict.TOO_SMALL
    if _is_nipple(candidate, levels, settings):
        return Verdict.NIPPLE
    air_mm = levels.region.air_mm[candidate.box][candidate.mask]
    if np.mean(air_mm < settings.skin_mm + 2 * step) > 0.5:
        return Verdict.SKIN
    is_focus = shape.diameter_mm < settings.focus_mm
    if _is_thin(shape, settings) or _is_on_vessel(candidate, levels, is_focus=is_focus):
        return Verdict.VESSEL
    if _reaches_into_chest(candidate, levels):
        return Verdict.CHEST
    if _has_shadow(candidate, levels):
        return Verdict.MOTION
    if _is_diffuse(candidate, levels, settings):
        return Verdict.BACKGROUND
    if is_focus and _is_weak(candidate, levels, settings):
        return Verdict.WEAK_FOCUS
    return Verdict.KEPT


def prominence(candidate: Candidate, levels: EnhancementLevels) -> tuple[float, float]:
    """How a candidate stands out from what surrounds it.

    Parameters
    ----------
    candidate : Candidate
    levels : EnhancementLevels

    Returns
    -------
    contrast : float
        Median enhancement inside over that of a shell 2 to 5 samples outside.
    sharpness : float, per mm
        Mean gradient on its boundary over its 90th percentile of enhancement.
    """
    mask, signal = candidate.mask, levels.signal[candidate.box]
    shell = _shell(candidate, levels)
    outside = float(np.median(signal[shell])) if shell.any() else 0.0
    contrast = float(np.median(signal[mask])) / max(outside, levels.noise)
    boundary = mask & ~ndimage.binary_erosion(mask)
    gradient = ndimage.gaussian_gradient_magnitude(signal, 1.0)[boundary].mean()
    sharpness = gradient / levels.region.grid.step_mm / np.percentile(signal[mask], 90)
    return contrast, float(sharpness)


def conspicuity(candidate: Candidate, levels: EnhancementLevels) -> float:
    """How much a candidate catches the eye: percent enhancement above its surroundings x size.

    Returns
    -------
    float, % mm
        Mean enhancement inside less the median of a shell 2 to 5 samples outside, times the
        diameter of the ball of equal volume.
    """
    percent = levels.percent[candidate.box]
    shell = _shell(candidate, levels)
    outside = float(np.median(percent[shell])) if shell.any() else levels.background
    shape = candidate_shape(candidate.mask, levels.region.grid.step_mm)
    return (float(percent[candidate.mask].mean()) - outside) * shape.diameter_mm


def _shell(candidate: Candidate, levels: EnhancementLevels) -> np.ndarray:
    """Tissue 2 to 5 samples outside a candidate, vessels left out."""
    near = ndimage.binary_dilation(candidate.mask, iterations=2)
    tissue = levels.region.body[candidate.box] & ~levels.region.vessels[candidate.box]
    return np.asarray(ndimage.binary_dilation(near, iterations=3) & ~near & tissue)


def _is_nipple(
    candidate: Candidate, levels: EnhancementLevels, settings: DetectionSettings
) -> bool:
    points = candidate.points
    return any(
        np.mean(
            np.linalg.norm(points - tip, axis=1) * levels.region.grid.step_mm < settings.nipple_mm
        )
        > 0.5
        for tip in levels.region.nipples
    )


def _is_thin(shape: CandidateShape, settings: DetectionSettings) -> bool:
    """Rods (vessels, ducts) and sheets (edges moved by motion): long but nowhere thick."""
    return (
        shape.thickness_mm <= settings.max_vessel_width_mm
        and shape.length_mm > settings.vessel_elongation * shape.thickness_mm
    )


def _is_on_vessel(candidate: Candidate, levels: EnhancementLevels, *, is_focus: bool) -> bool:
    """Much of its surroundings is vessel (any, for a focus): what is left of one."""
    vessels = levels.region.vessels[candidate.box]
    if is_focus:
        return bool(vessels[ndimage.binary_dilation(candidate.mask, iterations=_FOCUS_REACH)].any())
    around = ndimage.binary_dilation(candidate.mask, np.ones((3, 3, 3), bool)) & ~candidate.mask
    return bool(np.mean(vessels[around]) > _MOST_VESSEL)


def _is_weak(candidate: Candidate, levels: EnhancementLevels, settings: DetectionSettings) -> bool:
    """Not the strong enhancement that a focus needs."""
    peak = float(np.percentile(levels.percent[candidate.box][candidate.mask], 90))
    strong = levels.background + 2 * settings.seed_background * levels.background_sd
    return peak < max(settings.focus_enhancement_percent, strong)


def _reaches_into_chest(candidate: Candidate, levels: EnhancementLevels) -> bool:
    """Much enhancing tissue behind the breast beside it: heart, muscle, large vessel."""
    reach = round(_CHEST_REACH_MM / levels.region.grid.step_mm)
    box = candidate.box
    behind = levels.edge[box] & ~levels.region.breast[box]
    near = ndimage.binary_dilation(candidate.mask, iterations=reach) & behind
    return bool(np.count_nonzero(near) > _MOST_CHEST * np.count_nonzero(candidate.mask))


def _has_shadow(candidate: Candidate, levels: EnhancementLevels) -> bool:
    """Signal lost beside the candidate as it was gained in it: tissue that moved."""
    reach = round(_SHADOW_REACH_MM / levels.region.grid.step_mm)
    around = ndimage.binary_dilation(candidate.mask, iterations=reach) & ~candidate.mask
    lost = around & (levels.signal[candidate.box] < -_SHADOW_NOISES * levels.noise)
    return bool(np.count_nonzero(lost) > _MOST_SHADOW * np.count_nonzero(candidate.mask))


def _is_diffuse(
    candidate: Candidate, levels: EnhancementLevels, settings: DetectionSettings
) -> bool:
    """Neither clearly brighter than its surroundings nor sharply bounded: parenchyma."""
    contrast, sharpness = prominence(candidate, levels)
    return contrast < settings.min_contrast or (
        contrast < settings.clear_contrast and sharpness < settings.min_sharpness_per_mm
    )

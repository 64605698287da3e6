"""The enhancement of a finding and of what is around it, on even steps and its own scale.

Outlines differ between those who draw them. So shape, margin and inside are measured on the image:
the outline only says where to look. The scale runs from 0, what lies around, to 1, the finding.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

NO_NEIGHBOURS = 50  # voxels around a finding that say how bright its surroundings are, at least


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """How the scale is set. All are assumptions.

    Parameters
    ----------
    step_mm : float, mm
        Even sampling in all directions; larger for a finding that would take more than
        ``most_steps`` steps.
    most_steps : int
    around_mm : (near, far), mm
        Distance from the outline of what is taken for the surroundings.
    level_percentile : float
        Of the rise inside the outline, which is 1.
    edge : float
        Half way between surroundings and finding lies its surface.
    reach_mm : float, mm
        The body of the finding may leave its outline by this.
    part_share : float
        Smallest share of a part in what lies within the outline.
    gap_mm : float, mm
        Gaps up to twice as wide between the parts belong to the body, as dark patches do.
    """

    step_mm: float = 0.8
    most_steps: int = 72
    around_mm: tuple[float, float] = (3.0, 8.0)
    level_percentile: float = 60.0
    edge: float = 0.5
    reach_mm: float = 4.0
    part_share: float = 0.05
    gap_mm: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class LesionField:
    """A finding on even steps.

    Parameters
    ----------
    value : (X, Y, Z) float
        Rise of the signal, 0 around the finding and 1 in it; 0 where something else enhances.
    outline : (X, Y, Z) bool
        The finding as it was outlined.
    others : (X, Y, Z) bool
        What belongs to something else: other findings, vessels, skin, outside the breast.
    parts : (X, Y, Z) bool
        What is above the edge in and near the outline, connected with it.
    body : (X, Y, Z) bool
        The parts, gaps and holes filled; the largest connected piece of it.
    depth_mm : (X, Y, Z) float, mm
        Distance from the surface of the body, inside it.
    step_mm : float, mm
    noise : float
        Spread (median absolute deviation, as a standard deviation) of the surroundings.
    """

    value: np.ndarray
    outline: np.ndarray
    others: np.ndarray
    parts: np.ndarray
    body: np.ndarray
    depth_mm: np.ndarray
    step_mm: float
    noise: float

    @property
    def radius_mm(self) -> float:
        """Radius of the ball that has the volume of the body, mm."""
        volume = np.count_nonzero(self.body) * self.step_mm**3
        return float((3 * volume / (4 * np.pi)) ** (1 / 3))


DEFAULT_FIELD = FieldSettings()


def lesion_field(
    rise: np.ndarray,
    mask: np.ndarray,
    others: np.ndarray,
    spacing_mm: tuple[float, float, float],
    settings: FieldSettings = DEFAULT_FIELD,
) -> LesionField | None:
    """Bring a finding on even steps and its own scale.

    Parameters
    ----------
    rise : (S, R, C) float, a.u.
        Signal of the phase near the peak, less that before contrast, with at least 15 mm around
        the finding where the image goes on.
    mask : (S, R, C) bool
        The finding.
    others : (S, R, C) bool
        What belongs to something else.
    spacing_mm : (3,) float, mm
    settings : FieldSettings

    Returns
    -------
    LesionField or None
        None where the finding is too small to have a body or does not enhance beyond what is
        around it.
    """
    extent = max(n * width for n, width in zip(mask.shape, spacing_mm, strict=True))
    step = max(settings.step_mm, extent / settings.most_steps)
    outline = resampled(mask.astype(np.float32), spacing_mm, step) >= 0.5
    if not outline.any():
        return None
    value = resampled(rise, spacing_mm, step)
    away = distance_mm(~outline, step)
    foreign = (resampled(others.astype(np.float32), spacing_mm, step) >= 0.3) & ~outline
    near, far = settings.around_mm
    around = value[(away > near) & (away < far) & ~foreign]
    ground = spread = 0.0
    if around.size >= NO_NEIGHBOURS:
        ground = float(np.median(around))
        spread = 1.4826 * float(np.median(np.abs(around - ground)))
    level = float(np.percentile(value[outline], settings.level_percentile))
    if not level > ground:
        return None
    value = np.where(foreign, 0, (value - ground) / (level - ground))
    parts = _parts(value, outline, away <= settings.reach_mm, settings)
    if not parts.any():
        return None
    body = _body(parts, foreign, settings.gap_mm, step)
    return LesionField(
        value, outline, foreign, parts, body, distance_mm(np.pad(body, 1), step)[1:-1, 1:-1, 1:-1],
        step, spread / (level - ground),
    )  # fmt: skip


def resampled(volume: np.ndarray, spacing_mm: tuple[float, ...], step_mm: float) -> np.ndarray:
    """A volume on even steps, trilinear; the first voxel keeps its place."""
    shape = tuple(
        max(1, int((n - 1) * width / step_mm) + 1)
        for n, width in zip(volume.shape, spacing_mm, strict=True)
    )
    scale = np.array([step_mm / width for width in spacing_mm])
    moved = ndimage.affine_transform(
        np.asarray(volume, np.float32), scale, output_shape=shape, order=1, mode="nearest"
    )
    return np.asarray(moved)


def distance_mm(inside: np.ndarray, step_mm: float) -> np.ndarray:
    """Distance of each voxel of a mask to the nearest one outside it, mm; 0 outside."""
    return np.asarray(ndimage.distance_transform_edt(inside, sampling=step_mm))


def opened(mask: np.ndarray, radius_mm: float, step_mm: float) -> np.ndarray:
    """What of a mask a ball of this radius reaches without leaving it (morphological opening)."""
    padded = np.pad(mask, 1)
    centres = distance_mm(padded, step_mm) > radius_mm
    if not centres.any():
        return np.zeros_like(mask)
    return np.asarray((distance_mm(~centres, step_mm) <= radius_mm)[1:-1, 1:-1, 1:-1] & mask)


def closed(mask: np.ndarray, radius_mm: float, step_mm: float) -> np.ndarray:
    """A mask and what a ball of this radius outside it cannot reach (morphological closing)."""
    margin = int(np.ceil(radius_mm / step_mm)) + 2
    padded = np.pad(mask, margin)
    near = distance_mm(~padded, step_mm) <= radius_mm
    kept = (distance_mm(near, step_mm) > radius_mm) | padded
    return np.asarray(kept[(slice(margin, -margin),) * 3])


def _parts(
    value: np.ndarray, outline: np.ndarray, near: np.ndarray, settings: FieldSettings
) -> np.ndarray:
    """Connected parts above the edge that hold enough of what lies within the outline."""
    numbers, _ = ndimage.label((value >= settings.edge) & near)
    shared = np.bincount(numbers[outline])
    shared[:1] = 0
    wanted = np.flatnonzero(shared > settings.part_share * shared.sum())
    return np.isin(numbers, wanted)


def _body(parts: np.ndarray, foreign: np.ndarray, gap_mm: float, step_mm: float) -> np.ndarray:
    filled = ndimage.binary_fill_holes(closed(parts, gap_mm, step_mm) & ~foreign)
    numbers, _ = ndimage.label(filled)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    return np.asarray(numbers == sizes.argmax())

"""Which breasts an image holds, where the midline is, and which columns belong to each breast.

A column is one line of voxels from front to back. Laterality comes from patient coordinates only,
never from the order of the columns.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.records import Laterality


@dataclass(frozen=True, slots=True, eq=False)
class BreastColumns:
    """Columns of each breast.

    Parameters
    ----------
    labels : (S, C) uint8
        0 none, else the `Laterality` of the breast in front of the chest wall there.
    midline_mm : float, mm
        Patient x of the plane that splits the presternal fat.
    is_bilateral : bool
        Whether the field of view reaches far to both sides of the midline.
    is_side_certain : bool
        False where a one-breast image is centred too close to the midline to tell its side.
    """

    labels: np.ndarray
    midline_mm: float
    is_bilateral: bool
    is_side_certain: bool


# A field of view that reaches this far to both sides of the midline can hold both breasts, mm
# (assumption: the nipples of adult women lie about 9 to 12 cm from the midline).
BILATERAL_REACH_MM = 100.0
# A one-breast image whose middle is nearer to the midline than this has no certain side, mm
# (assumption).
MIN_SIDE_OFFSET_MM = 15.0

# Breast reaches this far beyond the part that stands out from the trunk: towards the clavicle,
# aside, and below the inframammary fold, mm (assumptions).
MARGIN_ABOVE_MM, MARGIN_ASIDE_MM, MARGIN_BELOW_MM = 20.0, 14.0, 8.0
# Tissue that stands out this far from the trunk is breast; a breast does so somewhere by the second
# figure, and over an area of the third (assumptions).
MIN_PROTRUSION_MM, MIN_BREAST_HEIGHT_MM, MIN_BREAST_AREA_MM2 = 15.0, 25.0, 1000.0
# Least thickness of tissue before the chest wall that counts as breast, mm (assumption).
MIN_THICKNESS_MM = 8.0


def field_is_bilateral(x_mm: np.ndarray) -> bool:
    """Whether columns at patient x positions (C,) in mm reach far to both sides."""
    return bool(
        x_mm.min() < -BILATERAL_REACH_MM + 20.0
        and x_mm.max() > BILATERAL_REACH_MM - 20.0
        and np.ptp(x_mm) > 2 * BILATERAL_REACH_MM
    )


def find_midline(front_mm: np.ndarray, x_mm: np.ndarray, *, is_bilateral: bool) -> float:
    """Patient x of the midline: the valley of the skin between the breasts.

    Parameters
    ----------
    front_mm : (S, C) float, mm
        Depth of the skin; NaN outside the body.
    x_mm : (C,) float, mm
        Patient x of each column.

    Returns
    -------
    float, mm
        0 for a one-breast field of view, where no valley can be seen.
    """
    if not is_bilateral:
        return 0.0
    known = np.isfinite(front_mm)
    depth = np.where(known, front_mm, 0.0)
    profile = depth.sum(0) / np.maximum(known.sum(0), 1)
    step = abs(float(np.median(np.diff(x_mm))))
    profile = ndimage.gaussian_filter1d(profile, 5.0 / step)
    middle = 0.5 * (x_mm.min() + x_mm.max())
    # symmetry of the body: the mirror plane that matches right to left best
    best, best_cost = middle, np.inf
    for x in np.arange(middle - 50.0, middle + 50.1, 2.0):
        reach = min(x - x_mm.min(), x_mm.max() - x, 120.0)
        offsets = np.arange(2.0, reach, 2.0)
        order = np.argsort(x_mm)
        right = np.interp(x - offsets, x_mm[order], profile[order])
        left = np.interp(x + offsets, x_mm[order], profile[order])
        cost = float(np.mean(np.abs(left - right))) + 0.02 * abs(x - middle)
        if cost < best_cost:
            best, best_cost = float(x), cost
    return best


def find_columns(
    front_mm: np.ndarray,
    trunk_mm: np.ndarray,
    wall_mm: np.ndarray,
    x_mm: np.ndarray,
    *,
    spacing: float,
    is_bilateral: bool,
    midline_mm: float,
) -> BreastColumns:
    """Columns of each breast: where tissue stands out from the trunk, and a margin around.

    Parameters
    ----------
    front_mm, trunk_mm, wall_mm : (S, C) float, mm
        Depths of the skin, of the trunk without breasts and of the chest wall.
    x_mm : (C,) float, mm
        Patient x of each column.
    spacing : float, mm

    Returns
    -------
    BreastColumns
    """
    protrusion = np.where(np.isfinite(front_mm), trunk_mm - front_mm, 0.0)
    thickness = np.where(np.isfinite(front_mm), wall_mm - front_mm, 0.0)
    left = x_mm > midline_mm
    certain = True
    if is_bilateral:
        sides = {Laterality.RIGHT: ~left, Laterality.LEFT: left}
    else:
        middle = 0.5 * float(x_mm.min() + x_mm.max())
        certain = abs(middle) >= MIN_SIDE_OFFSET_MM
        side = Laterality.LEFT if middle > 0 else Laterality.RIGHT
        own = left if side is Laterality.LEFT else ~left
        sides = {side: own if certain else np.ones_like(own)}
    labels = np.zeros(front_mm.shape, np.uint8)
    cores = {
        side: _standing_out(protrusion * columns[None, :], spacing)
        for side, columns in sides.items()
    }
    for side, columns in sides.items():
        margin = ndimage.binary_dilation(cores[side], _margin(spacing))
        area = margin & (thickness > MIN_THICKNESS_MM) & columns[None, :]
        area = ndimage.binary_opening(area, iterations=2) | cores[side]
        labels[ndimage.binary_fill_holes(area)] = side
    if is_bilateral and all(core.any() for core in cores.values()):
        _split_between(labels, cores, left)
    return BreastColumns(labels, midline_mm, is_bilateral, certain)


def _standing_out(protrusion: np.ndarray, spacing: float) -> np.ndarray:
    """Largest part (S, C) bool of one side that stands out from the trunk like a breast."""
    core = ndimage.binary_opening(protrusion > MIN_PROTRUSION_MM, iterations=2)
    parts, n = ndimage.label(core)
    if n == 0:
        return np.zeros_like(core)
    volumes = ndimage.sum_labels(np.clip(protrusion, 0, None), parts, np.arange(1, n + 1))
    core = parts == 1 + int(np.argmax(volumes))
    area, height = float(core.sum()) * spacing**2, float(protrusion[core].max())
    if area < MIN_BREAST_AREA_MM2 or height < MIN_BREAST_HEIGHT_MM:
        return np.zeros_like(core)
    return np.asarray(core)


def _split_between(
    labels: np.ndarray, cores: dict[Laterality, np.ndarray], left: np.ndarray
) -> None:
    """Give each breast the presternal fat on its side, at the heights where both stand out."""
    rows = np.flatnonzero(cores[Laterality.RIGHT].any(axis=1) & cores[Laterality.LEFT].any(axis=1))
    for row in rows:
        found = np.flatnonzero(labels[row])
        right_columns = found[labels[row, found] == Laterality.RIGHT]
        left_columns = found[labels[row, found] == Laterality.LEFT]
        inner = sorted((right_columns, left_columns), key=lambda c: float(c.mean()))
        between = np.arange(inner[0].max() + 1, inner[1].min())
        labels[row, between] = np.where(left[between], Laterality.LEFT, Laterality.RIGHT)


def _margin(spacing: float) -> np.ndarray:
    """Shape of the margin around the standing-out part; index 0 grows to the head."""
    n = int(np.ceil(MARGIN_ABOVE_MM / spacing))
    z, x = np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1), indexing="ij")
    reach = np.where(z < 0, MARGIN_BELOW_MM, MARGIN_ABOVE_MM)
    return np.asarray(np.hypot(z * spacing / reach, x * spacing / MARGIN_ASIDE_MM) <= 1.0)

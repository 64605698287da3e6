"""Which breasts an image holds, where the midline is, and which columns belong to each breast.

A column is one line of voxels from front to back. Laterality comes from patient coordinates only:
the second-to-last question, never the order of the columns.
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

# Breast reaches this far beyond the part that stands out from the trunk: above and aside, and
# below the inframammary fold, mm (assumptions).
MARGIN_MM, MARGIN_BELOW_MM = 20.0, 8.0


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
    labels = np.zeros(front_mm.shape, np.uint8)
    left_columns = x_mm > midline_mm
    sides: tuple[tuple[Laterality, np.ndarray], ...]
    certain = True
    if is_bilateral:
        sides = ((Laterality.RIGHT, ~left_columns), (Laterality.LEFT, left_columns))
    else:
        middle = 0.5 * float(x_mm.min() + x_mm.max())
        certain = abs(middle) >= MIN_SIDE_OFFSET_MM
        side = Laterality.LEFT if middle > 0 else Laterality.RIGHT
        own = left_columns if side is Laterality.LEFT else ~left_columns
        sides = ((side, own if certain else np.ones_like(own)),)
    for side, columns in sides:
        area = _breast_area(protrusion, thickness, columns, spacing)
        labels[area] = side
    return BreastColumns(labels, midline_mm, is_bilateral, certain)


def _breast_area(
    protrusion: np.ndarray, thickness: np.ndarray, columns: np.ndarray, spacing: float
) -> np.ndarray:
    core = (protrusion > 15.0) & columns[None, :]
    core = ndimage.binary_opening(core, iterations=2)
    parts, n = ndimage.label(core)
    if n == 0:
        return np.zeros_like(core)
    volumes = ndimage.sum_labels(np.clip(protrusion, 0, None), parts, np.arange(1, n + 1))
    core = parts == 1 + int(np.argmax(volumes))
    # smaller than about 10 cm2 or 2.5 cm high: no breast (assumption)
    if core.sum() * spacing**2 < 1000.0 or protrusion[core].max() < 25.0:
        return np.zeros_like(core)
    area = ndimage.binary_dilation(core, _margin(spacing)) & (thickness > 8.0) & columns[None, :]
    area = ndimage.binary_opening(area, iterations=2) | core
    return ndimage.binary_fill_holes(area)


def _margin(spacing: float) -> np.ndarray:
    """Shape of the margin around the standing-out part: wide above and aside, narrow below."""
    n = int(np.ceil(MARGIN_MM / spacing))
    z, x = np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1), indexing="ij")
    # index 0 grows to the head: a negative offset reaches below the inframammary fold
    z_mm = z * spacing * np.where(z < 0, MARGIN_MM / MARGIN_BELOW_MM, 1.0)
    return np.asarray(np.hypot(z_mm, x * spacing) <= MARGIN_MM)

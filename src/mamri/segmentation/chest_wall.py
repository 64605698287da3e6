"""Front of the chest wall: where breast ends and pectoral muscle, ribs and sternum begin.

The image is first flattened: every column is resampled as depth behind the trunk surface, so that
the wall becomes a nearly level, smooth sheet. Its cost joins

- the step from fat to muscle (darker to brighter with fat suppression, the reverse without),
  averaged along the sheet, where strands of fibroglandular tissue cancel out and the wall does
  not;
- the expected depth: a muscle and rib layer in front of the lung where the lung is seen;
- what cannot be: within skin depth, or right at the lung.

A first, stiff pass yields local grey levels of fat and muscle, and so a fat-or-muscle scale free
of coil bias; two finer passes follow the sheet on that scale.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.segmentation.surface_search import least_cost_surface

# Candidate depths against the trunk surface, mm, in steps of the working grid.
FRONTMOST_MM, BACKMOST_MM = -60.0, 80.0
# Thickness of pectoral muscle, ribs and intercostal muscle in front of the lung, mm
# (assumption: 15 to 20 mm, measured on the development images).
WALL_THICKNESS_MM = 17.0
# Usual depth of the lung behind the skin of the trunk where no lung is seen, mm (assumption).
LUNG_BEHIND_TRUNK_MM = 26.0
# The wall lies at least this far behind the skin, and in front of the lung, mm (assumptions).
MIN_BEHIND_SKIN_MM = 8.0
MIN_BEFORE_LUNG_MM = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class ChestWall:
    """The found sheet.

    Parameters
    ----------
    depth_mm : (S, C) float, mm
        Depth of the front of the chest wall behind the front edge of the image.
    evidence : (S, C) float
        Mean step from fat to muscle there on the scale where 1 is the full step; near 0 the sheet
        is drawn by its surroundings only.
    """

    depth_mm: np.ndarray
    evidence: np.ndarray


def find_chest_wall(
    image: np.ndarray,
    front_mm: np.ndarray,
    trunk_mm: np.ndarray,
    *,
    spacing: float,
    air: float,
    fat_suppressed: bool | None,
) -> ChestWall:
    """Find the front of the chest wall as a smooth sheet.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        On the working grid.
    front_mm, trunk_mm : (S, C) float, mm
        Depths of the skin (NaN outside the body) and of the trunk without breasts.
    spacing : float, mm
    air : float, a.u.
        Mean level of the noise.
    fat_suppressed : bool or None
        None: both directions of the step count.

    Returns
    -------
    ChestWall
    """
    depths = np.arange(FRONTMOST_MM, BACKMOST_MM + spacing / 2, spacing)
    flat, inside = _flattened(image, trunk_mm, depths, spacing)
    front = (front_mm - trunk_mm)[:, :, None]
    lung = _lung_front(flat, inside, front, depths, spacing=spacing, air=air)
    smooth_lung = _spread(lung, spacing)
    known_lung = ndimage.gaussian_filter(np.isfinite(lung).astype(float), 16.0 / spacing) > 0.3
    expected = np.clip(smooth_lung - WALL_THICKNESS_MM, -40.0, 36.0)
    log = np.log(np.maximum(ndimage.gaussian_filter(flat, (1.5, 1.5, 0.5)), 0.9 * air))
    sign = 0.0 if fat_suppressed is None else (1.0 if fat_suppressed else -1.0)
    if fat_suppressed is False:
        # without suppression muscle to lung is a step of the same direction: lung counts as muscle
        behind_wall = depths - expected[:, :, None]
        layer = inside & (behind_wall > 4.0) & (behind_wall < 14.0)
        if layer.any():
            log = np.maximum(log, np.median(log[layer]) - 0.1)
    skin = np.where(np.isfinite(front), front, FRONTMOST_MM)
    allowed = depths >= skin + MIN_BEHIND_SKIN_MM
    barred = np.where(allowed, 0.0, 1.5)
    seen = np.minimum(np.nan_to_num(lung, nan=1e3), np.where(known_lung, smooth_lung + 4.0, 1e3))
    barred += np.where(depths > seen[:, :, None] - MIN_BEFORE_LUNG_MM, 1.5, 0.0)

    behind, before, valid = _sides(log, inside, round(6.0 / spacing))
    step = np.abs(behind - before) if sign == 0 else sign * (behind - before)
    step = np.where(valid & allowed, step, 0.0)
    sheet = _stiff_sheet(step, expected, barred, depths, spacing)
    known = np.isfinite(front_mm)
    scaled = step
    for smoothing, reach in ((2.0, 14.0), (1.0, 6.0)):
        scale = _muscle_scale(log, behind, before, step, sheet, depths, known, sign or 1.0)
        near, far, valid = _sides(scale, inside, round(8.0 / spacing))
        region = np.where(valid & allowed, 0.5 * (near - far), 0.0)
        scaled = 0.5 * np.clip(step, -0.1, 0.4) / 0.4 + 0.5 * region
        scaled = ndimage.gaussian_filter(scaled, (smoothing, smoothing, 0))
        away = np.minimum(((depths - sheet[:, :, None]) / reach) ** 2, 16.0)
        cost = -1.6 * scaled + 0.3 * away + barred
        index = least_cost_surface(cost, step_price=0.3, jump_price=3.0)
        sheet = ndimage.gaussian_filter(ndimage.median_filter(depths[index], 5), 1.5)
    return ChestWall(trunk_mm + sheet, _pick(scaled, sheet, depths))


def _flattened(
    image: np.ndarray, trunk_mm: np.ndarray, depths: np.ndarray, spacing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Image (S, C, D) as depth behind the trunk surface, and where it lies inside the image."""
    rows = (trunk_mm[:, :, None] + depths) / spacing
    s, c = np.meshgrid(np.arange(image.shape[0]), np.arange(image.shape[2]), indexing="ij")
    s, c = (np.broadcast_to(v[:, :, None], rows.shape) for v in (s, c))
    flat = ndimage.map_coordinates(image, [s, rows, c], order=1, mode="nearest")
    return flat, (rows > 0) & (rows < image.shape[1] - 0.5)


def _lung_front(
    flat: np.ndarray,
    inside: np.ndarray,
    front: np.ndarray,
    depths: np.ndarray,
    *,
    spacing: float,
    air: float,
) -> np.ndarray:
    """Depth (S, C) in mm at which large dark spaces behind the skin begin; NaN where none."""
    log = np.log(np.maximum(ndimage.gaussian_filter(flat, 2.0 / spacing), air))
    candidate = inside & (depths >= np.nan_to_num(front, nan=1e3) + 15.0) & (depths >= -20.0)
    deep = log[candidate & (depths > 5.0)]
    nothing = np.full(flat.shape[:2], np.nan)
    if deep.size < 1000 or np.ptp(deep) < 1e-3:
        return nothing
    threshold = threshold_otsu(deep)
    dark = 0.5 * (float(deep[deep <= threshold].mean()) + threshold)
    radius = max(1, round(6.0 / spacing))
    lung = ndimage.binary_opening(candidate & (log < dark), iterations=radius)
    parts, n = ndimage.label(lung)
    if n == 0:
        return nothing
    large = np.bincount(parts.ravel()) * spacing**3 > 20e3  # 20 ml (assumption)
    large[0] = False
    lung = large[parts]
    return np.where(lung.any(axis=2), depths[np.argmax(lung, axis=2)], np.nan)


def _spread(lung: np.ndarray, spacing: float) -> np.ndarray:
    """Robustly smoothed lung depth, drawn to the usual depth far from any lung."""
    known = np.isfinite(lung)
    values = np.where(known, lung, 0.0)
    weight = known.astype(float)
    sigma = 16.0 / spacing
    smooth = np.full(lung.shape, LUNG_BEHIND_TRUNK_MM)
    for _ in range(5):
        total = ndimage.gaussian_filter(weight, sigma) + 0.01
        smooth = (
            ndimage.gaussian_filter(weight * values, sigma) + 0.01 * LUNG_BEHIND_TRUNK_MM
        ) / total
        weight = known / (1 + ((values - smooth) / 6.0) ** 2)
    return smooth


def _sides(
    values: np.ndarray, inside: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over n depths behind and before each depth, and where both lie inside the image."""
    total = np.cumsum(np.pad(np.where(inside, values, 0.0), ((0, 0), (0, 0), (1, 0))), axis=2)
    n_depths = values.shape[2]
    index = np.arange(n_depths)
    back, forth = np.minimum(index + n, n_depths), np.maximum(index - n, 0)
    behind = (total[:, :, back] - total[:, :, index]) / np.maximum(back - index, 1)
    before = (total[:, :, index] - total[:, :, forth]) / np.maximum(index - forth, 1)
    valid = inside[:, :, np.minimum(index + n, n_depths - 1)] & (index >= 1)
    valid &= index < n_depths - n
    return behind, before, valid


def _stiff_sheet(
    step: np.ndarray, expected: np.ndarray, barred: np.ndarray, depths: np.ndarray, spacing: float
) -> np.ndarray:
    """First pass: the sheet where the step, averaged over 8 mm, agrees with the expected depth."""
    wide = ndimage.gaussian_filter(step, (8.0 / spacing, 8.0 / spacing, 1.0))
    off = np.abs(depths - expected[:, :, None]) / 12.0
    off = np.where(off < 1, 0.5 * off**2, off - 0.5)  # Huber: a clear wall may lie far off
    cost = -4.0 * np.clip(wide, -0.1, 0.6) + 0.28 * off + barred
    index = least_cost_surface(cost, step_price=0.35, jump_price=3.0)
    return np.asarray(ndimage.gaussian_filter(ndimage.median_filter(depths[index], 9), 3.0))


def _muscle_scale(
    log: np.ndarray,
    behind: np.ndarray,
    before: np.ndarray,
    step: np.ndarray,
    sheet: np.ndarray,
    depths: np.ndarray,
    known: np.ndarray,
    sign: float,
) -> np.ndarray:
    """Scale from -1 (as fat in front of the sheet) to 1 (as muscle behind it), free of bias.

    With fat suppression, tissue much brighter than muscle is fibroglandular, hence breast again.
    """
    trust = np.clip((_pick(step, sheet, depths) - 0.05) / 0.15, 0, 1) * known

    def local(values: np.ndarray) -> np.ndarray:
        mean = np.sum(trust * values) / max(float(trust.sum()), 1e-6)
        smooth = ndimage.gaussian_filter(trust * values, 10.0) + 1e-3 * mean
        return np.asarray(smooth / (ndimage.gaussian_filter(trust, 10.0) + 1e-3))[:, :, None]

    muscle, fat = local(_pick(behind, sheet + 2, depths)), local(_pick(before, sheet - 2, depths))
    gap = np.maximum(sign * (muscle - fat), 0.12)
    scale = np.clip(2 * sign * (log - fat) / gap - 1, -1, 1)
    if sign > 0:
        above = (log - muscle) / gap
        scale = np.where(above > 1, np.clip(3 - 2 * above, -1, 1), scale)
    return np.asarray(scale)


def _pick(values: np.ndarray, sheet: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """Values (S, C) of an (S, C, D) array at the depths of a sheet."""
    step = depths[1] - depths[0]
    index = np.clip(np.round((sheet - depths[0]) / step).astype(int), 0, len(depths) - 1)
    return np.take_along_axis(values, index[:, :, None], axis=2)[:, :, 0]

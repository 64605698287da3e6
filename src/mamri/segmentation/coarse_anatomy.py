"""Body, trunk, chest wall and breast columns on the working grid: the first half of the anatomy."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import to_lps
from mamri.records import Volume
from mamri.segmentation.body import air_level, filled_from_behind, find_body
from mamri.segmentation.breast_sides import (
    BreastColumns,
    field_is_bilateral,
    find_columns,
    find_midline,
)
from mamri.segmentation.chest_wall import ChestWall, find_chest_wall
from mamri.segmentation.fat_suppression import is_fat_suppressed
from mamri.segmentation.trunk import front_depth, trunk_depth
from mamri.segmentation.working_grid import WorkingGrid, average_to, working_grid


@dataclass(frozen=True, slots=True, eq=False)
class CoarseAnatomy:
    """What is known on the working grid.

    Parameters
    ----------
    grid : WorkingGrid
    image : (S, R, C) float32, a.u.
    air : float, a.u.
        Mean level of air.
    body : (S, R, C) bool
    depth_mm : (S, R, C) float, mm
        Distance from the voxel centre to the border of the body.
    front_mm, trunk_mm : (S, C) float, mm
        Depth of the skin (NaN outside the body) and of the trunk without breasts, behind the
        front edge of the image.
    wall : ChestWall
    columns : BreastColumns
    fat_suppressed : bool or None
    """

    grid: WorkingGrid
    image: np.ndarray
    air: float
    body: np.ndarray
    depth_mm: np.ndarray
    front_mm: np.ndarray
    trunk_mm: np.ndarray
    wall: ChestWall
    columns: BreastColumns
    fat_suppressed: bool | None

    @property
    def breast(self) -> np.ndarray:
        """Breasts (S, R, C) uint8 on the working grid, labelled by side."""
        rows = np.arange(self.grid.shape[1])[None, :, None] * self.grid.spacing
        inside = self.body & (rows < self.wall.depth_mm[:, None, :])
        return np.where(inside, self.columns.labels[:, None, :], 0).astype(np.uint8)


def find_coarse_anatomy(image: Volume, *, spacing: float) -> CoarseAnatomy:
    """Find body, trunk, chest wall and the columns of each breast.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order.
    spacing : float, mm
        Of the working grid.

    Returns
    -------
    CoarseAnatomy
    """
    grid = working_grid(image.shape, image.affine, spacing)
    coarse = np.nan_to_num(average_to(grid, image.array))
    air = air_level(ndimage.gaussian_filter(coarse, 1.5 / spacing)).mean
    body = find_body(coarse, spacing=spacing)
    front = front_depth(body) * spacing
    x_mm = _column_positions(image, grid)
    z_mm = (np.arange(grid.shape[0]) - (grid.shape[0] - 1) / 2) * spacing
    bilateral = field_is_bilateral(x_mm)
    midline = find_midline(front, x_mm, is_bilateral=bilateral)
    trunk = trunk_depth(front, x_mm - midline, z_mm)
    rows = np.arange(grid.shape[1])[None, :, None] * spacing
    ahead = body & (rows < trunk[:, None, :] - 5.0)
    suppressed = is_fat_suppressed(coarse, body, ahead, _depth(body, spacing))
    wall = find_chest_wall(
        coarse, front, trunk, spacing=spacing, air=air, fat_suppressed=suppressed
    )
    # retromammary tissue lost in noise is enclosed by skin, breast and chest wall
    behind = (rows > wall.depth_mm[:, None, :]) & (rows > front[:, None, :])
    body = filled_from_behind(body | behind)
    columns = find_columns(
        front,
        trunk,
        wall.depth_mm,
        x_mm,
        spacing=spacing,
        is_bilateral=bilateral,
        midline_mm=midline,
    )
    depth = _depth(body, spacing)
    return CoarseAnatomy(grid, coarse, air, body, depth, front, trunk, wall, columns, suppressed)


def _column_positions(image: Volume, grid: WorkingGrid) -> np.ndarray:
    """Patient x (C,) in mm of the working columns, in the middle of the image."""
    columns = grid.full_position(2, np.arange(grid.shape[2]))
    middle = [np.full(columns.shape, (n - 1) / 2) for n in image.shape[:2]]
    return to_lps(image.affine, np.stack([*middle, columns], axis=1))[:, 0]


def _depth(body: np.ndarray, spacing: float) -> np.ndarray:
    """Distance in mm to the border of the body, which lies half a voxel before its centre."""
    if body.all():
        return np.full(body.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(body, sampling=spacing) - 0.5 * spacing)

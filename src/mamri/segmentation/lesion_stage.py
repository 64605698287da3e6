"""Where lesions and vessels are likely, by the lesion network, tile by tile.

Every tile is normalised on its own by the level and spread of its three phases together, as the
crops of training were.
"""

from dataclasses import dataclass

import numpy as np

from mamri.networks.inference_engine import Engine
from mamri.networks.sliding_window import WindowSettings, patch_within, predict_whole
from mamri.normalization.intensity_level import MAX_LEVEL, level_and_spread
from mamri.records import GeometryError
from mamri.segmentation.box import Box, box_sizes, filled_ends
from mamri.segmentation.lesion_model import LESION_CLASSES, LESION_SHAPE, LESION_SPACING_MM
from mamri.segmentation.working_grid import WorkingGrid, average_to, working_grid

# Voxels around the breasts that the network sees, mm (assumption: what tells skin and chest wall).
MARGIN_MM = 12.0
# Tiles with a smaller share of breast are not looked at (assumption).
_MIN_BREAST = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class LesionMap:
    """What the lesion network found, on a working grid around the breasts.

    Parameters
    ----------
    box : three slices
        Part of the full grid that was looked at.
    grid : WorkingGrid
        Working grid of the box.
    phases : (3, S, R, C) float32, a.u.
        Before contrast, first and last phase, on the working grid.
    lesion, vessel : (S, R, C) float32
        Probabilities on the working grid.
    """

    box: Box
    grid: WorkingGrid
    phases: np.ndarray
    lesion: np.ndarray
    vessel: np.ndarray

    def on_grid(self, mask: np.ndarray) -> np.ndarray:
        """Share of a full-grid mask in each voxel of the working grid, (S, R, C) float32."""
        return average_to(self.grid, mask[self.box])


def find_lesion_map(
    phases: tuple[np.ndarray, np.ndarray, np.ndarray],
    affine: np.ndarray,
    breast: np.ndarray,
    engine: Engine,
    *,
    overlap: float,
) -> LesionMap:
    """Probabilities of lesion and vessel around the breasts.

    Parameters
    ----------
    phases : three (S, R, C) arrays, a.u.
        Before contrast, first phase after it and last, in anatomical order, motion corrected.
    affine : (4, 4) float, mm
    breast : (S, R, C) bool
        With at least one voxel.
    engine : Engine
        Of the lesion network.
    overlap : float
        Share of a tile that its neighbour covers too.

    Returns
    -------
    LesionMap

    Raises
    ------
    GeometryError
        If the shapes differ or there is no breast.
    """
    if {phase.shape for phase in phases} != {breast.shape} or not breast.any():
        raise GeometryError(
            f"three phases of the shape of a breast mask with a breast were needed, got "
            f"{[phase.shape for phase in phases]} and {breast.shape}; find the breasts first"
        )
    box = _box_around(breast, affine)
    grid = working_grid(box_sizes(box), affine, LESION_SPACING_MM)
    seen = np.stack([np.nan_to_num(average_to(grid, phase[box])) for phase in phases])
    inside = average_to(grid, breast[box])
    patch = patch_within(LESION_SHAPE, grid.shape, engine.plan)
    answer = predict_whole(
        np.concatenate([seen, inside[None]]),
        engine,
        WindowSettings(patch=patch, step=1 - overlap),
        prepare=prepared,
    )
    lesion, vessel = (answer[LESION_CLASSES.index(name)] for name in ("lesion", "vessel"))
    return LesionMap(box, grid, seen, lesion, vessel)


def prepared(tile: np.ndarray) -> np.ndarray | None:
    """What the network is shown of three phases and the breast (4, S, R, C); None without breast.

    Returns
    -------
    (4, S, R, C) float32 or None
        As `lesion_model.LESION_CHANNELS`.
    """
    before, first, last, inside = tile
    if inside.mean() < _MIN_BREAST:
        return None
    level, spread = level_and_spread(tile[:3])
    channels = np.stack([before - level, first - level, first - before, last - first])
    return np.clip(channels / spread, -MAX_LEVEL, MAX_LEVEL).astype(np.float32)


def _box_around(breast: np.ndarray, affine: np.ndarray) -> Box:
    widths = np.linalg.norm(affine[:3, :3], axis=0)
    box = []
    for axis, size in enumerate(breast.shape):
        first, last = filled_ends(breast, axis)
        margin = int(np.ceil(MARGIN_MM / widths[axis]))
        box.append(slice(max(0, first - margin), min(size, last + 1 + margin)))
    return box[0], box[1], box[2]

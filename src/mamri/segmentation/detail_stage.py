"""What each voxel near the breasts is, by the detail network, tile by tile.

Every tile is normalised on its own, as the crops of training were: levels that differ between the
coils' near and far side do not matter then.
"""

from dataclasses import dataclass

import numpy as np

from mamri.geometry.linear_weights import interpolate_at
from mamri.networks.inference_engine import Engine
from mamri.networks.resample_probabilities import Positions, mask_at
from mamri.networks.sliding_window import WindowSettings, patch_within, predict_whole
from mamri.normalization.intensity_level import normalised_intensity
from mamri.records import Volume
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, DETAIL_SHAPE, DETAIL_SPACING_MM
from mamri.segmentation.box import Box, box_sizes, filled_ends
from mamri.segmentation.field_stage import BreastField
from mamri.segmentation.working_grid import WorkingGrid, average_to, working_grid

# Voxels around the coarse breasts that the detail network sees, mm (assumption: three coarse
# voxels, what the first network may be wrong by).
MARGIN_MM = 15.0
# Tiles in which the coarse breast is nowhere likelier than this are not looked at (assumption).
_MIN_PRIOR = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class BreastDetail:
    """What the detail network found.

    Parameters
    ----------
    box : three slices
        Part of the full grid that was looked at.
    grid : WorkingGrid
        Working grid of the box.
    image : (S, R, C) float32, a.u.
        On the working grid.
    probability : (K, S, R, C) float32
        Of each of `DETAIL_CLASSES`.
    prior : (S, R, C) float32
        Probability of breast by the field network.
    """

    box: Box
    grid: WorkingGrid
    image: np.ndarray
    probability: np.ndarray
    prior: np.ndarray

    @property
    def positions(self) -> Positions:
        """Working indices of the box's slices, rows and columns."""
        s, r, c = (
            self.grid.working_position(axis, np.arange(n))
            for axis, n in enumerate(box_sizes(self.box))
        )
        return s, r, c

    def mask(self, *names: str, above: float) -> np.ndarray:
        """Where classes together are likelier, (S, R, C) bool in the box of the full grid."""
        index = [DETAIL_CLASSES.index(name) for name in names]
        return mask_at(self.probability, self.positions, index, threshold=above)

    def of(self, *names: str) -> np.ndarray:
        """Probability (S, R, C) float32 of classes together."""
        index = [DETAIL_CLASSES.index(name) for name in names]
        return np.asarray(self.probability[index].sum(axis=0, dtype=np.float32))


def find_breast_detail(
    image: Volume, field: BreastField, engine: Engine, *, overlap: float
) -> BreastDetail:
    """Classify the voxels around the breasts.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order.
    field : BreastField
        With at least one breast.
    engine : Engine
        Of the detail network.
    overlap : float
        Share of a tile that its neighbour covers too.

    Returns
    -------
    BreastDetail
    """
    box = _box(image, field)
    grid = working_grid(box_sizes(box), image.affine, DETAIL_SPACING_MM)
    fine = np.nan_to_num(average_to(grid, image.array[box]))
    prior = _prior(field, grid, box)
    patch = patch_within(DETAIL_SHAPE, grid.shape, engine.plan)
    probability = predict_whole(
        np.stack([fine, 2 * prior - 1]),
        engine,
        WindowSettings(patch=patch, step=1 - overlap),
        prepare=_prepared,
        fill=(float(fine.min()), -1.0),
    )
    return BreastDetail(box, grid, fine, probability, prior)


def _prepared(tile: np.ndarray) -> np.ndarray | None:
    """What the network is shown of a tile (2, S, R, C); None where there is no breast."""
    if tile[1].max() < 2 * _MIN_PRIOR - 1:
        return None
    return np.stack([normalised_intensity(tile[0]), tile[1]])


def _box(image: Volume, field: BreastField) -> Box:
    """Box of the full grid around the coarse breasts."""
    mask = field.breast > 0.2
    box = []
    for axis, size in enumerate(image.shape):
        first, last = filled_ends(mask, axis)
        margin = MARGIN_MM / field.grid.full_spacing[axis]
        edges = np.array([first - 0.5, last + 0.5])
        low, high = field.grid.full_position(axis, edges)
        box.append(slice(max(0, int(low - margin)), min(size, int(high + margin) + 2)))
    return box[0], box[1], box[2]


def _prior(field: BreastField, grid: WorkingGrid, box: Box) -> np.ndarray:
    """Coarse probability of breast on the detail grid, linearly interpolated."""
    s, r, c = (
        field.grid.working_position(
            axis, grid.full_position(axis, np.arange(grid.shape[axis])) + box[axis].start
        )
        for axis in range(3)
    )
    return interpolate_at(field.breast, (s, r, c))

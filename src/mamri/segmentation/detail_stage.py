"""What each voxel near the breasts is, by the detail network, tile by tile.

Every tile is normalised on its own, as the crops of training were: levels that differ between the
coils' near and far side do not matter then.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from mamri.networks.inference_engine import Engine
from mamri.normalization.intensity_level import normalised_intensity
from mamri.records import Volume
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, DETAIL_SHAPE, DETAIL_SPACING_MM
from mamri.segmentation.field_stage import BreastField
from mamri.segmentation.working_grid import WorkingGrid, average_to, working_grid

# Voxels around the coarse breasts that the detail network sees, mm (assumption: three coarse
# voxels, what the first network may be wrong by).
MARGIN_MM = 15.0
# Tiles in which the coarse breast is nowhere likelier than this are not looked at (assumption).
_MIN_PRIOR = 0.05
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class BreastDetail:
    """What the detail network found.

    Parameters
    ----------
    box : three slices
        Part of the full grid that was looked at.
    grid : WorkingGrid
        Working grid of the box.
    probability : (K, S, R, C) float16
        Of each of `DETAIL_CLASSES`.
    prior : (S, R, C) float32
        Probability of breast by the field network.
    """

    box: Box
    grid: WorkingGrid
    probability: np.ndarray
    prior: np.ndarray

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
    grid = working_grid(_sizes(box), image.affine, DETAIL_SPACING_MM)
    fine = np.nan_to_num(average_to(grid, image.array[box]))
    prior = _prior(field, grid, box)
    tile = tuple(
        min(wanted, size + -size % step)
        for wanted, size, step in zip(DETAIL_SHAPE, fine.shape, engine.plan.divisor, strict=True)
    )
    missing = [max(0, t - n) for t, n in zip(tile, fine.shape, strict=True)]
    pad = [(0, amount) for amount in missing]
    fine_padded = np.pad(fine, pad, constant_values=float(fine.min()))
    prior_padded = np.pad(prior, pad)
    total = np.zeros((len(DETAIL_CLASSES), *fine_padded.shape), np.float32)
    weight = np.zeros(fine_padded.shape, np.float32)
    bump = _bump(tile)
    for corner in _corners(fine_padded.shape, tile, overlap):
        part = tuple(slice(low, low + size) for low, size in zip(corner, tile, strict=True))
        weight[part] += bump
        if prior_padded[part].max() < _MIN_PRIOR:
            total[0][part] += bump
            continue
        pair = np.stack([normalised_intensity(fine_padded[part]), 2 * prior_padded[part] - 1])
        total[:, part[0], part[1], part[2]] += softmax(engine(pair), axis=0) * bump
    total /= weight
    inner = tuple(slice(0, size) for size in fine.shape)
    return BreastDetail(box, grid, total[(slice(None), *inner)].astype(np.float16), prior)


def _sizes(box: Box) -> tuple[int, int, int]:
    s, r, c = (part.stop - part.start for part in box)
    return s, r, c


def _box(image: Volume, field: BreastField) -> Box:
    """Box of the full grid around the coarse breasts."""
    mask = field.breast > 0.2
    box = []
    for axis, size in enumerate(image.shape):
        filled = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        margin = MARGIN_MM / field.grid.full_spacing[axis]
        edges = np.array([filled[0] - 0.5, filled[-1] + 0.5])
        low, high = field.grid.full_position(axis, edges)
        box.append(slice(max(0, int(low - margin)), min(size, int(high + margin) + 2)))
    return box[0], box[1], box[2]


def _prior(field: BreastField, grid: WorkingGrid, box: Box) -> np.ndarray:
    """Coarse probability of breast on the detail grid, linearly interpolated."""
    out = field.breast
    for axis in range(3):
        full = grid.full_position(axis, np.arange(grid.shape[axis])) + box[axis].start
        at = np.clip(field.grid.working_position(axis, full), 0, field.grid.shape[axis] - 1)
        low = np.minimum(at.astype(int), max(field.grid.shape[axis] - 2, 0))
        high = np.minimum(low + 1, field.grid.shape[axis] - 1)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(3)]).astype(np.float32)
        out = (1 - share) * np.take(out, low, axis) + share * np.take(out, high, axis)
    return np.asarray(out, np.float32)


def _bump(tile: tuple[int, ...]) -> np.ndarray:
    """Weight of a tile's voxels, largest in its middle: a Gaussian of an eighth of its size."""
    out = np.ones(tile, np.float32)
    for axis, size in enumerate(tile):
        at = (np.arange(size) - (size - 1) / 2) / (size / 8)
        out *= np.exp(-0.5 * at**2).reshape([-1 if a == axis else 1 for a in range(3)])
    return np.maximum(out, 1e-4 * float(out.max())).astype(np.float32)


def _corners(
    shape: tuple[int, ...], tile: tuple[int, ...], overlap: float
) -> list[tuple[int, int, int]]:
    """First voxels of evenly spread tiles that cover an image."""
    along = []
    for size, length in zip(shape, tile, strict=True):
        n = 1 + int(np.ceil(max(0, size - length) / (length * (1 - overlap)) - 1e-6))
        along.append(np.linspace(0, size - length, n).round().astype(int))
    return [(int(s), int(r), int(c)) for s in along[0] for r in along[1] for c in along[2]]

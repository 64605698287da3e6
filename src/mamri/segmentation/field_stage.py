"""Where the breasts are in the whole field of view, and which is which, by the field network.

The network tells breast from chest and right from left. Which of them *is* the right one is decided
by patient coordinates alone: the network's two parts only show where the midline runs.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import to_lps
from mamri.networks.inference_engine import Engine
from mamri.networks.sliding_window import Mirror, WindowSettings, predict_whole
from mamri.normalization.intensity_level import normalised_intensity
from mamri.records import Laterality, Volume
from mamri.segmentation.anatomy_model import FIELD_CLASSES, FIELD_SPACING_MM
from mamri.segmentation.breast_sides import MIN_SIDE_OFFSET_MM, field_is_bilateral
from mamri.segmentation.working_grid import WorkingGrid, average_to, working_grid

_RIGHT, _LEFT = FIELD_CLASSES.index("right_breast"), FIELD_CLASSES.index("left_breast")
_LEFT_TO_RIGHT = Mirror(
    2, tuple({_RIGHT: _LEFT, _LEFT: _RIGHT}.get(k, k) for k in range(len(FIELD_CLASSES)))
)
# A side with less than this share of both breasts is the rim of a one-breast view (assumption).
_MIN_SHARE = 0.06
# Less breast than this in the whole image is none, ml (assumption).
MIN_BREAST_ML = 20.0
# Voxels this near to the midline decide on how it is turned, mm (assumption).
_NEAR_MM = 70.0
# The midline is turned only where so many voxels lie on both of its sides and the network's sides
# change by so much a mm across it; by at most about 20 degrees and so many mm (assumptions).
_MIN_NEAR, _MIN_SLOPE, _MAX_TURN, _MAX_SHIFT_MM = 50, 2e-3, 0.35, 15.0


@dataclass(frozen=True, slots=True, eq=False)
class BreastField:
    """What the field network found.

    Parameters
    ----------
    grid : WorkingGrid
    breast : (S, R, C) float32
        Probability of breast, 0 away from the largest part of each side.
    midline : (4,) float
        Patient coordinates with ``midline @ (x, y, z, 1) > 0`` are on the left.
    sides : tuple of Laterality
        Found, right first.
    is_side_certain : bool
        False where a one-breast image is centred near the midline.
    is_bilateral : bool
        Whether the field of view reaches far to both sides.
    """

    grid: WorkingGrid
    breast: np.ndarray
    midline: np.ndarray
    sides: tuple[Laterality, ...]
    is_side_certain: bool
    is_bilateral: bool


def find_breast_field(image: Volume, engine: Engine, *, mirrored: bool = True) -> BreastField:
    """Find the breasts in the whole field of view.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order.
    engine : Engine
        Of the field network.
    mirrored : bool
        Whether the mean of the image and its mirror image decides, so that a mirrored image gives
        mirrored breasts.

    Returns
    -------
    BreastField
    """
    grid = working_grid(image.shape, image.affine, FIELD_SPACING_MM)
    coarse = normalised_intensity(np.nan_to_num(average_to(grid, image.array)))
    mirrors = (_LEFT_TO_RIGHT,) if mirrored else ()
    probability = predict_whole(
        coarse[None], engine, WindowSettings(mirrors=mirrors), fill=(float(coarse.min()),)
    )
    breast = probability[_RIGHT] + probability[_LEFT]
    points = _positions(image, grid)
    midline = _midline(points, probability, breast)
    on_left = points @ midline[:3] + midline[3] > 0
    x = points[..., 0].mean(axis=(0, 1))
    bilateral = field_is_bilateral(x)
    sides, certain = _sides(breast > 0.5, on_left, x, is_bilateral=bilateral)
    if len(sides) == 1:
        # One breast: all of it has the side that the field of view lies on.
        midline = np.array([0.0, 0.0, 0.0, 1.0 if sides[0] is Laterality.LEFT else -1.0])
        on_left = np.full(breast.shape, sides[0] is Laterality.LEFT)
    kept = np.zeros(breast.shape, bool)
    for side in sides:
        kept |= _largest_part((breast > 0.5) & (on_left == (side is Laterality.LEFT)))
    if kept.sum() * FIELD_SPACING_MM**3 / 1000 < MIN_BREAST_ML:
        sides, kept = (), np.zeros_like(kept)
    near = ndimage.binary_dilation(kept, iterations=3)
    coarse_breast = np.where(near, breast, 0).astype(np.float32)
    return BreastField(grid, coarse_breast, midline, sides, certain, bilateral)


def _positions(image: Volume, grid: WorkingGrid) -> np.ndarray:
    """Patient coordinates (S, R, C, 3) of the working voxels."""
    index = np.meshgrid(
        *(grid.full_position(axis, np.arange(n)) for axis, n in enumerate(grid.shape)),
        indexing="ij",
    )
    return to_lps(image.affine, np.stack(index, axis=-1))


def _midline(points: np.ndarray, probability: np.ndarray, breast: np.ndarray) -> np.ndarray:
    """Plane between the network's right and left, nearly sagittal, left side positive, (4,)."""
    weight = breast > 0.5
    plain = np.array([1.0, 0.0, 0.0, 0.0])
    shares = [float(probability[side][weight].sum()) for side in (_RIGHT, _LEFT)]
    if min(shares) <= _MIN_SHARE * sum(shares):
        return plain
    x = points[..., 0][weight]
    lean = (probability[_LEFT] - probability[_RIGHT])[weight]
    # The plane x = m that fits the network's sides best, then its turn from what lies near.
    order = np.argsort(x)
    gain = np.cumsum(-lean[order])  # right of the plane the network should say right
    last = int(np.argmax(gain))
    if gain[last] < 0.5 * np.abs(lean).sum() * min(shares) / sum(shares):
        return plain  # the network's sides contradict the coordinates
    middle = 0.5 * float(x[order][last] + x[order][min(last + 1, len(x) - 1)])
    upright = np.array([1.0, 0.0, 0.0, -middle])
    near = np.abs(x - middle) < _NEAR_MM
    if (
        min(np.count_nonzero(near & (x < middle)), np.count_nonzero(near & (x > middle)))
        < _MIN_NEAR
    ):
        return upright  # the breasts lie apart: nothing shows how the midline is turned
    y, z = (points[..., axis][weight][near] for axis in (1, 2))
    inputs = np.stack([x[near] - middle, y - y.mean(), z - z.mean(), np.ones_like(y)], 1)
    a, b, c, d = np.linalg.lstsq(inputs, lean[near], rcond=None)[0]
    if not a > _MIN_SLOPE or np.hypot(b, c) > _MAX_TURN * a or abs(d) > _MAX_SHIFT_MM * a:
        return upright
    return np.array([a, b, c, d - a * middle - b * y.mean() - c * z.mean()]) / a


def _sides(
    breast: np.ndarray, on_left: np.ndarray, x: np.ndarray, *, is_bilateral: bool
) -> tuple[tuple[Laterality, ...], bool]:
    """Sides that the image holds, and whether they are certain; x (C,) of the columns in mm."""
    total, left = int(breast.sum()), int((breast & on_left).sum())
    if total == 0:
        return (), True
    if is_bilateral and min(left, total - left) > _MIN_SHARE * total:
        return (Laterality.RIGHT, Laterality.LEFT), True
    if is_bilateral:
        return (Laterality.LEFT if 2 * left > total else Laterality.RIGHT,), True
    middle = 0.5 * float(x.min() + x.max())
    side = Laterality.LEFT if middle > 0 else Laterality.RIGHT
    return (side,), abs(middle) >= MIN_SIDE_OFFSET_MM


def _largest_part(mask: np.ndarray) -> np.ndarray:
    parts, n = ndimage.label(mask)
    if n < 2:
        return mask
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))

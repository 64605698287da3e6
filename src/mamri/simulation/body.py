"""Shape of the chest and breasts, as smooth fields on a coarse grid in patient space.

All lengths are mm in LPS; the origin lies in the middle of the chest wall between the breasts.
Signed distances are negative inside. The woman lies prone, so the breasts hang to the front (-y).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy import ndimage

from mamri.records import Laterality
from mamri.simulation.physique import BreastShape, Physique

COARSE_MM = 3.0  # spacing of the fields; the shapes are smooth on this scale


class Field(IntEnum):
    """What each coarse field holds."""

    SKIN = 0  # mm to the surface of the body
    MUSCLE = 1  # mm to the front of the pectoral and chest wall muscles
    RIBCAGE = 2  # mm to the outer surface of the rib cage
    PLEURA = 3  # mm to the inner surface of the chest wall
    HEART = 4  # mm to the heart's surface
    AORTA = 5  # mm to the wall of the great vessels
    LIVER = 6  # mm to the liver's surface
    FOOTPRINT = 7  # 1 at the edge of a breast seen from the front, 0 at its axis
    FORWARD = 8  # 0 at the chest, 1 at the nipple
    TERRITORY = 9  # as FOOTPRINT, but widened to the midline: what is read as breast lies below 1


N_FIELDS = len(Field)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The woman without her fine structure.

    Parameters
    ----------
    physique : Physique
    fields : (Z, Y, X, F) float32
        Coarse fields in the order of `Field`, z to the head, y to the back, x to the left.
    origin_mm : (3,) float, mm
        LPS position (x, y, z) of the first coarse point.
    """

    physique: Physique
    fields: np.ndarray
    origin_mm: np.ndarray

    @property
    def breasts(self) -> tuple[BreastShape, ...]:
        """Right, left."""
        return self.physique.breasts

    def breast(self, side: Laterality) -> BreastShape:
        """The breast of one side."""
        return next(b for b in self.breasts if b.side is side)

    def sample(self, field: Field, points_mm: np.ndarray) -> np.ndarray:
        """Values of one field at points.

        Parameters
        ----------
        field : Field
        points_mm : (N, 3) float, mm LPS

        Returns
        -------
        (N,) float
        """
        index = (np.atleast_2d(points_mm) - self.origin_mm)[:, ::-1].T / COARSE_MM
        return np.asarray(
            ndimage.map_coordinates(self.fields[..., field], index, order=1, mode="nearest")
        )


def _ellipsoid(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    *,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
) -> np.ndarray:
    """Approximate signed distance to an ellipsoid (exact on its surface), mm."""
    p = [(v - c) / r for v, c, r in zip((x, y, z), centre, radii, strict=True)]
    level = np.sqrt(sum(v * v for v in p))
    slope = np.sqrt(sum((v / r) ** 2 for v, r in zip(p, radii, strict=True)))
    return np.asarray((level - 1) * level / np.maximum(slope, 1e-6))


def _cylinder(x: np.ndarray, y: np.ndarray, wide: np.ndarray, deep: np.ndarray) -> np.ndarray:
    """Approximate signed distance to an upright elliptic cylinder of varying size, mm."""
    u, v = x / wide, y / deep
    level = np.sqrt(u * u + v * v)
    slope = np.sqrt((u / wide) ** 2 + (v / deep) ** 2)
    return np.asarray((level - 1) * level / np.maximum(slope, 1e-6))


def _dome(z: np.ndarray) -> np.ndarray:
    """How far the chest has narrowed: 0 at the breasts, 1 at the level of the collar bones."""
    return np.asarray(np.clip((z + 5.0) / 135.0, 0.0, 1.25) ** 1.7)


def _as_distance(level: np.ndarray, smallest: float) -> np.ndarray:
    """Level function divided by its slope: distance near its zero."""
    slope = np.sqrt(sum(g * g for g in np.gradient(level, COARSE_MM)))
    return np.asarray(level / np.maximum(slope, smallest))


def _smooth_union(a: np.ndarray, b: np.ndarray, blend_mm: np.ndarray | float) -> np.ndarray:
    """Union of two shapes whose meeting edge is rounded over ``blend_mm``."""
    h = np.clip(0.5 + 0.5 * (b - a) / blend_mm, 0, 1)
    return np.asarray(b * (1 - h) + a * h - blend_mm * h * (1 - h))


def _bumps(
    rng: np.random.Generator, shape: tuple[int, ...], *, size_mm: float, height_mm: float
) -> np.ndarray:
    """Smooth random unevenness with the given standard deviation."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), size_mm / COARSE_MM)
    return np.asarray(field * (height_mm / field.std()))


def _breast_fields(
    breast: BreastShape, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distance to the breast's surface, footprint, forward coordinate and territory."""
    cx, cy, cz = breast.centre_mm
    sign = -1.0 if breast.side is Laterality.RIGHT else 1.0
    forward = (cy - y) / breast.length_mm
    ahead = np.clip(forward, 0, 1)
    dx = (x - cx - breast.lean_mm * ahead) / breast.half_width_mm
    dz = z - cz - breast.droop_mm * ahead
    dz = np.where(dz > 0, dz / breast.upper_mm, dz / breast.lower_mm)
    footprint = np.sqrt(dx**2 + dz**2)
    # The upper slope is straight, the lower side full.
    exponent = breast.fullness - 0.6 * dz / np.maximum(footprint, 0.2)
    # In front of the tip the profile goes on straight, so that the distance stays one.
    along = np.where(forward > 1, 1 + breast.fullness * (forward - 1), ahead**exponent)
    level = footprint**2.3 + along - 1
    inner = np.clip(1.0 / max(0.2, abs(cx) / breast.half_width_mm), 0.3, 1.0)
    to_midline = np.where(sign * dx < 0, dx * inner * 0.8, dx)
    territory = np.sqrt(to_midline**2 + dz**2) / 1.08
    distance = _as_distance(level, 0.6 / breast.half_width_mm)
    return distance, footprint, forward, territory


def _slope_factor(breast: BreastShape, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """How much more gently the breast meets the chest above and outside than in the lower fold."""
    cx, _, cz = breast.centre_mm
    above = 1 / (1 + np.exp(-(z - cz - 0.15 * breast.upper_mm) / 12.0))
    aside = np.abs(x) - abs(cx) - 0.3 * breast.half_width_mm
    return np.asarray(1 + 2.6 * above + 1.2 / (1 + np.exp(-aside / 10.0)))


def _muscle_thickness(x: np.ndarray, z: np.ndarray, pectoral_mm: float) -> np.ndarray:
    """Pectoral muscle in front of the ribs, mm: thick above and beside, thin at the sternum."""
    across = np.clip((np.abs(x) - 8) / 30, 0, 1) * np.clip((150 - np.abs(x)) / 60, 0.15, 1)
    along = 0.25 + 0.75 / (1 + np.exp(-(z + 15 - 0.25 * np.abs(x)) / 18))
    beside = 9.0 * np.clip((np.abs(x) - 112) / 25, 0, 1)  # serratus and latissimus
    return np.asarray(pectoral_mm * across**0.7 * along + beside)


def _grid(
    low_mm: np.ndarray, high_mm: np.ndarray
) -> tuple[np.ndarray, tuple[int, ...], list[np.ndarray]]:
    """Origin, shape (Z, Y, X) and open coordinates (x, y, z) of the coarse grid."""
    origin = np.floor(low_mm / COARSE_MM - 2) * COARSE_MM
    size = np.ceil((high_mm - origin) / COARSE_MM).astype(int) + 3
    axes = [
        (origin[k] + COARSE_MM * np.arange(size[k])).reshape(
            [-1 if k == 2 - a else 1 for a in range(3)]
        )
        for k in range(3)
    ]
    return origin, tuple(size[::-1]), axes


def make_body(
    rng: np.random.Generator, physique: Physique, *, low_mm: np.ndarray, high_mm: np.ndarray
) -> Body:
    """Compute the coarse fields of a woman.

    Parameters
    ----------
    rng : numpy Generator
        For the unevenness of every surface.
    physique : Physique
    low_mm, high_mm : (3,) float, mm LPS
        Corners of the box to cover.

    Returns
    -------
    Body
    """
    origin, shape, (x, y, z) = _grid(low_mm, high_mm)
    p = physique
    flat = np.zeros(shape)
    dome = _dome(z)
    # The cage narrows towards the neck; its back stays where it is.
    wide = p.rib_width_mm * (1 - 0.26 * dome)
    deep = p.rib_depth_mm * (1 - 0.30 * dome)
    back = p.chest_front_mm + 2 * p.rib_depth_mm + p.chest_slope * z
    ribcage = _cylinder(x, y - back + deep, wide, deep) + flat
    ribcage = ribcage + _bumps(rng, shape, size_mm=24, height_mm=1.8)
    pleura = ribcage + 13.0 + _bumps(rng, shape, size_mm=12, height_mm=0.7)
    muscle = ribcage - _muscle_thickness(x, z, p.pectoral_mm) * (1 + 0.9 * dome)
    muscle = muscle + _bumps(rng, shape, size_mm=15, height_mm=0.9)
    fat = p.fat_mm
    around, ahead = wide + 30 + 1.6 * fat + 22 * dome, deep + 8 + fat + 12 * dome
    torso = _cylinder(x, y - back + deep, around, ahead) + flat

    skin, footprint, forward = torso, np.full(shape, 9.0), flat
    territory = np.full(shape, 9.0)
    for breast in p.breasts:
        distance, print_, ahead, own = _breast_fields(breast, x, y, z)
        skin = _smooth_union(skin, distance, p.fold_mm * _slope_factor(breast, x, z))
        nearer = print_ < footprint
        footprint = np.where(nearer, print_, footprint)
        forward = np.where(nearer, ahead, forward)
        territory = np.where((x < 0) == (breast.side is Laterality.RIGHT), own, territory)
    skin = _as_distance(skin + _bumps(rng, shape, size_mm=18, height_mm=1.2), 0.7)
    for breast in p.breasts:
        apex_x, apex_y, apex_z = breast.nipple_mm
        nipple = (apex_x, apex_y + 1.5, apex_z)
        radii = (5.0, breast.nipple_length_mm, 5.0)
        skin = _smooth_union(skin, _ellipsoid(x, y, z + flat, centre=nipple, radii=radii), 4.0)
    organs = _organs(rng, p, x, y, z + flat)
    stack = (skin, muscle, ribcage, pleura, *organs, footprint, forward, territory)
    fields = np.stack([np.broadcast_to(v, shape) for v in stack], axis=-1).astype(np.float32)
    return Body(physique, fields, origin)


def _organs(
    rng: np.random.Generator, p: Physique, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heart, great vessels and liver, mm to their surfaces."""
    front = p.chest_front_mm + 20.0
    slope = p.chest_slope
    heart = _ellipsoid(
        x + 0 * y,
        y - slope * z - 0.25 * (x - 22),
        z,
        centre=(24, front + 46, p.heart_mm),
        radii=(58, 38, 46),
    )
    heart = heart + _bumps(rng, heart.shape, size_mm=16, height_mm=2.2)
    above = 50 * (z < p.heart_mm + 35)
    ascending = _ellipsoid(x, y, 0 * z, centre=(-8, front + 46, 0), radii=(15, 15, 1e9)) + above
    descending = _ellipsoid(x, y, 0 * z, centre=(26, front + 90, 0), radii=(12, 12, 1e9))
    liver = _ellipsoid(x, y, z, centre=(-45, front + 74, p.liver_mm), radii=(120, 110, 82))
    return heart, np.minimum(ascending, descending), liver

"""Shape of the chest and breasts, as smooth fields on a coarse grid in patient space.

All lengths are mm in LPS; the origin lies in the middle of the chest wall between the breasts.
Signed distances are negative inside. The woman lies prone, so the breasts hang to the front (-y).
Sizes are chosen after clinical prone breast exams; those without a source are assumptions.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy import ndimage

from mamri.records import Laterality

COARSE_MM = 3.0  # spacing of the fields; the shapes are smooth on this scale

# Skin thickness: mean 1.45 mm, range 0.8 to 3 mm (Huang S-Y et al., Med Phys 2008;35:1199-1206).
SKIN_MM = 1.6


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


@dataclass(frozen=True, slots=True)
class BreastShape:
    """One breast, prone.

    Parameters
    ----------
    side : Laterality
    centre_mm : (x, y, z), mm
        On the chest, where the axis of the breast begins.
    half_width_mm, upper_mm, lower_mm : float, mm
        Extent to the sides, upwards and downwards at the chest.
    length_mm : float, mm
        From the chest to the tip.
    lean_mm : float, mm
        Shift of the tip away from the midline.
    """

    side: Laterality
    centre_mm: tuple[float, float, float]
    half_width_mm: float
    upper_mm: float
    lower_mm: float
    length_mm: float
    lean_mm: float

    @property
    def nipple_mm(self) -> tuple[float, float, float]:
        """Tip of the breast."""
        x, y, z = self.centre_mm
        return x + self.lean_mm, y - self.length_mm, z


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The woman without her fine structure.

    Parameters
    ----------
    breasts : tuple of BreastShape
        Right, left.
    fields : (Z, Y, X, F) float32
        Coarse fields in the order of `Field`, z to the head, y to the back, x to the left.
    origin_mm : (3,) float, mm
        LPS position (x, y, z) of the first coarse point.
    """

    breasts: tuple[BreastShape, ...]
    fields: np.ndarray
    origin_mm: np.ndarray

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


def draw_breasts(rng: np.random.Generator) -> tuple[BreastShape, ...]:
    """Right and left breast of a random woman; the two sides differ by a few percent."""
    width, upper, lower = rng.normal(59, 3.5), rng.normal(86, 5), rng.normal(56, 3.5)
    length, apart = rng.normal(108, 9), rng.normal(86, 3)
    breasts = []
    for side, sign in ((Laterality.RIGHT, -1), (Laterality.LEFT, 1)):
        scale = rng.normal(1.0, 0.025)
        centre = (sign * apart, 33.0 + rng.normal(0, 1), -8.0 + rng.normal(0, 3))
        breasts.append(
            BreastShape(
                side, centre, width * scale, upper, lower * scale, length * scale, sign * 8.0
            )
        )
    return tuple(breasts)


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


def _as_distance(level: np.ndarray, smallest: float) -> np.ndarray:
    """Level function divided by its slope: distance near its zero."""
    slope = np.sqrt(sum(g * g for g in np.gradient(level, COARSE_MM)))
    return np.asarray(level / np.maximum(slope, smallest))


def _smooth_union(a: np.ndarray, b: np.ndarray, blend_mm: float) -> np.ndarray:
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
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance to the breast's surface, footprint and forward coordinate."""
    cx, cy, cz = breast.centre_mm
    forward = (cy - y) / breast.length_mm
    dx = (x - cx - breast.lean_mm * np.clip(forward, 0, 1)) / breast.half_width_mm
    dz = z - cz
    dz = np.where(dz > 0, dz / breast.upper_mm, dz / breast.lower_mm)
    footprint = np.sqrt(dx**2 + dz**2)
    # The upper slope is straight, the lower side full: exponents 1.6 and 2.8 along the axis.
    exponent = 2.2 - 0.6 * dz / np.maximum(footprint, 0.2)
    level = footprint**2.3 + np.maximum(forward, 0) ** exponent - 1
    return _as_distance(level, 0.6 / breast.half_width_mm), footprint, forward


def _muscle_thickness(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Pectoral muscle in front of the ribs, mm: thick above and beside, thin at the sternum."""
    across = np.clip((np.abs(x) - 10) / 30, 0, 1) * np.clip((150 - np.abs(x)) / 60, 0.15, 1)
    along = 0.3 + 0.7 / (1 + np.exp(-(z + 15) / 18))
    beside = 9.0 * np.clip((np.abs(x) - 112) / 25, 0, 1)  # serratus and latissimus
    return np.asarray(15.0 * across**0.7 * along + beside)


def make_body(rng: np.random.Generator, *, low_mm: np.ndarray, high_mm: np.ndarray) -> Body:
    """Draw a woman and compute her coarse fields.

    Parameters
    ----------
    rng : numpy Generator
    low_mm, high_mm : (3,) float, mm LPS
        Corners of the box to cover.

    Returns
    -------
    Body
    """
    breasts = draw_breasts(rng)
    origin = np.floor(low_mm / COARSE_MM - 2) * COARSE_MM
    size = np.ceil((high_mm - origin) / COARSE_MM).astype(int) + 3
    x, y, z = (
        (origin[k] + COARSE_MM * np.arange(size[k])).reshape(
            [-1 if k == 2 - a else 1 for a in range(3)]
        )
        for k in range(3)
    )
    shape = tuple(size[::-1])
    yc = 140.0 + 0.17 * z  # the prone chest slopes to the front towards the feet
    flat = np.zeros(shape)
    torso = _ellipsoid(x, y - yc, flat, centre=(0, 0, 0), radii=(215, 119, 1e9))
    ribcage = _ellipsoid(x, y - yc, flat, centre=(0, 2, 0), radii=(152, 98, 1e9))
    pleura = _ellipsoid(x, y - yc, flat, centre=(0, 2, 0), radii=(137, 83, 1e9))
    ribcage = ribcage + _bumps(rng, shape, size_mm=24, height_mm=1.8)
    pleura = np.maximum(pleura, ribcage + 13.0) + _bumps(rng, shape, size_mm=12, height_mm=0.7)
    muscle = ribcage - _muscle_thickness(x, z) + _bumps(rng, shape, size_mm=15, height_mm=0.9)

    skin, footprint, forward = torso, np.full(shape, 9.0), flat
    for breast in breasts:
        distance, print_, ahead = _breast_fields(breast, x, y, z)
        skin = _smooth_union(skin, distance, 14.0)
        nearer = print_ < footprint
        footprint = np.where(nearer, print_, footprint)
        forward = np.where(nearer, ahead, forward)
    skin = _as_distance(skin + _bumps(rng, shape, size_mm=18, height_mm=1.2), 0.7)
    for breast in breasts:
        apex_x, apex_y, apex_z = breast.nipple_mm
        nipple = (apex_x, apex_y + 1.5, apex_z)
        skin = _smooth_union(
            skin, _ellipsoid(x, y, z + flat, centre=nipple, radii=(5.5, 7.0, 5.5)), 4.0
        )

    heart = _ellipsoid(
        x, y - 0.17 * z - 0.25 * (x - 22), z, centre=(22, 114, -25), radii=(58, 38, 46)
    )
    heart = heart + _bumps(rng, shape, size_mm=16, height_mm=2.2)
    ascending = _ellipsoid(x, y, flat, centre=(-8, 112, 0), radii=(15, 15, 1e9)) + 50 * (z < 10)
    arch = _ellipsoid(x, y, flat, centre=(26, 150, 0), radii=(12, 12, 1e9))
    liver = _ellipsoid(x, y, z, centre=(-45, 140, -125), radii=(120, 110, 82))
    stack = (skin, muscle, ribcage, pleura, heart, np.minimum(ascending, arch), liver)
    fields = np.stack(
        [np.broadcast_to(v, shape) for v in (*stack, footprint, forward)], axis=-1
    ).astype(np.float32)
    return Body(breasts, fields, origin)

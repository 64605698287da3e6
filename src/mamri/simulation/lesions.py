"""Lesions in space: where they lie, their outline, how much of a point they take."""

from dataclasses import dataclass
from enum import IntEnum

import numba
import numpy as np

from mamri.records import Laterality
from mamri.simulation.body import Body
from mamri.simulation.cell_noise import cell_noise
from mamri.simulation.gradient_noise import gradient_noise
from mamri.simulation.lesion_plan import (
    Distribution,
    InternalEnhancement,
    LesionPlan,
    LesionType,
    MassMargin,
    MassShape,
)
from mamri.simulation.parenchyma import smooth_step

MAX_SPICULES = 26


class Row(IntEnum):
    """Columns of the lesion table that the renderer reads."""

    CENTRE = 0  # 3 columns, mm LPS
    RADII = 3  # 3 columns, mm
    AXES = 6  # 9 columns, rows are directions of the radii
    IS_NON_MASS = 15
    ROUGHNESS = 16  # share of the radius
    WARP = 17  # mm
    CORE = 18  # necrotic core, share of the radius
    TEXTURE = 19  # unevenness of the uptake
    SEPTA = 20  # dark septa
    CLUMP_MM = 21  # size of clumps, 0 for none
    RING = 22  # clumps are rings
    OEDEMA_MM = 23  # reach of perifocal oedema
    SEED = 24
    REACH = 25  # nothing of the lesion lies beyond, mm
    CONE = 26  # segment that widens away from the nipple
    BLUR = 27  # width of the edge, mm


N_COLUMNS = 28


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLesion:
    """A lesion with its place and outline.

    Parameters
    ----------
    plan : LesionPlan
    centre_mm : (3,) float, mm LPS
    radii_mm : (3,) float, mm
        Half axes of its body.
    axes : (3, 3) float
        Rows are the directions of the half axes.
    spicules : (26, 5) float
        Direction (x, y, z), length and width at the root in mm; unused rows are 0.
    seed : int
    """

    plan: LesionPlan
    centre_mm: np.ndarray
    radii_mm: np.ndarray
    axes: np.ndarray
    spicules: np.ndarray
    seed: int


def named_place(body: Body, plan: LesionPlan) -> np.ndarray:
    """Point of the breast that a plan names, (3,) mm LPS."""
    breast = body.breast(plan.side)
    sign = -1 if plan.side is Laterality.RIGHT else 1
    narrow = np.sqrt(max(0.05, 1 - plan.forward**2))
    vertical = breast.upper_mm if plan.up > 0 else breast.lower_mm
    offset = (
        sign * plan.lateral * breast.half_width_mm * narrow + breast.lean_mm * plan.forward,
        -plan.forward * breast.length_mm,
        plan.up * vertical * narrow + breast.droop_mm * plan.forward,
    )
    return np.array(breast.centre_mm) + offset


_RADII = {
    MassShape.OVAL: (1.22, 0.92, 0.89),
    MassShape.ROUND: (1.03, 1.0, 0.97),
    MassShape.IRREGULAR: (1.16, 0.96, 0.90),
}
# Half axes against half the length; a segment and a line point to the nipple.
_REGIONS = {
    Distribution.FOCAL: (1.0, 0.75, 0.7),
    Distribution.LINEAR: (1.0, 0.14, 0.16),
    Distribution.SEGMENTAL: (1.0, 0.42, 0.5),
    Distribution.REGIONAL: (1.0, 0.8, 0.85),
    Distribution.DIFFUSE: (1.0, 0.95, 1.0),
}


def place_lesion(
    body: Body, plan: LesionPlan, centre_mm: np.ndarray, rng: np.random.Generator
) -> PlacedLesion:
    """Give a lesion its outline at a place.

    Parameters
    ----------
    body : Body
    plan : LesionPlan
    centre_mm : (3,) float, mm LPS
    rng : numpy Generator
    """
    axes, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    half = plan.diameter_mm / 2
    if plan.type is LesionType.NON_MASS:
        assert plan.distribution is not None, "a non-mass plan names its distribution"
        radii = half * np.array(_REGIONS[plan.distribution])
        if plan.distribution in (Distribution.LINEAR, Distribution.SEGMENTAL):
            axes = _towards(np.array(body.breast(plan.side).nipple_mm) - centre_mm, axes)
        radii = np.maximum(radii, 2.2)
    else:
        shape = plan.shape or MassShape.OVAL
        radii = half * np.array(_RADII[shape]) * rng.uniform(0.94, 1.06, 3)
    spicules = np.zeros((MAX_SPICULES, 5))
    n = {MassMargin.SPICULATED: MAX_SPICULES, MassMargin.IRREGULAR: 5}.get(plan.margin, 0)  # type: ignore[arg-type]
    if plan.type is not LesionType.MASS:
        n = 0
    directions = rng.standard_normal((n, 3))
    spicules[:n, :3] = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    longest = 0.9 if plan.margin is MassMargin.SPICULATED else 0.35
    spicules[:n, 3] = np.minimum(longest * half * rng.uniform(0.4, 1.3, n), 22.0)
    spicules[:n, 4] = np.minimum(0.16 * half * rng.uniform(0.6, 1.3, n) + 0.4, 2.2)
    return PlacedLesion(
        plan, np.asarray(centre_mm, float), radii, axes, spicules, int(rng.integers(1, 2**20))
    )


def _towards(direction: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Axes whose first one points in a direction."""
    first = direction / np.linalg.norm(direction)
    second = np.cross(first, axes[0])
    second /= np.linalg.norm(second)
    return np.array([first, second, np.cross(first, second)])


def _row(lesion: PlacedLesion) -> np.ndarray:
    plan, row = lesion.plan, np.zeros(N_COLUMNS)
    half = plan.diameter_mm / 2
    internal = plan.internal
    is_non_mass = plan.type is LesionType.NON_MASS
    irregular = plan.shape is MassShape.IRREGULAR
    rough = plan.margin in (MassMargin.IRREGULAR, MassMargin.SPICULATED)
    row[Row.CENTRE : Row.CENTRE + 3] = lesion.centre_mm
    row[Row.RADII : Row.RADII + 3] = lesion.radii_mm
    row[Row.AXES : Row.AXES + 9] = lesion.axes.ravel()
    row[Row.IS_NON_MASS] = is_non_mass
    row[Row.ROUGHNESS] = 0.03 + 0.14 * irregular + 0.10 * rough
    warp = 0.35 * half if is_non_mass else 0.28 * half * (0.15 + 0.55 * irregular + 0.3 * rough)
    row[Row.WARP] = min(warp, 7.0)
    row[Row.CORE] = 0.62 if internal is InternalEnhancement.RIM else 0.0
    uneven = {InternalEnhancement.HOMOGENEOUS: 0.06, InternalEnhancement.HETEROGENEOUS: 0.75}
    row[Row.TEXTURE] = uneven.get(internal, 0.25)
    row[Row.SEPTA] = internal is InternalEnhancement.DARK_SEPTA
    if internal in (InternalEnhancement.CLUMPED, InternalEnhancement.CLUSTERED_RING):
        row[Row.CLUMP_MM] = 7.0 if internal is InternalEnhancement.CLUSTERED_RING else 5.0
    row[Row.RING] = internal is InternalEnhancement.CLUSTERED_RING
    row[Row.OEDEMA_MM] = min(6.0 + 0.7 * half, 18.0) if plan.oedema else 0.0
    row[Row.SEED] = lesion.seed
    row[Row.CONE] = plan.distribution is Distribution.SEGMENTAL
    row[Row.BLUR] = 0.3 + (0.9 if rough else 0.0)
    reach = lesion.radii_mm.max() * (1.25 + row[Row.ROUGHNESS]) + row[Row.WARP] + 2
    longest = lesion.spicules[:, 3].max(initial=0.0)
    row[Row.REACH] = reach + max(longest, row[Row.OEDEMA_MM])
    return row


def lesion_table(lesions: tuple[PlacedLesion, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the lesions for the renderer.

    Returns
    -------
    rows : (L, 28) float
        In the order of `Row`.
    spicules : (L, 26, 5) float
    """
    rows = np.array([_row(lesion) for lesion in lesions]).reshape(-1, N_COLUMNS)
    spicules = np.array([lesion.spicules for lesion in lesions]).reshape(-1, MAX_SPICULES, 5)
    return rows, spicules


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _spicule_share(
    spicules: np.ndarray,
    p: np.ndarray,
    away: float,
    radius: float,
    vox: float,
) -> float:
    """Largest share of any spicule at a point given from the centre of the lesion."""
    best = 0.0
    for n in range(spicules.shape[0]):
        length = spicules[n, 3]
        if length <= 0 or away > radius * 1.4 + length:
            continue
        along = p[0] * spicules[n, 0] + p[1] * spicules[n, 1] + p[2] * spicules[n, 2]
        if along < 0.5 * radius:
            continue
        aside = np.sqrt(max(0.0, away * away - along * along))
        left = 1 - max(0.0, along - 0.9 * radius) / length
        width = spicules[n, 4] * left
        if left > 0 and aside < width + vox:
            thin = min(1.0, 2 * width / vox)
            best = max(best, thin * min(1.0, max(0.0, 0.5 + (width - aside) / vox)))
    return best


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def lesion_at(
    row: np.ndarray, spicules: np.ndarray, x: float, y: float, z: float, vox: float
) -> tuple[float, float, float, float]:
    """How much of a point a lesion takes, and how it takes up contrast agent there.

    Parameters
    ----------
    row : (28,) float
        One row of `lesion_table`.
    spicules : (26, 5) float
    x, y, z : float, mm LPS
    vox : float, mm
        Width over which the edge goes from full to empty.

    Returns
    -------
    share : float, 0 to 1
        Of a mass; of the fibroglandular tissue where the lesion is non-mass.
    core : float, 0 to 1
        Part of the share that is necrotic core.
    uptake : float
        Multiplies Ktrans, ve and vp of the body; about 1.
    oedema : float, 0 to 1
    """
    dx, dy, dz = x - row[0], y - row[1], z - row[2]
    if dx * dx + dy * dy + dz * dz > row[25] * row[25]:
        return 0.0, 0.0, 1.0, 0.0
    seed = int(row[24])
    half = (row[3] + row[4] + row[5]) / 3
    cell = max(5.0, 0.8 * half)
    p = np.empty(3)
    p[0] = dx + row[17] * 1.6 * gradient_noise(x / cell, y / cell, z / cell, seed)
    p[1] = dy + row[17] * 1.6 * gradient_noise(x / cell, y / cell, z / cell, seed + 1)
    p[2] = dz + row[17] * 1.6 * gradient_noise(x / cell, y / cell, z / cell, seed + 2)
    away = np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) + 1e-6
    q = np.empty(3)
    for k in range(3):
        q[k] = row[6 + 3 * k] * p[0] + row[7 + 3 * k] * p[1] + row[8 + 3 * k] * p[2]
    narrow = 1.0
    if row[26] > 0:  # the first axis points to the nipple
        narrow = max(0.15, 0.95 - 0.55 * q[0] / row[3])
    level = np.sqrt(
        (q[0] / row[3]) ** 2 + (q[1] ** 2 / row[4] ** 2 + q[2] ** 2 / row[5] ** 2) / narrow**2
    )
    level += 1e-6
    radius = away / level
    ux, uy, uz = p[0] / away, p[1] / away, p[2] / away
    rough = gradient_noise(1.6 * ux + 9.1, 1.6 * uy + 3.7, 1.6 * uz, seed + 3)
    rough += 0.6 * gradient_noise(3.7 * ux, 3.7 * uy + 5.3, 3.7 * uz + 1.9, seed + 4)
    outline = radius * (1 + 1.4 * row[16] * rough)
    edge = outline - away
    share = min(1.0, max(0.0, 0.5 + edge / max(vox, row[27])))
    if share < 1:
        share = max(share, _spicule_share(spicules, p, away, radius, vox))
    oedema = 0.0
    if row[23] > 0 and share < 1:
        oedema = smooth_step(edge, -row[23], -0.2 * row[23])
        strand = gradient_noise(x / 6, y / 6, z / 6, seed + 5)
        oedema *= smooth_step(strand, -0.35, 0.25)
    if share <= 0:
        return 0.0, 0.0, 1.0, oedema
    uptake, core = 1.0, 0.0
    coarse = gradient_noise(x / 5.5, y / 5.5, z / 5.5, seed + 6)
    fine = gradient_noise(x / 2.6, y / 2.6, z / 2.6, seed + 7)
    uptake += row[19] * (coarse + 0.6 * fine)
    if row[18] > 0:
        depth = row[18] * (1 + 0.35 * coarse) * outline - away
        core = min(1.0, max(0.0, 0.5 + depth / max(vox, 0.8)))
    if row[20] > 0:
        near, second, _ = cell_noise(x / 6, y / 6, z / 6, seed + 8)
        wall = (second - near) * 3.0
        uptake *= 1 - 0.85 * min(1.0, max(0.0, 0.5 + (0.5 - wall) / max(0.7, vox)))
    if row[21] > 0:
        near, second, _ = cell_noise(x / row[21], y / row[21], z / row[21], seed + 9)
        gap = smooth_step(second - near, 0.10, 0.30)
        share *= gap
        if row[22] > 0:
            uptake *= 0.3 + 0.9 * smooth_step(near, 0.10, 0.38)
    return share, core, min(max(uptake, 0.08), 2.4), oedema

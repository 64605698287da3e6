"""Vessel trees of the breasts and the internal mammary vessels, as chains of tapered capsules."""

from itertools import pairwise

import numba
import numpy as np

from mamri.records import Laterality
from mamri.simulation.body import Body, Field
from mamri.simulation.physique import BreastShape

STEP_MM = 4.0  # length of a capsule
DEPTH_MM = 8.0  # subcutaneous veins run about this deep (assumption)


def _surface_normal(body: Body, point: np.ndarray) -> np.ndarray:
    """Unit vector towards the skin."""
    h = 3.0
    offsets = np.concatenate([np.eye(3), -np.eye(3)]) * h
    values = body.sample(Field.SKIN, point + offsets)
    slope = values[:3] - values[3:]
    return np.asarray(slope / max(float(np.linalg.norm(slope)), 1e-6))


def _grow(
    body: Body,
    rng: np.random.Generator,
    *,
    start: np.ndarray,
    goal: np.ndarray,
    radius_mm: float,
    depth_mm: float,
    generation: int,
) -> list[tuple[float, ...]]:
    """One branch and its children: (x0, y0, z0, r0, x1, y1, z1, r1) each, mm."""
    point = start.copy()
    heading = (goal - start) / np.linalg.norm(goal - start)
    capsules: list[tuple[float, ...]] = []
    n_steps = int(np.linalg.norm(goal - start) * rng.uniform(0.6, 0.95) / STEP_MM)
    for n in range(n_steps):
        towards = (goal - point) / max(float(np.linalg.norm(goal - point)), 1e-6)
        heading = 0.72 * heading + 0.18 * towards + 0.22 * rng.standard_normal(3)
        normal = _surface_normal(body, point)
        depth = -float(body.sample(Field.SKIN, point)[0])
        heading = heading - normal * (heading @ normal) * 0.6
        heading += normal * np.clip((depth - depth_mm) / 20.0, -0.6, 0.6)
        heading /= np.linalg.norm(heading)
        following = point + STEP_MM * heading
        thin = radius_mm * (1 - 0.55 * n / n_steps)
        capsules.append((*point, thin, *following, thin * 0.97))
        if generation < 2 and n > 2 and rng.random() < 0.16:
            aside = following + rng.standard_normal(3) * 30 + 25 * heading
            capsules += _grow(
                body,
                rng,
                start=following,
                goal=0.5 * goal + 0.5 * aside,
                radius_mm=thin * 0.75,
                depth_mm=depth_mm + rng.uniform(0, 14),
                generation=generation + 1,
            )
        point = following
    return capsules


def breast_vessels(
    body: Body, breast: BreastShape, rng: np.random.Generator, diameter_mm: float
) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Superficial veins and deeper arteries of one breast, all running towards the nipple.

    Parameters
    ----------
    body : Body
    breast : BreastShape
    rng : numpy Generator
    diameter_mm : float, mm
        Of the largest vein.

    Returns
    -------
    veins, arteries : list of (x0, y0, z0, r0, x1, y1, z1, r1) float, mm LPS
    """
    trees: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] = ([], [])
    radius = diameter_mm / 2
    # Outward, upward, radius against the largest, depth under the skin, artery.
    stems = (
        (0.85, 0.45, 1.0, DEPTH_MM, False),
        (0.8, -0.25, 0.75, DEPTH_MM, False),
        (-0.75, 0.35, 0.9, DEPTH_MM, False),
        (-0.7, -0.3, 0.65, DEPTH_MM, False),
        (0.15, 0.75, 0.75, DEPTH_MM, False),
        (-0.8, 0.1, 0.55, 2.2 * DEPTH_MM, True),
        (0.85, 0.2, 0.55, 2.2 * DEPTH_MM, True),
        (0.4, -0.6, 0.4, 1.8 * DEPTH_MM, True),
    )
    for out, up, thick, depth, is_artery in stems:
        if rng.random() < 0.12:
            continue
        start = _stem(breast, rng, out, up)
        goal = np.add(breast.nipple_mm, (0.0, 14.0, 0.0)) + rng.normal(0, 12, 3)
        trees[int(is_artery)].extend(
            _grow(
                body,
                rng,
                start=start,
                goal=goal,
                radius_mm=radius * thick * rng.uniform(0.8, 1.15),
                depth_mm=depth + rng.uniform(-3, 5),
                generation=0,
            )
        )
    return trees


def _stem(breast: BreastShape, rng: np.random.Generator, out: float, up: float) -> np.ndarray:
    """Where a vessel enters the breast."""
    sign = -1 if breast.side is Laterality.RIGHT else 1
    height = breast.upper_mm if up > 0 else breast.lower_mm
    offset = (
        sign * out * breast.half_width_mm,
        rng.uniform(-12, 6),
        up * height + rng.normal(0, 5),
    )
    return np.array(breast.centre_mm) + offset


def feeding_vessels(
    body: Body,
    breast: BreastShape,
    goal: np.ndarray,
    rng: np.random.Generator,
    diameter_mm: float,
) -> list[tuple[float, ...]]:
    """Arteries that run to a malignant lesion, from both sides."""
    capsules: list[tuple[float, ...]] = []
    for out in (0.85, -0.75):
        capsules += _grow(
            body,
            rng,
            start=_stem(breast, rng, out, 0.3),
            goal=goal,
            radius_mm=0.55 * diameter_mm * rng.uniform(0.6, 0.9),
            depth_mm=1.6 * DEPTH_MM,
            generation=1,
        )
    return capsules


def internal_mammary_vessels(body: Body) -> list[tuple[float, ...]]:
    """Upright pairs beside the sternum, just inside the chest wall."""
    low = body.origin_mm[2]
    high = low + 3.0 * (body.fields.shape[0] - 1)
    capsules: list[tuple[float, ...]] = []
    levels = np.arange(low, high, STEP_MM * 2)
    # Vein 10 and artery 15 mm beside the edge of the sternum (AJR 1990;155:397-400,
    # doi:10.2214/ajr.155.2.2115273); artery 2.1 mm wide (Han 2003, Br J Plast Surg 56:684-688).
    for x in (-33.0, -28.0, 28.0, 33.0):
        radius = 1.2 if abs(x) < 30 else 1.05
        across = x + 1.2 * np.sin(levels / 17.0 + x)
        points = np.column_stack([across, 58.0 + 0.17 * levels, levels])
        for _ in range(3):  # slide to the inner surface of the chest wall
            points[:, 1] += body.sample(Field.PLEURA, points) + 1.5
        for a, b in pairwise(points):
            capsules.append((*a, radius, *b, radius))
    return capsules


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def draw_capsules(
    fraction: np.ndarray, capsules: np.ndarray, affine: np.ndarray, inverse: np.ndarray
) -> None:
    """Write the share of each voxel that lies in a capsule, keeping the larger value.

    Parameters
    ----------
    fraction : (S, R, C) uint8
        Changed in place; 255 is a full voxel.
    capsules : (N, 8) float, mm LPS
    affine, inverse : (4, 4) float
        (slice, row, column) to LPS and back.
    """
    shape = np.array(fraction.shape)
    to_voxel = np.ascontiguousarray(inverse[:3, :3])
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    voxel = spacing.mean()
    for n in range(capsules.shape[0]):
        a, ra, b, rb = capsules[n, 0:3], capsules[n, 3], capsules[n, 4:7], capsules[n, 7]
        ia = (to_voxel * a).sum(axis=1) + inverse[:3, 3]
        ib = (to_voxel * b).sum(axis=1) + inverse[:3, 3]
        margin = (max(ra, rb) + voxel) / spacing
        first, last = np.empty(3, np.int64), np.empty(3, np.int64)
        for k in range(3):
            first[k] = max(0, int(np.floor(min(ia[k], ib[k]) - margin[k])))
            last[k] = min(shape[k] - 1, int(np.ceil(max(ia[k], ib[k]) + margin[k])))
        axis = b - a
        length2 = (axis**2).sum()
        for s in range(first[0], last[0] + 1):
            for r in range(first[1], last[1] + 1):
                for c in range(first[2], last[2] + 1):
                    p = affine[:3, 0] * s + affine[:3, 1] * r + affine[:3, 2] * c
                    p = p + affine[:3, 3] - a
                    t = min(1.0, max(0.0, (p * axis).sum() / length2))
                    away = np.sqrt(((p - t * axis) ** 2).sum())
                    radius = ra + t * (rb - ra)
                    # A vessel thinner than the voxel fills only part of it.
                    full = min(1.0, (2 * radius / voxel) ** 2 * 0.785)
                    inside = min(1.0, max(0.0, 0.5 + (radius - away) / voxel)) * full
                    fraction[s, r, c] = max(fraction[s, r, c], np.uint8(255 * inside))

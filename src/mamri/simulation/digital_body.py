"""A woman with a body: built once, rendered on the grid of any sequence."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mamri.records import Laterality
from mamri.simulation._population_table import NODE_SHORT_AXIS_MM
from mamri.simulation._tissue_table import Tissue
from mamri.simulation.body import Body, Field, make_body
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.lesions import PlacedLesion, lesion_table, named_place, place_lesion
from mamri.simulation.mixture import NEUTRAL, TissueMixture
from mamri.simulation.physique import BreastShape, draw_within
from mamri.simulation.render import Canvas, Scene, parenchyma_scores, render
from mamri.simulation.vessels import (
    breast_vessels,
    draw_capsules,
    feeding_vessels,
    internal_mammary_vessels,
)
from mamri.simulation.woman import Woman

# Box that every field of view lies in, mm LPS; further out the fields go on as at its faces.
LOW_MM, HIGH_MM = np.array([-216.0, -186.0, -165.0]), np.array([216.0, 210.0, 165.0])
_SAMPLES = 40000
FINEST_MM = 1.3  # voxels are looked at in points about this far apart,
MOST_POINTS = 12  # but in not more points than these, for speed


class Blob(IntEnum):
    """Columns of a table of ellipsoids."""

    CENTRE = 0  # 3 columns, mm LPS
    RADII = 3  # 3 columns, mm
    TISSUE = 6
    HILUM = 7  # size of a fatty core against the radii, 0 for none
    SHELL = 8  # tissue around it, 0 for none
    SHELL_MM = 9


@dataclass(frozen=True, slots=True, eq=False)
class DigitalBody:
    """Everything that rendering needs.

    Parameters
    ----------
    woman : Woman
    body : Body
    lesions : tuple of PlacedLesion
    thresholds : (right, left) of float
        Of the parenchyma's score.
    veins, arteries : (N, 8) float, mm LPS
        Capsules.
    blobs : (B, 10) float
        Cysts, nodes, implants, clip, in the order of `Blob`.
    """

    woman: Woman
    body: Body
    lesions: tuple[PlacedLesion, ...]
    thresholds: tuple[float, float]
    veins: np.ndarray
    arteries: np.ndarray
    blobs: np.ndarray


def build_body(woman: Woman) -> DigitalBody:
    """Give a woman her body, vessels, lesions, nodes and cysts.

    Parameters
    ----------
    woman : Woman

    Returns
    -------
    DigitalBody
    """

    def rng(part: int) -> np.random.Generator:
        return np.random.default_rng([woman.seed, part])

    body = make_body(rng(1), woman.physique, low_mm=LOW_MM, high_mm=HIGH_MM)
    thresholds = tuple(
        _threshold(woman, body, n, breast, rng(10 + n)) for n, breast in enumerate(body.breasts)
    )
    lesions = _placed(woman, body, thresholds, rng(3))
    veins, arteries = _vessels(woman, body, lesions, rng(2))
    blobs = _blobs(woman, body, lesions, rng(4))
    return DigitalBody(woman, body, lesions, (thresholds[0], thresholds[1]), veins, arteries, blobs)


def _points_of(breast: BreastShape, rng: np.random.Generator, n: int) -> np.ndarray:
    """Random points of the box around a breast, on its side of the midline, (M, 3) mm."""
    x, y, z = breast.centre_mm
    reach = (
        breast.half_width_mm + 25,
        breast.length_mm + 25,
        max(breast.upper_mm, breast.lower_mm) + 15,
    )
    points = np.array([x, y, z]) + rng.uniform(-1, 1, (n, 3)) * reach
    return points[points[:, 0] * x > 0]


def _scores(woman: Woman, body: Body, side: int, points: np.ndarray) -> np.ndarray:
    return parenchyma_scores(
        points,
        body.fields,
        body.origin_mm,
        np.array(body.breasts[side].nipple_mm),
        woman.patterns[side],
        woman.seed,
    )


def _threshold(
    woman: Woman, body: Body, side: int, breast: BreastShape, rng: np.random.Generator
) -> float:
    """Score above which a breast is fibroglandular, so that its density comes out as wanted."""
    scores = _scores(woman, body, side, _points_of(breast, rng, _SAMPLES))
    # A voxel counts as fibroglandular from half a share on, which lies at 0.1 of the softness.
    half = 0.1 * woman.patterns[side][7]
    quantile = np.quantile(scores[scores > -9], 1 - woman.density[side])
    return float(quantile - half)


def _placed(
    woman: Woman, body: Body, thresholds: tuple[float, ...], rng: np.random.Generator
) -> tuple[PlacedLesion, ...]:
    """Lesions at their places; those not fixed move to fibroglandular tissue nearby."""
    placed = []
    for plan in woman.lesions:
        centre = named_place(body, plan)
        if not plan.fixed_place:
            centre = _nearby_tissue(woman, body, thresholds, plan, centre, rng)
        placed.append(place_lesion(body, plan, centre, rng))
    return tuple(placed)


def _nearby_tissue(
    woman: Woman,
    body: Body,
    thresholds: tuple[float, ...],
    plan: LesionPlan,
    centre: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Fibroglandular tissue near a place, with room for the lesion between skin and muscle."""
    side = 0 if plan.side is Laterality.RIGHT else 1
    wanted = min(0.5 * plan.diameter_mm, 16.0)
    for room in (wanted, 0.3 * wanted):  # less room where a large lesion finds none
        for spread in (10.0, 16.0, 24.0, 36.0):
            points = centre + rng.normal(0, spread, (600, 3))
            fits = (body.sample(Field.SKIN, points) < -room - 3) & (
                body.sample(Field.MUSCLE, points) > 0.6 * room
            )
            if woman.implants:
                middle, radii = _implant(body.breasts[side])
                fits &= (((points - middle) / (radii + 0.6 * room)) ** 2).sum(axis=1) > 1
            scores = np.where(fits, _scores(woman, body, side, points) - thresholds[side], -9.0)
            good = np.flatnonzero(scores > -0.02)
            if good.size:
                return points[good[0]]
        if fits.any():
            return points[int(np.argmax(scores))]
    return centre


def _vessels(
    woman: Woman, body: Body, lesions: tuple[PlacedLesion, ...], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    veins: list[tuple[float, ...]] = []
    arteries: list[tuple[float, ...]] = []
    for n, capsule in enumerate(internal_mammary_vessels(body)):
        (veins if n % 2 else arteries).append(capsule)
    for breast in body.breasts:
        some_veins, some_arteries = breast_vessels(body, breast, rng, woman.vessel_mm)
        veins += some_veins
        arteries += some_arteries
    for lesion in lesions:
        if lesion.plan.malignant and lesion.plan.diameter_mm > 12:
            breast = body.breast(lesion.plan.side)
            arteries += feeding_vessels(body, breast, lesion.centre_mm, rng, woman.vessel_mm)
    return np.array(veins), np.array(arteries)


def _blobs(
    woman: Woman, body: Body, lesions: tuple[PlacedLesion, ...], rng: np.random.Generator
) -> np.ndarray:
    rows: list[list[float]] = []

    def add(
        centre: np.ndarray,
        radii: np.ndarray,
        tissue: Tissue,
        hilum: float = 0.0,
        shell: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        rows.append([*map(float, centre), *map(float, radii), float(tissue), hilum, *shell])

    for n, breast in enumerate(body.breasts):
        sign = -1 if breast.side is Laterality.RIGHT else 1
        if woman.implants:
            add(*_implant(breast), Tissue.IMPLANT, shell=(float(Tissue.CAPSULE), 1.0))
        for _ in range(woman.n_cysts[n]):
            radius = min(float(rng.lognormal(np.log(3.5), 0.55)), 16.0)
            add(_inside(body, breast, rng, radius), radius * rng.uniform(0.8, 1.2, 3), Tissue.CYST)
        for _ in range(woman.n_nodes[n]):
            short = draw_within(rng, NODE_SHORT_AXIS_MM) / 2
            centre = _axilla(body, sign, rng)
            radii = short * np.array([1.0, rng.uniform(0.9, 1.2), rng.uniform(1.3, 2.0)])
            add(centre, radii, Tissue.NODE, hilum=float(rng.uniform(0.25, 0.6)))
        if (
            woman.n_nodes[n] and rng.random() < 0.25
        ):  # an intramammary node, in the upper outer quadrant (assumption)
            offset = (
                sign * 0.6 * breast.half_width_mm,
                -0.25 * breast.length_mm,
                0.4 * breast.upper_mm,
            )
            point = np.add(breast.centre_mm, offset)
            add(point, np.array([2.4, 2.0, 3.2]), Tissue.NODE, hilum=0.4)
    if woman.clip and lesions:
        add(lesions[0].centre_mm, np.full(3, float(rng.uniform(1.6, 3.0))), Tissue.CLIP)
    return np.array(rows).reshape(-1, len(Blob) + 4)


def _implant(breast: BreastShape) -> tuple[np.ndarray, np.ndarray]:
    """Centre and radii of an implant behind the gland."""
    radii = np.array(
        [
            0.72 * breast.half_width_mm,
            0.33 * breast.length_mm,
            0.36 * (breast.upper_mm + breast.lower_mm),
        ]
    )
    centre = np.add(breast.centre_mm, (0.0, -0.20 * breast.length_mm, 0.0))
    return centre, radii


def _inside(body: Body, breast: BreastShape, rng: np.random.Generator, radius: float) -> np.ndarray:
    """A point of the gland, with room around it."""
    points = _points_of(breast, rng, 400)
    room = -body.sample(Field.SKIN, points) - radius - 4
    free = np.minimum(room, body.sample(Field.MUSCLE, points) - radius)
    good = np.flatnonzero(free > 0)
    return points[good[0] if good.size else int(np.argmax(free))]


def _axilla(body: Body, sign: int, rng: np.random.Generator) -> np.ndarray:
    """A point of the fat under the arm."""
    points = np.array([sign * 138.0, 78.0, 62.0]) + rng.normal(0, (11, 14, 22), (200, 3))
    good = np.flatnonzero(
        (body.sample(Field.SKIN, points) < -12) & (body.sample(Field.RIBCAGE, points) > 8)
    )
    return points[good[0] if good.size else 0]


def points_per_voxel(affine: np.ndarray) -> tuple[int, int, int]:
    """How many points to look at along each axis of a voxel."""
    counts = np.clip(np.ceil(_spacing(affine) / FINEST_MM - 0.25), 1, 3).astype(int)
    if counts.prod() > MOST_POINTS:
        counts = np.minimum(counts, np.where(counts == counts.max(), 3, 2))
    if counts.prod() > MOST_POINTS:
        counts = np.minimum(counts, 2)
    s, r, c = (int(n) for n in counts)
    return s, r, c


def _spacing(affine: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((np.asarray(affine)[:3, :3] ** 2).sum(axis=0)))


def render_mixture(
    digital: DigitalBody,
    affine: np.ndarray,
    shape: tuple[int, int, int],
    *,
    points: tuple[int, int, int] | None = None,
) -> TissueMixture:
    """What each voxel of a grid is made of.

    Parameters
    ----------
    digital : DigitalBody
    affine : (4, 4) float, mm
        (slice, row, column, 1) to LPS.
    shape : (S, R, C) of int
    points : (3,) of int, or None
        Points to look at along each axis of a voxel; None for enough to see fine structure.

    Returns
    -------
    TissueMixture
    """
    affine = np.array(affine, float)  # writable: a read-only one would be compiled for again
    inverse = np.linalg.inv(affine)
    vessels = []
    for capsules in (digital.veins, digital.arteries):
        drawn = np.zeros(shape, np.uint8)
        draw_capsules(drawn, capsules, affine, inverse)
        vessels.append(drawn)
    canvas = Canvas(
        tissues=np.zeros((2, *shape), np.uint8),
        share=np.zeros(shape, np.uint8),
        uptake=np.full(shape, NEUTRAL, np.uint8),
        grain=np.full(shape, NEUTRAL, np.uint8),
        breast=np.zeros(shape, np.uint8),
        lesions=np.zeros(shape, np.uint8),
        fibroglandular=np.zeros(shape, bool),
        vessels=np.zeros(shape, bool),
        veins=vessels[0],
        arteries=vessels[1],
    )
    render(canvas, _scene(digital), affine, points or points_per_voxel(affine))
    return TissueMixture(*canvas[:8], affine)


def _scene(digital: DigitalBody) -> Scene:
    woman, body = digital.woman, digital.body
    rows, spicules = lesion_table(digital.lesions)
    return Scene(
        fields=body.fields,
        origin=body.origin_mm,
        seed=woman.seed,
        thresholds=np.array(digital.thresholds),
        background=np.array([woman.bpe_uptake, woman.bpe_foci]),
        skin_mm=woman.skin_mm,
        areola_mm=woman.areola_mm,
        nipples=np.array([b.nipple_mm for b in body.breasts]),
        patterns=woman.patterns,
        blobs=digital.blobs,
        rows=rows,
        spicules=spicules,
    )

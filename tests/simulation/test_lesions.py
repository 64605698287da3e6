"""Lesions as they are rendered: their size, outline, inside, spread and place.

Each is rendered alone, on a grid of 1 mm around it, in one breast of 30 % density. Lengths that are
measured on the grid are right to about a voxel.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import ConvexHull

from mamri.records import DelayedPhase, Laterality
from mamri.simulation import (
    DigitalBody,
    LesionMix,
    LesionPlan,
    Tissue,
    TissueMixture,
    build_body,
    demo_woman,
    draw_woman,
    render_mixture,
)
from mamri.simulation.body import Field
from mamri.simulation.draw_lesions import draw_lesions
from mamri.simulation.lesion_plan import (
    Distribution,
    InternalEnhancement,
    LesionKinetics,
    LesionType,
    MassMargin,
    MassShape,
)
from mamri.simulation.lesions import PlacedLesion, named_place, place_lesion

BODY, CORE = int(Tissue.LESION), int(Tissue.LESION) + 1
SEEDS = (0, 1, 2)
_NON_MASS = {"type": LesionType.NON_MASS, "shape": None, "margin": None, "diameter_mm": 36.0}
_IRREGULAR = {"shape": MassShape.IRREGULAR, "margin": MassMargin.IRREGULAR}
_SPICULATED = {"shape": MassShape.IRREGULAR, "margin": MassMargin.SPICULATED}


def _plan(**changes: Any) -> LesionPlan:
    """A round, circumscribed, homogeneous mass of 20 mm in the middle of the left breast."""
    usual: dict[str, Any] = {
        "side": Laterality.LEFT,
        "type": LesionType.MASS,
        "internal": InternalEnhancement.HOMOGENEOUS,
        "curve": DelayedPhase.PLATEAU,
        "diameter_mm": 20.0,
        "kinetics": LesionKinetics(0.3, 0.5, 0.03),
        "lateral": 0.0,
        "up": 0.0,
        "forward": 0.35,
        "shape": MassShape.ROUND,
        "margin": MassMargin.CIRCUMSCRIBED,
        "fixed_place": True,
    }
    return LesionPlan(**usual | changes)


@dataclass(frozen=True)
class Shown:
    """A lesion alone on a small grid."""

    mixture: TissueMixture
    placed: PlacedLesion
    step_mm: float

    @property
    def mask(self) -> np.ndarray:
        return self.mixture.lesions == 1

    @property
    def points(self) -> np.ndarray:
        """Voxels of the lesion from its centre, (N, 3) mm, LPS."""
        affine = self.mixture.affine
        return np.argwhere(self.mask) @ affine[:3, :3].T + affine[:3, 3] - self.placed.centre_mm

    @property
    def mean_diameter_mm(self) -> float:
        return float((6 * self.mask.sum() / np.pi) ** (1 / 3) * self.step_mm)

    @property
    def solidity(self) -> float:
        """Volume against that of the convex hull of its voxels' centres."""
        return float(self.mask.sum() / ConvexHull(np.argwhere(self.mask)).volume)

    @property
    def uptake(self) -> np.ndarray:
        return np.asarray(self.mixture.uptake[self.mask] / 100.0)


@pytest.fixture(scope="module")
def body() -> DigitalBody:
    return build_body(replace(demo_woman(7, density=0.3), lesions=()))


@pytest.fixture(scope="module")
def solid_body(body: DigitalBody) -> DigitalBody:
    """The same body with fibroglandular tissue nearly everywhere: it shows envelopes."""
    return replace(body, thresholds=(-5.0, -5.0))


@pytest.fixture(scope="module")
def show(body: DigitalBody) -> Callable[..., Shown]:
    """A function that renders a lesion, and remembers it."""
    known: dict[Any, Shown] = {}
    middle_of_gland = _middle_of_gland(body, _plan())

    def shown(
        seed: int = 1, *, step_mm: float = 1.0, n: int = 44, host: DigitalBody = body, **plan: Any
    ) -> Shown:
        key = (seed, step_mm, n, id(host), tuple(sorted(plan.items())))
        if key not in known:
            lesion = _plan(**plan)
            centre = named_place(body.body, lesion)
            if lesion.type is LesionType.NON_MASS:
                centre, n = middle_of_gland, 56
            placed = place_lesion(body.body, lesion, centre, np.random.default_rng(seed))
            affine = np.zeros((4, 4))
            affine[[2, 1, 0], [0, 1, 2]] = step_mm
            affine[:3, 3] = centre - (n - 1) / 2 * step_mm
            affine[3, 3] = 1
            one = replace(host, lesions=(placed,))
            known[key] = Shown(render_mixture(one, affine, (n, n, n)), placed, step_mm)
        return known[key]

    return shown


def _middle_of_gland(body: DigitalBody, plan: LesionPlan) -> np.ndarray:
    """Where, within 30 mm of the middle of the breast, most of the tissue is fibroglandular."""
    steps = 3.0
    centre = named_place(body.body, plan)
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]] = steps
    affine[:3, 3] = centre - 30.0
    affine[3, 3] = 1
    gland = render_mixture(body, affine, (21, 21, 21), points=(1, 1, 1)).fibroglandular
    much = ndimage.uniform_filter(gland.astype(float), 9)
    best = np.array(np.unravel_index(np.argmax(much), much.shape))
    return np.asarray(affine[:3, :3] @ best + affine[:3, 3])


# Masses


@pytest.mark.parametrize("shape", [MassShape.ROUND, MassShape.OVAL])
@pytest.mark.parametrize("diameter_mm", [8.0, 20.0, 32.0])
def test_circumscribed_masses_have_the_planned_mean_diameter(
    show: Callable[..., Shown], shape: MassShape, diameter_mm: float
) -> None:
    """Half axes vary by 6 % each, so their geometric mean by 3.5 % or, rarely, more."""
    for seed in SEEDS:
        measured = show(seed, shape=shape, diameter_mm=diameter_mm).mean_diameter_mm
        assert diameter_mm == pytest.approx(measured, rel=0.07)


def test_irregular_masses_have_about_the_planned_mean_diameter(show: Callable[..., Shown]) -> None:
    """Spicules and a rough outline add up to a tenth."""
    for seed in SEEDS:
        assert 20.0 == pytest.approx(show(seed, **_IRREGULAR).mean_diameter_mm, rel=0.10)
        assert 20.0 == pytest.approx(show(seed, **_SPICULATED).mean_diameter_mm, rel=0.13)


def test_an_oval_mass_is_longer_than_wide_and_a_round_one_is_not(
    show: Callable[..., Shown],
) -> None:
    def elongation(shape: MassShape) -> list[float]:
        found = []
        for seed in SEEDS:
            spread = np.sqrt(np.linalg.eigvalsh(np.cov(show(seed, shape=shape).points.T)))
            found.append(spread[2] / np.sqrt(spread[0] * spread[1]))
        return found

    assert max(elongation(MassShape.ROUND)) < 1.12  # half axes differ by 6 % each and 12 % at most
    assert min(elongation(MassShape.OVAL)) > 1.2


def test_outlines_get_less_compact_from_circumscribed_to_spiculated(
    show: Callable[..., Shown],
) -> None:
    for seed in SEEDS:
        round_ = show(seed).solidity
        irregular = show(seed, shape=MassShape.IRREGULAR).solidity
        margin = show(seed, **_IRREGULAR).solidity
        spiculated = show(seed, **_SPICULATED).solidity
        assert round_ > irregular + 0.05
        assert irregular > margin + 0.05
        assert margin > spiculated + 0.05


def test_spicules_are_thin_and_reach_beyond_the_body(show: Callable[..., Shown]) -> None:
    for seed in SEEDS:
        shown = show(seed, **_SPICULATED)
        away = np.linalg.norm(shown.points, axis=1)
        assert away.max() > 1.25 * shown.placed.radii_mm.max()
        # Opening with a ball of 5 mm takes them away, and little of the body.
        ball = np.linalg.norm(np.indices((5, 5, 5)) - 2, axis=0) <= 2.3
        opened = ndimage.binary_opening(shown.mask, ball)
        left = np.linalg.norm(np.argwhere(opened) - np.argwhere(shown.mask).mean(axis=0), axis=1)
        assert left.max() < away.max() - 1
        assert 0.75 < opened.sum() / shown.mask.sum() < 0.97


def test_a_circumscribed_mass_has_no_spicules(show: Callable[..., Shown]) -> None:
    for seed in SEEDS:
        shown = show(seed)
        assert np.linalg.norm(shown.points, axis=1).max() < shown.placed.radii_mm.max() + 1.8


def test_a_rim_has_a_dark_core_inside_and_a_body_all_around(show: Callable[..., Shown]) -> None:
    for seed in SEEDS:
        shown = show(seed, internal=InternalEnhancement.RIM)
        core, rim = shown.mixture.tissue == CORE, shown.mixture.tissue == BODY
        # The core reaches to 0.62 of the radius: 0.24 of the volume, changed by its outline.
        assert 0.24 == pytest.approx(core.sum() / shown.mask.sum(), abs=0.06)
        assert np.all(shown.mask[core])
        assert np.all((rim | core)[ndimage.binary_dilation(core)])
        assert not show(seed).mixture.tissue.max() > BODY


def test_uptake_is_most_even_in_homogeneous_masses(show: Callable[..., Shown]) -> None:
    for seed in SEEDS:
        homogeneous = show(seed).uptake.std()
        assert homogeneous < 0.05
        for kind in (InternalEnhancement.HETEROGENEOUS, InternalEnhancement.DARK_SEPTA):
            assert show(seed, internal=kind).uptake.std() > 4 * homogeneous
        # Unevenness does not change how much a mass takes up on average.
        assert 1.0 == pytest.approx(
            show(seed, internal=InternalEnhancement.HETEROGENEOUS).uptake.mean(), abs=0.08
        )


def test_dark_septa_are_thin_walls_of_little_uptake_in_bright_lobules(
    show: Callable[..., Shown],
) -> None:
    for seed in SEEDS:
        uptake = show(seed, internal=InternalEnhancement.DARK_SEPTA).uptake
        assert 0.05 < np.mean(uptake < 0.3) < 0.35
        assert np.mean(uptake > 0.8) > 0.25


def test_oedema_surrounds_a_mass_only_where_it_is_planned(show: Callable[..., Shown]) -> None:
    swollen, plain = show(oedema=True), show()
    oedema = swollen.mixture.tissue == Tissue.OEDEMA
    assert not np.any(plain.mixture.tissue == Tissue.OEDEMA)
    affine = swollen.mixture.affine
    points = np.argwhere(oedema) @ affine[:3, :3].T + affine[:3, 3] - swollen.placed.centre_mm
    away = np.linalg.norm(points, axis=1)
    # Half a voxel of oedema lies from the outline to 13 mm around this mass.
    assert away.size > 500
    assert away.min() > 7
    assert away.max() < 10 * 1.1 + 13 + 2


@pytest.mark.parametrize("diameter_mm", [3.0, 4.0, 4.9])
def test_a_focus_stays_under_five_millimetres(
    show: Callable[..., Shown], diameter_mm: float
) -> None:
    for seed in SEEDS:
        shown = show(seed, step_mm=0.5, n=24, type=LesionType.FOCUS, diameter_mm=diameter_mm)
        extent = np.ptp(shown.points, axis=0) + 0.5
        assert extent.max() <= 5.5  # a voxel of 0.5 mm more
        assert diameter_mm == pytest.approx(shown.mean_diameter_mm, rel=0.06)


# Non-mass enhancement


@pytest.mark.parametrize("distribution", Distribution)
@pytest.mark.parametrize(
    "internal", [InternalEnhancement.HOMOGENEOUS, InternalEnhancement.CLUSTERED_RING]
)
def test_non_mass_enhancement_lies_in_fibroglandular_tissue_alone(
    show: Callable[..., Shown],
    body: DigitalBody,
    distribution: Distribution,
    internal: InternalEnhancement,
) -> None:
    shown = show(distribution=distribution, internal=internal, **_NON_MASS)
    assert shown.mask.sum() > 100
    # A copy that may be written: for read-only arrays the renderer would be compiled once more.
    bare = render_mixture(body, np.array(shown.mixture.affine), shown.mixture.shape)
    assert np.all(bare.fibroglandular[shown.mask])


def test_clumps_have_gaps_and_rings_have_holes(show: Callable[..., Shown]) -> None:
    def kind(internal: InternalEnhancement) -> Shown:
        return show(distribution=Distribution.REGIONAL, internal=internal, **_NON_MASS)

    whole = kind(InternalEnhancement.HOMOGENEOUS)
    for internal in (InternalEnhancement.CLUMPED, InternalEnhancement.CLUSTERED_RING):
        parts = kind(internal)
        assert np.all(whole.mask[parts.mask])
        assert 0.2 < parts.mask.sum() / whole.mask.sum() < 0.7
        assert ndimage.label(parts.mask)[1] > 5 * ndimage.label(whole.mask)[1] > 0
    clumps, rings = kind(InternalEnhancement.CLUMPED), kind(InternalEnhancement.CLUSTERED_RING)
    assert np.percentile(rings.uptake, 5) < 0.5 < np.percentile(clumps.uptake, 5)
    assert rings.uptake.max() > 1.0


def _axis_against_nipple(shown: Shown, body: DigitalBody) -> float:
    """Angle of the longest axis to the direction of the nipple, degrees."""
    points = shown.points
    axis = np.linalg.eigh(np.cov(points.T))[1][:, 2]
    nipple = np.array(body.body.breast(Laterality.LEFT).nipple_mm)
    way = nipple - (shown.placed.centre_mm + points.mean(axis=0))
    return float(np.degrees(np.arccos(min(1.0, abs(axis @ way) / np.linalg.norm(way)))))


@pytest.mark.parametrize("distribution", [Distribution.SEGMENTAL, Distribution.LINEAR])
def test_segments_and_lines_point_to_the_nipple(
    show: Callable[..., Shown],
    body: DigitalBody,
    solid_body: DigitalBody,
    distribution: Distribution,
) -> None:
    """The envelope, bent by up to 7 mm in 36 mm: all six within 30 degrees, on average within 15.

    Of random axes one in eight lies within 30 degrees; their mean is 57 degrees.
    """
    angles = []
    for seed in range(6):
        shown = show(seed, host=solid_body, distribution=distribution, **_NON_MASS)
        angles.append(_axis_against_nipple(shown, body))
    assert max(angles) < 30
    assert np.mean(angles) < 15


def test_a_segment_widens_away_from_the_nipple(
    show: Callable[..., Shown], body: DigitalBody
) -> None:
    for seed in SEEDS:
        shown = show(seed, distribution=Distribution.SEGMENTAL, **_NON_MASS)
        nipple = np.array(body.body.breast(Laterality.LEFT).nipple_mm)
        way = nipple - shown.placed.centre_mm
        along = shown.points @ way / np.linalg.norm(way)
        assert np.sum(along < -4) > 1.3 * np.sum(along > 4)


def test_a_line_is_thin_and_long(show: Callable[..., Shown]) -> None:
    """It is 36 mm long and planned 5 to 6 mm thick; bends do not make it thicker."""
    for seed in SEEDS:
        line = show(seed, distribution=Distribution.LINEAR, **_NON_MASS)
        focal = show(seed, distribution=Distribution.FOCAL, **_NON_MASS)
        inner = ndimage.distance_transform_edt(line.mask).max()
        assert 2 * inner < 9
        assert np.linalg.norm(np.ptp(line.points, axis=0)) > 24
        assert line.mask.sum() < 0.15 * focal.mask.sum()


# Where lesions lie


@pytest.fixture(scope="module")
def crowd() -> tuple[DigitalBody, TissueMixture]:
    """A woman with 30 drawn lesions, rendered at 2.5 mm."""
    plans = [p for n in range(40) for p in draw_lesions(np.random.default_rng(n), LesionMix(1.0))]
    digital = build_body(replace(demo_woman(3, density=0.3), lesions=tuple(plans[:30])))
    affine = np.array([[0, 0, 2.5, -180], [0, 2.5, 0, -150], [2.5, 0, 0, -110], [0, 0, 0, 1]])
    return digital, render_mixture(digital, affine, (92, 92, 145), points=(1, 1, 1))


def test_lesions_stay_in_the_breast_of_their_side(
    crowd: tuple[DigitalBody, TissueMixture],
) -> None:
    digital, mixture = crowd
    seen = 0
    for label, lesion in enumerate(digital.lesions, start=1):
        where = mixture.lesions == label
        seen += bool(where.any())
        assert np.all(mixture.breast[where] == lesion.plan.side)
    assert seen > 20


def test_lesions_lie_behind_the_skin_and_in_front_of_the_ribs(
    crowd: tuple[DigitalBody, TissueMixture],
) -> None:
    digital, mixture = crowd
    points = np.argwhere(mixture.lesions > 0) @ mixture.affine[:3, :3].T + mixture.affine[:3, 3]
    assert digital.body.sample(Field.SKIN, points).max() < -0.5 * digital.woman.skin_mm
    assert digital.body.sample(Field.RIBCAGE, points).min() > 3
    assert digital.body.sample(Field.MUSCLE, points).min() > 0


def test_a_lesion_at_a_fixed_place_lies_where_its_plan_says(
    show: Callable[..., Shown], body: DigitalBody
) -> None:
    for seed, place in enumerate(((0.3, 0.2, 0.3), (-0.3, -0.3, 0.5))):
        lateral, up, forward = place
        shown = show(seed, n=40, lateral=lateral, up=up, forward=forward)
        breast = body.body.breast(Laterality.LEFT)
        x, y, z = shown.placed.centre_mm + shown.points.mean(axis=0)
        assert (x - breast.centre_mm[0] - breast.lean_mm * forward > 0) == (lateral > 0)
        assert (z - breast.centre_mm[2] - breast.droop_mm * forward > 0) == (up > 0)
        # The outline is warped by up to 0.04 of the radius, and measured to half a voxel.
        assert breast.centre_mm[1] - forward * breast.length_mm == pytest.approx(y, abs=1.0)


def test_lesions_without_a_fixed_place_begin_in_fibroglandular_tissue(
    crowd: tuple[DigitalBody, TissueMixture],
) -> None:
    digital, _ = crowd
    bare, shares = replace(digital, lesions=()), []
    for lesion in digital.lesions:
        affine = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
        affine[:3, 3] = lesion.centre_mm - 1
        shares.append(render_mixture(bare, affine, (3, 3, 3)).fibroglandular.mean())
    # A place begins at the edge of the tissue at least: seldom less than a third of 3 mm around.
    assert np.mean(np.array(shares) > 0.3) > 0.85


def test_foci_of_one_disease_lie_near_each_other_and_share_a_group() -> None:
    woman = next(
        w
        for w in (draw_woman(n, LesionMix(1.0, 1.0, 0.0)) for n in range(100))
        if len(w.lesions) > 2
    )
    index, *satellites = build_body(woman).lesions
    breast = woman.physique.breasts[0 if index.plan.side is Laterality.RIGHT else 1]
    for lesion in satellites:
        assert index.plan.group == lesion.plan.group
        assert index.plan.side is lesion.plan.side
        # Spread in the plan, 0.25 of a half axis, and 36 mm at most to tissue: 3 of both.
        reach = 3 * 0.25 * max(breast.half_width_mm, breast.upper_mm) + 36
        assert np.linalg.norm(lesion.centre_mm - index.centre_mm) < reach


def test_same_seed_gives_the_same_outline_another_seed_another(show: Callable[..., Shown]) -> None:
    again = show(0, n=57, **_IRREGULAR).mask.sum()
    assert again == pytest.approx(show(0, **_IRREGULAR).mask.sum(), rel=0.02)
    assert not np.array_equal(show(0, **_IRREGULAR).mask, show(1, **_IRREGULAR).mask)

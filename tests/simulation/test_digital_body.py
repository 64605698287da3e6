"""A woman's body on a grid: its masks, its density and volume, and that grids agree about it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from simulation_population_table import planned_volumes_ml

from mamri.geometry import to_index, to_lps
from mamri.records import Laterality
from mamri.simulation import (
    PROTOCOLS,
    DigitalBody,
    LesionMix,
    Tissue,
    TissueMixture,
    build_body,
    draw_woman,
    render_mixture,
)
from mamri.simulation.digital_body import Blob, points_per_voxel
from mamri.simulation.sequences import Grid

_ONE = (1, 1, 1)
_DENSITIES = (0.03, 0.10, 0.25, 0.50)
_N_NODES, _N_CYSTS = (4, 2), (3, 1)


def _axial(step_mm: float, low_mm: np.ndarray, size_mm: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Affine and shape of an axial grid over a box, given as (x, y, z)."""
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]] = step_mm
    affine[:3, 3] = np.asarray(low_mm) + step_mm / 2
    affine[3, 3] = 1
    return affine, tuple(int(n) for n in np.ceil(np.asarray(size_mm)[::-1] / step_mm))


def _both_breasts(step_mm: float) -> tuple[np.ndarray, tuple]:
    return _axial(step_mm, np.array([-180, -150, -125]), np.array([360, 200, 250]))


def _share_of(mixture: TissueMixture, tissue: int) -> np.ndarray:
    first = mixture.share / 255.0
    return np.asarray(
        np.where(mixture.tissues[0] == tissue, first, 0.0)
        + np.where(mixture.tissues[1] == tissue, 1 - first, 0.0)
    )


@pytest.fixture(scope="module")
def bodies() -> dict[float, DigitalBody]:
    """Four women, from almost entirely fat to extremely dense, without lesions."""
    return {
        density: build_body(
            replace(
                draw_woman(seed, LesionMix(0.0, 0.0, 0.0)),
                density=(density, density),
                implants=False,
            )
        )
        for seed, density in enumerate(_DENSITIES, start=1)
    }


@pytest.fixture(scope="module")
def coarse(bodies: dict[float, DigitalBody]) -> dict[float, TissueMixture]:
    affine, shape = _both_breasts(3.0)
    return {d: render_mixture(body, affine, shape, points=_ONE) for d, body in bodies.items()}


@pytest.fixture(scope="module")
def full() -> DigitalBody:
    """Implants, cysts, nodes, three lesions; the left breast four times as dense."""
    woman = draw_woman(12, LesionMix(1.0, 1.0, 2.0))
    assert len(woman.lesions) >= 2
    return build_body(
        replace(woman, density=(0.06, 0.24), implants=True, n_cysts=_N_CYSTS, n_nodes=_N_NODES)
    )


@pytest.fixture(scope="module")
def full_mixture(full: DigitalBody) -> TissueMixture:
    affine, shape = _axial(3.0, np.array([-200, -150, -165]), np.array([400, 330, 330]))
    return render_mixture(full, affine, shape, points=_ONE)


# Mixtures


def test_the_first_tissue_has_the_larger_share(full_mixture: TissueMixture) -> None:
    first, second = full_mixture.tissues
    mixed = first != second
    assert np.all(full_mixture.share[mixed] >= 127)  # 127.5 is half
    assert np.all(first[~mixed] == Tissue.AIR)
    assert np.all(full_mixture.share[(second == Tissue.AIR) & mixed] > 0)


def test_a_mixture_uses_tissues_that_have_properties(
    full: DigitalBody, full_mixture: TissueMixture
) -> None:
    last_lesion = Tissue.LESION + 2 * len(full.lesions) - 1
    plain = {int(t) for t in Tissue if t is not Tissue.LESION}
    assert set(np.unique(full_mixture.tissues)) <= plain | set(range(24, last_lesion + 1))


def test_masks_nest_and_do_not_overlap(
    coarse: dict[float, TissueMixture], full_mixture: TissueMixture
) -> None:
    for mixture in (*coarse.values(), full_mixture):
        breast = mixture.breast > 0
        assert np.all(breast[mixture.fibroglandular])
        assert np.all(breast[mixture.lesions > 0])
        assert not np.any(mixture.fibroglandular & (mixture.lesions > 0))
        assert not np.any(mixture.fibroglandular & mixture.vessels)
        assert not np.any(mixture.vessels & (mixture.lesions > 0))
        assert set(np.unique(mixture.breast)) <= {0, 1, 2}


def test_a_mask_holds_the_voxels_that_its_tissue_has_half_of(
    coarse: dict[float, TissueMixture],
) -> None:
    for mixture in coarse.values():
        share = _share_of(mixture, Tissue.FIBROGLANDULAR)
        share[mixture.breast == 0] = 0
        assert np.all(share[mixture.fibroglandular] > 0.49)  # shares are stored in steps of 0.004
        # The stored share is that of the two largest; a third tissue may make it less than half.
        assert np.mean(mixture.fibroglandular[share > 0.6]) > 0.995


def test_a_breast_is_made_of_what_belongs_in_it(coarse: dict[float, TissueMixture]) -> None:
    inner = (Tissue.MUSCLE, Tissue.BONE, Tissue.LUNG, Tissue.LIVER, Tissue.MYOCARDIUM, Tissue.AIR)
    for mixture in coarse.values():
        inside = mixture.tissue[mixture.breast > 0]
        assert np.mean(np.isin(inside, inner)) < 0.02  # voxels at its faces
        assert np.mean(np.isin(inside, (Tissue.FAT, Tissue.FIBROGLANDULAR, Tissue.LIGAMENT))) > 0.75


# Density and volume


@pytest.mark.parametrize("density", _DENSITIES)
def test_density_comes_out_as_wanted(coarse: dict[float, TissueMixture], density: float) -> None:
    """The threshold is set on a sample of the breast's box; skin, vessels and edges cost a part.

    Of 48 breasts the measured density was 1.03 of the wanted one, SD 0.08, 0.83 to 1.25.
    """
    mixture = coarse[density]
    for side in Laterality:
        breast = mixture.breast == side
        measured = (mixture.fibroglandular & breast).sum() / breast.sum()
        assert density == pytest.approx(measured, rel=0.25, abs=0.01)


def test_denser_women_stay_denser(coarse: dict[float, TissueMixture]) -> None:
    measured = [m.fibroglandular.sum() / (m.breast > 0).sum() for m in coarse.values()]
    assert measured == sorted(measured)


def test_breast_volumes_are_the_planned_ones_and_the_flat_tissue_around(
    bodies: dict[float, DigitalBody], coarse: dict[float, TissueMixture]
) -> None:
    """What is read as breast reaches to the midline and the clavicle, beyond the planned shape.

    Of 48 breasts it was 1.28 times the planned volume, SD 0.13, 1.09 to 1.71.
    """
    factors = []
    for density, body in bodies.items():
        counts = np.bincount(coarse[density].breast.ravel(), minlength=3)[1:]
        factors += list(counts * 0.027 / planned_volumes_ml(body.woman))
    assert 1.05 < min(factors)
    assert max(factors) < 1.75
    assert 1.28 == pytest.approx(np.mean(factors), abs=0.15)


# The same woman on several grids


def _around_the_gland(body: DigitalBody, size_mm: float) -> np.ndarray:
    """Lower corner of a cube in the middle of the left breast."""
    breast = body.body.breast(Laterality.LEFT)
    return np.add(breast.centre_mm, (0, -0.45 * breast.length_mm, 0)) - size_mm / 2


def test_large_voxels_hold_the_mean_of_the_small_ones_within(
    bodies: dict[float, DigitalBody],
) -> None:
    """Points in a voxel of 3 mm are the centres of eight voxels of 1.5 mm.

    Only the third tissue of a voxel is lost, and the vessels are drawn voxel by voxel.
    """
    body = bodies[0.25]
    low = _around_the_gland(body, 48.0)
    fine = render_mixture(body, *_axial(1.5, low, np.full(3, 48.0)), points=_ONE)
    large = render_mixture(body, *_axial(3.0, low, np.full(3, 48.0)), points=(2, 2, 2))
    for tissue in (Tissue.FIBROGLANDULAR, Tissue.FAT):
        mean = _share_of(fine, tissue).reshape(16, 2, 16, 2, 16, 2).mean(axis=(1, 3, 5))
        apart = np.abs(mean - _share_of(large, tissue))
        assert mean.std() > 0.2
        assert apart.mean() < 0.03
        assert np.quantile(apart, 0.95) < 0.15


def test_turned_grids_hold_the_same_voxels(bodies: dict[float, DigitalBody]) -> None:
    body = bodies[0.25]
    affine, shape = _axial(2.0, _around_the_gland(body, 60.0), np.full(3, 60.0))
    axial = render_mixture(body, affine, shape, points=_ONE)
    # A sagittal grid over the same voxels: slices to the right, rows to the feet, columns back.
    corner = affine @ [shape[0] - 1, 0, shape[2] - 1, 1]
    sagittal_affine = np.column_stack([-affine[:, 2], -affine[:, 0], affine[:, 1], corner])
    turned = render_mixture(body, sagittal_affine, (shape[2], shape[0], shape[1]), points=_ONE)
    for name in ("breast", "fibroglandular", "vessels", "tissue", "share", "grain"):
        back = getattr(turned, name).transpose(1, 2, 0)[::-1, :, ::-1]
        assert np.mean(getattr(axial, name) != back) < 0.001  # rounding on a limit


def test_a_wider_field_of_view_shows_the_same_body(bodies: dict[float, DigitalBody]) -> None:
    body = bodies[0.10]
    low = _around_the_gland(body, 40.0)
    small = render_mixture(body, *_axial(2.0, low, np.full(3, 40.0)), points=_ONE)
    large = render_mixture(body, *_axial(2.0, low - 10.0, np.full(3, 60.0)), points=_ONE)
    np.testing.assert_array_equal(small.tissues, large.tissues[:, 5:25, 5:25, 5:25])
    np.testing.assert_array_equal(small.share, large.share[5:25, 5:25, 5:25])


def test_looking_at_more_points_converges(bodies: dict[float, DigitalBody]) -> None:
    """Against 6 x 6 x 6 points in voxels of 4 mm: each step to more points is nearer."""
    body = bodies[0.25]
    grid = _axial(4.0, _around_the_gland(body, 48.0), np.full(3, 48.0))
    best = _share_of(render_mixture(body, *grid, points=(6, 6, 6)), Tissue.FIBROGLANDULAR)
    errors = [
        np.abs(
            _share_of(render_mixture(body, *grid, points=(n, n, n)), Tissue.FIBROGLANDULAR) - best
        ).mean()
        for n in (1, 2, 3, 4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert 5 * errors[-1] < errors[0]
    assert errors[-1] < 0.01


def test_large_voxels_are_looked_at_in_more_points_but_not_too_many() -> None:
    counts = [points_per_voxel(np.diag([s, s, s, 1.0])) for s in (0.8, 1.6, 2.2, 4.0)]
    assert _ONE == counts[0]
    products = [np.prod(c) for c in counts]
    assert products == sorted(products)
    assert max(products) <= 12
    thick = points_per_voxel(np.diag([4.0, 0.8, 0.8, 1.0]))
    assert (3, 1, 1) == thick


# What else is in a body


def _local(body: DigitalBody, centre: np.ndarray, reach_mm: float) -> TissueMixture:
    size = 2 * np.ceil(reach_mm)
    return render_mixture(body, *_axial(0.5, np.asarray(centre) - size / 2, np.full(3, size)))


def _blobs_of(body: DigitalBody, tissue: Tissue) -> np.ndarray:
    return np.asarray(body.blobs[body.blobs[:, Blob.TISSUE] == tissue])


def test_cysts_and_nodes_are_as_many_as_drawn_on_their_sides(full: DigitalBody) -> None:
    cysts, nodes = _blobs_of(full, Tissue.CYST), _blobs_of(full, Tissue.NODE)
    assert _N_CYSTS == (int(np.sum(cysts[:, 0] < 0)), int(np.sum(cysts[:, 0] > 0)))
    for n, right in enumerate((True, False)):
        seen = int(np.sum((nodes[:, 0] < 0) == right))
        assert _N_NODES[n] <= seen <= _N_NODES[n] + 1  # and at most one in the breast


def test_cysts_fill_their_ellipsoids(full: DigitalBody) -> None:
    """A cyst lies over all but vessels, lesions and other cysts; edges are half a voxel wide."""
    plain = replace(full, lesions=(), blobs=_blobs_of(full, Tissue.CYST))
    for cyst in plain.blobs:
        centre, radii = cyst[:3], cyst[3:6]
        mixture = _local(plain, centre, radii.max() + 2)
        planned = 4 / 3 * np.pi * radii.prod()
        found = (mixture.tissue == Tissue.CYST).sum() * 0.125
        assert planned == pytest.approx(found, rel=0.15)


def test_nodes_have_the_drawn_short_axis_and_a_fatty_middle(full: DigitalBody) -> None:
    for node in _blobs_of(full, Tissue.NODE)[:4]:
        alone = replace(
            full, lesions=(), blobs=node[None], veins=full.veins[:1], arteries=full.veins[:1]
        )
        mixture = _local(alone, node[:3], node[3:6].max() + 2)
        cortex = mixture.tissue == Tissue.NODE
        points = to_lps(mixture.affine, np.argwhere(cortex))
        # Node short axes are drawn from 3 to 14 mm; x is one of the short axes.
        assert 2 * node[3] == pytest.approx(np.ptp(points[:, 0]) + 0.5, abs=1.2)
        assert 3.0 <= 2 * node[3] <= 14.0
        inside = to_lps(mixture.affine, np.argwhere(mixture.tissue == Tissue.FAT)) - node[:3]
        assert np.any(np.linalg.norm(inside / node[3:6], axis=1) < 0.7)


@pytest.mark.parametrize("seed", [100, 103, 111, 116])
def test_lesions_lie_outside_implants(seed: int) -> None:
    woman = draw_woman(seed, LesionMix(with_lesion=1.0, malignant=1.0))
    digital = build_body(replace(woman, implants=True))

    implants = digital.blobs[digital.blobs[:, Blob.TISSUE] == Tissue.IMPLANT]
    assert 2 == len(implants)
    for lesion in digital.lesions:
        away = lesion.centre_mm - implants[:, Blob.CENTRE : Blob.CENTRE + 3]
        inside = ((away / implants[:, Blob.RADII : Blob.RADII + 3]) ** 2).sum(axis=1) < 1
        assert not inside.any()


def test_implants_are_no_breast_and_have_a_capsule(
    full: DigitalBody, full_mixture: TissueMixture
) -> None:
    implant = full_mixture.tissue == Tissue.IMPLANT
    # At its faces the largest share may be less than half of a voxel.
    assert np.all(full_mixture.breast[_share_of(full_mixture, Tissue.IMPLANT) > 0.65] == 0)
    assert np.mean(full_mixture.breast[implant] == 0) > 0.97
    for row in _blobs_of(full, Tissue.IMPLANT):
        x = to_lps(full_mixture.affine, np.argwhere(implant))[:, 0]
        volume = np.sum(x * row[0] > 0) * 0.027
        planned = 4 / 3 * np.pi * row[3:6].prod() / 1000
        assert 0.75 * planned < volume <= 1.05 * planned  # lesions and cysts lie over it
    around = ndimage.binary_dilation(implant, iterations=1) & ~implant
    capsule = _share_of(full_mixture, Tissue.CAPSULE)[around]
    assert np.mean(capsule > 0.1) > 0.5


def test_vessels_are_thin_and_few(bodies: dict[float, DigitalBody]) -> None:
    for body in list(bodies.values())[:2]:
        breast = body.body.breast(Laterality.LEFT)
        low = np.array(breast.centre_mm) - (50, 70, 50)
        mixture = render_mixture(body, *_axial(1.0, low, np.full(3, 100.0)), points=_ONE)
        vessels = mixture.vessels
        assert vessels.sum() > 30
        assert vessels.sum() < 0.04 * (mixture.breast > 0).sum()
        # Twice the distance to the outside: the largest vessel, a crossing and a voxel.
        thickest = 2 * ndimage.distance_transform_edt(vessels).max()
        assert thickest < 1.6 * body.woman.vessel_mm + 2
        assert set(np.unique(mixture.tissue[vessels])) <= {int(Tissue.VEIN), int(Tissue.ARTERY)}


# Sides and directions


@pytest.mark.parametrize("name", PROTOCOLS)
def test_right_is_where_x_is_negative_on_the_grid_of_every_preset(
    full: DigitalBody, name: str
) -> None:
    grid = PROTOCOLS[name].dynamic.grid
    shape = tuple(max(8, n // 8) for n in grid.shape)
    spacing = tuple(n * d / m for n, d, m in zip(grid.shape, grid.spacing_mm, shape, strict=True))
    small: Grid = replace(grid, shape=shape, spacing_mm=spacing)
    mixture = render_mixture(full, small.affine(), small.shape, points=_ONE)
    sides = set(Laterality) if grid.side is None else {grid.side}
    for side in sides:
        x = to_lps(mixture.affine, np.argwhere(mixture.breast == side))[:, 0]
        assert x.size > 20
        # The midline itself is counted to the left.
        assert np.all(x > -1e-6) if side is Laterality.LEFT else np.all(x < 0)


def test_each_side_has_its_own_density(full_mixture: TissueMixture) -> None:
    right, left = (
        (full_mixture.fibroglandular & (full_mixture.breast == side)).sum()
        / (full_mixture.breast == side).sum()
        for side in Laterality
    )
    assert left > 2 * right


def test_organs_lie_where_a_prone_woman_has_them(
    full: DigitalBody, full_mixture: TissueMixture
) -> None:
    """LPS: x to her left, y to her back, z to her head."""

    def centre(tissue: Tissue) -> np.ndarray:
        index = np.argwhere(full_mixture.tissue == tissue)
        return np.asarray(to_lps(full_mixture.affine, index).mean(axis=0))

    heart, liver, lung = map(centre, (Tissue.MYOCARDIUM, Tissue.LIVER, Tissue.LUNG))
    assert heart[0] > 5  # to the left
    assert liver[0] < -5  # to the right
    assert liver[2] < heart[2] - 30  # towards the feet
    nodes = _blobs_of(full, Tissue.NODE)
    assert np.median(nodes[:, 2]) > 30  # axillae towards the head
    for breast in full.body.breasts:
        assert breast.nipple_mm[1] < breast.centre_mm[1] < lung[1]  # breasts hang to the front


def test_nipples_are_skin_covered_tips_of_the_breasts(bodies: dict[float, DigitalBody]) -> None:
    for body in bodies.values():
        for breast in body.body.breasts:
            mixture = _local(body, np.array(breast.nipple_mm), 8.0)
            assert (mixture.tissue == Tissue.NIPPLE).sum() * 0.125 > 30  # mm3
            ahead = np.array(breast.nipple_mm) - (0, 7.5, 0)
            index = np.rint(to_index(mixture.affine, ahead)).astype(int)
            assert mixture.tissue[tuple(index)] in (Tissue.AIR, Tissue.NIPPLE, Tissue.SKIN)


def test_same_woman_has_the_same_body_and_another_seed_another(full: DigitalBody) -> None:
    again = build_body(full.woman)
    np.testing.assert_array_equal(full.body.fields, again.body.fields)
    np.testing.assert_array_equal(full.blobs, again.blobs)
    np.testing.assert_array_equal(full.veins, again.veins)
    assert full.thresholds == again.thresholds
    other = build_body(replace(full.woman, seed=full.woman.seed + 1, lesions=()))
    assert not np.array_equal(full.body.fields, other.body.fields)

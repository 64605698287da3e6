from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mamri.records import Laterality
from mamri.simulation import build_body, draw_woman
from mamri.simulation.body import Body, Field
from mamri.simulation.scanner_fields import STEP_MM, ScannerFields, dipole_field, make_fields

DELTA = 9.41  # ppm, tissue against air


def _box(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances from the middle along z, y, x."""
    z, y, x = np.meshgrid(*[np.arange(n) - n // 2 + 0.0] * 3, indexing="ij")
    return z, y, x


def _smooth(inside: np.ndarray) -> np.ndarray:
    """Share of a voxel that lies inside, from the distance to the surface."""
    return DELTA * np.clip(0.5 + inside, 0, 1)


def test_a_sphere_makes_a_dipole_field_outside_and_none_within() -> None:
    z, y, x = _box(96)
    r = np.sqrt(x * x + y * y + z * z)
    radius = 12.0
    field = dipole_field(_smooth(radius - r))
    far = np.maximum(r, radius)
    expected = DELTA / 3 * (radius / far) ** 3 * (3 * (z / far) ** 2 - 1)
    outside = (r > radius + 3) & (r < 36)
    # Largest outside 3.2 ppm. Voxels of the surface: 3 %; copies of the sphere 192 voxels away:
    # 2 DELTA / 3 (12 / 192)^3 from each of two, below 0.01 ppm.
    np.testing.assert_allclose(expected[outside], field[outside], atol=0.1)
    within = r < radius - 3
    np.testing.assert_allclose(0.0, field[within], atol=0.1)


def test_the_sphere_converges_to_its_field_as_the_grid_refines() -> None:
    errors = []
    for n, radius in ((32, 4.0), (64, 8.0), (128, 16.0)):
        z, y, x = _box(n)
        r = np.maximum(np.sqrt(x * x + y * y + z * z), 1e-6)
        field = dipole_field(_smooth(radius - r))
        expected = DELTA / 3 * (radius / r) ** 3 * (3 * (z / r) ** 2 - 1)
        shell = (r > 1.5 * radius) & (r < 2.5 * radius)
        errors.append(np.sqrt(np.mean((field - expected)[shell] ** 2)))
    # At least first order in the voxel, until the copies of the box limit it.
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.05


def test_a_long_cylinder_along_the_field_is_raised_by_a_third_of_its_susceptibility() -> None:
    z, y, x = _box(64)
    r = np.hypot(x, y)
    field = dipole_field(_smooth(10.0 - r) + 0 * z)
    # Inside DELTA / 3 with the Lorentz sphere out, outside 0; its end beyond the box has no copy,
    # for faces go on. The mean of the whole box has no field: area of the cylinder in 128 x 128.
    offset = DELTA / 3 * np.pi * 10**2 / 128**2
    assert field[r < 7] == pytest.approx(np.full(np.sum(r < 7), DELTA / 3 - offset), abs=0.05)
    outside = (r > 13) & (r < 28)
    np.testing.assert_allclose(-offset, field[outside], atol=0.05)


def test_a_long_cylinder_across_the_field_is_lowered_and_a_quadrupole_outside() -> None:
    z, y, x = _box(64)
    r = np.maximum(np.hypot(z, y), 1e-6)
    radius = 8.0
    field = dipole_field(_smooth(radius - r) + 0 * x)
    inside = r < radius - 3
    np.testing.assert_allclose(-DELTA / 6, field[inside], atol=0.08)
    outside = (r > radius + 3) & (r < 24)
    expected = DELTA / 2 * (radius / r) ** 2 * ((z / r) ** 2 - (y / r) ** 2)
    # Copies of the cylinder 128 voxels away along both axes: DELTA / 2 (8 / 100)^2.
    np.testing.assert_allclose(expected[outside], field[outside], atol=0.15)


def test_the_field_of_twice_the_susceptibility_is_twice_as_strong() -> None:
    chi = np.random.default_rng(0).standard_normal((10, 12, 14))
    np.testing.assert_allclose(2 * dipole_field(chi), dipole_field(2 * chi + 5), atol=1e-12)


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(draw_woman(2)).body


def _coarse(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Breasts on the grid of the scanner's fields, and positions (Z, Y, X, 3) in mm LPS."""
    every = 2
    coarse = body.fields[::every, ::every, ::every]
    inside = (coarse[..., Field.SKIN] < 0) & (coarse[..., Field.MUSCLE] > 0)
    inside &= coarse[..., Field.TERRITORY] < 1
    z, y, x = (STEP_MM * np.arange(n) for n in coarse.shape[:3])
    place = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], axis=-1) + body.origin_mm
    return inside, place


def _design(place: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(place / 100.0, -1, 0)
    terms = (0 * x + 1, x, y, z, x * x, y * y, z * z, x * y, y * z, x * z)
    return np.stack(terms, axis=-1)


@pytest.mark.parametrize("side", [None, *Laterality])
def test_the_shim_leaves_nothing_up_to_second_order_in_the_breasts_it_serves(
    body: Body, side: Laterality | None
) -> None:
    fields = make_fields(body, 1.5, np.random.default_rng(1), side=side)
    inside, place = _coarse(body)
    if side is not None:
        inside &= (place[..., 0] < 0) == (side is Laterality.RIGHT)
    left, *_ = np.linalg.lstsq(_design(place)[inside], fields.off_resonance_ppm[inside], rcond=None)
    np.testing.assert_allclose(0.0, left, atol=2e-5)  # 32-bit rounding of some ppm
    assert 0.1 < fields.off_resonance_ppm[inside].std() < 1.5


def test_a_worse_shim_leaves_a_more_uneven_field(body: Body) -> None:
    inside, _ = _coarse(body)
    spreads = [
        make_fields(body, 3.0, np.random.default_rng(1), shim_error_ppm=e)
        .off_resonance_ppm[inside]
        .std()
        for e in (0.0, 1.0, 3.0)
    ]
    assert spreads[0] < spreads[1] < spreads[2]


class _Quiet:
    """Random numbers that are 0 but in one corner, far from the breasts."""

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        numbers = np.zeros(shape)
        numbers[0, 0, 0] = 1.0
        return numbers


@pytest.mark.parametrize(("field_t", "right", "left"), [(1.5, 0.054, -0.089), (3.0, 0.027, -0.137)])
def test_each_breast_has_its_published_mean_flip_angle(
    body: Body, field_t: float, right: float, left: float
) -> None:
    """Means of 25 women: Radiology 2013, PMID 23401582."""
    quiet: Any = _Quiet()
    fields = make_fields(body, field_t, quiet, shim_error_ppm=0.0)
    inside, place = _coarse(body)
    found = [fields.flip_scale[inside & (s * place[..., 0] > 0)].mean() for s in (-1, 1)]
    # The two breasts of a woman differ in shape, and both share one slope: 0.005.
    assert [1 + right, 1 + left] == pytest.approx(found, abs=0.005)


def test_flip_angles_differ_from_scan_to_scan_more_at_a_higher_field(body: Body) -> None:
    inside, _ = _coarse(body)
    spreads = []
    for field_t in (1.5, 3.0):
        scans = [make_fields(body, field_t, np.random.default_rng(n)).flip_scale for n in range(3)]
        spreads.append(np.std(scans, axis=0)[inside].mean())
    assert 0.005 < spreads[0] < spreads[1] < 0.08


def test_flip_angles_lie_within_the_tables(body: Body) -> None:
    for field_t in (1.5, 3.0):
        scale = make_fields(body, field_t, np.random.default_rng(3)).flip_scale
        assert scale.min() >= 0.5
        assert scale.max() <= 1.3


def test_sensitivity_is_positive_about_1_in_the_breasts_and_falls_towards_the_back(
    body: Body,
) -> None:
    fields = make_fields(body, 1.5, np.random.default_rng(4))
    inside, place = _coarse(body)
    sensitivity = fields.sensitivity
    assert sensitivity.min() > 0
    assert 0.6 < np.median(sensitivity[inside]) < 2.0
    for breast in body.breasts:
        x, y, z = breast.centre_mm
        column = (np.abs(place[..., 0] - x) < 3.1) & (np.abs(place[..., 2] - z) < 3.1)
        behind = column & (place[..., 1] > y + 20)
        order = np.argsort(place[..., 1][behind], kind="stable")
        falling = sensitivity[behind][order]
        depth = place[..., 1][behind][order]
        means = np.array([falling[depth == d].mean() for d in np.unique(depth)])
        assert np.all(np.diff(means) < 0)
        assert means[-1] < 0.5 * means[0]


def test_sensitivity_is_1_in_the_middle_of_the_right_breast(body: Body) -> None:
    fields = make_fields(body, 1.5, np.random.default_rng(4))
    breast = body.breasts[0]
    assert breast.side is Laterality.RIGHT
    x, y, z = breast.centre_mm
    affine = np.eye(4)[[2, 1, 0, 3]]
    affine[:3, 3] = (x, y - 0.45 * breast.length_mm, z)
    there = fields.on_ticks(affine, [np.zeros(1)] * 3)[0, 0, 0, 2]
    assert there == pytest.approx(1.0, abs=0.01)  # straight lines over 6 mm


def test_fields_are_read_where_the_grid_lies() -> None:
    """A field that is x + 2 y + 4 z is read as such on any grid within it."""
    z, y, x = np.meshgrid(*[STEP_MM * np.arange(9.0)] * 3, indexing="ij")
    origin = np.array([-20.0, 5.0, -7.0])
    linear = (x + origin[0] + 2 * (y + origin[1]) + 4 * (z + origin[2])).astype(np.float32)
    fields = ScannerFields(linear, linear + 1, linear + 2, origin)
    affine = np.array(
        [[0.0, 0.5, 2.0, -15.0], [0.0, 1.5, -0.5, 12.0], [3.0, 0.0, 0.0, -2.0], [0, 0, 0, 1]]
    )
    ticks = [np.array([0.0, 2.5, 7.0]), np.array([0.0, 4.0]), np.array([0.0, 3.0, 6.5])]
    found = fields.on_ticks(affine, ticks)
    index = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1)
    points = index @ affine[:3, :3].T + affine[:3, 3]
    expected = points @ np.array([1.0, 2.0, 4.0])
    for k in range(3):
        np.testing.assert_allclose(expected + k, found[..., k], atol=1e-4)


def test_same_random_numbers_give_the_same_fields(body: Body) -> None:
    first, second = (make_fields(body, 3.0, np.random.default_rng(6)) for _ in range(2))
    assert first.off_resonance_ppm.tobytes() == second.off_resonance_ppm.tobytes()
    assert first.flip_scale.tobytes() == second.flip_scale.tobytes()
    moved = replace(first, origin_mm=first.origin_mm + 6.0)
    np.testing.assert_array_equal(first.flip_scale, moved.flip_scale)

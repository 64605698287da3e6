import numpy as np
import pytest

from mamri.geometry import slice_plane, spacing_mm, to_index, to_lps
from mamri.records import GeometryError, Laterality, Plane, TimingError
from mamri.simulation.sequences import DynamicScan, GradientEcho, Grid

RIGHT, LEFT, FRONT, BACK, FEET, HEAD = (
    np.array(v, float)
    for v in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
)
SPACING = (3.0, 1.5, 0.8)


@pytest.mark.parametrize(
    ("plane", "slices", "rows", "columns"),
    [
        (Plane.AXIAL, HEAD, BACK, LEFT),
        (Plane.SAGITTAL, RIGHT, FEET, BACK),
        (Plane.CORONAL, BACK, FEET, LEFT),
    ],
)
def test_axes_of_each_plane_run_in_their_patient_directions(
    plane: Plane, slices: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> None:
    affine = Grid((10, 20, 30), SPACING, plane).affine()
    for k, (direction, step) in enumerate(zip((slices, rows, columns), SPACING, strict=True)):
        np.testing.assert_allclose(step * direction, affine[:3, k], atol=1e-12)
    np.testing.assert_array_equal([0, 0, 0, 1], affine[3])
    assert slice_plane(affine) is plane


@pytest.mark.parametrize(
    ("plane", "expected"), [(Plane.AXIAL, 2), (Plane.SAGITTAL, 1), (Plane.CORONAL, 1)]
)
def test_phase_encoding_avoids_the_direction_from_the_heart_to_the_breasts(
    plane: Plane, expected: int
) -> None:
    grid = Grid((10, 20, 30), SPACING, plane)
    assert expected == grid.phase_axis
    direction = grid.affine()[:3, grid.phase_axis]
    assert direction[1] == 0


@pytest.mark.parametrize("plane", list(Plane)[:3])
@pytest.mark.parametrize("side", [None, *Laterality])
def test_the_middle_of_the_grid_is_that_of_the_patient_or_of_one_breast(
    plane: Plane, side: Laterality | None
) -> None:
    grid = Grid((11, 21, 31), SPACING, plane, side)
    x, _, z = to_lps(grid.affine(), np.array([5, 10, 15]))
    expected = {None: 0.0, Laterality.RIGHT: -92.0, Laterality.LEFT: 92.0}[side]
    assert expected == pytest.approx(x)
    assert abs(z) < 10


def test_a_grid_further_back_moves_its_middle_towards_the_back_only() -> None:
    for plane in (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL):
        usual = Grid((10, 20, 30), SPACING, plane).affine()
        back = Grid((10, 20, 30), SPACING, plane, back_mm=17.0).affine()
        np.testing.assert_allclose([0, 17, 0], (back - usual)[:3, 3], atol=1e-9)
        np.testing.assert_array_equal(usual[:3, :3], back[:3, :3])


def test_the_middle_does_not_depend_on_the_number_of_voxels() -> None:
    for shape in ((10, 20, 30), (11, 21, 31), (1, 1, 1)):
        affine = Grid(shape, SPACING).affine()
        centre = to_lps(affine, (np.array(shape) - 1) / 2)
        np.testing.assert_allclose([0, 8, 0], centre, atol=1e-9)


def test_a_tilt_turns_about_the_front_back_axis_and_keeps_spacing_and_middle() -> None:
    flat, tilted = (Grid((11, 21, 31), SPACING, tilt_deg=a) for a in (0.0, 10.0))
    affine = tilted.affine()
    assert SPACING == pytest.approx(spacing_mm(affine))
    np.testing.assert_allclose([0, SPACING[1], 0], affine[:3, 1], atol=1e-12)
    cosines = affine[:3, :3] / SPACING
    np.testing.assert_allclose(np.eye(3), cosines.T @ cosines, atol=1e-12)
    assert np.degrees(np.arccos(cosines[:, 0] @ HEAD)) == pytest.approx(10.0)
    middle = np.array([5, 10, 15])
    np.testing.assert_allclose(to_lps(flat.affine(), middle), to_lps(affine, middle), atol=1e-9)
    np.testing.assert_allclose(middle, to_index(affine, to_lps(affine, middle)), atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((0, 4, 4), (1.0, 1.0, 1.0)), ((4, 4, 4), (1.0, 0.0, 1.0))]
)
def test_a_grid_needs_positive_sizes(
    shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    with pytest.raises(GeometryError, match=r"needs positive sizes, got shape .* and spacing"):
        Grid(shape, spacing)


@pytest.mark.parametrize("times_s", [(), (10.0, 20.0), (-10.0, 30.0, 30.0), (-10.0, 40.0, 30.0)])
def test_phases_increase_and_begin_at_or_before_the_injection(times_s: tuple[float, ...]) -> None:
    with pytest.raises(TimingError, match=r"must increase and begin at or before .*; give the cen"):
        DynamicScan(Grid((4, 4, 4), (1, 1, 1)), GradientEcho(4.5, 1.5, 12.0), times_s, 60.0)


def test_a_single_phase_at_the_injection_is_a_dynamic_scan() -> None:
    scan = DynamicScan(Grid((4, 4, 4), (1, 1, 1)), GradientEcho(4.5, 1.5, 12.0), (0.0,), 60.0)
    assert scan.times_s == (0.0,)

"""Size against shapes whose diameters and volumes are known exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.findings.size import diameters_mm, volume_ml
from strategies import rotations


def ellipsoid(
    half_axes_mm: tuple[float, float, float],
    spacing: tuple[float, float, float],
    turn: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Digitised ellipsoid in a box, turned in patient space, and the affine of the box."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing, 1
    reach = max(half_axes_mm) + 2 * max(spacing)
    counts = [2 * int(np.ceil(reach / width)) + 1 for width in spacing]
    index = np.indices(counts).reshape(3, -1).T - (np.array(counts) - 1) / 2
    points = index @ affine[:3, :3].T
    turned = points if turn is None else points @ turn
    inside = ((turned / np.array(half_axes_mm)) ** 2).sum(axis=1) <= 1
    return inside.reshape(counts), affine


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.8, 0.8), (0.7, 0.7, 2.4)])
def test_a_ball_has_three_diameters_right_within_a_voxel(spacing):
    mask, affine = ellipsoid((12.0, 12.0, 12.0), spacing)

    for diameter in diameters_mm(mask, affine):
        assert diameter == pytest.approx(24.0, abs=max(spacing))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.8, 0.8)])
def test_an_ellipsoid_has_its_axes_as_diameters(spacing):
    mask, affine = ellipsoid((6.0, 9.0, 15.0), spacing)

    assert (30.0, 18.0, 12.0) == pytest.approx(diameters_mm(mask, affine), abs=max(spacing))


@given(rotations())
def test_turning_an_ellipsoid_keeps_its_diameters(turn):
    mask, affine = ellipsoid((5.0, 8.0, 14.0), (1.0, 1.0, 1.0), turn)

    # A voxel's diagonal: the ends of a tilted axis fall between voxel centres.
    assert (28.0, 16.0, 10.0) == pytest.approx(diameters_mm(mask, affine), abs=1.8)


def test_diameters_do_not_depend_on_an_oblique_grid():
    mask, affine = ellipsoid((6.0, 9.0, 15.0), (2.0, 0.8, 0.8))
    angle = np.deg2rad(25)
    turned = affine.copy()
    turned[:3, :3] = (
        np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        @ affine[:3, :3]
    )

    assert diameters_mm(mask, affine) == pytest.approx(diameters_mm(mask, turned), abs=1e-6)


def test_one_voxel_measures_its_own_edges():
    mask = np.zeros((3, 3, 3), bool)
    mask[1, 1, 1] = True

    assert diameters_mm(mask, np.diag([2.0, 0.5, 1.0, 1.0])) == (2.0, 1.0, 0.5)


@pytest.mark.parametrize("shape", [(1, 1, 7), (1, 5, 7), (2, 2, 2)])
def test_flat_and_tiny_masks_are_measured(shape):
    mask = np.zeros((9, 9, 9), bool)
    mask[tuple(slice(1, 1 + n) for n in shape)] = True

    longest, middle, least = diameters_mm(mask, np.eye(4))

    assert longest >= middle >= least > 0
    assert longest >= max(shape)


def test_two_separate_parts_are_measured_across():
    mask = np.zeros((3, 3, 30), bool)
    mask[1, 1, 2] = mask[1, 1, 21] = True

    assert diameters_mm(mask, np.eye(4))[0] == pytest.approx(20.0)


@given(st.tuples(*[st.floats(0.5, 4.0)] * 3))
def test_volume_counts_voxels_in_patient_space(spacing):
    mask = np.zeros((4, 4, 4), bool)
    mask[1:3, 1:3, 1:3] = True

    assert volume_ml(mask, np.diag([*spacing, 1.0])) == pytest.approx(8 * np.prod(spacing) / 1000)


def test_the_volume_of_a_ball_converges_to_the_formula():
    errors = []
    for step in (2.0, 1.0, 0.5):
        mask, affine = ellipsoid((10.0, 10.0, 10.0), (step, step, step))
        errors.append(abs(volume_ml(mask, affine) / (4 / 3 * np.pi) - 1))

    assert errors[2] < 0.01
    assert errors[2] < errors[0]

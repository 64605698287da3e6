"""Affines: truth by hand, then agreement with nibabel and SimpleITK to 1e-3 mm."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from mamri.geometry import (
    affine_from_axes,
    slice_plane,
    spacing_mm,
    to_index,
    to_lps,
    voxel_volume_ml,
)
from mamri.records import Plane
from strategies import affines, axis_aligned, rotations, shapes

# Difference between readers that is allowed, mm: a thousandth of a voxel of the finest exam.
TOLERANCE_MM = 1e-3

# Axial head-first prone exam of one voxel size per axis: slices to the head, rows to the back,
# columns to the patient's left.
AXIAL = affine_from_axes(
    np.array([-180.0, -100.0, 40.0]),
    slice_step=np.array([0.0, 0.0, 2.5]),
    row_step=np.array([0.0, 0.8, 0.0]),
    column_step=np.array([0.7, 0.0, 0.0]),
)

indices = st.tuples(*[st.floats(-50, 600)] * 3).map(np.array)


def test_the_first_voxel_lies_at_the_origin() -> None:
    np.testing.assert_array_equal([-180.0, -100.0, 40.0], to_lps(AXIAL, np.array([0, 0, 0])))


def test_each_index_moves_along_its_own_step() -> None:
    expected = [-180 + 3 * 0.7, -100 + 2 * 0.8, 40 + 1 * 2.5]
    np.testing.assert_allclose(expected, to_lps(AXIAL, np.array([1, 2, 3])), atol=1e-12)


def test_many_indices_keep_their_leading_axes() -> None:
    assert to_lps(AXIAL, np.zeros((5, 7, 3))).shape == (5, 7, 3)
    assert to_index(AXIAL, np.zeros((5, 7, 3))).shape == (5, 7, 3)


@given(affines(), indices)
def test_an_index_survives_the_way_to_the_patient_and_back(
    affine: np.ndarray, index: np.ndarray
) -> None:
    np.testing.assert_allclose(index, to_index(affine, to_lps(affine, index)), atol=1e-6)


def test_spacing_is_named_slice_row_column() -> None:
    assert spacing_mm(AXIAL) == pytest.approx((2.5, 0.8, 0.7))


@given(affines(), rotations())
def test_turning_the_patient_changes_neither_spacing_nor_volume(
    affine: np.ndarray, turn: np.ndarray
) -> None:
    turned = affine.copy()
    turned[:3, :3] = turn @ affine[:3, :3]
    np.testing.assert_allclose(spacing_mm(affine), spacing_mm(turned), rtol=1e-9)
    assert voxel_volume_ml(turned) == pytest.approx(voxel_volume_ml(affine), rel=1e-9)


def test_the_volume_of_a_voxel_is_in_millilitres() -> None:
    assert voxel_volume_ml(AXIAL) == pytest.approx(2.5 * 0.8 * 0.7 / 1000)


def test_a_sheared_voxel_keeps_base_times_height() -> None:
    sheared = AXIAL.copy()
    sheared[:3, 0] = 1.0, 1.5, 2.5  # the slice step slants; the gap between slices stays 2.5
    assert voxel_volume_ml(sheared) == pytest.approx(voxel_volume_ml(AXIAL))


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1)])
@pytest.mark.parametrize(
    ("axes", "plane"),
    [
        ((2, 1, 0), Plane.AXIAL),
        ((2, 0, 1), Plane.AXIAL),
        ((0, 2, 1), Plane.SAGITTAL),
        ((0, 1, 2), Plane.SAGITTAL),
        ((1, 2, 0), Plane.CORONAL),
        ((1, 0, 2), Plane.CORONAL),
    ],
)
@given(turn=rotations(max_angle_deg=44.0))
def test_an_oblique_stack_takes_the_nearest_plane(
    axes: tuple[int, ...], signs: tuple[int, ...], plane: Plane, turn: np.ndarray
) -> None:
    affine = axis_aligned(axes, signs, (3.0, 0.7, 0.8), np.zeros(3))
    affine[:3, :3] = turn @ affine[:3, :3]
    assert slice_plane(affine) is plane


def test_the_plane_of_anisotropic_voxels_does_not_depend_on_their_size() -> None:
    assert slice_plane(axis_aligned((0, 2, 1), (1, -1, 1), (0.3, 5.0, 0.3), np.zeros(3))) is (
        Plane.SAGITTAL
    )


def test_the_plane_follows_rows_and_columns_where_the_slices_are_sheared() -> None:
    sheared = AXIAL.copy()
    sheared[:3, 0] = 0.0, 3.5, 2.5  # the next slice lies further back than it lies higher
    assert slice_plane(sheared) is Plane.AXIAL


@given(affines(), shapes, indices)
def test_nibabel_places_every_voxel_where_we_do(
    affine: np.ndarray, shape: tuple[int, int, int], index: np.ndarray
) -> None:
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    image = nib.nifti1.Nifti1Image(np.zeros(shape, np.int16), ras)
    theirs = nib.affines.apply_affine(image.affine, index) * [-1, -1, 1]
    np.testing.assert_allclose(theirs, to_lps(affine, index), atol=TOLERANCE_MM)


@given(affines(), shapes, indices)
def test_simpleitk_places_every_voxel_where_we_do(
    affine: np.ndarray, shape: tuple[int, int, int], index: np.ndarray
) -> None:
    steps = affine[:3, ::-1][:, 1:]  # SimpleITK counts (column, row, slice)
    spacing = np.linalg.norm(steps, axis=0)
    image = sitk.GetImageFromArray(np.zeros(shape, np.int16))
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    theirs = image.TransformContinuousIndexToPhysicalPoint(index[::-1].tolist())
    np.testing.assert_allclose(theirs, to_lps(affine, index), atol=TOLERANCE_MM)

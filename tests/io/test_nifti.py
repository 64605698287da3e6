"""Truth: nibabel and SimpleITK, two independent readers, place every voxel as mamri does."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from mamri.geometry import anatomical_orientation, to_anatomical, to_lps
from mamri.io.nifti import read_nifti, write_nifti
from mamri.records import DynamicSeries, Exam, GeometryError, InputError

# Positions are stored as float32 in the header: 1e-3 mm is far above its rounding.
_TOLERANCE_MM = 1e-3
_PERMUTATIONS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
_FLIPS = st.tuples(st.booleans(), st.booleans(), st.booleans())


def _oblique(angle: float, spacing: tuple[float, float, float]) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    affine = np.eye(4)
    # columns: slice -> z, row -> y, column -> x
    affine[:3, :3] = turn @ np.array([[0, 0, 1.0], [0, 1.0, 0], [1.0, 0, 0]]) @ np.diag(spacing)
    affine[:3, 3] = (-50, -80, 30)
    return affine


def _positions_by_nibabel(path: Path, index: tuple[int, ...]) -> np.ndarray:
    ras = nib.load(path).affine @ np.array([*index, 1.0])
    return ras[:3] * (-1, -1, 1)


@given(
    angle=st.floats(-0.5, 0.5),
    spacing=st.tuples(*[st.floats(0.4, 4.0)] * 3),
    axes=st.sampled_from(_PERMUTATIONS),
    flips=_FLIPS,
)
def test_nibabel_and_simpleitk_place_the_brightest_voxel_where_mamri_does(
    tmp_path_factory: pytest.TempPathFactory,
    angle: float,
    spacing: tuple[float, float, float],
    axes: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
) -> None:
    path = tmp_path_factory.mktemp("nifti") / "v.nii.gz"
    array = np.zeros((3, 4, 5), np.int16)
    array[2, 1, 3] = 7
    affine = _oblique(angle, spacing)
    expected = to_lps(affine, np.array([2, 1, 3]))

    write_nifti(path, array, affine, storage_axes=axes, storage_flips=flips)

    stored = np.asanyarray(nib.load(path).dataobj)
    (index,) = np.argwhere(stored == 7)
    np.testing.assert_allclose(
        _positions_by_nibabel(path, tuple(index)), expected, atol=_TOLERANCE_MM
    )
    image = sitk.ReadImage(str(path))
    point = image.TransformIndexToPhysicalPoint([int(i) for i in index])
    np.testing.assert_allclose(point, expected, atol=_TOLERANCE_MM)
    assert 7 == sitk.GetArrayFromImage(image)[tuple(index[::-1])]


@given(axes=st.sampled_from(_PERMUTATIONS), flips=_FLIPS, angle=st.floats(-0.5, 0.5))
def test_left_stays_left_however_the_file_is_stored(
    tmp_path_factory: pytest.TempPathFactory,
    axes: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
    angle: float,
) -> None:
    path = tmp_path_factory.mktemp("nifti") / "v.nii"
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    affine = _oblique(angle, (1.0, 1.1, 1.2))
    write_nifti(path, array, affine, storage_axes=axes, storage_flips=flips)
    image = read_nifti(path)

    exam = to_anatomical(
        Exam(
            (),
            DynamicSeries(image.array[None], image.affine, np.zeros(1)),
            storage_axes=image.storage_axes,
        )
    )

    assert exam.dynamic is not None
    np.testing.assert_array_equal(array, exam.dynamic.array[0])
    np.testing.assert_allclose(affine, exam.dynamic.affine, atol=_TOLERANCE_MM)


@given(axes=st.sampled_from(_PERMUTATIONS), flips=_FLIPS)
def test_an_output_in_the_order_of_its_exam_equals_the_input_voxel_by_voxel(
    tmp_path_factory: pytest.TempPathFactory,
    axes: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
) -> None:
    folder = tmp_path_factory.mktemp("nifti")
    array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    write_nifti(folder / "in.nii.gz", array, _oblique(0.2, (3.0, 1.0, 1.0)), storage_axes=axes,
                storage_flips=flips)  # fmt: skip
    image = read_nifti(folder / "in.nii.gz")
    exam = to_anatomical(
        Exam((), DynamicSeries(image.array[None], image.affine, np.zeros(1)),
             storage_axes=image.storage_axes)
    )  # fmt: skip
    assert exam.dynamic is not None

    write_nifti(folder / "out.nii.gz", exam.dynamic.array[0], exam.dynamic.affine,
                storage_axes=exam.storage_axes, storage_flips=exam.storage_flips)  # fmt: skip

    given_, written = nib.load(folder / "in.nii.gz"), nib.load(folder / "out.nii.gz")
    np.testing.assert_array_equal(given_.get_fdata(), written.get_fdata())
    np.testing.assert_allclose(given_.affine, written.affine, atol=_TOLERANCE_MM)


def test_the_axis_with_the_largest_spacing_is_the_slice_axis(tmp_path: Path) -> None:
    nib.save(
        nib.Nifti1Image(np.zeros((6, 8, 9), np.int16), np.diag([3.0, 0.8, 0.8, 1])),
        tmp_path / "sagittal.nii.gz",
    )

    image = read_nifti(tmp_path / "sagittal.nii.gz")

    assert (6, 9, 8) == image.array.shape
    assert (0, 2, 1) == image.storage_axes


def test_integers_stay_integers_and_scaled_files_become_float(tmp_path: Path) -> None:
    plain = nib.Nifti1Image(np.ones((2, 3, 4), np.int16), np.eye(4))
    nib.save(plain, tmp_path / "plain.nii")
    scaled = nib.Nifti1Image(np.linspace(0, 1.5, 24).reshape(2, 3, 4), np.eye(4))
    scaled.set_data_dtype(np.int16)
    nib.save(scaled, tmp_path / "scaled.nii")

    assert np.int16 == read_nifti(tmp_path / "plain.nii").array.dtype
    array = read_nifti(tmp_path / "scaled.nii").array
    assert np.float32 == array.dtype
    assert 1.5 == pytest.approx(float(array.max()), abs=1e-4)  # 16 bits over 1.5


def test_a_file_without_orientation_is_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.int16), None)
    nib.save(image, tmp_path / "lost.nii")

    with pytest.raises(GeometryError, match=r"lost\.nii has sform and qform codes 0"):
        read_nifti(tmp_path / "lost.nii")


def test_a_truncated_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.nii.gz"
    rng = np.random.default_rng(0)
    write_nifti(path, rng.integers(0, 1000, (20, 30, 30)).astype(np.int16), np.eye(4))
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(InputError, match=r"cut\.nii\.gz cannot be read"):
        read_nifti(path)


def test_sform_and_qform_that_disagree_are_noticed(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((5, 5, 5), np.int16), np.eye(4))
    image.header.set_sform(np.eye(4), code=1)
    image.header.set_qform(np.diag([-1, -1, 1, 1]), code=1)
    nib.save(image, tmp_path / "two.nii")

    assert read_nifti(tmp_path / "two.nii").forms_disagree


def test_shared_exams_lie_in_the_standard_order(shared_data: Path) -> None:
    image = read_nifti(shared_data / "ispy1" / "ISPY1_1001_pre.nii.gz")

    assert (60, 256, 256) == image.array.shape
    orientation = anatomical_orientation(image.affine)
    assert (256, 256, 60) == orientation.apply(image.array).shape
    # the left breast: every x is positive in LPS
    assert to_lps(image.affine, np.zeros(3))[0] > 0

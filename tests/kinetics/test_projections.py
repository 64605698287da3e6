import numpy as np
import pytest

from mamri.geometry import to_lps
from mamri.kinetics import projection_volumes, subtraction_projections
from mamri.records import GeometryError, Volume

# Anatomical order: index 0 to the head (+z), 1 to the back (+y), 2 to the left (+x).
AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -5], [2.0, 0, 0, 30], [0, 0, 0, 1]])
SHAPE = (8, 10, 20)


def exam(*spots):
    """Subtraction with bright voxels; right breast columns 0-8, left 11-19, chest from row 6."""
    array = np.zeros(SHAPE, np.int16)
    for position, value in spots:
        array[position] = value
    breast = np.zeros(SHAPE, np.uint8)
    breast[:, :6, :9] = 1
    breast[:, :6, 11:] = 2
    return Volume(array, AFFINE), breast


def project(*spots, margin_mm=0.0):
    return subtraction_projections(*exam(*spots), margin_mm=margin_mm)


def test_a_lesion_shows_in_every_view_of_its_side():
    pictures = project(((6, 2, 3), 50))
    assert 50 == pictures["axial"][2, 3]
    assert 50 == pictures["coronal"][6, 3]
    assert 50 == pictures["sagittal_right"][6, 2]
    assert 0 == pictures["sagittal_left"].max()


def test_projections_keep_the_anatomical_order():
    pictures = project(((7, 0, 0), 50))
    assert 50 == pictures["coronal"][7, 0]
    assert 50 == pictures["axial"][0, 0]


def test_the_chest_is_removed():
    pictures = project(((4, 9, 4), 900), ((4, 2, 10), 800))
    assert all(0 == picture.max() for picture in pictures.values())


def test_the_margin_keeps_what_lies_just_outside_the_breast():
    near, far = ((4, 7, 4), 70), ((4, 9, 4), 900)
    assert 0 == project(near, far)["axial"].max()
    assert 70 == project(near, far, margin_mm=2.0)["axial"].max()


def test_the_margin_is_in_millimetres_along_every_axis():
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
    breast = np.zeros(SHAPE, np.uint8)
    breast[4, 5, 10] = 1
    seen = subtraction_projections(Volume(array, AFFINE), breast, margin_mm=2.0)
    assert (3, 5) == (np.any(seen["coronal"], 1).sum(), np.any(seen["coronal"], 0).sum())


def test_the_brightest_voxel_on_a_ray_wins_and_falling_signal_is_black():
    pictures = project(((1, 2, 3), 50), ((5, 2, 3), 80), ((1, 3, 3), -40))
    assert 80 == pictures["axial"][2, 3]
    assert 0 == pictures["axial"][3, 3]


def test_one_breast_has_one_sagittal_view():
    subtraction, breast = exam(((6, 2, 3), 50))
    pictures = subtraction_projections(subtraction, np.where(breast == 1, 1, 0))
    assert {"axial", "coronal", "sagittal_right"} == set(pictures)


def test_no_breast_gives_black_pictures():
    subtraction, breast = exam(((6, 2, 3), 50))
    pictures = subtraction_projections(subtraction, 0 * breast)
    assert {"axial": 0, "coronal": 0} == {name: p.max() for name, p in pictures.items()}


def test_missing_voxels_do_not_spread():
    subtraction, breast = exam()
    array = np.full(SHAPE, np.nan)
    array[3, 2, 3] = 5
    pictures = subtraction_projections(Volume(array, subtraction.affine), breast)
    assert 5 == pictures["axial"][2, 3]
    assert np.isfinite(pictures["coronal"]).all()


def test_volumes_lie_where_the_picture_was_taken():
    pictures = project(((6, 2, 3), 50))
    truth = to_lps(AFFINE, np.array([6, 2, 3]))
    collapsed = {"axial": 2, "coronal": 1, "sagittal_right": 0}  # LPS component along the ray
    volumes = projection_volumes(pictures, AFFINE, SHAPE)
    for name, component in collapsed.items():
        volume = volumes[name]
        where = np.argwhere(volume.array == 50)
        assert 1 == len(where)
        kept = [axis for axis in range(3) if axis != component]
        np.testing.assert_allclose(to_lps(volume.affine, where[0])[kept], truth[kept])


def test_the_slice_of_a_projection_volume_is_in_the_middle():
    volumes = projection_volumes(project(), AFFINE, SHAPE)
    assert 30 + 2 * 3.5 == to_lps(volumes["axial"].affine, np.zeros(3))[2]


def test_labels_on_another_grid_are_refused():
    subtraction, breast = exam()
    with pytest.raises(GeometryError, match="on the grid of the subtraction"):
        subtraction_projections(subtraction, breast[1:])

from dataclasses import replace

import numpy as np
import pytest

from fake_networks import FakeDetail, FakeField, balls, fake_networks
from mamri.geometry import voxel_volume_ml
from mamri.records import Laterality, Volume
from mamri.segmentation.detail_stage import find_breast_detail
from mamri.segmentation.field_stage import find_breast_field
from mamri.segmentation.learned_anatomy import segment_with_networks

_BALL_ML = 4 / 3 * np.pi * 4.5**3


def test_breasts_have_the_side_and_size_that_they_have() -> None:
    image, x = balls(-90.0, 90.0)

    anatomy, provenance = segment_with_networks(image, fake_networks())

    assert (Laterality.RIGHT, Laterality.LEFT) == anatomy.sides
    assert np.all(x[anatomy.breast == Laterality.RIGHT] < 0)
    assert np.all(x[anatomy.breast == Laterality.LEFT] > 0)
    for side in Laterality:
        volume = np.count_nonzero(anatomy.breast == side) * voxel_volume_ml(image.affine)
        assert volume == pytest.approx(_BALL_ML, rel=0.1)
        assert abs(anatomy.nipples_mm_lps[side][1] + 45.0) < 4.0  # the foremost point
    core = np.count_nonzero(anatomy.fibroglandular) / np.count_nonzero(anatomy.breast)
    assert core == pytest.approx(1 / 27, rel=0.3)
    assert "fake" in provenance.method


def test_sides_are_those_of_patient_coordinates_even_where_the_network_errs() -> None:
    image, x = balls(-90.0, 90.0)

    anatomy, _ = segment_with_networks(image, fake_networks(errs=True))

    assert np.all(x[anatomy.breast == Laterality.RIGHT] < 0)
    assert np.all(x[anatomy.breast == Laterality.LEFT] > 0)


@pytest.mark.parametrize("radius_mm", [30.0, 45.0, 60.0, 85.0])
def test_breasts_apart_or_touching_are_split_between_them(radius_mm: float) -> None:
    image, x = balls(-90.0, 90.0, radius_mm=radius_mm)

    anatomy, _ = segment_with_networks(image, fake_networks())

    assert (Laterality.RIGHT, Laterality.LEFT) == anatomy.sides
    assert np.all(x[anatomy.breast == Laterality.RIGHT] < 3.0)
    assert np.all(x[anatomy.breast == Laterality.LEFT] > -3.0)


@pytest.mark.parametrize("centre", [-90.0, 90.0])
@pytest.mark.parametrize("errs", [False, True])
def test_the_breast_of_a_one_breast_view_has_the_side_of_the_view(
    centre: float, errs: bool
) -> None:
    image, _ = balls(centre, first_x_mm=centre - 70.0, columns=70)

    anatomy, _ = segment_with_networks(image, fake_networks(errs=errs))

    assert (Laterality.RIGHT if centre < 0 else Laterality.LEFT,) == anatomy.sides
    assert "breast_side_uncertain" not in [caveat.code for caveat in anatomy.caveats]


def test_a_view_centred_on_the_midline_has_no_certain_side() -> None:
    image, _ = balls(5.0, first_x_mm=-65.0, columns=70)

    anatomy, _ = segment_with_networks(image, fake_networks())

    assert "breast_side_uncertain" in [caveat.code for caveat in anatomy.caveats]


def test_a_mirrored_patient_gives_mirrored_masks() -> None:
    image, _ = balls(-90.0, 105.0, radius_mm=40.0, columns=201)  # 0 mm is a voxel centre
    turned = Volume(np.ascontiguousarray(image.array[..., ::-1]), image.affine)

    plain, _ = segment_with_networks(image, fake_networks())
    mirrored, _ = segment_with_networks(turned, fake_networks())

    swapped = np.array([0, 2, 1], np.uint8)[mirrored.breast[..., ::-1]]
    assert np.mean(plain.breast != swapped) < 1e-3


def test_small_bright_things_beside_a_breast_are_no_breast() -> None:
    image, _ = balls(-90.0, 90.0)
    array = np.array(image.array)
    array[2:8, 2:12, 95:105] = 150.0  # between the breasts, in the air

    anatomy, _ = segment_with_networks(replace(image, array=array), fake_networks())

    assert not anatomy.breast[2:8, 2:12, 95:105].any()


def test_an_image_without_breasts_gives_empty_masks_and_says_so() -> None:
    image, _ = balls()

    anatomy, _ = segment_with_networks(image, fake_networks())

    assert () == anatomy.sides
    assert ["no_breast_found"] == [caveat.code for caveat in anatomy.caveats]
    assert not anatomy.fibroglandular.any()


def test_a_breast_that_the_field_of_view_cuts_is_told() -> None:
    image, _ = balls(-90.0, first_x_mm=-90.0, columns=70)

    anatomy, _ = segment_with_networks(image, fake_networks())

    assert anatomy.cut_sides == anatomy.sides
    assert "breast_cut_by_field_of_view" in [caveat.code for caveat in anatomy.caveats]


def test_the_detail_network_looks_only_where_the_field_network_found_breast() -> None:
    image, _ = balls(-90.0, 90.0)
    field = find_breast_field(image, FakeField())
    engine = FakeDetail()

    detail = find_breast_detail(image, field, engine, overlap=0.25)

    assert all(max(shape) <= 80 for shape in engine.shapes)
    assert all(part.stop - part.start < n for part, n in zip(detail.box, image.shape, strict=True))
    np.testing.assert_allclose(1.0, detail.probability.sum(0, dtype=np.float32), atol=5e-3)


def test_inputs_are_not_changed() -> None:
    image, _ = balls(-90.0, 90.0)
    before = np.array(image.array)

    segment_with_networks(image, fake_networks())

    np.testing.assert_array_equal(before, image.array)


def test_breasts_that_the_detail_network_does_not_see_are_none() -> None:
    image, _ = balls(-90.0, 90.0)
    networks = replace(fake_networks(), detail=FakeDetail(finds_nothing=True))

    anatomy, _ = segment_with_networks(image, networks)

    assert () == anatomy.sides
    assert {} == anatomy.nipples_mm_lps
    assert ["no_breast_found"] == [caveat.code for caveat in anatomy.caveats]


def test_one_breast_in_a_view_of_both_sides_is_told() -> None:
    image, _ = balls(90.0)

    anatomy, _ = segment_with_networks(image, fake_networks())

    assert (Laterality.LEFT,) == anatomy.sides
    assert "one_breast_found" in [caveat.code for caveat in anatomy.caveats]


def test_a_single_slice_is_segmented() -> None:
    image, x = balls(-90.0, 90.0, radius_mm=60.0, spacing=(30.0, 2.0, 2.0))
    slices = image.array.shape[0]
    middle = int(np.argmax(image.array.reshape(slices, -1).sum(1)))
    one = Volume(
        np.ascontiguousarray(image.array[middle : middle + 1]),
        image.affine @ np.block([[np.eye(3), np.array([[middle], [0], [0]])], [0, 0, 0, 1]]),
    )

    anatomy, _ = segment_with_networks(one, fake_networks())

    assert (Laterality.RIGHT, Laterality.LEFT) == anatomy.sides
    assert np.all(x[0][anatomy.breast[0] == Laterality.RIGHT] < 0)

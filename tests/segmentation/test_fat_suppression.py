"""Fat suppression read off the image: of a phantom of known contrast, of simulated exams."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mamri.geometry import affine_from_axes, anatomical_orientation
from mamri.records import Anatomy, Volume
from mamri.segmentation.fat_suppression import find_fat_suppression, is_fat_suppressed
from mamri.simulation import (
    DEMO_CONDITION,
    PROTOCOLS,
    DigitalBody,
    Protocol,
    Tissue,
    build_body,
    draw_woman,
)
from mamri.simulation.acquire import acquire
from mamri.simulation.scan import begin_visit

AFFINE = affine_from_axes(
    np.array([-60.0, -60.0, -60.0]),
    np.array([0, 0, 2.0]),
    np.array([0, 2.0, 0]),
    np.array([2.0, 0, 0]),
)


def phantom(*, suppressed: bool) -> tuple[np.ndarray, Anatomy]:
    """A ball of fat with sheets of gland and a thin skin, 56 mm in radius, on 2 mm voxels."""
    z, y, x = np.meshgrid(*(np.arange(-30.0, 31.0),) * 3, indexing="ij")
    ball = z**2 + y**2 + x**2 < 28**2
    depth = ndimage.distance_transform_edt(ball, sampling=2.0) - 1.0
    fat, water, rim = (30.0, 100.0, 80.0) if suppressed else (100.0, 35.0, 40.0)
    gland = ball & (np.abs(np.sin(x / 3) + np.sin(y / 4)) < 0.4) & (depth > 10)
    image = np.where(ball, fat, 5.0)
    image[gland] = water
    image[ball & (depth < 2)] = rim
    anatomy = Anatomy(
        breast=ball.astype(np.uint8),
        fibroglandular=gland,
        skin=ball & (depth < 2),
        body=ball,
        affine=AFFINE,
        nipples_mm_lps={},
        method="drawn",
    )
    return image, anatomy


@pytest.mark.parametrize("suppressed", [True, False])
def test_fat_suppression_is_told_from_skin_fat_and_gland(suppressed: bool) -> None:
    image, anatomy = phantom(suppressed=suppressed)
    breast = anatomy.breast > 0
    depth = ndimage.distance_transform_edt(breast, sampling=2.0) - 1.0
    assert is_fat_suppressed(image, breast, breast, depth) is suppressed


def test_nothing_is_told_from_too_little_breast() -> None:
    empty = np.zeros((5, 5, 5), bool)
    assert is_fat_suppressed(np.ones((5, 5, 5)), empty, empty, np.zeros((5, 5, 5))) is None


@pytest.mark.parametrize("suppressed", [True, False])
def test_the_image_answers_with_its_anatomy(suppressed: bool) -> None:
    image, anatomy = phantom(suppressed=suppressed)
    found = find_fat_suppression(Volume(image, AFFINE), anatomy)

    assert found.suppressed is suppressed
    assert (found.score > 0.8) is suppressed
    # the drawn levels, blurred a little by half a voxel of smoothing
    drawn = math.log(100 / 30) if suppressed else math.log(35 / 100)
    assert found.gland_contrast == pytest.approx(drawn, abs=0.3)


@pytest.mark.parametrize("suppressed", [True, False])
def test_a_coil_in_front_and_the_scale_of_the_signal_do_not_matter(suppressed: bool) -> None:
    image, anatomy = phantom(suppressed=suppressed)
    # signal falls to a third over the 112 mm from front to back
    coil = np.exp(-math.log(3) * np.arange(61) * 2 / 112)[None, :, None]
    found = find_fat_suppression(Volume(0.01 * image * coil, AFFINE), anatomy)

    assert found.suppressed is suppressed


@pytest.mark.parametrize("suppressed", [True, False])
def test_fat_taken_for_gland_does_not_turn_the_answer(suppressed: bool) -> None:
    image, anatomy = phantom(suppressed=suppressed)
    inner = ndimage.binary_erosion(anatomy.breast > 0, iterations=5)
    wrong = replace(anatomy, fibroglandular=inner & ~anatomy.fibroglandular)
    found = find_fat_suppression(Volume(image, AFFINE), wrong)

    assert found.suppressed is suppressed
    assert (found.gland_contrast > 0) is not suppressed  # the gland that was found is fat


def test_fat_nearly_as_bright_as_gland_tells_nothing() -> None:
    _, anatomy = phantom(suppressed=True)
    failed = np.where(anatomy.breast > 0, 100.0, 5.0)
    failed[anatomy.fibroglandular] = 120.0  # a failed suppression, or weak T1 weighting
    found = find_fat_suppression(Volume(failed, AFFINE), anatomy)

    assert found.suppressed is None
    assert found.score != 0.0


def test_without_a_breast_there_is_no_evidence() -> None:
    image, anatomy = phantom(suppressed=True)
    empty = replace(anatomy, breast=np.zeros_like(anatomy.breast))
    found = find_fat_suppression(Volume(image, AFFINE), empty)

    assert found.suppressed is None
    assert math.isnan(found.score)
    assert math.isnan(found.gland_contrast)


def small(protocol: Protocol) -> Protocol:
    """The first phase of a preset on voxels of 4 mm or more."""
    grid = protocol.dynamic.grid
    spacing = tuple(max(4.0, step) for step in grid.spacing_mm)
    shape = tuple(
        round(n * a / b) for n, a, b in zip(grid.shape, grid.spacing_mm, spacing, strict=True)
    )
    grid = replace(grid, shape=shape, spacing_mm=spacing)
    dynamic = replace(protocol.dynamic, grid=grid, times_s=protocol.dynamic.times_s[:1])
    return replace(
        protocol, dynamic=dynamic, t2=None, diffusion=None, plain_t1=None, ultrafast=None
    )


@pytest.fixture(scope="module")
def digital() -> DigitalBody:
    return build_body(draw_woman(1001))


@pytest.mark.parametrize(
    ("preset", "suppressed"),
    [
        ("axial-fs", True),
        ("axial-plain", False),
        ("dixon", True),
        ("sagittal", True),
        ("sagittal-corrected", True),
        ("coronal", False),
    ],
)
def test_simulated_exams_show_what_their_sequence_did(
    digital: DigitalBody, preset: str, suppressed: bool
) -> None:
    protocol = small(PROTOCOLS[preset])
    series, dynamic = acquire(begin_visit(digital, protocol, DEMO_CONDITION, seed=1))
    truth = dynamic.mixture
    order = anatomical_orientation(truth.affine)
    image, breast, gland, tissue = (
        np.ascontiguousarray(order.apply(array))
        for array in (series[0].array[0], truth.breast, truth.fibroglandular, truth.tissue)
    )
    affine = order.apply_affine(truth.affine, truth.shape)
    anatomy = Anatomy(breast, gland, tissue == Tissue.SKIN, tissue > 0, affine, {}, "true")
    found = find_fat_suppression(Volume(image, affine), anatomy)

    assert found.suppressed is suppressed
    assert (found.gland_contrast > 0) is suppressed

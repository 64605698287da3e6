"""The whole classical anatomy on a bilateral phantom with known masks, and on real exams.

The phantom is an elliptic trunk (half axes 165 and 100 mm, as adult chests) with two half
ellipsoids for breasts, skin, a gland of crossed sheets, a 12 mm layer of muscle and a lung. Truth
is drawn from the same formulas, so a Dice of 0.9 allows for 2 mm at every border of a breast of
600 ml (surface about 500 cm2, half of it free) and for the choice of its margin.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest

from mamri.geometry import affine_from_axes, anatomical_orientation, spacing_mm, to_index
from mamri.records import Anatomy, Laterality, Volume
from mamri.segmentation import AnatomySettings, segment_anatomy

# The invariances hold on any working grid: a coarse one is quicker.
QUICK = AnatomySettings(working_spacing_mm=3.0)


class Phantom(NamedTuple):
    image: Volume
    breast: np.ndarray
    gland: np.ndarray
    nipples: dict[Laterality, np.ndarray]


def make_phantom(
    *, fat_suppressed: bool = True, spacing: tuple[float, float, float] = (3.0, 2.2, 2.2)
) -> Phantom:
    dz, dy, dx = spacing
    z = np.arange(-96.0, 96.1, dz)[:, None, None]
    y = np.arange(-170.0, 110.1, dy)[None, :, None]
    x = np.arange(-176.0, 176.1, dx)[None, None, :]
    # the trunk: its front at y = -40 in the middle
    ratio = np.clip(np.abs(x) / 165.0, 0, 1)
    behind_skin = y - (-40.0 + 100.0 * (1 - np.sqrt(1 - ratio**2))) + 0 * z
    lateral = np.abs(x) < 165.0
    trunk = (behind_skin > 0) & lateral
    wall = (behind_skin > 14.0) & lateral
    breast = np.zeros(trunk.shape, np.uint8)
    level = np.full(trunk.shape, np.inf)
    nipples = {}
    for side, centre in ((Laterality.RIGHT, -82.0), (Laterality.LEFT, 82.0)):
        own = ((z - 4) / 68.0) ** 2 + ((y + 15) / 105.0) ** 2 + ((x - centre) / 62.0) ** 2
        level = np.minimum(level, own)
        breast[(own < 1) & ~wall] = side
        nipples[side] = np.array([centre, -120.0, 4.0])
    between = trunk & ~wall & (breast == 0) & (np.abs(x) < 82) & (np.abs(z - 4) < 55)
    breast[between] = np.where(np.broadcast_to(x, breast.shape)[between] > 0, 2, 1)
    body = trunk | (level < 1)
    sheets = np.abs(np.sin(x / 7.0) + np.sin(y / 9.0) + np.sin(z / 8.0)) < 0.6
    gland = sheets & (level < 0.55) & ~wall & (y < -20)
    skin = body & ~wall & (level > 0.955) & (~trunk | (behind_skin < 2.5))
    fat, water, dark_muscle, rim = (25.0, 90.0, 45.0, 80.0) if fat_suppressed else (90, 35, 35, 40)
    signal = np.where(body, fat, 0.0)
    signal[gland] = water
    signal[wall] = dark_muscle
    signal[wall & (behind_skin > 28)] = 6.0  # lung
    signal[skin] = rim
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 4.0, (2, *signal.shape))
    magnitude = np.hypot(signal + noise[0], noise[1]).astype(np.float32)
    affine = affine_from_axes(
        np.array([x.min(), y.min(), z.min()]),
        np.array([0, 0, dz]),
        np.array([0, dy, 0]),
        np.array([dx, 0, 0]),
    )
    return Phantom(Volume(magnitude, affine), breast, gland, nipples)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


@pytest.fixture(scope="module", params=[True, False], ids=["suppressed", "not suppressed"])
def found(request: pytest.FixtureRequest) -> tuple[Phantom, Anatomy, str]:
    phantom = make_phantom(fat_suppressed=request.param)
    anatomy, provenance = segment_anatomy(phantom.image)
    return phantom, anatomy, provenance.method


def test_both_breasts_are_found_to_a_dice_of_nine_tenths(
    found: tuple[Phantom, Anatomy, str],
) -> None:
    phantom, anatomy, _ = found
    for side in Laterality:
        assert dice(anatomy.breast == side, phantom.breast == side) > 0.9


def test_chest_is_not_called_breast(found: tuple[Phantom, Anatomy, str]) -> None:
    phantom, anatomy, _ = found
    dy = spacing_mm(phantom.image.affine)[1]
    back = phantom.breast.shape[1] - np.argmax((phantom.breast > 0)[:, ::-1], axis=1)
    over = (phantom.breast > 0).any(axis=1) & (anatomy.breast > 0).any(axis=1)
    found_back = phantom.breast.shape[1] - np.argmax((anatomy.breast > 0)[:, ::-1], axis=1)
    error = (found_back - back)[over] * dy
    # half a working voxel, half a full one, and the sheet's own smoothness
    assert abs(float(np.median(error))) < 3.0
    assert float(np.percentile(np.abs(error), 90)) < 6.0


def test_gland_is_found_in_fat(found: tuple[Phantom, Anatomy, str]) -> None:
    phantom, anatomy, _ = found
    assert dice(anatomy.fibroglandular, phantom.gland) > 0.75  # sheets of 3 to 6 mm
    assert not np.any(anatomy.fibroglandular & anatomy.skin)
    assert not np.any(anatomy.fibroglandular & (anatomy.breast == 0))


def test_fat_suppression_is_told_from_the_image(found: tuple[Phantom, Anatomy, str]) -> None:
    phantom, _, method = found
    bright_fat = "without fat suppression" in method
    expected = float(np.median(phantom.image.array[phantom.breast > 0])) > 60
    assert expected == bright_fat


def test_nipples_are_the_foremost_points(found: tuple[Phantom, Anatomy, str]) -> None:
    phantom, anatomy, _ = found
    for side, truth in phantom.nipples.items():
        assert np.linalg.norm(np.array(anatomy.nipples_mm_lps[side]) - truth) < 10.0


def test_skin_is_a_thin_shell_of_the_breast(found: tuple[Phantom, Anatomy, str]) -> None:
    _, anatomy, _ = found
    assert not np.any(anatomy.skin & (anatomy.breast == 0))
    assert 0.02 < anatomy.skin.sum() / (anatomy.breast > 0).sum() < 0.3


def test_the_input_is_not_changed_and_masks_share_its_grid(
    found: tuple[Phantom, Anatomy, str],
) -> None:
    phantom, anatomy, method = found
    again = make_phantom(fat_suppressed="without fat suppression" not in method)
    np.testing.assert_array_equal(again.image.array, phantom.image.array)
    np.testing.assert_array_equal(phantom.image.affine, anatomy.affine)


def test_a_mirrored_patient_has_mirrored_breasts() -> None:
    phantom = make_phantom()
    straight, _ = segment_anatomy(phantom.image, QUICK)
    mirrored, _ = segment_anatomy(
        replace(phantom.image, array=np.ascontiguousarray(phantom.image.array[:, :, ::-1])),
        QUICK,
    )
    swapped = np.array([0, 2, 1], np.uint8)[straight.breast[:, :, ::-1]]
    assert dice(mirrored.breast == 1, swapped == 1) > 0.98
    assert dice(mirrored.breast == 2, swapped == 2) > 0.98


def test_the_scale_of_the_signal_does_not_matter() -> None:
    phantom = make_phantom()
    plain, _ = segment_anatomy(phantom.image, QUICK)
    scaled, _ = segment_anatomy(replace(phantom.image, array=phantom.image.array * 37.0), QUICK)
    assert dice(plain.breast > 0, scaled.breast > 0) > 0.995
    assert dice(plain.fibroglandular, scaled.fibroglandular) > 0.99


def test_the_voxel_size_hardly_matters() -> None:
    fine = make_phantom(spacing=(2.0, 1.6, 1.6))
    anatomy, _ = segment_anatomy(fine.image, QUICK)
    assert dice(anatomy.breast > 0, fine.breast > 0) > 0.9


def test_one_breast_is_labelled_by_its_position_in_the_patient() -> None:
    phantom = make_phantom()
    half = phantom.image.array.shape[2] // 2
    for part, side in ((slice(None, half), Laterality.RIGHT), (slice(half, None), Laterality.LEFT)):
        affine = phantom.image.affine.copy()
        affine[:3, 3] += affine[:3, 2] * (part.start or 0)
        image = Volume(np.ascontiguousarray(phantom.image.array[:, :, part]), affine)
        anatomy, _ = segment_anatomy(image, QUICK)
        assert anatomy.sides == (side,)


def test_a_breast_cut_by_the_field_of_view_is_named() -> None:
    phantom = make_phantom()
    whole, _ = segment_anatomy(phantom.image, QUICK)
    x = phantom.image.affine[0, 3] + phantom.image.affine[0, 2] * np.arange(phantom.image.shape[2])
    part = np.ascontiguousarray(phantom.image.array[:, :, x < 95.0])  # the left breast is at 82 mm
    cut, _ = segment_anatomy(Volume(part, phantom.image.affine), QUICK)

    assert whole.cut_sides == ()
    assert cut.cut_sides == (Laterality.LEFT,)
    assert "breast_cut_by_field_of_view" in [caveat.code for caveat in cut.caveats]


def test_a_uniform_block_or_pure_noise_has_no_breast() -> None:
    affine = np.diag([3.0, 3.0, 3.0, 1.0])[[2, 1, 0, 3]]
    noise = np.random.default_rng(0).rayleigh(5.0, (40, 60, 60)).astype(np.float32)
    for array in (np.zeros((40, 60, 60)), np.full((40, 60, 60), 50.0), noise):
        anatomy, _ = segment_anatomy(Volume(array, affine))
        assert anatomy.sides == ()
        assert "no_breast_found" in [caveat.code for caveat in anatomy.caveats]


def test_a_single_slice_is_answered_without_an_error() -> None:
    phantom = make_phantom()
    image = Volume(phantom.image.array[32:33], phantom.image.affine)
    anatomy, _ = segment_anatomy(image)
    assert anatomy.breast.shape == image.shape


def _anatomical(path: Path) -> tuple[Volume, np.ndarray]:
    stored = nib.load(path)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ stored.affine  # RAS to LPS
    order = anatomical_orientation(affine)
    array = np.asarray(stored.dataobj, dtype=np.float32)
    volume = Volume(
        np.ascontiguousarray(order.apply(array)), order.apply_affine(affine, array.shape)
    )
    return volume, affine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "side"),
    [("1001", "left"), ("1002", "right"), ("1003", "left"), ("1008", "right")],
)
def test_lesions_of_real_sagittal_exams_lie_inside_the_breast(
    shared_data: Path, case: str, side: str
) -> None:
    image, _ = _anatomical(shared_data / "ispy1" / f"ISPY1_{case}_pre.nii.gz")
    lesion, _ = _anatomical(shared_data / "ispy1" / f"ISPY1_{case}_lesion.nii.gz")
    anatomy, _ = segment_anatomy(image)
    inside = (anatomy.breast > 0)[lesion.array > 0].mean()
    assert [s.word for s in anatomy.sides] == [side]
    assert inside > 0.95  # regression figure, not an accuracy claim: outlines of one person


@pytest.mark.slow
def test_a_real_lesion_near_the_chest_wall_is_not_cut_off(shared_data: Path) -> None:
    folder = shared_data / "tcga_ao_a03m"
    pre, _ = _anatomical(folder / "TCGA-AO-A03M_breastA_pre.nii.gz")
    post, _ = _anatomical(folder / "TCGA-AO-A03M_breastA_post1.nii.gz")
    anatomy, _ = segment_anatomy(pre)
    assert [s.word for s in anatomy.sides] == ["left"]
    rise = (post.array - pre.array) / np.maximum(pre.array, 100.0)
    mass = (rise[:, :, 20:30] > 1.0) & (anatomy.breast[:, :, 20:30] > 0)
    assert mass.sum() * np.prod(spacing_mm(pre.affine)) > 1000.0  # more than 1 ml of bright rise
    tip = to_index(pre.affine, np.array(anatomy.nipples_mm_lps[Laterality.LEFT]))
    assert 0 < tip[1] < pre.shape[1] / 2

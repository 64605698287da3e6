"""T2-weighted signal, painted by place in the patient, on another grid than the findings."""

from collections.abc import Mapping

import numpy as np
import pytest

from mamri.findings.fluid_signal import FluidSettings, FluidSignal, fluid_signals
from mamri.geometry import to_lps
from mamri.records import Anatomy, LabelMap, Laterality, Volume
from strategies import axis_aligned

# Two breasts of 40 mm, right below x = 0; rows to the back, columns to the left, 2 x 1.5 x 1.5 mm.
AFFINE = axis_aligned((2, 1, 0), (1, 1, 1), (2.0, 1.5, 1.5), np.array([-43.0, 0.0, 0.0]))
SHAPE = (21, 28, 58)
# Sagittal, from left to right, feet down: slices along x, rows along z, columns along y.
T2_AFFINE = axis_aligned((0, 2, 1), (-1, -1, 1), (2.5, 1.2, 1.2), np.array([44.0, 0.3, 40.5]))
T2_SHAPE = (36, 34, 34)
CENTRES = {1: np.array([-22.0, 20.0, 20.0]), 2: np.array([22.0, 20.0, 20.0])}
RADIUS = 6.0
DARK, GLAND, LESION, SKIN = 20.0, 100.0, 150.0, 500.0


def lps(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return to_lps(affine, np.indices(shape).reshape(3, -1).T).reshape(*shape, 3)


def away(points: np.ndarray, number: int) -> np.ndarray:
    return np.linalg.norm(points - CENTRES[number], axis=-1)


def is_gland(points: np.ndarray) -> np.ndarray:
    return (points[..., 1] > 34) & (points[..., 1] < 39)


def side(points: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    inside = (np.abs(x) > 2) & (np.abs(x) < 42) & (y > 0) & (y < 40) & (z > 0) & (z < 40)
    return np.where(inside, np.where(x < 0, Laterality.RIGHT, Laterality.LEFT), 0)


def anatomy() -> Anatomy:
    points = lps(AFFINE, SHAPE)
    breast = side(points).astype(np.uint8)
    skin = (points[..., 1] < 3) & (breast > 0)
    glands = is_gland(points) & (breast > 0)
    return Anatomy(breast, glands, skin, breast > 0, AFFINE, {}, "boxes")


def labels(*numbers: int) -> LabelMap:
    points = lps(AFFINE, SHAPE)
    array = np.zeros(SHAPE, np.uint16)
    for number in numbers:
        array[away(points, number) <= RADIUS] = number
    return LabelMap(array, AFFINE)


def t2(
    fat: float = DARK,
    *,
    oedema: int | None = None,
    gains: tuple[float, float] = (1.0, 1.0),
    affine: np.ndarray = T2_AFFINE,
    shape: tuple[int, ...] = T2_SHAPE,
) -> Volume:
    """Fat, glands, lesions, bright water around one of them; skin very bright."""
    points = lps(affine, shape)
    signal = np.full(shape, fat)
    if oedema is not None:
        signal[away(points, oedema) <= 16] = GLAND
    signal[is_gland(points)] = GLAND
    signal[points[..., 1] < 2] = SKIN
    for number in CENTRES:
        signal[away(points, number) <= RADIUS] = LESION
    right, left = gains
    return Volume(signal * np.where(points[..., 0] < 0, right, left), affine)


def measured(image: Volume, *numbers: int, **settings: object) -> Mapping[int, FluidSignal]:
    return fluid_signals(
        image,
        labels(*(numbers or (1, 2))),
        anatomy(),
        FluidSettings(**{"ring_mm": (3.0, 10.0)} | settings),
    )


def test_signal_is_told_against_the_tissue_of_the_breast():
    found = measured(t2())

    assert [1, 2] == sorted(found)
    for signal in found.values():
        assert signal.finding_ratio == pytest.approx(LESION / GLAND)
        assert signal.fat_ratio == pytest.approx(DARK / GLAND)
        assert signal.fat_is_dark is True


def test_a_bright_ring_in_dark_fat_is_wet_and_that_of_the_other_breast_is_not():
    found = measured(t2(oedema=1))

    assert found[1].wet_percent > 80
    assert found[2].wet_percent < 20
    assert found[1].breast_wet_percent < 50
    assert found[2].breast_wet_percent < 20


def test_grid_and_orientation_of_the_t2_series_do_not_matter():
    axial = axis_aligned((2, 1, 0), (-1, 1, 1), (3.0, 1.1, 1.1), np.array([-44.0, 0.0, 41.0]))
    sagittal = measured(t2(oedema=2))

    other = measured(t2(oedema=2, affine=axial, shape=(15, 38, 80)))

    for number in (1, 2):
        assert sagittal[number].finding_ratio == pytest.approx(other[number].finding_ratio)
        assert sagittal[number].wet_percent == pytest.approx(other[number].wet_percent, abs=8)


def test_mirrored_storage_gives_the_same_numbers():
    image = t2(oedema=1)
    flipped = T2_AFFINE.copy()
    flipped[:3, 3] = to_lps(T2_AFFINE, np.array(T2_SHAPE) - 1)
    flipped[:, :3] *= -1

    assert measured(image) == measured(Volume(image.array[::-1, ::-1, ::-1], flipped))


def test_bright_fat_was_not_suppressed():
    signal = measured(t2(fat=140.0))[1]

    assert signal.fat_is_dark is False
    assert signal.fat_ratio == pytest.approx(1.4)
    assert np.isnan([signal.wet_percent, signal.breast_wet_percent]).all()


@pytest.mark.parametrize(("limit", "is_dark"), [(0.19, False), (0.21, True)])
def test_the_limit_of_dark_fat_is_honoured(limit, is_dark):
    assert is_dark is measured(t2(), fat_is_dark_below=limit)[1].fat_is_dark


def test_each_breast_has_its_own_reference():
    even, uneven = measured(t2(oedema=1)), measured(t2(oedema=1, gains=(1.0, 7.0)))

    assert even[1] == uneven[1]
    for name in ("finding_ratio", "fat_ratio", "wet_percent", "breast_wet_percent"):
        assert getattr(even[2], name) == pytest.approx(getattr(uneven[2], name))


def test_skin_takes_no_part():
    image = t2()

    darker = np.where(image.array == SKIN, -1e6, image.array)

    assert measured(image) == measured(Volume(darker, T2_AFFINE))


def test_voxels_without_a_number_take_no_part():
    holed = np.array(t2().array)
    holed[:, :, ::5][holed[:, :, ::5] != LESION] = np.nan

    signal = measured(Volume(holed, T2_AFFINE))[1]

    assert signal.finding_ratio == pytest.approx(LESION / GLAND)
    assert signal.fat_ratio == pytest.approx(DARK / GLAND)
    assert signal.wet_percent == pytest.approx(0, abs=10)


def test_a_finding_outside_both_breasts_is_not_measured():
    array = np.array(labels(1).array)
    array[0:2, 0:2, 28:31] = 2  # between the breasts

    assert [1] == list(fluid_signals(t2(), LabelMap(array, AFFINE), anatomy()))


def test_too_few_voxels_say_nothing():
    signal = measured(t2(), least_voxels=10**6).get(1, FluidSignal())

    assert signal.fat_is_dark is None
    assert np.isnan([signal.finding_ratio, signal.fat_ratio, signal.wet_percent]).all()


def test_a_t2_image_that_does_not_show_the_breast_says_nothing():
    far = T2_AFFINE.copy()
    far[2, 3] += 500

    found = measured(Volume(t2().array, far))

    assert all(signal.fat_is_dark is None for signal in found.values())


def test_without_signal_in_the_tissue_there_is_no_ratio():
    signal = measured(Volume(np.zeros(T2_SHAPE), T2_AFFINE)).get(1, FluidSignal())

    assert np.isnan(signal.finding_ratio)
    assert signal.fat_is_dark is None


def test_water_around_a_finding_is_not_that_of_its_breast():
    found = measured(t2(oedema=1))

    assert found[1].breast_wet_percent == pytest.approx(found[2].breast_wet_percent, abs=10)


def test_two_findings_of_one_breast_share_its_reference(monkeypatch):
    monkeypatch.setitem(CENTRES, 3, np.array([-34.0, 10.0, 8.0]))

    found = measured(t2(oedema=1), 1, 3)

    assert found[1].breast_wet_percent == found[3].breast_wet_percent
    assert found[1].fat_ratio == found[3].fat_ratio
    assert found[1].wet_percent > found[3].wet_percent


def test_a_bright_neighbour_is_no_water(monkeypatch):
    monkeypatch.setitem(CENTRES, 3, CENTRES[1] + np.array([0.0, -14.0, 0.0]))
    image = t2()
    core = away(lps(T2_AFFINE, T2_SHAPE), 3) <= RADIUS - 1.5

    dark = Volume(np.where(core, DARK, image.array), T2_AFFINE)

    assert measured(image, 1, 3)[1].wet_percent == measured(dark, 1, 3)[1].wet_percent


def test_tissue_around_a_finding_is_no_water(monkeypatch):
    far = measured(t2(), 1)[1].wet_percent
    monkeypatch.setitem(CENTRES, 1, np.array([-22.0, 27.0, 20.0]))  # touches the tissue

    assert measured(t2(), 1)[1].wet_percent == pytest.approx(far, abs=8)

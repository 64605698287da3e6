import numpy as np
import pytest

from mamri.kinetics import (
    ParenchymalSettings,
    background_parenchymal_enhancement,
    parenchymal_category,
)
from mamri.records import Anatomy, DynamicSeries, GeometryError, Laterality, Status

SHAPE = (12, 20, 40)
TIMES = np.array([0.0, 90, 150, 450])


def exam(right=30.0, left=60.0, times=TIMES, spacing=1.0):
    """Tissue with the given enhancement at 90 s in each breast, and twice that later."""
    breast = np.zeros(SHAPE, np.uint8)
    breast[:, 5:, :18], breast[:, 5:, 22:] = 1, 2
    tissue = np.zeros(SHAPE, bool)
    tissue[:, 8:15, 3:15], tissue[:, 8:15, 25:37] = True, True
    array = np.zeros((len(times), *SHAPE))
    array[:, breast > 0] = 100
    for side, percent in ((1, right), (2, left)):
        inside = tissue & (breast == side)
        array[1:, inside] *= 1 + percent / 100
        array[2:, inside] *= 1 + percent / 100
    affine = np.diag([spacing, spacing, spacing, 1.0])
    nothing = np.zeros(SHAPE, bool)
    anatomy = Anatomy(breast, tissue, nothing, breast > 0, affine, {}, "painted")
    return DynamicSeries(array, affine, times), anatomy


def test_each_side_has_its_own_enhancement_and_category():
    measured, caveats, _ = background_parenchymal_enhancement(*exam())
    right, left = measured[Laterality.RIGHT], measured[Laterality.LEFT]
    assert (30, 60) == pytest.approx((right.median_percent, left.median_percent))
    assert ("mild", "moderate") == (right.category, left.category)
    assert (100, 12 * 7 * 12 * 1e-3) == pytest.approx(
        (right.enhancing_share_percent, right.tissue_ml)
    )
    assert () == caveats


def test_the_phase_nearest_90_seconds_is_read():
    settings = ParenchymalSettings(phase_s=150)
    measured, _, provenance = background_parenchymal_enhancement(*exam(right=100), settings)
    assert 300 == pytest.approx(measured[Laterality.RIGHT].median_percent)
    assert "150 s after injection" in provenance.method


def test_lesions_and_vessels_are_left_out():
    series, anatomy = exam(right=10, spacing=1.5)
    array = series.array.copy()
    lesion = np.zeros(SHAPE, bool)
    lesion[:, 8:10, 3:15] = True
    array[1:, lesion] = 400
    bright = DynamicSeries(array, series.affine, TIMES)
    without, _, _ = background_parenchymal_enhancement(bright, anatomy, exclude=lesion)
    assert 10 == pytest.approx(without[Laterality.RIGHT].mean_percent)
    assert 60 == pytest.approx(without[Laterality.LEFT].mean_percent)


def test_a_few_bright_vessels_do_not_move_the_median():
    series, anatomy = exam(right=10)
    array = series.array.copy()
    array[1:, :, 8, 3:15] = 900
    bright = DynamicSeries(array, series.affine, TIMES)
    measured, _, _ = background_parenchymal_enhancement(bright, anatomy)
    assert 10 == pytest.approx(measured[Laterality.RIGHT].median_percent)
    assert measured[Laterality.RIGHT].mean_percent > 50


def test_too_little_tissue_is_undetermined_and_said():
    measured, caveats, _ = background_parenchymal_enhancement(*exam(spacing=0.5))
    assert Status.UNDEFINED is measured[Laterality.RIGHT].status
    assert "undetermined" == measured[Laterality.LEFT].category
    assert ["background_enhancement_undetermined"] * 2 == [caveat.code for caveat in caveats]


@pytest.mark.parametrize("times", [[0.0], [60.0, 90.0]])
def test_without_baseline_or_contrast_it_is_not_computed(times):
    measured, _, _ = background_parenchymal_enhancement(*exam(times=np.array(times)))
    assert {Status.NOT_COMPUTED} == {m.status for m in measured.values()}


def test_two_phases_are_enough():
    series, anatomy = exam()
    short = DynamicSeries(series.array[:2], series.affine, TIMES[:2])
    measured, _, _ = background_parenchymal_enhancement(short, anatomy)
    assert "mild" == measured[Laterality.RIGHT].category


@pytest.mark.parametrize(
    ("percent", "category"),
    [
        (-5.0, "minimal"),
        (24.9, "minimal"),
        (25.0, "mild"),
        (50.0, "moderate"),
        (75.0, "marked"),
        (300.0, "marked"),
        (np.nan, "undetermined"),
    ],
)
def test_cut_offs_part_the_categories(percent, category):
    assert category == parenchymal_category(percent, (25.0, 50.0, 75.0))


def test_masks_on_another_grid_are_refused():
    series, anatomy = exam()
    with pytest.raises(GeometryError, match="on the grid of the series"):
        background_parenchymal_enhancement(series, anatomy, exclude=np.zeros((1, 2, 3), bool))

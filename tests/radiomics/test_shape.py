"""Form against solids whose form is known, and spatial sums against all pairs."""

import numpy as np
import pytest

from mamri.radiomics.local_intensity import PEAK_RADIUS_MM, local_intensity
from mamri.radiomics.shape import ellipsoid_area, shape_features, spatial_features


def ball(radius_mm: float, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    half = [int(radius_mm / step) + 2 for step in spacing_mm]
    grid = np.meshgrid(
        *[np.arange(-n, n + 1) * step for n, step in zip(half, spacing_mm, strict=True)],
        indexing="ij",
    )
    return sum(axis**2 for axis in grid) <= radius_mm**2


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.7, 0.7)])
def test_a_ball_is_round(spacing: tuple[float, float, float]):
    found = shape_features(ball(15.0, spacing), spacing)

    # Volume within 2 %. Voxels make the surface rough and the longest line longer: the surface by
    # up to 9 % with cubes, 17 % with slices of three times their side.
    roundest = 0.91 if spacing[0] == 1.0 else 0.85
    assert 4 / 3 * np.pi * 15**3 == pytest.approx(found["volume"], rel=0.02)
    assert 30 == pytest.approx(found["maximum_diameter"], rel=0.07)
    assert roundest < found["sphericity"] < 1
    assert 1 == pytest.approx(found["elongation"], abs=0.02)
    # The axes of a solid ball: 4 times the standard deviation, R / sqrt(5), of its points.
    assert 4 * 15 / np.sqrt(5) == pytest.approx(found["major_axis_length"], rel=0.02)


def test_a_block_fills_its_box_but_for_its_cut_edges():
    found = shape_features(np.ones((20, 30, 40), bool), (1.0, 1.0, 1.0))

    assert 24_000 == found["approximate_volume"]
    assert 1 == pytest.approx(found["volume_density_bounding_box"], abs=0.01)
    assert 1 == pytest.approx(found["volume_density_convex_hull"], abs=0.005)
    assert 20 / 40 == pytest.approx(found["flatness"], abs=0.01)


def test_shape_follows_the_voxel_size():
    mask = np.random.default_rng(0).random((6, 6, 6)) > 0.3
    one, two = shape_features(mask, (1.0, 1.0, 1.0)), shape_features(mask, (2.0, 2.0, 2.0))

    assert 8 * one["volume"] == pytest.approx(two["volume"])
    assert 4 * one["surface_area"] == pytest.approx(two["surface_area"])
    assert one["sphericity"] == pytest.approx(two["sphericity"])


def test_a_row_of_voxels_has_no_ellipsoid():
    found = shape_features(np.ones((1, 1, 5), bool), (1.0, 1.0, 1.0))

    assert 0 == found["flatness"]
    assert np.isnan(found["volume_density_ellipsoid"])


def test_one_voxel_has_no_elongation():
    found = shape_features(np.ones((1, 1, 1), bool), (1.0, 1.0, 1.0))

    assert 0 == found["major_axis_length"]
    assert np.isnan(found["elongation"])


def test_equal_axes_are_the_limit_of_nearly_equal_ones():
    def area(*half: float) -> float:
        return ellipsoid_area(np.array(half))

    assert area(5.0, 5.0 - 1e-9, 3.0) == pytest.approx(area(5.0, 5.0, 3.0), rel=1e-6)
    assert 4 * np.pi * 25 == pytest.approx(area(5.0, 5.0, 5.0))


def test_autocorrelation_is_the_sum_over_all_pairs():
    rng = np.random.default_rng(2)
    image, inside = rng.normal(size=(4, 5, 6)), rng.random((4, 5, 6)) > 0.4
    spacing = np.array([2.0, 1.0, 0.5])
    points, x = np.argwhere(inside) * spacing, image[inside]
    apart = np.sqrt(((points[:, None] - points) ** 2).sum(axis=-1))
    np.fill_diagonal(apart, np.inf)
    w, d = 1 / apart, x - x.mean()
    moran = x.size / w.sum() * (w * d[:, None] * d).sum() / (d**2).sum()
    geary = (x.size - 1) / (2 * w.sum()) * (w * (x[:, None] - x) ** 2).sum() / (d**2).sum()
    found = spatial_features(image, inside, inside, (2.0, 1.0, 0.5))

    assert moran == pytest.approx(found["moran_i"])
    assert geary == pytest.approx(found["geary_c"])


def test_equal_intensities_have_no_autocorrelation_and_no_shift():
    mask = ball(4.0, (1.0, 1.0, 1.0))
    found = spatial_features(np.full(mask.shape, 3.0), mask, mask, (1.0, 1.0, 1.0))

    assert 0 == pytest.approx(found["centre_of_mass_shift"], abs=1e-9)
    assert np.isnan(found["moran_i"])


def test_peaks_are_means_over_a_sphere_of_one_millilitre():
    image = np.random.default_rng(4).random((17, 17, 17))
    inside = np.zeros(image.shape, bool)
    inside[6:11, 6:11, 6:11] = True
    centre = np.argwhere(inside)[image[inside].argmax()]
    away = np.sqrt(((np.indices(image.shape).T - centre) ** 2).sum(axis=-1)).T
    found = local_intensity(image, inside, (1.0, 1.0, 1.0))

    assert image[away <= PEAK_RADIUS_MM].mean() == pytest.approx(found["local_peak"])
    assert found["global_peak"] >= found["local_peak"]

"""Coil shading on a phantom whose shading is known."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from mamri.normalization import BiasFieldSettings, correct_bias_field
from mamri.records import GeometryError, Volume

SHAPE = (36, 48, 60)
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])[[2, 1, 0, 3]]
SETTINGS = BiasFieldSettings(working_spacing_mm=6.0)


def body() -> np.ndarray:
    z, y, x = (np.linspace(-1, 1, n) for n in SHAPE)
    return z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 < 0.8


def tissue() -> np.ndarray:
    rng = np.random.default_rng(1)
    blocks = rng.random((9, 12, 15)) > 0.6
    gland = np.kron(blocks, np.ones((4, 4, 4), bool))
    signal = np.where(body(), np.where(gland, 200.0, 100.0), 0.0)
    return signal + np.abs(rng.normal(0, 3, SHAPE))


def shading() -> np.ndarray:
    _, y, x = (np.linspace(-1, 1, n) for n in SHAPE)
    return np.broadcast_to(np.exp(-0.5 * y[:, None] + 0.3 * x), SHAPE)


@pytest.fixture(scope="module")
def shaded() -> Volume:
    return Volume((tissue() * shading()).astype(np.int16), AFFINE)


def test_most_of_a_known_shading_is_taken_out(shaded):
    field, _ = correct_bias_field(shaded, settings=SETTINGS)
    inside = body()
    truth = np.log(shading())[inside]
    left = np.log(field.on(shaded).array)[inside] - truth
    assert truth.std() > 0.15
    assert left.std() < 0.35 * truth.std()


def test_the_corrected_image_is_the_image_divided_by_the_field(shaded):
    field, _ = correct_bias_field(shaded, settings=SETTINGS)
    again = field.corrected.array * field.on(shaded).array
    assert field.corrected.array.dtype == np.float32
    assert again == pytest.approx(shaded.array.astype(float), rel=1e-4, abs=1e-3)


def test_two_runs_agree_to_the_last_bit(shaded):
    first, _ = correct_bias_field(shaded, settings=SETTINGS)
    second, _ = correct_bias_field(shaded, settings=SETTINGS)
    np.testing.assert_array_equal(first.corrected.array, second.corrected.array)


def test_the_field_does_not_depend_on_what_itk_did_before(shaded):
    first, _ = correct_bias_field(shaded, settings=SETTINGS)
    rough = np.random.default_rng(0).normal(size=(24, 24, 24)).astype(np.float32)
    image = sitk.GetImageFromArray(ndimage.gaussian_filter(rough, 2))
    elastix = sitk.ElastixImageFilter()
    elastix.LogToConsoleOff()
    elastix.SetOutputDirectory("")
    elastix.SetNumberOfThreads(2)
    elastix.SetFixedImage(image)
    elastix.SetMovingImage(image)
    elastix.SetParameterMap(sitk.GetDefaultParameterMap("translation", 1))
    elastix.Execute()
    second, _ = correct_bias_field(shaded, settings=SETTINGS)
    np.testing.assert_array_equal(first.coarse.array, second.coarse.array)


def test_the_signal_level_is_kept(shaded):
    field, _ = correct_bias_field(shaded, body(), settings=SETTINGS)
    assert abs(np.log(field.on(shaded).array[body()]).mean()) < 0.05


def test_zeros_negatives_and_nan_leave_a_finite_positive_field(shaded):
    array = shaded.array.astype(np.float32)
    array[20:24, 20:24, 20:24] = 0.0
    array[10:12] = -50.0
    array[5, 5, 5] = np.nan
    field, _ = correct_bias_field(Volume(array, AFFINE), settings=SETTINGS)
    assert np.all(np.isfinite(field.coarse.array))
    assert field.coarse.array.min() > 0


@pytest.mark.parametrize("value", [0, 7])
def test_an_image_without_tissue_comes_back_unchanged(value):
    flat = Volume(np.full((8, 8, 8), value, np.int16), AFFINE)
    field, _ = correct_bias_field(flat)
    np.testing.assert_array_equal(np.full((8, 8, 8), value, np.float32), field.corrected.array)


def test_an_empty_mask_gives_a_field_of_one(shaded):
    field, _ = correct_bias_field(shaded, np.zeros(SHAPE, bool), settings=SETTINGS)
    assert np.all(field.coarse.array == 1.0)


def test_a_mask_on_another_grid_is_refused(shaded):
    with pytest.raises(GeometryError, match="share one grid"):
        correct_bias_field(shaded, np.ones((2, 2, 2), bool))


def test_the_method_sentence_names_the_grid_and_the_source(shaded):
    _, provenance = correct_bias_field(shaded, settings=SETTINGS)
    assert "6 mm" in provenance.method
    assert any("10.1109/TMI.2010.2046908" in text for text in provenance.references)

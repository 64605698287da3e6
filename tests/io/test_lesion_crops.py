"""Crops on disk: what was written comes back within half precision, or is refused."""

from dataclasses import replace

import numpy as np
import pytest

from mamri.io.lesion_crops import crop_path, read_crop, write_crop
from mamri.records import InputError, IntensityLandmarks, Laterality, LesionCrop

N = 12


def _crop(**images: np.ndarray) -> LesionCrop:
    rng = np.random.default_rng(1)
    percentiles = tuple(np.linspace(900, 1100, 11))
    mask = rng.random((N, N, N)) < 0.1
    images = images or {
        "pre": rng.normal(1000, 60, mask.shape),
        "first_post": rng.normal(1500, 200, mask.shape),
        "late": rng.normal(1400, 200, mask.shape),
        "t2": rng.normal(3000, 300, mask.shape),
        "adc": rng.normal(1.2, 0.3, mask.shape),
    }
    landmarks = {
        "dynamic": IntensityLandmarks(percentiles, 1300.0, 250.0, 1010.0, float("nan")),
        "t2": IntensityLandmarks(percentiles, 2900.0, 400.0, 2800.0, 3500.0),
    }
    images = {name: image.astype(np.float32) for name, image in images.items()}
    return LesionCrop(3, Laterality.LEFT, 1.5, images, mask, landmarks)


def test_a_crop_comes_back_within_half_precision(tmp_path):
    crop = _crop()

    path = write_crop(tmp_path, crop)
    found = read_crop(path)

    assert crop_path(tmp_path, 3) == path
    assert "finding_3.safetensors" == path.name
    assert (3, Laterality.LEFT, 1.5) == (found.finding, found.side, found.spacing_mm)
    np.testing.assert_array_equal(crop.mask, found.mask)
    assert list(crop.images) == sorted(found.images, key=list(crop.images).index)
    for name, image in crop.images.items():
        spread = {"t2": 400.0, "adc": 2.0}.get(name, 250.0)
        # 11 bits: values within two spreads are kept to 2**-11 of a spread, farther ones to more.
        far = np.maximum(np.abs(image - {"t2": 2900, "adc": 0}.get(name, 1300)), spread)
        assert (np.abs(found.images[name] - image) <= far * 2**-10).all()
        assert np.float32 == found.images[name].dtype


def test_landmarks_come_back_whole(tmp_path):
    crop = _crop()

    found = read_crop(write_crop(tmp_path, crop)).landmarks

    assert crop.landmarks["t2"] == found["t2"]
    assert np.isnan(found["dynamic"].fat)
    assert replace(crop.landmarks["dynamic"], fat=0.0) == replace(found["dynamic"], fat=0.0)


def test_large_intensities_do_not_overflow(tmp_path):
    high = np.full((N, N, N), 1e6)
    crop = _crop(pre=high)
    levels = replace(crop.landmarks["dynamic"], mean=9e5, sd=1e5)
    crop = replace(crop, landmarks={"dynamic": levels})

    found = read_crop(write_crop(tmp_path, crop)).images["pre"]

    np.testing.assert_allclose(found, 1e6, rtol=1e-3)


def test_an_image_without_spread_comes_back(tmp_path):
    crop = _crop(pre=np.full((N, N, N), 5.0))
    levels = replace(crop.landmarks["dynamic"], mean=5.0, sd=0.0)

    found = read_crop(write_crop(tmp_path, replace(crop, landmarks={"dynamic": levels})))

    np.testing.assert_array_equal(found.images["pre"], 5.0)


def test_the_same_crop_makes_the_same_bytes(tmp_path):
    first = write_crop(tmp_path / "a", _crop()).read_bytes()

    assert first == write_crop(tmp_path / "b", _crop()).read_bytes()


@pytest.mark.parametrize("fault", ["missing", "cut", "other", "no text", "schema"])
def test_what_is_no_crop_is_refused(tmp_path, fault):
    from safetensors.numpy import save_file

    path = write_crop(tmp_path / "exam", _crop())
    if fault == "missing":
        path.unlink()
    elif fault == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif fault == "other":
        path.write_bytes(b"no crop at all")
    elif fault == "no text":
        save_file({"mask": np.zeros((2, 2, 2))}, path)
    else:
        path.write_bytes(path.read_bytes().replace(b"mamri-crop/1", b"mamri-crop/9"))

    with pytest.raises(InputError, match=r"finding_3.safetensors in exam is missing or another"):
        read_crop(path)

import numpy as np
import pytest

from mamri.segmentation.fibroglandular import find_fibroglandular, fit_tissue_model


def tissue(*, fat_suppressed: bool, coil: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z, y, x = np.meshgrid(*(np.arange(n, dtype=float) for n in (40, 40, 40)), indexing="ij")
    inner = (z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 < 18**2
    gland = inner & (np.abs(np.sin(x / 3) + np.sin(y / 4) + np.sin(z / 3.5)) < 0.45)
    fat, water = (30.0, 100.0) if fat_suppressed else (100.0, 35.0)
    image = np.where(gland, water, fat) * np.exp(-coil * y / 40)
    image += np.random.default_rng(0).normal(0, 3.0, image.shape)
    return image.astype(np.float32), inner, gland


@pytest.mark.parametrize("fat_suppressed", [True, False])
@pytest.mark.parametrize("coil", [0.0, 0.5])
def test_gland_is_told_from_fat_through_the_coil_field(fat_suppressed: bool, coil: float) -> None:
    image, inner, gland = tissue(fat_suppressed=fat_suppressed, coil=coil)
    model = fit_tissue_model(image, inner, spacing=2.0, air=1.0, fat_suppressed=fat_suppressed)
    assert model is not None
    found = find_fibroglandular(
        image,
        inner,
        model.field + model.threshold,
        spacing=(2.0, 2.0, 2.0),
        fat_suppressed=fat_suppressed,
    )
    assert 2 * (found & gland).sum() / (found.sum() + gland.sum()) > 0.85
    assert (model.gland > 0) == fat_suppressed


def test_too_little_tissue_has_no_model() -> None:
    image = np.ones((5, 5, 5))
    inner = np.ones((5, 5, 5), bool)
    assert fit_tissue_model(image, inner, spacing=2.0, air=0.0, fat_suppressed=True) is None

import numpy as np
import pytest

from mamri.normalization.intensity_level import normalised_intensity


def test_level_and_spread_do_not_matter() -> None:
    image = np.random.default_rng(1).gamma(2.0, 50.0, (20, 30, 40)).astype(np.float32)

    np.testing.assert_allclose(
        normalised_intensity(image), normalised_intensity(7 * image + 300), atol=2e-4
    )


def test_an_image_without_contrast_is_zero() -> None:
    assert not normalised_intensity(np.full((4, 4, 4), 7.0)).any()


def test_the_training_stream_normalises_alike() -> None:
    torch = pytest.importorskip("torch")
    from mamri.training import normalised

    image = np.random.default_rng(2).gamma(2.0, 50.0, (40, 50, 60)).astype(np.float32)
    image[3, 3, 3] = 1e6
    tensor = torch.from_numpy(image)

    np.testing.assert_allclose(
        normalised(tensor, tensor).numpy(), normalised_intensity(image), atol=1e-4
    )
    assert 20.0 == normalised_intensity(image).max()

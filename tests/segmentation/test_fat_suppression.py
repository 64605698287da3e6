import numpy as np
import pytest
from scipy import ndimage

from mamri.segmentation.fat_suppression import is_fat_suppressed


@pytest.mark.parametrize("suppressed", [True, False])
def test_fat_suppression_is_told_from_skin_fat_and_gland(suppressed: bool) -> None:
    z, y, x = np.meshgrid(*(np.arange(-30.0, 31.0),) * 3, indexing="ij")
    breast = z**2 + y**2 + x**2 < 28**2
    depth = ndimage.distance_transform_edt(breast, sampling=2.0) - 1.0
    fat, gland, skin = (30.0, 100.0, 80.0) if suppressed else (100.0, 35.0, 40.0)
    image = np.where(breast, fat, 5.0)
    image[breast & (np.abs(np.sin(x / 3) + np.sin(y / 4)) < 0.4) & (depth > 10)] = gland
    image[breast & (depth < 2)] = skin
    assert is_fat_suppressed(image, breast, breast, depth) is suppressed


def test_nothing_is_told_from_too_little_breast() -> None:
    empty = np.zeros((5, 5, 5), bool)
    assert is_fat_suppressed(np.ones((5, 5, 5)), empty, empty, np.zeros((5, 5, 5))) is None

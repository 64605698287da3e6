import numpy as np
import pytest

from mamri.segmentation.nipple import find_nipple


def test_the_nipple_is_the_foremost_point() -> None:
    s, c = np.meshgrid(np.arange(40.0), np.arange(50.0), indexing="ij")
    front = 60.0 + 0.1 * ((s - 22) ** 2 + (c - 18) ** 2)
    front[:, 45:] = np.nan
    assert find_nipple(front, spacing=2.0) == pytest.approx((22, 30, 18), abs=1.0)


def test_no_breast_has_no_nipple() -> None:
    assert find_nipple(np.full((4, 4), np.nan), spacing=2.0) is None

import numpy as np

from mamri.segmentation.skin import find_skin


def test_skin_is_the_breast_near_air() -> None:
    breast = np.ones((1, 1, 4), bool)
    breast[..., 3] = False
    depth = np.array([[[0.5, 2.0, 3.0, 1.0]]])
    np.testing.assert_array_equal(
        [[[True, True, False, False]]], find_skin(breast, depth, thickness_mm=2.5)
    )

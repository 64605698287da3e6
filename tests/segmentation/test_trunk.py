import numpy as np

from mamri.segmentation.trunk import (
    CHEST_HALF_DEPTH_MM,
    CHEST_HALF_WIDTH_MM,
    front_depth,
    trunk_depth,
)


def test_front_depth_is_the_first_tissue_of_each_column() -> None:
    body = np.zeros((2, 5, 2), bool)
    body[0, 3:, 0] = True
    depth = front_depth(body)
    assert depth[0, 0] == 3
    assert np.isnan(depth[1, 1])


def test_breasts_do_not_pull_the_trunk_forward() -> None:
    x = np.arange(-140.0, 141.0, 4.0)
    z = np.arange(-90.0, 91.0, 4.0)
    arc = CHEST_HALF_DEPTH_MM * (1 - np.sqrt(1 - (x / CHEST_HALF_WIDTH_MM) ** 2))
    trunk = 100.0 + np.broadcast_to(arc, (z.size, x.size))
    front = trunk.copy()
    for centre in (-80.0, 80.0):
        bump = 1 - (z[:, None] / 60.0) ** 2 - ((x[None] - centre) / 55.0) ** 2
        front -= 80.0 * np.sqrt(np.clip(bump, 0, None))
    error = trunk_depth(front, x, z) - trunk
    assert np.abs(np.median(error)) < 5.0
    assert np.abs(error).max() < 25.0

import numpy as np
import pytest

from mamri.segmentation.chest_wall import find_chest_wall


def layers(*, fat_suppressed: bool | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fat over a wavy wall of 16 mm muscle over lung; returns image, skin, trunk and truth."""
    z, x = np.meshgrid(np.arange(50), np.arange(60), indexing="ij")
    truth = 110.0 + 8.0 * np.sin(z / 15.0) + 6.0 * np.cos(x / 18.0)
    depth = (np.arange(100) + 0.5)[None, :, None] * 2.0
    behind = depth - truth[:, None, :]
    fat, muscle = (90.0, 30.0) if fat_suppressed is False else (30.0, 50.0)
    image = np.where(behind < 0, fat, np.where(behind < 16, muscle, 8.0))
    image = np.where(depth < 40.0, 4.0, image)
    image = image + np.random.default_rng(2).normal(0, 2.0, image.shape)
    return image, np.full(truth.shape, 40.0), np.full(truth.shape, 100.0), truth


@pytest.mark.parametrize("fat_suppressed", [True, False, None])
def test_the_front_of_the_muscle_is_found_to_two_millimetres(
    fat_suppressed: bool | None,
) -> None:
    image, front, trunk, truth = layers(fat_suppressed=fat_suppressed)
    wall = find_chest_wall(image, front, trunk, spacing=2.0, air=4.0, fat_suppressed=fat_suppressed)
    error = (wall.depth_mm - truth)[4:-4, 4:-4]
    # depths of the wall are voxel centres, those of the truth borders: half a voxel apart
    assert float(np.median(np.abs(error))) < 2.0
    assert float(np.percentile(np.abs(error), 95)) < 4.0
    assert float(wall.evidence.mean()) > 0.3


def test_a_wall_that_cannot_be_seen_has_no_evidence() -> None:
    front = np.full((30, 30), 40.0)
    image = np.random.default_rng(0).normal(30.0, 2.0, (30, 100, 30))
    wall = find_chest_wall(image, front, front + 60, spacing=2.0, air=4.0, fat_suppressed=True)
    assert float(wall.evidence.mean()) < 0.15

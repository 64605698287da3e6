from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mamri.geometry import to_index, to_lps
from mamri.simulation import build_body, draw_woman
from mamri.simulation.body import Body, Field
from mamri.simulation.motion import Poses, depth_in_chest, draw_poses, move, moved, rigid_transform
from mamri.simulation.sequences import Grid

SHAPE = (24, 40, 44)
GRID = Grid(SHAPE, (3.0, 2.0, 1.5))
AFFINE = GRID.affine()
STILL = np.hstack([np.eye(3), np.zeros((3, 1))])
NO_BREATH = np.zeros(3)
EVERYWHERE = np.zeros(SHAPE, np.float32)


def _phantom(seed: int = 0) -> np.ndarray:
    """Smooth, positive, and dark at the faces."""
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    smooth = ndimage.gaussian_filter(noise, 2.5)
    image = np.zeros(SHAPE)
    image[8:-8, 8:-8, 8:-8] = 1.5 + smooth[8:-8, 8:-8, 8:-8] / smooth.std() / 4
    return np.asarray(100 * ndimage.gaussian_filter(image, 1.2), np.float32)


def _pose(shift=(0, 0, 0), turn=(0, 0, 0), breath=(0, 0, 0), *, within: bool = False) -> Poses:
    """Two phases; the second is moved."""
    zero = np.zeros(3)
    return Poses(
        np.array([zero, shift]),
        np.array([zero, turn]),
        np.array([zero, breath]),
        np.array([False, within]),
    )


def _second(image: np.ndarray, poses: Poses, back: np.ndarray = EVERYWHERE) -> np.ndarray:
    return moved(image, poses, 1, affine=AFFINE, back=back, axis=2)


def test_without_movement_the_image_stays() -> None:
    image = _phantom()
    np.testing.assert_allclose(image, move(image, STILL, NO_BREATH, EVERYWHERE), atol=1e-4)
    np.testing.assert_allclose(image, _second(image, _pose()), atol=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shift_by_a_whole_voxel_is_exact(axis: int) -> None:
    """In the direction of patient coordinates: slices to the head, rows back, columns left."""
    image = _phantom()
    shift = 2 * AFFINE[:3, axis]
    found = _second(image, _pose(shift))
    np.testing.assert_allclose(np.roll(image, 2, axis), found, atol=1e-3)


def test_a_shift_by_part_of_a_voxel_is_that_of_a_spline() -> None:
    image = _phantom()
    found = _second(image, _pose(0.4 * AFFINE[:3, 0] - 0.7 * AFFINE[:3, 2]))
    expected = ndimage.shift(image, (0.4, 0, -0.7), order=3)
    # Cubic convolution against a cubic spline on edges 1.2 voxels wide: 2 of 200.
    np.testing.assert_allclose(expected, found, atol=3.0)
    assert np.abs(image - found).max() > 20


def test_a_rigid_movement_and_its_opposite_cancel() -> None:
    shift, turn = np.array([1.2, -0.8, 2.1]), np.array([0.0, 0.0, 0.01])
    forth = np.vstack([rigid_transform(AFFINE, shift_mm=shift, turn_rad=turn), [0, 0, 0, 1]])
    c = np.cos(np.arctan(0.01)), np.sin(np.arctan(0.01))
    back_turn = np.array([[c[0], c[1], 0], [-c[1], c[0], 0], [0, 0, 1]])
    back = np.vstack(
        [rigid_transform(AFFINE, shift_mm=-back_turn @ shift, turn_rad=-turn), [0, 0, 0, 1]]
    )
    np.testing.assert_allclose(np.eye(4), forth @ back, atol=1e-9)
    np.testing.assert_allclose(np.eye(4), back @ forth, atol=1e-9)


def test_a_rigid_movement_keeps_distances() -> None:
    matrix = rigid_transform(AFFINE, shift_mm=(1.0, 2.0, 3.0), turn_rad=(0.02, -0.03, 0.015))
    corners = np.array([[0, 0, 0], [23, 0, 0], [0, 39, 0], [5, 7, 43], [20, 33, 2]])
    before = to_lps(AFFINE, corners)
    after = to_lps(AFFINE, corners @ matrix[:, :3].T + matrix[:, 3])

    def distances(p: np.ndarray) -> np.ndarray:
        return np.linalg.norm(p[:, None] - p[None], axis=-1)

    np.testing.assert_allclose(distances(before), distances(after), atol=1e-9)
    assert np.linalg.norm(after - before, axis=1).min() > 1


def test_the_transform_looks_up_where_a_point_came_from() -> None:
    """A point turned by a small angle about the chest wall, 40 mm behind the origin, and moved."""
    turn, shift = np.array([0.004, -0.007, 0.005]), np.array([0.5, -1.0, 2.0])
    matrix = rigid_transform(AFFINE, shift_mm=shift, turn_rad=turn)
    pivot = np.array([0.0, 40.0, 0.0])
    point = np.array([12.0, -9.0, 15.0])
    arm = point - pivot
    new = point + np.cross(turn, arm) + shift
    index = to_index(AFFINE, new)
    came_from = to_lps(AFFINE, matrix[:, :3] @ index + matrix[:, 3])
    # Second order of the angle: 0.01^2 x 55 mm / 2.
    np.testing.assert_allclose(point, came_from, atol=5e-3)


def test_a_turned_phantom_lies_where_it_was_turned_to() -> None:
    """A blob moves along the arc of its turn about the axis from feet to head."""
    z, y, x = np.moveaxis(
        to_lps(AFFINE, np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1)), -1, 0
    )[::-1]
    blob = np.exp(-0.5 * ((x - 8) ** 2 + (y - 2) ** 2 + (z + 4) ** 2) / 4.0**2)
    image = (100 * blob).astype(np.float32)
    angle = 0.12
    found = _second(image, _pose(turn=(0, 0, angle)))
    arm = np.array([8.0, 2.0 - 40.0])
    turned = np.arctan(angle)  # the columns of 1 and the angle, made orthogonal
    c, s = np.cos(turned), np.sin(turned)
    expected = np.array([c * arm[0] - s * arm[1], s * arm[0] + c * arm[1] + 40.0, -4.0])
    total = found.sum()
    centre = [float((v * found).sum() / total) for v in (x, y, z)]
    np.testing.assert_allclose(expected, centre, atol=0.05)
    assert total == pytest.approx(image.sum(), rel=1e-3)


def test_far_from_the_body_nothing_is_looked_up() -> None:
    back = EVERYWHERE.copy()
    back[:, :10] = -1
    found = move(_phantom() + 5, STILL, NO_BREATH, back)
    assert np.all(found[:, :10] == 0)
    assert found[:, 10:].min() > 4


def test_breathing_moves_the_chest_in_its_direction_and_leaves_the_breasts() -> None:
    image = _phantom()
    back = EVERYWHERE.copy()
    back[:, 20:] = 1
    found = _second(image, _pose(breath=(0, 0, 2 * 3.0)), back)
    np.testing.assert_allclose(image[:, :20], found[:, :20], atol=1e-4)
    np.testing.assert_allclose(np.roll(image, 2, 0)[:, 20:], found[:, 20:], atol=1e-3)


def test_half_way_to_the_chest_moves_half_as_far() -> None:
    image = _phantom()
    half = np.full(SHAPE, 0.5, np.float32)
    found = _second(image, _pose(breath=(0, 2 * 2.0, 0)), half)
    np.testing.assert_allclose(np.roll(image, 1, 1), found, atol=1e-3)


def test_the_first_phase_never_moves() -> None:
    image = _phantom()
    moving = _pose((6.0, 0, 0))
    poses = replace(moving, within=np.array([True, True]))
    found = moved(image, poses, 0, affine=AFFINE, back=EVERYWHERE, axis=2)
    np.testing.assert_allclose(image, found, atol=1e-4)


def test_movement_within_a_phase_lies_between_the_two_poses_nearer_to_the_later() -> None:
    image = _phantom()
    shift = (4.5, 0.0, 0.0)
    later = _second(image, _pose(shift))
    blurred = _second(image, _pose(shift, within=True))
    away = [float(np.abs(blurred - pose).mean()) for pose in (image, later)]
    whole = float(np.abs(later - image).mean())
    assert 0 < away[1] < away[0] < whole
    # Slow waves along phase encoding come from the later pose, and so do the means of its lines.
    np.testing.assert_allclose(later.sum(axis=2), blurred.sum(axis=2), atol=1.0, rtol=1e-3)


def test_fine_detail_of_a_phase_with_movement_is_that_of_the_pose_before() -> None:
    x = np.arange(44.0)
    fine = np.broadcast_to(100 + 50 * np.cos(np.pi * 0.9 * x), SHAPE).astype(np.float32)
    blurred = _second(fine, _pose((1.5, 0, 0), within=True))
    inner = (slice(None), slice(None), slice(10, -10))
    later = _second(fine, _pose((1.5, 0, 0)))
    assert np.abs(later - fine)[inner].max() > 80
    np.testing.assert_allclose(fine[inner], blurred[inner], atol=8.0)  # k-space cut at six voxels


def test_poses_drift_within_the_largest_shift_and_begin_at_rest() -> None:
    for seed in range(20):
        poses = draw_poses(7, 2.5, 0.5, np.random.default_rng(seed))
        assert np.all(poses.shifts_mm[0] == 0)
        assert np.all(poses.turns_rad[0] == 0)
        assert np.all(poses.breathing_mm[0] == 0)
        assert not poses.within[0]
        assert np.linalg.norm(poses.shifts_mm, axis=1).max() <= 2.5
        assert np.all(poses.breathing_mm[:, 0] == 0)


def test_poses_drift_further_with_time_on_average() -> None:
    lengths = np.mean(
        [
            np.linalg.norm(draw_poses(6, 2.0, 0.0, np.random.default_rng(n)).shifts_mm, axis=1)
            for n in range(200)
        ],
        axis=0,
    )
    assert np.all(np.diff(lengths) > 0)
    # Three quarters of the largest shift by the last phase; standard error 0.02 mm.
    assert lengths[-1] == pytest.approx(1.5, abs=0.08)


def test_chance_of_movement_within_a_phase_is_as_asked_and_none_without_motion() -> None:
    rng = np.random.default_rng(1)
    drawn = np.concatenate([draw_poses(6, 1.0, 0.3, rng).within[1:] for _ in range(400)])
    assert drawn.mean() == pytest.approx(0.3, abs=0.04)  # 2000 phases: four standard errors
    still = draw_poses(6, 0.0, 1.0, rng)
    assert not still.within.any()
    assert np.all(still.shifts_mm == 0)
    assert np.all(still.breathing_mm == 0)


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(draw_woman(2)).body


def test_depth_in_the_chest_is_0_in_the_breasts_1_behind_the_ribs_and_below_0_far_off(
    body: Body,
) -> None:
    grid = Grid((40, 90, 80), (4.0, 4.0, 5.0))
    back = depth_in_chest(body, grid.affine(), grid.shape)
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1).reshape(-1, 3)
    points = to_lps(grid.affine(), index)
    skin, muscle = (body.sample(f, points).reshape(grid.shape) for f in (Field.SKIN, Field.MUSCLE))
    assert back.shape == grid.shape
    assert set(np.unique(np.sign(back))) == {-1, 0, 1}
    # The depth is made about every 6 mm.
    inside = skin < -20
    assert np.all(back[inside & (muscle > 25)] == 0)
    assert np.all(back[inside & (muscle < -35)] == 1)
    assert np.all(back[skin > 40] == -1)
    assert np.all(back[skin < 0] >= 0)

"""What the lesion network is shown around the breasts, and where its answers lie."""

import numpy as np
import pytest

from mamri.networks.network_plan import NetworkKind, volume_plan
from mamri.records import GeometryError
from mamri.segmentation.lesion_stage import LesionMap, find_lesion_map, prepared

_SHAPE = (20, 60, 100)
_AFFINE = np.array([[0, 0, 0.8, 0], [0, 1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]], float)
_EVEN = np.diag([1.2, 1.2, 1.2, 1.0])[[2, 1, 0, 3]]  # voxels of the network


class _AllIsLesion:
    """Calls everything lesion; keeps what it was shown."""

    def __init__(self) -> None:
        self.plan = volume_plan(
            NetworkKind.PLAIN, in_channels=4, classes=3, features=(1, 1), blocks=(1, 1)
        )
        self.seen: list[np.ndarray] = []

    def __call__(self, image: np.ndarray) -> np.ndarray:
        self.seen.append(image)
        out = np.zeros((3, *image.shape[1:]), np.float32)
        out[1] = 12.0
        return out


def _breast(shape: tuple[int, int, int], *boxes: tuple[slice, slice, slice]) -> np.ndarray:
    breast = np.zeros(shape, bool)
    for box in boxes:
        breast[box] = True
    return breast


_ONE_BREAST = _breast(_SHAPE, (slice(5, 15), slice(0, 40), slice(30, 60)))


def _found(
    phases: tuple[np.ndarray, np.ndarray, np.ndarray],
    breast: np.ndarray = _ONE_BREAST,
    affine: np.ndarray = _AFFINE,
    engine: _AllIsLesion | None = None,
) -> LesionMap:
    return find_lesion_map(phases, affine, breast, engine or _AllIsLesion(), overlap=0.25)


def _levels(shape: tuple[int, int, int], *levels: float) -> tuple[np.ndarray, ...]:
    return tuple(np.full(shape, level, np.float32) for level in levels)


def _tile(*, breast: float = 1.0) -> np.ndarray:
    """Three phases of texture that rise by 50 and then by 100 more, and an even share of breast."""
    before = np.random.default_rng(1).uniform(100, 300, (16, 16, 16))
    return np.stack([before, before + 50, before + 150, np.full(before.shape, breast)])


def test_the_breasts_and_12_mm_around_them_are_looked_at_in_voxels_of_1_2_mm() -> None:
    found = _found(_levels(_SHAPE, 1, 2, 3))

    assert (slice(1, 19), slice(0, 52), slice(15, 75)) == found.box  # the image ends in front
    assert (45, 43, 40) == found.grid.shape == found.lesion.shape == found.vessel.shape
    share = found.on_grid(_ONE_BREAST)
    assert share.shape == found.grid.shape
    assert share.sum() * 1.2**3 == pytest.approx(_ONE_BREAST.sum() * 3.0 * 0.8, rel=0.02)


def test_phases_keep_their_order_and_signal() -> None:
    found = _found(_levels(_SHAPE, 10, 30, 20))

    assert (3, *found.grid.shape) == found.phases.shape
    for expected, phase in zip((10, 30, 20), found.phases, strict=True):
        np.testing.assert_allclose(phase, expected, rtol=1e-5)


def test_tiles_without_breast_are_background_and_not_looked_at() -> None:
    shape = (20, 20, 260)
    sides = ((slice(None), slice(None), slice(low, low + 20)) for low in (20, 220))
    breast = _breast(shape, *sides)
    engine = _AllIsLesion()

    found = _found(_levels(shape, 1, 2, 3), breast, _EVEN, engine)

    assert slice(10, 250) == found.box[2]
    assert [(4, 20, 20, 80)] * 2 == [tile.shape for tile in engine.seen]
    assert found.lesion[..., [0, 30, -30, -1]].min() > 0.99
    assert 0 == found.lesion[..., 80:160].max()  # of the tiles between the breasts alone
    assert 0 == found.vessel[..., 80:160].max()


def test_the_network_sees_what_lies_beside_the_breast() -> None:
    phases = _levels(_SHAPE, 1, 1, 1)
    phases[1][10, 45:50, 40:50] = 5.0  # behind the breast, within the margin
    engine = _AllIsLesion()

    _found(phases, engine=engine)

    assert max(tile[2].max() for tile in engine.seen) > 1


def test_voxels_without_signal_are_seen_as_dark() -> None:
    phases = _levels(_SHAPE, 100, 200, 150)
    for phase in phases:
        phase[:, :, 50:] = np.nan
    engine = _AllIsLesion()

    found = _found(phases, engine=engine)

    assert all(np.isfinite(tile).all() for tile in engine.seen)
    np.testing.assert_allclose(found.phases[..., -1], 0)
    np.testing.assert_allclose(found.phases[1, ..., 0], 200, rtol=1e-5)


def test_other_shapes_or_no_breast_are_refused() -> None:
    before, first, last = _levels(_SHAPE, 1, 2, 3)
    with pytest.raises(GeometryError, match="three phases of the shape of a breast mask"):
        _found((before, first[1:], last))
    with pytest.raises(GeometryError, match="find the breasts first"):
        _found((before, first, last), np.zeros(_SHAPE, bool))


def test_channels_are_two_phases_and_two_differences_of_one_scale() -> None:
    before, first, rise, late = prepared(_tile())

    assert np.float32 == rise.dtype
    np.testing.assert_allclose(first - before, rise, atol=1e-5)
    np.testing.assert_allclose(late, 2 * rise, rtol=1e-5)  # 100 after 50
    phases = np.stack([before, first, first + late])
    assert 0 == pytest.approx(phases.mean(), abs=0.02)
    assert 1 == pytest.approx(phases.std(), abs=0.02)


def test_the_scale_of_the_scanner_does_not_matter() -> None:
    tile = _tile()
    other = np.concatenate([37 * tile[:3] + 1000, tile[3:]])

    np.testing.assert_allclose(prepared(tile), prepared(other), atol=1e-4)


def test_extremes_are_cut_and_an_even_tile_is_zero() -> None:
    bright = _tile()
    bright[1, 8, 8, 8] = 1e6
    even = np.ones((4, 8, 8, 8))

    assert 20 == prepared(bright).max()
    assert -20 == prepared(bright).min()  # the last phase less such a first
    assert not prepared(even).any()


def test_the_breast_decides_only_whether_a_tile_is_looked_at() -> None:
    assert prepared(_tile(breast=0.004)) is None
    np.testing.assert_array_equal(prepared(_tile(breast=0.006)), prepared(_tile()))

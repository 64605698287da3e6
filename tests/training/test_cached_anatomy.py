from dataclasses import replace

import numpy as np
import pytest
import torch

from mamri.records import GeometryError
from mamri.training import CachedAnatomy, LabelCoding, cached_anatomy, signal_table, to_device

CODING = LabelCoding()


def _maps(shape: tuple[int, int, int] = (4, 5, 6)) -> dict[str, np.ndarray]:
    maps = {name: np.zeros(shape, np.uint8) for name in ("share", "uptake", "grain", "target")}
    return maps | {"tissues": np.zeros((2, *shape), np.uint8)}


def test_only_tissues_that_have_a_share_are_present() -> None:
    maps = _maps()
    maps["share"][:] = 255
    maps["share"][0] = 128
    maps["tissues"][0, 0], maps["tissues"][1, 0] = 3, 5
    maps["tissues"][1, 1] = 9  # of a pure voxel: no share

    assert (3, 5) == cached_anatomy(maps, np.eye(4), CODING).present


def test_left_right_is_found_in_any_storage_order() -> None:
    affine = np.eye(4)[[1, 0, 2, 3]]  # slices run to the patient's back, rows to the left

    anatomy = cached_anatomy(_maps(), affine * [[-1], [1], [1], [1]], CODING)

    assert 1 == anatomy.left_right_axis
    np.testing.assert_allclose([-1, 0, 0], anatomy.anterior, atol=1e-12)


def test_spacing_is_the_length_of_the_axes() -> None:
    anatomy = cached_anatomy(_maps(), np.diag([2.0, 3.0, 0.5, 1]), CODING)

    assert (2.0, 3.0, 0.5) == anatomy.spacing_mm


def test_centres_are_voxels_of_each_label_in_focus(chest: CachedAnatomy) -> None:
    labels = [set(chest.target[tuple(c.T)].tolist()) for c in chest.centres]

    assert [{n} for n in sorted(set(chest.target.unique().tolist()) - {0})] == labels


def test_the_callers_arrays_may_change_afterwards() -> None:
    maps = _maps()
    anatomy = cached_anatomy(maps, np.eye(4), CODING)

    maps["target"][:] = 1

    assert torch.all(anatomy.target == 0)


def test_an_anatomy_on_its_device_is_not_copied(chest: CachedAnatomy) -> None:
    assert chest is to_device(chest, torch.device("cpu"))


def test_another_device_gets_maps_and_tables(chest: CachedAnatomy) -> None:
    moved = to_device(chest, torch.device("meta"))

    assert "meta" == moved.target.device.type
    assert {"meta"} == {table.signal.device.type for table in moved.signal_tables}


def test_maps_that_do_not_fit_are_refused() -> None:
    for name, other in (
        ("share", np.zeros((4, 5, 7), np.uint8)),
        ("tissues", np.zeros((4, 5, 6), np.uint8)),
        ("grain", np.zeros((4, 5, 6), np.float32)),
    ):
        with pytest.raises(GeometryError, match=f"the map {name} must be uint8"):
            cached_anatomy(_maps() | {name: other}, np.eye(4), CODING)
    with pytest.raises(GeometryError, match="none named grain"):
        cached_anatomy({k: v for k, v in _maps().items() if k != "grain"}, np.eye(4), CODING)
    with pytest.raises(GeometryError, match="at least 2 voxels"):
        cached_anatomy(_maps((1, 5, 6)), np.eye(4), CODING)


def test_a_table_without_a_tissue_of_the_anatomy_is_refused() -> None:
    maps = _maps()
    maps["tissues"][0, 0] = 7
    with pytest.raises(GeometryError, match="up to code 7, got 7 rows"):
        cached_anatomy(maps, np.eye(4), CODING, (signal_table(np.ones((7, 2))),))


def test_a_label_cannot_have_two_mirror_images() -> None:
    with pytest.raises(GeometryError, match="name each label once"):
        replace(CODING, mirrored_labels=((1, 2), (2, 3)))

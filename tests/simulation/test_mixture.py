from typing import Any

import numpy as np
import pytest

from mamri.records import GeometryError
from mamri.simulation import TissueMixture

SHAPE = (2, 3, 4)


def _parts() -> dict[str, Any]:
    return {
        "tissues": np.zeros((2, *SHAPE), np.uint8),
        "share": np.zeros(SHAPE, np.uint8),
        "uptake": np.zeros(SHAPE, np.uint8),
        "grain": np.zeros(SHAPE, np.uint8),
        "breast": np.zeros(SHAPE, np.uint8),
        "lesions": np.zeros(SHAPE, np.uint8),
        "fibroglandular": np.zeros(SHAPE, bool),
        "vessels": np.zeros(SHAPE, bool),
        "affine": np.diag([2.0, 1.0, 1.0, 1.0]),
    }


def test_a_mixture_has_the_shape_of_its_voxels_and_its_first_tissue() -> None:
    parts = _parts()
    parts["tissues"][0] = 3
    parts["tissues"][1] = 5
    mixture = TissueMixture(**parts)
    assert SHAPE == mixture.shape
    np.testing.assert_array_equal(3, mixture.tissue)


def test_a_mixture_needs_two_tissues_a_voxel() -> None:
    parts = _parts() | {"tissues": np.zeros((3, *SHAPE), np.uint8)}
    with pytest.raises(GeometryError, match=r"two tissues a voxel, got .*\(3, 2, 3, 4\)"):
        TissueMixture(**parts)


@pytest.mark.parametrize(
    "name", ["uptake", "grain", "breast", "lesions", "fibroglandular", "vessels"]
)
def test_all_parts_of_a_mixture_share_one_grid(name: str) -> None:
    parts = _parts() | {name: np.zeros((2, 3, 5), np.uint8)}
    with pytest.raises(GeometryError, match=rf"share one grid, got .*\(2, 3, 5\) for {name}; "):
        TissueMixture(**parts)


def test_a_mixture_refuses_a_broken_affine() -> None:
    with pytest.raises(GeometryError, match="axes of an affine must span space"):
        TissueMixture(**_parts() | {"affine": np.diag([1.0, 0.0, 1.0, 1.0])})


def test_parts_of_a_mixture_are_read_only_views() -> None:
    parts = _parts()
    mixture = TissueMixture(**parts)
    for name in ("tissues", "share", "vessels", "affine"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(mixture, name)[...] = 1
    parts["share"][0, 0, 0] = 9
    assert mixture.share[0, 0, 0] == 9

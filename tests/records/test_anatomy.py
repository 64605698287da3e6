"""Anatomy: one grid for all masks, sides by label."""

import re

import numpy as np
import pytest

from mamri.records import Anatomy, GeometryError, Laterality


def _anatomy(breast: np.ndarray, **changed: np.ndarray) -> Anatomy:
    empty = np.zeros(breast.shape, bool)
    masks = {"fibroglandular": empty, "skin": empty, "body": empty} | changed
    return Anatomy(breast=breast, affine=np.eye(4), nipples_mm_lps={}, method="by hand", **masks)


@pytest.mark.parametrize("name", ["fibroglandular", "skin", "body"])
def test_masks_on_different_grids_are_refused(name: str) -> None:
    message = (
        "all masks must share one (S, R, C) grid, got breast (2, 2, 2) and "
        f"{name} (2, 2, 3); resample them first with geometry.resample_like()"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        _anatomy(np.zeros((2, 2, 2), np.uint8), **{name: np.zeros((2, 2, 3), bool)})


def test_masks_without_three_axes_are_refused() -> None:
    with pytest.raises(GeometryError, match=r"got breast \(2, 2\)"):
        _anatomy(np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize(
    ("labels", "sides"),
    [
        ([0, 0], ()),
        ([0, 1], (Laterality.RIGHT,)),
        ([2, 0], (Laterality.LEFT,)),
        ([2, 1], (Laterality.RIGHT, Laterality.LEFT)),
    ],
)
def test_sides_are_those_with_a_label_right_first(
    labels: list[int], sides: tuple[Laterality, ...]
) -> None:
    assert _anatomy(np.array(labels, np.uint8).reshape(1, 1, 2)).sides == sides


def test_masks_are_read_only() -> None:
    anatomy = _anatomy(np.zeros((1, 1, 1), np.uint8))
    for mask in (anatomy.breast, anatomy.fibroglandular, anatomy.skin, anatomy.body):
        assert not mask.flags.writeable

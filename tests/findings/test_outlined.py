"""A person's outlines come through unchanged, on whatever grid they were drawn."""

import numpy as np
import pytest

from mamri.findings import outlined_lesions
from mamri.geometry import affine_from_axes
from mamri.records import GeometryError, LabelMap, Volume

GRID = Volume(
    np.zeros((20, 24, 30)),
    affine_from_axes(
        np.array([-30.0, -24.0, -20.0]),
        np.array([0, 0, 2.0]),
        np.array([0, 2.0, 0]),
        np.array([2.0, 0, 0]),
    ),
)


def _labels() -> np.ndarray:
    labels = np.zeros(GRID.shape, np.uint16)
    labels[3:6, 4:8, 5:9] = 4
    labels[10:15, 10:16, 20:26] = 2
    return labels


def test_outlines_on_the_same_grid_are_the_same() -> None:
    found, provenance = outlined_lesions(LabelMap(_labels(), GRID.affine), GRID)

    np.testing.assert_array_equal(found.array, _labels())
    assert "outlined by a person" in provenance.method


def test_another_storage_order_and_spacing_give_the_same_places() -> None:
    # Twice as fine, axes exchanged and turned round.
    fine = np.repeat(np.repeat(np.repeat(_labels(), 2, 0), 2, 1), 2, 2)
    turned = np.ascontiguousarray(fine.transpose(2, 0, 1)[::-1])
    affine = np.eye(4)
    step = GRID.affine[:3, :3] / 2
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = -step[:, 2], step[:, 0], step[:, 1]
    last = np.array([0, 0, fine.shape[2] - 1])
    affine[:3, 3] = GRID.affine[:3, 3] - step.sum(axis=1) / 2 + step @ last

    found, _ = outlined_lesions(LabelMap(turned, affine), GRID)

    np.testing.assert_array_equal(found.array, _labels())


def test_parts_of_one_label_are_lesions_by_size() -> None:
    found, _ = outlined_lesions(LabelMap((_labels() > 0).astype(np.uint8), GRID.affine), GRID)

    assert {0, 1, 2} == set(np.unique(found.array))
    np.testing.assert_array_equal(found.array == 1, _labels() == 2)


def test_an_outline_elsewhere_is_refused() -> None:
    away = GRID.affine.copy()
    away[0, 3] += 200.0
    with pytest.raises(GeometryError, match="must lie within the exam"):
        outlined_lesions(LabelMap(_labels(), away), GRID)

import numpy as np
import pytest

from mamri.records import Laterality
from mamri.segmentation.breast_sides import field_is_bilateral, find_columns, find_midline

X = np.arange(-160.0, 161.0, 2.0)
Z = np.arange(-80.0, 81.0, 2.0)


def front_with_breasts(*centres: float) -> np.ndarray:
    front = np.full((Z.size, X.size), 120.0)
    for centre in centres:
        bump = 1 - (Z[:, None] / 60.0) ** 2 - ((X[None] - centre) / 55.0) ** 2
        front -= 80.0 * np.sqrt(np.clip(bump, 0, None))
    return front


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-170, 170, True), (-150, 180, True), (30, 150, False), (-150, -30, False), (-40, 160, False)],
)
def test_a_field_of_view_is_bilateral_when_it_reaches_far_to_both_sides(
    low: float, high: float, expected: bool
) -> None:
    assert field_is_bilateral(np.linspace(low, high, 100)) == expected


@pytest.mark.parametrize("shift", [-20.0, 0.0, 14.0])
def test_the_midline_is_the_valley_between_the_breasts(shift: float) -> None:
    front = front_with_breasts(shift - 80, shift + 80)
    assert find_midline(front, X, is_bilateral=True) == pytest.approx(shift, abs=4.0)


@pytest.mark.parametrize("order", [1, -1])
def test_sides_follow_patient_coordinates_not_column_order(order: int) -> None:
    front = front_with_breasts(-80, 80)
    trunk = np.full(front.shape, 120.0)
    columns = find_columns(
        front,
        trunk,
        trunk + 12,
        X[::order],
        spacing=2.0,
        is_bilateral=True,
        midline_mm=0.0,
    )
    left = columns.labels[:, X[::order] > 10]
    assert set(np.unique(left)) == {0, Laterality.LEFT}


def test_a_flat_chest_has_no_breast_columns() -> None:
    trunk = np.full((Z.size, X.size), 120.0)
    columns = find_columns(
        trunk, trunk, trunk + 12, X, spacing=2.0, is_bilateral=True, midline_mm=0.0
    )
    assert not columns.labels.any()


def test_the_side_of_a_central_one_breast_image_is_uncertain() -> None:
    x = np.arange(-60.0, 61.0, 2.0)
    front = np.full((Z.size, x.size), 120.0)
    columns = find_columns(
        front, front, front + 12, x, spacing=2.0, is_bilateral=False, midline_mm=0.0
    )
    assert not columns.is_side_certain

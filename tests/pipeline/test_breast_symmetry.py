"""Symmetry of made-up breasts whose differences are known by hand."""

import dataclasses
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.pipeline.breast_symmetry import asymmetry_index_percent, breast_symmetry
from mamri.records import BreastMeasurement, BreastSymmetry, Laterality, Status

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


def breast(side: Laterality, volume: float, fgt: float, bpe: float = 10.0) -> BreastMeasurement:
    return BreastMeasurement(side, volume, fgt, 100 * fgt / volume, "b", bpe, "minimal")


def symmetry(*breasts: BreastMeasurement, cut: Sequence[Laterality] = ()) -> BreastSymmetry:
    return breast_symmetry(breasts, cut)[0]


def numbers(found: BreastSymmetry) -> list[float]:
    return [getattr(found, f.name) for f in dataclasses.fields(found) if f.type is float]


def test_breasts_are_compared_as_defined() -> None:
    found = symmetry(breast(RIGHT, 400.0, 80.0, 12.0), breast(LEFT, 600.0, 60.0, 15.5))

    assert found.status is Status.OK
    assert found.volume_index_percent == 20.0  # 200 / 1000
    assert found.fgt_index_percent == pytest.approx(-100 / 7)  # -20 / 140
    assert found.density_difference_points == pytest.approx(-10.0)  # 10 % - 20 %
    assert found.bpe_difference_points == 3.5


def test_an_undetermined_enhancement_leaves_the_other_measures() -> None:
    found = symmetry(breast(RIGHT, 400.0, 80.0, math.nan), breast(LEFT, 600.0, 60.0))

    assert found.status is Status.OK
    assert math.isnan(found.bpe_difference_points)
    assert not math.isnan(found.fgt_index_percent)


@pytest.mark.parametrize(
    ("sides", "cut", "reason"),
    [
        ((), (), "No breast was found."),
        ((RIGHT,), (), "Only the right breast was found."),
        ((RIGHT, LEFT), (LEFT,), "The left breast reaches the edge of the field of view."),
        ((RIGHT, LEFT), (RIGHT, LEFT), "Both breasts reach the edge of the field of view."),
    ],
)
def test_nothing_is_compared_but_two_whole_breasts(
    sides: Sequence[Laterality], cut: Sequence[Laterality], reason: str
) -> None:
    found = symmetry(*(breast(side, 500.0, 50.0) for side in sides), cut=cut)

    assert found.status is Status.NOT_COMPUTED
    assert reason == found.reason
    assert all(map(math.isnan, numbers(found)))


@given(st.floats(0.01, 3000.0), st.floats(0.01, 3000.0), st.floats(0.1, 10.0))
def test_the_index_changes_sign_with_the_sides_and_not_with_the_unit(
    left: float, right: float, scale: float
) -> None:
    index = asymmetry_index_percent(left, right)

    assert -100.0 <= index <= 100.0
    assert asymmetry_index_percent(right, left) == pytest.approx(-index)
    assert asymmetry_index_percent(scale * left, scale * right) == pytest.approx(index)


def test_no_tissue_on_either_side_has_no_index() -> None:
    assert math.isnan(asymmetry_index_percent(0.0, 0.0))
    assert asymmetry_index_percent(0.0, 5.0) == -100.0

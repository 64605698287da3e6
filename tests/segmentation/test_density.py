import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.segmentation.density import DensityCutOffs, density_category, density_percent


@pytest.mark.parametrize(
    ("percent", "category"),
    [(0.0, "a"), (24.9, "a"), (25.0, "b"), (50.0, "c"), (75.0, "d"), (100.0, "d")],
)
def test_categories_change_at_the_cut_offs(percent: float, category: str) -> None:
    assert category == density_category(percent)


def test_own_cut_offs_are_used() -> None:
    assert density_category(12.0, DensityCutOffs(5.0, 10.0, 20.0)) == "c"


def test_no_volume_has_no_density() -> None:
    assert math.isnan(density_percent(0.0, 0.0))
    assert density_category(math.nan) == "undetermined"


@given(st.floats(1.0, 3000.0), st.floats(0.0, 1.0))
def test_density_is_a_share_of_the_breast(breast_ml: float, share: float) -> None:
    assert density_percent(share * breast_ml, breast_ml) == pytest.approx(100 * share)

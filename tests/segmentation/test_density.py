"""Density limits against the published grades of volumetric mammography."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamri.records import InputError
from mamri.segmentation.density import (
    DensityCutOffs,
    density_category,
    density_percent,
    density_provenance,
)


@pytest.mark.parametrize(
    ("percent", "category"),
    # the grades of volumetric mammography as Yoshida et al. print them: 0 to 3.4, 3.5 to 7.4,
    # 7.5 to 15.4 and 15.5 % or more
    [(0.0, "a"), (3.4, "a"), (3.5, "b"), (7.4, "b"), (7.5, "c"), (15.4, "c"), (15.5, "d")],
)
def test_categories_change_at_the_published_limits(percent: float, category: str) -> None:
    assert category == density_category(percent)


def test_own_cut_offs_are_used() -> None:
    assert density_category(12.0, DensityCutOffs(5.0, 10.0, 20.0)) == "c"


@pytest.mark.parametrize("limits", [(7.5, 3.5, 15.5), (0.0, 7.5, 15.5), (3.5, 7.5, 100.0)])
def test_limits_that_do_not_rise_are_refused(limits: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="must rise"):
        DensityCutOffs(*limits)


def test_the_methods_text_gives_the_limits_and_cites_published_ones_only() -> None:
    default, own = density_provenance(), density_provenance(DensityCutOffs(5.0, 10.0, 20.0))

    assert "b from 3.5 %, c from 7.5 % and d from 15.5 %" in default.method
    assert any("curroncol28060448" in reference for reference in default.references)
    assert "d from 20 % (limits set by the user)" in own.method
    assert () == own.references


def test_no_volume_has_no_density() -> None:
    assert math.isnan(density_percent(0.0, 0.0))
    assert density_category(math.nan) == "undetermined"


@given(st.floats(1.0, 3000.0), st.floats(0.0, 1.0))
def test_density_is_a_share_of_the_breast(breast_ml: float, share: float) -> None:
    assert density_percent(share * breast_ml, breast_ml) == pytest.approx(100 * share)

"""Kinetic maps: one grid, and only computed maps are handed on."""

import re

import numpy as np
import pytest

from mamri.records import GeometryError, Status
from mamri.records.kinetic_maps import KineticMaps

NAMES = (
    "percent_enhancement",
    "peak_enhancement",
    "signal_enhancement_ratio",
    "washout",
    "time_to_peak_s",
    "wash_in_slope",
    "wash_out_slope",
    "curve_type",
)


def _maps(status: dict[str, Status] | None = None, **changed: np.ndarray) -> KineticMaps:
    arrays = {name: np.zeros((1, 2, 3), np.float32) for name in NAMES} | changed
    return KineticMaps(
        **arrays,
        affine=np.eye(4),
        early_phase=1,
        late_phase=None,
        noise_floor=1.0,
        status=status or {},
    )


@pytest.mark.parametrize("name", NAMES[1:])
def test_maps_on_different_grids_are_refused(name: str) -> None:
    message = (
        "all kinetic maps must share one (S, R, C) grid, got percent_enhancement (1, 2, 3) and "
        f"{name} (1, 2, 4); compute them from one dynamic series"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        _maps(**{name: np.zeros((1, 2, 4), np.float32)})


def test_maps_without_three_axes_are_refused() -> None:
    with pytest.raises(GeometryError, match=r"got percent_enhancement \(2, 3\)"):
        _maps(percent_enhancement=np.zeros((2, 3), np.float32))


def test_all_maps_are_handed_on_as_volumes_when_all_were_computed() -> None:
    assert set(_maps().volumes()) == set(NAMES)


def test_a_map_that_was_not_computed_is_not_handed_on() -> None:
    maps = _maps({"washout": Status.NOT_COMPUTED, "curve_type": Status.OK})
    assert set(maps.volumes()) == set(NAMES) - {"washout"}


def test_volumes_are_views() -> None:
    maps = _maps()
    assert np.shares_memory(maps.volumes()["washout"].array, maps.washout)

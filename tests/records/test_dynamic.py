"""Dynamic and diffusion series: times, b-values and phases."""

import re

import numpy as np
import pytest
from hypothesis import given

from mamri.records import DiffusionSeries, DynamicSeries, GeometryError, TimingError
from strategies import dynamic_series

PHASES = np.arange(2 * 2 * 3 * 4, dtype=np.int16).reshape(2, 2, 3, 4)


def test_a_dynamic_series_needs_a_time_axis() -> None:
    message = (
        "a dynamic series needs axes (time, slice, row, column), got shape (2, 3, 4); "
        "stack the phases along the first axis"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        DynamicSeries(PHASES[0], np.eye(4), np.array([0.0]))


def test_a_dynamic_series_without_voxels_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"got shape \(0, 2, 3, 4\)"):
        DynamicSeries(PHASES[:0], np.eye(4), np.array([]))


@pytest.mark.parametrize("times", [[0.0], [0.0, 1.0, 2.0]])
def test_every_phase_needs_a_time(times: list[float]) -> None:
    message = (
        f"every phase needs one finite time, got {len(times)} times for 2 phases; "
        "give one time in seconds for each phase"
    )
    with pytest.raises(TimingError, match=f"^{re.escape(message)}$"):
        DynamicSeries(PHASES, np.eye(4), np.array(times))


def test_an_unknown_time_is_refused() -> None:
    with pytest.raises(TimingError, match="every phase needs one finite time"):
        DynamicSeries(PHASES, np.eye(4), np.array([0.0, np.nan]))


@pytest.mark.parametrize("times", [[60.0, 0.0], [30.0, 30.0]])
def test_times_that_do_not_increase_are_refused(times: list[float]) -> None:
    message = f"phase times must increase, got {times} s; put the phases in order of acquisition"
    with pytest.raises(TimingError, match=f"^{re.escape(message)}$"):
        DynamicSeries(PHASES, np.eye(4), np.array(times))


def test_times_are_copied_and_read_only() -> None:
    times = np.array([-10.0, 60.0])
    series = DynamicSeries(PHASES, np.eye(4), times)
    times[1] = -999
    assert series.times_s.tolist() == [-10.0, 60.0]
    with pytest.raises(ValueError, match="read-only"):
        series.times_s[0] = 1


@pytest.mark.parametrize(
    ("times", "n_pre"), [([0.0, 60.0], 1), ([-90.0, -30.0], 2), ([1.0, 60.0], 0)]
)
def test_phases_at_or_before_the_injection_are_pre_contrast(times: list[float], n_pre: int) -> None:
    assert DynamicSeries(PHASES, np.eye(4), np.array(times)).n_pre == n_pre


@given(dynamic_series())
def test_a_phase_is_a_view_on_the_same_grid(series: DynamicSeries) -> None:
    last = series.phase(series.n_phases - 1)
    np.testing.assert_array_equal(series.array[-1], last.array)
    np.testing.assert_array_equal(series.affine, last.affine)
    assert np.shares_memory(series.array, last.array)


def test_a_diffusion_series_needs_a_b_value_axis() -> None:
    message = (
        "a diffusion series needs axes (b, slice, row, column), got shape (2, 3, 4); "
        "stack the volumes along the first axis"
    )
    with pytest.raises(GeometryError, match=f"^{re.escape(message)}$"):
        DiffusionSeries(PHASES[0], np.eye(4), np.array([0.0]))


@pytest.mark.parametrize("b_values", [[0.0], [0.0, -1.0], [0.0, float("nan")]])
def test_b_values_must_be_known_and_not_negative(b_values: list[float]) -> None:
    message = (
        f"every volume needs one b-value of at least 0, got {b_values} for 2 volumes; "
        "give one b-value in s/mm2 for each volume"
    )
    with pytest.raises(TimingError, match=f"^{re.escape(message)}$"):
        DiffusionSeries(PHASES, np.eye(4), np.array(b_values))


def test_repeated_b_values_are_allowed() -> None:
    assert DiffusionSeries(PHASES, np.eye(4), np.array([800, 800])).b_values.tolist() == [800, 800]

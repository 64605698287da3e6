"""The curve of a finding is drawn at the right place."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import FULL_CURVE, TIMES, example_result

from mamri.records import FindingKinetics
from mamri.report.curve_figure import HEIGHT, WIDTH, CurveFigure, curve_figure


def kinetics(times: tuple[float, ...] = TIMES) -> FindingKinetics:
    return example_result(times).findings[0].kinetics


def figure(values: FindingKinetics) -> CurveFigure:
    drawn = curve_figure(values)
    assert drawn is not None
    return drawn


def test_enhancement_is_percent_of_the_baseline():
    expected = [100 * (signal / FULL_CURVE[0] - 1) for signal in FULL_CURVE]
    assert expected == pytest.approx([mean for _, mean, _, _ in figure(kinetics()).values])


def test_a_point_at_100_percent_lies_on_its_guide():
    drawn = figure(kinetics())
    guide = next(tick for tick in drawn.guides if tick.label.startswith("100"))
    assert guide.place == pytest.approx(drawn.mean[-1][1], abs=0.1)  # the curve ends at 100 %


def test_time_runs_from_the_injection():
    drawn = figure(kinetics())
    zero, last = drawn.injection_x, drawn.mean[-1][0]
    assert last == pytest.approx(drawn.right)
    assert (last - zero) * 90 / 420 == pytest.approx(drawn.mean[1][0] - zero, abs=0.1)


@pytest.mark.parametrize("times", [TIMES, (-30.0, 90.0), tuple(np.linspace(-20, 600, 60))])
def test_everything_lies_inside_the_drawing(times: tuple[float, ...]):
    drawn = figure(kinetics(times))
    points = np.array(drawn.mean + drawn.worst)
    assert len(times) == len(drawn.mean)
    assert np.all((points >= 0) & (points <= [WIDTH, HEIGHT]))
    assert np.all(np.diff([x for x, _ in drawn.mean]) > 0)


def test_a_phase_long_before_injection_is_drawn_nearer_and_named():
    drawn = figure(kinetics((-1200.0, 90.0, 420.0)))
    assert "1200" in drawn.early_pre
    assert drawn.mean[0][0] == pytest.approx(drawn.left)
    assert drawn.injection_x - drawn.left < 0.3 * (drawn.right - drawn.left)


def test_a_worst_curve_that_is_undefined_is_left_out():
    assert figure(kinetics((-30.0, 90.0))).worst == ()


def test_the_names_of_the_curves_stand_apart():
    drawn = figure(kinetics())
    assert abs(drawn.mean_label_y - drawn.worst_label_y) >= 30.0


@pytest.mark.parametrize("times", [(-30.0,), (30.0, 90.0)])
def test_no_baseline_or_no_contrast_means_no_curve(times: tuple[float, ...]):
    assert curve_figure(kinetics(times)) is None


def test_a_baseline_without_signal_means_no_curve():
    dark = replace(kinetics(), mean_signal=np.array([0.0, 1.0, 2.0, 3.0]))
    assert curve_figure(dark) is None

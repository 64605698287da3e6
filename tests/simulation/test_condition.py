from dataclasses import FrozenInstanceError, astuple, fields

import numpy as np
import pytest

from mamri.simulation import ScanCondition, draw_condition

# Lowest and highest value of each; None where a distribution has no end.
RANGES = {
    "noise_factor": (0.7, 1.6),
    "motion_mm": (0.0, 6.0),
    "motion_within": (0.0, 0.25),
    "fat_residual": (0.07, 0.26),
    "suppression_ppm": (0.6, 2.0),
    "shim_error_ppm": (0.1, 0.8),
    "ghost": (0.0, None),
    "coil_ghost": (0.0, None),
    "g_factor": (1.05, 1.8),
    "gain": (0.0, None),
}


def test_same_seed_gives_the_same_condition_and_another_seed_another() -> None:
    assert draw_condition(5) == draw_condition(5)
    different = np.array(astuple(draw_condition(5))) != np.array(astuple(draw_condition(6)))
    assert different.all()


def test_every_part_of_a_drawn_condition_lies_in_its_range() -> None:
    assert {f.name for f in fields(ScanCondition)} == set(RANGES)
    drawn = [draw_condition(seed) for seed in range(600)]
    for name, (low, high) in RANGES.items():
        values = np.array([getattr(c, name) for c in drawn])
        assert np.all(np.isfinite(values))
        assert values.min() >= low, name
        if high is not None:
            assert values.max() <= high, name
            # Most of the range is used; large motion is rare.
            used = 0.5 if name == "motion_mm" else 0.8
            assert values.max() > low + used * (high - low), name


def test_fat_suppression_is_poor_in_an_eighth_of_the_visits() -> None:
    drawn = [draw_condition(seed) for seed in range(1500)]
    poor = np.array([c.fat_residual > 0.16 for c in drawn])
    # 12 % of 1500: four standard errors are 3.4 points.
    assert poor.mean() == pytest.approx(0.12, abs=0.034)
    limits = np.array([c.suppression_ppm for c in drawn])
    assert limits[poor].mean() < limits[~poor].mean() - 0.3


def test_the_typical_drawn_gain_is_that_of_the_defaults() -> None:
    gains = [draw_condition(seed).gain for seed in range(800)]
    # Log-normal of spread 0.35: four standard errors of the median, 6 %.
    assert np.median(gains) == pytest.approx(ScanCondition().gain, rel=0.06)


def test_a_condition_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        ScanCondition().ghost = 0.5  # type: ignore[misc]

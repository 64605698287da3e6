"""Which features are stable."""

import numpy as np
import pytest

from mamri.radiomics import StabilitySettings, feature_stability, stable_features
from mamri.records import InputError, Status


def tables(n_lesions: int = 30, n_repeats: int = 5) -> list[list[dict[str, float | None]]]:
    """One feature that lesions decide, one that chance decides, one of few lesions."""
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1, n_lesions)
    return [
        [
            {
                "firm": float(value + rng.normal(0, 0.1)),
                "loose": float(rng.normal()),
                "rare": float(value) if number < 5 else None,
                "flat": 1.0,
            }
            for number, value in enumerate(true)
        ]
        for _ in range(n_repeats)
    ]


def test_what_lesions_decide_is_stable_and_chance_is_not():
    found = feature_stability(tables())

    assert ("firm",) == stable_features(found)
    assert found["firm"].icc.value > 0.95
    assert abs(found["loose"].icc.value) < 0.3
    assert Status.OK is found["loose"].status


def test_too_few_lesions_and_equal_values_are_undecided():
    found = feature_stability(tables())

    assert (Status.UNDEFINED, 5, False) == (
        found["rare"].status,
        found["rare"].n_lesions,
        found["rare"].is_stable,
    )
    assert Status.UNDEFINED is found["flat"].status


def test_the_lower_bound_is_the_stricter_judge():
    rng = np.random.default_rng(3)
    true = rng.normal(0, 1, 12)
    repeats = [[{"x": float(v + rng.normal(0, 0.4))} for v in true] for _ in range(3)]
    value = feature_stability(repeats)["x"].icc
    between = StabilitySettings(threshold=(value.lower + value.value) / 2)
    by_value = StabilitySettings(threshold=between.threshold, by_lower_bound=False)

    assert not feature_stability(repeats, between)["x"].is_stable
    assert feature_stability(repeats, by_value)["x"].is_stable


def test_repeats_must_hold_the_same_lesions():
    with pytest.raises(InputError, match="same lesions"):
        feature_stability([[{"x": 1.0}], []])
    with pytest.raises(InputError, match="two repeats"):
        feature_stability([[{"x": 1.0}]])
    with pytest.raises(InputError, match="threshold"):
        StabilitySettings(threshold=0.0)

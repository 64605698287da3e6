import itertools

import numpy as np
import pytest

from mamri.diffusion import CONSENSUS_LEVELS, DiffusionLevel, diffusion_level


@pytest.mark.parametrize(
    ("adc", "level"),
    [
        (0.0, "very low"),
        (0.9, "very low"),
        (0.91, "low"),
        (1.3, "low"),
        (1.31, "intermediate"),
        (1.7, "intermediate"),
        (1.71, "high"),
        (2.1, "high"),
        (2.11, "very high"),
        (3.5, "very high"),
    ],
)
def test_levels_are_those_of_the_consensus(adc, level):
    assert DiffusionLevel(level) is diffusion_level(adc)


@pytest.mark.parametrize("adc", [np.nan, -0.1, np.inf])
def test_what_is_no_coefficient_has_no_level(adc):
    assert diffusion_level(adc) is None


def test_levels_meet_without_gap_or_overlap():
    assert list(DiffusionLevel) == [level for level, _, _ in CONSENSUS_LEVELS]
    for (_, _, up_to), (_, above, _) in itertools.pairwise(CONSENSUS_LEVELS):
        assert up_to == above

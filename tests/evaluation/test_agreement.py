"""Agreement against Bland and Altman's peak flows, R's psych, and simulated coverage."""

import numpy as np
import pytest

from mamri.evaluation import bland_altman, intraclass_consistency, repeatability_coefficient
from mamri.radiomics import intraclass_correlation
from mamri.records import InputError

# Bland JM, Altman DG. Lancet 1986;1:307-310, table: peak flow of 17 people in l/min, twice by the
# Wright meter, and once by the mini Wright meter.
WRIGHT = np.array(
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float
)
WRIGHT_AGAIN = np.array(
    [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421], float
)
MINI = np.array(
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float
)
# Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428, table 2: four judges, six targets.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_the_peak_flows_of_bland_and_altman():
    found = bland_altman(WRIGHT, MINI)
    # The paper: mean -2.1 (-22.0 to 17.8), standard deviation 38.8, limits -79.7 and 75.5 with 2
    # for 1.96, which here makes them 0.04 * 38.8 = 1.55 narrower.
    assert -2.1 == pytest.approx(found.bias.value, abs=0.05)
    assert (-22.0, 17.8) == pytest.approx((found.bias.lower, found.bias.upper), abs=0.1)
    assert 38.8 == pytest.approx(found.standard_deviation, abs=0.05)
    assert -79.7 + 1.55 == pytest.approx(found.lower_limit.value, abs=0.1)
    assert 75.5 - 1.55 == pytest.approx(found.upper_limit.value, abs=0.1)
    # Its intervals of the limits are 34.6 to either side, with the approximation 3 / n.
    half = (found.upper_limit.upper - found.upper_limit.lower) / 2
    assert 34.6 == pytest.approx(half, rel=0.01)


def test_the_repeatability_of_bland_and_altman():
    # The paper: 43.2 for twice the root mean squared difference of 21.6.
    found = repeatability_coefficient(np.column_stack([WRIGHT, WRIGHT_AGAIN]))
    assert 43.2 * 1.96 / 2 == pytest.approx(found.value, rel=0.005)


def test_icc_3_1_of_the_example_of_shrout_and_fleiss():
    # R 4.2.2, psych 2.2.9: ICC(table, lmer = FALSE), "Single_fixed_raters"; the paper gives .71.
    found = intraclass_consistency(JUDGES)
    assert 0.7148407148 == pytest.approx(found.value, abs=1e-10)
    assert 0.342464765 == pytest.approx(found.lower, abs=1e-8)
    assert 0.94585826 == pytest.approx(found.upper, abs=1e-7)


def test_a_shift_between_raters_lowers_absolute_agreement_only():
    ratings = WRIGHT[:, None] + np.array([[0.0, 100.0]]) + np.outer(WRIGHT_AGAIN, [0, 0.1])
    moved = ratings + np.array([[0.0, 500.0]])
    assert intraclass_consistency(ratings).value == pytest.approx(
        intraclass_consistency(moved).value
    )
    assert intraclass_correlation(moved).value < intraclass_correlation(ratings).value


def test_perfect_consistency_is_1_and_no_spread_undefined():
    shifted = np.arange(5.0)[:, None] + np.array([0, 3])
    assert 1 == pytest.approx(intraclass_consistency(shifted).lower)
    assert np.isnan(intraclass_consistency(np.ones((4, 3))).value)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say():
    # Errors of 1 each: differences have the standard deviation sqrt(2), so that the limits are
    # 3 ± 2.77 and the repeatability coefficient 2.77. 4000 draws: standard error 0.3 %.
    rng = np.random.default_rng(0)
    truths = {"bias": 3, "lower_limit": 3 - 2.7718, "upper_limit": 3 + 2.7718, "repeat": 2.7718}
    inside = dict.fromkeys(truths, 0)
    for _ in range(4000):
        table = rng.normal(50, 10, (30, 1)) + rng.normal(size=(30, 2))
        agreement = bland_altman(table[:, 0] + 3, table[:, 1])
        for name, truth in truths.items():
            if name == "repeat":
                found = repeatability_coefficient(table)
            else:
                found = getattr(agreement, name)
            inside[name] += found.lower <= truth <= found.upper
    for count in inside.values():
        assert 0.93 < count / 4000 < 0.97


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.ones((1, 3)), "at least 2 subjects"),
        (np.ones((3, 1)), "by two repeats"),
        (np.ones(3), "by two repeats"),
        (np.full((3, 2), np.nan), "got 6 values"),
    ],
)
def test_tables_that_do_not_do_are_refused(table, message):
    with pytest.raises(InputError, match=message):
        intraclass_consistency(table)


def test_one_pair_and_gaps_are_refused():
    with pytest.raises(InputError, match="two pairs"):
        bland_altman(np.ones(1), np.ones(1))
    with pytest.raises(InputError, match="values of the second method must be finite"):
        bland_altman(np.ones(2), np.array([1, np.inf]))
    with pytest.raises(InputError, match="at least 1 subjects"):
        repeatability_coefficient(np.ones((0, 2)))

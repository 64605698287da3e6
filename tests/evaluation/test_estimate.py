"""Wilson's interval against the table of Newcombe and statsmodels."""

import math

import pytest
from statsmodels.stats.proportion import proportion_confint

from mamri.evaluation import wilson_interval
from mamri.evaluation.estimate import normal_quantile
from mamri.records import InputError


# Newcombe RG. Stat Med 1998;17:857-872, table I, method 3: four digits.
@pytest.mark.parametrize(
    ("count", "total", "lower", "upper"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_table_of_newcombe(count, total, lower, upper):
    found = wilson_interval(count, total)
    assert (lower, upper) == pytest.approx((found.lower, found.upper), abs=0.00005)


@pytest.mark.parametrize("count", [0, 1, 7, 12])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_the_interval_of_statsmodels(count, level):
    found = wilson_interval(count, 12, level=level)
    expected = proportion_confint(count, 12, alpha=1 - level, method="wilson")
    assert expected == pytest.approx((found.lower, found.upper), abs=1e-12)


def test_a_share_of_nothing_is_undefined():
    assert math.isnan(wilson_interval(0, 0).value)


@pytest.mark.parametrize("count", [-1, 3])
def test_more_successes_than_cases_are_refused(count):
    with pytest.raises(InputError, match="between 0 and the total"):
        wilson_interval(count, 2)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_in_percent_is_refused(level):
    with pytest.raises(InputError, match=r"95 % is written 0\.95"):
        normal_quantile(level)

"""ICC(2,1) against the example that introduced it, and what it is for."""

import numpy as np
import pytest

from mamri.radiomics import intraclass_correlation
from mamri.records import GeometryError

# Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428, table 2: four judges, six targets.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_the_example_of_shrout_and_fleiss():
    found = intraclass_correlation(JUDGES)

    # The paper gives .29 (table 4); the interval is that of McGraw and Wong's formulas, .02 to .76.
    assert 0.29 == pytest.approx(found.value, abs=0.005)
    assert 0.019 == pytest.approx(found.lower, abs=0.001)
    assert 0.761 == pytest.approx(found.upper, abs=0.001)


def test_a_shift_between_repeats_counts_as_disagreement():
    lesions = np.arange(20.0)[:, None]
    shifted = intraclass_correlation(lesions + np.array([[0.0, 10.0]]))

    # By hand: MSR = 2 var, MSE = 0, MSC = 1000; var(0..19) = 35.
    assert 70 / (70 + 2 * 1000 / 20) == pytest.approx(shifted.value)


def test_the_share_of_variance_is_found_again():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 3, (2000, 1)) + rng.normal(0, 1, (2000, 4))
    found = intraclass_correlation(table)

    # 9 / (9 + 1); 2000 lesions leave a standard error of 0.003.
    assert 0.9 == pytest.approx(found.value, abs=0.012)
    assert found.lower < 0.9 < found.upper


def test_perfect_agreement_is_one_and_no_spread_undefined():
    assert 1 == pytest.approx(intraclass_correlation(np.arange(4.0)[:, None] + np.zeros(3)).lower)
    assert np.isnan(intraclass_correlation(np.ones((4, 3))).value)


@pytest.mark.parametrize("table", [np.ones((1, 3)), np.ones((3, 1)), np.full((3, 3), np.nan)])
def test_tables_with_gaps_are_refused(table: np.ndarray):
    with pytest.raises(GeometryError, match="without gaps"):
        intraclass_correlation(table)

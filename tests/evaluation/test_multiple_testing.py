"""Adjusted p-values against statsmodels and the example of Benjamini and Hochberg."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from mamri.evaluation import benjamini_hochberg, holm
from mamri.records import InputError

# Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300, section 4: 15 tests.
EXAMPLE = np.array(
    [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1,
    ]
)


def test_the_example_of_benjamini_and_hochberg():
    # The paper rejects four hypotheses at 5 %, and three by Bonferroni's method; so does Holm's.
    assert 4 == np.count_nonzero(benjamini_hochberg(EXAMPLE) <= 0.05)
    assert 3 == np.count_nonzero(holm(EXAMPLE) <= 0.05)


@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
def test_adjusted_values_are_those_of_statsmodels(ours, theirs):
    shuffled = np.random.default_rng(0).permutation(np.append(EXAMPLE, [0.0095, 0.0278, 0.0]))
    expected = multipletests(shuffled, method=theirs)[1]
    np.testing.assert_allclose(expected, ours(shuffled), rtol=1e-13)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_one_test_needs_no_adjustment(adjust):
    assert [0.03] == adjust(np.array([0.03])).tolist()


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("bad", [[0.1, 1.2], [-0.1], [np.nan], []])
def test_what_is_no_p_value_is_refused(adjust, bad):
    with pytest.raises(InputError):
        adjust(np.array(bad))

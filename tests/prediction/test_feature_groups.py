"""Which columns are features, and how words become numbers."""

import fnmatch

import numpy as np
import pandas as pd
import pytest

from mamri.io.features_csv import COLUMNS
from mamri.prediction.experiment import FeatureChoice
from mamri.prediction.feature_groups import GROUPS, chosen_columns, feature_matrix
from mamri.records import InputError

TABLE = pd.DataFrame(
    {
        "patient": ["a", "b", "c"],
        "volume_ml": ["1.5", None, "3"],
        "shape": ["oval", "undetermined", None],
        "adc_mean": [1.1, 0.9, np.inf],
        "radiomics__lesion__first_post__x": [1, 2, 3],
        "radiomics__shell__first_post__x": [3, 2, 1],
        "nothing": [None, None, None],
    },
    dtype=object,
)


def test_words_become_one_column_a_word_and_undetermined_is_one():
    x, columns = feature_matrix(TABLE, ["volume_ml", "shape", "adc_mean", "nothing"])

    assert ["volume_ml", "shape=oval", "shape=undetermined", "adc_mean", "nothing"] == columns
    n = np.nan
    np.testing.assert_allclose(
        x, [[1.5, 1, 0, 1.1, n], [n, 0, 1, 0.9, n], [3, n, n, n, n]], equal_nan=True
    )


def test_patterns_groups_and_excludes_keep_the_order_of_the_table():
    choice = FeatureChoice(
        columns=("adc_*", "volume_ml"), groups=("radiomics",), exclude=("*__shell__*",)
    )

    assert [
        "volume_ml",
        "adc_mean",
        "radiomics__lesion__first_post__x",
    ] == chosen_columns(TABLE, choice)


def test_a_group_may_find_nothing_but_a_pattern_must():
    assert [] == chosen_columns(TABLE, FeatureChoice(groups=("perfusion",)))
    with pytest.raises(InputError, match="no column 'adc_x\\*' to learn from; it has patient"):
        chosen_columns(TABLE, FeatureChoice(columns=("adc_x*",)))


def test_unknown_groups_are_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"groups of features are size, .*got looks, taste"):
        chosen_columns(TABLE, FeatureChoice(groups=("taste", "size", "looks")))


def test_no_feature_at_all_is_refused():
    with pytest.raises(InputError, match="need at least one feature"):
        feature_matrix(TABLE, [])


def test_names_of_columns_are_told_apart_by_capitals():
    with pytest.raises(InputError, match="'ADC_mean'"):
        chosen_columns(TABLE, FeatureChoice(columns=("ADC_mean",)))


def test_groups_name_columns_that_an_analysis_writes():
    found_with_some_alone = ("measure_*", "radiomics__")
    for name, patterns in GROUPS.items():
        for pattern in patterns:
            if not pattern.startswith(found_with_some_alone):
                assert fnmatch.filter(COLUMNS, pattern), (name, pattern)

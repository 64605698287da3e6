"""Simulated scores have the model's covariances and AUC."""

import numpy as np
import pytest
from scipy import stats

from mamri.evaluation.reader_study import reader_figures
from mamri.evaluation.roe_metz import (
    RoeMetzSettings,
    StudySize,
    simulate_reader_study,
    true_auc,
)
from mamri.records import InputError


def test_readers_without_effects_have_the_auc_that_roe_and_metz_name():
    # Roe and Metz 1997: AUC 0.702, 0.855 and 0.962 for shifts of 0.75, 1.5 and 2.5.
    plain = RoeMetzSettings(shifts=(0.75, 1.5, 2.5), reader=0, modality_reader=0)
    assert [0.702, 0.855, 0.962] == pytest.approx(true_auc(plain), abs=1e-3)


def test_covariances_between_readings_of_a_case():
    chosen = RoeMetzSettings(
        case=0.4, modality_case=0.1, reader_case=0.2, error=0.3, reader=0, modality_reader=0
    )
    study = simulate_reader_study(chosen, StudySize(2, 1, 20_000), seed=2)
    found = np.cov(study.scores[..., 1:].reshape(4, -1))
    same, reader, modality, neither = 1.0, 0.6, 0.5, 0.4
    expected = np.array(
        [
            [same, modality, reader, neither],
            [modality, same, neither, reader],
            [reader, neither, same, modality],
            [neither, reader, modality, same],
        ]
    )
    # Standard error of a covariance is sqrt(2 / 20000) = 0.01 at most; four of them.
    np.testing.assert_allclose(found, expected, atol=0.04)


def test_spread_of_readers_differs_between_truths():
    chosen = RoeMetzSettings(
        shifts=(0.0, 0.0), case=0, modality_case=0, reader_case=0, error=1e-9, reader=2
    )
    study = simulate_reader_study(chosen, StudySize(2000, 1, 1), seed=3)
    positive, negative = study.scores[0, :, 0], study.scores[0, :, 1]
    # 2000 readers: four standard errors of a variance of 2.03 are 0.26, of a correlation 0.09.
    assert 2.03 == pytest.approx(positive.var(), abs=0.26)
    assert 0 == pytest.approx(np.corrcoef(positive, negative)[0, 1], abs=0.09)


def test_the_mean_auc_is_the_true_one():
    chosen = RoeMetzSettings(shifts=(0.8, 1.6), reader=0.2, modality_reader=0.1)
    rng = np.random.default_rng(4)
    found = np.array(
        [
            reader_figures(simulate_reader_study(chosen, StudySize(4, 20, 20), seed=rng)).mean(1)
            for _ in range(300)
        ]
    )
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - true_auc(chosen)) < 4 * error).all()


def test_the_true_auc_by_hand():
    chosen = RoeMetzSettings(shifts=(1.0,))
    assert stats.norm.cdf(1 / np.sqrt(2 * 1.06)) == pytest.approx(true_auc(chosen)[0])


def test_a_seed_gives_the_same_study():
    size = StudySize(3, 5, 6)
    first = simulate_reader_study(RoeMetzSettings(), size, seed=7)
    second = simulate_reader_study(RoeMetzSettings(), size, seed=7)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert not np.array_equal(
        first.scores, simulate_reader_study(RoeMetzSettings(), size, seed=8).scores
    )
    assert 5 == first.labels.sum()


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="variances of 0 or more"):
        RoeMetzSettings(reader=-0.1)
    with pytest.raises(InputError, match="shift for each modality"):
        RoeMetzSettings(shifts=())
    with pytest.raises(InputError, match="a case of each class"):
        StudySize(3, 0, 5)

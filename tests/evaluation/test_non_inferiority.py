"""Verdicts by hand and against intervals; an algorithm by definition and simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from van_dyke import van_dyke

from mamri.evaluation.delong import auc_interval, compare_auc
from mamri.evaluation.estimate import Estimate
from mamri.evaluation.non_inferiority import compare_with_algorithm, non_inferiority
from mamri.evaluation.obuchowski_rockette import (
    FigureDifference,
    error_covariance,
    obuchowski_rockette,
)
from mamri.evaluation.reader_study import (
    ReaderStudy,
    one_modality,
    reader_figures,
    specificity_at_threshold,
)
from mamri.evaluation.roc import roc_auc
from mamri.evaluation.roe_metz import (
    RoeMetzSettings,
    StudySize,
    simulate_reader_study,
    true_auc,
)
from mamri.records import InputError


def difference(value: float, error: float, df: float) -> FigureDifference:
    return FigureDifference("a", "b", "", Estimate(value, 0, 0), error, df, 0, 0)


def test_bound_and_p_by_hand():
    found = non_inferiority(difference(-0.01, 0.02, 12), margin=0.05)
    # t_0.975,12 = 2.178813 of tables; t = 0.04 / 0.02 = 2
    assert -0.01 - 2.178813 * 0.02 == pytest.approx(found.lower_bound, abs=1e-7)
    assert stats.t.sf(2, 12) == pytest.approx(found.p)
    assert stats.t.sf(-0.5, 12) == pytest.approx(found.p_superiority)
    assert (False, False) == (found.is_non_inferior, found.is_superior)


@pytest.mark.parametrize("margin", [0.0, 0.03, 0.05, 0.06, 0.1])
def test_the_verdict_is_that_of_p(margin: float):
    found = non_inferiority(difference(-0.01, 0.02, 12), margin=margin)
    assert found.is_non_inferior == (found.p < 0.025)
    assert found.is_superior == (found.p_superiority < 0.025)


def test_the_bound_is_that_of_the_two_sided_interval():
    pair = obuchowski_rockette(van_dyke()).differences[0]
    found = non_inferiority(pair, margin=0.1)
    assert pair.difference.lower == pytest.approx(found.lower_bound)
    assert found.is_non_inferior
    assert not found.is_superior


def test_two_models_after_delong():
    study = van_dyke()
    pair = compare_auc(study.labels, study.scores[1, 4], study.scores[0, 4])
    found = non_inferiority(pair, margin=0.05)
    assert math.isinf(found.df)
    assert pair.lower == pytest.approx(found.lower_bound)
    assert pair.p / 2 == pytest.approx(found.p_superiority)
    assert found.is_superior


def test_no_spread_has_no_verdict():
    found = non_inferiority(difference(0.1, 0.0, 4), margin=0.05)
    assert np.isnan([found.p, found.lower_bound, found.p_superiority]).all()
    assert (False, False) == (found.is_non_inferior, found.is_superior)


@pytest.mark.parametrize(("margin", "alpha"), [(-0.05, 0.025), (math.nan, 0.025), (0.05, 0.5)])
def test_margin_and_level_out_of_range_are_refused(margin: float, alpha: float):
    with pytest.raises(InputError, match="margin of 0 or more"):
        non_inferiority(difference(0, 1, 5), margin=margin, alpha=alpha)


def test_an_algorithm_with_fixed_readers_is_a_contrast_of_delong():
    study = one_modality(van_dyke(), "spin-echo")
    algorithm = van_dyke().scores[0, 3]
    found = compare_with_algorithm(study, algorithm, generalize_to="cases")
    stacked = ReaderStudy(
        np.concatenate([algorithm[None, None], study.scores], axis=1),
        study.labels,
        ("m",),
        tuple("a12345"),
        study.cases,
    )
    weights = np.array([1, *[-1 / 5] * 5])
    figures, covariance = reader_figures(stacked)[0], error_covariance(stacked)
    assert weights @ figures == pytest.approx(found.difference.value)
    assert np.sqrt(weights @ covariance @ weights) == pytest.approx(found.standard_error)
    assert math.isinf(found.df)


def test_an_algorithm_against_readers_with_cases_fixed_is_a_t_test():
    study = one_modality(van_dyke(), "spin-echo")
    algorithm = van_dyke().scores[0, 3]
    found = compare_with_algorithm(study, algorithm, generalize_to="readers")
    area = auc_interval(study.labels, algorithm).value
    each = area - reader_figures(study)[0]
    t = each.mean() / (each.std(ddof=1) / np.sqrt(5))
    assert t == pytest.approx(found.t)
    assert 2 * stats.t.sf(abs(t), 4) == pytest.approx(found.p)


def test_random_cases_add_to_the_spread_of_readers():
    study = one_modality(van_dyke(), "spin-echo")
    both = compare_with_algorithm(study, van_dyke().scores[0, 3])
    readers = compare_with_algorithm(study, van_dyke().scores[0, 3], generalize_to="readers")
    assert both.standard_error > readers.standard_error
    assert both.df > readers.df == 4
    assert ("algorithm", "spin-echo", "") == (both.first, both.second, both.reader)


def test_another_figure_takes_the_jackknife():
    study = one_modality(van_dyke(), "spin-echo")
    found = compare_with_algorithm(
        study, van_dyke().scores[0, 3], figure=specificity_at_threshold(3)
    )
    assert found.standard_error > 0


def test_a_reader_called_algorithm_is_no_trouble():
    study = one_modality(van_dyke(), "cine")
    named = ReaderStudy(
        study.scores, study.labels, ("m",), ("algorithm", *study.readers[1:]), study.cases
    )
    found = compare_with_algorithm(named, study.scores[0, 0])
    same = compare_with_algorithm(study, study.scores[0, 0])
    assert same.t == pytest.approx(found.t)


def test_wrong_use_is_refused():
    study = van_dyke()
    with pytest.raises(InputError, match="one_modality"):
        compare_with_algorithm(study, study.scores[0, 0])
    with pytest.raises(InputError, match="each of 114 cases"):
        compare_with_algorithm(one_modality(study, "cine"), np.ones(3))
    alone = ReaderStudy(study.scores[:1, :1], study.labels, ("m",), ("r",), study.cases)
    with pytest.raises(InputError, match="two readers at least"):
        compare_with_algorithm(alone, study.scores[0, 0])
    found = compare_with_algorithm(alone, study.scores[0, 1], generalize_to="cases")
    paired = compare_auc(study.labels, study.scores[0, 1], study.scores[0, 0])
    assert paired.p == pytest.approx(found.p)


def readers_and_algorithm(
    spread: float, size: StudySize, rng: np.random.Generator
) -> tuple[ReaderStudy, np.ndarray]:
    """Readers with effects of their own, and an algorithm as good as their mean."""
    settings = RoeMetzSettings(shifts=(1.5,), reader=0, modality_reader=0)
    whole = simulate_reader_study(
        settings, StudySize(size.n_readers + 1, size.n_positive, size.n_negative), seed=rng
    )
    scores = whole.scores.copy()
    for truth in (True, False):
        own = np.sqrt(spread) * rng.standard_normal(size.n_readers)
        scores[0, 1:, whole.labels == truth] += own
    auc = true_auc(RoeMetzSettings(shifts=(1.5,), reader=spread, modality_reader=0))[0]
    scores[0, 0, whole.labels] += np.sqrt(2) * stats.norm.ppf(auc) - 1.5
    study = ReaderStudy(
        scores[:, 1:], whole.labels, whole.modalities, whole.readers[1:], whole.cases
    )
    return study, scores[0, 0]


def test_an_algorithm_as_good_as_the_readers_is_seldom_told_apart():
    # 400 studies: 3.5 standard errors of a share of 5 % are 0.038, of one of 2.5 % 0.027.
    rng = np.random.default_rng(5)
    found = []
    for _ in range(400):
        study, scores = readers_and_algorithm(0.1, StudySize(6, 30, 40), rng)
        found.append(compare_with_algorithm(study, scores))
    assert 0.05 == pytest.approx(np.mean([one.p < 0.05 for one in found]), abs=0.038)
    verdicts = [non_inferiority(one, margin=0) for one in found]
    assert 0.025 == pytest.approx(np.mean([one.is_superior for one in verdicts]), abs=0.027)


def test_scores_that_are_missing_are_refused():
    study = one_modality(van_dyke(), "cine")
    scores = study.scores[0, 0].copy()
    scores[3] = np.nan
    with pytest.raises(InputError, match="reader algorithm of case 4"):
        compare_with_algorithm(study, scores, figure=roc_auc)
